//! Scores by hand on matrices of three tasks, worked examples, and properties on drawn ones.

mod drawn;
mod golden;
mod shape;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    accuracy::{AVERAGE, INCREMENTAL_TASKS, LEARNING},
    forgetting::CHAUDHRY,
    transfer::{BACKWARD, FORWARD},
    *,
};
use crate::record::Matrix;

/// A score of a bare matrix.
fn of(metric: &Metric, matrix: &Matrix) -> Option<f64> {
    (metric.of)(&Subject::of_matrix(matrix.clone()))
}

/// The scores that need no more than a matrix and the sizes of its tasks.
pub(super) fn of_matrices() -> impl Iterator<Item = &'static Metric> {
    let families = [accuracy::ALL, transfer::ALL, forgetting::ALL, curriculum::ALL].into_iter().flatten();
    families.copied().chain([&retention::AT_END]).filter(|metric| !metric.key.starts_with("intransigence."))
}

/// The usual scores of a bare matrix.
fn usual(matrix: &Matrix) -> [Option<f64>; 6] {
    std::array::from_fn(|index| of(USUAL[index], matrix))
}

pub(super) fn close(value: Option<f64>, expected: f64) -> bool {
    value.is_some_and(|value| (value - expected).abs() < 1e-12)
}

/// Task 0 is best in the middle, task 1 ends better than it ever was: every variant in circulation differs here.
fn mixed() -> Matrix {
    Matrix::sequential(&[0.5, 0.4, 0.3], &[&[0.9, 0.45, 0.2], &[0.95, 0.8, 0.35], &[0.6, 0.85, 0.7]])
}

#[test]
fn average_accuracy_by_hand() {
    // (0.6 + 0.85 + 0.7) / 3
    assert!(close(of(&AVERAGE, &mixed()), 2.15 / 3.0));
}

#[test]
fn average_incremental_accuracy_by_hand() {
    // 0.9, (0.95 + 0.8) / 2 and 2.15 / 3, averaged; a mean over whole rows would be 0.644.
    assert!(close(of(&INCREMENTAL_TASKS, &mixed()), (0.9 + 0.875 + 2.15 / 3.0) / 3.0));
}

#[test]
fn backward_transfer_divides_by_the_tasks_before_the_last() {
    // (0.6 − 0.9) + (0.85 − 0.8) = −0.25 over 2; over T it would be −0.0833.
    assert!(close(of(&BACKWARD, &mixed()), -0.125));
}

#[test]
fn forward_transfer_subtracts_the_baseline_and_leaves_out_the_first_task() {
    // (0.45 − 0.4) + (0.35 − 0.3) = 0.1 over 2; over T it would be 0.0333, without the baseline 0.4.
    assert!(close(of(&FORWARD, &mixed()), 0.05));
}

#[test]
fn forgetting_takes_the_best_earlier_row_and_may_be_negative() {
    // Task 0: 0.95 − 0.6 = 0.35; task 1: 0.8 − 0.85 = −0.05; over 2.
    // With the last row in the maximum it would be 0.175, first minus last 0.125, over T 0.1.
    assert!(close(of(&CHAUDHRY, &mixed()), 0.15));
    let better = Matrix::sequential(&[0.0; 3], &[&[0.5, 0.1, 0.1], &[0.6, 0.5, 0.1], &[0.8, 0.6, 0.5]]);
    // (0.6 − 0.8) + (0.5 − 0.6) = −0.3 over 2.
    assert!(close(of(&CHAUDHRY, &better), -0.15));
}

#[test]
fn forgetting_counts_neither_the_baseline_nor_what_was_known_before_a_task_was_trained() {
    let early = Matrix::sequential(&[0.99, 0.99, 0.99], &[&[0.5, 0.9, 0.1], &[0.5, 0.7, 0.1], &[0.5, 0.6, 0.5]]);
    // Task 0: 0; task 1: 0.7 − 0.6, and not 0.9 − 0.6, which A-GEM's code has.
    assert!(close(of(&CHAUDHRY, &early), 0.05) && close(of(&forgetting::CLAMPED, &early), 0.05));
    assert!(close(of(&forgetting::ALL_ROWS, &early), 0.15) && close(of(&forgetting::WORST, &early), 0.3));
}

