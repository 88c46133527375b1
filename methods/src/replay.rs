//! Experience replay: each step also rehearses examples out of a reservoir of what came before.
//!
//! - Chaudhry et al. 2019, <https://arxiv.org/abs/1902.10486>, algorithm 1 with reservoir sampling.
//! - Vitter 1985, <https://doi.org/10.1145/3147.3165>, algorithm R.
//!
//! **Deviation:** the new and the replayed examples' losses are two means, added, so that `strength` can weigh the
//! second; with equal batches and strength 1 that is twice the mean over both, as if the learning rate were doubled
//! for a plain step. Each example is offered once, when it is first met; with several epochs the authors' code would
//! offer it again.

use anyhow::{Result, ensure};
use burn::tensor::Tensor;
use clbench::{
    batch::{Batch, Example},
    ctx::Ctx,
    memory::Reservoir,
    method::{Contribution, Fit},
    pass::Pass,
    registry::{Make, Method, Settings, contribution},
};
use serde::{Deserialize, Serialize};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "replay",
    about: "rehearses stored examples at each step",
    citation: "https://arxiv.org/abs/1902.10486",
    make: Make::Contribution(|table| contribution(table, Replay::new)),
    joint: false,
};

/// Settings of `replay`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Examples held.
    pub capacity: usize,
    /// Examples replayed per step; 0 for as many as a batch has.
    pub batch: usize,
    /// Weight of their loss.
    pub strength: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self { capacity: 500, batch: 0, strength: 1.0 }
    }
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        let Self { capacity, batch, strength } = self;
        ensure!(*capacity <= 1 << 24, "replay.capacity = {capacity} is above {}", 1 << 24);
        ensure!(*batch <= 1 << 20, "replay.batch = {batch} is above {}", 1 << 20);
        ensure!(*strength >= 0.0 && strength.is_finite(), "replay.strength = {strength} is negative or infinite");
        Ok(())
    }
}

/// The reservoir.
#[derive(Serialize, Deserialize)]
pub struct Replay {
    config: Config,
    memory: Reservoir<Example>,
}

impl Replay {
    /// Nothing held yet.
    pub fn new(config: Config) -> Self {
        Self { memory: Reservoir::new(config.capacity), config }
    }
}

impl Contribution for Replay {
    fn loss(&mut self, cx: &mut Ctx, pass: &mut Pass, batch: &Batch, _: &Fit) -> Result<Option<Tensor<1>>> {
        let count = if self.config.batch == 0 { cx.batch_size } else { self.config.batch };
        let recalled = self.memory.recall(&cx.draws, "replay", count);
        let term = (!recalled.is_empty()).then(|| cx.rehearse(pass, recalled).loss * self.config.strength);
        if cx.is_first_epoch() {
            let mut rng = cx.draws.rng("reservoir", 0);
            batch.indices.iter().for_each(|&index| self.memory.offer(&mut rng, || cx.feed.example(index)));
        }
        Ok(term)
    }
}
