//! Weights that are kept, and what data said of them.

use clbench::{method::Ctx, network::pass::Weights, primitives::theta::Theta};
use serde::{Deserialize, Serialize};

/// Weights with the running statistics that fit them.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub theta: Theta,
    pub buffers: Theta,
}

/// Weights as they were trained.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Trained {
    pub theta: Theta,
    pub said: Said,
}

/// What training data say of weights, for the rules that ask.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Said {
    pub fisher: Theta,
    pub grams: Theta,
}

impl Kept {
    pub fn of(weights: &Weights) -> Self {
        Self { theta: weights.theta.clone(), buffers: weights.buffers.clone() }
    }
    /// `weights` with these values; a path that is gone is left out.
    pub fn within(&self, weights: &Weights) -> Weights {
        let mut weights = weights.clone();
        weights.theta.extend(self.theta.only(&weights.theta));
        weights.buffers.extend(self.buffers.only(&weights.buffers));
        weights
    }
}

/// `theta` with running statistics re-estimated, unless it is what was trained.
pub(super) fn fitted(theta: Theta, cx: &Ctx) -> Kept {
    let trained = &*cx.weights;
    if trained.buffers.is_empty() || theta.bits() == trained.theta.bits() {
        return Kept { theta, buffers: trained.buffers.clone() };
    }
    Kept::of(&cx.calibrated(&Weights { theta, ..trained.clone() }))
}

/// What data say of a merge is the mean of what they say of its parts.
pub(super) fn mean(sources: &[(Trained, f64)]) -> Said {
    let mut said = Said::default();
    for (source, share) in sources {
        said.fisher.gather(&source.said.fisher, *share as f32);
        said.grams.gather(&source.said.grams, *share as f32);
    }
    said
}
