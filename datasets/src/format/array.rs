//! Arrays as NumPy writes them: a header in the syntax of a Python dictionary, then numbers.
//!
//! NEP 1, <https://numpy.org/neps/nep-0001-npy-format.html>, versions 1 to 3. The header is read by us: it is three
//! keys, and readers at hand multiply the sizes that it names without looking whether the product is a number, or
//! follow as many brackets as there are. Only plain numbers are read; what Python would have to unpickle is refused.

use std::io::Read;

use anyhow::{Context, Result, bail, ensure};

/// Longest header, in bytes: 64 KiB.
const MOST_HEADER: usize = 64 << 10;

/// Most dimensions.
const MOST_DIMENSIONS: usize = 4;

/// Largest amount that is reserved on the word of a header alone: 64 MiB.
const TRUSTED: usize = 64 << 20;

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    /// Of 1, 2, 4 or 8 bytes, without a sign.
    Unsigned(usize),
    /// Of 1, 2, 4 or 8 bytes, with a sign.
    Signed(usize),
    /// Of 4 or 8 bytes, with a point.
    Float(usize),
}

impl Number {
    /// Bytes that it takes.
    fn bytes(self) -> usize {
        match self {
            Self::Unsigned(bytes) | Self::Signed(bytes) | Self::Float(bytes) => bytes,
        }
    }
}

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// What the numbers are.
    pub number: Number,
    /// Whether the first byte of a number is the most significant.
    big: bool,
    /// Whether the first dimension runs fastest.
    pub fortran: bool,
    /// Sizes of the dimensions.
    pub sizes: Vec<usize>,
    /// Bytes of the header itself.
    pub length: u64,
}

impl Header {
    /// Reads one from the beginning of a file.
    ///
    /// # Errors
    /// When it is none, or one of something else than plain numbers in one to four dimensions.
    pub fn read(mut reader: impl Read) -> Result<Self> {
        let mut begin = [0; 8];
        reader.read_exact(&mut begin).context("no .npy header")?;
        ensure!(begin[..6] == *b"\x93NUMPY", "not a .npy file: it begins with {:02x?}", &begin[..6]);
        let wide = match begin[6] {
            1 => 2,
            2 | 3 => 4,
            version => bail!("version {version} of .npy is not known"),
        };
        let mut length = [0; 4];
        reader.read_exact(&mut length[..wide]).context("the header is cut off")?;
        let length = u32::from_le_bytes(length) as usize;
        ensure!(length <= MOST_HEADER, "the header has {length} bytes, more than the {MOST_HEADER} that are allowed");
        let mut text = vec![0; length];
        reader.read_exact(&mut text).context("the header is cut off")?;
        let text = String::from_utf8(text).context("the header is not UTF-8")?;
        Self::parse(text.trim(), (8 + wide + length) as u64)
    }

    fn parse(text: &str, length: u64) -> Result<Self> {
        ensure!(text.starts_with('{') && text.ends_with('}'), "the header is no Python dictionary");
        let (number, big) = number(value(text, "descr")?)?;
        let fortran = match value(text, "fortran_order")? {
            word if word.starts_with("True") => true,
            word if word.starts_with("False") => false,
            _ => bail!("`fortran_order` is neither True nor False"),
        };
        let shape = value(text, "shape")?.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let shape = shape.context("`shape` is no tuple")?.0;
        let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
        // Python 2 wrote long numbers with an L.
        let size = |size: &str| size.trim_end_matches('L').parse().with_context(|| format!("{size:?} is no size"));
        let sizes = sizes.take(MOST_DIMENSIONS + 1).map(size).collect::<Result<Vec<usize>>>()?;
        ensure!((1..=MOST_DIMENSIONS).contains(&sizes.len()), "({shape}) is not one to {MOST_DIMENSIONS} dimensions");
        let header = Self { number, big, fortran, sizes, length };
        ensure!(header.count()? > 0, "({shape}) holds nothing");
        Ok(header)
    }

    /// How many numbers there are.
    fn count(&self) -> Result<usize> {
        let times = |count: usize, size: &usize| count.checked_mul(*size);
        let count = self.sizes.iter().try_fold(1, times).filter(|count: &usize| count.checked_mul(8).is_some());
        count.with_context(|| format!("{:?} is more than any memory holds", self.sizes))
    }

