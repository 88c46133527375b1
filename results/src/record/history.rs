//! All evaluations of a run in order: what scores within experiences, beside accuracy and under preferences need.

use std::collections::BTreeMap;

use crate::record::{At, Record, Split};

/// What was answered about one task at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answered {
    /// Share of right answers, 0 to 1.
    pub accuracy: f64,
    /// Mean negative log-likelihood in nats.
    pub loss: f64,
    /// Mean Brier score, 0 to 2.
    pub brier: f64,
    /// Mean probability of the correct class, 0 to 1.
    pub confidence: f64,
    /// Mean margin of the correct class's score; none where it was not recorded.
    pub margin: Option<f64>,
    /// Examples asked about.
    pub n: u64,
}

/// One evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Where in the run's life.
    pub at: At,
    /// Experiences finished or, within one, the one in progress, from 1; 0 before the first step.
    pub experience: usize,
    /// Optimizer steps of the whole run so far.
    pub step: u64,
    /// By task, counted from 0; only the tasks that were asked about.
    pub answers: BTreeMap<usize, Answered>,
}

/// Accuracies under one preference after an experience.
#[derive(Clone, Debug, PartialEq)]
pub struct Preferred {
    /// The weight of each task.
    pub weights: Vec<f64>,
    /// By model (posterior sample), then by task.
    pub models: Vec<Vec<Option<f64>>>,
}

/// All evaluations of a run on test splits, in the order of its life.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Evaluations without a preference, of the whole predictor.
    pub moments: Vec<Moment>,
    /// Evaluations under preferences, those after the last experience.
    pub preferred: Vec<Preferred>,
    /// The same after the experiences before, with the experience, from 1.
    pub earlier: Vec<(usize, Preferred)>,
}

/// Accuracies by model, then by task.
type Models = BTreeMap<Option<u32>, Vec<Option<f64>>>;

impl History {
    /// Gathers the test records of a run on `tasks` tasks. Values that are no finite number count as not recorded.
    pub fn of(tasks: usize, records: &[Record]) -> Self {
        let mut moments: BTreeMap<(usize, At, u64), Moment> = BTreeMap::new();
        let last = records.iter().filter(|record| record.at == At::End).map(|record| record.experience).max();
        let mut wishes: BTreeMap<(usize, &str), Models> = BTreeMap::new();
        let weighs = |words: &str| words.split(' ').count() == tasks;
        for record in records.iter().filter(|record| record.split == Split::Test && record.task < tasks) {
            if !record.preference.is_empty() {
                // Memory is taken only for preferences that are as long as the list of tasks.
                if record.at == At::End && weighs(&record.preference) {
                    let models = wishes.entry((record.experience, &record.preference)).or_default();
                    let accuracies = models.entry(record.sample).or_insert_with(|| vec![None; tasks]);
                    accuracies[record.task] = Some(record.accuracy).filter(|accuracy| accuracy.is_finite());
                }
            } else if record.sample.is_none() {
                // Step records of one experience are told apart by their step, all others by their experience.
                let step = if record.at == At::Step { record.step } else { 0 };
                let moment = moments.entry((record.experience, record.at, step)).or_insert_with(|| Moment {
                    at: record.at,
                    experience: record.experience,
                    step: record.step,
                    answers: BTreeMap::new(),
                });
                moment.answers.extend(answered(record).map(|answered| (record.task, answered)));
            }
        }
        let wishes = wishes.into_iter().filter_map(|((experience, words), models)| {
            let weights: Option<Vec<f64>> = words.split(' ').map(|word| word.parse().ok()).collect();
            let weights = weights.filter(|weights| weights.len() == tasks)?;
            // The answer of all samples together is a model of its own and stands for them where it is alone.
            let several = models.len() > 1;
            let models = models.into_iter().filter(|(sample, _)| sample.is_some() || !several);
            let models = models.map(|(_, accuracies)| accuracies).collect();
            Some((experience, Preferred { weights, models }))
        });
        let (last, earlier): (Vec<_>, Vec<_>) = wishes.partition(|(experience, _)| Some(*experience) == last);
        let preferred = last.into_iter().map(|(_, preferred)| preferred).collect();
        Self { preferred, earlier, moments: moments.into_values().collect() }
    }

    /// The evaluation after the last experience.
    pub fn last(&self) -> Option<&Moment> {
        self.moments.iter().rfind(|moment| moment.at == At::End)
    }
}

fn answered(record: &Record) -> Option<Answered> {
    let Record { accuracy, loss, brier, confidence, margin, n, .. } = *record;
    let finite = [accuracy, loss, brier, confidence].iter().all(|value| value.is_finite());
    finite.then_some(Answered { accuracy, loss, brier, confidence, margin: margin.filter(|m| m.is_finite()), n })
}

impl Moment {
    /// Accuracy on `task`.
    pub fn accuracy(&self, task: usize) -> Option<f64> {
        Some(self.answers.get(&task)?.accuracy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example;

    #[test]
    fn moments_are_in_the_order_of_life() {
        use At::{End, Start, Step};

        let mut records = example::records(&example::MIXED);
        let mut within = records[3].clone();
        (within.at, within.step) = (At::Step, 50);
        records.insert(0, within.clone());
        (within.experience, within.step) = (2, 150);
        records.insert(0, within);
        let history = History::of(3, &records);
        let order: Vec<_> = history.moments.iter().map(|moment| (moment.at, moment.experience, moment.step)).collect();
        let expected = [(Start, 0, 0), (Step, 1, 50), (End, 1, 100), (Step, 2, 150), (End, 2, 200), (End, 3, 300)];
        assert_eq!(order, expected);
        assert_eq!(history.moments[1].accuracy(0), Some(0.9));
        assert_eq!(history.moments[1].accuracy(1), None);
        assert_eq!(history.last().unwrap().experience, 3);
    }

    #[test]
    fn a_moment_holds_what_was_asked_and_not_what_is_claimed() {
        let mut records = example::records(&example::MIXED);
        let plain = records.len();
        let mut preferred = records[plain - 1].clone();
        preferred.preference = "1".into();
        records.push(preferred);
        let history = History::of(10_000, &records);
        assert_eq!(history.moments.iter().map(|moment| moment.answers.len()).sum::<usize>(), plain);
        assert!(history.preferred.is_empty() && history.earlier.is_empty());
    }

    #[test]
    fn preferences_are_those_of_the_last_experience_with_a_weight_for_each_task() {
        let mut records = example::records(&example::MIXED);
        let plain = records.len();
        for (words, sample) in [("1 0 0", Some(0)), ("1 0 0", Some(1)), ("1 0 0", None), ("0.5 0.5", None)] {
            let mut record = records[plain - 1].clone();
            (record.preference, record.sample) = (words.into(), sample);
            records.push(record);
        }
        let history = History::of(3, &records);
        let model = vec![None, None, Some(0.7)];
        assert_eq!(history.preferred, [Preferred { weights: vec![1.0, 0.0, 0.0], models: vec![model; 2] }]);
        assert_eq!(history.earlier, []);
        let mut before = records[plain].clone();
        (before.experience, before.preference) = (1, "0 0 1".into());
        records.push(before);
        let history = History::of(3, &records);
        let model = vec![None, None, Some(0.7)];
        assert_eq!(history.earlier, [(1, Preferred { weights: vec![0.0, 0.0, 1.0], models: vec![model] })]);
        assert_eq!(history.preferred.len(), 1);
    }
}
