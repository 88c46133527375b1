//! Adam with decoupled weight decay.
//!
//! Loshchilov & Hutter 2019, <https://arxiv.org/abs/1711.05101>, algorithm 2, in PyTorch's form: the decay is
//! multiplied by the learning rate.

use serde::{Deserialize, Serialize};

use super::{Memory, Optimizer, descend, square};
use crate::{
    budget::Meter,
    catalogue::{Range, Settings},
    primitives::theta::Theta,
};

crate::catalogue::settings! {
    /// Settings of the rule `adamw`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Config {
        /// Share of the first moment that is kept, β₁.
        pub beta1: f64 = 0.9, Range::From(0.0, 1.0);
        /// Share of the second moment that is kept, β₂.
        pub beta2: f64 = 0.999, Range::From(0.0, 1.0);
        /// Added to the root of the second moment, ε.
        pub epsilon: f64 = 1e-8, Range::AtLeast(0.0);
        /// Decoupled weight decay, λ.
        pub decay: f64 = 0.01, Range::AtLeast(0.0);
    }
}

impl Settings for Config {}

/// Adam with decoupled weight decay and its moments.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Adamw {
    config: Config,
    memory: Memory,
}

impl Adamw {
    /// At rest.
    pub fn new(config: Config) -> Self {
        Self { config, memory: Memory::default() }
    }
}

/// m̂/(√v̂ + ε) after one more step along `grads`.
pub(super) fn direction(config: &Config, memory: &mut Memory, grads: &Theta) -> Theta {
    let Config { beta1, beta2, epsilon, .. } = *config;
    memory.count(grads);
    let first = memory.blend("first", grads, beta1 as f32, (1.0 - beta1) as f32);
    let second = memory.blend("second", &grads.map(square), beta2 as f32, (1.0 - beta2) as f32);
    first.map_at(|path, m| {
        let steps = memory.steps(path);
        let correct = |beta: f64| 1.0 - beta.powi(steps);
        let v = second.get(path).expect("both moments have the path").flat.clone();
        m / correct(beta1) / ((v / correct(beta2)).sqrt() + epsilon)
    })
}

impl Optimizer for Adamw {
    fn step(&mut self, theta: &mut Theta, grads: Theta, rate: f64, _meter: &Meter) {
        let direction = direction(&self.config, &mut self.memory, &grads);
        descend(theta, direction, rate as f32, self.config.decay as f32);
    }
    fn elements(&self) -> usize {
        self.memory.elements()
    }
    fn keep_to(&mut self, theta: &Theta) {
        self.memory.keep_to(theta);
    }
    fn boxed(&self) -> Box<dyn Optimizer> {
        Box::new(self.clone())
    }
}
