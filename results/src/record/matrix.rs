//! The accuracy matrix: what was known of each task before the first step and after each experience.

use std::collections::BTreeMap;

use crate::record::{At, Record, Split, StreamInfo};

/// Accuracy on every task (column) after every experience (row), with the row before the first step as baseline.
///
/// Experiences are counted from 1, so that row 0 is the baseline; tasks from 0. A cell that was not evaluated is empty
/// and takes no memory: a matrix is as large as what was recorded, whatever a stream claims.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    tasks: usize,
    experiences: usize,
    joint: bool,
    trained: Vec<Vec<usize>>,
    /// The first and the last experience that trains each task.
    spans: BTreeMap<usize, (usize, usize)>,
    /// By row and task.
    cells: BTreeMap<(usize, usize), f64>,
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
        let mut whole = BTreeMap::new();
        let mut samples: BTreeMap<(usize, usize), (f64, u32)> = BTreeMap::new();
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
                whole.insert((row, record.task), record.accuracy);
            } else {
                let (sum, count) = samples.entry((row, record.task)).or_default();
                *sum += record.accuracy;
                *count += 1;
            }
        }
        for (cell, (sum, count)) in samples {
            whole.entry(cell).or_insert_with(|| sum / f64::from(count));
        }
        let (trained, experiences) = (stream.trained.clone(), stream.experiences);
        Self { tasks, experiences, joint: stream.joint, spans: spans(&trained), trained, cells: whole }
    }

    /// A matrix from its cells: the baseline, then a row per experience, each with a cell per task.
    ///
    /// `trained` says which tasks each experience trains.
    pub fn new(cells: Vec<Vec<Option<f64>>>, trained: Vec<Vec<usize>>, joint: bool) -> Self {
        let tasks = cells.first().map_or(0, Vec::len);
        assert!(cells.len() == trained.len() + 1 && cells.iter().all(|row| row.len() == tasks), "a row per experience");
        let row = |(row, cells): (usize, Vec<Option<f64>>)| {
            cells.into_iter().enumerate().filter_map(move |(task, cell)| Some(((row, task), cell?)))
        };
        let experiences = trained.len();
        let cells = cells.into_iter().enumerate().flat_map(row).collect();
        Self { tasks, experiences, joint, spans: spans(&trained), trained, cells }
    }

    /// Number of tasks.
    pub fn tasks(&self) -> usize {
        self.tasks
    }

    /// Number of experiences.
    pub fn experiences(&self) -> usize {
        self.experiences
    }

    /// Whether all tasks were trained at once.
    pub fn joint(&self) -> bool {
        self.joint
    }

    /// Accuracy on `task` after `experience`, 0 to 1; experience 0 is the baseline. Empty if it is not a finite number.
    pub fn after(&self, experience: usize, task: usize) -> Option<f64> {
        self.cells.get(&(experience, task)).copied().filter(|accuracy| accuracy.is_finite())
    }

    /// Whether `experience`, counted from 1, trains `task`.
    pub fn trains(&self, experience: usize, task: usize) -> bool {
        experience > 0 && self.trained.get(experience - 1).is_some_and(|tasks| tasks.contains(&task))
    }

    /// The first experience that trains `task`.
    pub fn first_trained(&self, task: usize) -> Option<usize> {
        self.spans.get(&task).map(|(first, _)| *first)
    }

    /// The last experience that trains `task`.
    pub fn last_trained(&self, task: usize) -> Option<usize> {
        self.spans.get(&task).map(|(_, last)| *last)
    }

    /// Cells that hold a value.
    pub fn evaluated(&self) -> usize {
        self.cells.len()
    }
}

/// The first and the last experience, from 1, that trains each task.
fn spans(trained: &[Vec<usize>]) -> BTreeMap<usize, (usize, usize)> {
    let mut spans = BTreeMap::new();
    for (experience, tasks) in (1..).zip(trained) {
        for task in tasks {
            spans.entry(*task).or_insert((experience, experience)).1 = experience;
        }
    }
    spans
}

#[cfg(test)]
impl Matrix {
    /// A matrix of one task per experience from literal numbers: the baseline, then the rows.
    pub(crate) fn sequential(baseline: &[f64], rows: &[&[f64]]) -> Self {
        let cells = std::iter::once(&baseline).chain(rows).map(|row| row.iter().map(|&a| Some(a)).collect()).collect();
        Self::new(cells, (0..rows.len()).map(|task| vec![task]).collect(), false)
    }

    pub(crate) fn set(mut self, experience: usize, task: usize, cell: Option<f64>) -> Self {
        match cell {
            Some(cell) => self.cells.insert((experience, task), cell),
            None => self.cells.remove(&(experience, task)),
        };
        self
    }

    pub(crate) fn training(mut self, trained: &[&[usize]]) -> Self {
        self.trained = trained.iter().map(|tasks| tasks.to_vec()).collect();
        self.spans = spans(&self.trained);
        self
    }

    pub(crate) fn jointly(mut self) -> Self {
        self.joint = true;
        self
    }

    /// The same matrix with task `j` called `names[j]`.
    pub(crate) fn relabelled(&self, names: &[usize]) -> Self {
        let mut other = self.clone();
        other.cells = self.cells.iter().map(|(&(row, task), &cell)| ((row, names[task]), cell)).collect();
        for tasks in &mut other.trained {
            *tasks = tasks.iter().map(|&task| names[task]).collect();
        }
        other.spans = spans(&other.trained);
        other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example;

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
    fn a_matrix_is_as_large_as_its_records_and_not_as_its_claims() {
        let many = 10_000;
        let stream = crate::record::StreamInfo {
            tasks: vec!["task".into(); many],
            experiences: many,
            trained: (0..many).map(|task| vec![task]).collect(),
            ..example::stream()
        };
        let mut records = example::records(&example::MIXED);
        records.truncate(1);
        let matrix = Matrix::of(&stream, &records);
        assert_eq!((matrix.tasks(), matrix.experiences(), matrix.evaluated()), (many, many, 1));
        assert_eq!((matrix.first_trained(9_999), matrix.last_trained(9_999)), (Some(many), Some(many)));
        assert_eq!((matrix.after(0, 0), matrix.after(many, 9_999)), (Some(0.5), None));
    }

    #[test]
    fn a_value_that_is_no_number_is_no_value() {
        let matrix = Matrix::sequential(&[0.5], &[&[f64::NAN]]);
        assert_eq!(matrix.after(1, 0), None);
    }
}
