//! IDX, the format of MNIST and its successors: a header of big-endian sizes, then bytes.
//!
//! Described at the end of the page of MNIST, <http://yann.lecun.com/exdb/mnist/>. Only unsigned bytes are read.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clbench::data::{Dataset, MOST_BYTES, Split};
use flate2::bufread::MultiGzDecoder;

/// The four customary files of a folder: images and labels for training, then for testing.
pub(crate) const NAMES: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

/// Largest amount that is reserved on the word of a header alone: 64 MiB.
const TRUSTED: usize = 64 << 20;

/// Bytes with the sizes of their dimensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    /// One size for each dimension.
    pub sizes: Vec<usize>,
    /// Row-major.
    pub bytes: Vec<u8>,
}

/// Reads an array of `rank` dimensions that is at most `most` bytes long, header included.
///
/// # Errors
/// When the header is not that of such an array, or the content is shorter or longer than the header says. No more
/// than the header promises is decompressed, and nothing if it promises too much.
pub fn parse(mut reader: impl Read, rank: usize, most: usize) -> Result<Array> {
    let mut magic = [0; 4];
    reader.read_exact(&mut magic).context("no IDX header")?;
    ensure!(magic[..2] == [0, 0], "not an IDX file: it begins with {magic:02x?}");
    ensure!(magic[2] == 8, "IDX type {:#04x} is not unsigned bytes (0x08)", magic[2]);
    ensure!(usize::from(magic[3]) == rank, "{} dimensions instead of {rank}", magic[3]);
    let mut sizes = Vec::with_capacity(rank);
    for _ in 0..rank {
        let mut size = [0; 4];
        reader.read_exact(&mut size).context("the IDX header is cut off")?;
        sizes.push(u32::from_be_bytes(size) as usize);
    }
    let total = sizes.iter().try_fold(1_usize, |total, size| total.checked_mul(*size));
    let Some(total) = total.filter(|total| *total <= most.saturating_sub(4 + 4 * rank)) else {
        bail!("the header promises {sizes:?}, more than the {most} bytes that are allowed");
    };
    ensure!(total > 0, "the header promises nothing: {sizes:?}");
    let mut bytes = Vec::with_capacity(total.min(TRUSTED));
    reader.take(total as u64 + 1).read_to_end(&mut bytes).context("the content cannot be read")?;
    ensure!(bytes.len() >= total, "cut off: {} of {total} bytes after the header", bytes.len());
    ensure!(bytes.len() == total, "there are bytes after the end of the content");
    Ok(Array { sizes, bytes })
}

/// A reader of the content, decompressed where it begins like gzip, whatever the name says.
pub(crate) fn plain<'a>(mut reader: impl BufRead + 'a) -> Result<Box<dyn Read + 'a>> {
    let compressed = reader.fill_buf().context("cannot be read")?.starts_with(&[0x1f, 0x8b]);
    Ok(if compressed { Box::new(MultiGzDecoder::new(reader)) } else { Box::new(reader) })
}

/// Reads an IDX file, compressed or not, of at most `most` bytes of content.
///
/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn read(path: &Path, rank: usize, most: usize) -> Result<Array> {
    let read = || parse(plain(BufReader::new(fs::File::open(path)?))?, rank, most);
    read().with_context(|| path.display().to_string())
}

/// A split from images and labels, with the shape of an image.
pub(crate) fn split(images: Array, labels: Array, classes: usize) -> Result<([usize; 3], Split)> {
    let [n, height, width] = images.sizes[..] else { bail!("images need three dimensions, not {:?}", images.sizes) };
    ensure!(n == labels.bytes.len(), "{n} images but {} labels", labels.bytes.len());
    let shape = [1, height, width];
    Ok((shape, Split::new(shape, images.bytes, labels.bytes.into_iter().map(u16::from).collect(), classes)?))
}

