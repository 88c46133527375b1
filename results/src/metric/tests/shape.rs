//! Every score on every shape of matrix: a value, or the name of what is missing.

use crate::{
    metric::{
        EXAMPLE,
        tests::{Numbers, of_matrices},
        *,
    },
    record::Matrix,
};

/// A matrix of drawn accuracies above 0, `trained` saying which tasks each experience trains.
fn drawn(numbers: &mut Numbers, tasks: usize, trained: &[&[usize]]) -> Matrix {
    let mut row = || (0..tasks).map(|_| Some(0.05 + 0.95 * numbers.next())).collect::<Vec<_>>();
    let cells = (0..=trained.len()).map(|_| row()).collect();
    Matrix::new(cells, trained.iter().map(|tasks| tasks.to_vec()).collect(), false)
}

/// The same without what was not evaluated where only tasks seen so far are.
fn lower(matrix: &Matrix) -> Matrix {
    let mut lower = matrix.clone();
    for row in 0..=matrix.experiences() {
        for task in 0..matrix.tasks() {
            if matrix.first_trained(task).is_none_or(|first| row < first) {
                lower = lower.set(row, task, None);
            }
        }
    }
    lower
}

const SHAPES: [(&str, usize, &[&[usize]]); 8] = [
    ("one", 1, &[&[0]]),
    ("two", 2, &[&[0], &[1]]),
    ("three", 3, &[&[0], &[1], &[2]]),
    ("pairs", 4, &[&[0, 1], &[2, 3]]),
    ("again", 2, &[&[0], &[1], &[0]]),
    ("again and on", 3, &[&[0], &[1], &[0], &[2]]),
    ("all again", 2, &[&[0], &[1], &[0, 1]]),
    ("held out", 3, &[&[0], &[1]]),
];

fn sized(matrix: Matrix) -> Subject {
    let sizes = (1..=matrix.tasks()).map(|task| 100 * task as u64).collect();
    Subject { sizes, ..Subject::of_matrix(matrix) }
}

/// The words of a score that has no value for a reason of its own are not those of one that has no reason.
fn is_named(why: &str) -> bool {
    !why.is_empty() && !why.starts_with("a number that it needs is missing")
}

#[test]
fn a_score_has_a_value_or_names_what_is_missing() {
    let mut numbers = Numbers(11);
    for (name, tasks, trained) in SHAPES {
        let full = drawn(&mut numbers, tasks, trained);
        for (name, matrix) in [(name.to_owned(), full.clone()), (format!("{name}, triangular"), lower(&full))] {
            let subject = sized(matrix);
            for metric in of_matrices() {
                let lacks = metric.lacks.iter().any(|lack| lack(&subject).is_some());
                match metric.value(&subject) {
                    Ok(_) => assert!(!lacks, "{} of {name} has a value and a reason not to", metric.key),
                    Err(why) => assert!(lacks && is_named(&why), "{} of {name}: {why}", metric.key),
                }
            }
        }
    }
}

#[test]
fn one_missing_cell_is_named_by_each_score_that_needs_it_and_changes_no_other() {
    let mut numbers = Numbers(12);
    for (name, tasks, trained) in SHAPES {
        let full = drawn(&mut numbers, tasks, trained);
        let whole = sized(full.clone());
        for (row, task) in (0..=full.experiences()).flat_map(|row| (0..tasks).map(move |task| (row, task))) {
            let less = sized(full.clone().set(row, task, None));
            for metric in of_matrices() {
                let (before, after) = (metric.value(&whole), metric.value(&less));
                let is_above = full.first_trained(task).is_none_or(|first| row < first);
                match (&before, &after) {
                    (Err(_), _) => assert_eq!(before, after, "{} of {name}", metric.key),
                    // These two look at tasks before their training where they were asked about.
                    (Ok(_), Ok(_))
                        if is_above && ["forgetting.agem-code", "forgetting.agem-worst"].contains(&metric.key) => {}
                    (Ok(_), Ok(_)) => assert_eq!(before, after, "{} of {name} without {row}, {task}", metric.key),
                    (Ok(_), Err(why)) => {
                        let cell =
                            why.contains(&format!("task {} ", task + 1)) && why.contains(&format!("experience {row}"));
                        assert!(cell || row == 0 && why.contains("before"), "{} of {name}: {why}", metric.key);
                    }
                }
            }
        }
    }
}

#[test]
fn scores_that_look_at_no_task_before_its_training_are_those_of_the_lower_triangle() {
    let mut numbers = Numbers(13);
    for (name, tasks, trained) in SHAPES {
        let full = drawn(&mut numbers, tasks, trained);
        let (whole, half) = (sized(full.clone()), sized(lower(&full)));
        for metric in of_matrices().filter(|metric| !metric.key.starts_with("fwt.") || metric.key == "fwt.continuum") {
            if ["forgetting.agem-code", "forgetting.agem-worst"].contains(&metric.key) {
                continue;
            }
            assert_eq!(metric.value(&whole), metric.value(&half), "{} of {name}", metric.key);
        }
    }
}

