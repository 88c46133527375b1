//! What is left of a task so many optimizer steps after it was learned.
//!
//! - Orhan 2023, <https://arxiv.org/abs/2303.17557>: probes at 1 to 10, 20 to 100, … updates on other data.
//!
//! Steps are counted from the end of the last experience that trains the task; all of them are on other tasks.
//!
//! **Deviation:** the paper probes recognition and recall of sentences; here it is accuracy on a task, as a ratio to
//! what it was when learned. A task that was then at 0 has no ratio, and takes the mean away.

use std::collections::BTreeMap;

use super::{Better, Metric, Subject, Unit, lack, subject::mean_over};
use crate::record::{Answered, At, Moment};

/// All of this file.
pub static ALL: &[&Metric] = &[&AFTER_10, &AFTER_100, &AT_END];

/// What is left after ten steps.
pub static AFTER_10: Metric = Metric {
    key: "retention-10.clbench",
    short: "RET10",
    name: "retention after 10 steps",
    about: "accuracy 10 steps after a task was learned over accuracy when learned, over T-1 tasks (ours)",
    formula: "(1/(T−1)) Σ_{j<T} Rⱼ(10)/Rⱼ(0)",
    source: "clbench, after Orhan 2023, arXiv 2303.17557: losses fall steepest in the first ten updates",
    range: (0.0, f64::INFINITY),
    unit: Unit::Number,
    better: Better::Higher,
    needs: "evaluations within experiences, one at that step: eval.every or eval.log_spaced",
    lacks: &[lack::sequence, lack::earlier],
    worked: "(0.95 / 0.9 + 0.85 / 0.8) / 2",
    of: |subject| after(subject, 10),
};

/// What is left after a hundred steps.
pub static AFTER_100: Metric = Metric {
    key: "retention-100.clbench",
    short: "RET100",
    name: "retention after 100 steps",
    about: "accuracy 100 steps after a task was learned over accuracy when learned, over T-1 tasks (ours)",
    formula: "(1/(T−1)) Σ_{j<T} Rⱼ(100)/Rⱼ(0)",
    source: "clbench, after Orhan 2023, arXiv 2303.17557",
    range: (0.0, f64::INFINITY),
    unit: Unit::Number,
    better: Better::Higher,
    needs: "as retention-10.clbench, and 100 steps after the last but one task; the example's experiences have 100 \
            steps",
    lacks: &[lack::sequence, lack::earlier],
    worked: "(0.95 / 0.9 + 0.85 / 0.8) / 2",
    of: |subject| after(subject, 100),
};

/// What is left at the end.
pub static AT_END: Metric = Metric {
    key: "retention-end.clbench",
    short: "RETend",
    name: "retention at the end",
    about: "last row over diagonal, over T-1 tasks (ours)",
    formula: "(1/(T−1)) Σ_{j<T} R[T][j]/R[j][j]",
    source: "clbench, after Orhan 2023, arXiv 2303.17557: what is left in the long run",
    range: (0.0, f64::INFINITY),
    unit: Unit::Number,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::sequence, lack::earlier, lack::kept, lack::learned, zero],
    worked: "(0.6 / 0.9 + 0.85 / 0.8) / 2",
    of: |subject| mean_over(subject.earlier(), |task| ratio(subject.kept(task)?, subject.learned(task)?)),
};

/// One point of a mean retention curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retained {
    /// Optimizer steps since a task was learned.
    pub since: u64,
    /// Accuracy, 0 to 1, mean over the tasks that have a point here.
    pub accuracy: f64,
    /// How many these are; where it changes, the curve may jump.
    pub tasks: usize,
}

/// What was answered about `task` from the moment it was learned for the last time, by steps since then.
///
/// Empty for joint training and where the task is not trained, or was not asked about when learned.
pub fn retention_curve(subject: &Subject, task: usize) -> Vec<(u64, Answered)> {
    let learned = subject.matrix.last_trained(task).filter(|_| !subject.matrix.joint());
    let start = learned.and_then(|experience| subject.after(experience));
    let (Some(learned), Some(start)) = (learned, start) else { return Vec::new() };
    if start.accuracy(task).is_none() {
        return Vec::new();
    }
    let since = |moment: &Moment| Some((moment.step.checked_sub(start.step)?, moment.answers.get(&task).copied()?));
    let later =
        |moment: &&Moment| moment.experience > learned || (moment.experience == learned && moment.at == At::End);
    // The evaluation after an experience stands for the one within it at the same step.
    let points: BTreeMap<u64, Answered> = subject.history.moments.iter().filter(later).filter_map(since).collect();
    points.into_iter().collect()
}

