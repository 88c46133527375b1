//! Counts of a stream's examples: by task and concept, by experience and task, by class.

use std::collections::BTreeMap;

use crate::stream::{Course, Experience, Stream, Task};

/// Training examples of each concept of the stream in a task.
pub(super) fn by_concept(stream: &Stream, task: &Task) -> Vec<u64> {
    let mut counts = vec![0; stream.universe.concepts.len()];
    (0..task.train.len()).for_each(|place| counts[task.train.concept(place)] += 1);
    counts
}

/// The same, summed over each dataset's concepts by `worth`.
fn by_dataset(stream: &Stream, task: &Task, worth: fn(u64) -> u64) -> Vec<u64> {
    let mut sums = vec![0; stream.universe.datasets.len()];
    for (concept, count) in stream.universe.concepts.iter().zip(by_concept(stream, task)) {
        sums[concept.dataset] += worth(count);
    }
    sums
}

/// Training examples of each dataset in a task.
pub(super) fn examples_by_dataset(stream: &Stream, task: &Task) -> Vec<u64> {
    by_dataset(stream, task, |count| count)
}

/// Concepts of each dataset that have training examples in a task.
pub(super) fn concepts_by_dataset(stream: &Stream, task: &Task) -> Vec<u64> {
    by_dataset(stream, task, |count| u64::from(count > 0))
}

/// New and rehearsed examples of each task that has some in an experience.
pub(super) fn by_task(experience: &Experience) -> BTreeMap<usize, [u64; 2]> {
    let mut counts = BTreeMap::<usize, [u64; 2]>::new();
    for part in &experience.parts {
        counts.entry(part.task).or_default()[usize::from(part.rehearsed)] += part.indices.len() as u64;
    }
    if let Course::Recorded { back, steps } = &experience.course {
        // Of what comes back beside the experience's own examples, each time that a step shows it.
        let own = experience.len();
        let shown = steps.iter().flatten().filter_map(|at| back.get((*at as usize).checked_sub(own)?));
        shown.for_each(|(task, _)| counts.entry(*task as usize).or_default()[1] += 1);
    }
    counts
}

/// Training examples of each class over all tasks; only classes that a task shows.
pub(super) fn by_class(stream: &Stream) -> Vec<(usize, u64)> {
    let mut counts = vec![0_u64; stream.classes.len()];
    let mut shown = vec![false; stream.classes.len()];
    for task in &stream.tasks {
        task.classes.iter().for_each(|class| shown[*class] = true);
        (0..task.train.len()).for_each(|place| counts[task.train.label(place)] += 1);
    }
    counts.into_iter().enumerate().filter(|(class, _)| shown[*class]).collect()
}
