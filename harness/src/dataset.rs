//! Datasets: examples with a train and a test split. They know nothing of tasks.
//!
//! Pixels stay `u8` in memory; a batch becomes floating point when it is built.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Result, bail, ensure};
use sha2::{Digest, Sha256};

/// Largest number of pixel bytes that one split may hold: 4 GiB.
pub const MOST_BYTES: usize = 1 << 32;

/// Inputs of one shape with their labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Bytes of one input: channels × height × width.
    stride: usize,
    /// Shape `[n, channels, height, width]`, row-major.
    pixels: Vec<u8>,
    /// Index into the dataset's classes, one per input.
    labels: Vec<u16>,
}

impl Split {
    /// Inputs of `shape` (channels, height, width), planar, and labels below `classes`.
    ///
    /// # Errors
    /// When the lengths do not belong together, a label is out of range, or there is nothing.
    pub fn new(shape: [usize; 3], pixels: Vec<u8>, labels: Vec<u16>, classes: usize) -> Result<Self> {
        let stride: usize = shape.iter().product();
        ensure!(stride > 0 && !labels.is_empty(), "the split is empty");
        ensure!(
            pixels.len() == stride * labels.len(),
            "{} bytes of pixels are not {} inputs of {} bytes",
            pixels.len(),
            labels.len(),
            stride
        );
        if let Some(label) = labels.iter().find(|label| usize::from(**label) >= classes) {
            bail!("label {label} among {classes} classes");
        }
        Ok(Self { stride, pixels, labels })
    }
    /// Labels of examples whose inputs are not known.
    ///
    /// # Errors
    /// When there is none.
    pub fn bare(labels: Vec<u16>) -> Result<Self> {
        ensure!(!labels.is_empty(), "the split is empty");
        Ok(Self { stride: 0, pixels: Vec::new(), labels })
    }
    /// Whether inputs are not known.
    pub fn is_bare(&self) -> bool {
        self.stride == 0
    }
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }
    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
    /// The input at `index`, planar. Shape `[channels, height, width]`, 0 to 255.
    pub fn pixels(&self, index: usize) -> &[u8] {
        &self.pixels[index * self.stride..(index + 1) * self.stride]
    }
    /// The class of the input at `index`.
    pub fn label(&self, index: usize) -> usize {
        usize::from(self.labels[index])
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
            hash.update(&split.pixels);
            split.labels.iter().for_each(|label| hash.update(label.to_le_bytes()));
        }
        let hash = hex(&hash.finalize());
        let (train, test) = (Arc::new(train), Arc::new(test));
        Self { name: name.into(), shape, classes, released: None, train, test, mean, std, hash }
    }
}

impl Dataset {
    /// The same, released in `year`.
    #[must_use]
    pub fn released(self, year: u16) -> Self {
        Self { released: Some(year), ..self }
    }
}

/// Mean and standard deviation of each channel, from exact counts of the 256 values.
fn moments([channels, height, width]: [usize; 3], split: &Split) -> (Vec<f32>, Vec<f32>) {
    let mut counts = vec![[0_u64; 256]; channels];
    for (at, plane) in split.pixels.chunks_exact(height * width).enumerate() {
        plane.iter().for_each(|value| counts[at % channels][usize::from(*value)] += 1);
    }
    let channel = |counts: &[u64; 256]| {
        let total = counts.iter().sum::<u64>().max(1) as f64;
        let power = |power: i32| {
            counts.iter().enumerate().map(|(value, n)| (value as f64 / 255.0).powi(power) * *n as f64).sum::<f64>()
        };
        let mean = power(1) / total;
        // A constant channel has no spread; one keeps the division harmless.
        let variance = (power(2) / total - mean * mean).max(0.0);
        (mean as f32, if variance > 1e-12 { variance.sqrt() as f32 } else { 1.0 })
    };
    counts.iter().map(channel).unzip()
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

/// Where a dataset comes from: how to list, fetch, verify and open it.
pub trait Source: Sync {
    /// Its name in stream files, in kebab case.
    fn name(&self) -> &'static str;
    /// One line: what it is, its size, and its licence.
    fn about(&self) -> &'static str;
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
