//! Arrays of NumPy: `.npy` files and members of `.npz` files.
//!
//! ```toml
//! [data.digits]
//! format = "npy"
//! train_inputs = "digits.npz:x_train"   # or a file, "x_train.npy"
//! train_labels = "digits.npz:y_train"
//! test_inputs = "digits.npz:x_test"
//! test_labels = "digits.npz:y_test"
//! layout = "channels-last"              # of inputs with four dimensions; or "channels-first"
//! classes = ["zero", "one"]             # names of the labels 0, 1, …; without it labels are their own names
//! memory = 1024                         # MiB that one array may take
//! ```
//!
//! Inputs of the type `uint8` are pixels: `[n, height, width]`, with a fourth dimension for one or three channels, or
//! `[n, d]`. Inputs of the types `float32` and `float64` with two dimensions are features. With more dimensions they
//! are pixels from 0 to 1, which are brought to 0 to 255 and rounded, so that they take a quarter of the room. Labels
//! are of any type of whole number. What is in Fortran's order, or in another byte order, is brought into the usual
//! one; that takes about three times the array's memory for a moment. A `.npy` file of bytes that is larger than
//! `memory` is not taken into memory at all where its order is the usual one; it must not change while a run reads it.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufReader, Read},
    path::PathBuf,
};

use anyhow::{Context, Result, bail, ensure};
use clbench::{
    catalogue::{Range, Settings, part},
    data::{Dataset, Format, Load, Origin, Split},
};

use super::{MEBIBYTE, MOST_CLASSES};
use crate::format::{
    array::{Header, Number},
    zipped,
};

/// The loader.
pub const FORMAT: Format = Format {
    name: "npy",
    about: "arrays of NumPy, `.npy` or `.npz`: pixels or features, and labels",
    citation: "https://numpy.org/neps/nep-0001-npy-format.html",
    settings: Arrays::SETTINGS,
    make: |table| part(table, |arrays: Arrays| Box::new(arrays) as Box<dyn Load>),
};

clbench::choice! {
    /// Which of four dimensions is that of the channels.
    enum Layout {
        /// `[n, height, width, channels]`.
        ChannelsLast = "channels-last",
        /// `[n, channels, height, width]`.
        ChannelsFirst = "channels-first",
    }
}

clbench::settings! {
    /// Settings of the loader.
    #[derive(Clone, Debug)]
    pub struct Arrays {
        /// Inputs to train on: a file `.npy`, or a member of one `.npz`, such as `digits.npz:x_train`.
        train_inputs: String;
        /// Their labels, likewise.
        train_labels: String;
        /// Inputs to test on.
        test_inputs: String;
        /// Their labels.
        test_labels: String;
        /// Which of four dimensions is that of the channels.
        #[serde(skip_serializing_if = "Option::is_none")]
        layout: Option<Layout> = None;
        /// Names of the labels from 0; labels are their own names where not set.
        #[serde(skip_serializing_if = "Option::is_none")]
        classes: Option<Vec<String>> = None, Range::Text("a list of different names");
        /// Most that one array may take, in MiB.
        memory: u64 = 1024;
    }
}

impl Settings for Arrays {
    fn check(&self) -> Result<()> {
        let Some(classes) = &self.classes else { return Ok(()) };
        ensure!(!classes.is_empty() && classes.len() <= MOST_CLASSES, "classes = [] is not 1 to {MOST_CLASSES} names");
        let different: BTreeSet<_> = classes.iter().collect();
        ensure!(different.len() == classes.len(), "two of `classes` are the same");
        Ok(())
    }
}

/// Inputs as they are held.
enum Inputs {
    Pixels(Vec<u8>),
    Features(Vec<f32>),
    Stored(File, u64),
}