    /// Bytes of all the numbers.
    pub fn bytes(&self) -> Result<u64> {
        Ok((self.count()? * self.number.bytes()) as u64)
    }

    /// Reads all numbers, in the order of the file, each made by `make` of its index and its bytes in little-endian
    /// order.
    ///
    /// # Errors
    /// When there are fewer or more than the header says, they take more than `most` bytes, and whatever `make`
    /// answers.
    fn numbers<T>(
        &self,
        mut reader: impl Read,
        most: u64,
        make: impl Fn(usize, [u8; 8]) -> Result<T>,
    ) -> Result<Vec<T>> {
        let (count, bytes) = (self.count()?, self.number.bytes());
        let need = count.saturating_mul(size_of::<T>()) as u64;
        ensure!(need <= most, "{:?} takes {need} bytes, more than the {most} of `memory`; raise it (MiB)", self.sizes);
        let mut numbers = Vec::with_capacity(count.min(TRUSTED / size_of::<T>()));
        let mut chunk = vec![0; (1 << 16) * bytes];
        while numbers.len() < count {
            let wanted = (count - numbers.len()).min(1 << 16) * bytes;
            let cut =
                || format!("cut off after {} to {} of {count} numbers", numbers.len(), numbers.len() + wanted / bytes);
            reader.read_exact(&mut chunk[..wanted]).with_context(cut)?;
            for one in chunk[..wanted].chunks_exact_mut(bytes) {
                if self.big {
                    one.reverse();
                }
                let mut wide = [0; 8];
                wide[..bytes].copy_from_slice(one);
                numbers.push(make(numbers.len(), wide)?);
            }
        }
        let more = reader.read(&mut [0]).context("the content cannot be read")?;
        ensure!(more == 0, "there are bytes after the end of the array");
        Ok(numbers)
    }

    /// Reads bytes; see [`Header::whole`] and [`Header::floats`] for other numbers.
    pub fn octets(&self, reader: impl Read, most: u64) -> Result<Vec<u8>> {
        ensure!(self.number == Number::Unsigned(1), "the numbers are no bytes");
        self.numbers(reader, most, |_, bytes| Ok(bytes[0]))
    }

    /// Reads whole numbers.
    pub fn whole(&self, reader: impl Read, most: u64) -> Result<Vec<i64>> {
        let number = self.number;
        ensure!(!matches!(number, Number::Float(_)), "whole numbers are needed; save them with astype(\"int64\")");
        self.numbers(reader, most, |at, bytes| {
            if let Number::Signed(wide) = number {
                let empty = 64 - 8 * wide as u32;
                return Ok(i64::from_le_bytes(bytes) << empty >> empty);
            }
            let value = u64::from_le_bytes(bytes);
            i64::try_from(value).with_context(|| format!("number {at} is {value} and too large"))
        })
    }

    /// Reads numbers with a point.
    ///
    /// # Errors
    /// When one is not finite as an `f32`.
    pub fn floats(&self, reader: impl Read, most: u64) -> Result<Vec<f32>> {
        let number = self.number;
        ensure!(
            matches!(number, Number::Float(_)),
            "numbers with a point are needed; save them with astype(\"float32\")"
        );
        self.numbers(reader, most, |at, bytes| {
            let [a, b, c, d, ..] = bytes;
            let value = match number {
                Number::Float(4) => f32::from_le_bytes([a, b, c, d]),
                _ => f64::from_le_bytes(bytes) as f32,
            };
            ensure!(value.is_finite(), "number {at} is {value}, and not finite");
            Ok(value)
        })
    }

    /// The numbers with the dimensions `axes` of the array from the slowest to the fastest.
    pub fn arranged<T: Copy>(&self, numbers: Vec<T>, axes: &[usize]) -> Vec<T> {
        let rank = self.sizes.len();
        let stride = |axis: usize| -> usize {
            if self.fortran { self.sizes[..axis].iter().product() } else { self.sizes[axis + 1..].iter().product() }
        };
        let as_it_is = (0..rank).all(|axis| axes[axis] == axis) && (!self.fortran || rank == 1);
        if as_it_is {
            return numbers;
        }
        let run = |from: usize, axis: usize| (0..self.sizes[axis]).map(move |at| from + at * stride(axis));
        // The fastest dimension last, and not into the list: it is the longest part of it.
        let (last, slower) = axes.split_last().expect("there is at least one dimension");
        let starts =
            slower.iter().fold(vec![0], |starts, axis| starts.into_iter().flat_map(|at| run(at, *axis)).collect());
        starts.into_iter().flat_map(|at| run(at, *last)).map(|place| numbers[place]).collect()
    }
}

