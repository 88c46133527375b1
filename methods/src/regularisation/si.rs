//! Synaptic intelligence: each parameter keeps account of what its moves did for the loss, and those that did much are
//! pulled back to where they were.
//!
//! Zenke et al. 2017, <https://arxiv.org/abs/1703.04200>: eq. 3 for ω, the sum over a task's steps of −g · Δθ with the
//! gradient g of the task's loss alone; eq. 5 for Ω, the sum over tasks of ω / ((Δθ)² + ξ) with the way Δθ of the whole
//! task; eq. 4 for the penalty c · Σ Ω · (θ − θ*)².
//!
//! **Deviation:** the way Δθ of a task begins where the task before it ended. Where something moves the weights between
//! two tasks, such as a merge that the next one starts from, that jump is in Δθ and not in ω.
//!
//! **Deviation:** the penalty is added as its gradient 2c · Ω · (θ − θ*); it is the same step. A parameter without a
//! gradient at a step is not pulled at that step; it does not move. The loss has what other parts of the stack add to
//! it on the same graph, such as that of replayed examples. The authors' code sets an Ω below 0 to 0; eq. 5 does not,
//! and neither does this.

use anyhow::Result;
use clbench::{
    catalogue::{Need, Range, Settings},
    method::{Contribution, Ctx, Family, Make, Method, contribution},
    primitives::theta::Theta,
};
use serde::{Deserialize, Serialize};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    about: "pulls parameters back by what their moves did for the loss",
    citation: "https://arxiv.org/abs/1703.04200",
    family: Family::Regularisation,
    settings: Config::SETTINGS,
    ..Method::new("si", Make::Contribution(|table| contribution(table, Si::new)))
};

clbench::settings! {
    /// Settings of `si`.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Weight of the penalty, c.
        pub strength: f64 = 0.1, Range::AtLeast(0.0);
        /// Added to a squared way, ξ.
        pub damping: f64 = 0.1, Range::Above(0.0);
    }
}

impl Settings for Config {}

/// What the parameters did.
#[derive(Serialize, Deserialize)]
pub struct Si {
    config: Config,
    /// θ*: where the task before ended, or where the first one began.
    anchor: Theta,
    /// ω of the task in progress.
    work: Theta,
    /// Ω.
    importance: Theta,
}

impl Si {
    /// Before the first step.
    pub fn new(config: Config) -> Self {
        Self { config, anchor: Theta::default(), work: Theta::default(), importance: Theta::default() }
    }
}

impl Contribution for Si {
    fn needs(&self) -> Vec<Need> {
        vec![Need::SteadyPaths, Need::OneSet]
    }

    fn follows(&self) -> bool {
        true
    }

    fn gradients(&mut self, cx: &mut Ctx, grads: &mut Theta) -> Result<()> {
        let strength = self.config.strength;
        let drift = cx.weights.theta.only(grads).sub(&self.anchor);
        let pull = drift.zip(&self.importance, |drift, importance| drift * importance);
        *grads = grads.add(&pull, 2.0 * strength as f32);
        if !pull.is_empty() {
            cx.penalty(|_| strength * drift.dot(&pull));
        }
        Ok(())
    }

    fn after_step(&mut self, cx: &mut Ctx) -> Result<()> {
        let stepped = cx.stepped()?;
        let moved = cx.weights.theta.sub(&stepped.before);
        self.work.gather(&stepped.gradients.zip(&moved, |gradient, moved| gradient * moved), -1.0);
        if cx.step == 0 {
            // Whatever is trained for the first time begins here.
            let mut begin = stepped.before.clone();
            begin.extend(std::mem::take(&mut self.anchor));
            self.anchor = begin;
        }
        Ok(())
    }

    fn task_end(&mut self, cx: &mut Ctx) -> Result<()> {
        let (theta, damping) = (&cx.weights.theta, self.config.damping);
        let way = theta.sub(&self.anchor);
        let share = self.work.zip(&way, |work, way| work / (way.clone() * way + damping));
        self.importance.gather(&share, 1.0);
        (self.work, self.anchor) = (Theta::default(), theta.clone());
        Ok(())
    }
}
