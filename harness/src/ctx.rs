//! What a hook may use. All work done through it is counted where it belongs.

use anyhow::Result;
use burn::tensor::Device;

use crate::{
    batch::{Batch, Example, Feed},
    draws::Draws,
    ledger::{Meter, Spent},
    method::{Carrier, Fit},
    optim::{Optimizer, clip},
    pass::{Mode, Pass, Weights},
    predictor::Ask,
    scope::{Heads, Scope},
    theta::Theta,
};

/// Batches from which running statistics are re-estimated.
const CALIBRATION_BATCHES: usize = 16;

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
    pub(crate) clip: Option<f64>,
    pub(crate) heads: &'a Heads,
    pub(crate) meter: Meter,
}

impl Ctx<'_> {
    /// The current experience's examples at `indices`.
    pub fn batch(&self, indices: &[usize]) -> Batch {
        self.feed.batch(indices, self.device)
    }
    /// Whether each example of the experience is being met for the first time.
    pub fn is_first_epoch(&self) -> bool {
        self.step * (self.batch_size as u64) < self.feed.len() as u64
    }
    /// What counts the work of this hook.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }
    /// A question about all classes, its work charged; for predictors that are used inside of a hook.
    pub fn ask(&self) -> Ask {
        Ask::new(Scope::All, self.heads, self.draws, &self.meter)
    }
    /// A pass without a graph over the current weights, its work charged.
    pub fn plain(&self, mode: Mode) -> Pass {
        Pass::plain(self.weights, mode, &self.meter)
    }
    /// A pass over the current weights as graph leaves, its work charged.
    pub fn tracked(&self, mode: Mode) -> Pass {
        Pass::tracked(self.weights, mode, &self.meter)
    }
    /// Gradient of the base loss at the current weights, in `Eval`: nothing is dropped, nothing moves.
    pub fn gradient(&self, batch: &Batch) -> Theta {
        let mut pass = self.tracked(Mode::Eval);
        let loss = self.carrier.loss(&mut pass, batch).loss;
        self.meter.count(Spent { examples: batch.len() as u64, ..Spent::default() });
        pass.gradients(loss)
    }
    /// The base loss of remembered examples within the step's own pass; they are counted as replayed.
    pub fn rehearse<'e>(&self, pass: &mut Pass, examples: impl IntoIterator<Item = &'e Example>) -> Fit {
        let batch = self.feed.recalled(examples, self.device);
        self.meter.count(Spent { examples: batch.len() as u64, replayed: batch.len() as u64, ..Spent::default() });
        self.carrier.loss(pass, &batch)
    }
    /// Does some work to find out what it costs, and does not charge it.
    pub fn price_of<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<Spent> {
        let before = self.meter.take();
        let result = work();
        let price = self.meter.take();
        self.meter.count(before);
        result.map(|_| price)
    }
    /// Where the optimizer would go with `grads` at this step's rate. Nothing changes.
    pub fn look_ahead(&self, grads: &Theta) -> Theta {
        let grads = self.clip.map_or(grads.clone(), |limit| clip(grads.clone(), limit).0);
        let mut theta = self.weights.theta.clone();
        self.optim.clone().step(&mut theta, grads, self.rate);
        theta
    }
    /// What re-estimating running statistics once will cost.
    pub fn calibration_price(&self) -> Result<Spent> {
        if self.weights.buffers.is_empty() {
            return Ok(Spent::default());
        }
        let one = self.price_of(|| Ok(self.carrier.loss(&mut self.plain(Mode::Eval), &self.batch(&[0]))))?;
        let examples = self.feed.len().min(CALIBRATION_BATCHES * self.batch_size) as u64;
        Ok(Spent { flops: one.flops * examples, examples, ..Spent::default() })
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
