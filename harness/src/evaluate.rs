//! Evaluation: asks a predictor about every task. It draws nothing and changes nothing.

use anyhow::{Result, ensure};
use burn::tensor::Device;
use clbench_results::{At, Record, Split};

use crate::{
    batch::Builder,
    config::{Setup, Within},
    draws::Draws,
    ledger::{Meter, Spent},
    predictor::{Ask, Predictor},
    scope::{OUT, Scope, Scopes},
    stream::View,
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

/// Sums over one split.
#[derive(Default)]
struct Tally {
    hits: u64,
    loss: f64,
    brier: f64,
    confidence: f64,
    margin: f64,
    /// Questions with another class in scope.
    rivalled: u64,
}

impl Examiner<'_> {
    /// One record for each task, split and preference, and every answer on the test splits.
    pub(crate) fn examine(&self, predictor: &dyn Predictor) -> Result<(Vec<Record>, Vec<Answer>)> {
        let (mut records, mut answers) = (Vec::new(), Vec::new());
        let config = &self.setup.config;
        let preferences = config.eval.preferences.iter().map(Some);
        let samples: Vec<_> = std::iter::once(None).chain((0..predictor.samples()).map(Some)).collect();
        let wishes = std::iter::once(None).chain(preferences).flat_map(|p| samples.iter().map(move |s| (p, *s)));
        for (preference, sample) in wishes {
            let wish = |task: usize| {
                let scope = config.head.test.scope(task, self.experience);
                let ask = Ask::new(scope, &self.setup.net.heads, self.draws, &self.meter);
                Ask { preference: preference.cloned(), sample, ..ask }
            };
            for (task, of) in self.setup.stream.tasks.iter().enumerate() {
                for (split, view) in [(Split::Test, &of.test), (Split::Validation, &of.validation)] {
                    if view.is_empty() || !self.can_ask(task) || !self.is_due(task) {
                        continue;
                    }
                    let (tally, given) = self.ask(predictor, task, view, &wish(task))?;
                    let record = self.record(task, split, &tally, view.len() as u64);
                    records.push(Record {
                        preference: preference.map(|weights| words(weights)).unwrap_or_default(),
                        sample,
                        ..record
                    });
                    let main = split == Split::Test && preference.is_none() && sample.is_none();
                    if main && config.keep.predictions {
                        answers.extend(given);
                    }
                }
            }
        }
        Ok((records, answers))
    }

    /// Whether the task is to be asked about at this moment.
    fn is_due(&self, task: usize) -> bool {
        let Setup { config, stream, .. } = self.setup;
        let here = stream.experiences.get(self.experience);
        self.at != At::Step
            || config.eval.within == Within::All
            || here.is_some_and(|here| here.new_tasks().contains(&task))
    }

    /// Whether some class of the task counts: of a task that is still to come, none counts among those seen.
    fn can_ask(&self, task: usize) -> bool {
        let Setup { config, stream, net, .. } = self.setup;
        let columns = net.heads.columns(config.head.test.scope(task, self.experience));
        stream.tasks[task].classes.iter().any(|class| columns[*class])
    }

    fn ask(&self, predictor: &dyn Predictor, task: usize, view: &View, ask: &Ask) -> Result<(Tally, Vec<Answer>)> {
        let Setup { config, stream, .. } = self.setup;
        let (mut tally, mut answers) = (Tally::default(), Vec::with_capacity(view.len()));
        let places: Vec<usize> = (0..view.len()).collect();
        for places in places.chunks(config.eval.batch) {
            let mut builder = Builder::new(stream, places.len());
            places.iter().for_each(|place| builder.view(view, *place));
            let batch = builder.batch(Scopes::One(Scope::All), Vec::new(), self.device);
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

/// A preference as it stands in a record.
fn words(weights: &[f64]) -> String {
    weights.iter().map(f64::to_string).collect::<Vec<_>>().join(" ")
}

impl Tally {
    /// Adds one answer; gives the answered label and the probability of the right one.
    ///
    /// Loss is the negative logarithm of that probability; the Brier score is the sum over classes of (p − y)² (Brier 1950, eq. 2).
    fn add(&mut self, scores: &[f32], label: usize) -> (usize, f64) {
        // The first of equals; a NaN is never an answer above a number.
        let best = (0..scores.len()).fold(0, |best, c| if scores[c] > scores[best] { c } else { best });
        let top = f64::from(scores[best]);
        let weights: Vec<f64> = scores.iter().map(|score| (f64::from(*score) - top).exp()).collect();
        let sum: f64 = weights.iter().sum();
        let confidence = weights[label] / sum;
        self.hits += u64::from(best == label && !scores[best].is_nan());
        self.loss += sum.ln() + top - f64::from(scores[label]);
        let squares: f64 = weights.iter().map(|w| (w / sum) * (w / sum)).sum();
        self.brier += squares - 2.0 * confidence + 1.0;
        self.confidence += confidence;
        let rival = (0..scores.len()).filter(|c| *c != label && scores[*c] > OUT / 2.0).map(|c| scores[c]);
        if let Some(rival) = rival.reduce(f32::max) {
            self.margin += f64::from(scores[label]) - f64::from(rival);
            self.rivalled += 1;
        }
        (best, confidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_tallied_as_by_hand() {
        let mut tally = Tally::default();
        // softmax(ln 2, ln 1, ln 1) = (1/2, 1/4, 1/4).
        let scores = [2.0_f32.ln(), 0.0, 0.0];
        assert_eq!(tally.add(&scores, 0).0, 0);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        assert!(near(tally.loss, 2.0_f64.ln()) && near(tally.confidence, 0.5));
        assert!(near(tally.brier, 0.25 + 2.0 / 16.0) && tally.hits == 1);
        assert!(near(tally.margin, 2.0_f64.ln()) && tally.rivalled == 1);
        tally.add(&scores, 2);
        // 0 − ln 2 takes back what the first gave.
        assert!(near(tally.margin, 0.0) && tally.rivalled == 2);
        assert!(near(tally.loss, 3.0 * 2.0_f64.ln()) && near(tally.confidence, 0.75));
        assert!(near(tally.brier, 0.375 + (0.25 + 1.0 / 16.0 + 9.0 / 16.0)) && tally.hits == 1);
    }

    #[test]
    fn what_is_out_of_scope_has_no_share() {
        let mut tally = Tally::default();
        tally.add(&[0.0, OUT, 0.0], 0);
        assert!((tally.confidence - 0.5).abs() < 1e-12 && tally.loss.is_finite());
        assert!((tally.margin, tally.rivalled) == (0.0, 1));
        tally.add(&[0.0, OUT, OUT], 0);
        assert_eq!((tally.margin, tally.rivalled), (0.0, 1), "there is no other class");
    }
}