impl Load for Arrays {
    fn load(&self, name: &str, origin: &Origin) -> Result<Dataset> {
        let labels = |place: &str| {
            let labels = Self::read(origin, place, |header, _, content| {
                ensure!(
                    header.sizes[1..].iter().all(|size| *size == 1),
                    "labels need one dimension, not {:?}",
                    header.sizes
                );
                header.whole(content, self.most())
            });
            labels.with_context(|| place.to_owned())
        };
        let (train_labels, test_labels) = (labels(&self.train_labels)?, labels(&self.test_labels)?);
        let classes = self.names(&train_labels)?;
        let half = |inputs: &str, labels: Vec<i64>, labels_place: &str| {
            let numbered = classes.number(&labels).with_context(|| labels_place.to_owned())?;
            self.half(origin, inputs, numbered, classes.names.len()).with_context(|| inputs.to_owned())
        };
        let (shape, train) = half(&self.train_inputs, train_labels, &self.train_labels)?;
        let (test_shape, test) = half(&self.test_inputs, test_labels, &self.test_labels)?;
        ensure!(
            shape == test_shape && train.element() == test.element(),
            "{name}: inputs of {shape:?} for training but of {test_shape:?}, or of another type, for testing"
        );
        Ok(Dataset::new(name, shape, classes.names, train, test))
    }
}

/// Classes and the labels that stand for them.
struct Classes {
    names: Vec<String>,
    /// Sorted.
    labels: Vec<i64>,
}

impl Classes {
    /// The class of each label.
    fn number(&self, labels: &[i64]) -> Result<Vec<u16>> {
        let number = |(at, label): (usize, &i64)| match self.labels.binary_search(label) {
            Ok(class) => Ok(class as u16),
            Err(_) => bail!("label {label} of example {at} is none of the {} classes", self.names.len()),
        };
        labels.iter().enumerate().map(number).collect()
    }
}

impl Arrays {
    /// Bytes that one array may take.
    fn most(&self) -> u64 {
        self.memory.saturating_mul(MEBIBYTE)
    }

    /// The classes: those that are named, or all labels that stand in the examples for training.
    fn names(&self, labels: &[i64]) -> Result<Classes> {
        if let Some(names) = &self.classes {
            return Ok(Classes { names: names.clone(), labels: (0..names.len() as i64).collect() });
        }
        let mut different = BTreeSet::new();
        for label in labels {
            different.insert(*label);
            ensure!(
                different.len() <= MOST_CLASSES,
                "{}: more than {MOST_CLASSES} different labels",
                self.train_labels
            );
        }
        let labels: Vec<i64> = different.into_iter().collect();
        Ok(Classes { names: labels.iter().map(ToString::to_string).collect(), labels })
    }

    /// Opens an array and hands header, file (where it is one of its own) and content to `read`.
    fn read<T>(
        origin: &Origin,
        place: &str,
        read: impl FnOnce(&Header, Option<&File>, &mut dyn Read) -> Result<T>,
    ) -> Result<T> {
        let (path, member) = Self::place(origin, place)?;
        let file = File::open(&path).with_context(|| format!("{} cannot be opened", path.display()))?;
        ensure!(file.metadata()?.is_file(), "{} is no file", path.display());
        let Some(member) = member else {
            let bytes = file.metadata()?.len();
            let mut content = BufReader::new(&file);
            let header = Header::read(&mut content)?;
            let wanted = header.bytes()?.saturating_add(header.length);
            ensure!(bytes >= wanted, "cut off: {bytes} of {wanted} bytes");
            return read(&header, Some(&file), &mut content);
        };
        zipped::member(BufReader::new(file), &member, |bytes, content| {
            let header = Header::read(&mut *content)?;
            let wanted = header.bytes()?.saturating_add(header.length);
            ensure!(bytes == wanted, "{bytes} bytes where the header promises {wanted}");
            read(&header, None, content)
        })
    }

    /// A path, and the member where it is an archive's.
    fn place(origin: &Origin, place: &str) -> Result<(PathBuf, Option<String>)> {
        let Some((file, member)) = place.rsplit_once(".npz:") else {
            ensure!(!place.ends_with(".npz"), "say which member, as {place}:NAME");
            return Ok((origin.path(place)?, None));
        };
        let member = if member.ends_with(".npy") { member.to_owned() } else { format!("{member}.npy") };
        Ok((origin.path(&format!("{file}.npz"))?, Some(member)))
    }