/// Puts the dataset together from the files of [`NAMES`], each of at most `most` bytes of content.
pub(crate) fn assemble(name: &str, classes: &[&str], paths: &[PathBuf], most: usize) -> Result<Dataset> {
    let [train_images, train_labels, test_images, test_labels] = paths else { bail!("four files make a dataset") };
    let half = |images: &Path, labels: &Path| {
        // Labels first: they are small, and most of what can be wrong shows in them.
        let classified = read(labels, 1, most)?;
        let split = split(read(images, 3, most)?, classified, classes.len());
        split.with_context(|| format!("{} and {}", images.display(), labels.display()))
    };
    let (shape, train) = half(train_images, train_labels)?;
    let (test_shape, test) = half(test_images, test_labels)?;
    ensure!(shape == test_shape, "images of {shape:?} for training but of {test_shape:?} for testing");
    Ok(Dataset::new(name, shape, classes.iter().map(ToString::to_string).collect(), train, test))
}

/// The names under which one of [`NAMES`] is also known: with `.gz`, and with a dot before `idx`.
pub(crate) fn aliases(name: &str) -> Vec<String> {
    let dotted = name.replace("-idx", ".idx");
    vec![name.into(), format!("{name}.gz"), dotted.clone(), format!("{dotted}.gz")]
}

