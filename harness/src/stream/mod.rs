//! Streams: tasks made from datasets, and the experiences in which they arrive. A stream is data.

pub(crate) mod build;
mod chosen;
mod content;
mod experience;
mod held;
pub(crate) mod listed;
mod missing;
pub(crate) mod open;
mod parted;
mod parts;
pub mod recorded;
mod settings;
mod task;
mod view;
mod world;

use std::{collections::BTreeSet, sync::Arc};

use toml::Table;

pub(crate) use self::{chosen::common, settings::is_default, world::by_task};
pub use self::{
    experience::{Course, Experience, Part},
    listed::concepts,
    parts::{StreamParts, WrittenParts},
    settings::Settings,
    task::{Plan, Probe, Role, Task},
    view::{Scratch, View},
    world::{
        Alter, Alteration, Arrival, Arrive, Environment, Ground, Kind, Maker, Ordering, Outcome, Policy, Rank, Revisit,
        USUAL, Unit, World, rehearse,
    },
};
use crate::{
    data::Universe,
    primitives::scope::{Head, Heads},
};

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
        recorded::write(&self.tasks, experiences)
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