/// What stands after a key of the dictionary.
fn value<'a>(text: &'a str, key: &str) -> Result<&'a str> {
    let found = ['\'', '"'].iter().find_map(|quote| {
        let quoted = format!("{quote}{key}{quote}");
        text.find(&quoted).map(|at| text[at + quoted.len()..].trim_start())
    });
    let after = found.and_then(|rest| rest.strip_prefix(':')).map(str::trim_start);
    after.with_context(|| format!("the header has no `{key}`"))
}

/// What a number is, from NumPy's word for it, and whether its bytes are in big-endian order.
fn number(word: &str) -> Result<(Number, bool)> {
    ensure!(!word.starts_with(['[', '(']), "its items have fields; save one plain array");
    let quoted = word.strip_prefix(['\'', '"']).and_then(|rest| rest.split_once(['\'', '"']));
    let word = quoted.context("`descr` is no string")?.0;
    let plain = word.trim_start_matches(['<', '>', '|', '=']);
    let number = match plain {
        "u1" => Number::Unsigned(1),
        "u2" => Number::Unsigned(2),
        "u4" => Number::Unsigned(4),
        "u8" => Number::Unsigned(8),
        "i1" => Number::Signed(1),
        "i2" => Number::Signed(2),
        "i4" => Number::Signed(4),
        "i8" => Number::Signed(8),
        "f4" => Number::Float(4),
        "f8" => Number::Float(8),
        _ if plain.starts_with('O') => {
            bail!("it holds Python objects, which are not read: to unpickle is to run whatever they say")
        }
        _ => {
            let shown: String = plain.chars().take(20).collect();
            bail!("numbers of type {shown:?} are not read; save them with astype(\"float32\"), \"uint8\" or \"int64\"")
        }
    };
    Ok((number, word.starts_with('>')))
}

#[cfg(test)]
pub(crate) mod tests {
    use npyz::{WriteOptions, WriterBuilder};

    use super::*;

    /// A file with this header text and content.
    pub(crate) fn file(text: &str, content: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(content);
        bytes
    }

    /// The header text of an array.
    pub(crate) fn head(descr: &str, fortran: &str, shape: &str) -> String {
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n")
    }

    fn parsed(bytes: &[u8]) -> Result<(Header, &[u8])> {
        let mut rest = bytes;
        Header::read(&mut rest).map(|header| (header, rest))
    }

