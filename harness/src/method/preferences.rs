//! Preferences over tasks that a run asks about.

use rand::RngExt;

use crate::primitives::draws::Draws;

/// Which preferences over tasks are asked: those that are set, and a number of drawn ones.
#[derive(Clone, Copy, Debug, Default)]
pub struct Preferences<'a> {
    /// Each with a weight for every task.
    pub given: &'a [Vec<f64>],
    /// How many more are drawn after each experience, over the tasks that have come.
    pub drawn: usize,
}

impl Preferences<'_> {
    /// The preferences over `tasks` tasks that are asked after the experience of `draws`, when the tasks `seen` have
    /// come: those that are set, and drawn ones, each once.
    ///
    /// A drawn preference is u/Σu with u uniform in 0 to 1 for each task seen, as the authors of IBCL draw it
    /// (Lu et al. 2023, <https://arxiv.org/abs/2305.14782>, and their code).
    pub fn asked(&self, draws: &Draws, tasks: usize, seen: &[usize]) -> Vec<Vec<f64>> {
        let drawn = |call: usize| {
            let mut rng = draws.rng("preference", call as u64);
            let mut weights = vec![0.0; tasks];
            // Uniform in 0 to 1 without 0.
            seen.iter().for_each(|task| weights[*task] = 1.0 - rng.random::<f64>());
            let sum: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|weight| *weight /= sum);
            weights
        };
        let mut all: Vec<Vec<f64>> = Vec::new();
        for preference in self.given.iter().cloned().chain((0..self.drawn).map(drawn)) {
            // One task alone can be weighed in one way.
            if !all.contains(&preference) {
                all.push(preference);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_preferences_weigh_what_has_come_and_sum_to_one() {
        let given = [vec![1.0, 0.0, 0.0]];
        let preferences = Preferences { given: &given, drawn: 50 };
        let of = |experience: u64| preferences.asked(&Draws { experience, ..Draws::of(3) }, 3, &[0, 2]);
        let all = of(1);
        assert_eq!((all.len(), &all[0]), (51, &vec![1.0, 0.0, 0.0]));
        for drawn in &all[1..] {
            assert!((drawn.iter().sum::<f64>() - 1.0).abs() < 1e-12 && drawn[0] > 0.0 && drawn[1] == 0.0);
        }
        // The mean share of each of two tasks is a half; four standard errors of a share with deviation below 0.25.
        let mean = all[1..].iter().map(|drawn| drawn[0]).sum::<f64>() / 50.0;
        assert!((mean - 0.5).abs() < 0.15, "{mean}");
        assert!(of(1) == all && of(2) != all);
    }
}
