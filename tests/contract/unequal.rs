//! Tasks of unequal numbers of classes: heads, scopes and answers follow them.

use std::ops::Range;

use crate::support::{Trace, seeded, setup, shelf, straight, up_to};

/// Four, three and three digits.
const UNEQUAL: &str = "stream.classes_per_task=[4,3,3] net.dropout=0 keep.predictions=true";
/// The same with a head for each task.
const TOLD: &str = "stream.kind=task-incremental stream.classes_per_task=[4,3,3] net.dropout=0 keep.predictions=true";
/// The classes of each task.
const CLASSES: [Range<usize>; 3] = [0..4, 4..7, 7..10];

fn answers(settings: &str) -> Trace {
    let trace = seeded(settings, 0);
    assert!(trace.heard.answers.len() >= 355, "{settings}: each test example at the end");
    trace
}

#[test]
fn each_head_is_as_wide_as_its_task() {
    let (setup, shelf) = (setup(TOLD), shelf());
    let (run, _) = up_to(&setup, 0, 1, &shelf);
    for (task, classes) in CLASSES.into_iter().enumerate() {
        let shape = |part: &str| run.state.weights.theta.get(&format!("head.{task}.{part}")).unwrap().shape.clone();
        assert_eq!((shape("weight"), shape("bias")), (vec![24, classes.len()], vec![classes.len()]));
        assert_eq!(setup.stream.tasks[task].classes, classes.collect::<Vec<_>>());
    }
}

#[test]
fn answers_stay_within_the_classes_that_count() {
    let masked = ["head.test=task", "head.train=task head.test=task", "head.kind=multi head.train=task head.test=task"];
    let masked = masked.map(|head| format!("{UNEQUAL} {head}"));
    for settings in masked.iter().map(String::as_str).chain([TOLD]) {
        for answer in answers(settings).heard.answers {
            let classes = &CLASSES[answer.task];
            assert!(classes.contains(&answer.label) && classes.contains(&answer.answer), "{settings}: {answer:?}");
        }
    }
    let mut widest = [0; 4];
    for answer in answers(&format!("{UNEQUAL} head.test=seen")).heard.answers {
        let seen = CLASSES[answer.experience - 1].end;
        assert!(answer.answer < seen && CLASSES[answer.task].contains(&answer.label), "{answer:?}");
        widest[answer.experience] = widest[answer.experience].max(answer.answer);
    }
    // Each experience answers with what it has just learned.
    assert!((1..=3).all(|at| CLASSES[at - 1].contains(&widest[at])), "{widest:?}");
}

#[test]
fn unequal_tasks_are_learned_and_scored_as_equal_ones_are() {
    let (setup, shelf) = (setup(&format!("{TOLD} train.epochs=8")), shelf());
    let trace = straight(&setup, 0, &shelf);
    for (task, classes) in CLASSES.into_iter().enumerate() {
        let row = trace.ends().into_iter().find(|row| row.experience == task + 1 && row.task == task).unwrap();
        // A task of four has more test examples than one of three; each is learned far above its own chance.
        assert_eq!(row.n, setup.stream.tasks[task].test.len() as u64);
        assert!(row.accuracy > 0.8 && row.accuracy > 2.0 / classes.len() as f64, "{task}: {}", row.accuracy);
    }
}

#[test]
fn however_it_is_said_it_is_the_same_run() {
    let id = |settings: &str| {
        let setup = setup(&format!("net.dropout=0 {settings}"));
        setup.config.id(&setup.stream.hash)
    };
    let list = id("stream.classes_per_task=[4,3,3]");
    for same in [
        "stream.base=4 stream.increment=3",
        "stream.base=4 stream.tasks=3",
        "stream.classes_per_task=[4,3,3] stream.tasks=3",
        "stream.classes_per_task=[4,3,3] stream.partial=false",
    ] {
        assert_eq!(id(same), list, "{same}");
    }
    let even = id("stream.tasks=5 stream.classes_per_task=2");
    for same in ["stream.classes_per_task=[2,2,2,2,2]", "stream.increment=2", "stream.base=2 stream.tasks=5"] {
        assert_eq!(id(same), even, "{same}");
    }
    assert_ne!(id("stream.classes_per_task=[3,4,3]"), list);
    // A last task that gets what is left.
    let setup = setup("stream.base=4 stream.increment=4");
    let counts: Vec<usize> = setup.stream.tasks.iter().map(|task| task.classes.len()).collect();
    assert_eq!(counts, [4, 4, 2]);
}

#[test]
fn classes_are_left_out_only_where_that_is_asked_and_then_it_is_noted() {
    let shelf = shelf();
    let refused = crate::support::refusal(&shelf, "stream.tasks=3 stream.classes_per_task=3 stream.partial=false");
    assert!(refused.contains("3 tasks get 9 of the 10 classes, and 1 would be left out"), "{refused}");
    let setup = setup("stream.tasks=3 stream.classes_per_task=3 stream.partial=true");
    assert_eq!(setup.stream.notes, ["1 of 10 classes are in no task: `digits+++9`"]);
    assert_eq!(setup.stream.classes.len(), 9);
}