#[test]
fn forgetting_of_a_lower_triangle_by_hand() {
    let mut matrix = Matrix::sequential(&[0.0; 3], &[&[0.9, 0.0, 0.0], &[0.95, 0.8, 0.0], &[0.6, 0.85, 0.7]]);
    for (row, task) in [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)] {
        matrix = matrix.set(row, task, None);
    }
    assert!(close(of(&CHAUDHRY, &matrix), 0.15));
    assert!(close(of(&forgetting::CLAMPED, &matrix), 0.175));
    assert!(close(of(&forgetting::WORST, &matrix), 0.35));
}

#[test]
fn test_examples_weigh_tasks_where_their_numbers_are_known() {
    let mut subject = Subject::of_matrix(mixed());
    assert_eq!((accuracy::AVERAGE_EXAMPLES.of)(&subject), None);
    subject.sizes = vec![100, 300, 600];
    // (60 + 255 + 420) / 1000
    assert!(close((accuracy::AVERAGE_EXAMPLES.of)(&subject), 0.735));
    // 90 of 100, 95 + 240 of 400, 735 of 1000.
    assert!(close((accuracy::INCREMENTAL.of)(&subject), (0.9 + 335.0 / 400.0 + 0.735) / 3.0));
    subject.sizes = vec![50; 3];
    assert_eq!((accuracy::INCREMENTAL.of)(&subject), (INCREMENTAL_TASKS.of)(&subject));
    subject.sizes[1] = 0;
    assert_eq!((accuracy::AVERAGE_EXAMPLES.of)(&subject), None);
}

#[test]
fn learning_accuracy_by_hand() {
    assert!(close(of(&LEARNING, &mixed()), 0.8));
}

#[test]
fn one_task_has_no_transfer_and_joint_training_only_an_average() {
    let one = Matrix::sequential(&[0.5], &[&[0.9]]);
    assert_eq!(usual(&one), [Some(0.9), Some(0.9), None, None, None, Some(0.9)]);
    let joint = Matrix::sequential(&[0.5, 0.5], &[&[0.75, 0.25]]).training(&[&[0, 1]]).jointly();
    assert_eq!(usual(&joint), [Some(0.5), None, None, None, None, None]);
}

#[test]
fn a_missing_cell_takes_away_only_the_metrics_that_need_it() {
    let no_baseline = mixed().set(0, 2, None);
    assert_eq!(of(&FORWARD, &no_baseline), None);
    assert!(close(of(&CHAUDHRY, &no_baseline), 0.15));
    let no_future = mixed().set(1, 2, None);
    assert_eq!(usual(&no_future), usual(&mixed()));
    let no_end = mixed().set(3, 0, None);
    assert_eq!([&AVERAGE, &BACKWARD, &CHAUDHRY].map(|metric| of(metric, &no_end)), [None; 3]);
    let no_number = mixed().set(1, 0, Some(f64::NAN));
    assert_eq!([&LEARNING, &BACKWARD, &CHAUDHRY].map(|metric| of(metric, &no_number)), [None; 3]);
}

#[test]
fn experiences_of_several_tasks_are_counted_by_task() {
    let rows: [&[f64]; 2] = [&[0.9, 0.8, 0.3], &[0.5, 0.7, 0.6]];
    let matrix = Matrix::sequential(&[0.1, 0.1, 0.1], &rows).training(&[&[0, 1], &[2]]);
    assert!(close(of(&BACKWARD, &matrix), -0.25));
    assert!(close(of(&FORWARD, &matrix), 0.2));
    assert!(close(of(&LEARNING, &matrix), (0.9 + 0.8 + 0.6) / 3.0));
    assert!(close(of(&INCREMENTAL_TASKS, &matrix), f64::midpoint(0.85, 0.6)));
}

#[test]
fn a_task_that_comes_back_is_measured_from_its_last_training() {
    let rows: [&[f64]; 4] = [&[0.9, 0.2], &[0.5, 0.8], &[0.95, 0.6], &[0.7, 0.9]];
    let matrix = Matrix::sequential(&[0.1, 0.1], &rows).training(&[&[0], &[1], &[0], &[1]]);
    assert!(close(of(&BACKWARD, &matrix), 0.7 - 0.95));
    assert!(close(of(&LEARNING, &matrix), f64::midpoint(0.95, 0.9)));
    assert!(close(of(&FORWARD, &matrix), 0.1));
}

