//! Earlier experiences are chosen in proportion to the running mean of their losses.
//!
//! Schaul et al. 2016, <https://arxiv.org/abs/1511.05952>, section 3.3, "proportional prioritization".
//!
//! **Deviation:** there each example has a priority; here each experience, and its examples come uniformly. A share
//! `explore` of the choices is uniform, so that what was once learned is asked again. An experience of which nothing
//! is known has the mean loss of the others.

use clbench::{
    catalogue::{Range, Settings, part},
    primitives::draws::Draws,
    stream::{Environment, Outcome, Policy},
};
use serde::{Deserialize, Serialize};

use super::{arms, replay};

/// The entry of the catalogue.
pub const ENVIRONMENT: Environment = Environment {
    name: "loss-proportional",
    about: "earlier experiences chosen in proportion to their running mean loss",
    citation: "https://arxiv.org/abs/1511.05952",
    settings: Config::SETTINGS,
    make: |table| {
        part(table, |config: Config| {
            replay::choosing(config.replay, move || Losses { config: config.clone(), means: Vec::new() })
        })
    },
};

clbench::settings! {
    /// Settings of choices by loss.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Examples that come back per new one, r.
        pub replay: f64 = replay::USUAL, replay::RANGE;
        /// What a step leaves of the mean before it.
        pub decay: f64 = 0.9, Range::From(0.0, 1.0);
        /// Share of the choices that is uniform.
        pub explore: f64 = 0.1, Range::Within(0.0, 1.0);
    }
}

impl Settings for Config {}

#[derive(Serialize, Deserialize)]
struct Losses {
    config: Config,
    /// Running mean of each arm's loss, where something is known of it.
    means: Vec<Option<f64>>,
}

impl Policy for Losses {
    fn choose(&mut self, arms: &[usize], count: usize, draws: &Draws) -> Vec<(usize, usize)> {
        self.means.resize(arms.len(), None);
        arms::sample(&self.shares(arms), arms, count, draws, 0)
    }
    fn learn(&mut self, outcomes: &[Outcome]) {
        for (arm, seen) in arms::seen(outcomes) {
            let Some(mean) = self.means.get_mut(arm) else { continue };
            let before = mean.unwrap_or(seen.loss);
            *mean = Some(self.config.decay * before + (1.0 - self.config.decay) * seen.loss);
        }
    }
    fn shares(&self, arms: &[usize]) -> Vec<f64> {
        let known: Vec<f64> = self.means.iter().flatten().copied().collect();
        let usual = if known.is_empty() { 1.0 } else { known.iter().sum::<f64>() / known.len() as f64 };
        let mean = |arm: usize| self.means.get(arm).copied().flatten().unwrap_or(usual);
        let weights: Vec<f64> = (0..arms.len()).map(mean).collect();
        arms::mixed(arms::proportional(&weights, arms), arms, self.config.explore)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::trial::{answer, close, share_of},
        *,
    };

    /// Losses 1 and 3, then 0.9·1 + 0.1·2 = 1.1; the arm of which nothing is known has (1.1 + 3)/2.
    #[test]
    fn means_run_and_shares_follow_them() {
        let mut policy = Losses { config: Config::default(), means: vec![None; 3] };
        close(&policy.shares(&[9; 3]), &[1.0 / 3.0; 3]);
        policy.learn(&[answer((0, 0), (-1.0_f64).exp()), answer((1, 0), (-3.0_f64).exp())]);
        policy.learn(&[answer((0, 0), (-2.0_f64).exp())]);
        close(&[policy.means[0].unwrap(), policy.means[1].unwrap()], &[1.1, 3.0]);
        let even = 0.1 / 3.0;
        close(&policy.shares(&[9; 3]), &[even + 0.9 * 1.1 / 6.15, even + 0.9 * 3.0 / 6.15, even + 0.9 * 2.05 / 6.15]);
    }

    /// 0.9·2.303/(2.303 + 3·0.105) + 0.1/4 = 0.816.
    #[test]
    fn what_is_lost_comes_more_often() {
        for seed in 0..3 {
            let share = share_of(&ENVIRONMENT, "", 2, seed, |arm, _| if arm == 2 { 0.1 } else { 0.9 });
            assert!((share - 0.816).abs() < 0.04, "{share}");
        }
    }
}
