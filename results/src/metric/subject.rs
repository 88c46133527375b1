//! What scores are computed from: the accuracy matrix, all evaluations, and references where there are any.

use crate::{
    record::{At, History, Matrix, Moment, Record, Split, StreamInfo},
    statistics::estimate::mean,
};

/// Accuracies of models that were trained for comparison, by task; none where no reference was run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct References {
    /// Of the model trained jointly on all tasks.
    pub joint: Vec<Option<f64>>,
    /// Of the model trained jointly on the experiences up to the last that trains the task.
    pub upto: Vec<Option<f64>>,
    /// Of the model trained on the last experience that trains the task, alone.
    pub single: Vec<Option<f64>>,
}

/// A run as its scores see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// Accuracy after each experience.
    pub matrix: Matrix,
    /// All evaluations.
    pub history: History,
    /// What it is compared with.
    pub references: References,
    /// Dataset of each task; empty where it is not known.
    pub datasets: Vec<String>,
    /// Steps that each experience was given.
    pub steps: Vec<u64>,
    /// Tasks that ask about the pretraining pool.
    pub pool: Vec<usize>,
    /// Test examples of each task, or shares of them; empty where they are not known.
    pub sizes: Vec<u64>,
}

impl Subject {
    /// The subject of a run's records, without references.
    pub fn of(stream: &StreamInfo, steps: &[u64], records: &[Record]) -> Self {
        Self {
            matrix: Matrix::of(stream, records),
            history: History::of(stream.tasks.len(), records),
            references: References::default(),
            datasets: stream.datasets.clone(),
            steps: steps.to_vec(),
            pool: stream.pool.clone(),
            sizes: sizes(stream.tasks.len(), records),
        }
    }

    /// The subject of a bare matrix: one task per experience, in order, unless `matrix` says otherwise.
    pub fn of_matrix(matrix: Matrix) -> Self {
        Self {
            matrix,
            history: History::default(),
            references: References::default(),
            datasets: Vec::new(),
            steps: Vec::new(),
            pool: Vec::new(),
            sizes: Vec::new(),
        }
    }

    /// The tasks that some experience trains.
    pub fn trained(&self) -> impl Iterator<Item = usize> {
        (0..self.matrix.tasks()).filter(|&task| self.matrix.first_trained(task).is_some())
    }

    /// The trained tasks that the last experience does not train; none of them for joint training.
    pub fn earlier(&self) -> impl Iterator<Item = usize> {
        let matrix = &self.matrix;
        self.trained().filter(|&task| !matrix.joint() && !matrix.trains(matrix.experiences(), task))
    }

    /// The tasks that were trained up to `experience`.
    pub fn seen(&self, experience: usize) -> impl Iterator<Item = usize> {
        self.trained().filter(move |&task| self.matrix.first_trained(task).is_some_and(|first| first <= experience))
    }

    /// The tasks that the first experience does not train.
    pub fn later(&self) -> impl Iterator<Item = usize> {
        self.trained().filter(|&task| self.matrix.first_trained(task) > Some(1))
    }

    /// The earlier tasks but those that were trained last among them.
    pub fn settled(&self) -> Vec<usize> {
        let latest = self.earlier().filter_map(|task| self.matrix.last_trained(task)).max();
        self.earlier().filter(|&task| self.matrix.last_trained(task) < latest).collect()
    }

    /// Test examples of `task` after `experience`; none where they were not counted.
    pub fn size(&self, experience: usize, task: usize) -> Option<u64> {
        let answered = self.after(experience).and_then(|moment| moment.answers.get(&task).copied());
        answered.map(|answered| answered.n).or(self.sizes.get(task).copied()).filter(|&n| n > 0)
    }

    /// The tasks that nothing trains: no experience does, and they are no part of the pretraining pool.
    pub fn held_out(&self) -> impl Iterator<Item = usize> {
        let untrained = (0..self.matrix.tasks()).filter(|&task| self.matrix.first_trained(task).is_none());
        untrained.filter(|task| !self.pool.contains(task))
    }

    /// R\[j\]\[j\]: accuracy on `task` after the last experience that trains it.
    pub fn learned(&self, task: usize) -> Option<f64> {
        self.matrix.after(self.matrix.last_trained(task)?, task)
    }

    /// The evaluation after `experience`; experience 0 is that before the first step.
    pub fn after(&self, experience: usize) -> Option<&Moment> {
        self.history.moments.iter().find(|moment| moment.at != At::Step && moment.experience == experience)
    }

    /// The evaluation after the last experience.
    pub fn end(&self) -> Option<&Moment> {
        self.after(self.matrix.experiences())
    }

    /// R\[T\]\[j\]: accuracy on `task` after the last experience.
    pub fn kept(&self, task: usize) -> Option<f64> {
        self.matrix.after(self.matrix.experiences(), task)
    }
}

/// The most test examples of each task in any evaluation.
fn sizes(tasks: usize, records: &[Record]) -> Vec<u64> {
    let mut sizes = vec![0; tasks];
    for record in records.iter().filter(|record| record.split == Split::Test && record.task < tasks) {
        sizes[record.task] = record.n.max(sizes[record.task]);
    }
    sizes
}

/// The mean of `value` over `items`; none if there are no items or one of them has no value.
pub(crate) fn mean_over<T>(items: impl Iterator<Item = T>, value: impl Fn(T) -> Option<f64>) -> Option<f64> {
    mean(&items.map(value).collect::<Option<Vec<_>>>()?)
}