#[test]
fn a_task_that_is_never_trained_counts_nowhere() {
    let rows: [&[f64]; 2] = [&[0.9, 0.2, 0.0], &[0.5, 0.8, 0.0]];
    let matrix = Matrix::sequential(&[0.1, 0.1, 0.0], &rows).training(&[&[0], &[1]]);
    assert!(close(of(&AVERAGE, &matrix), 0.65));
    assert!(close(of(&CHAUDHRY, &matrix), 0.4));
}

/// Numbers in 0..1 from a multiplicative generator: enough to vary matrices.
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / (1_u64 << 24) as f64
    }

    /// The numbers below `count` in a drawn order.
    fn order(&mut self, count: usize) -> Vec<usize> {
        let mut keys: Vec<(f64, usize)> = (0..count).map(|number| (self.next(), number)).collect();
        keys.sort_by(|a, b| a.0.total_cmp(&b.0));
        keys.into_iter().map(|(_, number)| number).collect()
    }

    fn matrix(&mut self, tasks: usize) -> Matrix {
        let baseline: Vec<f64> = (0..tasks).map(|_| self.next()).collect();
        let rows: Vec<Vec<f64>> = (0..tasks).map(|_| (0..tasks).map(|_| self.next()).collect()).collect();
        Matrix::sequential(&baseline, &rows.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }
}

