//! The accuracy matrix: what was known of each task before the first step and after each experience.

use crate::manifest::StreamInfo;
use crate::record::{At, Record, Split};

/// Accuracy on every task (column) after every experience (row), with the row before the first step as baseline.
///
/// Experiences are counted from 1, so that row 0 is the baseline; tasks from 0. A cell that was not evaluated is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    tasks: usize,
    joint: bool,
    trained: Vec<Vec<usize>>,
    cells: Vec<Vec<Option<f64>>>,
}

impl Matrix {
    /// The matrix of the test split, from the answers that no preference was stated for.
    pub fn of(stream: &StreamInfo, records: &[Record]) -> Self {
        Self::view(stream, records, Split::Test, "")
    }

    /// The matrix of one split and one preference.
    ///
    /// Where single posterior samples were evaluated and their average was not, a cell is the mean over the samples.
    /// Records inside experiences are not part of it.
    pub fn view(stream: &StreamInfo, records: &[Record], split: Split, preference: &str) -> Self {
        let tasks = stream.tasks.len();
        let mut whole = vec![vec![None; tasks]; stream.experiences + 1];
        let mut samples = vec![vec![(0.0, 0_u32); tasks]; stream.experiences + 1];
        for record in records {
            let row = match record.at {
                At::Start => 0,
                At::End => record.experience,
                At::Step => continue,
            };
            let inside = row <= stream.experiences && record.task < tasks;
            if !inside || record.split != split || record.preference != preference {
                continue;
            }
            if record.sample.is_none() {
                whole[row][record.task] = Some(record.accuracy);
            } else {
                let (sum, count) = &mut samples[row][record.task];
                *sum += record.accuracy;
                *count += 1;
            }
        }
        for (cells, samples) in whole.iter_mut().zip(&samples) {
            for (cell, &(sum, count)) in cells.iter_mut().zip(samples) {
                *cell = cell.or((count > 0).then(|| sum / f64::from(count)));
            }
        }
        Self { tasks, joint: stream.joint, trained: stream.trained.clone(), cells: whole }
    }

    /// A matrix from its cells: the baseline, then a row per experience, each with a cell per task.
    ///
    /// `trained` says which tasks each experience trains.
    pub fn new(cells: Vec<Vec<Option<f64>>>, trained: Vec<Vec<usize>>, joint: bool) -> Self {
        let tasks = cells.first().map_or(0, Vec::len);
        assert!(cells.len() == trained.len() + 1 && cells.iter().all(|row| row.len() == tasks), "a row per experience");
        Self { tasks, joint, trained, cells }
    }

    /// Number of tasks.
    pub fn tasks(&self) -> usize {
        self.tasks
    }

    /// Number of experiences.
    pub fn experiences(&self) -> usize {
        self.cells.len() - 1
    }

    /// Whether all tasks were trained at once.
    pub fn joint(&self) -> bool {
        self.joint
    }

    /// Accuracy on `task` after `experience`, 0 to 1; experience 0 is the baseline. Empty if it is not a finite number.
    pub fn after(&self, experience: usize, task: usize) -> Option<f64> {
        let cell = *self.cells.get(experience)?.get(task)?;
        cell.filter(|accuracy| accuracy.is_finite())
    }

    /// Whether `experience`, counted from 1, trains `task`.
    pub fn trains(&self, experience: usize, task: usize) -> bool {
        experience > 0 && self.trained.get(experience - 1).is_some_and(|tasks| tasks.contains(&task))
    }

    /// The first experience that trains `task`.
    pub fn first_trained(&self, task: usize) -> Option<usize> {
        (1..=self.experiences()).find(|&experience| self.trains(experience, task))
    }

    /// The last experience that trains `task`.
    pub fn last_trained(&self, task: usize) -> Option<usize> {
        (1..=self.experiences()).rfind(|&experience| self.trains(experience, task))
    }
}

#[cfg(test)]
impl Matrix {
    /// A matrix of one task per experience from literal numbers: the baseline, then the rows.
    pub(crate) fn sequential(baseline: &[f64], rows: &[&[f64]]) -> Self {
        let cells = std::iter::once(&baseline).chain(rows).map(|row| row.iter().map(|&a| Some(a)).collect()).collect();
        Self { tasks: baseline.len(), joint: false, trained: (0..rows.len()).map(|task| vec![task]).collect(), cells }
    }

    pub(crate) fn set(mut self, experience: usize, task: usize, cell: Option<f64>) -> Self {
        self.cells[experience][task] = cell;
        self
    }

    pub(crate) fn training(mut self, trained: &[&[usize]]) -> Self {
        self.trained = trained.iter().map(|tasks| tasks.to_vec()).collect();
        self
    }

    pub(crate) fn jointly(mut self) -> Self {
        self.joint = true;
        self
    }

    /// The same matrix with task `j` called `names[j]`.
    pub(crate) fn relabelled(&self, names: &[usize]) -> Self {
        let mut other = self.clone();
        for (row, cells) in self.cells.iter().enumerate() {
            for (task, &cell) in cells.iter().enumerate() {
                other.cells[row][names[task]] = cell;
            }
        }
        for tasks in &mut other.trained {
            *tasks = tasks.iter().map(|&task| names[task]).collect();
        }
        other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    #[test]
    fn the_baseline_is_row_zero_and_rows_follow_experiences() {
        let matrix = Matrix::of(&example::stream(), &example::records(&example::MIXED));
        assert_eq!((matrix.tasks(), matrix.experiences()), (3, 3));
        assert_eq!(matrix.after(0, 1), Some(0.5));
        assert_eq!(matrix.after(1, 0), Some(0.9));
        assert_eq!(matrix.after(3, 0), Some(0.6));
        assert_eq!(matrix.after(4, 0), None);
        assert_eq!((matrix.first_trained(2), matrix.last_trained(2)), (Some(3), Some(3)));
    }

    #[test]
    fn other_splits_preferences_and_moments_stay_out() {
        let mut records = example::records(&example::MIXED);
        let last = records.len() - 1;
        for (index, (split, preference, at)) in
            [(Split::Validation, "", At::End), (Split::Test, "0.5", At::End), (Split::Test, "", At::Step)]
                .into_iter()
                .enumerate()
        {
            let mut record = records[last - index].clone();
            (record.split, record.preference, record.at) = (split, preference.into(), at);
            records[last - index] = record;
        }
        let matrix = Matrix::of(&example::stream(), &records);
        assert_eq!([0, 1, 2].map(|task| matrix.after(3, task)), [None; 3]);
        let preferred = Matrix::view(&example::stream(), &records, Split::Test, "0.5");
        assert_eq!(preferred.after(3, 1), Some(example::MIXED[3][1]));
    }

    #[test]
    fn samples_are_averaged_unless_their_average_was_evaluated() {
        let stream = example::stream();
        let mut records = example::records(&example::MIXED);
        records.truncate(1);
        records[0].sample = Some(0);
        records[0].accuracy = 0.25;
        let mut second = records[0].clone();
        (second.sample, second.accuracy) = (Some(1), 0.75);
        records.push(second.clone());
        assert_eq!(Matrix::of(&stream, &records).after(0, 0), Some(0.5));
        (second.sample, second.accuracy) = (None, 0.875);
        records.push(second);
        assert_eq!(Matrix::of(&stream, &records).after(0, 0), Some(0.875));
    }

    #[test]
    fn a_value_that_is_no_number_is_no_value() {
        let matrix = Matrix::sequential(&[0.5], &[&[f64::NAN]]);
        assert_eq!(matrix.after(1, 0), None);
    }
}
