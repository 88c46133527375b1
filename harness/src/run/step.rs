//! One step: batch, loss, gradients, contributions' edits, optimizer; for real or thrown away.

use std::time::Instant;

use anyhow::Result;

use super::{Logged, Run, Sink};
use crate::{
    draws::Draws,
    ledger::{Meter, Phase, Spent},
    optim::clip,
    pass::Mode,
};

/// A mean loss in nats that no training comes back from: guessing among a million classes costs 14.
const HOPELESS: f64 = 1e4;

/// What a step leaves behind besides weights.
struct Stepped {
    spent: Spent,
    /// The loss, its terms and the gradients' norm, where they were asked for.
    seen: Option<(f64, Vec<Option<f64>>, f64)>,
}

impl Run<'_> {
    /// Takes the next of an experience's `steps` steps.
    pub(super) fn train(&mut self, steps: u64, sink: &mut dyn Sink) -> Result<()> {
        let (started, config) = (Instant::now(), &self.setup.config);
        let step = self.state.position.step;
        let rate = self.setup.optim.rate * config.schedule.factor(step, steps);
        let look = (step + 1).is_multiple_of(config.log.every) || step + 1 == steps;
        let Stepped { spent, seen } = self.step(step, rate, look)?;
        self.charge(Phase::Train, spent, started);
        self.state.price = self.state.price.max(spent);
        self.state.position.step += 1;
        self.state.position.total += 1;
        let Some((loss, terms, gradient)) = seen else { return Ok(()) };
        let (experience, step) = (self.state.position.experience + 1, self.state.position.total);
        let base = terms.first().copied().flatten().unwrap_or(loss);
        sink.logged(&Logged { experience, step, loss, terms, rate, gradient })?;
        let what = match (loss.is_finite(), gradient.is_finite()) {
            (false, _) => "the loss is not a finite number".into(),
            (_, false) => "the gradients' norm is not a finite number".into(),
            _ if base > HOPELESS => format!("the loss is {base:.1e}"),
            _ => return Ok(()),
        };
        self.state.diverged = Some(format!("{what} at step {step}, experience {experience}"));
        Ok(())
    }

    /// Takes `count` steps from here and throws them away; the work of the dearest.
    pub(crate) fn probe(&mut self, count: u64) -> Result<Spent> {
        let started = Instant::now();
        let (weights, optim) = (self.state.weights.clone(), self.state.optim.clone());
        let (parts, from, rate) = (self.stack.save()?, self.state.position.step, self.setup.optim.rate);
        let (mut price, mut sum) = (Spent::default(), Spent::default());
        for step in from..from + count {
            let spent = self.step(step, rate, false)?.spent;
            price = price.max(spent);
            sum += spent;
        }
        self.state.weights = weights;
        self.state.optim = optim;
        self.stack.load(&parts, &self.device)?;
        self.charge(Phase::Probe, sum, started);
        Ok(price)
    }

    /// One step with the learning rate `rate`. Reads the loss back only where `look` asks for it.
    fn step(&mut self, step: u64, rate: f64, look: bool) -> Result<Stepped> {
        let indices = self.indices(step);
        let meter = Meter::default();
        let (mut cx, parts) = self.split(step, rate, &meter);
        let batch = cx.batch(&indices);
        let mut pass = cx.tracked(Mode::Train(cx.draws));
        let base = cx.carrier.loss(&mut pass, &batch);
        let mut terms = Vec::new();
        for (_, part) in parts.iter_mut() {
            terms.push(part.loss(&mut cx, &mut pass, &batch, &base)?);
        }
        let loss = terms.iter().flatten().fold(base.loss.clone(), |sum, term| sum + term.clone());
        let read = |tensor: &burn::tensor::Tensor<1>| f64::from(tensor.clone().inner().into_scalar::<f32>());
        let mut seen = look.then(|| {
            let own = std::iter::once(Some(&base.loss)).chain(terms.iter().map(Option::as_ref));
            (read(&loss), own.map(|term| term.map(read)).collect(), 0.0)
        });
        // The optimizer works in place only where nobody else holds the weights.
        drop((base, terms));
        let mut grads = pass.gradients(loss);
        cx.weights.buffers = std::mem::take(&mut pass.weights.buffers);
        drop(pass);
        cx.carrier.gradients(&mut cx, &mut grads)?;
        parts.iter_mut().try_for_each(|(_, part)| part.gradients(&mut cx, &mut grads))?;
        let mut norm = None;
        if let Some(limit) = cx.clip {
            let (clipped, was) = clip(grads, limit);
            (grads, norm) = (clipped, Some(was));
        }
        if let Some((_, _, gradient)) = &mut seen {
            *gradient = norm.unwrap_or_else(|| grads.norm());
        }
        cx.optim.step(&mut cx.weights.theta, grads, rate);
        parts.iter_mut().try_for_each(|(_, part)| part.after_step(&mut cx))?;
        meter.count(Spent { examples: batch.len() as u64, steps: 1, ..Spent::default() });
        Ok(Stepped { spent: meter.read(), seen })
    }

    /// Which of the experience's examples the batch of `step` holds: each epoch has an order of its own.
    fn indices(&mut self, step: u64) -> Vec<usize> {
        let experience = self.state.position.experience;
        let (examples, train) = (self.setup.stream.experiences[experience].len(), &self.setup.config.train);
        let (epoch, within) = (step / train.epoch(examples), (step % train.epoch(examples)) as usize);
        if self.order.as_ref().is_none_or(|(of, at, _)| (*of, *at) != (experience, epoch)) {
            let draws = Draws { seed: self.seed, experience: experience as u64, step: epoch };
            self.order = Some((experience, epoch, draws.order("batch order", 0, examples)));
        }
        let (_, _, order) = self.order.as_ref().expect("it was just made");
        order[within * train.batch..examples.min((within + 1) * train.batch)].to_vec()
    }
}
