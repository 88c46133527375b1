//! Handwritten digits, 8 × 8 pixels, embedded: the dataset that is always there.
//!
//! E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository,
//! <https://doi.org/10.24432/C50P49>, CC BY 4.0. Embedded is its test part, 1,797 examples, which scikit-learn also
//! ships.
//!
//! **Deviation:** the original has no split of these examples. Here, of each class, in the order of the file, every
//! fifth example is for testing (the 5th, the 10th, …) and the rest for training: 1,442 and 355. Neighbours in the
//! file may come from one writer, so the test split holds no unseen writers.
//!
//! **Deviation:** pixels of 0 to 16 are scaled to 0 to 255 and rounded, halves up.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clbench::data::{Dataset, Source, Split};

use crate::sets::{
    embedded::{self, Embedded, embedded},
    mnist::DIGIT_NAMES,
};

/// Images and labels.
pub(crate) const FILES: [Embedded; 2] = [
    embedded!("digits-images-idx3-ubyte", 115_024, "359cd13f0f514122884198b78a131df597421cbf5e93a76678fa96fc548f0d96"),
    embedded!("digits-labels-idx1-ubyte", 1_805, "ce71631c1f31ce56fa54f31d1d498fafacff59b001e6c30c4a5e29508aa277ad"),
];

/// Of each class, one example in so many is for testing.
const FOLD: usize = 5;

/// The embedded digits.
pub const DIGITS: Digits = Digits;

/// Source of the embedded digits.
#[derive(Clone, Copy, Debug)]
pub struct Digits;

impl Source for Digits {
    fn name(&self) -> &'static str {
        "digits"
    }

    fn about(&self) -> &'static str {
        "handwritten digits, 10 classes, 1442 + 355 of 1×8×8, embedded; CC BY 4.0"
    }

    fn citation(&self) -> &'static str {
        "Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, https://doi.org/10.24432/C50P49"
    }

    fn open(&self, _data: &Path) -> Result<Dataset> {
        let [images, labels] = &FILES;
        let (images, labels) = (images.read(3)?, labels.read(1)?.bytes);
        ensure!(images.bytes.len() == 64 * labels.len(), "embedded digits: images and labels differ in number");
        let mut seen = [0_usize; 10];
        let (mut train, mut test) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
        for (image, label) in images.bytes.chunks_exact(64).zip(labels) {
            let seen = seen.get_mut(usize::from(label)).context("embedded digits: a label beyond 9")?;
            *seen += 1;
            let (pixels, labels) = if seen.is_multiple_of(FOLD) { &mut test } else { &mut train };
            pixels.extend(image.iter().map(|value| stretched(*value)));
            labels.push(u16::from(label));
        }
        let split = |(pixels, labels)| Split::new([1, 8, 8], pixels, labels, 10);
        let names = DIGIT_NAMES.iter().map(ToString::to_string).collect();
        Ok(Dataset::new(self.name(), [1, 8, 8], names, split(train)?, split(test)?).released(1998))
    }

    fn verify(&self, _data: &Path) -> Result<Vec<PathBuf>> {
        FILES.iter().try_for_each(Embedded::verify)?;
        Ok(Vec::new())
    }

    fn fetch(&self, _data: &Path, from: Option<&str>) -> Result<()> {
        embedded::fetch(self.name(), from)
    }
}

/// A pixel of 0 to 16 on the scale of 0 to 255.
fn stretched(value: u8) -> u8 {
    ((u16::from(value.min(16)) * 255 + 8) / 16) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_scaled_to_the_whole_range() {
        assert_eq!([0, 1, 2, 8, 15, 16].map(stretched), [0, 16, 32, 128, 239, 255]);
    }

    #[test]
    fn every_fifth_of_a_class_is_for_testing() {
        let dataset = DIGITS.open(Path::new("")).unwrap();
        assert_eq!((dataset.train.len(), dataset.test.len()), (1_442, 355));
        let count = |split: &Split, class| (0..split.len()).filter(|at| split.label(*at) == class).count();
        for class in 0..10 {
            let (train, test) = (count(&dataset.train, class), count(&dataset.test, class));
            assert_eq!(test, (train + test) / 5, "class {class}");
        }
        // The first line of the file: a zero, and its first row.
        assert_eq!(dataset.train.label(0), 0);
        assert_eq!(dataset.train.pixels(0)[..8], [0, 0, 80, 207, 143, 16, 0, 0]);
    }
}
