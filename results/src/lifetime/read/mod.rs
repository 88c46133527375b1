//! Reading a scenario in log format 1.1: two JSON files, and every `data-log.tsv` below the directory.
//!
//! - `l2logger` 1.8.2, `util.py`, <https://github.com/lifelong-learning-systems/l2logger>: what is checked, in
//!   `validate_log`.
//!
//! **Deviation:** every file must have all columns, infinite values and symbolic links are refused.

use std::fs;
use std::path::{Path, PathBuf};

use csv::StringRecord;
use serde::Deserialize;
use serde_json::Value;

use super::log::{BlockType, Info, LifetimeError, Log, Row, Status, Subtype, Timestamp};
use crate::{
    record::plain::read_plain,
    words::{clean, cut, short},
};

/// Name of the file that lists the measures.
pub(super) const LOGGER_FILE: &str = "logger_info.json";
/// Name of the file that describes the scenario.
pub(super) const SCENARIO_FILE: &str = "scenario_info.json";
/// Name of the files with rows.
pub(super) const ROWS_FILE: &str = "data-log.tsv";
/// Columns that every file of rows has, in the order in which the logger writes them.
pub(super) const STANDARD: [&str; 9] = [
    "block_num",
    "exp_num",
    "worker_id",
    "block_type",
    "block_subtype",
    "task_name",
    "task_params",
    "exp_status",
    "timestamp",
];
/// Place of the one standard column that may be missing.
const SUBTYPE: usize = 4;

/// Bytes of a JSON file, at most.
const MAX_INFO_BYTES: u64 = 1 << 20;
/// Bytes of all files of rows together, at most.
const MAX_BYTES: u64 = 256 << 20;
/// Rows, at most.
const MAX_ROWS: usize = 1_000_000;
/// Directories between the scenario and a file of rows, at most; the logger needs two.
const MAX_DEPTH: usize = 8;
/// Files and directories that are looked at, at most.
const MAX_ENTRIES: usize = 200_000;
/// Measures, at most.
const MAX_MEASURES: usize = 1_000;
/// Characters of a complaint, at most: parsers quote what they could not read.
const MAX_WHY: usize = 500;

/// Reads and checks the scenario in directory `dir`.
///
/// # Errors
///
/// Names the file and, for rows, the line.
pub fn read_scenario(dir: impl AsRef<Path>) -> Result<Log, LifetimeError> {
    #[derive(Deserialize)]
    struct Logger {
        metrics_columns: Vec<String>,
    }
    let dir = dir.as_ref();
    let measures = info::<Logger>(&dir.join(LOGGER_FILE))?.metrics_columns;
    if measures.is_empty() || measures.len() > MAX_MEASURES {
        let why = format!("`metrics_columns` lists {} measures; 1 to {MAX_MEASURES} are possible", measures.len());
        return Err(refused(&dir.join(LOGGER_FILE), &why));
    }
    let scenario: Info = info(&dir.join(SCENARIO_FILE))?;
    let mut files = Vec::new();
    find(dir, 0, &mut 0, &mut files)?;
    let mut rows = Vec::new();
    let mut bytes = 0;
    for (index, file) in files.iter().enumerate() {
        let text = read_plain(file, MAX_BYTES - bytes).map_err(|why| refused(file, &why))?;
        bytes += text.len() as u64;
        read_rows(file, index, &text, &measures, &mut rows)?;
    }
    if rows.is_empty() {
        return Err(refused(dir, &format!("no row in any {ROWS_FILE}")));
    }
    rows.sort_by_key(|(_, row)| (row.exp_num, row.block_num));
    for pair in rows.windows(2) {
        let [(_, before), ((file, line), row)] = pair else { unreachable!("windows of two have two") };
        if before.block_num > row.block_num {
            let why = format!(
                "line {line}: experience {} is in block {}, an earlier one in block {}; blocks never fall",
                row.exp_num, row.block_num, before.block_num
            );
            return Err(refused(&files[*file], &why));
        }
    }
    let name = dir.file_name().map(|name| short(&name.to_string_lossy())).unwrap_or_default();
    Ok(Log { name, measures, rows: rows.into_iter().map(|(_, row)| row).collect(), info: scenario })
}

pub(super) fn refused(path: &Path, why: &str) -> LifetimeError {
    LifetimeError::Refused { path: path.into(), why: cut(&clean(why), MAX_WHY) }
}

fn info<T: for<'de> Deserialize<'de>>(file: &Path) -> Result<T, LifetimeError> {
    if fs::symlink_metadata(file).is_err() {
        return Err(refused(file, "no such file; give the directory of a scenario in log format 1.1"));
    }
    let text = read_plain(file, MAX_INFO_BYTES).map_err(|why| refused(file, &why))?;
    serde_json::from_slice(&text).map_err(|e| refused(file, &e.to_string()))
}

