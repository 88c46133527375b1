//! The universe of a stream: the concepts of one or several datasets, brought to one shape.
//!
//! A concept is a (dataset, class) pair, the unit that FoMo-in-Flux orders (Roth et al. 2024,
//! <https://arxiv.org/abs/2408.14471>); it is written `dataset+++class`.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use anyhow::{Result, bail, ensure};

use crate::data::{Dataset, Element, Split, Transform, shape::Shaping};

/// Most features of an example.
pub const MOST_FEATURES: usize = 1 << 16;

/// What stands between a dataset and a class in a concept's name.
pub const BETWEEN: &str = "+++";

/// A class of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concept {
    /// Index into the universe's datasets.
    pub dataset: usize,
    /// Index into the dataset's classes.
    pub class: usize,
}

crate::catalogue::choice! {
    /// How pictures of another size are brought to the stream's.
    #[derive(Default)]
    pub enum Fit {
        /// Bilinear.
        #[default]
        Resize = "resize",
        /// Black around the picture, which must not be larger than the stream's shape.
        Pad = "pad",
    }
}

/// One split of all datasets, one after the other.
#[derive(Clone, Debug)]
pub struct Pool {
    splits: Vec<Arc<Split>>,
    /// Where each split begins.
    starts: Vec<usize>,
    /// The concept of each example.
    concepts: Vec<u32>,
    shaping: Vec<Option<Arc<dyn Transform>>>,
    /// Bytes of one input in the stream's shape.
    size: usize,
}

impl Pool {
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.concepts.len()
    }
    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.concepts.is_empty()
    }
    /// The concept of the example at `index`.
    pub fn concept(&self, index: usize) -> usize {
        self.concepts[index] as usize
    }
    /// Dataset of the example at `index` and its place in the dataset's split.
    pub fn find(&self, index: usize) -> (usize, usize) {
        let dataset = self.starts.partition_point(|start| *start <= index) - 1;
        (dataset, index - self.starts[dataset])
    }
    /// The place of the example at `index` of a dataset's split.
    pub fn place(&self, dataset: usize, index: usize) -> usize {
        self.starts[dataset] + index
    }
    /// Bytes of the example at `index` as its dataset has them in memory; none where they stay in a file.
    pub(crate) fn near(&self, index: usize) -> &[u8] {
        let (dataset, place) = self.find(index);
        self.splits[dataset].near(place)
    }
    /// Bytes of the example at `index` in the stream's shape; `room` is used where they have to be made.
    pub fn pixels<'a>(&'a self, index: usize, room: &'a mut Vec<u8>) -> &'a [u8] {
        let (dataset, place) = self.find(index);
        match (self.splits[dataset].pixels(place), &self.shaping[dataset]) {
            (Cow::Borrowed(pixels), None) => pixels,
            (Cow::Owned(pixels), None) => {
                *room = pixels;
                room
            }
            (pixels, Some(shaping)) => {
                room.resize(self.size, 0);
                shaping.apply(&pixels, room);
                room
            }
        }
    }
    /// What is said of the example at `index`, where something is.
    pub fn caption(&self, index: usize) -> Option<&Arc<str>> {
        let (dataset, place) = self.find(index);
        self.splits[dataset].caption(place)
    }
    /// When the example at `index` came to be, in seconds since 1970, where that is known.
    pub fn time(&self, index: usize) -> Option<i64> {
        let (dataset, place) = self.find(index);
        self.splits[dataset].time(place)
    }
}

/// The concepts of one or several datasets, brought to one shape.
#[derive(Clone, Debug)]
pub struct Universe {
    /// Where the concepts come from.
    pub datasets: Vec<Dataset>,
    /// All classes of all datasets, dataset by dataset.
    pub concepts: Vec<Concept>,
    /// Channels, height and width of every input.
    pub shape: [usize; 3],
    /// Training examples.
    pub train: Arc<Pool>,
    /// Test examples.
    pub test: Arc<Pool>,
}

