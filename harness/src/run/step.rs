//! One step: batch, loss, gradients, contributions' edits, optimizer; for real or thrown away.

use std::time::Instant;

use anyhow::{Result, ensure};
use burn::tensor::Tensor;

use super::{Logged, Run, Sink};
use crate::{
    batch::course::Orders,
    budget::{Meter, Phase, Spent, peak_bytes},
    method::{Ctx, Part, Stepped},
    network::{pass::Mode, predictor::share_right},
    optim::clip_apart,
    primitives::{array::ELEMENT, theta::Theta},
    stream::Policy,
};

/// A mean loss in nats that no training comes back from: guessing among a million classes costs 14.
const HOPELESS: f64 = 1e4;

/// What a step leaves behind besides weights.
struct Left {
    spent: Spent,
    /// The most bytes of weights, the optimizer, graphs and gradients at once, where that was noted.
    bytes: u64,
    /// The examples of its batch.
    indices: Vec<usize>,
    /// What was read back, where that was asked for.
    seen: Option<Seen>,
    /// Whether a batch normalisation had one value of each channel.
    lone: bool,
}

/// What is read back of a step.
struct Seen {
    loss: f64,
    base: f64,
    /// What the carrier added as gradients.
    penalty: Option<f64>,
    /// Of each contribution.
    terms: Vec<Option<f64>>,
    gradient: f64,
    accuracy: Option<f64>,
}