/// Collects the files of rows below `dir`, in the order of their names.
fn find(dir: &Path, depth: usize, entries: &mut usize, files: &mut Vec<PathBuf>) -> Result<(), LifetimeError> {
    let system = |e: std::io::Error| LifetimeError::System { path: dir.into(), why: e.to_string() };
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(system)? {
        let entry = entry.map_err(system)?;
        *entries += 1;
        if *entries > MAX_ENTRIES {
            return Err(refused(dir, &format!("more than {MAX_ENTRIES} files and directories")));
        }
        found.push((entry.path(), entry.file_type().map_err(system)?));
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (path, kind) in found {
        if kind.is_symlink() {
            return Err(refused(&path, "a symbolic link; put what it points to in its place"));
        }
        if kind.is_dir() {
            if depth == MAX_DEPTH {
                return Err(refused(&path, &format!("more than {MAX_DEPTH} directories deep")));
            }
            find(&path, depth + 1, entries, files)?;
        } else if path.file_name().is_some_and(|name| name == ROWS_FILE) {
            files.push(path);
        }
    }
    Ok(())
}

/// A row and where it stands: the index of the file, and the line.
type Placed = ((usize, u64), Row);

fn read_rows(
    file: &Path,
    index: usize,
    text: &[u8],
    measures: &[String],
    rows: &mut Vec<Placed>,
) -> Result<(), LifetimeError> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').from_reader(text);
    let header = reader.headers().map_err(|e| refused(file, &e.to_string()))?.clone();
    let columns = Columns::of(&header, measures).map_err(|why| refused(file, &why))?;
    for record in reader.records() {
        let record = record.map_err(|e| refused(file, &e.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        if rows.len() == MAX_ROWS {
            return Err(refused(file, &format!("line {line}: more than {MAX_ROWS} rows in all")));
        }
        let row = columns.row(&record).map_err(|why| refused(file, &format!("line {line}: {why}")))?;
        rows.push(((index, line), row));
    }
    Ok(())
}

/// Where the columns stand in a file.
struct Columns<'a> {
    standard: [Option<usize>; 9],
    measures: Vec<(&'a str, usize)>,
}

impl<'a> Columns<'a> {
    fn of(header: &StringRecord, measures: &'a [String]) -> Result<Self, String> {
        let place = |name: &str| header.iter().position(|column| column == name);
        if let Some(twice) = header.iter().enumerate().find_map(|(i, name)| (place(name) != Some(i)).then_some(name)) {
            return Err(format!("line 1: the column `{}` stands twice", short(twice)));
        }
        let missing = |name: &str| format!("line 1: no column `{}`; log format 1.1 needs it", short(name));
        let standard = STANDARD.map(place);
        for (name, place) in STANDARD.iter().zip(&standard) {
            if place.is_none() && *name != STANDARD[SUBTYPE] {
                return Err(missing(name));
            }
        }
        let measured = |name: &'a String| place(name).map(|place| (name.as_str(), place)).ok_or_else(|| missing(name));
        Ok(Self { standard, measures: measures.iter().map(measured).collect::<Result<_, _>>()? })
    }

    fn row(&self, record: &StringRecord) -> Result<Row, String> {
        let cell = |column: usize| self.standard[column].and_then(|place| record.get(place)).unwrap_or_default();
        let count = |column: usize| {
            let text = cell(column);
            text.parse::<u64>().map_err(|_| wrong(STANDARD[column], text, "a whole number, 0 or more"))
        };
        let subtype = if self.standard[SUBTYPE].is_some() { cell(SUBTYPE) } else { "wake" };
        Ok(Row {
            block_num: count(0)?,
            exp_num: count(1)?,
            worker: worker(cell(2))?.into(),
            block_type: one_of(3, cell(3), [("train", BlockType::Train), ("test", BlockType::Test)])?,
            subtype: one_of(SUBTYPE, subtype, [("wake", Subtype::Wake), ("sleep", Subtype::Sleep)])?,
            task: task(cell(5))?,
            params: params(cell(6))?.into(),
            status: one_of(7, cell(7), [("complete", Status::Complete), ("incomplete", Status::Incomplete)])?,
            timestamp: timestamp(cell(8))?,
            values: self.measures.iter().map(|&(name, place)| value(name, &record[place])).collect::<Result<_, _>>()?,
        })
    }
}

fn wrong(column: &str, text: &str, instead: &str) -> String {
    format!("`{column}` is `{}`, not {instead}", short(text))
}

fn one_of<T: Copy>(column: usize, text: &str, known: [(&str, T); 2]) -> Result<T, String> {
    let found = known.iter().find(|(name, _)| *name == text).map(|&(_, kind)| kind);
    found.ok_or_else(|| wrong(STANDARD[column], text, &format!("`{}` or `{}`", known[0].0, known[1].0)))
}

/// Checks the name of a worker.
pub(super) fn worker(text: &str) -> Result<&str, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if text.is_empty() || !text.chars().all(allowed) {
        return Err(wrong("worker_id", text, "letters, digits, `_`, `-` and `.`"));
    }
    Ok(text)
}

/// The name of a task in small letters.
pub(super) fn task(text: &str) -> Result<String, String> {
    let name = text.to_lowercase();
    if name.is_empty() || name != clean(&name) || name.len() > 1_000 {
        return Err(wrong("task_name", text, "a visible name of at most 1000 bytes"));
    }
    Ok(name)
}

/// Checks that parameters are JSON or nothing.
pub(super) fn params(text: &str) -> Result<&str, String> {
    if !text.is_empty() && serde_json::from_str::<Value>(text).is_err() {
        return Err(wrong("task_params", text, "JSON"));
    }
    Ok(text)
}

fn timestamp(text: &str) -> Result<Option<Timestamp>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    Timestamp::parse(text).map(Some).ok_or_else(|| wrong("timestamp", text, "like `20240131T235959.000001`"))
}

/// A finite number; not a number for what pandas reads as missing.
fn value(name: &str, text: &str) -> Result<f64, String> {
    let lower = text.to_ascii_lowercase();
    if matches!(lower.as_str(), "" | "nan" | "-nan" | "na" | "n/a" | "<na>" | "null" | "none") {
        return Ok(f64::NAN);
    }
    let value: Option<f64> = text.parse().ok();
    value.filter(|value| value.is_finite()).ok_or_else(|| wrong(&short(name), text, "a finite number or empty"))
}

#[cfg(test)]
mod tests;
