//! `clbench repro`: the commands that make runs again.

use anyhow::Result;
use clbench_results::repro::{exact_command, run_command};

use super::{Ending, Finished, print, table::Chosen};

/// What `repro` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    #[command(flatten)]
    finished: Finished,
    #[command(flatten)]
    chosen: Chosen,
}

pub(super) fn repro(words: &Words) -> Result<Ending> {
    let mut runs = words.finished.runs()?;
    words.chosen.keep(&mut runs);
    if runs.is_empty() {
        return Ok(words.finished.none("run"));
    }
    let mut text = String::new();
    for run in &runs {
        let manifest = &run.manifest;
        let made = format!("{} {}", manifest.version, manifest.revision);
        text += &format!("# run {}, made by clbench {} on {}\n", manifest.run, made.trim(), manifest.device);
        if run.config.is_some() && run.path.is_dir() {
            text += &format!("{}\n# or, with the stream file:\n", exact_command(run));
        }
        text += &format!("{}\n", run_command(manifest));
    }
    print(&text)?;
    Ok(Ending::Done)
}
