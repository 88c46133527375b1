//! A lifetime against single-task experts: relative performance and sample efficiency.
//!
//! - New et al. 2022, <https://arxiv.org/abs/2201.08278>: performance relative to a single-task expert, sample
//!   efficiency.

use super::measure::{Curve, saturation, sum};

/// Share of the expert's saturation that a learner must reach for its efficiency to count.
const LEAST_SATURATION: f64 = 0.2;

/// How a learner compares with the runs of one single-task expert.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Comparison {
    /// Summed performance over the expert's, of as many experiences, per run.
    pub relative: Vec<f64>,
    /// Largest smoothed performance of the learner and the experience that reaches it; nothing if it is the first.
    pub saturation: Option<(f64, usize)>,
    /// The same of every run that does not start with it.
    pub experts: Vec<(f64, usize)>,
    /// Saturation over the expert's, per such run.
    pub saturations: Vec<f64>,
    /// Experiences that the expert takes over those the learner takes, per such run.
    pub speeds: Vec<f64>,
    /// The product of both, per such run; 0 where the learner falls or stays far below.
    pub efficiency: Vec<f64>,
}

/// Compares the training of a task, all regimes in a row, with the runs of its expert.
pub(super) fn compare(learner: &Curve, experts: &[Curve]) -> Comparison {
    let relative = |expert: &Curve| {
        let n = learner.values.len().min(expert.values.len());
        sum(&learner.values[..n]) / sum(&expert.values[..n])
    };
    let mut found = Comparison { relative: experts.iter().map(relative).collect(), ..Comparison::default() };
    let (level, after) = saturation(&learner.by_experience());
    if after == 0 {
        return found;
    }
    found.saturation = Some((level, after));
    let falls = learner.slope() < 0.0;
    for expert in experts {
        let (best, needed) = saturation(&expert.by_experience());
        if needed == 0 {
            continue;
        }
        let (height, speed) = (level / best, needed as f64 / after as f64);
        found.experts.push((best, needed));
        found.saturations.push(height);
        found.speeds.push(speed);
        found.efficiency.push(if falls || level < best * LEAST_SATURATION { 0.0 } else { height * speed });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(values: &[f64]) -> Curve {
        Curve { exps: (0..values.len() as u64).collect(), values: values.to_vec() }
    }

    #[test]
    fn a_learner_is_compared_over_the_shorter_length() {
        let found = compare(&curve(&[1.0, 2.0, 4.0]), &[curve(&[2.0, 4.0])]);
        assert_eq!(found.relative, [0.5]);
        assert_eq!((found.saturation, &found.experts[..]), (Some((4.0, 2)), &[(4.0, 1)][..]));
        assert_eq!((found.saturations, found.speeds, found.efficiency), (vec![1.0], vec![0.5], vec![0.5]));
    }

    #[test]
    fn a_learner_that_falls_is_not_efficient() {
        assert_eq!(compare(&curve(&[3.0, 4.0, 0.0, 0.0]), &[curve(&[1.0, 2.0])]).efficiency, [0.0]);
        assert_eq!(compare(&curve(&[0.0, 1.0]), &[curve(&[1.0, 6.0])]).efficiency, [0.0]);
    }

    #[test]
    fn curves_that_start_at_their_best_have_no_efficiency() {
        assert_eq!(compare(&curve(&[2.0, 1.0]), &[curve(&[1.0, 2.0])]).saturation, None);
        assert_eq!(compare(&curve(&[1.0, 2.0]), &[curve(&[2.0, 1.0])]).efficiency, [0.0; 0]);
    }
}
