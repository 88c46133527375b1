//! Datasets: examples with a train and a test split. They know nothing of tasks.
//!
//! Pixels stay `u8` in memory; a batch becomes floating point when it is built.

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::BTreeMap,
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::{files::Files, registry::Shelf};

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
    fn limited(&self, most: usize) -> Self {
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

/// Examples with a train and a test split.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Its name in stream files.
    pub name: String,
    /// Channels, height and width of an input.
    pub shape: [usize; 3],
    /// Names of the classes, in the order of the labels.
    pub classes: Vec<String>,
    /// The year in which it was released, where that is known.
    pub released: Option<u16>,
    /// For training.
    pub train: Arc<Split>,
    /// For testing.
    pub test: Arc<Split>,
    /// Mean of each channel over the train split, of pixels scaled to 0 to 1.
    pub mean: Vec<f32>,
    /// Standard deviation of each channel, likewise.
    pub std: Vec<f32>,
    /// SHA-256 of shape, classes, pixels and labels, in hexadecimal digits.
    pub hash: String,
}

impl Dataset {
    /// Puts the splits together, measures mean and standard deviation of the train split, and hashes the content.
    pub fn new(name: &str, shape: [usize; 3], classes: Vec<String>, train: Split, test: Split) -> Self {
        let (mean, std) = moments(shape, &train);
        let mut hash = Sha256::new();
        hash.update(format!("{shape:?} {classes:?}"));
        for split in [&train, &test] {
            hash.update(split.labels.len().to_le_bytes());
            match &split.store {
                Store::Memory(bytes) => hash.update(bytes),
                Store::File(..) => (0..split.len()).for_each(|index| hash.update(split.pixels(index))),
            }
            split.labels.iter().for_each(|label| hash.update(label.to_le_bytes()));
            for caption in &split.captions {
                hash.update(format!("caption {} {caption}", caption.len()));
            }
            split.times.iter().for_each(|time| hash.update(format!("time {time}")));
        }
        let hash = hex(&hash.finalize());
        let (train, test) = (Arc::new(train), Arc::new(test));
        Self { name: name.into(), shape, classes, released: None, train, test, mean, std, hash }
    }
}

impl Dataset {
    /// The same with at most so many examples of each class for training and for testing, the first ones.
    #[must_use]
    pub fn limited(&self, train: Option<usize>, test: Option<usize>) -> Self {
        let limited = |split: &Arc<Split>, most: Option<usize>| match most {
            Some(most) => split.limited(most),
            None => Split::clone(split),
        };
        let (train, test) = (limited(&self.train, train), limited(&self.test, test));
        Self { released: self.released, ..Self::new(&self.name, self.shape, self.classes.clone(), train, test) }
    }
    /// The same, released in `year`.
    #[must_use]
    pub fn released(self, year: u16) -> Self {
        Self { released: Some(year), ..self }
    }
}

/// Mean and standard deviation of each channel: of pixels from exact counts of the 256 values, scaled to 0 to 1; of
/// features in the order of the examples.
fn moments([channels, height, width]: [usize; 3], split: &Split) -> (Vec<f32>, Vec<f32>) {
    if split.is_bare() {
        return (vec![0.0; channels], vec![1.0; channels]);
    }
    if split.element == Element::Float {
        return spread(split);
    }
    let mut counts = vec![[0_u64; 256]; channels];
    for index in 0..split.len() {
        for (counts, plane) in counts.iter_mut().zip(split.pixels(index).chunks_exact(height * width)) {
            plane.iter().for_each(|value| counts[usize::from(*value)] += 1);
        }
    }
    let channel = |counts: &[u64; 256]| {
        let total = counts.iter().sum::<u64>().max(1) as f64;
        let power = |power: i32| {
            counts.iter().enumerate().map(|(value, n)| (value as f64 / 255.0).powi(power) * *n as f64).sum::<f64>()
        };
        let mean = power(1) / total;
        deviation(mean, power(2) / total)
    };
    counts.iter().map(channel).unzip()
}

