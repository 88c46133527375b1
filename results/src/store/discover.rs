//! Finding runs below directories: in a fixed order, to a bounded depth, through no symbolic link.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::{
    record::{LEDGER_FILE, MANIFEST_FILE, RECORDS_FILE, RunDir, RunError},
    store::bundle::{BUNDLE, read_bundle},
    words::clean,
};

/// Directories between a given path and a run, at most; `runs/<stream>/<method>/<run id>` needs three.
const MAX_DEPTH: usize = 8;
/// Directories that are visited, at most.
const MAX_DIRECTORIES: usize = 100_000;

/// What was found below some paths.
#[derive(Debug, Default)]
pub struct Found {
    /// Complete runs, each run id once, in the order of the paths given and of names below them.
    pub runs: Vec<RunDir>,
    /// Directories of runs without a manifest: interrupted, or still running.
    pub incomplete: Vec<PathBuf>,
    /// Directories that hold the same run as one in `runs`, file by file; they count once.
    pub repeated: Vec<PathBuf>,
    /// Runs and directories that could not be read or did not pass the checks.
    pub refused: Vec<RunError>,
}

impl Found {
    /// One line for each thing that stands in no table although it was found.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.incomplete.is_empty() {
            let runs =
                if self.incomplete.len() == 1 { "1 run is" } else { &format!("{} runs are", self.incomplete.len()) };
            notes.push(format!("{runs} incomplete and left out, such as {}", self.incomplete[0].display()));
        }
        notes.extend(self.repeated.iter().map(|path| format!("{}: a copy of another run, left out", path.display())));
        notes.extend(self.refused.iter().map(ToString::to_string));
        // Names of directories come from elsewhere, too.
        notes.iter().map(|note| clean(note)).collect()
    }
}

/// Runs that were found and are read one by one, so that no more than one needs to be in memory.
#[derive(Debug, Default)]
pub struct Runs {
    paths: std::vec::IntoIter<PathBuf>,
    bundled: std::vec::IntoIter<Result<RunDir, RunError>>,
    seen: BTreeMap<String, PathBuf>,
    /// What was left out so far; its own runs stay empty.
    pub left_out: Found,
}

impl Iterator for Runs {
    type Item = RunDir;

    fn next(&mut self) -> Option<RunDir> {
        loop {
            let next = match self.paths.next() {
                Some(path) => RunDir::open(path),
                None => self.bundled.next()?,
            };
            match next {
                Ok(run) => {
                    if let Some(first) = self.seen.get(&run.manifest.run) {
                        self.left_out.repeat(first, run);
                    } else {
                        self.seen.insert(run.manifest.run.clone(), run.path.clone());
                        return Some(run);
                    }
                }
                Err(RunError::Incomplete(path)) => self.left_out.incomplete.push(path),
                Err(error) => self.left_out.refused.push(error),
            }
        }
    }
}

impl Found {
    /// Takes note of a run whose id the run in `first` has, too.
    fn repeat(&mut self, first: &Path, run: RunDir) {
        let same = |first: RunDir| {
            (first.manifest, first.records, first.ledger)
                == (run.manifest.clone(), run.records.clone(), run.ledger.clone())
        };
        let directory = first.is_dir();
        if directory && RunDir::open(first).is_ok_and(same) {
            self.repeated.push(run.path);
        } else {
            let other = if directory { " with other content" } else { ", in a bundle; give one of them" };
            let why = format!("the same run id as {}{other}", first.display());
            self.refused.push(RunError::Refused { path: run.path, why });
        }
    }
}

/// Finds all runs at or below `paths`, each a directory, a bundle or a directory in a bundle, and reads no directory
/// yet; another path is an error.
pub fn list<P: AsRef<Path>>(paths: &[P]) -> Result<Runs, RunError> {
    let mut found = Found::default();
    let (mut runs, mut bundled) = (Vec::new(), Vec::new());
    for path in paths {
        let path = path.as_ref();
        if let Some(bundle) = within_bundle(path) {
            let below = |run: &Result<RunDir, RunError>| {
                let (Ok(RunDir { path: at, .. }) | Err(RunError::Refused { path: at, .. })) = run else { return true };
                at.starts_with(path)
            };
            bundled.extend(read_bundle(bundle)?.into_iter().filter(below));
            continue;
        }
        if !path.is_dir() {
            let why = "neither a directory nor a bundle (.runs.gz); give a run or a directory of runs".into();
            return Err(RunError::Unreadable { path: path.into(), why });
        }
        walk(path, &mut found, &mut runs);
    }
    let mut visited = BTreeSet::new();
    // The same directory, given twice or once with its parent, is no copy.
    runs.retain(|run| visited.insert(run.canonicalize().unwrap_or_else(|_| run.clone())));
    Ok(Runs { paths: runs.into_iter(), bundled: bundled.into_iter(), left_out: found, ..Runs::default() })
}

