//! Writing a scenario in log format 1.1, byte for byte as `l2logger` lays it out.
//!
//! - `l2logger` 1.8.2, `l2logger.py`, <https://github.com/lifelong-learning-systems/l2logger>: folders, columns,
//!   quotes.
//!
//! Parameters that change inside a regime, which `l2metrics` stops at, are refused here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{
    log::{BlockType, LifetimeError, Log, Row, Status, Subtype},
    read::{LOGGER_FILE, ROWS_FILE, SCENARIO_FILE, STANDARD, params, refused, task, worker},
};
use crate::words::{clean, short};

/// Writes `log` below `dir`, which must not exist or be empty; what is missing of the path is made.
pub fn write_scenario(dir: impl AsRef<Path>, log: &Log) -> Result<(), LifetimeError> {
    let dir = dir.as_ref();
    check(log).map_err(LifetimeError::Unsuitable)?;
    match fs::read_dir(dir) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(refused(dir, "the directory is not empty; give a new one"));
            }
        }
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(system(dir, &e)),
        Err(_) => fs::create_dir_all(dir).map_err(|e| system(dir, &e))?,
    }
    let logger = json!({"metrics_columns": log.measures, "log_format_version": "1.1"});
    put(&dir.join(LOGGER_FILE), ordered(&logger, &["metrics_columns", "log_format_version"]).as_bytes())?;
    let scenario = serde_json::to_string_pretty(&log.info).expect("text and JSON values always serialise");
    put(&dir.join(SCENARIO_FILE), scenario.as_bytes())?;
    let mut files: BTreeMap<PathBuf, Vec<&Row>> = BTreeMap::new();
    for row in &log.rows {
        let block = format!("{}-{}", row.block_num, kind(row.block_type));
        files.entry(dir.join(&row.worker).join(block)).or_default().push(row);
    }
    for (folder, rows) in files {
        fs::create_dir_all(&folder).map_err(|e| system(&folder, &e))?;
        put(&folder.join(ROWS_FILE), &table(log, &rows))?;
    }
    Ok(())
}

fn system(path: &Path, error: &std::io::Error) -> LifetimeError {
    LifetimeError::System { path: path.into(), why: error.to_string() }
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), LifetimeError> {
    fs::write(path, bytes).map_err(|e| system(path, &e))
}

/// An object's text with its keys in the order given.
fn ordered(object: &serde_json::Value, keys: &[&str]) -> String {
    let entry = |key: &&str| {
        let value = serde_json::to_string_pretty(&object[*key]).expect("JSON values always serialise");
        format!("  \"{key}\": {}", value.replace('\n', "\n  "))
    };
    format!("{{\n{}\n}}", keys.iter().map(entry).collect::<Vec<_>>().join(",\n"))
}

/// What the format or its reader could not bear.
fn check(log: &Log) -> Result<(), String> {
    let mut names: BTreeSet<&str> = STANDARD.into();
    if log.measures.is_empty() || log.rows.is_empty() {
        return Err("a log without measures or without rows cannot be written".into());
    }
    for name in &log.measures {
        if name.is_empty() || *name != clean(name) || !names.insert(name) {
            return Err(format!("`{}` cannot name a measure; use a new visible name", short(name)));
        }
    }
    for (index, row) in log.rows.iter().enumerate() {
        check_row(log, row).map_err(|why| format!("row {}: {why}", index + 1))?;
        let Some(before) = index.checked_sub(1).map(|before| &log.rows[before]) else { continue };
        if before.block_num > row.block_num || before.exp_num > row.exp_num {
            return Err(format!("row {}: blocks and experiences never fall; sort the rows", index + 1));
        }
        let regime = |row: &Row| (row.block_num, row.block_type, row.subtype, row.task.clone());
        if regime(before) == regime(row) && before.params != row.params {
            return Err(format!("row {}: parameters change inside a regime; start a block for them", index + 1));
        }
    }
    Ok(())
}

fn check_row(log: &Log, row: &Row) -> Result<(), String> {
    // These would leave the scenario's directory.
    if matches!(worker(&row.worker)?, "." | "..") {
        return Err(format!("`{}` cannot name a worker", row.worker));
    }
    task(&row.task)?;
    params(&row.params)?;
    if row.values.len() != log.measures.len() {
        return Err(format!("{} values for {} measures", row.values.len(), log.measures.len()));
    }
    if row.values.iter().any(|value| value.is_infinite()) {
        return Err("an infinite value; leave it out as NaN".into());
    }
    Ok(())
}

