//! A method to begin with: weights are pulled back to where they were when the task began.
//!
//! Loss + λ/2 · ‖θ − θ*‖², as the gradient λ · (θ − θ*); θ* are the weights before the task. Li et al. 2018,
//! <https://arxiv.org/abs/1802.01483>, eq. 2 (L2-SP). With `strength = 0` it is fine-tuning, bit for bit.

use anyhow::Result;
use clbench::{
    catalogue::{Range, Settings},
    method::{Contribution, Ctx, Family, Make, Method, contribution},
    primitives::theta::Theta,
};
use serde::{Deserialize, Serialize};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    about: "pulls weights back to where they were when the task began",
    citation: "https://arxiv.org/abs/1802.01483",
    family: Family::Regularisation,
    settings: Config::SETTINGS,
    ..Method::new("new-method", Make::Contribution(|table| contribution(table, Pull::new)))
};

clbench::settings! {
    /// Settings.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Weight of the pull, λ.
        pub strength: f64 = 1.0, Range::AtLeast(0.0);
    }
}

impl Settings for Config {}

/// The method's state: all that a checkpoint stores of it.
#[derive(Serialize, Deserialize)]
pub struct Pull {
    config: Config,
    /// θ*.
    anchor: Theta,
}

impl Pull {
    /// Before the first task.
    pub fn new(config: Config) -> Self {
        Self { config, anchor: Theta::default() }
    }
}

impl Contribution for Pull {
    fn task_start(&mut self, cx: &mut Ctx) -> Result<()> {
        self.anchor = cx.weights.theta.clone();
        Ok(())
    }

    fn gradients(&mut self, cx: &mut Ctx, grads: &mut Theta) -> Result<()> {
        if self.config.strength > 0.0 {
            // Only what has a gradient moves, and so only that is pulled.
            let drift = cx.weights.theta.only(grads).sub(&self.anchor);
            *grads = grads.add(&drift, self.config.strength as f32);
            // What it adds to the loss, for `train.csv`.
            cx.penalty(|_| self.config.strength / 2.0 * drift.dot(&drift));
        }
        Ok(())
    }
}