/// The mean of the retention curves over all tasks but those that the last experience trains.
pub fn mean_retention(subject: &Subject) -> Vec<Retained> {
    let mut points: BTreeMap<u64, (f64, usize)> = BTreeMap::new();
    for (since, answered) in subject.earlier().flat_map(|task| retention_curve(subject, task)) {
        let (sum, tasks) = points.entry(since).or_default();
        *sum += answered.accuracy;
        *tasks += 1;
    }
    let point = |(since, (sum, tasks))| Retained { since, accuracy: sum / tasks as f64, tasks };
    points.into_iter().map(point).collect()
}

fn after(subject: &Subject, steps: u64) -> Option<f64> {
    mean_over(subject.earlier(), |task| {
        let curve = retention_curve(subject, task);
        let at = |steps| curve.iter().find(|(since, _)| *since == steps).map(|(_, answered)| answered.accuracy);
        ratio(at(steps)?, at(0)?)
    })
}

/// An accuracy of 0 has no ratio.
fn zero(subject: &Subject) -> Option<String> {
    let task = subject.earlier().find(|&task| subject.learned(task).is_some_and(|learned| learned <= 0.0))?;
    Some(format!("the accuracy on task {} was 0 when it was learned, so that there is no ratio to it", task + 1))
}

fn ratio(left: f64, learned: f64) -> Option<f64> {
    (learned > 0.0).then(|| left / learned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::EXAMPLE;

    #[test]
    fn a_curve_starts_when_the_task_was_learned_and_ends_with_the_run() {
        let accuracies = |task| {
            let curve = retention_curve(&EXAMPLE, task);
            curve.into_iter().map(|(since, answered)| (since, answered.accuracy)).collect::<Vec<_>>()
        };
        let second = accuracies(1);
        assert_eq!(second[..4], [(0, 0.8), (1, 0.7), (2, 0.8), (3, 0.85)]);
        assert_eq!((second.len(), accuracies(0).len()), (11, 21));
        assert_eq!(accuracies(2), [(0, 0.7)]);
    }

    #[test]
    fn a_mean_curve_says_how_many_tasks_it_is_of() {
        let curve = mean_retention(&EXAMPLE);
        let point = |since: usize, accuracy: f64, tasks| {
            let found = curve[since];
            assert!((found.accuracy - accuracy).abs() < 1e-12 && found.tasks == tasks, "{found:?}");
        };
        point(0, f64::midpoint(0.9, 0.8), 2);
        point(1, f64::midpoint(0.3, 0.7), 2);
        point(11, 0.4, 1);
        assert_eq!(curve.len(), 21);
    }

    #[test]
    fn there_is_no_ratio_at_a_step_without_an_evaluation_or_of_nothing() {
        assert_eq!((AFTER_100.of)(&EXAMPLE), None);
        let mut subject = EXAMPLE.clone();
        subject.history.moments.retain(|moment| moment.step != 20);
        assert_eq!((AFTER_10.of)(&subject), None);
        let mut subject = EXAMPLE.clone();
        subject.matrix = subject.matrix.set(2, 1, Some(0.0));
        assert_eq!((AT_END.of)(&subject), None);
    }

    #[test]
    fn a_task_that_comes_back_is_retained_from_its_last_training() {
        let mut subject = EXAMPLE.clone();
        subject.matrix = subject.matrix.training(&[&[0], &[1], &[0, 2]]);
        assert_eq!(retention_curve(&subject, 0).len(), 1);
        // Only the second task is left to forget.
        assert!(((AFTER_10.of)(&subject).unwrap() - 0.85 / 0.8).abs() < 1e-12);
    }
}
