//! What a hook may use. All work done through it is counted where it belongs.

use std::{
    any::Any,
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use anyhow::{Context, Result};
use burn::tensor::{Device, Tensor};

#[cfg(doc)]
use super::Contribution;

use crate::{
    batch::{
        Batch, Example, Feed,
        memory::{Keep, Seen},
    },
    budget::{Meter, Spent},
    method::{Carrier, Fit, Preferences, Stepped, within::Within},
    network::{
        net::Net,
        pass::{Grams, Mode, Pass, Sight, Weights},
        predictor::{Ask, loss},
    },
    optim::{Optimizer, clip_apart},
    primitives::{
        array::{Array, ELEMENT},
        draws::Draws,
        scope::{Heads, Scope},
        theta::Theta,
    },
};

/// Batches from which running statistics are re-estimated.
const CALIBRATION_BATCHES: usize = 16;

/// Least number of examples that a survey looks at at once.
const SURVEY_BATCH: usize = 256;

/// What a hook may use.
pub struct Ctx<'a> {
    /// Says what is trained, the base loss, and how weights become answers.
    pub carrier: &'a dyn Carrier,
    /// All weights; hooks may change them.
    pub weights: &'a mut Weights,
    /// The optimizer, to be cloned for looking ahead.
    pub optim: &'a mut Box<dyn Optimizer>,
    /// Draws of this experience and step.
    pub draws: Draws,
    /// The current experience's training examples.
    pub feed: Feed<'a>,
    /// The current experience, from 0.
    pub experience: usize,
    /// The step within the experience, from 0.
    pub step: u64,
    /// The learning rate of this step.
    pub rate: f64,
    /// Examples in a full batch.
    pub batch_size: usize,
    /// Where tensors live.
    pub device: &'a Device,
    /// The step at which each new example of the experience is met for the first time.
    pub(crate) met: &'a [u64],
    pub(crate) clip: Option<f64>,
    pub(crate) preferences: Preferences<'a>,
    pub(crate) net: &'a Net,
    pub(crate) meter: Meter,
    /// Counts what was only done to find out a price.
    pub(crate) pricing: Meter,
    /// Whether the step is logged.
    pub(crate) logs: bool,
    /// The value of penalties that a hook added as gradients.
    pub(crate) penalty: Option<f64>,
    /// What methods keep until the step is over.
    pub(crate) within: Within,
}