#[test]
fn reasons_say_what_to_do_or_why_there_is_nothing() {
    let mut numbers = Numbers(14);
    let three = drawn(&mut numbers, 3, SHAPES[2].2);
    let why = |key: &str, matrix: &Matrix| {
        all().find(|metric| metric.key == key).unwrap().value(&Subject::of_matrix(matrix.clone())).unwrap_err()
    };
    let one = drawn(&mut numbers, 1, SHAPES[0].2);
    let joint = drawn(&mut numbers, 2, &[&[0, 1]]).jointly();
    let no_start = three.clone().set(0, 1, None);
    for (key, matrix, words) in [
        ("fwt.gem17", &lower(&three), "it needs accuracies before training: a first row called `start`"),
        ("fwt.gem17", &three.clone().set(1, 1, None), "that on task 2 after experience 1 is missing"),
        ("fwt.gem-code", &no_start, "that on task 2 before the first step is missing"),
        ("fwt.diaz18", &lower(&three), "it needs accuracies on tasks before they are trained"),
        ("fwt.gem17", &one, "there is only one task"),
        ("forgetting.chaudhry18", &one, "there is only one task, and no other is trained after it"),
        ("bwt.diaz18", &one, "no experience follows the training of a task"),
        ("f.curriculum-designer23", &one, "there is only one experience"),
        ("aia.capymoa", &joint, "all tasks were trained at once"),
        (
            "forgetting.mammoth",
            &three.clone().set(2, 0, None),
            "the accuracy on task 1 after experience 2, which is missing",
        ),
        ("acc.avalanche", &three, "the number of test examples of each task; for a bare matrix, give --sizes"),
        ("intransigence.single", &three, "it needs reference runs with the same seed: clbench references STREAM"),
        ("zs.fomo24", &three, "no task is held out"),
        ("lca.agem-code", &three, "it needs evaluation of a task before and after each of its first ten steps"),
        ("wf100.delange23", &three, "it needs evaluations within each experience: eval.every or eval.log_spaced"),
        ("nll.schaeffer23", &three, "the probabilities of answers at the end"),
        ("pool.clbench", &three, "it needs a pretraining pool"),
        ("peak.ibcl23", &three, "it needs a method that answers preferences, and eval.preferences"),
        (
            "hypervolume.ibcl23",
            &three,
            "it needs a method that answers preferences, and eval.preferences; 6 tasks at most",
        ),
    ] {
        let said = why(key, matrix);
        assert!(said.contains(words), "{key}: {said}");
    }
    let zero = three.clone().set(1, 0, Some(0.0));
    assert!(why("retention-end.clbench", &zero).contains("the accuracy on task 1 was 0 when it was learned"));
}

#[test]
fn learning_curves_after_the_first_step_need_nothing_before_it() {
    let mut subject = EXAMPLE.clone();
    subject.history.moments.remove(0);
    for moment in &mut subject.history.moments {
        for task in 0..3 {
            if subject.matrix.first_trained(task) > Some(moment.experience) {
                moment.answers.remove(&task);
            }
        }
    }
    let after = &within::LCA_AFTER;
    assert_eq!(after.value(&subject), after.value(&EXAMPLE));
    assert!(within::LCA.value(&subject).unwrap_err().contains("before and after each of its first ten steps"));
    for metric in [&within::ANYTIME, &within::MINIMUM, &within::WORST_CASE, &gap::DEPTH, &gap::STEPS, &gap::RECOVERED] {
        assert_eq!(metric.value(&subject), metric.value(&EXAMPLE), "{}", metric.key);
    }
}

#[test]
fn maintenance_of_a_lifetime_needs_no_task_before_its_training_and_forward_transfer_does() {
    let half = |subject: &Subject| Subject { matrix: lower(&subject.matrix), ..subject.clone() };
    let of = |metric: &Metric, subject: &Subject| metric.value(subject);
    assert!(of(&lifetime::FORWARD, &half(&EXAMPLE)).unwrap_err().contains("of tasks to come"));
    // A task's own range is that of what was asked: 0.6 to 0.95 and 0.5 to 0.85; the last task is never asked again.
    let expected = f64::midpoint(f64::midpoint(5.0, -30.0) / 0.35, 5.0 / 0.35);
    let found = of(&lifetime::MAINTENANCE, &half(&EXAMPLE)).unwrap();
    assert!((found - expected).abs() < 1e-9, "{found} {expected}");
}
