//! Metrics of a run, each under the one definition that is cited for it.
//!
//! R\[i\]\[j\] is the accuracy on task j after experience i, b\[j\] the accuracy before the first step, T the number
//! of tasks. All ranges are in accuracy (0 to 1), so a difference lies between −1 and 1. A metric is none where its
//! definition has no meaning (one task, all tasks at once) or where a value that it needs was not evaluated.
//!
//! - Lopez-Paz and Ranzato 2017, <https://arxiv.org/abs/1706.08840>, section 2: ACC, BWT, FWT.
//! - Rebuffi et al. 2017, <https://arxiv.org/abs/1611.07725>: average incremental accuracy.
//! - Chaudhry et al. 2018, <https://arxiv.org/abs/1801.10112>: forgetting.
//! - Riemer et al. 2019, <https://arxiv.org/abs/1810.11910>: learning accuracy.
//!
//! **Deviation:** the papers train one task per experience, in order. Here the manifest says what each experience
//! trains: R\[j\]\[j\] is read after the last experience that trains j, R\[j−1\]\[j\] before the first one, and
//! "j < T" are the tasks that the last experience does not train. Tasks that no experience trains are left out. For
//! one task per experience, this is the papers' text.

use serde::{Deserialize, Serialize};

use crate::matrix::Matrix;
use crate::stats::mean;

/// A number computed from an accuracy matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// See [`average_accuracy`].
    AverageAccuracy,
    /// See [`average_incremental_accuracy`].
    AverageIncrementalAccuracy,
    /// See [`backward_transfer`].
    BackwardTransfer,
    /// See [`forward_transfer`].
    ForwardTransfer,
    /// See [`forgetting`].
    Forgetting,
    /// See [`learning_accuracy`].
    LearningAccuracy,
}

impl Metric {
    /// All metrics, in the order of a table's columns.
    pub const ALL: [Self; 6] = [
        Self::AverageAccuracy,
        Self::AverageIncrementalAccuracy,
        Self::BackwardTransfer,
        Self::ForwardTransfer,
        Self::Forgetting,
        Self::LearningAccuracy,
    ];

    /// The value of this metric.
    pub fn of(self, matrix: &Matrix) -> Option<f64> {
        match self {
            Self::AverageAccuracy => average_accuracy(matrix),
            Self::AverageIncrementalAccuracy => average_incremental_accuracy(matrix),
            Self::BackwardTransfer => backward_transfer(matrix),
            Self::ForwardTransfer => forward_transfer(matrix),
            Self::Forgetting => forgetting(matrix),
            Self::LearningAccuracy => learning_accuracy(matrix),
        }
    }

    /// The head of a column.
    pub fn short(self) -> &'static str {
        match self {
            Self::AverageAccuracy => "ACC",
            Self::AverageIncrementalAccuracy => "AIA",
            Self::BackwardTransfer => "BWT",
            Self::ForwardTransfer => "FWT",
            Self::Forgetting => "FGT",
            Self::LearningAccuracy => "LA",
        }
    }

    /// The name in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::AverageAccuracy => "average accuracy",
            Self::AverageIncrementalAccuracy => "average incremental accuracy",
            Self::BackwardTransfer => "backward transfer",
            Self::ForwardTransfer => "forward transfer",
            Self::Forgetting => "forgetting",
            Self::LearningAccuracy => "learning accuracy",
        }
    }

    /// The definition in a line, with its source.
    pub fn definition(self) -> &'static str {
        match self {
            Self::AverageAccuracy => "mean of the last row (Lopez-Paz & Ranzato 2017)",
            Self::AverageIncrementalAccuracy => "mean over rows of the mean over tasks seen (Rebuffi et al. 2017)",
            Self::BackwardTransfer => "last row minus diagonal, over T-1 tasks (Lopez-Paz & Ranzato 2017)",
            Self::ForwardTransfer => "row before a task minus baseline, over T-1 tasks (Lopez-Paz & Ranzato 2017)",
            Self::Forgetting => "best earlier row minus last row, over T-1 tasks (Chaudhry et al. 2018)",
            Self::LearningAccuracy => "mean of the diagonal (Riemer et al. 2019)",
        }
    }

    /// Whether a larger value is a better one.
    pub fn higher_is_better(self) -> bool {
        self != Self::Forgetting
    }

    /// ↑ if a larger value is a better one, else ↓.
    pub fn arrow(self) -> char {
        if self.higher_is_better() { '↑' } else { '↓' }
    }
}

/// The metrics of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores([Option<f64>; Metric::ALL.len()]);

