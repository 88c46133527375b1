//! A run's directory, read and checked: nothing in it is believed before it has passed.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::{
    record::{
        LedgerRow, Manifest, Matrix, Record, Row, check,
        limits::{CONFIG_BYTES, LEDGER_BYTES, LEDGER_ROWS, MANIFEST_BYTES, RECORD_BYTES, RECORD_ROWS},
        read_rows,
    },
    words::{clean, cut},
};

/// Name of the manifest in a run's directory.
pub const MANIFEST_FILE: &str = "manifest.json";
/// Name of the file of evaluations in a run's directory.
pub const RECORDS_FILE: &str = "records.csv";
/// Name of the file of spending in a run's directory.
pub const LEDGER_FILE: &str = "ledger.csv";

/// Name of the file of the resolved configuration in a run's directory.
pub const CONFIG_FILE: &str = "config.toml";

/// Why a run was not read.
#[derive(Debug, Error)]
pub enum RunError {
    /// The run has no manifest: it was interrupted, or is still running.
    #[error("{}: no {MANIFEST_FILE}, so the run is not complete; repeat its command to finish it", shown(.0))]
    Incomplete(PathBuf),
    /// A file could not be read.
    #[error("{}: {why}", shown(path))]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// A file was read and is not what a run leaves behind.
    #[error("{}: {why}; remove this run or repeat it", shown(path))]
    Refused {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// A path on a screen: folders of runs may have any name.
fn shown(path: &Path) -> String {
    clean(&path.display().to_string())
}

/// A complete run, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct RunDir {
    /// The directory.
    pub path: PathBuf,
    /// What the run says of itself.
    pub manifest: Manifest,
    /// Its evaluations.
    pub records: Vec<Record>,
    /// What its phases spent.
    pub ledger: Vec<LedgerRow>,
    /// Text of its resolved configuration, where that was kept; not checked.
    pub config: Option<String>,
}

/// The bytes of a run's files, not yet looked at.
pub(crate) struct Files {
    pub manifest: Vec<u8>,
    pub config: Option<Vec<u8>>,
    pub records: Vec<u8>,
    pub ledger: Vec<u8>,
}

impl Files {
    /// Reads the files of the run in directory `path`.
    pub(crate) fn read(path: &Path) -> Result<Self, RunError> {
        let manifest = path.join(MANIFEST_FILE);
        if fs::symlink_metadata(&manifest).is_err() {
            return Err(RunError::Incomplete(path.into()));
        }
        let config = path.join(CONFIG_FILE);
        let kept = fs::symlink_metadata(&config).is_ok_and(|file| file.is_file());
        Ok(Self {
            manifest: read(&manifest, MANIFEST_BYTES)?,
            config: if kept { Some(read(&config, CONFIG_BYTES)?) } else { None },
            records: read(&path.join(RECORDS_FILE), RECORD_BYTES)?,
            ledger: read(&path.join(LEDGER_FILE), LEDGER_BYTES)?,
        })
    }
}

impl RunDir {
    /// Reads and checks the run in directory `path`.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RunError> {
        let path = path.into();
        match Files::read(&path) {
            Ok(files) => Self::parse(path, files),
            // A manifest that is none says more than a file that it lacks.
            Err(error) => {
                let file = path.join(MANIFEST_FILE);
                let manifest = read(&file, MANIFEST_BYTES).map(|bytes| manifest(&file, bytes));
                Err(manifest.ok().and_then(Result::err).unwrap_or(error))
            }
        }
    }

    /// Checks the files of the run at `path`.
    pub(crate) fn parse(path: PathBuf, files: Files) -> Result<Self, RunError> {
        let file = path.join(MANIFEST_FILE);
        let manifest = manifest(&file, files.manifest)?;
        let of = |name: &str| path.join(name);
        let records = rows(&of(RECORDS_FILE), &files.records, RECORD_ROWS, |rows| check::records(rows, &manifest))?;
        let ledger = rows(&of(LEDGER_FILE), &files.ledger, LEDGER_ROWS, |rows| check::ledger(rows, &manifest))?;
        let config = files.config.map(String::from_utf8).transpose();
        let config = config.map_err(|e| refused(&of(CONFIG_FILE), &e.to_string()))?;
        Ok(Self { path, manifest, records, ledger, config })
    }

    /// Accuracy on the test split, of the answers that no preference was stated for.
    pub fn matrix(&self) -> Matrix {
        Matrix::of(&self.manifest.stream, &self.records)
    }
}

/// A manifest, checked.
fn manifest(file: &Path, bytes: Vec<u8>) -> Result<Manifest, RunError> {
    let text = String::from_utf8(bytes).map_err(|e| refused(file, &e.to_string()))?;
    let manifest = Manifest::from_json(&text).map_err(|why| refused(file, &why))?;
    check::manifest(&manifest).map_err(|why| refused(file, &why))?;
    Ok(manifest)
}

fn rows<R: Row>(
    file: &Path,
    bytes: &[u8],
    most: u64,
    check: impl Fn(&[R]) -> Result<(), String>,
) -> Result<Vec<R>, RunError> {
    let rows = read_rows(bytes, most as usize).map_err(|why| refused(file, &why))?;
    check(&rows).map_err(|why| refused(file, &why))?;
    Ok(rows)
}

/// Reads a plain file of at most `limit` bytes; opening anything else, such as a pipe, could block for ever.
pub(crate) fn read(file: &Path, limit: u64) -> Result<Vec<u8>, RunError> {
    let unreadable = |e: std::io::Error| RunError::Unreadable { path: file.into(), why: e.to_string() };
    let found = fs::symlink_metadata(file).map_err(unreadable)?;
    if !found.is_file() {
        return Err(refused(file, "not a plain file"));
    }
    if found.len() > limit {
        return Err(refused(file, &format!("larger than {limit} bytes")));
    }
    let mut bytes = Vec::new();
    // The file may grow while it is read, so the limit holds for what is read, not for what was announced.
    File::open(file).map_err(unreadable)?.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(refused(file, &format!("larger than {limit} bytes")));
    }
    Ok(bytes)
}