impl Run<'_> {
    /// Takes the next of an experience's `steps` steps.
    pub(super) fn train(&mut self, steps: u64, sink: &mut dyn Sink) -> Result<()> {
        let (started, config) = (Instant::now(), &self.setup.config);
        let step = self.state.position.step;
        let rate = self.setup.optim.rate * config.schedule.factor(step, steps);
        let look = (step + 1).is_multiple_of(config.log.every) || step + 1 == steps;
        let Left { spent, indices, seen, .. } = self.step(step, rate, look, false)?;
        if self.state.policy.is_some() {
            let experience = self.state.position.experience;
            self.state.taken.resize_with(experience + 1, Vec::new);
            self.state.taken[experience].push(indices.into_iter().map(|index| index as u32).collect());
        }
        self.charge(Phase::Train, spent, started);
        // What few steps need is no part of the price of all.
        let flops = spent.flops.saturating_sub(self.state.optim.once());
        self.state.price = self.state.price.max(Spent { flops, maf: self.footprint().weigh(flops), ..spent });
        self.state.position.step += 1;
        self.state.position.total += 1;
        let Some(Seen { loss, base, penalty, terms, gradient, accuracy }) = seen else { return Ok(()) };
        let (experience, step) = (self.state.position.experience + 1, self.state.position.total);
        let own = [Some(base)].into_iter().chain(self.stack.carrier.penalises().then_some(penalty));
        let terms = own.chain(terms).collect();
        sink.logged(&Logged { experience, step, loss, terms, rate, gradient, accuracy })?;
        let what = match (loss.is_finite(), gradient.is_finite()) {
            (false, _) => "the loss is not a finite number".into(),
            (_, false) => "the gradients' norm is not a finite number".into(),
            _ if base > HOPELESS => format!("the loss is {base:.1e}"),
            _ => return Ok(()),
        };
        self.state.diverged = Some(format!("{what} at step {step}, experience {experience}"));
        Ok(())
    }

    /// Takes `count` steps from here and throws them away; the work of the dearest, and the most bytes that one held at
    /// once.
    pub(crate) fn probe(&mut self, count: u64) -> Result<(Spent, u64)> {
        let started = Instant::now();
        let (weights, optim) = (self.state.weights.clone(), self.state.optim.clone());
        let (parts, from, rate) = (self.stack.save()?, self.state.position.step, self.setup.optim.rate);
        let policy = self.state.policy.as_ref().map(|policy| policy.save()).transpose()?;
        let before = self.stack.read_bytes()?;
        let (mut price, mut sum, mut bytes) = (Spent::default(), Spent::default(), 0);
        for step in from..from + count {
            let stepped = self.step(step, rate, false, true)?;
            if stepped.lone {
                self.refuse_lone()?;
            }
            // What few steps need is kept back before those, and is no part of the price of all.
            let usual = Spent { flops: stepped.spent.flops - self.state.optim.once(), ..stepped.spent };
            price = price.max(usual);
            sum += stepped.spent;
            bytes = bytes.max(stepped.bytes);
        }
        // An average that is begun with the first step is held from then on.
        let states = before.max(self.stack.read_bytes()?).saturating_sub(self.born);
        self.state.weights = weights;
        self.state.optim = optim;
        self.stack.load(&parts, &self.device)?;
        if let (Some(policy), Some(saved)) = (&mut self.state.policy, policy) {
            policy.load(&saved, &self.device)?;
        }
        self.charge(Phase::Probe, sum, started);
        Ok((price, bytes + states as u64))
    }

    /// Refuses a batch normalisation that never meets two values of a channel: its statistics would stay as they were
    /// drawn. Later experiences of one example have those of the ones before.
    fn refuse_lone(&self) -> Result<()> {
        let (plan, batch, mut orders) = (self.plan(), self.setup.config.train.batch, Orders::default());
        let begun = self.state.position.experience > 0;
        ensure!(
            batch > 1,
            "train.batch = 1 gives batch normalisation one value of each channel, which has no spread, so that nothing \
             is learned; set train.batch to at least 2, or choose a network without it, such as net.batch_norm=false"
        );
        ensure!(
            begun || (0..plan.epoch()).any(|step| plan.indices(step, &mut orders, None).len() > 1),
            "the first experience has one example, and batch normalisation needs two in a batch to begin with; let it \
             bring more, or choose a network without it, such as net.batch_norm=false"
        );
        Ok(())
    }

    /// The examples of the batch of a step, of which a policy may choose some.
    fn drawn(&mut self, step: u64, policy: Option<&mut (dyn Policy + '_)>) -> Vec<usize> {
        let mut orders = std::mem::take(&mut self.orders);
        let indices = self.plan().indices(step, &mut orders, policy);
        self.orders = orders;
        self.offered(indices)
    }

    /// What no contribution withholds of a batch; where that is nothing, one other example.
    fn offered(&self, indices: Vec<usize>) -> Vec<usize> {
        let withheld: Vec<&[usize]> = self.stack.contributions.iter().map(|(_, part)| part.withholds()).collect();
        if withheld.iter().all(|those| those.is_empty()) {
            return indices;
        }
        let free = |index: &usize| withheld.iter().all(|those| those.binary_search(index).is_err());
        let left: Vec<usize> = indices.iter().copied().filter(free).collect();
        if !left.is_empty() {
            return left;
        }
        let (from, len) = (indices[0], self.setup.stream.experiences[self.state.position.experience].len());
        (from..len).chain(0..from).find(free).into_iter().collect()
    }

    /// One step with the learning rate `rate`. Reads the loss back only where `look` asks for it, and notes what it
    /// holds only where `measure` does.
    fn step(&mut self, step: u64, rate: f64, look: bool, measure: bool) -> Result<Left> {
        let mut policy = self.state.policy.take();
        let indices = self.drawn(step, policy.as_deref_mut());
        let came_back = self.came_back(&indices);
        let meter = if measure { Meter::measuring() } else { Meter::default() };
        let (mut cx, parts) = self.split(step, rate, &meter);
        cx.logs = look;
        let batch = cx.batch(&indices);
        let mut pass = cx.tracked(Mode::Train(cx.draws));
        let base = cx.carrier.loss(&mut pass, &batch);
        let asks = policy.as_ref().is_some_and(|policy| policy.asks());
        let logits = if look || asks { base.logits.clone() } else { None };
        let mut terms = Vec::new();
        for (_, part) in parts.iter_mut() {
            terms.push(part.loss(&mut cx, &mut pass, &batch, &base)?);
        }
        let loss = terms.iter().flatten().fold(base.loss.clone(), |sum, term| sum + term.clone());
        let read = |tensor: &burn::tensor::Tensor<1>| f64::from(tensor.clone().inner().into_scalar::<f32>());
        let mut seen = look.then(|| {
            let terms = terms.iter().map(|term| term.as_ref().map(read)).collect();
            Seen { loss: read(&loss), base: read(&base.loss), penalty: None, terms, gradient: 0.0, accuracy: None }
        });
        // The optimizer works in place only where nobody else holds the weights.
        drop((base, terms));
        let mut grads = pass.gradients(loss);
        cx.weights.buffers = std::mem::take(&mut pass.weights.buffers);
        let lone = pass.was_lone();
        drop(pass);
        if parts.iter().any(|(_, part)| part.follows()) {
            let stepped = Stepped { gradients: grads.clone(), before: cx.weights.theta.clone() };
            let elements = stepped.gradients.len() + stepped.before.len();
            cx.keep(stepped, elements);
        }
        edit(&mut cx, parts, &mut grads, seen.as_mut())?;
        let (grads, norm) = clipped(&cx, grads);
        if let Some(seen) = &mut seen {
            seen.gradient = norm.unwrap_or_else(|| grads.norm());
            seen.accuracy = logits.as_ref().map(|logits| accuracy(logits, &batch.targets)).transpose()?;
        }
        cx.optim.step(&mut cx.weights.theta, grads, rate, &cx.meter);
        let (weights, optim) = (cx.weights.elements(), cx.optim.elements());
        parts.iter_mut().try_for_each(|(_, part)| part.after_step(&mut cx))?;
        meter.count(Spent { examples: batch.len() as u64, steps: 1, ..came_back });
        if let Some(policy) = policy.as_mut().filter(|_| asks) {
            policy.learn(&self.outcomes(&batch, logits.as_ref())?);
        }
        self.state.policy = policy;
        let bytes = peak_bytes(weights, optim, meter.most_held());
        Ok(Left { spent: meter.read(), bytes, indices, seen, lone })
    }
}