/// Mean and standard deviation of all features together: one scale, so that directions are kept.
fn spread(split: &Split) -> (Vec<f32>, Vec<f32>) {
    let (mut count, mut first, mut second) = (0.0_f64, 0.0, 0.0);
    for index in 0..split.len() {
        for value in floats(&split.pixels(index)) {
            count += 1.0;
            first += f64::from(value);
            second += f64::from(value) * f64::from(value);
        }
    }
    let (mean, std) = deviation(first / count, second / count);
    (vec![mean], vec![std])
}

/// Mean, and standard deviation from the mean square; a constant has no spread, and one keeps divisions harmless.
fn deviation(mean: f64, square: f64) -> (f32, f32) {
    let variance = (square - mean * mean).max(0.0);
    (mean as f32, if variance > 1e-12 { variance.sqrt() as f32 } else { 1.0 })
}

/// Features out of their bytes.
pub fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> + '_ {
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four))
}

/// Hexadecimal digits, two for each byte.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A file that a dataset is read from, below the data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// Path below the data folder, such as `mnist/train-images-idx3-ubyte.gz`.
    pub path: &'static str,
    /// SHA-256 of the uncompressed content, in hexadecimal digits.
    pub sha256: &'static str,
    /// Bytes of the uncompressed content.
    pub bytes: u64,
}

/// Opens data of a user's own: a stream file's `[data.NAME]` table.
pub trait Load {
    /// Opens it under this name.
    ///
    /// # Errors
    /// When what it names is missing, broken or too large.
    fn load(&self, name: &str, origin: &Origin) -> Result<Dataset>;
}

/// Where a loader looks.
pub struct Origin<'a> {
    /// The folder of datasets.
    pub data: &'a Path,
    /// Finds what the stream file names.
    pub files: &'a Files,
    /// What else there is by name.
    pub shelf: &'a Shelf,
    /// What loaders say of themselves; see [`Origin::note`].
    pub notes: &'a RefCell<Vec<String>>,
}

impl Origin<'_> {
    /// Notes what of the data was read in a way that may surprise; shown with the stream and kept in its runs' manifests.
    pub fn note(&self, note: String) {
        self.notes.borrow_mut().push(note);
    }
    /// The folder for what can be made again, below that of datasets; it need not be there yet.
    pub fn cache(&self) -> PathBuf {
        self.data.join(".cache")
    }
    /// Where a path of the stream file leads: beside it, else below the data folder, else from the current folder.
    ///
    /// # Errors
    /// When it may not lead there; see [`Files`].
    pub fn path(&self, path: &str) -> Result<PathBuf> {
        self.files.find(path, &[self.data])
    }
}

/// Where a dataset comes from: how to list, fetch, verify and open it.
pub trait Source: Sync {
    /// Its name in stream files, in kebab case.
    fn name(&self) -> &'static str;
    /// One line: what it is, its size, and its licence.
    fn about(&self) -> &'static str;
    /// Under which licence its data may be used, in a few words: what [`Source::about`] ends with.
    fn licence(&self) -> &'static str {
        self.about().rsplit("; ").next().unwrap_or_default()
    }
    /// The publication or page that it comes from.
    fn citation(&self) -> &'static str;
    /// The files that it is read from; none where it is embedded.
    fn files(&self) -> &'static [File] {
        &[]
    }
    /// Opens it, from `data` unless it is embedded.
    fn open(&self, data: &Path) -> Result<Dataset>;
    /// Compares each file below `data` with its checksum; the paths that were found whole.
    fn verify(&self, _data: &Path) -> Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
    /// Brings the files into `data`: from `from` (a folder or a URL) where given, else with the package clients
    /// of the machine. What is there and whole is left alone.
    fn fetch(&self, _data: &Path, _from: Option<&str>) -> Result<()> {
        Ok(())
    }
}
