//! A coreset: a few examples of each task are kept out of training and learned right before answers are given.
//!
//! - Nguyen et al. 2018 (VCL), <https://arxiv.org/abs/1710.10628>, algorithm 1: qₜ is fitted to what is not in the
//!   coreset and handed on; what answers is q̃ₜ, which begins as qₜ and is fitted to the coreset with qₜ as its prior
//!   (eq. 5-6).
//! - How they are chosen: at random, or by greedy k-centers in the space of inputs (Gonzalez 1985,
//!   <https://doi.org/10.1016/0304-3975(85)90224-5>).
//!
//! Beside a carrier without a posterior this is fine-tuning on the coreset before answering. What answers within an
//! experience is what is being trained. The work is charged to the experience's end.
//!
//! **Deviation:** one q̃ is fitted to all coresets together; the authors' code fits one for each task's head. The
//! divergence in training is shared by all examples of the experience, those withheld included.

use anyhow::{Result, ensure};
use burn::tensor::Tensor;
use clbench::{
    batch::Example,
    budget::Spent,
    catalogue::{Need, Range, Settings},
    method::{Contribution, Ctx, Deploy, Family, Make, Method, Next, contribution},
    network::{
        pass::{Mode, Weights},
        predictor::Predictor,
    },
    primitives::{draws::Draws, stored::Stored, theta::Theta},
};
use serde::{Deserialize, Serialize};

use super::{gaussian::Gaussian, inference::pull};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "coreset",
    about: "withholds some examples and learns them before answering",
    citation: "https://arxiv.org/abs/1710.10628",
    make: Make::Contribution(|table| contribution(table, Coreset::new)),
    joint: false,
    family: Family::Bayesian,
    settings: Config::SETTINGS,
    needs: &[],
};

clbench::choice! {
    /// How a coreset is chosen.
    pub enum Choose {
        /// At random.
        Random = "random",
        /// Greedy k-centers: each next one is farthest from all before.
        KCenter = "k-center",
    }
}

clbench::settings! {
    /// Settings of `coreset`.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Examples withheld of each experience.
        pub size: usize = 40, Range::Whole(0, 1 << 20);
        /// How they are chosen.
        pub choose: Choose = Choose::Random;
        /// Steps on them before answering.
        pub steps: u64 = 100, Range::Whole(1, 1 << 20);
        /// Learning rate of these steps.
        pub rate: f64 = 1e-3, Range::Above(0.0);
    }
}

impl Settings for Config {}

/// What is withheld, and what answers.
#[derive(Serialize, Deserialize)]
pub struct Coreset {
    config: Config,
    held: Vec<Example>,
    /// Of the experience in progress, in order.
    withheld: Vec<usize>,
    /// What was fitted to the coreset; none within an experience.
    fitted: Option<Theta>,
}

impl Coreset {
    /// Nothing withheld yet.
    pub fn new(config: Config) -> Self {
        Self { config, held: Vec::new(), withheld: Vec::new(), fitted: None }
    }

    fn chosen(&self, cx: &Ctx) -> Vec<usize> {
        let all = cx.feed.new_examples();
        let order = cx.draws.order("coreset", 0, all);
        let mut chosen = match self.config.choose {
            Choose::Random => order[..self.config.size].to_vec(),
            Choose::KCenter if self.config.size == 0 => Vec::new(),
            Choose::KCenter => centers(cx, order[0], self.config.size),
        };
        chosen.sort_unstable();
        chosen
    }

    /// One step on drawn examples of the coreset, from `cx`'s weights towards the posterior given `before`.
    fn gradient(&self, cx: &mut Ctx, before: &Theta, step: u64) -> Theta {
        let draws = Draws { step, ..cx.draws };
        let order = draws.order("coreset batch", 0, self.held.len());
        let batch = order.into_iter().take(cx.batch_size).map(|at| &self.held[at]);
        let mut pass = cx.tracked(Mode::Train(draws));
        let loss = cx.rehearse(&mut pass, batch).loss;
        let mut grads = pass.gradients(loss);
        for prefix in cx.carrier.parts(before) {
            let prior = Gaussian::at(before, &prefix);
            if !prior.mean.is_empty() {
                pull(&cx.weights.theta, &mut grads, &prefix, &prior, 1.0 / self.held.len() as f64);
            }
        }
        grads
    }
}