    /// One half of the dataset, with the shape of an input.
    fn half(&self, origin: &Origin, place: &str, labels: Vec<u16>, classes: usize) -> Result<([usize; 3], Split)> {
        let (shape, n, inputs) = Self::read(origin, place, |header, file, content| self.inputs(header, file, content))?;
        ensure!(n == labels.len(), "{n} inputs but {} labels", labels.len());
        let split = match inputs {
            Inputs::Pixels(pixels) => Split::new(shape, pixels, labels, classes),
            Inputs::Features(values) => Split::floats(shape, values, labels, classes),
            Inputs::Stored(file, from) => Split::stored(shape, file, from, labels, classes),
        };
        Ok((shape, split?))
    }

    /// The inputs of one half: shape of one, how many, and what they are.
    fn inputs(
        &self,
        header: &Header,
        file: Option<&File>,
        content: &mut dyn Read,
    ) -> Result<([usize; 3], usize, Inputs)> {
        let (shape, axes) = self.axes(&header.sizes)?;
        let n = header.sizes[0];
        let usual = !header.fortran && axes.is_sorted();
        let inputs = match (header.number, file) {
            (Number::Unsigned(1), Some(file)) if usual && header.bytes()? > self.most() => {
                Inputs::Stored(file.try_clone()?, header.length)
            }
            (Number::Unsigned(1), _) => Inputs::Pixels(header.arranged(header.octets(content, self.most())?, axes)),
            (Number::Float(_), _) => {
                let values = header.arranged(header.floats(content, self.most())?, axes);
                if header.sizes.len() == 2 { Inputs::Features(values) } else { Inputs::Pixels(scaled(&values)?) }
            }
            _ => bail!("inputs are to be uint8, float32 or float64; save features with astype(\"float32\")"),
        };
        Ok((shape, n, inputs))
    }

    /// The shape of an input, and the array's dimensions in the order that it has here.
    fn axes(&self, sizes: &[usize]) -> Result<([usize; 3], &'static [usize])> {
        ensure!(sizes.len() == 4 || self.layout.is_none(), "layout makes no sense for {} dimensions", sizes.len());
        let (shape, axes): (_, &[usize]) = match (sizes, self.layout) {
            ([_, d], _) => ([1, 1, *d], &[0, 1]),
            ([_, height, width], _) => ([1, *height, *width], &[0, 1, 2]),
            ([_, height, width, channels], Some(Layout::ChannelsLast)) => ([*channels, *height, *width], &[0, 3, 1, 2]),
            ([_, channels, height, width], Some(Layout::ChannelsFirst)) => {
                ([*channels, *height, *width], &[0, 1, 2, 3])
            }
            ([_, _, _, _], None) => bail!("{sizes:?}: set layout = \"channels-last\" or \"channels-first\""),
            _ => bail!("inputs need two to four dimensions, not {sizes:?}"),
        };
        ensure!(
            sizes.len() < 4 || matches!(shape[0], 1 | 3),
            "{} channels; there may be 1 or 3 (is `layout` right?)",
            shape[0]
        );
        Ok((shape, axes))
    }
}