impl Scores {
    /// Computes all metrics.
    pub fn of(matrix: &Matrix) -> Self {
        Self(Metric::ALL.map(|metric| metric.of(matrix)))
    }

    /// The value of `metric`.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        self.0[metric as usize]
    }
}

/// ACC = (1/T) Σⱼ R\[T\]\[j\]; 0 to 1, higher is better. Lopez-Paz and Ranzato 2017, section 2.
pub fn average_accuracy(matrix: &Matrix) -> Option<f64> {
    mean_over(trained_tasks(matrix), |task| matrix.after(matrix.experiences(), task))
}

/// AIA = (1/T) Σₖ (1/k) Σ_{j≤k} R\[k\]\[j\]; 0 to 1, higher is better. Rebuffi et al. 2017.
///
/// The inner mean runs over the tasks seen so far. None for joint training, which has no increments.
pub fn average_incremental_accuracy(matrix: &Matrix) -> Option<f64> {
    let seen = |experience| move |&task: &usize| matrix.first_trained(task).is_some_and(|first| first <= experience);
    let so_far =
        |experience| mean_over((0..matrix.tasks()).filter(seen(experience)), |task| matrix.after(experience, task));
    if matrix.joint() { None } else { mean_over(1..=matrix.experiences(), so_far) }
}

/// BWT = 1/(T−1) Σ_{j<T} (R\[T\]\[j\] − R\[j\]\[j\]); −1 to 1, higher is better. Lopez-Paz and Ranzato 2017, section 2.
///
/// Their published code divides by T, with a zero for the last task; the paper and this function divide by T − 1.
pub fn backward_transfer(matrix: &Matrix) -> Option<f64> {
    mean_over(earlier_tasks(matrix), |task| {
        Some(matrix.after(matrix.experiences(), task)? - matrix.after(matrix.last_trained(task)?, task)?)
    })
}

/// FWT = 1/(T−1) Σ_{j≥2} (R\[j−1\]\[j\] − b\[j\]); −1 to 1, higher is better. Lopez-Paz and Ranzato 2017, section 2.
///
/// The baseline b is the accuracy of this run before its first step. Where unseen classes are masked at test, their
/// accuracy says nothing: such cells should not be recorded, and the metric is then none.
pub fn forward_transfer(matrix: &Matrix) -> Option<f64> {
    let later = trained_tasks(matrix).filter(|&task| matrix.first_trained(task) > Some(1));
    mean_over(later, |task| Some(matrix.after(matrix.first_trained(task)? - 1, task)? - matrix.after(0, task)?))
}

/// F = 1/(T−1) Σ_{j<T} (max_{l<T} R\[l\]\[j\] − R\[T\]\[j\]); −1 to 1, lower is better. Chaudhry et al. 2018.
///
/// The maximum runs over all earlier rows, those before the task was trained included, and not over the last row: it
/// is negative where a task ends better than it ever was. The baseline is not a row.
pub fn forgetting(matrix: &Matrix) -> Option<f64> {
    let last = matrix.experiences();
    mean_over(earlier_tasks(matrix), |task| {
        let earlier = (1..last).map(|experience| matrix.after(experience, task)).collect::<Option<Vec<_>>>()?;
        Some(earlier.into_iter().reduce(f64::max)? - matrix.after(last, task)?)
    })
}

/// LA = (1/T) Σⱼ R\[j\]\[j\]; 0 to 1, higher is better. Riemer et al. 2019. None for joint training.
pub fn learning_accuracy(matrix: &Matrix) -> Option<f64> {
    if matrix.joint() {
        return None;
    }
    mean_over(trained_tasks(matrix), |task| matrix.after(matrix.last_trained(task)?, task))
}

/// The tasks that some experience trains.
fn trained_tasks(matrix: &Matrix) -> impl Iterator<Item = usize> {
    (0..matrix.tasks()).filter(|&task| matrix.first_trained(task).is_some())
}

/// The trained tasks that the last experience does not train; none of them for joint training.
fn earlier_tasks(matrix: &Matrix) -> impl Iterator<Item = usize> {
    trained_tasks(matrix).filter(|&task| !matrix.joint() && !matrix.trains(matrix.experiences(), task))
}

/// The mean of `value` over `items`; none if there are no items or one of them has no value.
fn mean_over<T>(items: impl Iterator<Item = T>, value: impl Fn(T) -> Option<f64>) -> Option<f64> {
    mean(&items.map(value).collect::<Option<Vec<_>>>()?)
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