pub(crate) fn refused(path: &Path, why: &str) -> RunError {
    // Parsers quote what they could not read, which may be the whole file.
    RunError::Refused { path: path.into(), why: cut(&clean(why), 500) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scores;
    use crate::metric::USUAL;
    use crate::record::example;

    fn sound() -> RunDir {
        example::run("er", 0, example::MIXED[3])
    }

    /// The complaint about the example after a change to it.
    fn complaint(change: impl Fn(&mut RunDir)) -> String {
        let root = tempfile::tempdir().unwrap();
        let mut run = sound();
        change(&mut run);
        let path = example::write(root.path(), &run);
        RunDir::open(path).unwrap_err().to_string()
    }

    #[test]
    fn what_was_written_is_what_is_read() {
        let root = tempfile::tempdir().unwrap();
        let path = example::write(root.path(), &sound());
        let run = RunDir::open(&path).unwrap();
        assert_eq!(run, RunDir { path, ..sound() });
        assert_eq!(run.scores(USUAL), Scores::of(&sound().subject(), USUAL));
    }

    #[test]
    fn records_out_of_range_are_refused_with_their_line() {
        let error = complaint(|run| run.records[0].accuracy = 1.5);
        assert!(error.contains("records.csv: line 2: accuracy 1.5 is out of range"), "{error}");
        assert!(complaint(|run| run.records[1].accuracy = f64::NAN).contains("line 3: accuracy NaN"));
        assert!(complaint(|run| run.records[1].loss = f64::INFINITY).contains("loss inf"));
        assert!(complaint(|run| run.records[1].brier = 2.1).contains("brier"));
        assert!(complaint(|run| run.records[1].confidence = -0.1).contains("confidence"));
        assert!(complaint(|run| run.records[1].task = 3).contains("task 3 of a stream with 3"));
        assert!(complaint(|run| run.records[1].step = 1).contains("no experience 0 with step 1"));
        assert!(complaint(|run| run.records[11].step = 301).contains("step 301"));
        assert!(complaint(|run| run.records[11].experience = 4).contains("no experience 4"));
        assert!(complaint(|run| run.records[1].n = 0).contains("no examples"));
        assert!(
            complaint(|run| run.records[11].n = 201).contains("line 13: 201 examples, where the same task had 200")
        );
    }

    #[test]
    fn an_evaluation_that_stands_twice_is_refused() {
        let twice = |run: &mut RunDir| run.records.push(run.records[3].clone());
        assert!(complaint(twice).contains("line 14 evaluates the same task at the same moment again"));
    }

    #[test]
    fn a_manifest_that_contradicts_itself_is_refused() {
        assert!(complaint(|run| run.manifest.format = 4).contains("format 4 is not known"));
        assert!(complaint(|run| run.manifest.stream.trained[1] = vec![3]).contains("experience 2 trains"));
        assert!(complaint(|run| run.manifest.stream.trained[1] = vec![1, 1]).contains("experience 2 trains"));
        assert!(complaint(|run| run.manifest.stream.experiences = 4).contains("lists 3 experiences of 4"));
        assert!(complaint(|run| run.manifest.experiences.truncate(2)).contains("2 experiences are planned"));
        assert!(complaint(|run| run.manifest.stream.tasks.clear()).contains("1 to 10000 tasks"));
        assert!(complaint(|run| run.manifest.machine = "x".repeat(1001)).contains("longer than 1000 bytes"));
        assert!(complaint(|run| run.manifest.family.clear()).contains("`family` is empty"));
    }

    #[test]
    fn a_ledger_that_does_not_add_up_is_refused() {
        assert!(complaint(|run| run.ledger[0].flops -= 1).contains("do not add up to `spent`"));
        assert!(complaint(|run| run.ledger[1].flops -= 1).contains("do not add up to `spent`"));
        assert!(complaint(|run| run.ledger[1].replayed = 9_999).contains("more examples replayed and rehearsed"));
        assert!(complaint(|run| run.ledger[1].experience = 0).contains("no experience 0"));
        assert!(complaint(|run| run.ledger.push(run.ledger[0].clone())).contains("repeats a phase"));
        let overflow = |run: &mut RunDir| {
            run.ledger.push(LedgerRow { experience: 2, flops: u64::MAX, ..run.ledger[0].clone() });
        };
        assert!(complaint(overflow).contains("overflow"));
    }

    #[test]
    fn large_files_and_files_that_are_none_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = example::write(root.path(), &sound());
        File::options().write(true).open(path.join(RECORDS_FILE)).unwrap().set_len(RECORD_BYTES + 1).unwrap();
        let error = RunDir::open(&path).unwrap_err().to_string();
        assert!(error.contains("records.csv: larger than 1073741824 bytes; remove this run or repeat it"), "{error}");
        fs::remove_file(path.join(RECORDS_FILE)).unwrap();
        assert!(matches!(RunDir::open(&path), Err(RunError::Unreadable { .. })));
        fs::create_dir(path.join(RECORDS_FILE)).unwrap();
        assert!(RunDir::open(&path).unwrap_err().to_string().contains("not a plain file"));
    }

    #[test]
    fn a_run_without_manifest_is_incomplete() {
        let root = tempfile::tempdir().unwrap();
        let path = example::write(root.path(), &sound());
        fs::remove_file(path.join(MANIFEST_FILE)).unwrap();
        assert!(matches!(RunDir::open(&path), Err(RunError::Incomplete(found)) if found == path));
    }
}
