//! Tasks: what is learned and what is evaluated.

use std::sync::Arc;

use super::view::{View, packed};
use crate::{
    data::{Transform, Universe},
    primitives::scope::Head,
};

/// A view of examples with the classes that it shows: what is learned, and what is evaluated.
#[derive(Clone, Debug)]
pub struct Task {
    /// Says what it shows, such as `T-shirt/top, Trouser` or `rotated by 40°`.
    pub name: String,
    /// Labels among the stream's classes.
    pub classes: Vec<usize>,
    /// For training.
    pub train: View,
    /// Training examples whose labels are not told; mostly empty.
    pub unlabelled: View,
    /// Held out of training; may be empty.
    pub validation: View,
    /// For testing.
    pub test: View,
}

impl Task {
    /// The examples of the concepts that have a label in `labels` (one entry for each concept of the universe),
    /// without validation split.
    pub fn new(
        name: String,
        universe: &Universe,
        labels: &[Option<usize>],
        transform: Option<Arc<dyn Transform>>,
    ) -> Self {
        let packed = packed(labels);
        let view = |pool| View::shown(pool, &packed, transform.clone());
        let (train, test) = (view(&universe.train), view(&universe.test));
        let (validation, unlabelled) = (train.select(&[]), train.select(&[]));
        let mut classes: Vec<usize> = labels.iter().filter_map(|label| *label).collect();
        classes.sort_unstable();
        classes.dedup();
        Self { name, classes, train, unlabelled, validation, test }
    }
}

/// What a kind of stream makes out of a universe.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Names of the classes, in the order of the labels.
    pub classes: Vec<String>,
    /// What is learned.
    pub tasks: Vec<Task>,
    /// Which heads and logits are usual for this kind.
    pub head: Head,
}

/// What a probe asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What the pretraining pool shows: whether it is kept.
    Pool,
    /// What is never trained.
    HeldOut,
}

/// A task that no experience trains and that is evaluated like any other: concepts of the pretraining pool, or concepts
/// that are held out, of one dataset.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Its examples. Of the pool, labels are those of the stream; of what is held out, they are places in `classes`.
    pub task: Task,
    /// Which of the two.
    pub role: Role,
    /// Names of its own classes.
    pub classes: Vec<String>,
}
