//! Dark experience replay with labels, DER++: each step also asks that remembered examples are answered as they were
//! when they came, and as their labels say.
//!
//! Buzzega et al. 2020, <https://arxiv.org/abs/2004.07211>, algorithm 2: loss + α · the mean squared distance of the
//! logits of one draw out of the memory from those that were stored with it + β · the loss of a second, independent
//! draw. The memory is a reservoir; an example's logits are those of the step in which it came.
//!
//! **Deviation:** the distance is the mean over examples and classes, as in the authors' code; algorithm 2 has the
//! norm, the sum over classes, so that α here is as many times that of the paper as there are classes.
//!
//! **Deviation:** where not all classes count in training (`head.train`), the distance is over those that counted then
//! and count now. Each example is offered once, when it is first met; with several epochs the authors' code would offer
//! it again.

use anyhow::{Context, Result};
use burn::tensor::Tensor;
use clbench::{
    batch::{
        Batch, Example,
        memory::{Keep, Memory},
    },
    catalogue::{Need, Range, Settings},
    method::{Contribution, Ctx, Family, Fit, Make, Method, contribution},
    network::pass::Pass,
    primitives::{array::Array, stored::Stored},
};
use serde::{Deserialize, Serialize};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    about: "rehearses stored examples with the logits they had",
    citation: "https://arxiv.org/abs/2004.07211",
    family: Family::Replay,
    settings: Config::SETTINGS,
    needs: &[Need::Logits],
    ..Method::new("derpp", Make::Contribution(|table| contribution(table, Derpp::new)))
};

clbench::settings! {
    /// Settings of `derpp`.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Examples held.
        pub capacity: usize = 500, Range::Whole(0, 1 << 24);
        /// Examples of each draw; 0 for as many as a batch has.
        pub batch: usize = 0, Range::Whole(0, 1 << 20);
        /// Weight of the distance to stored logits, α.
        pub distil: f64 = 0.2, Range::AtLeast(0.0);
        /// Weight of the loss of stored labels, β.
        pub strength: f64 = 0.5, Range::AtLeast(0.0);
    }
}

impl Settings for Config {}

/// An example with the logits that it had when it came.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Remembered {
    /// What it is.
    pub example: Example,
    /// One for each class.
    pub logits: Vec<f32>,
}

/// The memory.
#[derive(Serialize, Deserialize)]
pub struct Derpp {
    config: Config,
    /// Made when the number of classes is known.
    memory: Option<Memory<Remembered>>,
}

impl Derpp {
    /// Nothing held yet.
    pub fn new(config: Config) -> Self {
        Self { config, memory: None }
    }

    /// Examples of one draw, for what weighs `weight`.
    fn recall(&self, cx: &Ctx, purpose: &str, weight: f64) -> Vec<&Remembered> {
        let count = if self.config.batch == 0 { cx.batch_size } else { self.config.batch };
        let memory = self.memory.as_ref().filter(|_| weight > 0.0);
        memory.map_or_else(Vec::new, |memory| memory.recall(&cx.draws, purpose, count))
    }

    /// α times the distance of what is said of one draw from what was said of it.
    fn as_answered(&self, cx: &Ctx, pass: &mut Pass) -> Option<Tensor<1>> {
        let drawn = self.recall(cx, "derpp logits", self.config.distil);
        let classes = drawn.first()?.logits.len();
        let taught = drawn.iter().flat_map(|one| one.logits.iter().copied()).collect();
        let taught = Array::new(&[drawn.len(), classes], taught, cx.device).tensor();
        let fit = cx.rehearse(pass, drawn.iter().map(|one| &one.example));
        Some(fit.distance(pass, taught)? * self.config.distil)
    }

    /// β times the loss of another draw.
    fn as_labelled(&self, cx: &Ctx, pass: &mut Pass) -> Option<Tensor<1>> {
        let drawn = self.recall(cx, "derpp labels", self.config.strength);
        let some = !drawn.is_empty();
        some.then(|| cx.rehearse(pass, drawn.iter().map(|one| &one.example)).loss * self.config.strength)
    }

    /// Offers the new examples of the batch with their logits.
    fn offer(&mut self, cx: &Ctx, batch: &Batch, base: &Fit) -> Result<()> {
        let new = cx.newcomers(batch);
        if new.is_empty() || self.config.capacity == 0 {
            return Ok(());
        }
        let logits = base.logits.clone().context("this carrier has no logits")?;
        let [_, classes] = logits.dims();
        let logits: Vec<f32> = logits.inner().into_data().try_to_vec_as()?;
        let memory = self.memory.as_mut().expect("made before the first step");
        let mut rng = cx.draws.rng("reservoir", 0);
        for index in new {
            let row = batch.indices.iter().position(|at| *at == index).expect("a newcomer is of the batch");
            let logits = || logits[row * classes..(row + 1) * classes].to_vec();
            let item = || Remembered { example: cx.feed.example(index), logits: logits() };
            memory.offer(&mut rng, cx.feed.label(index), item);
        }
        Ok(())
    }
}

impl Contribution for Derpp {
    fn aside(&self) -> Result<usize> {
        Ok(self.save()?.len())
    }

    fn task_start(&mut self, cx: &mut Ctx) -> Result<()> {
        if self.memory.is_none() {
            let classes = cx.feed.stream().own_classes();
            self.memory = Some(Memory::new(Keep::Reservoir, self.config.capacity, classes)?);
        }
        Ok(())
    }

    fn loss(&mut self, cx: &mut Ctx, pass: &mut Pass, batch: &Batch, base: &Fit) -> Result<Option<Tensor<1>>> {
        let terms = [self.as_answered(cx, pass), self.as_labelled(cx, pass)];
        self.offer(cx, batch, base)?;
        Ok(terms.into_iter().flatten().reduce(|sum, term| sum + term))
    }
}