#[test]
fn metrics_ignore_what_tasks_are_called() {
    let mut numbers = Numbers(1);
    let mut compared: BTreeMap<&str, u32> = BTreeMap::new();
    for round in 0..200 {
        let tasks = 2 + round % 6;
        let mut matrix = numbers.matrix(tasks);
        if tasks > 2 && round % 2 == 1 {
            // The first task comes back with the last but one.
            let trained: Vec<Vec<usize>> =
                (0..tasks).map(|task| if task == tasks - 2 { vec![0, task] } else { vec![task] }).collect();
            matrix = matrix.training(&trained.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }
        let names = numbers.order(tasks);
        let sizes: Vec<u64> = (0..tasks as u64).map(|task| 10 + 7 * task).collect();
        let mut others = sizes.clone();
        names.iter().zip(&sizes).for_each(|(&name, &size)| others[name] = size);
        let other = Subject { sizes: others, ..Subject::of_matrix(matrix.relabelled(&names)) };
        let one = Subject { sizes, ..Subject::of_matrix(matrix) };
        for metric in all() {
            match ((metric.of)(&one), (metric.of)(&other)) {
                (Some(a), Some(b)) => {
                    assert!((a - b).abs() < 1e-12, "{} of {one:?} as {names:?}: {a} {b}", metric.key);
                    *compared.entry(metric.key).or_default() += 1;
                }
                (a, b) => assert_eq!(a, b, "{} of {one:?} as {names:?}", metric.key),
            }
        }
    }
    // What needs more than a matrix is turned in `drawn_tests`.
    for metric in of_matrices() {
        assert_eq!(compared.get(metric.key), Some(&200), "{}", metric.key);
    }
}

#[test]
fn metrics_stay_in_their_ranges_and_forgetting_is_at_least_what_was_lost() {
    let mut numbers = Numbers(2);
    for round in 0..500 {
        let matrix = numbers.matrix(2 + round % 7);
        let [acc, aia, bwt, fwt, lost, learned] = usual(&matrix).map(Option::unwrap);
        assert!([acc, aia, learned].iter().all(|value| (0.0..=1.0).contains(value)));
        assert!([bwt, fwt, lost].iter().all(|value| (-1.0..=1.0).contains(value)));
        // The maximum over earlier rows is no less than the diagonal.
        assert!(lost >= -bwt - 1e-12);
    }
}

#[test]
fn every_score_has_a_key_of_its_own_and_says_what_it_is() {
    let mut keys = BTreeSet::new();
    for metric in all() {
        assert!(keys.insert(metric.key), "{} stands twice", metric.key);
        let (quantity, source) = metric.key.split_once('.').unwrap();
        for part in [quantity, source] {
            let plain = part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            assert!(plain && !part.is_empty(), "{}", metric.key);
        }
        let texts = [metric.short, metric.name, metric.about, metric.formula, metric.source, metric.worked];
        assert!(texts.iter().all(|text| !text.trim().is_empty()), "{}", metric.key);
        assert!(metric.range.0 < metric.range.1 && metric.short.chars().count() <= 8, "{}", metric.key);
    }
    let heads: BTreeSet<&str> = all().map(|metric| metric.short).collect();
    assert_eq!(heads.len(), keys.len(), "two scores have one head");
}

#[test]
fn every_worked_example_comes_to_the_score() {
    for metric in all() {
        let by_hand = worked_out(metric.worked);
        let value = (metric.of)(example(metric));
        assert!(close(value, by_hand), "{}: {} is {by_hand}, the score is {value:?}", metric.key, metric.worked);
        assert!((metric.range.0..=metric.range.1).contains(&by_hand), "{} is out of its range", metric.key);
    }
}

#[test]
fn a_score_is_found_by_its_key_its_quantity_and_its_head() {
    assert_eq!(find("bwt.gem-code").unwrap().key, "bwt.gem-code");
    assert_eq!(find("BWT").unwrap().key, "bwt.gem17");
    assert_eq!(find("FGT").unwrap().key, "forgetting.chaudhry18");
    let error = find("forgeting").unwrap_err();
    assert!(error.contains("forgetting.chaudhry18") && error.contains("clbench metrics"), "{error}");
    assert!(find("").is_err() && find("\u{1b}[2J").unwrap_err().starts_with("there is no score `[2J`"));
}

#[test]
fn forgetting_is_minus_backward_transfer_where_the_diagonal_is_the_maximum() {
    let mut numbers = Numbers(3);
    for round in 0..200 {
        let tasks = 2 + round % 6;
        let mut matrix = numbers.matrix(tasks);
        for task in 0..tasks {
            matrix = matrix.set(task + 1, task, Some(1.0));
        }
        let bwt = of(&BACKWARD, &matrix).unwrap();
        for definition in [&CHAUDHRY, &forgetting::ALL_ROWS, &forgetting::FIRST, &forgetting::CLAMPED] {
            assert!(close(of(definition, &matrix), -bwt), "{}", definition.key);
        }
    }
}

/// The value of an expression of numbers, + - * /, brackets, and max, min, sqrt, exp, ln: an independent computation.
fn worked_out(text: &str) -> f64 {
    let mut rest = text;
    let value = sum(&mut rest);
    assert!(rest.trim().is_empty(), "`{rest}` is left of `{text}`");
    value
}

fn sum(rest: &mut &str) -> f64 {
    let mut value = product(rest);
    loop {
        if take(rest, "+") {
            value += product(rest);
        } else if take(rest, "-") {
            value -= product(rest);
        } else {
            return value;
        }
    }
}

fn product(rest: &mut &str) -> f64 {
    let mut value = atom(rest);
    loop {
        if take(rest, "*") {
            value *= atom(rest);
        } else if take(rest, "/") {
            value /= atom(rest);
        } else {
            return value;
        }
    }
}

fn atom(rest: &mut &str) -> f64 {
    for name in ["max", "min"] {
        if take(rest, name) {
            assert!(take(rest, "("));
            let mut value = sum(rest);
            while take(rest, ",") {
                let other = sum(rest);
                value = if name == "max" { value.max(other) } else { value.min(other) };
            }
            assert!(take(rest, ")"));
            return value;
        }
    }
    for (name, function) in [("sqrt", f64::sqrt as fn(f64) -> f64), ("exp", f64::exp), ("ln", f64::ln)] {
        if take(rest, name) {
            return function(atom(rest));
        }
    }
    if take(rest, "(") {
        let value = sum(rest);
        assert!(take(rest, ")"), "a bracket is open before `{rest}`");
        return value;
    }
    let text = rest.trim_start();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    *rest = &text[end..];
    text[..end].parse().unwrap_or_else(|_| panic!("no number at `{text}`"))
}

fn take(rest: &mut &str, sign: &str) -> bool {
    let taken = rest.trim_start().strip_prefix(sign);
    taken.inspect(|after| *rest = after).is_some()
}
