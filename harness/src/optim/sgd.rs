//! Stochastic gradient descent.
//!
//! Sutskever et al. 2013, <https://proceedings.mlr.press/v28/sutskever13.html>, in PyTorch's form: decay is added to
//! the gradient, the velocity starts at the first gradient, and the rate multiplies the velocity.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::{Memory, Optimizer, UNDECAYED, descend};
use crate::{
    budget::Meter,
    catalogue::{Range, Settings},
    primitives::theta::Theta,
};

crate::catalogue::settings! {
    /// Settings of the rule `sgd`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Config {
        /// Share of the velocity that is kept, μ.
        pub momentum: f64 = 0.0, Range::From(0.0, 1.0);
        /// Look one velocity ahead.
        pub nesterov: bool = false;
        /// Weight decay, added to the gradient.
        pub decay: f64 = 0.0, Range::AtLeast(0.0);
    }
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        let idle = self.nesterov && self.momentum == 0.0;
        ensure!(!idle, "optim.nesterov does nothing without optim.momentum; set it, such as to 0.9");
        Ok(())
    }
}

/// Stochastic gradient descent and its velocity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sgd {
    config: Config,
    memory: Memory,
}

impl Sgd {
    /// At rest.
    pub fn new(config: Config) -> Self {
        Self { config, memory: Memory::default() }
    }
}

impl Optimizer for Sgd {
    fn step(&mut self, theta: &mut Theta, mut grads: Theta, rate: f64, _meter: &Meter) {
        let Config { momentum, nesterov, decay } = self.config;
        if decay > 0.0 {
            let mut decayed = theta.clone();
            decayed.retain(|path, _| !path.ends_with(UNDECAYED));
            grads = grads.add(&decayed, decay as f32);
        }
        if momentum > 0.0 {
            let velocity = self.memory.blend("velocity", &grads, momentum as f32, 1.0);
            grads = if nesterov { grads.add(&velocity, momentum as f32) } else { velocity };
        }
        descend(theta, grads, rate as f32, 0.0);
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
