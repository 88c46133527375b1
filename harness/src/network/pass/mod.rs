//! One pass through a network: the weights it reads, the statistics it moves, the operations it costs.
//!
//! Layers are functions of a `Pass` and find their weights by path, so the same network runs on trained
//! weights, on an average, on a posterior sample or on what a hypernetwork made. A `Pass` is also the only
//! way to a layer, and so the one place where operations are counted, dropout is drawn and a low-rank
//! adapter is applied.

use burn::tensor::Tensor;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::{
    budget::Meter,
    primitives::{array::Array, draws::Draws, theta::Theta},
};

mod adapter;
mod functions;
mod grams;
mod held;
mod layers;
mod local;
mod spatial;

use self::held::Held;
pub(crate) use self::held::INDEX;
pub use self::{
    adapter::{LEAST_NORM, SHARED_A, SHARED_B},
    grams::{Grams, Sight},
    local::SPREAD,
};
pub(crate) use crate::primitives::array::ELEMENT;

/// Everything that makes a network's outputs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Weights {
    /// What is trained: penalised, merged, averaged, optimised.
    pub theta: Theta,
    /// What is read but not trained: the base under an adapter, a carrier's earlier posteriors.
    pub frozen: Theta,
    /// Running statistics: saved with the rest, in nobody's algebra.
    pub buffers: Theta,
}

impl Weights {
    /// Number of elements of all tensors.
    pub fn elements(&self) -> usize {
        self.theta.len() + self.frozen.len() + self.buffers.len()
    }
}

/// Whether units are dropped and statistics moved. Independent of whether gradients are wanted: a Fisher
/// pass wants gradients in `Eval`.
#[derive(Clone, Copy, Debug)]
pub enum Mode {
    /// Units are dropped by these draws, batches normalise themselves and move the running statistics.
    Train(Draws),
    /// Nothing is dropped, nothing moves, running statistics normalise.
    Eval,
    /// Nothing is dropped, batches normalise themselves, and the running statistics become the plain average
    /// over this batch and as many before it.
    Calibrate(usize),
}

/// Momentum of running statistics, as in PyTorch.
const MOMENTUM: f32 = 0.1;
/// Added to variances, as in PyTorch.
const EPSILON: f64 = 1e-5;

/// See the module's documentation.
pub struct Pass {
    /// What is read; `theta` may be graph leaves.
    pub weights: Weights,
    /// Whether units are dropped and statistics moved.
    pub mode: Mode,
    meter: Meter,
    calls: u64,
    /// How often it ran with other weights.
    unders: u64,
    /// The number of those that it runs with; 0 for its own.
    within: u64,
    /// What layers see is gathered here, where somebody asked for it.
    grams: Option<Grams>,
    /// What is kept for gradients is noted here, where somebody asked for it.
    held: Option<Held>,
    /// Whether a batch normalisation would have had one value to normalise by itself.
    lone: bool,
}

impl Pass {
    /// A pass that keeps no graph. Its operations are counted by `meter`.
    pub fn plain(weights: &Weights, mode: Mode, meter: &Meter) -> Self {
        let (weights, meter) = (weights.clone(), meter.clone());
        Self { weights, mode, meter, calls: 0, unders: 0, within: 0, grams: None, held: None, lone: false }
    }
    /// A pass whose `weights.theta` are graph leaves. Its operations are counted by `meter`, and what it holds where
    /// that is measured.
    pub fn tracked(weights: &Weights, mode: Mode, meter: &Meter) -> Self {
        let mut pass = Self::plain(weights, mode, meter);
        pass.weights.theta = weights.theta.leaves();
        pass.held = meter.measures().then(|| Held::by(meter));
        pass
    }
    /// Whether a batch normalisation in `Train` met one value of each channel and took its running statistics.
    pub(crate) fn was_lone(&self) -> bool {
        self.lone
    }
    /// What counts this pass's work.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }
    /// Gradients of `loss` with respect to the leaves. Drops the graph, so that the optimizer can work in place.
    pub fn gradients(&self, loss: Tensor<1>) -> Theta {
        let grads = loss.backward();
        drop(loss);
        let grads = self.weights.theta.gradients(&grads);
        self.meter.tide(|tide| tide.come_in((ELEMENT * grads.len()) as u64));
        if let Some(held) = &self.held {
            held.let_go();
        }
        grads
    }
    /// Runs `f` with `theta` as the network's weights. The graph reaches through it.
    pub fn under<T>(&mut self, theta: Theta, f: impl FnOnce(&mut Self) -> T) -> T {
        self.unders += 1;
        let outer = std::mem::replace(&mut self.weights.theta, theta);
        let within = std::mem::replace(&mut self.within, self.unders);
        let result = f(self);
        (self.weights.theta, self.within) = (outer, within);
        result
    }
    /// The tensor at `path`: trained if there is one, else frozen. Panics when there is none.
    pub fn read<const D: usize>(&self, path: &str) -> Tensor<D> {
        self.find(path).unwrap_or_else(|| panic!("no weights at `{path}`")).tensor()
    }
    /// Whether there is a tensor at `path`, trained or frozen.
    pub fn has(&self, path: &str) -> bool {
        self.find(path).is_some()
    }
    /// Whether the tensor at `path` was made on the graph: out of a distribution, or by another network.
    fn is_made(&self, path: &str) -> bool {
        self.find(path).is_some_and(|array| array.flat.is_autodiff() && !array.flat.is_require_grad())
    }
    fn find(&self, path: &str) -> Option<&Array> {
        self.weights.theta.get(path).or_else(|| self.weights.frozen.get(path))
    }
    /// The next draws for `purpose` in `Train`; otherwise nothing is drawn.
    pub(crate) fn rng(&mut self, purpose: &str) -> Option<impl Rng + use<>> {
        let Mode::Train(draws) = self.mode else { return None };
        self.calls += 1;
        Some(draws.rng(purpose, self.calls - 1))
    }
    /// Counts a product of `macs` multiply-adds: forward, and a gradient for each operand that is on the graph.
    /// Inputs are plain tensors until something trained has touched them, so this is exact.
    fn count(&self, macs: usize, tracked: [bool; 2]) {
        let products = 1 + tracked.iter().filter(|tracked| **tracked).count();
        self.meter.flops((2 * macs * products) as u64);
    }
}
