//! Experience replay: each step also rehearses examples out of a memory of what came before.
//!
//! - Chaudhry et al. 2019, <https://arxiv.org/abs/1902.10486>, algorithm 1 with reservoir sampling.
//! - Which examples are kept: see [`Keep`], by default a reservoir.
//!
//! **Deviation:** the new and the replayed examples' losses are two means, added, so that `strength` can weigh the
//! second; with equal batches and strength 1 that is twice the mean over both, as if the learning rate were doubled
//! for a plain step. Each example is offered once, when it is first met; with several epochs the authors' code would
//! offer it again.

use anyhow::{Context, Result};
use burn::tensor::Tensor;
use clbench::{
    batch::{
        Batch, Example,
        memory::{Keep, Memory},
    },
    budget::Spent,
    catalogue::{Choice, Need, Range, Settings},
    method::{Contribution, Ctx, Family, Fit, Make, Method, contribution},
    network::pass::Pass,
    primitives::stored::Stored,
};
use serde::{Deserialize, Serialize};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "replay",
    about: "rehearses stored examples at each step",
    citation: "https://arxiv.org/abs/1902.10486",
    make: Make::Contribution(|table| contribution(table, Replay::new)),
    joint: false,
    family: Family::Replay,
    settings: Config::SETTINGS,
    needs: &[],
};

/// What a method may keep by: not all that comes.
const KEPT: &[&str] = Keep::WORDS.split_at(1).1;

clbench::settings! {
    /// Settings of `replay`.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Which examples are kept.
        pub keep: Keep = Keep::Reservoir, Range::Choice(KEPT);
        /// Examples held.
        pub capacity: usize = 500, Range::Whole(0, 1 << 24);
        /// Examples replayed per step; 0 for as many as a batch has.
        pub batch: usize = 0, Range::Whole(0, 1 << 20);
        /// Weight of their loss.
        pub strength: f64 = 1.0, Range::AtLeast(0.0);
    }
}

impl Settings for Config {}

/// The memory.
#[derive(Serialize, Deserialize)]
pub struct Replay {
    config: Config,
    /// Made when the number of classes is known.
    memory: Option<Memory<Example>>,
}

impl Replay {
    /// Nothing held yet.
    pub fn new(config: Config) -> Self {
        Self { config, memory: None }
    }
}

impl Contribution for Replay {
    fn needs(&self) -> Vec<Need> {
        if self.config.keep.needs_features() { vec![Need::Features] } else { Vec::new() }
    }
    fn does_without(&self, need: Need) -> Option<&'static str> {
        (need == Need::Features).then_some("keep=reservoir")
    }
    fn aside(&self) -> Result<usize> {
        Ok(self.save()?.len())
    }

    fn reserve(&self, cx: &Ctx) -> Result<Spent> {
        if self.config.keep.needs_model() { cx.survey_price(self.config.keep) } else { Ok(Spent::default()) }
    }
    fn task_start(&mut self, cx: &mut Ctx) -> Result<()> {
        if self.memory.is_none() {
            let classes = cx.feed.stream().own_classes();
            self.memory = Some(Memory::new(self.config.keep, self.config.capacity, classes).context("in [replay]")?);
        }
        Ok(())
    }
    fn loss(&mut self, cx: &mut Ctx, pass: &mut Pass, batch: &Batch, _: &Fit) -> Result<Option<Tensor<1>>> {
        let memory = self.memory.as_mut().expect("made before the first step");
        let count = if self.config.batch == 0 { cx.batch_size } else { self.config.batch };
        let recalled = memory.recall(&cx.draws, "replay", count);
        let term = (!recalled.is_empty()).then(|| cx.rehearse(pass, recalled).loss * self.config.strength);
        if !self.config.keep.needs_model() {
            let mut rng = cx.draws.rng("reservoir", 0);
            for index in cx.newcomers(batch) {
                memory.offer(&mut rng, cx.feed.label(index), || cx.feed.example(index));
            }
        }
        Ok(term)
    }
    fn task_end(&mut self, cx: &mut Ctx) -> Result<()> {
        if self.config.keep.needs_model() {
            let seen = cx.survey(self.config.keep)?;
            let items = seen.into_iter().map(|(index, seen)| (cx.feed.example(index), cx.feed.label(index), seen));
            let mut rng = cx.draws.rng("reservoir", 0);
            self.memory.as_mut().expect("made before the first step").settle(&mut rng, items.collect());
        }
        Ok(())
    }
}