/// Pixels from 0 to 1 as bytes.
fn scaled(values: &[f32]) -> Result<Vec<u8>> {
    let scale = |(at, value): (usize, &f32)| {
        ensure!(
            (0.0..=1.0).contains(value),
            "pixel {at} is {value}, and not from 0 to 1; divide by the largest, or save uint8"
        );
        Ok((value * 255.0).round() as u8)
    };
    values.iter().enumerate().map(scale).collect()
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, fs};

    use clbench::{
        catalogue::settings,
        data::{Element, files::Files, floats},
    };

    use super::*;
    use crate::format::{
        array::tests::{file, head},
        zipped::tests::zip,
    };

    fn load(files: &[(&str, Vec<u8>)], more: &str) -> Result<Dataset> {
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|(name, bytes)| fs::write(folder.path().join(name), bytes).unwrap());
        let usual = "train_inputs = 'x.npy'\ntrain_labels = 'y.npy'\ntest_inputs = 'x.npy'\ntest_labels = 'y.npy'\n";
        let table = if more.contains("train_inputs") { more.to_owned() } else { format!("{usual}{more}") };
        let (_, arrays) = settings::<Arrays>(table.parse().unwrap())?;
        arrays.load(
            "toy",
            &Origin {
                data: folder.path(),
                files: &Files::beside(folder.path()),
                sources: &[],
                notes: &RefCell::default(),
            },
        )
    }

    fn bytes(shape: &str, content: &[u8]) -> Vec<u8> {
        file(&head("|u1", "False", shape), content)
    }

    fn refused(files: &[(&str, Vec<u8>)], more: &str, reason: &str) {
        let error = format!("{:#}", load(files, more).unwrap_err());
        assert!(error.contains(reason), "{error}");
    }

    fn labels() -> (&'static str, Vec<u8>) {
        ("y.npy", file(&head("<i4", "False", "(2,)"), &[7, 0, 0, 0, 254, 255, 255, 255]))
    }

    #[test]
    fn labels_are_their_own_names_or_numbers_of_names() {
        let dataset = load(&[("x.npy", bytes("(2, 1, 2)", &[1, 2, 3, 4])), labels()], "").unwrap();
        assert_eq!((&dataset.classes[..], dataset.train.label(0)), (&["-2".to_owned(), "7".to_owned()][..], 1));
        assert_eq!((dataset.shape, &dataset.test.pixels(1)[..]), ([1, 1, 2], &[3, 4][..]));
        let files = [("x.npy", bytes("(2, 1, 2)", &[1, 2, 3, 4])), ("y.npy", bytes("(2, 1)", &[2, 0]))];
        let dataset = load(&files, "classes = ['a', 'b', 'c']").unwrap();
        assert_eq!((dataset.classes.len(), dataset.train.label(0)), (3, 2));
        refused(&files, "classes = ['a', 'b']", "y.npy: label 2 of example 0 is none of the 2 classes");
        refused(&files, "classes = ['a', 'a']", "two of `classes` are the same");
    }

    #[test]
    fn channels_are_brought_first() {
        let last = bytes("(2, 1, 2, 3)", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        let dataset = load(&[("x.npy", last.clone()), labels()], "layout = 'channels-last'").unwrap();
        assert_eq!((dataset.shape, &dataset.train.pixels(0)[..]), ([3, 1, 2], &[1, 4, 2, 5, 3, 6][..]));
        let first = bytes("(2, 3, 1, 2)", &[1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12]);
        let other = load(&[("x.npy", first.clone()), labels()], "layout = 'channels-first'").unwrap();
        assert_eq!(other.hash, dataset.hash);
        refused(&[("x.npy", first.clone()), labels()], "", "set layout");
        refused(&[("x.npy", first), labels()], "layout = 'channels-last'", "2 channels");
        refused(&[("x.npy", bytes("(2, 2)", &[0; 4])), labels()], "layout = 'channels-last'", "layout makes no sense");
    }

    #[test]
    fn floats_are_features_or_pixels_from_0_to_1() {
        let content: Vec<u8> = [0.0_f32, 1.0, 0.5, 0.25].iter().flat_map(|value| value.to_le_bytes()).collect();
        let dataset = load(&[("x.npy", file(&head("<f4", "True", "(2, 2)"), &content)), labels()], "").unwrap();
        assert_eq!((dataset.shape, dataset.train.element()), ([1, 1, 2], Element::Float));
        assert_eq!(floats(&dataset.train.pixels(0)).collect::<Vec<_>>(), [0.0, 0.5]);
        let dataset = load(&[("x.npy", file(&head("<f4", "False", "(2, 1, 2)"), &content)), labels()], "").unwrap();
        assert_eq!((&dataset.train.pixels(0)[..], &dataset.train.pixels(1)[..]), (&[0, 255][..], &[128, 64][..]));
        let above = 1.5_f32.to_le_bytes().repeat(4);
        refused(&[("x.npy", file(&head("<f4", "False", "(2, 1, 2)"), &above)), labels()], "", "pixel 0 is 1.5");
    }

    #[test]
    fn members_of_an_archive_are_arrays_too() {
        let x = bytes("(2, 1, 2)", &[1, 2, 3, 4]);
        let archive = zip(&[("x.npy", &x), ("y.npy", &labels().1)]);
        let more =
            "train_inputs = 'a.npz:x'\ntrain_labels = 'a.npz:y'\ntest_inputs = 'x.npy'\ntest_labels = 'a.npz:y.npy'";
        let dataset = load(&[("a.npz", archive.clone()), ("x.npy", x.clone())], more).unwrap();
        assert_eq!(dataset.train.pixels(1), dataset.test.pixels(1));
        refused(
            &[("a.npz", archive.clone())],
            &more.replace("a.npz:x", "a.npz:z"),
            "no member \"z.npy\"; it has x.npy, y.npy",
        );
        refused(&[("a.npz", archive)], &more.replace("a.npz:x", "a.npz"), "say which member, as a.npz:NAME");
        let lie = zip(&[("x.npy", &bytes("(2, 1, 2)", &[1, 2, 3])), ("y.npy", &labels().1)]);
        refused(&[("a.npz", lie), ("x.npy", x)], more, "bytes where the header promises");
    }

    #[test]
    fn bombs_and_giants_are_refused_by_their_headers() {
        let bomb = zip(&[("x.npy", &bytes("(2, 1, 1000000)", &vec![0; 2_000_000])), ("y.npy", &labels().1)]);
        assert!(bomb.len() < 10_000);
        let more =
            "train_inputs = 'a.npz:x'\ntrain_labels = 'a.npz:y'\ntest_inputs = 'a.npz:x'\ntest_labels = 'a.npz:y'";
        refused(&[("a.npz", bomb.clone())], &format!("{more}\nmemory = 1"), "raise it (MiB)");
        assert_eq!(load(&[("a.npz", bomb)], more).unwrap().shape, [1, 1, 1_000_000]);
        refused(&[("x.npy", bytes("(2, 99999, 99999)", &[0; 9])), labels()], "", "x.npy: cut off: ");
    }

    #[test]
    fn files_larger_than_memory_stay_where_they_are() {
        let x = ("x.npy", bytes("(2, 1, 2)", &[1, 2, 3, 4]));
        let (near, far) =
            (load(&[x.clone(), labels()], ""), load(&[x, ("y.npy", bytes("(2,)", &[0, 1]))], "memory = 0"));
        // Labels must fit; inputs need not.
        assert!(format!("{:#}", far.unwrap_err()).contains("y.npy"));
        let content = vec![9; 3 << 20];
        let large = ("x.npy", bytes(&format!("(2, 1, {})", content.len() / 2), &content));
        let far = load(&[large, labels()], "memory = 1").unwrap();
        assert!(matches!(far.train.pixels(1), std::borrow::Cow::Owned(_)));
        assert!(matches!(near.unwrap().train.pixels(1), std::borrow::Cow::Borrowed(_)));
    }

    #[test]
    fn halves_that_do_not_fit_are_refused() {
        refused(&[("x.npy", bytes("(3, 1, 1)", &[0; 3])), labels()], "", "x.npy: 3 inputs but 2 labels");
        refused(&[("x.npy", file(&head("<i8", "False", "(2, 1)"), &[0; 16])), labels()], "", "inputs are to be uint8");
        let wide = ("y.npy", bytes("(2, 2)", &[0; 4]));
        refused(&[("x.npy", bytes("(2, 1)", &[0; 2])), wide], "", "labels need one dimension");
        refused(&[labels()], "", "x.npy cannot be opened");
        let more = "train_inputs = 'x.npy'\ntrain_labels = 'y.npy'\ntest_inputs = 'z.npy'\ntest_labels = 'y.npy'";
        let files = [("x.npy", bytes("(2, 1)", &[0; 2])), ("z.npy", bytes("(2, 2)", &[0; 4])), labels()];
        refused(&files, more, "inputs of [1, 1, 1] for training but of [1, 1, 2]");
    }
}
