//! One split of a dataset: inputs of one shape with labels, captions and times.

use std::{borrow::Cow, collections::BTreeMap, fs, os::unix::fs::FileExt, sync::Arc};

use anyhow::{Result, bail, ensure};
use sha2::{Digest, Sha256};

/// Largest number of pixel bytes that one split may hold: 4 GiB.
pub const MOST_BYTES: usize = 1 << 32;

/// Longest caption, in bytes.
pub const MOST_CAPTION: usize = 4096;

/// What an input is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Element {
    /// A byte: a pixel, 0 to 255.
    #[default]
    Byte,
    /// Four bytes: a finite `f32`, little-endian; a feature.
    Float,
}

impl Element {
    /// Bytes that it takes.
    pub fn bytes(self) -> usize {
        match self {
            Self::Byte => 1,
            Self::Float => 4,
        }
    }
}

/// Where inputs lie.
#[derive(Clone, Debug)]
enum Store {
    /// In memory.
    Memory(Vec<u8>),
    /// In an open file, from this byte on.
    File(Arc<fs::File>, u64),
}

/// Inputs of one shape with their labels.
#[derive(Clone, Debug)]
pub struct Split {
    element: Element,
    /// Bytes of one input: channels × height × width × those of an element.
    stride: usize,
    /// Shape `[n, channels, height, width]`, row-major.
    store: Store,
    /// Index into the dataset's classes, one per input.
    labels: Vec<u16>,
    /// One text per input, or none at all.
    captions: Vec<Arc<str>>,
    /// Seconds since 1970, one per input, or none at all.
    times: Vec<i64>,
}

