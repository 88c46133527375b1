//! Streams: tasks made from datasets, and the experiences in which they arrive. A stream is data.

pub(crate) mod build;
mod content;
mod experience;
mod held;
pub(crate) mod metadata;
mod missing;
mod parted;
pub mod schedule;
mod view;

use std::{collections::BTreeSet, sync::Arc};

use anyhow::{Result, bail, ensure};
use serde::{Deserialize, Serialize};
use toml::Table;

use self::view::packed;
pub use self::{
    experience::{Course, Experience, Part},
    metadata::concepts,
    view::{Scratch, Transform, View},
};
use crate::{
    scope::{Head, Heads},
    universe::{Fit, Universe},
    world::Maker,
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

/// The stream's `[stream]` table, less what its kind asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name of the kind.
    pub kind: String,
    /// Names of the datasets.
    pub dataset: Vec<String>,
    /// Seed of the stream itself: permutations, orders, held-out examples. Not the runs' seed.
    #[serde(default)]
    pub seed: u64,
    /// Share of each task's training examples that is held out, of all tasks that show them.
    #[serde(default)]
    pub val_fraction: f64,
    /// Subtract the train split's mean from each channel and divide by its standard deviation; else pixels are
    /// 0 to 1.
    #[serde(default = "yes")]
    pub normalise: bool,
    /// All tasks arrive at once: the upper bound.
    #[serde(default)]
    pub joint: bool,
    /// With joint training: only the experiences up to this one, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upto: Option<usize>,
    /// With joint training: only this experience, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<usize>,
    /// Channels, height and width to which inputs are brought; the smallest that holds each dataset's where not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<[usize; 3]>,
    /// How inputs of another size are brought to the shape.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fit: Fit,
    /// Datasets whose concepts are the pretraining pool.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pool: Vec<String>,
    /// Datasets whose concepts are never trained, and asked about all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_out: Vec<String>,
    /// Share of each of the stream's datasets' concepts, drawn, that go to the pretraining pool.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pool_share: f64,
    /// Share of each of the stream's datasets' concepts, drawn, that are held out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub held_out_share: f64,
    /// Training examples of each concept, the first ones; all where not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_train: Option<usize>,
    /// Test examples of each concept, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_test: Option<usize>,
    /// The content hash that the stream must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

impl Settings {
    /// The first and the last experience, from 1, of `count` that arrive at once; none where they arrive in order.
    pub(crate) fn covers(&self, count: usize) -> Result<Option<(usize, usize)>> {
        let (key, span) = match (self.upto, self.only) {
            (None, None) => ("joint", (1, count)),
            (Some(last), None) => ("upto", (1, last)),
            (None, Some(one)) => ("only", (one, one)),
            (Some(_), Some(_)) => bail!("stream.upto and stream.only exclude each other"),
        };
        ensure!(
            self.joint || key == "joint",
            "stream.{key} belongs to joint training, a reference for others; add method=joint"
        );
        ensure!((1..=count).contains(&span.1), "stream.{key} = {} is no experience of {count}, counted from 1", span.1);
        Ok(self.joint.then_some(span))
    }
    /// The first and the last experience that a reference on a part of the stream covers; none for the whole.
    pub fn part(&self) -> Option<(usize, usize)> {
        self.upto.map(|last| (1, last)).or(self.only.map(|one| (one, one)))
    }
}

fn yes() -> bool {
    true
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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

/// Tasks made from datasets, and the experiences in which they arrive.
#[derive(Clone)]
pub struct Stream {
    /// Its name: the stream file's.
    pub name: String,
    /// What was asked of every kind.
    pub settings: Settings,
    /// Names of the classes, in the order of the labels; those of the pretraining pool come last.
    pub classes: Vec<String>,
    /// Channels, height and width of an input.
    pub input: [usize; 3],
    /// What is learned and evaluated.
    pub tasks: Vec<Task>,
    /// The same without their datasets, as texts name them.
    pub titles: Vec<Arc<str>>,
    /// The pretraining pool, if there is one.
    pub pool: Option<Task>,
    /// What is evaluated beside the tasks.
    pub probes: Vec<Probe>,
    /// How it arrives.
    pub experiences: Vec<Experience>,
    /// What chooses, while a run goes on, which examples come back.
    pub policy: Option<Maker>,
    /// Whether each example may be seen only once.
    pub once: bool,
    /// Which heads and logits are usual for this kind.
    pub head: Head,
    /// Factor and summand of each channel that make a byte an input of the network.
    pub scaling: Vec<(f32, f32)>,
    /// SHA-256 of the content, in hexadecimal digits; the same whether tasks arrive in order or jointly.
    pub hash: String,
    /// Where the order came from and what was left out.
    pub notes: Vec<String>,
    /// Names of the concepts in the order that the ordering gave them; empty where the kind has none ranked.
    pub ranking: Vec<String>,
    /// The concepts that it is made from.
    pub universe: Universe,
    /// Tables of ordering, alterations, arrival and environment with their defaults; what is usual is left out.
    pub parts: Table,
}

impl Stream {
    /// Number of classes that the stream's own tasks show; those of a pretraining pool come after.
    pub fn own_classes(&self) -> usize {
        self.classes.len() - self.pool.as_ref().map_or(0, |pool| pool.classes.len())
    }
    /// The task at `index`; the one after the last is the pretraining pool.
    pub fn task(&self, index: usize) -> &Task {
        self.tasks.get(index).or(self.pool.as_ref()).expect("an index of a task or of the pool")
    }
    /// All that is evaluated: its tasks, then its probes.
    pub fn evaluated(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().chain(self.probes.iter().map(|probe| &probe.task))
    }
    /// Names of the datasets that `task` shows test examples of, with `+` between them.
    pub fn datasets(&self, task: &Task) -> String {
        let concepts: BTreeSet<usize> = (0..task.test.len()).map(|index| task.test.concept(index)).collect();
        let datasets: BTreeSet<usize> =
            concepts.into_iter().map(|concept| self.universe.concepts[concept].dataset).collect();
        let names: Vec<&str> = datasets.into_iter().map(|dataset| &self.universe.datasets[dataset].name[..]).collect();
        names.join("+")
    }
    /// Bytes of one input: one for each pixel, four for each feature.
    pub fn input_bytes(&self) -> usize {
        self.input.iter().product::<usize>() * self.universe.element().bytes()
    }
    /// Whether it is made from lists of concepts, whose inputs are not known.
    pub fn is_bare(&self) -> bool {
        self.universe.datasets.iter().any(|dataset| dataset.train.is_bare() || dataset.test.is_bare())
    }
    /// Its experiences, or those that a run has recorded, as JSON; the arrival `recorded` reads them.
    pub fn write_schedule(&self, experiences: &[Experience]) -> Vec<u8> {
        schedule::write(&self.tasks, experiences)
    }
    /// Heads of this kind over the stream's tasks.
    pub fn heads(&self, head: &Head) -> Heads {
        // Classes of the pool count from the beginning.
        let mut come: Vec<usize> = self.pool.iter().map(|_| self.tasks.len()).collect();
        let seen = |experience: &Experience| {
            come.extend(experience.tasks());
            come.sort_unstable();
            come.dedup();
            come.clone()
        };
        Heads {
            kind: head.kind,
            classes: self.classes.len(),
            tasks: self.tasks.iter().chain(&self.pool).map(|task| task.classes.clone()).collect(),
            seen: self.experiences.iter().map(seen).collect(),
        }
    }
}
