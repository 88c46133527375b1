//! Pulls every trained parameter back to where it began, so that what no loss needs is free to be learned anew.
//!
//! - Kumar et al. 2023, <https://arxiv.org/abs/2308.11958>, "L2 Init": loss + λ · ‖θ − θ₀‖².
//!
//! **Deviation:** the pull 2λ(θ − θ₀) is added to the gradients, not to the loss; it is the same step. A parameter
//! without a gradient is not pulled at that step.

use anyhow::Result;
use clbench::{
    catalogue::{Need, Range, Settings},
    method::{Contribution, Ctx, Family, Make, Method, contribution},
    primitives::theta::Theta,
};
use serde::{Deserialize, Serialize};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    about: "pulls parameters back to their initial values",
    citation: "https://arxiv.org/abs/2308.11958",
    family: Family::Regularisation,
    settings: Config::SETTINGS,
    ..Method::new("l2init", Make::Contribution(|table| contribution(table, L2init::new)))
};

clbench::settings! {
    /// Settings of `l2init`.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Weight of the penalty, λ.
        pub strength: f64 = 0.01, Range::AtLeast(0.0);
    }
}

impl Settings for Config {}

/// The initial values.
#[derive(Serialize, Deserialize)]
pub struct L2init {
    config: Config,
    /// θ₀, by path.
    first: Theta,
}

impl L2init {
    /// Before the first step.
    pub fn new(config: Config) -> Self {
        Self { config, first: Theta::default() }
    }
}

impl Contribution for L2init {
    fn needs(&self) -> Vec<Need> {
        vec![Need::SteadyPaths, Need::OneSet]
    }

    fn task_start(&mut self, cx: &mut Ctx) -> Result<()> {
        if self.first.is_empty() {
            self.first = cx.weights.theta.clone();
        }
        Ok(())
    }

    fn gradients(&mut self, cx: &mut Ctx, grads: &mut Theta) -> Result<()> {
        let drift = cx.weights.theta.only(grads).sub(&self.first);
        *grads = grads.add(&drift, 2.0 * self.config.strength as f32);
        cx.penalty(|_| self.config.strength * drift.dot(&drift));
        Ok(())
    }
}
