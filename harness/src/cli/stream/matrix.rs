//! Counts of a stream's examples: by task and concept, by experience and task, by class.

use crate::stream::Stream;

/// Training examples of each concept of the stream, by task.
pub(super) fn by_concept(stream: &Stream) -> Vec<Vec<u64>> {
    let count = |task: &crate::stream::Task| {
        let mut counts = vec![0; stream.universe.concepts.len()];
        (0..task.train.len()).for_each(|place| counts[task.train.concept(place)] += 1);
        counts
    };
    stream.tasks.iter().map(count).collect()
}

/// The same, summed over each dataset's concepts by `worth`.
fn by_dataset(stream: &Stream, worth: fn(u64) -> u64) -> Vec<Vec<u64>> {
    let sum = |counts: Vec<u64>| {
        let mut sums = vec![0; stream.universe.datasets.len()];
        for (concept, count) in stream.universe.concepts.iter().zip(counts) {
            sums[concept.dataset] += worth(count);
        }
        sums
    };
    by_concept(stream).into_iter().map(sum).collect()
}

/// Training examples of each dataset, by task.
pub(super) fn examples_by_dataset(stream: &Stream) -> Vec<Vec<u64>> {
    by_dataset(stream, |count| count)
}

/// Concepts of each dataset that have training examples, by task.
pub(super) fn concepts_by_dataset(stream: &Stream) -> Vec<Vec<u64>> {
    by_dataset(stream, |count| u64::from(count > 0))
}

/// New and rehearsed examples of each task, by experience.
pub(super) fn by_experience(stream: &Stream) -> [Vec<Vec<u64>>; 2] {
    [false, true].map(|rehearsed| {
        let count = |experience: &crate::stream::Experience| {
            let mut counts = vec![0; stream.tasks.len()];
            for part in experience.parts.iter().filter(|part| part.rehearsed == rehearsed) {
                counts[part.task] += part.indices.len() as u64;
            }
            counts
        };
        stream.experiences.iter().map(count).collect()
    })
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