/// Opens a folder of four IDX files under the customary names, `train-images-idx3-ubyte` and so on, with or without
/// `.gz`, or with a dot in place of the second hyphen.
///
/// # Errors
/// When a file is missing or broken, a label has no class, or a split is larger than [`MOST_BYTES`].
pub fn open_folder(folder: &Path, name: &str, classes: &[&str]) -> Result<Dataset> {
    let find = |file: &&str| {
        let found = aliases(file).into_iter().map(|alias| folder.join(alias)).find(|path| path.is_file());
        found.with_context(|| format!("{} has no {file}, nor that with .gz", folder.display()))
    };
    let paths = NAMES.iter().map(find).collect::<Result<Vec<_>>>()?;
    assemble(name, classes, &paths, MOST_BYTES)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    /// The bytes of an IDX file.
    fn idx(sizes: &[u32], content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, sizes.len() as u8];
        bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
        bytes.extend(content);
        bytes
    }

    fn gz(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn refused(bytes: &[u8], rank: usize, most: usize, reason: &str) {
        let error = format!("{:#}", parse(bytes, rank, most).unwrap_err());
        assert!(error.contains(reason), "{error}");
    }

    /// A folder with two examples for training and one for testing, 1 × 2 pixels.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
        write("train-images-idx3-ubyte", idx(&[2, 1, 2], &[1, 2, 3, 4]));
        write("train-labels-idx1-ubyte.gz", gz(&idx(&[2], &[0, 1])));
        write("t10k-images.idx3-ubyte", idx(&[1, 1, 2], &[5, 6]));
        write("t10k-labels.idx1-ubyte.gz", gz(&idx(&[1], &[1])));
        folder
    }

    fn message(folder: &Path) -> String {
        format!("{:#}", open_folder(folder, "toy", &["a", "b"]).unwrap_err())
    }

    #[test]
    fn sizes_are_big_endian() {
        let array = parse(&idx(&[2, 1, 3], &[1, 2, 3, 4, 5, 6])[..], 3, 100).unwrap();
        assert_eq!(array, Array { sizes: vec![2, 1, 3], bytes: vec![1, 2, 3, 4, 5, 6] });
    }

    #[test]
    fn broken_headers_are_errors() {
        refused(&[], 1, 100, "no IDX header");
        refused(&[0, 0, 8], 1, 100, "no IDX header");
        refused(&[0, 0, 8, 3, 0, 0], 3, 100, "cut off");
        refused(&[1, 0, 8, 1, 0, 0, 0, 1, 7], 1, 100, "not an IDX file");
        refused(&[0, 0, 0x0d, 1, 0, 0, 0, 1, 7], 1, 100, "IDX type 0x0d");
        refused(&idx(&[1], &[7]), 3, 100, "1 dimensions instead of 3");
        refused(&idx(&[0, 28, 28], &[]), 3, 100, "promises nothing");
    }

    #[test]
    fn content_must_be_as_long_as_the_header_says() {
        refused(&idx(&[3], &[1, 2]), 1, 100, "cut off: 2 of 3 bytes");
        refused(&idx(&[3], &[1, 2, 3, 4]), 1, 100, "bytes after the end");
    }

    #[test]
    fn no_change_of_one_byte_makes_it_panic() {
        let whole = idx(&[2, 1, 2], &[1, 2, 3, 4]);
        for at in 0..whole.len() {
            assert!(parse(&whole[..at], 3, MOST_BYTES).is_err(), "cut off at {at}");
            for value in 0..=255 {
                let mut changed = whole.clone();
                changed[at] = value;
                assert_eq!(
                    parse(&changed[..], 3, MOST_BYTES).is_ok(),
                    at >= 16 || value == whole[at],
                    "{value} at {at}"
                );
            }
        }
    }

    #[test]
    fn huge_promises_are_refused_before_memory_is_taken() {
        refused(&idx(&[u32::MAX, 28, 28], &[]), 3, MOST_BYTES, "more than the");
        refused(&idx(&[u32::MAX, u32::MAX, u32::MAX], &[]), 3, MOST_BYTES, "more than the");
        // 2^40 bytes and then next to nothing.
        refused(&idx(&[1 << 20, 1 << 10, 1 << 10], &[0; 9]), 3, MOST_BYTES, "more than the");
        // Allowed, and yet not there.
        refused(&idx(&[1 << 20, 28, 28], &[0; 9]), 3, MOST_BYTES, "cut off: 9 of 822083584 bytes");
    }

    #[test]
    fn a_bomb_is_decompressed_no_further_than_its_header_says() {
        struct Counting<R>(R, usize);
        impl<R: Read> Read for Counting<R> {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                self.0.read(buffer).inspect(|n| self.1 += n)
            }
        }
        let bomb = gz(&idx(&[10], &vec![0; 50_000_000]));
        let mut counting = Counting(MultiGzDecoder::new(&bomb[..]), 0);
        let error = parse(&mut counting, 1, MOST_BYTES).unwrap_err();
        assert!(error.to_string().contains("bytes after the end"));
        assert!(counting.1 < 100, "{} bytes were decompressed", counting.1);
    }

    #[test]
    fn a_folder_may_mix_the_customary_names() {
        let folder = folder();
        let dataset = open_folder(folder.path(), "toy", &["a", "b"]).unwrap();
        assert_eq!(dataset.shape, [1, 1, 2]);
        assert_eq!((&dataset.train.pixels(1)[..], dataset.train.label(1)), (&[3, 4][..], 1));
        assert_eq!((&dataset.test.pixels(0)[..], dataset.test.label(0)), (&[5, 6][..], 1));
    }

    #[test]
    fn a_broken_folder_is_an_error_that_names_the_file() {
        let folder = folder();
        let images = folder.path().join("train-images-idx3-ubyte");
        let labels = folder.path().join("train-labels-idx1-ubyte.gz");
        fs::write(&labels, gz(&idx(&[2], &[0, 2]))).unwrap();
        assert!(message(folder.path()).contains("train-labels-idx1-ubyte.gz: label 2 among 2 classes"));
        fs::write(&labels, gz(&idx(&[1], &[0]))).unwrap();
        assert!(message(folder.path()).contains("2 images but 1 labels"));
        fs::write(&labels, &gz(&idx(&[2], &[0, 1]))[..20]).unwrap();
        assert!(message(folder.path()).contains("train-labels-idx1-ubyte.gz: "));
        fs::write(&labels, []).unwrap();
        assert!(message(folder.path()).contains("train-labels-idx1-ubyte.gz: no IDX header"));
        fs::write(&labels, [gz(&idx(&[2], &[0, 1])), b"more".to_vec()].concat()).unwrap();
        assert!(message(folder.path()).contains("train-labels-idx1-ubyte.gz: "));
        fs::remove_file(&images).unwrap();
        assert!(message(folder.path()).contains("has no train-images-idx3-ubyte"));
        assert!(message(Path::new("/nowhere")).contains("/nowhere has no train-images-idx3-ubyte"));
    }
}
