//! The records of many runs as one Parquet file, a row per evaluation, for data frames and databases.
//!
//! - Types: <https://github.com/apache/parquet-format/blob/master/LogicalTypes.md>.
//!
//! Names are as in the run's files, uncleaned; numbers are bit for bit those of `records.csv`. Rows keep the order of
//! the runs and of their records. A settings list is one text with spaces between the settings.

use std::borrow::Borrow;
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use parquet::basic::{Compression, IntType, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{ColumnPath, Type, TypePtr};

use super::split_name;
use crate::{
    record::{At, Record, RunDir},
    store::atomic::{WholeFile, WriteError},
};

/// Rows that are held in memory and written together, at most: some 20 MB.
const GROUP_ROWS: usize = 100_000;

/// A record, and the run that it is of.
pub(super) struct Row {
    pub(super) run: Rc<Names>,
    pub(super) record: Record,
}

/// What all records of one run share; the texts are counted references.
pub(super) struct Names {
    run: ByteArray,
    family: ByteArray,
    stream: ByteArray,
    hash: ByteArray,
    method: ByteArray,
    overrides: ByteArray,
    tasks: Vec<ByteArray>,
    seed: u64,
    joint: bool,
    covers: Option<(usize, usize)>,
}

/// How a column's cells are found; all but the optional ones are always there.
pub(super) enum Cells {
    Text(fn(&Row) -> ByteArray),
    Flag(fn(&Row) -> bool),
    /// Of 64 bits without a sign.
    Seed(fn(&Row) -> u64),
    Count(fn(&Row) -> u64),
    OptionalCount(fn(&Row) -> Option<u64>),
    Real(fn(&Row) -> f64),
    OptionalReal(fn(&Row) -> Option<f64>),
}

/// The columns, in the order of the file.
pub(super) const COLUMNS: [(&str, Cells); 24] = [
    ("run", Cells::Text(|row| row.run.run.clone())),
    ("family", Cells::Text(|row| row.run.family.clone())),
    ("stream", Cells::Text(|row| row.run.stream.clone())),
    ("hash", Cells::Text(|row| row.run.hash.clone())),
    ("method", Cells::Text(|row| row.run.method.clone())),
    ("overrides", Cells::Text(|row| row.run.overrides.clone())),
    ("seed", Cells::Seed(|row| row.run.seed)),
    ("joint", Cells::Flag(|row| row.run.joint)),
    // Joint training on a part of the stream is a reference, and must not pass for training on all of it.
    ("covers_first", Cells::OptionalCount(|row| row.run.covers.map(|(first, _)| first as u64))),
    ("covers_last", Cells::OptionalCount(|row| row.run.covers.map(|(_, last)| last as u64))),
    ("at", Cells::Text(|row| text(at_name(row.record.at)))),
    ("experience", Cells::Count(|row| row.record.experience as u64)),
    ("step", Cells::Count(|row| row.record.step)),
    ("task", Cells::Count(|row| row.record.task as u64)),
    ("task_name", Cells::Text(|row| row.run.tasks.get(row.record.task).cloned().unwrap_or_else(|| text("")))),
    ("split", Cells::Text(|row| text(split_name(row.record.split)))),
    ("preference", Cells::Text(|row| text(&row.record.preference))),
    ("sample", Cells::OptionalCount(|row| row.record.sample.map(u64::from))),
    ("accuracy", Cells::Real(|row| row.record.accuracy)),
    ("loss", Cells::Real(|row| row.record.loss)),
    ("brier", Cells::Real(|row| row.record.brier)),
    ("confidence", Cells::Real(|row| row.record.confidence)),
    ("margin", Cells::OptionalReal(|row| row.record.margin)),
    ("n", Cells::Count(|row| row.record.n)),
];

/// A Parquet file that grows run by run, holding at most 100 000 rows in memory.
pub struct ParquetRows<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    rows: Vec<Row>,
    most: usize,
}

impl<W: Write + Send> ParquetRows<W> {
    /// Begins a file.
    pub fn new(out: W) -> io::Result<Self> {
        Self::with_groups(out, GROUP_ROWS)
    }

    fn with_groups(out: W, most: usize) -> io::Result<Self> {
        let writer = SerializedFileWriter::new(out, schema().map_err(broken)?, properties()).map_err(broken)?;
        Ok(Self { writer, rows: Vec::new(), most })
    }

    /// Adds the records of a run.
    ///
    /// # Errors
    /// When the file cannot be written, or a count does not fit into 63 bits.
    pub fn append(&mut self, run: &RunDir) -> io::Result<()> {
        let names = Rc::new(Names::of(run));
        for record in &run.records {
            self.rows.push(Row { run: Rc::clone(&names), record: record.clone() });
            if self.rows.len() == self.most {
                self.write_group()?;
            }
        }
        Ok(())
    }

    /// Writes what is left, then the file's description, and gives back what it was written to.
    pub fn finish(mut self) -> io::Result<W> {
        if !self.rows.is_empty() {
            self.write_group()?;
        }
        self.writer.into_inner().map_err(broken)
    }

