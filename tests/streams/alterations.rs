//! Alterations, each and all together, with every kind.

use std::collections::BTreeSet;

use clbench::stream::{Stream, Task, View};

use crate::{
    checks,
    parts::{Part, Yard, file},
};

/// Place in the pool and told label of each example.
fn told(view: &View) -> Vec<(u32, usize)> {
    view.indices().iter().enumerate().map(|(place, index)| (*index, view.label(place))).collect()
}

/// Each alteration by itself, and all.
fn choices(yard: &Yard) -> Vec<Vec<&Part>> {
    let each = yard.alterations.iter().map(|part| vec![part]);
    let mut all: Vec<&Part> = yard.alterations.iter().collect();
    all.dedup_by_key(|part| part.name);
    each.chain([all]).collect()
}

fn stream(yard: &Yard, kind: &Part, alterations: &[&Part]) -> Stream {
    let text = file(&[&[kind], alterations].concat(), "");
    yard.stream(&text).unwrap_or_else(|error| panic!("{error:#}\n{text}"))
}

/// An alteration takes away, hides and renames training examples; it adds none and touches no test.
#[test]
fn alterations_touch_training_examples_alone() {
    let yard = Yard::new();
    for kind in &yard.kinds {
        let plain = stream(&yard, kind, &[]);
        for alterations in choices(&yard) {
            let altered = stream(&yard, kind, &alterations);
            let about = || format!("{kind:?} {alterations:?}");
            checks::pools(&altered).unwrap_or_else(|error| panic!("{}: {error:#}", about()));
            checks::arrival(&altered).unwrap_or_else(|error| panic!("{}: {error:#}", about()));
            assert_ne!(altered.hash, plain.hash, "{}", about());
            assert_eq!(altered.hash, stream(&yard, kind, &alterations).hash, "{}", about());
            assert_eq!(altered.classes, plain.classes);
            for (task, before) in altered.tasks.iter().zip(&plain.tasks) {
                assert_eq!(told(&task.test), told(&before.test), "{}", about());
                assert!(task.validation.is_empty());
                let left: Vec<u32> = [&task.train, &task.unlabelled].map(View::indices).concat();
                let there: BTreeSet<u32> = before.train.indices().iter().copied().collect();
                assert!(left.iter().all(|index| there.contains(index)), "{}", about());
                assert_eq!(left.iter().collect::<BTreeSet<_>>().len(), left.len(), "{}", about());
                let labels = (0..task.train.len()).map(|place| task.train.label(place));
                assert!(labels.into_iter().all(|label| task.classes.contains(&label)), "{}", about());
            }
        }
    }
}

/// Where tasks show the same examples, they show them with the same changes.
#[test]
fn the_same_examples_are_changed_alike_in_each_task() {
    let yard = Yard::new();
    for kind in yard.kinds.iter().filter(|kind| ["permuted", "rotated"].contains(&kind.name)) {
        for alterations in choices(&yard) {
            let altered = stream(&yard, kind, &alterations);
            let seen = |task: &Task| (told(&task.train), told(&task.unlabelled));
            for task in &altered.tasks[1..] {
                assert_eq!(seen(task), seen(&altered.tasks[0]), "{kind:?} {alterations:?}");
            }
        }
    }
}
