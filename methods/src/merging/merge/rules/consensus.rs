//! Consensus masks: what too few tasks have a use for is left out of the merged task vector.
//!
//! Wang et al. 2024 (TALL masks), <https://arxiv.org/abs/2405.07813>, eq. 5: task i has a use for an element of the
//! merged task vector τ, as the rule makes it and before it is scaled, where |τᵢ| > λ·|τ − τᵢ|; and eq. 6: the element
//! is kept where at least k tasks do. τᵢ is the task's whole vector, with nothing trimmed or dropped.
//!
//! **Deviation:** equals are not enough, as in the authors' code (the paper writes ≥). One λ serves all tasks, where
//! the authors choose one of 0.2 to 0.6 for each by its validation accuracy. While fewer than k are merged, all of them
//! have to agree; else the first merges would forget everything.

use super::super::settings::Config;

/// Zeroes what is not agreed on; does nothing for `consensus` = 0.
pub(super) fn mask(merged: &mut [f64], taus: &[Vec<f64>], config: &Config) {
    if config.consensus == 0 {
        return;
    }
    let needed = config.consensus.min(taus.len());
    for (at, merged) in merged.iter_mut().enumerate() {
        let agrees = |tau: &&Vec<f64>| tau[at].abs() > config.agreement * (*merged - tau[at]).abs();
        if taus.iter().filter(agrees).count() < needed {
            *merged = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            super::{flat::Span, settings::Rule},
            vectors,
        },
        *,
    };

    /// What the rule makes of these values of one element, one of each task, and what the mask leaves of it.
    fn kept(config: &Config, values: &[f64]) -> f64 {
        let taus: Vec<Vec<f64>> = values.iter().map(|value| vec![*value]).collect();
        let span = Span { path: "head.bias".into(), shape: vec![1], at: 0..1 };
        let mut merged = vectors::merged(&taus, &[span], config, &mut |_| vec![0.0]);
        mask(&mut merged, &taus, config);
        merged[0]
    }

    #[test]
    fn tasks_are_asked_about_the_vector_that_the_rule_made() {
        let ties = |consensus| Config { rule: Rule::Ties, density: 1.0, consensus, ..Config::default() };
        // TIES elects 1: 1 > 0.4·|1 − 1|, and 0.6 is not above 0.4·|1 + 0.6| = 0.64. Of the sum 0.4 both would be.
        assert_eq!(kept(&ties(2), &[1.0, -0.6]).to_bits(), 0.0_f64.to_bits());
        assert_eq!(kept(&ties(1), &[1.0, -0.6]).to_bits(), 1.0_f64.to_bits());
        let sum = Config { rule: Rule::TaskArithmetic, ..ties(2) };
        assert!((kept(&sum, &[1.0, -0.6]) - 0.4).abs() < 1e-15);
    }

    /// 0.5 = 0.5·|1.5 − 0.5|.
    #[test]
    fn equals_do_not_agree() {
        let of = |agreement| Config { rule: Rule::TaskArithmetic, consensus: 2, agreement, ..Config::default() };
        assert_eq!(kept(&of(0.5), &[0.5, 1.0]).to_bits(), 0.0_f64.to_bits());
        assert!((kept(&of(0.499), &[0.5, 1.0]) - 1.5).abs() < 1e-15);
        assert_eq!(kept(&of(0.0), &[0.5, 0.0]).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn of_fewer_tasks_than_needed_all_have_to_agree() {
        let of = |consensus| Config { rule: Rule::TaskArithmetic, consensus, ..Config::default() };
        assert_eq!(kept(&of(9), &[0.5, 0.4]).to_bits(), kept(&of(2), &[0.5, 0.4]).to_bits());
        assert!(kept(&of(9), &[0.5, 0.4]) > 0.8 && kept(&of(9), &[0.5, 0.1]).abs() < f64::MIN_POSITIVE);
    }
}
