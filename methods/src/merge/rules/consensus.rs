//! Consensus masks: what too few tasks have a use for is left out of the merged task vector.
//!
//! Wang et al. 2024 (TALL masks), <https://arxiv.org/abs/2405.07813>, eq. 5: task i has a use for an element where
//! |τᵢ| ≥ λ·|Σⱼτⱼ − τᵢ|; and eq. 6: it is kept where at least k tasks do.
//!
//! **Deviation:** while fewer than k are merged, all of them have to agree; else the first merges would forget
//! everything.

use super::{super::settings::Config, vectors::sum};

/// Zeroes what is not agreed on; does nothing for `consensus` = 0.
pub(super) fn mask(merged: &mut [f64], taus: &[Vec<f64>], config: &Config) {
    if config.consensus == 0 {
        return;
    }
    let (needed, sums) = (config.consensus.min(taus.len()), sum(taus));
    for (at, (merged, sum)) in merged.iter_mut().zip(sums).enumerate() {
        let agree = |tau: &&Vec<f64>| tau[at].abs() >= config.agreement * (sum - tau[at]).abs();
        if taus.iter().filter(agree).count() < needed {
            *merged = 0.0;
        }
    }
}
