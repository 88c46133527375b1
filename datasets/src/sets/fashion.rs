//! Fashion-MNIST: articles of clothing, 28 × 28 pixels; whole from the data folder, and a part of it embedded.
//!
//! Xiao, Rasul and Vollgraf 2017, <https://arxiv.org/abs/1708.07747>; © 2017 Zalando SE, MIT licence.
//!
//! The embedded part is balanced: of the train file the first 800 examples of each class, of the test file the first
//! 200 of each class, both in the order of the file.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clbench::data::{Dataset, File, Source};

use crate::{
    fetch::set::{Format, Package, Recipe, Set},
    sets::embedded::{self, Embedded, embedded},
};

/// Names of the classes, as the authors spell them.
const NAMES: [&str; 10] =
    ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

/// The publication.
const CITATION: &str = "Xiao, Rasul and Vollgraf 2017, Fashion-MNIST, https://arxiv.org/abs/1708.07747";

/// Images and labels for training, then for testing.
pub(crate) const SMALL: [Embedded; 4] = [
    embedded!(
        "fashion-mnist-small-train-images-idx3-ubyte",
        6_272_016,
        "75160f837651dde775b4fd9dea1bb7553cfac40348cc57c68f6b39cb0074904a"
    ),
    embedded!(
        "fashion-mnist-small-train-labels-idx1-ubyte",
        8_008,
        "04f45099e6fb006d6bc9513294ffdae927861e382b72e36787b8e11d386e3ea3"
    ),
    embedded!(
        "fashion-mnist-small-test-images-idx3-ubyte",
        1_568_016,
        "15a92dd1e9b16ea361928086e77df4dfa890c255c00b5a8c8162c1040ce8eef1"
    ),
    embedded!(
        "fashion-mnist-small-test-labels-idx1-ubyte",
        2_008,
        "234596aeb6eb48133ec99a62541f90bc0728c9559a681f1e0638037462458f2c"
    ),
];

/// The embedded part.
pub const FASHION_MNIST_SMALL: FashionSmall = FashionSmall;

/// Source of the embedded part.
#[derive(Clone, Copy, Debug)]
pub struct FashionSmall;

impl Source for FashionSmall {
    fn name(&self) -> &'static str {
        "fashion-mnist-small"
    }

    fn about(&self) -> &'static str {
        "the first 800 + 200 of each class of Fashion-MNIST, 10 classes, 8000 + 2000 of 1×28×28, embedded; MIT"
    }

    fn citation(&self) -> &'static str {
        CITATION
    }

    fn open(&self, _data: &Path) -> Result<Dataset> {
        let [train_images, train_labels, test_images, test_labels] = &SMALL;
        let (shape, train) = embedded::split(train_images, train_labels, NAMES.len())?;
        let (test_shape, test) = embedded::split(test_images, test_labels, NAMES.len())?;
        ensure!(shape == test_shape, "embedded fashion-mnist-small: two shapes");
        let names = NAMES.iter().map(ToString::to_string).collect();
        Ok(Dataset::new(self.name(), shape, names, train, test).released(2017))
    }

    fn verify(&self, _data: &Path) -> Result<Vec<PathBuf>> {
        SMALL.iter().try_for_each(Embedded::verify)?;
        Ok(Vec::new())
    }

    fn fetch(&self, _data: &Path, from: Option<&str>) -> Result<()> {
        embedded::fetch(self.name(), from)
    }
}

/// The whole of it.
pub static FASHION_MNIST: Set = Set {
    name: "fashion-mnist",
    about: "articles of clothing, 10 classes, 60000 + 10000 of 1×28×28, about 55 MB; MIT",
    citation: CITATION,
    released: 2017,
    page: "https://github.com/zalandoresearch/fashion-mnist",
    format: Format::IDX,
    classes: &NAMES,
    files: &[
        File {
            path: "fashion-mnist/train-images-idx3-ubyte",
            sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            bytes: 47_040_016,
        },
        File {
            path: "fashion-mnist/train-labels-idx1-ubyte",
            sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            bytes: 60_008,
        },
        File {
            path: "fashion-mnist/t10k-images-idx3-ubyte",
            sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            bytes: 7_840_016,
        },
        File {
            path: "fashion-mnist/t10k-labels-idx1-ubyte",
            sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            bytes: 10_008,
        },
    ],
    archive: None,
    recipes: &[Recipe { package: Package::Apt("dataset-fashion-mnist"), sprites: false }],
};

#[cfg(test)]
mod tests {
    use clbench::data::Split;

    use super::*;

    #[test]
    fn the_embedded_part_is_balanced() {
        let dataset = FASHION_MNIST_SMALL.open(Path::new("")).unwrap();
        assert_eq!((dataset.train.len(), dataset.test.len(), dataset.shape), (8_000, 2_000, [1, 28, 28]));
        let count = |split: &Split, class| (0..split.len()).filter(|at| split.label(*at) == class).count();
        for class in 0..10 {
            assert_eq!((count(&dataset.train, class), count(&dataset.test, class)), (800, 200), "class {class}");
        }
    }
}
