//! Examples and batches: the way from bytes in memory to a tensor on the device.

use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::{
    batch::course::Stock,
    data::{Element, floats},
    primitives::{
        draws::Draws,
        scope::{Count, Scope, Scopes},
    },
    stream::{Experience, Scratch, Stream, View},
};

/// Inputs and labels that arrive together.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Shape `[batch, channels, height, width]`.
    pub inputs: Tensor<4>,
    /// Labels among all classes of the stream. Shape `[batch]`.
    pub labels: Tensor<1, Int>,
    /// The same labels on the host.
    pub targets: Vec<usize>,
    /// Which of the current experience's examples these are, as [`Feed`] counts them; empty for others.
    pub indices: Vec<usize>,
    /// The task of each example; empty for what belongs to none.
    pub tasks: Vec<usize>,
    /// Which classes count, for each example.
    pub scopes: Scopes,
    /// What is said of each example: its caption, else the name of its class; empty where no label is told.
    pub texts: Vec<Arc<str>>,
}

impl Batch {
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.targets.len()
    }
    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }
    /// The same inputs with other labels, as a Fisher over the model's own labels needs.
    #[must_use]
    pub fn relabelled(&self, targets: Vec<usize>) -> Self {
        let labels = label_tensor(&targets, &self.inputs.device().inner());
        Self { labels, targets, ..self.clone() }
    }
}

/// One input with what is known of it, as a memory keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Bytes as the task shows them, transformed but not augmented. Shape `[channels, height, width]`.
    #[serde(with = "serde_bytes")]
    pub pixels: Vec<u8>,
    /// Label among all classes of the stream.
    pub label: usize,
    /// The task that it belongs to.
    pub task: usize,
    /// Its caption, where it has one.
    #[serde(default)]
    pub caption: Option<String>,
}

/// Collects pixels and labels on the host.
pub(crate) struct Builder<'a> {
    stream: &'a Stream,
    element: Element,
    inputs: Vec<f32>,
    targets: Vec<usize>,
    texts: Vec<Arc<str>>,
    scratch: Scratch,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(stream: &'a Stream, count: usize) -> Self {
        let size = stream.input.iter().product::<usize>();
        Self {
            stream,
            element: stream.universe.element(),
            inputs: Vec::with_capacity(count * size),
            targets: Vec::with_capacity(count),
            texts: Vec::with_capacity(count),
            scratch: Scratch::default(),
        }
    }
    fn push(&mut self, pixels: &[u8], label: usize, caption: Option<Arc<str>>) {
        let [_, height, width] = self.stream.input;
        let plane = height * width * self.element.bytes();
        for (channel, (factor, summand)) in pixels.chunks_exact(plane).zip(&self.stream.scaling) {
            match self.element {
                Element::Byte => self.inputs.extend(channel.iter().map(|byte| f32::from(*byte) * factor + summand)),
                Element::Float => self.inputs.extend(floats(channel).map(|value| value * factor + summand)),
            }
        }
        self.targets.push(label);
        // Labels of held-out concepts are numbers of their own.
        self.texts.extend(caption.or_else(|| self.stream.titles.get(label).cloned()));
    }
    pub(crate) fn view(&mut self, view: &View, index: usize) {
        let mut scratch = std::mem::take(&mut self.scratch);
        view.pixels(index, &mut scratch, |pixels| self.push(pixels, view.label(index), view.caption(index).cloned()));
        self.scratch = scratch;
    }
    pub(crate) fn batch(self, scopes: Scopes, indices: Vec<usize>, tasks: Vec<usize>, device: &Device) -> Batch {
        let ([channels, height, width], count) = (self.stream.input, self.targets.len());
        Batch {
            inputs: Tensor::from_data(TensorData::new(self.inputs, [count, channels, height, width]), device),
            labels: label_tensor(&self.targets, device),
            targets: self.targets,
            indices,
            tasks,
            scopes,
            texts: self.texts,
        }
    }
}

fn label_tensor(targets: &[usize], device: &Device) -> Tensor<1, Int> {
    let labels: Vec<i64> = targets.iter().map(|label| *label as i64).collect();
    Tensor::from_data(TensorData::new(labels, [targets.len()]), device)
}

/// The training examples of one experience.
#[derive(Clone, Copy)]
pub struct Feed<'a> {
    stream: &'a Stream,
    experience: usize,
    count: Count,
    /// What can come back beside the experience's own examples.
    stock: Option<&'a Stock>,
}

