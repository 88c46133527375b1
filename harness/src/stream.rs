//! Streams: tasks made from datasets, and the experiences in which they arrive. A stream is data.

use std::{fmt::Debug, sync::Arc};

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    dataset::{Dataset, Split, hex},
    draws::Draws,
    scope::{Head, Heads},
};

/// Changes the pixels of one input.
pub trait Transform: Debug + Send + Sync {
    /// Writes the changed input. Both have shape `[channels, height, width]`.
    fn apply(&self, from: &[u8], to: &mut [u8]);
    /// Bytes that tell it from every other transform; part of the stream's hash.
    fn id(&self) -> Vec<u8>;
}

/// Examples of a dataset's split as a task shows them. Cloning it copies no pixels.
#[derive(Clone, Debug)]
pub struct View {
    split: Arc<Split>,
    indices: Arc<[u32]>,
    /// The stream's label of each class of the dataset.
    labels: Arc<[usize]>,
    transform: Option<Arc<dyn Transform>>,
}

impl View {
    /// The examples of `split` whose class has a label in `labels` (one entry for each class of the dataset).
    pub fn of_classes(split: &Arc<Split>, labels: &[Option<usize>], transform: Option<Arc<dyn Transform>>) -> Self {
        let shown = |index: &u32| labels[split.label(*index as usize)].is_some();
        let indices = (0..split.len() as u32).filter(shown).collect();
        let labels = labels.iter().map(|label| label.unwrap_or(usize::MAX)).collect();
        Self { split: split.clone(), indices, labels, transform }
    }
    /// The same view of other examples of the split.
    #[must_use]
    pub fn with_indices(&self, indices: Vec<u32>) -> Self {
        Self { indices: indices.into(), ..self.clone() }
    }
    /// Places in the dataset's split.
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.indices.len()
    }
    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }
    /// The stream's label of the example at `index`.
    pub fn label(&self, index: usize) -> usize {
        self.labels[self.split.label(self.indices[index] as usize)]
    }
    /// Reads a byte of each cache line of the example at `index`, so that it is near when it is needed.
    pub(crate) fn touch(&self, index: usize) -> u8 {
        const LINE: usize = 64;
        let pixels = self.split.pixels(self.indices[index] as usize);
        pixels.iter().step_by(LINE).fold(0, |all, byte| all ^ byte)
    }
    /// Hands the pixels of the example at `index` to `take`, transformed in `scratch` where there is a transform.
    pub fn pixels<T>(&self, index: usize, scratch: &mut Vec<u8>, take: impl FnOnce(&[u8]) -> T) -> T {
        let pixels = self.split.pixels(self.indices[index] as usize);
        let Some(transform) = &self.transform else { return take(pixels) };
        scratch.resize(pixels.len(), 0);
        transform.apply(pixels, scratch);
        take(scratch)
    }
    fn hash(&self, hash: &mut Sha256) {
        hash.update(self.indices.len().to_le_bytes());
        self.indices.iter().for_each(|index| hash.update(index.to_le_bytes()));
        self.labels.iter().for_each(|label| hash.update(label.to_le_bytes()));
        let id = self.transform.as_ref().map_or(Vec::new(), |transform| transform.id());
        hash.update(id.len().to_le_bytes());
        hash.update(id);
    }
}

/// A view of examples with the classes that it shows: what is learned, and what is evaluated.
#[derive(Clone, Debug)]
pub struct Task {
    /// Says what it shows, such as `T-shirt/top, Trouser` or `rotated by 40°`.
    pub name: String,
    /// Labels among the stream's classes.
    pub classes: Vec<usize>,
    /// For training.
    pub train: View,
    /// Held out of training; may be empty.
    pub validation: View,
    /// For testing.
    pub test: View,
}

impl Task {
    /// The examples of `dataset` whose class has a label in `labels`, without validation split.
    pub fn new(
        name: String,
        dataset: &Dataset,
        labels: &[Option<usize>],
        transform: Option<Arc<dyn Transform>>,
    ) -> Self {
        let view = |split| View::of_classes(split, labels, transform.clone());
        let (train, test) = (view(&dataset.train), view(&dataset.test));
        let validation = train.with_indices(Vec::new());
        Self { name, classes: labels.iter().filter_map(|label| *label).collect(), train, validation, test }
    }
}

/// Examples of one task that arrive in an experience.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The task that they belong to.
    pub task: usize,
    /// Places in the task's train view.
    pub indices: Arc<[u32]>,
}

/// What arrives at once: trained on until the budget or the stopping rule ends it.
#[derive(Clone, Debug, PartialEq)]
pub struct Experience {
    /// Examples by task.
    pub parts: Vec<Part>,
    /// How many experiences of the sequential stream it stands for: 1, or all of them when tasks arrive jointly.
    pub span: usize,
}

impl Experience {
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.indices.len()).sum()
    }
    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The tasks that have examples in it.
    pub fn tasks(&self) -> Vec<usize> {
        self.parts.iter().filter(|part| !part.indices.is_empty()).map(|part| part.task).collect()
    }
}

/// What a kind of stream makes out of datasets.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Names of the classes, in the order of the labels.
    pub classes: Vec<String>,
    /// What is learned.
    pub tasks: Vec<Task>,
    /// Which heads and logits are usual for this kind.
    pub head: Head,
    /// How the tasks arrive; empty for one after the other, each whole.
    pub experiences: Vec<Experience>,
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
    /// Share of each task's training examples that is held out.
    #[serde(default)]
    pub val_fraction: f64,
    /// Subtract the train split's mean from each channel and divide by its standard deviation; else pixels are
    /// 0 to 1.
    #[serde(default = "yes")]
    pub normalise: bool,
    /// All tasks arrive at once: the upper bound.
    #[serde(default)]
    pub joint: bool,
}