/// The rows of one file below their header; measures stand in the order of the alphabet.
fn table(log: &Log, rows: &[&Row]) -> Vec<u8> {
    let mut order: Vec<usize> = (0..log.measures.len()).collect();
    order.sort_by_key(|&measure| &log.measures[measure]);
    let mut out = csv::WriterBuilder::new().delimiter(b'\t').from_writer(Vec::new());
    let header = STANDARD.into_iter().chain(order.iter().map(|&measure| log.measures[measure].as_str()));
    out.write_record(header).expect("memory takes every row");
    for row in rows {
        let standard = [
            row.block_num.to_string(),
            row.exp_num.to_string(),
            row.worker.clone(),
            kind(row.block_type).into(),
            if row.subtype == Subtype::Wake { "wake" } else { "sleep" }.into(),
            row.task.clone(),
            row.params.clone(),
            if row.status == Status::Complete { "complete" } else { "incomplete" }.into(),
            row.timestamp.map(|time| time.to_string()).unwrap_or_default(),
        ];
        let values = order.iter().map(|&measure| number(row.values[measure]));
        out.write_record(standard.into_iter().chain(values)).expect("memory takes every row");
    }
    out.into_inner().expect("memory takes every row")
}

fn kind(block: BlockType) -> &'static str {
    if block == BlockType::Train { "train" } else { "test" }
}

/// A number as Python writes it: the shortest that reads back, an exponent with its sign and two digits at least.
fn number(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    let text = format!("{value:?}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::super::log::{Info, Timestamp};
    use super::super::read_scenario;
    use super::*;

    fn log() -> Log {
        let row = |exp_num, block_type, accuracy: f64| Row {
            block_num: u64::from(block_type == BlockType::Train),
            exp_num,
            worker: "worker-0".into(),
            block_type,
            subtype: Subtype::Wake,
            task: "permmnist_0".into(),
            params: "{\"task\": \"permmnist_0\"}".into(),
            status: Status::Complete,
            timestamp: Some(Timestamp::of_experience(exp_num)),
            values: vec![1.0 - accuracy, accuracy],
        };
        Log {
            name: "demo".into(),
            measures: vec!["loss".into(), "accuracy".into()],
            rows: vec![row(0, BlockType::Test, 0.25), row(1, BlockType::Train, 1e-7), row(2, BlockType::Train, 1.0)],
            info: Info {
                author: Some("clbench".into()),
                complexity: Some("1-low".into()),
                extra: [("seed".to_string(), 7.into())].into(),
                ..Info::default()
            },
        }
    }

    #[test]
    fn a_scenario_is_written_byte_for_byte() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("new/demo");
        write_scenario(&dir, &log()).unwrap();
        let text = |path: &str| fs::read_to_string(dir.join(path)).unwrap();
        assert_eq!(
            text("logger_info.json"),
            "{\n  \"metrics_columns\": [\n    \"loss\",\n    \"accuracy\"\n  ],\n  \"log_format_version\": \"1.1\"\n}"
        );
        assert_eq!(
            text("scenario_info.json"),
            "{\n  \"author\": \"clbench\",\n  \"complexity\": \"1-low\",\n  \"seed\": 7\n}"
        );
        assert_eq!(
            text("worker-0/0-test/data-log.tsv"),
            "block_num\texp_num\tworker_id\tblock_type\tblock_subtype\ttask_name\ttask_params\texp_status\ttimestamp\t\
             accuracy\tloss\n0\t0\tworker-0\ttest\twake\tpermmnist_0\t\"{\"\"task\"\": \
             \"\"permmnist_0\"\"}\"\tcomplete\t\
             20000101T000000.000000\t0.25\t0.75\n"
        );
        assert!(text("worker-0/1-train/data-log.tsv").contains("\t1e-07\t0.9999999\n"));
        let back = read_scenario(&dir).unwrap();
        assert_eq!(back, log());
    }

    #[test]
    fn what_is_there_is_not_overwritten() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("note"), "mine").unwrap();
        let error = write_scenario(root.path(), &log()).unwrap_err().to_string();
        assert!(error.ends_with("the directory is not empty; give a new one"), "{error}");
    }

    #[test]
    fn what_the_reader_could_not_bear_is_not_written() {
        let complaint = |change: fn(&mut Log)| {
            let mut log = log();
            change(&mut log);
            check(&log).unwrap_err()
        };
        assert!(complaint(|log| log.rows[2].params = "{}".into()).contains("row 3: parameters change inside a regime"));
        assert!(complaint(|log| log.rows[1].worker = "..".into()).contains("row 2: `..` cannot name a worker"));
        assert!(complaint(|log| log.rows[1].worker = "a/b".into()).contains("`worker_id`"));
        assert!(complaint(|log| log.rows[2].exp_num = 0).contains("never fall"));
        assert!(complaint(|log| log.rows[0].values[0] = f64::INFINITY).contains("infinite"));
        assert!(complaint(|log| log.measures[0] = "exp_num".into()).contains("cannot name a measure"));
    }

    #[test]
    fn numbers_are_written_as_python_does() {
        let written = [0.1, 1.0, 1e-7, 1e16, 123_456.0, 1e-4, f64::NAN].map(number);
        assert_eq!(written, ["0.1", "1.0", "1e-07", "1e+16", "123456.0", "0.0001", "nan"]);
    }
}