/// Greedy k-centers among the new examples, from `first` on.
fn centers(cx: &Ctx, first: usize, count: usize) -> Vec<usize> {
    let all: Vec<usize> = (0..cx.feed.new_examples()).collect();
    let rows = all.chunks(cx.batch_size.max(256)).map(|indices| cx.batch(indices).inputs.flatten::<2>(1, 3));
    let rows: Tensor<2> = Tensor::cat(rows.collect(), 0);
    let [examples, width] = rows.dims();
    let (mut chosen, mut nearest) = (vec![first], vec![f32::INFINITY; examples]);
    while chosen.len() < count {
        let center = rows.clone().narrow(0, chosen[chosen.len() - 1], 1);
        let apart = rows.clone() - center;
        let gaps = (apart.clone() * apart).sum_dim(1).into_data();
        cx.meter().flops(2 * (examples * width) as u64);
        let gaps: Vec<f32> = gaps.try_to_vec().expect("inputs are f32");
        nearest.iter_mut().zip(gaps).for_each(|(least, gap)| *least = least.min(gap));
        // The first of equals; one that was chosen lies at distance 0.
        let next = (0..examples).fold(None, |best: Option<usize>, at| {
            let better = best.is_none_or(|best| nearest[at] > nearest[best]);
            if !chosen.contains(&at) && better { Some(at) } else { best }
        });
        chosen.push(next.expect("fewer are chosen than there are"));
    }
    chosen
}

impl Contribution for Coreset {
    fn needs(&self) -> Vec<Need> {
        vec![Need::SteadyValues, Need::OneSet, Need::Deployment]
    }

    fn withholds(&self) -> &[usize] {
        &self.withheld
    }

    fn aside(&self) -> Result<usize> {
        Ok(self.save()?.len())
    }

    fn reserve(&self, cx: &Ctx) -> Result<Spent> {
        if self.held.is_empty() {
            return Ok(Spent::default());
        }
        let batch = self.held.iter().take(cx.batch_size);
        let price = cx.price_of(|| {
            let mut pass = cx.tracked(Mode::Train(cx.draws));
            let loss = cx.rehearse(&mut pass, batch).loss;
            Ok(pass.gradients(loss))
        })?;
        Ok(price.times(self.config.steps))
    }

    fn task_start(&mut self, cx: &mut Ctx) -> Result<()> {
        let (size, all) = (self.config.size, cx.feed.new_examples());
        ensure!(
            size < all,
            "coreset.size = {size} withholds all {all} new examples of experience {}; set it lower",
            cx.experience + 1
        );
        self.fitted = None;
        self.withheld = self.chosen(cx);
        self.held.extend(self.withheld.iter().map(|index| cx.feed.example(*index)));
        Ok(())
    }

    fn task_end(&mut self, cx: &mut Ctx) -> Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let before = cx.weights.theta.clone();
        let mut optim = cx.optim.clone();
        // At rest, as the authors' optimizer is.
        optim.keep_to(&Theta::default());
        for step in 0..self.config.steps {
            let grads = self.gradient(cx, &before, step);
            let meter = cx.meter().clone();
            optim.step(&mut cx.weights.theta, grads, self.config.rate, &meter);
        }
        self.fitted = Some(std::mem::replace(&mut cx.weights.theta, before));
        Ok(())
    }

    fn deploy(&self, _: &Deploy, weights: &Weights, next: &Next) -> Result<Box<dyn Predictor>> {
        match &self.fitted {
            Some(theta) => next(&Weights { theta: theta.clone(), ..weights.clone() }),
            None => next(weights),
        }
    }
}