impl Universe {
    /// Brings datasets together in `shape`, or in the smallest shape that holds each.
    ///
    /// # Errors
    /// When there is none, two have one name, or one cannot be brought to the shape.
    pub fn new(datasets: Vec<Dataset>, shape: Option<[usize; 3]>, fit: Fit) -> Result<Self> {
        ensure!(!datasets.is_empty(), "stream.dataset is empty; name a dataset");
        for (index, dataset) in datasets.iter().enumerate() {
            let again = datasets[..index].iter().any(|before| before.name == dataset.name);
            ensure!(!again, "stream.dataset names `{}` twice", dataset.name);
        }
        let largest = |axis: usize| datasets.iter().map(|dataset| dataset.shape[axis]).max().unwrap_or(0);
        let shape = shape.unwrap_or_else(|| [0, 1, 2].map(largest));
        let element = datasets[0].train.element();
        let same = |split: &Split| split.element() == element;
        if let Some(other) = datasets.iter().find(|of| !same(&of.train) || !same(&of.test)) {
            bail!("`{}` holds pictures and `{}` features, or the other way round", other.name, datasets[0].name);
        }
        if element == Element::Float {
            let other = datasets.iter().find(|dataset| dataset.shape != shape);
            ensure!(
                other.is_none(),
                "features of `{}` have shape {:?} and cannot be brought to {shape:?}",
                other.map_or("", |dataset| &dataset.name),
                other.map_or(shape, |dataset| dataset.shape)
            );
        }
        let most = if element == Element::Float { MOST_FEATURES } else { 1024 };
        ensure!(
            matches!(shape[0], 1..=4) && shape[1..].iter().all(|side| (1..=most).contains(side)),
            "stream.shape = {shape:?} is not 1 to 4 channels of 1 to 1024 rows and columns"
        );
        let shaping = datasets.iter().map(|dataset| Shaping::between(dataset, shape, fit));
        let shaping = shaping.collect::<Result<Vec<_>>>()?;
        let pool = |split: fn(&Dataset) -> &Arc<Split>| pool(&datasets, split, &shaping, shape);
        let (train, test) = (pool(|dataset| &dataset.train)?, pool(|dataset| &dataset.test)?);
        let concepts = |(index, of): (usize, &Dataset)| (0..of.classes.len()).map(move |class| (index, class));
        let concepts = datasets.iter().enumerate().flat_map(concepts);
        let concepts = concepts.map(|(dataset, class)| Concept { dataset, class }).collect();
        Ok(Self { datasets, concepts, shape, train, test })
    }
    /// Whether some input has to be brought to the stream's shape.
    pub(crate) fn is_shaped(&self) -> bool {
        self.datasets.iter().any(|dataset| dataset.shape != self.shape)
    }
    /// What inputs are made of.
    pub fn element(&self) -> Element {
        self.datasets[0].train.element()
    }
    /// Puts concepts into another order: `order` holds each of their numbers once.
    pub(crate) fn reordered(mut self, order: &[usize]) -> Self {
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(at, concept)| place[*concept] = at as u32);
        self.concepts = order.iter().map(|concept| self.concepts[*concept].clone()).collect();
        for pool in [&mut self.train, &mut self.test] {
            let pool = Arc::make_mut(pool);
            pool.concepts.iter_mut().for_each(|concept| *concept = place[*concept as usize]);
        }
        self
    }
    /// The name of a concept's class.
    pub fn class(&self, concept: usize) -> &str {
        let Concept { dataset, class } = self.concepts[concept];
        &self.datasets[dataset].classes[class]
    }
    /// A concept's name, `dataset+++class`.
    pub fn name(&self, concept: usize) -> String {
        format!("{}{BETWEEN}{}", self.datasets[self.concepts[concept].dataset].name, self.class(concept))
    }
    /// What a stream calls a concept: its class where there is one dataset, else its name.
    pub fn label(&self, concept: usize) -> String {
        if self.datasets.len() == 1 { self.class(concept).to_owned() } else { self.name(concept) }
    }
    /// Finds concepts by name.
    pub fn index(&self) -> Result<Index> {
        let (mut exact, mut loose) = (HashMap::new(), HashMap::new());
        for concept in 0..self.concepts.len() {
            let name = self.name(concept);
            loose.entry(plain(&name)).and_modify(|at| *at = None).or_insert(Some(concept));
            ensure!(exact.insert(name.clone(), concept).is_none(), "the concept `{name}` is there twice");
        }
        Ok(Index { exact, loose })
    }
    /// Each channel's mean and standard deviation over the training examples of all datasets.
    pub(crate) fn moments(&self) -> (Vec<f32>, Vec<f32>) {
        if let [only] = &self.datasets[..]
            && !self.is_shaped()
        {
            return (only.mean.clone(), only.std.clone());
        }
        let channel = |channel: usize| {
            let (mut count, mut first, mut second) = (0.0, 0.0, 0.0);
            for dataset in &self.datasets {
                // A grey picture's channel stands for each; colours become grey by about their mean.
                let own: Vec<usize> =
                    if dataset.shape[0] == self.shape[0] { vec![channel] } else { (0..dataset.shape[0]).collect() };
                let n = dataset.train.len() as f64 / own.len() as f64;
                for at in own {
                    let (mean, std) = (f64::from(dataset.mean[at]), f64::from(dataset.std[at]));
                    count += n;
                    first += n * mean;
                    second += n * (std * std + mean * mean);
                }
            }
            let mean = first / count;
            let variance = (second / count - mean * mean).max(0.0);
            (mean as f32, if variance > 1e-12 { variance.sqrt() as f32 } else { 1.0 })
        };
        (0..self.shape[0]).map(channel).unzip()
    }
}

