//! What comes back in a run: the stock of an experience, the buffer, and what a policy is told.

use std::time::Instant;

use anyhow::{Result, bail};
use burn::tensor::Tensor;

use super::Run;
use crate::{
    batch::{
        Batch,
        course::{Plan, Stock},
        memory::{Keep, Memory, Seen},
    },
    budget::{Phase, Spent},
    config::Setup,
    network::predictor::{is_right, loss},
    primitives::draws::Draws,
    stream::{Course, Experience, Outcome},
};

/// The buffer before the first experience, where the mixture asks for one.
pub(super) fn buffer(setup: &Setup) -> Result<Option<Memory<(u32, u32)>>> {
    let (config, stream) = (&setup.config, &setup.stream);
    if config.mixture.buffer == 0.0 {
        return Ok(None);
    }
    let capacity = config.buffer.examples(stream.input_bytes())?;
    Memory::new(config.buffer.keep, capacity, stream.own_classes()).map(Some)
}

/// By what the buffer chooses, where it has to look at an experience's examples before it keeps some.
pub(super) fn surveys(setup: &Setup) -> Option<Keep> {
    let keep = setup.config.buffer.keep;
    (setup.config.mixture.buffer > 0.0 && keep.needs_model()).then_some(keep)
}

impl Run<'_> {
    /// What decides the batches of the experience in progress.
    pub(super) fn plan(&self) -> Plan<'_> {
        let Setup { config, stream, .. } = self.setup;
        let experience = self.state.position.experience;
        Plan {
            experience: &stream.experiences[experience],
            batch: config.train.batch,
            mixture: &config.mixture,
            stock: &self.stock,
            draws: Draws { seed: self.seed, experience: experience as u64, step: 0 },
        }
    }

    /// Gathers what can come back in the experience in progress, unless that is done.
    pub(super) fn restock(&mut self) {
        let at = self.state.position.experience;
        if self.stocked == Some(at) || at == self.setup.stream.experiences.len() {
            return;
        }
        let stream = &self.setup.stream;
        let mut stock = Stock::default();
        if let Course::Recorded { back, .. } = &stream.experiences[at].course {
            stock.places = back.to_vec();
            stock.rehearsed = true;
        } else if stream.policy.is_some() {
            let earlier = stream.experiences[..at].iter().map(Experience::new_pairs);
            for pairs in earlier {
                stock.arms.push(pairs.len());
                stock.places.extend(pairs);
            }
            stock.rehearsed = true;
        } else {
            stock.places.extend(self.state.buffer.iter().flat_map(Memory::held));
            stock.buffer = stock.places.len();
            let pool = stream.pool.as_ref().map_or(0, |pool| pool.train.len());
            stock.places.extend((0..pool).map(|place| (stream.tasks.len() as u32, place as u32)));
        }
        (self.stock, self.stocked) = (stock, Some(at));
        self.met = self.plan().first_met();
    }

    /// Offers the experience's new examples to the buffer; what a look at them costs is charged to its end.
    pub(super) fn fill_buffer(&mut self) -> Result<()> {
        let Some(mut buffer) = self.state.buffer.take() else { return Ok(()) };
        let Setup { stream, .. } = self.setup;
        let at = self.state.position.experience;
        let pairs = stream.experiences[at].new_pairs();
        let label = |(task, place): (u32, u32)| stream.task(task as usize).train.label(place as usize);
        let draws = Draws { seed: self.seed, experience: at as u64, step: 0 };
        let mut rng = draws.rng("buffer", 0);
        if buffer.keep().needs_model() {
            let (meter, started) = (crate::budget::Meter::default(), Instant::now());
            let step = self.state.position.step;
            let (cx, _) = self.split(step, 0.0, &meter);
            let seen = cx.survey(buffer.keep())?;
            let items: Vec<((u32, u32), usize, Seen)> =
                seen.into_iter().map(|(index, seen)| (pairs[index], label(pairs[index]), seen)).collect();
            self.charge(Phase::TaskEnd, meter.take(), started);
            buffer.settle(&mut rng, items);
        } else {
            // A file may hold its examples writer by writer; a memory that chooses sees them in no such order.
            let order = match &stream.experiences[at].course {
                _ if buffer.keep() == Keep::Unlimited => (0..pairs.len()).collect(),
                Course::Given(order) => order.iter().map(|at| *at as usize).filter(|at| *at < pairs.len()).collect(),
                _ => draws.order("buffer order", 0, pairs.len()),
            };
            order.into_iter().for_each(|at| buffer.offer(&mut rng, label(pairs[at]), || pairs[at]));
        }
        self.state.buffer = Some(buffer);
        Ok(())
    }

    /// Of a batch, how many examples come back and from where.
    pub(super) fn came_back(&self, indices: &[usize]) -> Spent {
        let experience = &self.setup.stream.experiences[self.state.position.experience];
        let (new, len) = (experience.new_examples(), experience.len());
        let (mut replayed, mut rehearsed) = (0, 0);
        for index in indices.iter().filter(|index| **index >= new) {
            if *index < len || self.stock.rehearsed { rehearsed += 1 } else { replayed += 1 }
        }
        Spent { replayed, rehearsed, ..Spent::default() }
    }

    /// What the policy is told of a batch whose logits are known.
    pub(super) fn outcomes(&self, batch: &Batch, logits: Option<&Tensor<2>>) -> Result<Vec<Outcome>> {
        let len = self.setup.stream.experiences[self.state.position.experience].len();
        let rows: Vec<usize> = (0..batch.len()).filter(|row| batch.indices[*row] >= len).collect();
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let Some(logits) = logits else {
            bail!(
                "stream.environment chooses by what the network answers, and `{}` gives no logits",
                self.setup.config.method
            )
        };
        let classes = logits.dims()[1];
        let scores: Vec<f32> = logits.clone().inner().into_data().try_to_vec_as()?;
        let outcome = |row: usize| {
            let (arm, place) = self.arm(batch.indices[row] - len);
            let scores = &scores[row * classes..(row + 1) * classes];
            let label = batch.targets[row];
            let loss = loss(scores, label);
            Outcome { arm, place, loss, confidence: (-loss).exp(), hit: is_right(scores, label) }
        };
        Ok(rows.into_iter().map(outcome).collect())
    }

    /// The arm that holds the example at `index` of the stock, and its place there.
    fn arm(&self, mut index: usize) -> (usize, usize) {
        for (arm, size) in self.stock.arms.iter().enumerate() {
            if index < *size {
                return (arm, index);
            }
            index -= size;
        }
        unreachable!("only the arms' examples are chosen")
    }

    /// The experiences as they came to pass, where a policy has chosen in them.
    pub fn realised(&self) -> Option<Vec<Experience>> {
        let stream = &self.setup.stream;
        stream.policy.as_ref()?;
        let recorded = |(at, taken): (usize, &Vec<Vec<u32>>)| {
            let of = &stream.experiences[at];
            let earlier: Vec<(u32, u32)> = stream.experiences[..at].iter().flat_map(Experience::new_pairs).collect();
            let len = of.len() as u32;
            let mut back: Vec<u32> = taken.iter().flatten().filter(|index| **index >= len).map(|at| at - len).collect();
            back.sort_unstable();
            back.dedup();
            let place = |index: u32| match index.checked_sub(len) {
                None => index,
                Some(at) => len + back.binary_search(&at).expect("it is one of those that came back") as u32,
            };
            let steps = taken.iter().map(|step| step.iter().map(|index| place(*index)).collect()).collect();
            let back = back.iter().map(|at| earlier[*at as usize]).collect();
            Experience { course: Course::Recorded { back, steps }, chosen: 0, ..of.clone() }
        };
        Some(self.state.taken.iter().enumerate().map(recorded).collect())
    }
}
