//! Evaluation: asks a predictor about every task. It draws nothing and changes nothing.

use anyhow::{Result, ensure};
use burn::tensor::{Device, Tensor};
use clbench_results::{At, Record, Split};

use super::{means::Means, tally::Tally};
use crate::{
    batch::{Batch, Builder},
    budget::{Meter, Spent},
    config::{Setup, Within},
    network::{
        predictor::{Ask, Predictor},
        text::loss::unit,
    },
    primitives::{
        draws::Draws,
        scope::{Scope, Scopes},
    },
    stream::{Probe, Role, View},
};

/// One answer, for item-level tests.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Experiences finished.
    pub experience: usize,
    /// The task that the question belongs to.
    pub task: usize,
    /// Place in the dataset's test split.
    pub index: u32,
    /// The right label.
    pub label: usize,
    /// The answered label.
    pub answer: usize,
    /// Probability of the right label.
    pub confidence: f64,
}

/// Asks about every task at one point of a run.
pub(crate) struct Examiner<'a> {
    pub setup: &'a Setup,
    pub device: &'a Device,
    pub draws: Draws,
    pub at: At,
    /// The experience in progress or just ended, from 0.
    pub experience: usize,
    pub step: u64,
    pub meter: Meter,
}

impl Examiner<'_> {
    /// One record for each task, split and preference, and every answer on the test splits.
    pub(crate) fn examine(&self, predictor: &dyn Predictor) -> Result<(Vec<Record>, Vec<Answer>)> {
        let (mut records, mut answers) = (Vec::new(), Vec::new());
        let config = &self.setup.config;
        let preferences = if self.at == At::End { self.preferences() } else { config.eval.preferences.clone() };
        let preferences = preferences.iter().map(Some);
        for preference in std::iter::once(None).chain(preferences) {
            for sample in samples(predictor) {
                if preference.is_none() && sample.is_none() {
                    records.extend(self.probe(predictor, &|task| self.wish(task, None, None))?);
                }
                let (found, given) = self.tasks(predictor, preference.map(Vec::as_slice), sample)?;
                records.extend(found);
                answers.extend(given);
            }
        }
        Ok((records, answers))
    }

    /// One record for each task, split and model under one preference.
    pub(crate) fn under(&self, predictor: &dyn Predictor, preference: &[f64]) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        for sample in samples(predictor) {
            records.extend(self.tasks(predictor, Some(preference), sample)?.0);
        }
        Ok(records)
    }

    /// A question about `task`.
    fn wish(&self, task: usize, preference: Option<&[f64]>, sample: Option<u32>) -> Ask {
        let scope = self.setup.config.head.test.scope(task, self.experience);
        let ask = Ask::new(scope, &self.setup.net.heads, self.draws, &self.meter);
        Ask { preference: preference.map(<[f64]>::to_vec), sample, ..ask }
    }

    /// One record for each task and split, and every answer on the test splits where nothing special is asked.
    fn tasks(
        &self,
        predictor: &dyn Predictor,
        preference: Option<&[f64]>,
        sample: Option<u32>,
    ) -> Result<(Vec<Record>, Vec<Answer>)> {
        let (mut records, mut answers) = (Vec::new(), Vec::new());
        let keeps = preference.is_none() && sample.is_none() && self.setup.config.keep.predictions;
        for (task, of) in self.setup.stream.tasks.iter().enumerate() {
            for (split, view) in [(Split::Test, &of.test), (Split::Validation, &of.validation)] {
                if view.is_empty() || !self.can_ask(task) || !self.is_due(task) {
                    continue;
                }
                let (tally, given) = self.ask(predictor, task, view, &self.wish(task, preference, sample))?;
                let record = self.record(task, split, &tally, view.len() as u64);
                records.push(Record { preference: preference.map(words).unwrap_or_default(), sample, ..record });
                if split == Split::Test && keeps {
                    answers.extend(given);
                }
            }
        }
        Ok((records, answers))
    }

    /// The preferences that are asked after the experience.
    pub(crate) fn preferences(&self) -> Vec<Vec<f64>> {
        let (heads, experience) = (&self.setup.net.heads, self.experience);
        let draws = Draws { experience: experience as u64, ..self.draws };
        self.setup.config.eval.preferences().asked(&draws, heads.tasks.len(), &heads.seen[experience])
    }

    /// Asks about what no experience trains: the pool's concepts as tasks are, held-out ones by their names where the
    /// predictor reads names, else by the nearest mean of their features.
    fn probe(&self, predictor: &dyn Predictor, wish: &dyn Fn(usize) -> Ask) -> Result<Vec<Record>> {
        let Setup { stream, config, .. } = self.setup;
        let mut records = Vec::new();
        if self.at == At::Step && config.eval.within == Within::New {
            return Ok(records);
        }
        for (at, probe) in stream.probes.iter().enumerate() {
            let test = &probe.task.test;
            let tally = match probe.role {
                // Classes of the pool stand behind the heads of all tasks.
                Role::Pool => Some(self.ask(predictor, at, test, &wish(stream.tasks.len()))?.0),
                Role::HeldOut => self.ask_held_out(predictor, probe)?,
            };
            let record =
                tally.map(|tally| self.record(stream.tasks.len() + at, Split::Test, &tally, test.len() as u64));
            records.extend(record);
        }
        Ok(records)
    }

    /// Answers about classes that are never trained; none where the predictor neither reads names nor has features.
    fn ask_held_out(&self, predictor: &dyn Predictor, probe: &Probe) -> Result<Option<Tally>> {
        let ask = Ask::new(Scope::All, &self.setup.net.heads, self.draws, &self.meter);
        let means = Means::of(self, predictor, probe, &ask)?;
        let (test, mut tally) = (&probe.task.test, Tally::default());
        let places: Vec<usize> = (0..test.len()).collect();
        for places in places.chunks(self.setup.config.eval.batch) {
            let batch = self.batch(test, places);
            let scores = match (predictor.named(batch.inputs.clone(), &probe.classes, &ask), &means) {
                (Some(scores), _) => scores,
                (None, Some(means)) => means.scores(Self::features(predictor, batch.inputs.clone(), &ask)),
                (None, None) => return Ok(None),
            };
            ensure!(
                scores.dims() == [places.len(), probe.classes.len()],
                "a predictor gave scores of shape {:?} to {} questions among {} held-out classes",
                scores.dims(),
                places.len(),
                probe.classes.len()
            );
            let scores: Vec<f32> = scores.into_data().try_to_vec_as()?;
            self.meter.count(Spent { examples: places.len() as u64, ..Spent::default() });
            for (row, &label) in scores.chunks(probe.classes.len()).zip(&batch.targets) {
                tally.add(row, label);
            }
        }
        Ok(Some(tally))
    }

    pub(super) fn features(predictor: &dyn Predictor, inputs: Tensor<4>, ask: &Ask) -> Tensor<2> {
        unit(predictor.features(inputs, ask).expect("it had features a moment ago"))
    }

    pub(crate) fn batch(&self, view: &View, places: &[usize]) -> Batch {
        let mut builder = Builder::new(&self.setup.stream, places.len());
        places.iter().for_each(|place| builder.view(view, *place));
        builder.batch(Scopes::One(Scope::All), Vec::new(), Vec::new(), self.device)
    }

    /// Whether the task is to be asked about at this moment.
    pub(crate) fn is_due(&self, task: usize) -> bool {
        let Setup { config, stream, .. } = self.setup;
        let here = stream.experiences.get(self.experience);
        self.at != At::Step
            || config.eval.within == Within::All
            || here.is_some_and(|here| here.new_tasks().contains(&task))
    }

    /// Whether some class of the task counts: of a task that is still to come, none counts among those seen.
    pub(crate) fn can_ask(&self, task: usize) -> bool {
        let Setup { config, stream, net, .. } = self.setup;
        let columns = net.heads.columns(config.head.test.scope(task, self.experience));
        stream.tasks[task].classes.iter().any(|class| columns[*class])
    }

    fn ask(&self, predictor: &dyn Predictor, task: usize, view: &View, ask: &Ask) -> Result<(Tally, Vec<Answer>)> {
        let Setup { config, stream, .. } = self.setup;
        let (mut tally, mut answers) = (Tally::default(), Vec::with_capacity(view.len()));
        let places: Vec<usize> = (0..view.len()).collect();
        for places in places.chunks(config.eval.batch) {
            let batch = self.batch(view, places);
            let scores = predictor.scores(batch.inputs.clone(), ask);
            let shape = scores.dims();
            ensure!(
                shape == [places.len(), stream.classes.len()],
                "a predictor gave scores of shape {shape:?} to {} questions among {} classes",
                places.len(),
                stream.classes.len()
            );
            let scores: Vec<f32> = scores.into_data().try_to_vec_as()?;
            self.meter.count(Spent { examples: places.len() as u64, ..Spent::default() });
            for ((row, &label), &place) in scores.chunks(shape[1]).zip(&batch.targets).zip(places) {
                let (answer, confidence) = tally.add(row, label);
                let index = view.pool().find(view.indices()[place] as usize).1 as u32;
                answers.push(Answer { experience: self.experience + 1, task, index, label, answer, confidence });
            }
        }
        Ok((tally, answers))
    }

    fn record(&self, task: usize, split: Split, tally: &Tally, n: u64) -> Record {
        let mean = |sum: f64| sum / n as f64;
        Record {
            at: self.at,
            experience: if self.at == At::Start { 0 } else { self.experience + 1 },
            step: self.step,
            task,
            split,
            preference: String::new(),
            sample: None,
            accuracy: mean(tally.hits as f64),
            loss: mean(tally.loss),
            brier: mean(tally.brier),
            confidence: mean(tally.confidence),
            margin: (tally.rivalled == n).then(|| mean(tally.margin)),
            n,
        }
    }
}

/// All models of a predictor together, then each alone.
fn samples(predictor: &dyn Predictor) -> impl Iterator<Item = Option<u32>> {
    std::iter::once(None).chain((0..predictor.samples()).map(Some))
}

/// A preference as it stands in a record.
pub(crate) fn words(weights: &[f64]) -> String {
    weights.iter().map(f64::to_string).collect::<Vec<_>>().join(" ")
}