    fn refused(bytes: &[u8], reason: &str) {
        let read = parsed(bytes).and_then(|(header, rest)| match header.number {
            Number::Float(_) => header.floats(rest, 1 << 20).map(|_| ()),
            _ => header.whole(rest, 1 << 20).map(|_| ()),
        });
        let error = format!("{:#}", read.unwrap_err());
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn files_of_another_writer_are_read() {
        let mut bytes = Vec::new();
        let options = WriteOptions::new().default_dtype().shape(&[2, 3]);
        let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
        writer.extend([1.5_f64, 2.0, 3.0, -4.0, 5.0, 6.0]).unwrap();
        writer.finish().unwrap();
        let (header, rest) = parsed(&bytes).unwrap();
        assert_eq!((header.number, &header.sizes[..], header.fortran), (Number::Float(8), &[2, 3][..], false));
        assert_eq!(header.floats(rest, 1 << 20).unwrap(), [1.5, 2.0, 3.0, -4.0, 5.0, 6.0]);
    }

    #[test]
    fn numbers_of_all_widths_signs_and_orders_are_read() {
        let whole = |descr: &str, content: &[u8]| {
            let bytes = file(&head(descr, "False", "(2,)"), content);
            let (header, rest) = parsed(&bytes).unwrap();
            header.whole(rest, 1 << 20).unwrap()
        };
        assert_eq!(whole("|u1", &[255, 1]), [255, 1]);
        assert_eq!(whole("|i1", &[255, 1]), [-1, 1]);
        assert_eq!(whole("<i2", &[254, 255, 2, 1]), [-2, 258]);
        assert_eq!(whole(">i2", &[255, 254, 1, 2]), [-2, 258]);
        assert_eq!(whole(">u4", &[0, 0, 1, 0, 255, 255, 255, 255]), [256, 4_294_967_295]);
        assert_eq!(whole("<i8", &[[255; 8], [3, 0, 0, 0, 0, 0, 0, 0]].concat()), [-1, 3]);
        let bytes = file(&head(">f4", "False", "(1,)"), &1.25_f32.to_be_bytes());
        let (header, rest) = parsed(&bytes).unwrap();
        assert_eq!(header.floats(rest, 4).unwrap(), [1.25]);
    }

    #[test]
    fn dimensions_are_brought_into_the_order_that_is_asked_for() {
        // Number 100 n + 10 row + column of an array of 2 × 2 × 3, the first dimension fastest.
        let wanted = [0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112];
        let fortran = [0, 100, 10, 110, 1, 101, 11, 111, 2, 102, 12, 112];
        let (header, _) = Header::parse(head("<i4", "True", "(2, 2, 3)").trim(), 0).map(|header| (header, 0)).unwrap();
        assert_eq!(header.arranged(fortran.to_vec(), &[0, 1, 2]), wanted);
        let header = Header { fortran: false, ..header };
        assert_eq!(header.arranged(wanted.to_vec(), &[0, 1, 2]), wanted);
        assert_eq!(header.arranged(wanted.to_vec(), &[0, 2, 1]), [0, 10, 1, 11, 2, 12, 100, 110, 101, 111, 102, 112]);
    }

    #[test]
    fn broken_headers_are_errors() {
        refused(&[], "no .npy header");
        refused(b"PK\x03\x04....", "not a .npy file");
        refused(b"\x93NUMPY\x09\x00....", "version 9");
        refused(b"\x93NUMPY\x01\x00\xff\x00{", "cut off");
        refused(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{", "more than the 65536 that are allowed");
        refused(&file("[1, 2]", &[]), "no Python dictionary");
        refused(&file("{'descr': '<f4'}", &[]), "no `fortran_order`");
        refused(&file(&head("<f4", "Maybe", "(1,)"), &[]), "neither True nor False");
        refused(&file(&head("<f4", "False", "3"), &[]), "`shape` is no tuple");
        refused(&file(&head("<f4", "False", "(-1,)"), &[]), "\"-1\" is no size");
        refused(&file(&head("<f4", "False", "()"), &[]), "not one to 4 dimensions");
        refused(&file(&head("<f4", "False", "(0, 3)"), &[]), "holds nothing");
        refused(&file(&"(".repeat(60_000), &[]), "no Python dictionary");
    }

    #[test]
    fn objects_fields_and_other_types_are_refused_with_a_remedy() {
        refused(&file(&head("|O", "False", "(1,)"), b"\x80\x04."), "Python objects");
        refused(&file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", &[]), "fields");
        for descr in ["<U5", "|S3", "<f2", "<c8", "|b1", "<M8[s]", "<f16"] {
            refused(&file(&head(descr, "False", "(1,)"), &[0; 16]), "astype");
        }
    }

    #[test]
    fn promises_are_compared_with_bounds_and_content() {
        let huge = format!("({0}, {0}, 2)", 1_u64 << 32);
        refused(&file(&head("|u1", "False", &huge), &[]), "more than any memory holds");
        refused(&file(&head("<f4", "False", "(1000000000,)"), &[]), "raise it (MiB)");
        refused(&file(&head("<f4", "False", "(3,)"), &[0; 11]), "cut off");
        refused(&file(&head("<f4", "False", "(3,)"), &[0; 13]), "bytes after the end");
        refused(&file(&head("<f4", "False", "(1,)"), &f32::NAN.to_le_bytes()), "number 0 is NaN");
        refused(&file(&head("<f8", "False", "(1,)"), &1e300_f64.to_le_bytes()), "number 0 is inf");
        refused(&file(&head("<u8", "False", "(1,)"), &[255; 8]), "too large");
    }

    #[test]
    fn no_change_of_one_byte_makes_it_panic() {
        let whole = file(&head("<i2", "False", "(2, 2)"), &[0; 8]);
        for at in 0..whole.len() {
            for value in 0..=255 {
                let mut changed = whole.clone();
                changed[at] = value;
                if let Ok((header, rest)) = parsed(&changed) {
                    let _ = (header.whole(rest, 1 << 10), header.floats(rest, 1 << 10), header.octets(rest, 1 << 10));
                }
            }
        }
    }
}