/// Finds and reads all runs at or below `paths`, each a directory, a bundle or a directory in a bundle; another path is
/// an error.
pub fn discover<P: AsRef<Path>>(paths: &[P]) -> Result<Found, RunError> {
    let mut runs = list(paths)?;
    let all = runs.by_ref().collect();
    Ok(Found { runs: all, ..runs.left_out })
}

/// The bundle that `path` is, or is a directory of, such as `a.runs.gz/split-digits`.
fn within_bundle(path: &Path) -> Option<&Path> {
    path.ancestors().find(|path| path.is_file() && path.to_string_lossy().ends_with(BUNDLE))
}

/// Lists the runs at or below `root`, parents before children and names in order.
fn walk(root: &Path, found: &mut Found, runs: &mut Vec<PathBuf>) {
    let mut open = vec![(root.to_path_buf(), 0)];
    let mut visited = 0;
    while let Some((path, depth)) = open.pop() {
        visited += 1;
        if visited > MAX_DIRECTORIES {
            let why = format!("more than {MAX_DIRECTORIES} directories; give a path nearer to the runs");
            return found.refused.push(RunError::Unreadable { path: root.into(), why });
        }
        if [MANIFEST_FILE, RECORDS_FILE, LEDGER_FILE].iter().any(|file| path.join(file).is_file()) {
            runs.push(path);
        } else if depth < MAX_DEPTH {
            match directories(&path) {
                Ok(below) => open.extend(below.into_iter().rev().map(|path| (path, depth + 1))),
                Err(e) => found.refused.push(RunError::Unreadable { path, why: e.to_string() }),
            }
        }
    }
}

/// The directories in `path`, in the order of their names; a symbolic link is none.
fn directories(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut below = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            below.push(entry.path());
        }
    }
    below.sort();
    Ok(below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example::{self, MIXED};

    fn ids(found: &Found) -> Vec<&str> {
        found.runs.iter().map(|run| run.manifest.run.as_str()).collect()
    }

    #[test]
    fn runs_are_found_in_order_and_once() {
        let root = tempfile::tempdir().unwrap();
        for (method, seed) in [("lwf", 0), ("er", 1), ("er", 0)] {
            example::write(&root.path().join("stream").join(method), &example::run(method, seed, MIXED[3]));
        }
        let found = discover(&[root.path(), &root.path().join("stream/er")]).unwrap();
        assert_eq!(ids(&found), ["er-0", "er-1", "lwf-0"]);
        assert_eq!(found.notes(), Vec::<String>::new());
        assert_eq!(ids(&discover(&[root.path().join("stream/er/er-1")]).unwrap()), ["er-1"]);
    }

    #[test]
    fn what_is_left_out_is_said() {
        let root = tempfile::tempdir().unwrap();
        let run = example::run("er", 0, MIXED[3]);
        example::write(&root.path().join("a"), &run);
        example::write(&root.path().join("copy"), &run);
        example::write(&root.path().join("other"), &example::run("er", 0, MIXED[2]));
        let open = example::write(root.path(), &example::run("lwf", 0, MIXED[3]));
        fs::remove_file(open.join(MANIFEST_FILE)).unwrap();
        let broken = example::write(root.path(), &example::run("si", 0, MIXED[3]));
        fs::write(broken.join(MANIFEST_FILE), "{").unwrap();

        let found = discover(&[root.path()]).unwrap();
        assert_eq!(ids(&found), ["er-0"]);
        assert_eq!((found.incomplete.len(), found.repeated.len(), found.refused.len()), (1, 1, 2));
        let notes = found.notes().join("\n");
        assert!(notes.contains("1 run is incomplete and left out, such as"), "{notes}");
        assert!(notes.contains("a copy of another run"), "{notes}");
        assert!(notes.contains("the same run id as"), "{notes}");
        assert!(notes.contains("manifest.json: EOF while parsing"), "{notes}");
    }

    #[test]
    fn a_path_that_is_no_directory_is_an_error() {
        let error = discover(&["no/such/runs"]).unwrap_err().to_string();
        assert_eq!(
            error,
            "no/such/runs: neither a directory nor a bundle (.runs.gz); give a run or a directory of runs"
        );
    }

    #[test]
    fn deep_directories_are_not_searched() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("1/2/3/4/5/6/7");
        example::write(&deep, &example::run("er", 0, MIXED[3]));
        example::write(&deep.join("8"), &example::run("er", 1, MIXED[3]));
        assert_eq!(ids(&discover(&[root.path()]).unwrap()), ["er-0"]);
    }

    #[cfg(unix)]
    #[test]
    fn symbolic_links_are_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        example::write(elsewhere.path(), &example::run("er", 0, MIXED[3]));
        std::os::unix::fs::symlink(elsewhere.path(), root.path().join("link")).unwrap();
        std::os::unix::fs::symlink(root.path(), root.path().join("loop")).unwrap();
        assert_eq!(ids(&discover(&[root.path()]).unwrap()), Vec::<&str>::new());
    }
}