fn yes() -> bool {
    true
}

/// Tasks made from datasets, and the experiences in which they arrive.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Its name: the stream file's.
    pub name: String,
    /// What was asked of every kind.
    pub settings: Settings,
    /// Names of the classes, in the order of the labels.
    pub classes: Vec<String>,
    /// Channels, height and width of an input.
    pub input: [usize; 3],
    /// What is learned and evaluated.
    pub tasks: Vec<Task>,
    /// How it arrives.
    pub experiences: Vec<Experience>,
    /// Which heads and logits are usual for this kind.
    pub head: Head,
    /// Factor and summand of each channel that make a byte an input of the network.
    pub scaling: Vec<(f32, f32)>,
    /// SHA-256 of the content, in hexadecimal digits; the same whether tasks arrive in order or jointly.
    pub hash: String,
}

impl Stream {
    /// Puts together what a kind has planned.
    ///
    /// # Errors
    /// When datasets do not fit together or a task would be empty.
    pub fn new(name: &str, settings: Settings, datasets: &[Dataset], mut plan: Plan) -> Result<Self> {
        ensure!(!datasets.is_empty(), "stream.dataset is empty; name a dataset");
        let first = &datasets[0];
        for other in datasets {
            ensure!(
                other.shape == first.shape,
                "inputs of `{}` have shape {:?} and those of `{}` {:?}; a stream has one shape",
                first.name,
                first.shape,
                other.name,
                other.shape
            );
        }
        ensure!((0.0..1.0).contains(&settings.val_fraction), "stream.val_fraction is not at least 0 and below 1");
        let draws = Draws::of(settings.seed);
        for (index, task) in plan.tasks.iter_mut().enumerate() {
            hold_out(task, settings.val_fraction, &draws, index);
            ensure!(
                !task.train.is_empty() && !task.test.is_empty(),
                "task {index} (`{}`) is left without examples to train or to test on; lower stream.val_fraction or \
                 choose other classes",
                task.name
            );
        }
        if plan.experiences.is_empty() {
            let whole = |task: usize, of: &Task| Part { task, indices: (0..of.train.len() as u32).collect() };
            let one = |(task, of)| Experience { parts: vec![whole(task, of)], span: 1 };
            plan.experiences = plan.tasks.iter().enumerate().map(one).collect();
        }
        let hash = content(&settings, datasets, &plan);
        if settings.joint {
            plan.experiences = vec![joined(&plan.experiences)];
        }
        let scaling = |(mean, std): (&f32, &f32)| {
            if settings.normalise { (1.0 / (255.0 * std), -mean / std) } else { (1.0 / 255.0, 0.0) }
        };
        Ok(Self {
            name: name.into(),
            classes: plan.classes,
            input: first.shape,
            scaling: first.mean.iter().zip(&first.std).map(scaling).collect(),
            tasks: plan.tasks,
            experiences: plan.experiences,
            head: plan.head,
            settings,
            hash,
        })
    }

    /// Heads of this kind over the stream's tasks.
    pub fn heads(&self, head: &Head) -> Heads {
        let mut come = Vec::new();
        let seen = |experience: &Experience| {
            come.extend(experience.tasks());
            come.sort_unstable();
            come.dedup();
            come.clone()
        };
        Heads {
            kind: head.kind,
            classes: self.classes.len(),
            tasks: self.tasks.iter().map(|task| task.classes.clone()).collect(),
            seen: self.experiences.iter().map(seen).collect(),
        }
    }
}

/// Moves a share of a task's training examples, drawn, to its validation split; both keep their order.
fn hold_out(task: &mut Task, fraction: f64, draws: &Draws, index: usize) {
    let count = (task.train.len() as f64 * fraction).round() as usize;
    if count == 0 {
        return;
    }
    let mut places = draws.order("held out", index as u64, task.train.len());
    let part = |places: &mut [usize]| {
        places.sort_unstable();
        task.train.with_indices(places.iter().map(|place| task.train.indices()[*place]).collect())
    };
    let (held, kept) = places.split_at_mut(count);
    (task.validation, task.train) = (part(held), part(kept));
}

/// Everything that comes, at once.
fn joined(experiences: &[Experience]) -> Experience {
    let mut parts: Vec<Part> = Vec::new();
    for part in experiences.iter().flat_map(|experience| &experience.parts) {
        match parts.iter_mut().find(|known| known.task == part.task) {
            // An example that comes back is one example.
            Some(known) => {
                let mut indices = [&known.indices[..], &part.indices].concat();
                indices.sort_unstable();
                indices.dedup();
                known.indices = indices.into();
            }
            None => parts.push(part.clone()),
        }
    }
    Experience { parts, span: experiences.iter().map(|experience| experience.span).sum() }
}

fn content(settings: &Settings, datasets: &[Dataset], plan: &Plan) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("clbench stream 1, normalise {}", settings.normalise));
    datasets.iter().for_each(|dataset| hash.update(&dataset.hash));
    hash.update(format!("{:?}", plan.classes));
    for task in &plan.tasks {
        hash.update(format!("{:?} {:?}", task.name, task.classes));
        [&task.train, &task.validation, &task.test].iter().for_each(|view| view.hash(&mut hash));
    }
    for experience in &plan.experiences {
        for part in &experience.parts {
            hash.update(format!("part {} {}", part.task, part.indices.len()));
            part.indices.iter().for_each(|index| hash.update(index.to_le_bytes()));
        }
        hash.update("experience");
    }
    hex(&hash.finalize())
}