impl Ctx<'_> {
    /// The current experience's examples at `indices`.
    pub fn batch(&self, indices: &[usize]) -> Batch {
        self.feed.batch(indices, self.device)
    }
    /// Of a step's batch, the new examples that are met for the first time in this experience, each once, in the
    /// batch's order: what a memory is offered. However batches are made (several epochs, a mixture that runs on into
    /// the next order, a recording that repeats itself), each new example is among them at one step.
    pub fn newcomers(&self, batch: &Batch) -> Vec<usize> {
        let mut there = BTreeSet::new();
        let comes = |index: &usize| self.met.get(*index) == Some(&self.step) && there.insert(*index);
        batch.indices.iter().copied().filter(comes).collect()
    }
    /// What counts the work of this hook.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }
    /// Notes that this hook holds `elements` numbers until it ends, beside what its passes hold.
    pub fn holds(&self, elements: usize) {
        self.meter.tide(|tide| tide.come_in((ELEMENT * elements) as u64));
    }
    /// Keeps `value`, of a type of the method's own, for a later hook of the same step. Its `elements` numbers are
    /// counted in what the step holds; no checkpoint has it, and when the step is over it is gone.
    pub fn keep<T: Any>(&mut self, value: T, elements: usize) {
        self.meter.tide(|tide| tide.stay((ELEMENT * elements) as u64));
        self.within.put(value);
    }
    /// Takes what an earlier hook of this step kept.
    pub fn kept<T: Any>(&mut self) -> Option<T> {
        self.within.take()
    }
    /// What the optimizer's step did, in `after_step` of a contribution that [`Contribution::follows`].
    ///
    /// # Errors
    /// Where no contribution follows.
    pub fn stepped(&self) -> Result<&Stepped> {
        self.within.get().context("a method that asks what a step did says so in `follows`")
    }
    /// A question about the classes in `scope`, its work charged; for predictors that are used inside of a hook.
    pub fn ask(&self, scope: Scope) -> Ask {
        Ask::new(scope, &self.net.heads, self.draws, &self.meter)
    }
    /// The preferences over tasks that will be asked after this experience; empty where none are.
    pub fn preferences(&self) -> Vec<Vec<f64>> {
        let heads = self.heads();
        let draws = Draws { step: 0, ..self.draws };
        self.preferences.asked(&draws, heads.tasks.len(), &heads.seen[self.experience])
    }
    /// Heads, the classes behind them, and the tasks that have come with each experience.
    pub fn heads(&self) -> &Heads {
        &self.net.heads
    }
    /// Path prefixes of the network's parts, from the input to the head.
    pub fn blocks(&self) -> Vec<String> {
        self.net.blocks()
    }
    /// A pass without a graph over the current weights, its work charged.
    pub fn plain(&self, mode: Mode) -> Pass {
        Pass::plain(self.weights, mode, &self.meter)
    }
    /// A pass over the current weights as graph leaves, its work charged.
    pub fn tracked(&self, mode: Mode) -> Pass {
        Pass::tracked(self.weights, mode, &self.meter)
    }
    /// Gradient of the base loss at the current weights, in `Eval`: nothing is dropped, nothing moves. Its examples are
    /// counted.
    pub fn gradient(&self, batch: &Batch) -> Theta {
        self.meter.count(Spent { examples: batch.len() as u64, ..Spent::default() });
        self.gradient_again(batch)
    }
    /// [`Ctx::gradient`] of examples that were counted before, under other labels.
    pub fn gradient_again(&self, batch: &Batch) -> Theta {
        let mut pass = self.tracked(Mode::Eval);
        let loss = self.carrier.loss(&mut pass, batch).loss;
        pass.gradients(loss)
    }
    /// Says what the penalty comes to whose gradient a `gradients` hook adds, in nats and at the step's own weights, so
    /// that it is logged as a term of the loss. `value` is only asked where the step is logged.
    pub fn penalty(&mut self, value: impl FnOnce(&Self) -> f64) {
        if self.logs {
            self.penalty = Some(self.penalty.unwrap_or(0.0) + value(self));
        }
    }
    /// The base loss of remembered examples within `pass`, the step's own or one that a hook made; they are
    /// counted as replayed.
    pub fn rehearse<'e>(&self, pass: &mut Pass, examples: impl IntoIterator<Item = &'e Example>) -> Fit {
        let batch = self.feed.recalled(examples, self.device);
        self.meter.count(Spent { examples: batch.len() as u64, replayed: batch.len() as u64, ..Spent::default() });
        self.carrier.loss(pass, &batch)
    }
    /// Looks at all new examples of the experience with the current weights, as a memory that keeps by `keep` needs:
    /// their losses among the classes that count in training, or what the head sees of them.
    ///
    /// # Errors
    /// When features are asked for and the carrier has none.
    pub fn survey(&self, keep: Keep) -> Result<Vec<(usize, Seen)>> {
        let mut all = Vec::with_capacity(self.feed.new_examples());
        for (scope, of) in self.by_scope() {
            for indices in of.chunks(self.survey_batch()) {
                all.extend(indices.iter().copied().zip(self.look_at(indices, scope, keep)?));
            }
        }
        all.sort_by_key(|(index, _)| *index);
        Ok(all)
    }
    /// The experience's new examples by what counts for them in training: a predictor answers one scope at a time.
    fn by_scope(&self) -> BTreeMap<Scope, Vec<usize>> {
        let mut scopes = BTreeMap::<Scope, Vec<usize>>::new();
        for index in (0..self.feed.len()).filter(|index| self.feed.is_new(*index)) {
            scopes.entry(self.feed.scope_of(index)).or_default().push(index);
        }
        scopes
    }
    fn survey_batch(&self) -> usize {
        self.batch_size.max(SURVEY_BATCH)
    }
    /// What the model says of the experience's examples at `indices`, for each of which `scope` counts.
    fn look_at(&self, indices: &[usize], scope: Scope, keep: Keep) -> Result<Vec<Seen>> {
        let batch = self.batch(indices);
        let (predictor, ask) = (self.carrier.predictor(self.weights), self.ask(scope));
        self.meter.count(Spent { examples: batch.len() as u64, ..Spent::default() });
        if keep.needs_features() {
            let features = predictor.features(batch.inputs.clone(), &ask);
            let features = features.context("the carrier answers without features, by which a memory could choose")?;
            let width = features.dims()[1];
            let features: Vec<f32> = features.into_data().try_to_vec_as()?;
            let seen =
                |row: usize| Seen { loss: f64::NAN, features: features[row * width..(row + 1) * width].to_vec() };
            return Ok((0..batch.len()).map(seen).collect());
        }
        let scores = predictor.scores(batch.inputs.clone(), &ask);
        let classes = scores.dims()[1];
        let scores: Vec<f32> = scores.into_data().try_to_vec_as()?;
        let rows = scores.chunks(classes).zip(&batch.targets);
        Ok(rows.map(|(row, label)| Seen { loss: loss(row, *label), features: Vec::new() }).collect())
    }
    /// What [`Ctx::survey`] will cost.
    pub fn survey_price(&self, keep: Keep) -> Result<Spent> {
        let mut price = Spent::default();
        for (scope, of) in self.by_scope() {
            let (whole, rest) = of.split_at(of.len() - of.len() % self.survey_batch());
            let first = &whole[..whole.len().min(self.survey_batch())];
            for (indices, times) in [(first, whole.len() / self.survey_batch()), (rest, 1)] {
                if !indices.is_empty() {
                    price += self.price_of(|| self.look_at(indices, scope, keep))?.times(times as u64);
                }
            }
        }
        Ok(price)
    }
    /// What `work` on `examples` examples will cost, `at_once` in each batch, found out on whole batches: some of it
    /// may be done once for a batch, such as reading the names of classes, or for each pair of its examples.
    pub fn price_of_batches<T>(
        &self,
        examples: usize,
        at_once: usize,
        work: impl Fn(&[usize]) -> Result<T>,
    ) -> Result<Spent> {
        let batch = |count: usize| -> Result<u64> {
            let indices: Vec<usize> = (0..count).collect();
            if count == 0 { Ok(0) } else { Ok(self.price_of(|| work(&indices))?.flops) }
        };
        let whole = examples / at_once;
        let full = if whole == 0 { 0 } else { batch(at_once)? };
        let flops = full * whole as u64 + batch(examples % at_once)?;
        Ok(Spent { flops, examples: examples as u64, ..Spent::default() })
    }
    /// For every matrix or kernel at `name` (a path without `.weight`) the mean of xxᵀ over what the layer sees of up
    /// to `samples` drawn new examples, in `Eval`. Shape of each `[d, d]`, where d is the matrix's inputs, or the size
    /// of a kernel's patch in the order of a flattened kernel. They are counted as examples.
    pub fn grams(&self, samples: usize) -> BTreeMap<String, Array> {
        self.gathered(samples, Grams::default()).means()
    }
    /// As [`Ctx::grams`], but of a layer that sees fewer x than an x has elements all that it sees.
    pub fn sights(&self, samples: usize) -> BTreeMap<String, Sight> {
        self.gathered(samples, Grams::few(self.looked_at(samples))).sights()
    }
    /// How many examples a look at up to `samples` is.
    fn looked_at(&self, samples: usize) -> usize {
        samples.min((0..self.feed.len()).filter(|index| self.feed.is_new(*index)).count())
    }
    fn gathered(&self, samples: usize, mut grams: Grams) -> Grams {
        let new: Vec<usize> = (0..self.feed.len()).filter(|index| self.feed.is_new(*index)).collect();
        let order = self.draws.order("grams", 0, new.len());
        let chosen: Vec<usize> = order.into_iter().take(samples).map(|at| new[at]).collect();
        for indices in chosen.chunks(self.batch_size) {
            grams = self.gram_of(indices, grams);
        }
        grams
    }
    fn gram_of(&self, indices: &[usize], grams: Grams) -> Grams {
        let mut pass = self.plain(Mode::Eval).gathering(grams.of_batch(indices.len()));
        self.carrier.loss(&mut pass, &self.batch(indices));
        self.meter.count(Spent { examples: indices.len() as u64, ..Spent::default() });
        pass.gathered()
    }
    /// What [`Ctx::grams`] will cost.
    pub fn grams_price(&self, samples: usize) -> Result<Spent> {
        let work = |indices: &[usize]| Ok(self.gram_of(indices, Grams::default()));
        self.price_of_batches(self.looked_at(samples), self.batch_size, work)
    }
    /// What [`Ctx::sights`] will cost, and by layer the shape of what it will give.
    pub fn sights_price(&self, samples: usize) -> Result<(Spent, BTreeMap<String, [usize; 2]>)> {
        let examples = self.looked_at(samples);
        let shapes = RefCell::new(BTreeMap::new());
        let work = |indices: &[usize]| {
            for (name, sight) in self.gram_of(indices, Grams::few(examples)).sights() {
                let [rows, width] = sight.shape();
                // Each example brings as many x as any other.
                let rows = if matches!(sight, Sight::Inputs(_)) { rows * examples / indices.len() } else { rows };
                shapes.borrow_mut().insert(name, [rows, width]);
            }
            Ok(())
        };
        let price = self.price_of_batches(examples, self.batch_size, work)?;
        Ok((price, shapes.into_inner()))
    }
    /// Up to `count` drawn inputs of the experience's tasks whose labels are not told, where the stream has some; they
    /// are counted as examples. Shape `[count, channels, height, width]`.
    pub fn unlabelled(&self, count: usize) -> Option<Tensor<4>> {
        let inputs = self.feed.unlabelled(count, &self.draws, self.device)?;
        self.meter.count(Spent { examples: inputs.dims()[0] as u64, ..Spent::default() });
        Some(inputs)
    }
    /// Does some work to find out what it costs, and does not charge it: it is recorded as a probe.
    pub fn price_of<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<Spent> {
        let before = self.meter.take();
        let result = work();
        let price = self.meter.take();
        self.meter.count(before);
        self.pricing.count(price);
        result.map(|_| price)
    }
    /// Where the optimizer would go with `grads` at this step's rate. Nothing changes.
    pub fn look_ahead(&self, grads: &Theta) -> Theta {
        let clipped = |limit| clip_apart(grads.clone(), limit, &self.carrier.apart(&self.weights.theta)).0;
        let grads = self.clip.map_or_else(|| grads.clone(), clipped);
        let (mut theta, mut optim) = (self.weights.theta.clone(), self.optim.clone());
        optim.step(&mut theta, grads, self.rate, &self.meter);
        let ahead = ELEMENT * (theta.len() + optim.elements());
        self.meter.tide(|tide| tide.splash(ahead as u64));
        theta
    }
    /// What re-estimating running statistics once will cost.
    pub fn calibration_price(&self) -> Result<Spent> {
        if self.weights.buffers.is_empty() {
            return Ok(Spent::default());
        }
        let work = |indices: &[usize]| Ok(self.carrier.loss(&mut self.plain(Mode::Eval), &self.batch(indices)));
        self.price_of_batches(self.feed.len().min(CALIBRATION_BATCHES * self.batch_size), self.batch_size, work)
    }
    /// `weights` with running statistics re-estimated for them; see [`Deploy::calibrated`].
    pub fn calibrated(&self, weights: &Weights) -> Weights {
        calibrated(self.carrier, &self.feed, weights, self.batch_size, self.draws, self.device, &self.meter)
    }
}

