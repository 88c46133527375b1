//! Datasets: examples with a train and a test split. They know nothing of tasks.
//!
//! Pixels stay `u8` in memory; a batch becomes floating point when it is built.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::split::{Element, Split, floats};
use crate::primitives::hex::hex;

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
            split.hash(&mut hash);
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
    if split.element() == Element::Float {
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