impl<'a> Feed<'a> {
    /// The examples of `experience`, in whose batches `count` says which classes count.
    pub fn new(stream: &'a Stream, experience: usize, count: Count) -> Self {
        Self { stream, experience, count, stock: None }
    }
    pub(crate) fn with(self, stock: &'a Stock) -> Self {
        Self { stock: Some(stock), ..self }
    }
    fn of(&self) -> &'a Experience {
        &self.stream.experiences[self.experience]
    }
    /// The stream that the examples belong to.
    pub fn stream(&self) -> &'a Stream {
        self.stream
    }
    /// Number of examples. A batch may hold more beside them, with numbers from here on: out of a buffer, out of the
    /// pretraining pool, or what the environment chooses.
    pub fn len(&self) -> usize {
        self.of().len()
    }
    /// Number of examples that are new; they come first.
    pub fn new_examples(&self) -> usize {
        self.of().new_examples()
    }
    /// Whether the example at `index` is new, as against what is brought back.
    pub fn is_new(&self, index: usize) -> bool {
        index < self.of().new_examples()
    }
    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The tasks that have examples in it.
    pub fn tasks(&self) -> Vec<usize> {
        self.of().tasks()
    }
    /// Task and place in its train view of the example at `index`.
    fn find(&self, mut index: usize) -> (usize, usize) {
        for part in &self.of().parts {
            match part.indices.get(index) {
                Some(place) => return (part.task, *place as usize),
                None => index -= part.indices.len(),
            }
        }
        let back = self.stock.and_then(|stock| stock.places.get(index));
        let (task, place) = back.unwrap_or_else(|| panic!("example {index} beyond experience {}", self.experience));
        (*task as usize, *place as usize)
    }
    /// The task of the example at `index`.
    pub fn task(&self, index: usize) -> usize {
        self.find(index).0
    }
    /// Which classes count for the example at `index` in training.
    pub(crate) fn scope_of(&self, index: usize) -> Scope {
        self.scope(self.task(index))
    }
    /// The label of the example at `index`.
    pub fn label(&self, index: usize) -> usize {
        let (task, place) = self.find(index);
        self.stream.task(task).train.label(place)
    }
    /// The example at `index`, for a memory.
    pub fn example(&self, index: usize) -> Example {
        let (task, place) = self.find(index);
        let view = &self.stream.task(task).train;
        let pixels = view.pixels(place, &mut Scratch::default(), <[u8]>::to_vec);
        Example { pixels, label: view.label(place), task, caption: view.caption(place).map(ToString::to_string) }
    }
    /// The examples at `indices` on `device`.
    pub fn batch(&self, indices: &[usize], device: &Device) -> Batch {
        let places: Vec<_> = indices.iter().map(|&index| self.find(index)).collect();
        let view = |task: usize| &self.stream.task(task).train;
        // Drawn examples lie far apart: asked for all at once, memory answers side by side and not one after another.
        let near = places.iter().fold(0, |all, &(task, place)| all ^ view(task).touch(place));
        std::hint::black_box(near);
        let mut builder = Builder::new(self.stream, indices.len());
        let mut scopes = Vec::with_capacity(indices.len());
        for &(task, place) in &places {
            builder.view(view(task), place);
            scopes.push(self.scope(task));
        }
        let tasks = places.into_iter().map(|(task, _)| task).collect();
        builder.batch(Scopes::of(scopes), indices.to_vec(), tasks, device)
    }
    /// Remembered examples on `device`; which classes count is what counts now for their tasks.
    pub fn recalled<'e>(&self, examples: impl IntoIterator<Item = &'e Example>, device: &Device) -> Batch {
        let mut builder = Builder::new(self.stream, 0);
        let tasks = examples.into_iter().map(|example| {
            builder.push(&example.pixels, example.label, example.caption.as_deref().map(Arc::from));
            example.task
        });
        let tasks: Vec<usize> = tasks.collect();
        let scopes = Scopes::of(tasks.iter().map(|task| self.scope(*task)).collect());
        builder.batch(scopes, Vec::new(), tasks, device)
    }
    /// Up to `count` drawn inputs of the experience's tasks whose labels are not told.
    pub(crate) fn unlabelled(&self, count: usize, draws: &Draws, device: &Device) -> Option<Tensor<4>> {
        let views: Vec<&View> = self.of().new_tasks().iter().map(|task| &self.stream.task(*task).unlabelled).collect();
        let all: usize = views.iter().map(|view| view.len()).sum();
        if all == 0 || count == 0 {
            return None;
        }
        let mut rng = draws.rng("unlabelled", 0);
        let mut builder = Builder::new(self.stream, count);
        for _ in 0..count.min(all) {
            let mut at = rng.random_range(0..all);
            let view = views.iter().find(|view| {
                let here = at < view.len();
                at -= if here { 0 } else { view.len() };
                here
            });
            builder.view(view.expect("a place below the sum of all"), at);
        }
        Some(builder.batch(Scopes::One(Scope::All), Vec::new(), Vec::new(), device).inputs)
    }
    fn scope(&self, task: usize) -> Scope {
        self.count.scope(task, self.experience)
    }
}
