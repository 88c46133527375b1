//! Tables in text, read row by row within bounds: the first row names the columns.
//!
//! RFC 4180, <https://www.rfc-editor.org/rfc/rfc4180>, with any one byte between cells. A file may be compressed with
//! gzip, whatever it is called.

use std::{
    cell::Cell,
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    rc::Rc,
};

use anyhow::{Context, Result, bail, ensure};
use clbench::catalogue::unknown;
use csv::{ByteRecord, Reader, ReaderBuilder};

use crate::format::idx;

/// Longest row, in bytes: 16 MiB.
const MOST_ROW: u64 = 16 << 20;

/// Most columns.
const MOST_COLUMNS: usize = 1 << 16;

/// A reader that gives so many bytes and then fails, until it is given more.
struct Rationed {
    from: Box<dyn Read>,
    left: Rc<Cell<u64>>,
}

impl Read for Rationed {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            return Err(io::Error::other(format!("a row is longer than {MOST_ROW} bytes; is a quotation mark open?")));
        }
        let most = bytes.len().min(usize::try_from(self.left.get()).unwrap_or(usize::MAX));
        let n = self.from.read(&mut bytes[..most])?;
        self.left.set(self.left.get() - n as u64);
        Ok(n)
    }
}

/// A table at one of its rows.
pub(crate) struct Cells {
    path: PathBuf,
    reader: Reader<Rationed>,
    left: Rc<Cell<u64>>,
    names: Vec<String>,
    row: ByteRecord,
    /// Lines by which the reader is behind: where lines end in two characters, it counts the second with the next row.
    behind: u64,
}

impl Cells {
    /// Opens a table and reads the names of its columns.
    ///
    /// # Errors
    /// When it cannot be read or has no columns.
    pub fn open(path: &Path, separator: u8) -> Result<Self> {
        let open = || -> Result<Self> {
            let left = Rc::new(Cell::new(MOST_ROW));
            let from = idx::plain(BufReader::new(File::open(path)?))?;
            let from = Rationed { from, left: left.clone() };
            let mut reader = ReaderBuilder::new().delimiter(separator).from_reader(from);
            let head = reader.byte_headers()?;
            ensure!(!head.is_empty(), "the file is empty; its first row is to name the columns");
            ensure!(head.len() <= MOST_COLUMNS, "more than {MOST_COLUMNS} columns");
            let name = |cell: &[u8]| String::from_utf8(cell.to_vec()).context("line 1: a name is not UTF-8");
            let names = head.iter().map(name).collect::<Result<_>>()?;
            let breaks: usize = head.iter().map(|cell| cell.split(|byte| *byte == b'\n').count() - 1).sum();
            let behind = (breaks as u64 + 2).saturating_sub(reader.position().line());
            Ok(Self { path: path.into(), reader, left, names, row: ByteRecord::new(), behind })
        };
        open().with_context(|| path.display().to_string())
    }