impl Split {
    /// Inputs of `shape` (channels, height, width), planar, and labels below `classes`.
    ///
    /// # Errors
    /// When the lengths do not belong together, a label is out of range, or there is nothing.
    pub fn new(shape: [usize; 3], pixels: Vec<u8>, labels: Vec<u16>, classes: usize) -> Result<Self> {
        let bytes = pixels.len() as u64;
        Self::checked(shape, Element::Byte, Store::Memory(pixels), bytes, labels, classes)
    }
    /// Adds all that it holds to a hash.
    pub(super) fn hash(&self, hash: &mut Sha256) {
        hash.update(self.labels.len().to_le_bytes());
        match &self.store {
            Store::Memory(bytes) => hash.update(bytes),
            Store::File(..) => (0..self.len()).for_each(|index| hash.update(self.pixels(index))),
        }
        self.labels.iter().for_each(|label| hash.update(label.to_le_bytes()));
        for caption in &self.captions {
            hash.update(format!("caption {} {caption}", caption.len()));
        }
        self.times.iter().for_each(|time| hash.update(format!("time {time}")));
    }
    /// Features in place of pixels: `shape` is `[1, 1, d]`, `values` has shape `[n, d]`.
    ///
    /// # Errors
    /// As [`Split::new`], and when a value is not a finite number.
    pub fn floats(shape: [usize; 3], values: Vec<f32>, labels: Vec<u16>, classes: usize) -> Result<Self> {
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let width = shape.iter().product::<usize>().max(1);
            bail!("feature {} of example {} is {} and no finite number", at % width, at / width, values[at]);
        }
        let bytes: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
        let length = bytes.len() as u64;
        Self::checked(shape, Element::Float, Store::Memory(bytes), length, labels, classes)
    }
    /// Inputs that stay in `file` from byte `from` on, in the order of [`Split::new`], and are read one by one.
    ///
    /// # Errors
    /// As [`Split::new`], and when the file is too short.
    pub fn stored(shape: [usize; 3], file: fs::File, from: u64, labels: Vec<u16>, classes: usize) -> Result<Self> {
        let wanted = (shape.iter().product::<usize>() * labels.len()) as u64;
        let there = file.metadata()?.len().saturating_sub(from);
        Self::checked(shape, Element::Byte, Store::File(Arc::new(file), from), wanted.min(there), labels, classes)
    }
    fn checked(
        shape: [usize; 3],
        element: Element,
        store: Store,
        bytes: u64,
        labels: Vec<u16>,
        classes: usize,
    ) -> Result<Self> {
        let stride = shape.iter().product::<usize>() * element.bytes();
        ensure!(stride > 0 && !labels.is_empty(), "the split is empty");
        ensure!(
            bytes == (stride * labels.len()) as u64,
            "{bytes} bytes of inputs are not {} inputs of {stride} bytes",
            labels.len()
        );
        if let Some(label) = labels.iter().find(|label| usize::from(**label) >= classes) {
            bail!("label {label} among {classes} classes");
        }
        Ok(Self { element, stride, store, labels, captions: Vec::new(), times: Vec::new() })
    }
    /// Labels of examples whose inputs are not known.
    ///
    /// # Errors
    /// When there is none.
    pub fn bare(labels: Vec<u16>) -> Result<Self> {
        ensure!(!labels.is_empty(), "the split is empty");
        let (store, captions, times) = (Store::Memory(Vec::new()), Vec::new(), Vec::new());
        Ok(Self { element: Element::Byte, stride: 0, store, labels, captions, times })
    }
    /// The same with a text for each example.
    ///
    /// # Errors
    /// When there are not as many texts as examples, or one is longer than [`MOST_CAPTION`] bytes.
    pub fn captions(self, captions: Vec<String>) -> Result<Self> {
        ensure!(captions.len() == self.len(), "{} captions for {} examples", captions.len(), self.len());
        if let Some(at) = captions.iter().position(|caption| caption.len() > MOST_CAPTION) {
            bail!("the caption of example {at} is longer than {MOST_CAPTION} bytes");
        }
        Ok(Self { captions: captions.into_iter().map(Arc::from).collect(), ..self })
    }
    /// The same with the time of each example, in seconds since 1970.
    ///
    /// # Errors
    /// When there are not as many times as examples.
    pub fn times(self, times: Vec<i64>) -> Result<Self> {
        ensure!(times.len() == self.len(), "{} times for {} examples", times.len(), self.len());
        Ok(Self { times, ..self })
    }
    /// At most `most` examples of each class, in the order in which they stand, held in memory.
    #[must_use]
    pub(super) fn limited(&self, most: usize) -> Self {
        let mut counts = BTreeMap::<u16, usize>::new();
        let mut is_kept = |label: u16| {
            let count = counts.entry(label).or_default();
            *count += 1;
            *count <= most
        };
        let kept: Vec<usize> = (0..self.len()).filter(|at| is_kept(self.labels[*at])).collect();
        let bytes = kept.iter().filter(|_| !self.is_bare()).flat_map(|at| self.pixels(*at).into_owned()).collect();
        let pick = |at: &usize| self.captions.get(*at).cloned();
        Self {
            element: self.element,
            stride: self.stride,
            store: Store::Memory(bytes),
            labels: kept.iter().map(|at| self.labels[*at]).collect(),
            captions: kept.iter().filter_map(pick).collect(),
            times: kept.iter().filter_map(|at| self.times.get(*at).copied()).collect(),
        }
    }
    /// Whether inputs are not known.
    pub fn is_bare(&self) -> bool {
        self.stride == 0
    }
    /// What inputs are made of.
    pub fn element(&self) -> Element {
        self.element
    }
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }
    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
    /// The input at `index`, planar, as bytes. Shape `[channels, height, width]`.
    ///
    /// # Panics
    /// When inputs stay in a file that can no longer be read.
    pub fn pixels(&self, index: usize) -> Cow<'_, [u8]> {
        match &self.store {
            Store::Memory(bytes) => Cow::Borrowed(&bytes[index * self.stride..(index + 1) * self.stride]),
            Store::File(file, from) => {
                let mut room = vec![0; self.stride];
                let read = file.read_exact_at(&mut room, from + (index * self.stride) as u64);
                read.expect("the file of a dataset that is open can be read");
                Cow::Owned(room)
            }
        }
    }
    /// The same where it lies in memory.
    pub(crate) fn near(&self, index: usize) -> &[u8] {
        match &self.store {
            Store::Memory(bytes) => &bytes[index * self.stride..(index + 1) * self.stride],
            Store::File(..) => &[],
        }
    }
    /// The class of the input at `index`.
    pub fn label(&self, index: usize) -> usize {
        usize::from(self.labels[index])
    }
    /// What is said of the input at `index`, where something is.
    pub fn caption(&self, index: usize) -> Option<&Arc<str>> {
        self.captions.get(index)
    }
    /// When the input at `index` came to be, in seconds since 1970, where that is known.
    pub fn time(&self, index: usize) -> Option<i64> {
        self.times.get(index).copied()
    }
}

/// Features out of their bytes.
pub fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> + '_ {
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four))
}
