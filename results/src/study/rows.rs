//! The rows of a study: axes crossed, on each stream.

use std::collections::BTreeSet;

use super::file::{Study, words};
use crate::words::short;

/// Rows of a study, at most.
const MOST_ROWS: usize = 10_000;
/// Runs of a study, at most.
const MOST_RUNS: usize = 100_000;

/// What is run for each seed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// Name of the stream file.
    pub stream: String,
    /// Settings, the method among them.
    pub settings: Vec<String>,
    /// Where its runs lie below the study's folder of runs.
    pub folder: Option<String>,
}

impl Row {
    /// The row in words.
    pub fn name(&self) -> String {
        std::iter::once(&self.stream).chain(&self.settings).map(|word| short(word)).collect::<Vec<_>>().join(" ")
    }
}

/// The rows of `study` for so many seeds: streams in the order of the file, the last axis fastest.
///
/// # Errors
/// When there are too many, a row stands twice, or a row sets a key twice.
pub fn list_rows(study: &Study, seeds: usize) -> Result<Vec<Row>, String> {
    let most = MOST_ROWS.min(MOST_RUNS / seeds.max(1));
    let mut count = 0_usize;
    for rows in &study.rows {
        let streams = if rows.streams.is_empty() { study.streams.len() } else { rows.streams.len() };
        let crossed = rows.axes.iter().try_fold(streams, |count, axis| count.checked_mul(axis.len()));
        count =
            crossed.and_then(|crossed| count.checked_add(crossed)).filter(|count| *count <= most).ok_or_else(|| {
                format!(
                    "more than {most} rows for {seeds} seeds; a study has at most {MOST_ROWS} rows and {MOST_RUNS} runs"
                )
            })?;
    }
    let mut listed = Vec::with_capacity(count);
    for rows in &study.rows {
        let crossed = cross(&rows.axes);
        let streams = if rows.streams.is_empty() { &study.streams } else { &rows.streams };
        for stream in streams {
            for own in &crossed {
                let settings = study.settings.iter().chain(&rows.settings).chain(own).cloned().collect();
                listed.push(Row { stream: stream.clone(), settings, folder: rows.folder.clone() });
            }
        }
    }
    listed.iter().try_for_each(once)?;
    let mut seen = BTreeSet::new();
    match listed.iter().find(|row| !seen.insert(sorted(row))) {
        Some(row) => Err(format!("the row `{}` stands twice; leave one", row.name())),
        None => Ok(listed),
    }
}

/// Refuses a row that sets a key twice: only one of the two could count.
fn once(row: &Row) -> Result<(), String> {
    let mut keys = BTreeSet::new();
    let mut names =
        row.settings.iter().map(|setting| setting.split_once('=').map_or(&setting[..], |(key, _)| key).trim());
    match names.find(|key| !keys.insert(*key)) {
        Some(key) => Err(format!("the row `{}` has {} twice; leave one", row.name(), short(key))),
        None => Ok(()),
    }
}

/// The row with its settings in order: their order means nothing.
fn sorted(row: &Row) -> Row {
    let mut row = row.clone();
    row.settings.sort();
    row
}

/// Every choice of one alternative for each axis, as settings.
fn cross(axes: &[Vec<String>]) -> Vec<Vec<String>> {
    axes.iter().fold(vec![Vec::new()], |so_far, axis| {
        let with = |row: &Vec<String>, own: &String| [row.clone(), words(own)].concat();
        so_far.iter().flat_map(|row| axis.iter().map(move |own| with(row, own))).collect()
    })
}
