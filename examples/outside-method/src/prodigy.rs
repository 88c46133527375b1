//! Prodigy: Adam that estimates its own learning rate from the distance travelled.
//!
//! Mishchenko & Defazio 2023, <https://arxiv.org/abs/2306.06101>, algorithm 4.

use clbench::{
    budget::Meter,
    burn::tensor::Tensor,
    catalogue::{Range, Settings},
    optim::{Memory, Optimizer, Rule, descend, optimizer},
    primitives::theta::Theta,
};
use serde::{Deserialize, Serialize};

/// The entry of the catalogue.
pub const RULE: Rule = Rule {
    name: "prodigy",
    about: "Adam that finds its own rate; optim.rate is a factor on it, usually 1; beta1, beta2, decay, first",
    citation: "https://arxiv.org/abs/2306.06101",
    settings: Config::SETTINGS,
    make: |table| optimizer(table, Prodigy::new),
};

clbench::settings! {
    /// Settings of the rule `prodigy`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Config {
        /// Share of the first moment that is kept, β₁.
        pub beta1: f64 = 0.9, Range::From(0.0, 1.0);
        /// Share of the second moment that is kept, β₂.
        pub beta2: f64 = 0.999, Range::From(0.0, 1.0);
        /// Added to the root of the second moment, ε, times d.
        pub epsilon: f64 = 1e-8, Range::AtLeast(0.0);
        /// Decoupled weight decay.
        pub decay: f64 = 0.0, Range::AtLeast(0.0);
        /// First estimate of the distance, d₀.
        pub first: f64 = 1e-6, Range::Above(0.0);
    }
}

impl Settings for Config {}

/// The rule and its state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Prodigy {
    config: Config,
    memory: Memory,
    /// d, and the numerator r of its estimate.
    distance: f64,
    numerator: f64,
}

impl Prodigy {
    /// At rest.
    pub fn new(config: Config) -> Self {
        Self { memory: Memory::default(), distance: config.first, numerator: 0.0, config }
    }
}

impl Optimizer for Prodigy {
    fn step(&mut self, theta: &mut Theta, grads: Theta, rate: f64, _meter: &Meter) {
        let Config { beta1, beta2, epsilon, decay, .. } = self.config;
        let (d, root, memory) = (self.distance, beta2.sqrt(), &mut self.memory);
        // θ₀ of each path is where it stood when its first gradient came.
        let mut start = theta.only(&grads);
        start.extend(memory.slot("start").clone());
        *memory.slot("start") = start.clone();
        let first = memory.blend("first", &grads, beta1 as f32, ((1.0 - beta1) * d) as f32);
        let squares = grads.map(|g| g.clone() * g);
        let second = memory.blend("second", &squares, beta2 as f32, ((1.0 - beta2) * d * d) as f32);
        memory.blend("sum", &grads, root as f32, ((1.0 - root) * rate * d * d) as f32);
        let gain = rate * d * d * grads.dot(&start.sub(theta));
        self.numerator = root * self.numerator + (1.0 - root) * gain;
        let sum = memory.slot("sum").map(Tensor::abs);
        let one_norm = sum.dot(&sum.map(|s| s.ones_like()));
        if one_norm > 0.0 {
            self.distance = d.max(self.numerator / one_norm);
        }
        let direction = first.zip(&second, |m, v| m / (v.sqrt() + epsilon * d) * d);
        descend(theta, direction, rate as f32, decay as f32);
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
