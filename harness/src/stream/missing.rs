//! Classes that a stream asks about and has no example of to train on.

use std::collections::BTreeSet;

use super::{Plan, Task};
use crate::stream::Ground;

/// Most classes of a task that a note names.
const MOST: usize = 3;

/// The classes of which each task has examples to train on.
pub(super) fn shown(tasks: &[Task]) -> Vec<BTreeSet<usize>> {
    let of = |task: &Task| {
        let mut classes = vec![false; task.classes.last().map_or(0, |last| last + 1)];
        for place in 0..task.train.len() {
            // Labels stay within the task's classes; what comes from a crate of its own may err.
            classes.get_mut(task.train.label(place)).into_iter().for_each(|there| *there = true);
        }
        classes.iter().enumerate().filter(|(_, there)| **there).map(|(class, _)| class).collect()
    };
    tasks.iter().map(of).collect()
}

/// Notes which classes have lost all their training examples to alterations and the hold-out, and where.
pub(super) fn note(before: &[BTreeSet<usize>], plan: &Plan, ground: &Ground) {
    for (task, (before, after)) in before.iter().zip(shown(&plan.tasks)).enumerate() {
        let lost: Vec<String> =
            before.difference(&after).map(|class| format!("`{}`", plan.classes[*class].escape_debug())).collect();
        let named = lost[..lost.len().min(MOST)].join(", ");
        let (classes, it) = if lost.len() == 1 { ("class has", "it") } else { ("classes have", "them") };
        let more = if lost.len() > MOST { format!(" and {} more", lost.len() - MOST) } else { String::new() };
        if !lost.is_empty() {
            ground.note(format!(
                "task {task}: {} {classes} no training example left after alterations and hold-out, and questions \
                 about {it} are asked all the same: {named}{more}",
                lost.len()
            ));
        }
    }
}