fn pool(
    datasets: &[Dataset],
    split: fn(&Dataset) -> &Arc<Split>,
    shaping: &[Option<Arc<dyn Transform>>],
    shape: [usize; 3],
) -> Result<Arc<Pool>> {
    let (mut starts, mut concepts, mut classes) = (Vec::new(), Vec::new(), 0);
    for dataset in datasets {
        let split = split(dataset);
        starts.push(concepts.len());
        concepts.extend((0..split.len()).map(|index| (classes + split.label(index)) as u32));
        classes += dataset.classes.len();
    }
    ensure!(u32::try_from(concepts.len()).is_ok(), "the datasets hold more than {} examples", u32::MAX);
    Ok(Arc::new(Pool {
        splits: datasets.iter().map(|dataset| split(dataset).clone()).collect(),
        starts,
        concepts,
        shaping: shaping.to_vec(),
        size: shape.iter().product::<usize>() * datasets[0].train.element().bytes(),
    }))
}

/// Concepts by name.
pub struct Index {
    exact: HashMap<String, usize>,
    /// By letters and digits alone; none where two concepts have the same.
    loose: HashMap<String, Option<usize>>,
}

impl Index {
    /// The concept called `name`, `dataset+++class`. Case, blanks and punctuation count only where they must: FoMo's
    /// files write `CIFAR100+++apple` for `cifar100+++apple`.
    ///
    /// # Errors
    /// When the name is no concept's name at all.
    pub fn find(&self, name: &str) -> Result<Option<usize>> {
        if name.split_once(BETWEEN).is_none_or(|(dataset, class)| dataset.is_empty() || class.is_empty()) {
            bail!("`{}` is no concept; write dataset{BETWEEN}class", name.escape_debug());
        }
        Ok(self.exact.get(name).copied().or_else(|| self.loose.get(&plain(name)).copied().flatten()))
    }
}

/// Letters and digits in lower case, with the mark between dataset and class.
fn plain(name: &str) -> String {
    let (dataset, class) = name.split_once(BETWEEN).unwrap_or(("", name));
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let [dataset, class]: [String; 2] = [letters(dataset), letters(class)];
    dataset + BETWEEN + &class
}
