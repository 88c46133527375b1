//! `clbench pack`: what runs left behind in one file, to publish beside a table.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use clbench_results::{
    RunDir,
    store::bundle::{BUNDLE, write_bundle},
};

use super::{Ending, Finished, Usage, table::Chosen, tell};

/// What `pack` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    #[command(flatten)]
    finished: Finished,
    #[command(flatten)]
    chosen: Chosen,
    /// The file to write; its name ends with .runs.gz
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(super) fn pack(words: &Words) -> Result<Ending> {
    if !words.output.to_string_lossy().ends_with(BUNDLE) {
        return Err(Usage(anyhow!("{}: a bundle's name ends with {BUNDLE}", words.output.display())).into());
    }
    let mut runs = words.finished.runs()?;
    words.chosen.keep(&mut runs);
    if let Some(run) = runs.iter().find(|run| !run.path.is_dir()) {
        return Err(Usage(anyhow!("{} is in a bundle already; give directories of runs", run.path.display())).into());
    }
    if runs.is_empty() {
        return Ok(words.finished.none("run"));
    }
    let directories: Vec<(String, PathBuf)> =
        runs.iter().map(|run| (place(run, &words.finished.paths), run.path.clone())).collect();
    write_bundle(&words.output, &directories)?;
    tell(&format!("packed {} runs into {}", runs.len(), words.output.display()));
    Ok(Ending::Done)
}

/// Where a run stands in a bundle: below the folder that was given, so that folders can be told apart in it, too.
pub(super) fn place(run: &RunDir, paths: &[PathBuf]) -> String {
    let manifest = &run.manifest;
    let below = paths.iter().find_map(|path| run.path.strip_prefix(path).ok()).and_then(Path::to_str);
    match below {
        Some(place) if place.contains('/') => place.into(),
        _ => format!("{}/{}/{}", manifest.stream.name, manifest.method, manifest.run),
    }
}
