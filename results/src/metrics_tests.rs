//! Metrics by hand on matrices of three tasks, and properties on drawn ones.

use super::*;

fn close(value: Option<f64>, expected: f64) -> bool {
    value.is_some_and(|value| (value - expected).abs() < 1e-12)
}

/// Task 0 is best in the middle, task 1 ends better than it ever was: every variant in circulation differs here.
fn mixed() -> Matrix {
    Matrix::sequential(&[0.5, 0.4, 0.3], &[&[0.9, 0.45, 0.2], &[0.95, 0.8, 0.35], &[0.6, 0.85, 0.7]])
}

#[test]
fn average_accuracy_by_hand() {
    // (0.6 + 0.85 + 0.7) / 3
    assert!(close(average_accuracy(&mixed()), 2.15 / 3.0));
}

#[test]
fn average_incremental_accuracy_by_hand() {
    // 0.9, (0.95 + 0.8) / 2 and 2.15 / 3, averaged; a mean over whole rows would be 0.644.
    assert!(close(average_incremental_accuracy(&mixed()), (0.9 + 0.875 + 2.15 / 3.0) / 3.0));
}

#[test]
fn backward_transfer_divides_by_the_tasks_before_the_last() {
    // (0.6 − 0.9) + (0.85 − 0.8) = −0.25 over 2; over T it would be −0.0833.
    assert!(close(backward_transfer(&mixed()), -0.125));
}

#[test]
fn forward_transfer_subtracts_the_baseline_and_leaves_out_the_first_task() {
    // (0.45 − 0.4) + (0.35 − 0.3) = 0.1 over 2; over T it would be 0.0333, without the baseline 0.4.
    assert!(close(forward_transfer(&mixed()), 0.05));
}

#[test]
fn forgetting_takes_the_best_earlier_row_and_may_be_negative() {
    // Task 0: 0.95 − 0.6 = 0.35; task 1: 0.8 − 0.85 = −0.05; over 2.
    // With the last row in the maximum it would be 0.175, first minus last 0.125, over T 0.1.
    assert!(close(forgetting(&mixed()), 0.15));
    let better = Matrix::sequential(&[0.0; 3], &[&[0.5, 0.1, 0.1], &[0.6, 0.5, 0.1], &[0.8, 0.6, 0.5]]);
    // (0.6 − 0.8) + (0.5 − 0.6) = −0.3 over 2.
    assert!(close(forgetting(&better), -0.15));
}

#[test]
fn forgetting_counts_what_was_known_before_a_task_was_trained_but_not_the_baseline() {
    let early = Matrix::sequential(&[0.99, 0.99, 0.99], &[&[0.5, 0.9, 0.1], &[0.5, 0.7, 0.1], &[0.5, 0.6, 0.5]]);
    // Task 0: 0; task 1: 0.9 − 0.6, although it was 0.7 when trained.
    assert!(close(forgetting(&early), 0.15));
}

#[test]
fn learning_accuracy_by_hand() {
    assert!(close(learning_accuracy(&mixed()), 0.8));
}

#[test]
fn one_task_has_no_transfer_and_joint_training_only_an_average() {
    let scores = |matrix: &Matrix| Metric::ALL.map(|metric| metric.of(matrix));
    let one = Matrix::sequential(&[0.5], &[&[0.9]]);
    assert_eq!(scores(&one), [Some(0.9), Some(0.9), None, None, None, Some(0.9)]);
    let joint = Matrix::sequential(&[0.5, 0.5], &[&[0.75, 0.25]]).training(&[&[0, 1]]).jointly();
    assert_eq!(scores(&joint), [Some(0.5), None, None, None, None, None]);
}

#[test]
fn a_missing_cell_takes_away_only_the_metrics_that_need_it() {
    let no_baseline = mixed().set(0, 2, None);
    assert_eq!(forward_transfer(&no_baseline), None);
    assert!(close(forgetting(&no_baseline), 0.15));
    let no_future = mixed().set(1, 2, None);
    assert_eq!(Metric::ALL.map(|metric| metric.of(&no_future)), Metric::ALL.map(|metric| metric.of(&mixed())));
    let no_end = mixed().set(3, 0, None);
    assert_eq!([average_accuracy, backward_transfer, forgetting].map(|metric| metric(&no_end)), [None; 3]);
    let no_number = mixed().set(1, 0, Some(f64::NAN));
    assert_eq!([learning_accuracy, backward_transfer, forgetting].map(|metric| metric(&no_number)), [None; 3]);
}

#[test]
fn experiences_of_several_tasks_are_counted_by_task() {
    let rows: [&[f64]; 2] = [&[0.9, 0.8, 0.3], &[0.5, 0.7, 0.6]];
    let matrix = Matrix::sequential(&[0.1, 0.1, 0.1], &rows).training(&[&[0, 1], &[2]]);
    assert!(close(backward_transfer(&matrix), -0.25));
    assert!(close(forward_transfer(&matrix), 0.2));
    assert!(close(learning_accuracy(&matrix), (0.9 + 0.8 + 0.6) / 3.0));
    assert!(close(average_incremental_accuracy(&matrix), f64::midpoint(0.85, 0.6)));
}

#[test]
fn a_task_that_comes_back_is_measured_from_its_last_training() {
    let rows: [&[f64]; 4] = [&[0.9, 0.2], &[0.5, 0.8], &[0.95, 0.6], &[0.7, 0.9]];
    let matrix = Matrix::sequential(&[0.1, 0.1], &rows).training(&[&[0], &[1], &[0], &[1]]);
    assert!(close(backward_transfer(&matrix), 0.7 - 0.95));
    assert!(close(learning_accuracy(&matrix), f64::midpoint(0.95, 0.9)));
    assert!(close(forward_transfer(&matrix), 0.1));
}

#[test]
fn a_task_that_is_never_trained_counts_nowhere() {
    let rows: [&[f64]; 2] = [&[0.9, 0.2, 0.0], &[0.5, 0.8, 0.0]];
    let matrix = Matrix::sequential(&[0.1, 0.1, 0.0], &rows).training(&[&[0], &[1]]);
    assert!(close(average_accuracy(&matrix), 0.65));
    assert!(close(forgetting(&matrix), 0.4));
}

/// Numbers in 0..1 from a multiplicative generator: enough to vary matrices.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / (1_u64 << 24) as f64
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
    for round in 0..200 {
        let tasks = 2 + round % 6;
        let matrix = numbers.matrix(tasks);
        let turn = 1 + round % (tasks - 1).max(1);
        let names: Vec<usize> = (0..tasks).map(|task| (task + turn) % tasks).collect();
        let other = matrix.relabelled(&names);
        assert_ne!(matrix, other);
        for metric in Metric::ALL {
            assert!(close(metric.of(&other), metric.of(&matrix).unwrap()), "{metric:?} of {matrix:?}");
        }
    }
}

#[test]
fn metrics_stay_in_their_ranges_and_forgetting_is_at_least_what_was_lost() {
    let mut numbers = Numbers(2);
    for round in 0..500 {
        let matrix = numbers.matrix(2 + round % 7);
        let [acc, aia, bwt, fwt, lost, learned] = Metric::ALL.map(|metric| metric.of(&matrix).unwrap());
        assert!([acc, aia, learned].iter().all(|value| (0.0..=1.0).contains(value)));
        assert!([bwt, fwt, lost].iter().all(|value| (-1.0..=1.0).contains(value)));
        // The maximum over earlier rows is no less than the diagonal.
        assert!(lost >= -bwt - 1e-12);
    }
}
