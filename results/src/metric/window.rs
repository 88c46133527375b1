//! The largest fall and rise of a task's accuracy within so many evaluations.
//!
//! - De Lange et al. 2023, <https://arxiv.org/abs/2205.13452>: windowed forgetting and windowed plasticity.
//!
//! A window of w counts evaluations, not steps: with `eval.every = 5`, ten evaluations span 45 steps. A task counts
//! from the evaluation before the first step on it, where it was asked about then; before that it is unseen. The
//! largest fall and rise start at 0.

use std::collections::VecDeque;

use super::{Better, Metric, Subject, Unit, lack, subject::mean_over, within};

/// All of this file.
pub static ALL: &[&Metric] = &[&FORGETTING_10, &FORGETTING_100, &PLASTICITY_10, &PLASTICITY_100];

const SOURCE: &str = "De Lange et al. 2023, arXiv 2205.13452, section on metrics; as in their code, over evaluations";
const FALL: &str = "(1/T) Σⱼ max over m < n within w evaluations of (Aₘ[j] − Aₙ[j]), 0 at least";
const RISE: &str = "(1/T) Σⱼ max over m < n within w evaluations of (Aₙ[j] − Aₘ[j]), 0 at least";

/// The largest fall within ten evaluations.
pub static FORGETTING_10: Metric = Metric {
    key: "wf10.delange23",
    short: "WF10",
    name: "windowed forgetting, 10 evaluations",
    about: "largest fall of a task's accuracy within 10 evaluations, mean over tasks (De Lange et al. 2023)",
    formula: FALL,
    source: SOURCE,
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: within::NEEDS,
    lacks: &[lack::sequence, lack::within],
    worked: "((0.9 - 0.3) + (0.8 - 0.7) + 0) / 3",
    of: |subject| over_tasks(subject, |course| largest_fall(course, 10)),
};

/// The largest fall within a hundred evaluations.
pub static FORGETTING_100: Metric = Metric {
    key: "wf100.delange23",
    short: "WF100",
    name: "windowed forgetting, 100 evaluations",
    about: "largest fall of a task's accuracy within 100 evaluations, mean over tasks (De Lange et al. 2023)",
    worked: "((0.9 - 0.3) + (0.8 - 0.7) + 0) / 3",
    of: |subject| over_tasks(subject, |course| largest_fall(course, 100)),
    ..FORGETTING_10
};

/// The largest rise within ten evaluations.
pub static PLASTICITY_10: Metric = Metric {
    key: "wp10.delange23",
    short: "WP10",
    name: "windowed plasticity, 10 evaluations",
    about: "largest rise of a task's accuracy within 10 evaluations, mean over tasks (De Lange et al. 2023)",
    formula: RISE,
    better: Better::Higher,
    worked: "((0.95 - 0.3) + (0.8 - 0.45) + (0.7 - 0.35)) / 3",
    of: |subject| over_tasks(subject, |course| largest_rise(course, 10)),
    ..FORGETTING_10
};

/// The largest rise within a hundred evaluations.
pub static PLASTICITY_100: Metric = Metric {
    key: "wp100.delange23",
    short: "WP100",
    name: "windowed plasticity, 100 evaluations",
    about: "largest rise of a task's accuracy within 100 evaluations, mean over tasks (De Lange et al. 2023)",
    worked: "((0.95 - 0.3) + (0.85 - 0.45) + (0.7 - 0.35)) / 3",
    of: |subject| over_tasks(subject, |course| largest_rise(course, 100)),
    ..PLASTICITY_10
};

/// The largest fall of `course` from one value to a later one among `window` neighbours; 0 where it never falls.
pub fn largest_fall(course: &[f64], window: usize) -> f64 {
    let mut largest: f64 = 0.0;
    // Places of the values in the window that no later one reaches: falling, so that the first is the largest.
    let mut tops: VecDeque<usize> = VecDeque::new();
    for (place, &value) in course.iter().enumerate() {
        while tops.front().is_some_and(|&top| top + window <= place) {
            tops.pop_front();
        }
        if let Some(&top) = tops.front() {
            largest = largest.max(course[top] - value);
        }
        while tops.back().is_some_and(|&top| course[top] <= value) {
            tops.pop_back();
        }
        tops.push_back(place);
    }
    largest
}

/// The largest rise, as [`largest_fall`].
pub fn largest_rise(course: &[f64], window: usize) -> f64 {
    largest_fall(&course.iter().map(|value| -value).collect::<Vec<_>>(), window)
}

fn over_tasks(subject: &Subject, score: impl Fn(&[f64]) -> f64) -> Option<f64> {
    within::within(subject)?;
    mean_over(subject.trained(), |task| Some(score(&course(subject, task)?)))
}

/// Accuracy on `task` from the evaluation before its first step on.
fn course(subject: &Subject, task: usize) -> Option<Vec<f64>> {
    let first = subject.matrix.first_trained(task)?;
    let before = subject.after(first - 1).and_then(|moment| moment.accuracy(task));
    let later = within::within(subject)?.into_iter().filter(|moment| moment.experience >= first);
    before.map(Some).into_iter().chain(later.map(|moment| moment.accuracy(task))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metric::EXAMPLE;

    /// All pairs, one by one.
    fn by_pairs(course: &[f64], window: usize) -> f64 {
        let pairs = (0..course.len()).flat_map(|n| (n.saturating_sub(window - 1)..n).map(move |m| (m, n)));
        pairs.map(|(m, n)| course[m] - course[n]).fold(0.0, f64::max)
    }

    proptest! {
        #[test]
        fn the_queue_finds_what_all_pairs_find(
            course in prop::collection::vec(0.0..1.0_f64, 0..60),
            window in 1..70_usize,
        ) {
            prop_assert!((largest_fall(&course, window) - by_pairs(&course, window)).abs() < 1e-15);
            let turned: Vec<f64> = course.iter().rev().copied().collect();
            prop_assert!((largest_rise(&course, window) - largest_fall(&turned, window)).abs() < 1e-15);
            prop_assert!(largest_fall(&course, window) <= largest_fall(&course, window + 1));
        }
    }

    #[test]
    fn a_window_of_two_sees_neighbours_alone() {
        let course = [0.9, 0.8, 0.5, 0.6, 0.1];
        assert!((largest_fall(&course, 2) - 0.5).abs() < 1e-12);
        assert!((largest_fall(&course, 5) - 0.8).abs() < 1e-12);
        assert!((largest_rise(&course, 2) - 0.1).abs() < 1e-12);
        let none = [largest_fall(&course, 1), largest_fall(&[], 3), largest_rise(&[0.5], 3)];
        assert!(none.iter().all(|change| change.abs() < 1e-15));
    }

    #[test]
    fn a_task_counts_from_before_its_first_step() {
        assert_eq!(course(&EXAMPLE, 1).unwrap()[..3], [0.45, 0.5, 0.6]);
        assert_eq!([0, 1, 2].map(|task| course(&EXAMPLE, task).unwrap().len()), [31, 21, 11]);
        let mut subject = EXAMPLE.clone();
        subject.history.moments[10].answers.remove(&1);
        assert_eq!(course(&subject, 1).unwrap().len(), 20);
        subject.history.moments[12].answers.remove(&1);
        assert_eq!((course(&subject, 1), (FORGETTING_10.of)(&subject)), (None, None));
    }
}