/// The gradients within the limit, if there is one, and the norm that they had.
fn clipped(cx: &Ctx, grads: Theta) -> (Theta, Option<f64>) {
    let Some(limit) = cx.clip else { return (grads, None) };
    let (clipped, norm) = clip_apart(grads, limit, &cx.carrier.apart(&cx.weights.theta));
    (clipped, Some(norm))
}

/// The carrier's and the contributions' edits of the gradients. What a hook's own passes left is gone when it ends.
fn edit(cx: &mut Ctx, parts: &mut [Part], grads: &mut Theta, mut seen: Option<&mut Seen>) -> Result<()> {
    let settle = |cx: &Ctx, grads: &Theta| cx.meter().tide(|tide| tide.leave((ELEMENT * grads.len()) as u64));
    cx.carrier.gradients(cx, grads)?;
    settle(cx, grads);
    let penalty = cx.penalty.take();
    if let Some(seen) = seen.as_deref_mut() {
        seen.penalty = penalty;
        seen.loss += penalty.unwrap_or(0.0);
    }
    for (at, (_, part)) in parts.iter_mut().enumerate() {
        part.gradients(cx, grads)?;
        settle(cx, grads);
        if let (Some(seen), Some(penalty)) = (seen.as_deref_mut(), cx.penalty.take()) {
            seen.terms[at] = Some(seen.terms[at].unwrap_or(0.0) + penalty);
            seen.loss += penalty;
        }
    }
    Ok(())
}

/// The share of rows whose target's logit lies above all others.
fn accuracy(logits: &Tensor<2>, targets: &[usize]) -> Result<f64> {
    let scores: Vec<f32> = logits.clone().inner().into_data().try_to_vec_as()?;
    Ok(share_right(&scores, logits.dims()[1], targets))
}
