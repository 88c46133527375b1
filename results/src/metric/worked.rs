//! The example on which every score is worked out.

use std::sync::LazyLock;

use crate::{
    metric::{Metric, References, Subject},
    record::{Answered, At, History, Matrix, Moment, Preferred},
};

/// Accuracy on three tasks before the first step and after each of ten steps of three experiences.
///
/// Task 1 falls when task 2 begins, recovers, and is forgotten; task 2 ends better than it was learned.
const COURSE: [[(f64, [f64; 10]); 3]; 3] = [
    [(0.5, [0.6, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]), (0.4, [0.45; 10]), (0.3, [0.2; 10])],
    [
        (0.9, [0.3, 0.5, 0.8, 0.9, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95]),
        (0.45, [0.5, 0.6, 0.7, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8]),
        (0.2, [0.35; 10]),
    ],
    [
        (0.95, [0.4, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]),
        (0.8, [0.7, 0.8, 0.85, 0.85, 0.85, 0.85, 0.85, 0.85, 0.85, 0.85]),
        (0.35, [0.4, 0.5, 0.6, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7]),
    ],
];

/// Test examples of each task.
const ASKED: [u64; 3] = [200, 100, 50];

/// Accuracy on two tasks that are never trained, before the first step and after each experience.
const UNTRAINED: [[f64; 2]; 4] = [[0.6, 0.4], [0.6, 0.45], [0.55, 0.4], [0.5, 0.3]];

/// Three tasks in three experiences of ten steps, evaluated after every step, with references and two preferences.
pub static EXAMPLE: LazyLock<Subject> = LazyLock::new(|| {
    let moment = |at, experience, step, accuracies: [f64; 3]| Moment {
        at,
        experience,
        step,
        answers: (0..3).map(|task| (task, answered(accuracies[task], ASKED[task]))).collect(),
    };
    let mut moments = vec![moment(At::Start, 0, 0, COURSE[0].map(|(before, _)| before))];
    for (index, tasks) in COURSE.iter().enumerate() {
        moments.extend((0..10).map(|step| {
            let at = if step == 9 { At::End } else { At::Step };
            moment(at, index + 1, (10 * index + step + 1) as u64, tasks.map(|(_, after)| after[step]))
        }));
    }
    let row = |moment: &Moment| (0..3).map(|task| moment.accuracy(task)).collect();
    let rows = moments.iter().filter(|moment| moment.at != At::Step).map(row).collect();
    let some = |values: [f64; 3]| values.map(Some).to_vec();
    Subject {
        matrix: Matrix::new(rows, (0..3).map(|task| vec![task]).collect(), false),
        history: History {
            moments,
            preferred: vec![
                Preferred { weights: vec![0.5, 0.3, 0.2], models: vec![some([0.8, 0.6, 0.5]), some([0.7, 0.7, 0.6])] },
                Preferred { weights: vec![0.1, 0.1, 0.8], models: vec![some([0.4, 0.6, 0.9]), some([0.5, 0.5, 0.8])] },
            ],
            earlier: vec![
                (
                    1,
                    Preferred {
                        weights: vec![1.0, 0.0, 0.0],
                        models: vec![some([0.9, 0.4, 0.2]), some([0.8, 0.5, 0.2])],
                    },
                ),
                (
                    2,
                    Preferred {
                        weights: vec![0.5, 0.5, 0.0],
                        models: vec![some([0.9, 0.8, 0.3]), some([0.8, 0.7, 0.4])],
                    },
                ),
            ],
        },
        references: References {
            joint: some([0.95, 0.9, 0.85]),
            upto: some([0.92, 0.9, 0.85]),
            single: some([0.93, 0.88, 0.8]),
        },
        datasets: ["digits", "digits", "letters"].map(String::from).into(),
        steps: vec![10; 3],
        pool: Vec::new(),
        sizes: ASKED.to_vec(),
    }
});

/// The same with two tasks of two further datasets that no experience trains; evaluated after experiences alone.
pub static HELD_OUT: LazyLock<Subject> = LazyLock::new(|| {
    let mut subject = EXAMPLE.clone();
    subject.history.moments.retain(|moment| moment.at != At::Step);
    for (moment, accuracies) in subject.history.moments.iter_mut().zip(UNTRAINED) {
        moment.answers.extend((3..).zip(accuracies.map(|accuracy| answered(accuracy, 100))));
    }
    subject.datasets.extend(["objects", "signs"].map(String::from));
    let row = |moment: &Moment| (0..5).map(|task| moment.accuracy(task)).collect();
    let rows = subject.history.moments.iter().map(row).collect();
    subject.matrix = Matrix::new(rows, (0..3).map(|task| vec![task]).collect(), false);
    subject.history.preferred.clear();
    subject.history.earlier.clear();
    subject
});

/// The same, the last of which asks about the pretraining pool.
pub static POOLED: LazyLock<Subject> = LazyLock::new(|| Subject { pool: vec![4], ..HELD_OUT.clone() });

/// The same as [`EXAMPLE`] with ten steps for one.
pub static LONG: LazyLock<Subject> = LazyLock::new(|| {
    let mut subject = EXAMPLE.clone();
    subject.history.moments.iter_mut().for_each(|moment| moment.step *= 10);
    subject.steps = vec![100; 3];
    subject
});

/// The example that `metric` is worked out on: the one that holds what the score needs.
pub fn example(metric: &Metric) -> &'static Subject {
    match metric.needs {
        needs if needs.contains("pool") => &POOLED,
        needs if needs.contains("held-out") => &HELD_OUT,
        needs if needs.contains("100 steps") => &LONG,
        _ => &EXAMPLE,
    }
}

/// Beside an accuracy of a: loss 2(1 − a), Brier 1 − a, correct-class probability a, margin a − 0.5.
fn answered(accuracy: f64, n: u64) -> Answered {
    let wrong = 1.0 - accuracy;
    Answered { accuracy, loss: 2.0 * wrong, brier: wrong, confidence: accuracy, margin: Some(accuracy - 0.5), n }
}