    /// Names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The column called `name`; `key` is where the name stands in the settings.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn column(&self, key: &str, name: &str) -> Result<usize> {
        let mut found = self.names.iter().enumerate().filter(|(_, column)| *column == name);
        let path = self.path.display();
        let Some((at, _)) = found.next() else {
            let known: Vec<&str> = self.names.iter().take(50).map(String::as_str).collect();
            bail!("{path}: {key}: {}", unknown("column", name, &known));
        };
        ensure!(found.next().is_none(), "{path}: {key}: two columns are called `{name}`; rename one");
        Ok(at)
    }

    /// Goes on to the next row; false at the end.
    ///
    /// # Errors
    /// When the file is broken, a row has more or fewer cells than the first, or is longer than 16 MiB.
    pub fn next(&mut self) -> Result<bool> {
        self.left.set(MOST_ROW);
        let line = self.reader.position().line() + self.behind;
        let read = self.reader.read_byte_record(&mut self.row);
        read.map_err(|error| match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                anyhow::anyhow!("{}, line {line}: {len} cells instead of {expected_len}", self.path.display())
            }
            _ => anyhow::anyhow!("{}, line {line}: {error}", self.path.display()),
        })
    }

    /// The line on which the row begins, from 1.
    pub fn line(&self) -> u64 {
        self.row.position().map_or(0, |position| position.line() + self.behind)
    }

    /// Where the cell of the row in `column` is, for messages.
    pub fn at(&self, column: usize) -> String {
        format!("{}, line {}, column `{}`", self.path.display(), self.line(), self.names[column])
    }

    /// The text of a cell.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub fn text(&self, column: usize) -> Result<&str> {
        str::from_utf8(&self.row[column]).ok().with_context(|| format!("{}: not UTF-8", self.at(column)))
    }

    /// The number in a cell in double precision; NaN where there is none.
    pub fn precise(&self, column: usize) -> f64 {
        self.text(column).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(f64::NAN)
    }

    /// The number in a cell.
    ///
    /// # Errors
    /// When there is none, or one that is not finite.
    pub fn number(&self, column: usize) -> Result<f32> {
        let text = self.text(column)?.trim();
        match text.parse::<f32>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ if text.is_empty() => bail!("{}: the cell is empty, but a number is needed", self.at(column)),
            _ => {
                let shown: String = text.chars().take(40).collect();
                bail!("{}: {shown:?} is no finite number", self.at(column))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use super::*;

    fn table(bytes: &[u8]) -> (tempfile::TempDir, Result<Cells>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        fs::write(&path, bytes).unwrap();
        let cells = Cells::open(&path, b',');
        (folder, cells)
    }

    #[test]
    fn quotes_marks_and_compression_are_read() {
        let text = b"\xef\xbb\xbfa,b\r\n\"x,\n\"\"y\"\"\",1.5\r\nz,-2e3\r\n";
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gz.write_all(text).unwrap();
        for bytes in [text.to_vec(), gz.finish().unwrap()] {
            let (_folder, cells) = table(&bytes);
            let mut cells = cells.unwrap();
            assert_eq!(cells.names(), ["a", "b"]);
            assert!(cells.next().unwrap());
            assert_eq!((cells.text(0).unwrap(), cells.number(1).unwrap()), ("x,\n\"y\"", 1.5));
            assert!(cells.next().unwrap());
            assert_eq!((cells.line(), cells.text(0).unwrap(), cells.number(1).unwrap()), (4, "z", -2000.0));
            assert!(!cells.next().unwrap());
        }
    }

    #[test]
    fn what_is_no_finite_number_is_an_error_with_its_place() {
        for cell in ["", "nan", "inf", "-Infinity", "1e39", "1,5", "x"] {
            let (_folder, cells) = table(format!("a,b\n1,2\n3,\"{cell}\"\n").as_bytes());
            let mut cells = cells.unwrap();
            assert!(cells.next().unwrap() && cells.next().unwrap());
            let error = cells.number(1).unwrap_err().to_string();
            assert!(error.contains("t.csv, line 3, column `b`: "), "{error}");
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_an_error_with_its_place() {
        let (_folder, cells) = table(b"a,b\n1,\xff\n");
        let mut cells = cells.unwrap();
        assert!(cells.next().unwrap());
        assert!(cells.text(1).unwrap_err().to_string().contains("line 2, column `b`: not UTF-8"));
    }

    #[test]
    fn rows_of_other_lengths_are_errors_with_their_line() {
        for row in ["1", "1,2,3"] {
            let (_folder, cells) = table(format!("a,b\n1,2\n{row}\n").as_bytes());
            let mut cells = cells.unwrap();
            assert!(cells.next().unwrap());
            let error = cells.next().unwrap_err().to_string();
            assert!(error.contains("line 3: ") && error.contains("instead of 2"), "{error}");
        }
    }

    #[test]
    fn names_are_looked_up_and_the_nearest_is_named() {
        let (_folder, cells) = table(b"label,x,x\n");
        let cells = cells.unwrap();
        assert_eq!(cells.column("label", "label").unwrap(), 0);
        let error = cells.column("label", "lable").err().unwrap().to_string();
        assert!(error.contains("did you mean `label`"), "{error}");
        assert!(cells.column("features", "x").err().unwrap().to_string().contains("two columns"));
        assert!(table(b"").1.err().is_some_and(|error| format!("{error:#}").contains("t.csv: the file is empty")));
    }

    #[test]
    fn a_row_without_an_end_is_not_read_to_its_end() {
        // 1 GiB of one cell, compressed to 1 MiB.
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"a\n\"").unwrap();
        let zeros = vec![b'0'; 1 << 20];
        (0..1024).for_each(|_| gz.write_all(&zeros).unwrap());
        let (_folder, cells) = table(&gz.finish().unwrap());
        let error = cells.unwrap().next().unwrap_err().to_string();
        assert!(error.contains("line 2: ") && error.contains("longer than 16777216 bytes"), "{error}");
    }
}
