//! Layer-wise scaling: what a merge changed counts less in shallow layers than in deep ones.
//!
//! Wang et al. 2025 (`LiNeS`), <https://arxiv.org/abs/2410.17146>, eq. 2: τ^ℓ ← (α + β·ℓ/(L−1))·τ^ℓ for blocks
//! ℓ = 0 … L−1; the square and the root of ℓ/(L−1) as in FoMo-in-Flux, <https://arxiv.org/abs/2408.14471>.
//!
//! **Deviation:** the head is the last of the blocks; in the authors' code it is no block and scaled by α, as is here
//! what belongs to none. α and β are settings, as in FoMo-in-Flux; the authors' code takes α of a merge from norms of
//! the task vectors and searches β on validation examples.

use super::{
    super::settings::{Config, Lines},
    Parts,
};

/// θ₀ + factor · (merged − θ₀), by each tensor's depth.
pub(super) fn by_depth(mut merged: Vec<f64>, parts: &Parts, config: &Config) -> Vec<f64> {
    if config.lines == Lines::Off {
        return merged;
    }
    for span in &parts.spans {
        let factor = config.shallow + config.deeper * depth(&span.path, &parts.blocks, config.lines);
        let start = &parts.start[span.at.clone()];
        merged[span.at.clone()]
            .iter_mut()
            .zip(start)
            .for_each(|(value, start)| *value = start + factor * (*value - start));
    }
    merged
}

/// From 0 at the input to 1 at the head.
fn depth(path: &str, blocks: &[String], lines: Lines) -> f64 {
    let within = |block: &String| path.strip_prefix(block.as_str()).is_some_and(|rest| rest.starts_with('.'));
    let Some(at) = blocks.iter().position(within) else { return 0.0 };
    let share = at as f64 / (blocks.len() - 1).max(1) as f64;
    match lines {
        Lines::Off | Lines::Linear => share,
        Lines::Square => share * share,
        Lines::Sqrt => share.sqrt(),
    }
}