/// What a deployment may use.
pub struct Deploy<'a> {
    /// Says what is trained, the base loss, and how weights become answers.
    pub carrier: &'a dyn Carrier,
    /// The training examples of the experience in progress or just ended.
    pub feed: Feed<'a>,
    /// Where tensors live.
    pub device: &'a Device,
    /// Draws of this experience; the same at each deployment within it.
    pub draws: Draws,
    pub(crate) batch_size: usize,
    pub(crate) heads: &'a Heads,
    pub(crate) meter: Meter,
    pub(crate) calibration: Meter,
}

impl Deploy<'_> {
    /// What counts the work of this deployment.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }
    /// A question about all classes, its work counted as deployment.
    pub fn ask(&self) -> Ask {
        Ask::new(Scope::All, self.heads, self.draws, &self.meter)
    }
    /// `weights` with running statistics re-estimated for them, as the plain average over up to 16 drawn batches
    /// of the experience's training examples; the same weights where there are no statistics. Statistics of one
    /// set of weights do not fit an average or a merge (Izmailov et al. 2018, <https://arxiv.org/abs/1803.05407>,
    /// section 3.2).
    pub fn calibrated(&self, weights: &Weights) -> Weights {
        let Self { carrier, feed, device, .. } = self;
        calibrated(*carrier, feed, weights, self.batch_size, self.draws, device, &self.calibration)
    }
}

fn calibrated(
    carrier: &dyn Carrier,
    feed: &Feed,
    weights: &Weights,
    batch_size: usize,
    draws: Draws,
    device: &Device,
    meter: &Meter,
) -> Weights {
    let mut weights = weights.clone();
    if weights.buffers.is_empty() {
        return weights;
    }
    let order = Draws { step: 0, ..draws }.order("calibrate", 0, feed.len());
    for (before, indices) in order.chunks(batch_size).take(CALIBRATION_BATCHES).enumerate() {
        let mut pass = Pass::plain(&weights, Mode::Calibrate(before), meter);
        carrier.loss(&mut pass, &feed.batch(indices, device));
        meter.count(Spent { examples: indices.len() as u64, ..Spent::default() });
        weights.buffers = pass.weights.buffers;
    }
    weights
}