    fn write_group(&mut self) -> io::Result<()> {
        let mut group = self.writer.next_row_group().map_err(broken)?;
        for (name, cells) in &COLUMNS {
            let mut column = group.next_column().map_err(broken)?.expect("the schema has a column for each");
            write_column(&mut column, name, cells, &self.rows)?;
            column.close().map_err(broken)?;
        }
        group.close().map_err(broken)?;
        self.rows.clear();
        Ok(())
    }
}

/// Writes the records of `runs` to the file `path`, whole or not at all; runs may be read one by one as they are
/// needed.
pub fn write_parquet<R: Borrow<RunDir>>(path: &Path, runs: impl IntoIterator<Item = R>) -> Result<(), WriteError> {
    let fail = |source| WriteError::Failed { path: path.into(), source };
    let mut rows = ParquetRows::new(WholeFile::create(path)?).map_err(fail)?;
    for run in runs {
        rows.append(run.borrow()).map_err(fail)?;
    }
    rows.finish().map_err(fail)?.finish()
}

impl Names {
    pub(super) fn of(run: &RunDir) -> Self {
        let m = &run.manifest;
        Self {
            run: text(&m.run),
            family: text(&m.family),
            stream: text(&m.stream.name),
            hash: text(&m.stream.hash),
            method: text(&m.method),
            overrides: text(&m.overrides.join(" ")),
            tasks: m.stream.tasks.iter().map(|name| text(name)).collect(),
            seed: m.seed,
            joint: m.stream.joint,
            covers: m.stream.covers,
        }
    }
}

fn schema() -> Result<TypePtr, ParquetError> {
    let fields = COLUMNS.iter().map(|(name, cells)| {
        let (physical, logical) = match cells {
            Cells::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Cells::Flag(_) => (Physical::BOOLEAN, None),
            Cells::Seed(_) => {
                (Physical::INT64, Some(LogicalType::Integer(IntType { bit_width: 64, is_signed: false })))
            }
            Cells::Count(_) | Cells::OptionalCount(_) => (Physical::INT64, None),
            Cells::Real(_) | Cells::OptionalReal(_) => (Physical::DOUBLE, None),
        };
        let optional = matches!(cells, Cells::OptionalCount(_) | Cells::OptionalReal(_));
        let repetition = if optional { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        let field = Type::primitive_type_builder(name, physical).with_logical_type(logical);
        field.with_repetition(repetition).build().map(Arc::new)
    });
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Type::group_type_builder("record").with_fields(fields).build()?))
}

/// Numbers that hardly repeat get no dictionary: it would be built and thrown away.
fn properties() -> WriterPropertiesPtr {
    let mut properties =
        WriterProperties::builder().set_compression(Compression::SNAPPY).set_created_by("clbench".into());
    for name in ["loss", "brier", "confidence", "margin"] {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
    }
    Arc::new(properties.build())
}

fn write_column(out: &mut SerializedColumnWriter<'_>, name: &str, cells: &Cells, rows: &[Row]) -> io::Result<()> {
    let count = |count: u64| {
        let signed = i64::try_from(count);
        signed.map_err(|_| io::Error::other(format!("`{name}` {count} is too large; remove the run that has it")))
    };
    match cells {
        Cells::Text(cell) => write_all::<ByteArrayType>(out, rows.iter().map(cell).collect()),
        Cells::Flag(cell) => write_all::<BoolType>(out, rows.iter().map(cell).collect()),
        Cells::Seed(cell) => write_all::<Int64Type>(out, rows.iter().map(|row| cell(row) as i64).collect()),
        Cells::Count(cell) => {
            write_all::<Int64Type>(out, rows.iter().map(|row| count(cell(row))).collect::<Result<_, _>>()?)
        }
        Cells::OptionalCount(cell) => {
            let cells = rows.iter().map(|row| cell(row).map(count).transpose()).collect::<Result<Vec<_>, _>>()?;
            write_some::<Int64Type>(out, &cells)
        }
        Cells::Real(cell) => write_all::<DoubleType>(out, rows.iter().map(cell).collect()),
        Cells::OptionalReal(cell) => write_some::<DoubleType>(out, &rows.iter().map(cell).collect::<Vec<_>>()),
    }
}

fn write_all<D: DataType>(out: &mut SerializedColumnWriter<'_>, values: Vec<D::T>) -> io::Result<()> {
    out.typed::<D>().write_batch(&values, None, None).map_err(broken).map(drop)
}

fn write_some<D: DataType>(out: &mut SerializedColumnWriter<'_>, cells: &[Option<D::T>]) -> io::Result<()> {
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
    let values: Vec<D::T> = cells.iter().flatten().cloned().collect();
    out.typed::<D>().write_batch(&values, Some(&levels), None).map_err(broken).map(drop)
}

fn text(text: &str) -> ByteArray {
    text.as_bytes().to_vec().into()
}

/// The moment's name, as it stands in `records.csv`.
fn at_name(at: At) -> &'static str {
    match at {
        At::Start => "start",
        At::Step => "step",
        At::End => "end",
    }
}

/// What the system said, where it was the cause: a full disk has its own remedy.
fn broken(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(source) => io::Error::other(source),
        },
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests;
