//! What a word after `clbench score` stands for, and how it is read.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, ensure};
use clbench_results::{MANIFEST_FILE, RECORDS_FILE, import::decode, words::clean};

use super::super::Usage;

/// Bytes of a file, at most.
const MOST: u64 = 16 << 20;
/// The file in the folder of a scenario that lists its measures.
const SCENARIO: &str = "logger_info.json";

/// What is to be scored.
pub(super) enum Input {
    /// A file, or standard input where there is no path.
    Text { name: String, path: Option<PathBuf> },
    /// The folder of a run.
    Run(PathBuf),
    /// The folder of a scenario.
    Scenario(PathBuf),
}

impl Input {
    /// Looks at what is there, and opens nothing.
    pub(super) fn of(word: &str) -> Result<Self> {
        if word == "-" {
            return Ok(Self::Text { name: "standard input".into(), path: None });
        }
        let (path, name) = (PathBuf::from(word), clean(word));
        let wrong = |what: &str| Err(Usage(anyhow!("{name}: {what}")).into());
        if is_scenario(&path) {
            Ok(Self::Scenario(path))
        } else if path.join(MANIFEST_FILE).is_file() || path.join(RECORDS_FILE).is_file() {
            Ok(Self::Run(path))
        } else if path.is_dir() {
            wrong("neither a scenario of L2Logger nor a run; for tables of many runs there is clbench table")
        } else if path.exists() {
            // Pipes and devices, such as those of `<(…)`, are read as files are.
            Ok(Self::Text { name, path: Some(path) })
        } else {
            wrong("no such file or folder")
        }
    }
}

/// Whether a folder is that of a scenario.
pub(super) fn is_scenario(path: &Path) -> bool {
    path.join(SCENARIO).is_file()
}

/// Reads a file, or standard input where there is no path; errors name the line.
pub(super) fn read(name: &str, path: Option<&Path>) -> Result<String> {
    let within = || format!("cannot read {name}");
    let from: Box<dyn Read> = match path {
        None => Box::new(std::io::stdin()),
        Some(path) => Box::new(File::open(path).with_context(within)?),
    };
    let mut bytes = Vec::new();
    from.take(MOST + 1).read_to_end(&mut bytes).with_context(within)?;
    ensure!(bytes.len() as u64 <= MOST, "{name}: larger than {MOST} bytes; that is not a log of accuracies");
    decode(&bytes).map_err(|why| anyhow!("{name}: {why}"))
}
