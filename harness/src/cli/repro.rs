//! `clbench repro`: the commands that make runs again.

use anyhow::Result;
use clbench_results::{
    summary::repro::{exact_command, run_command},
    words::clean,
};

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
        let made = format!("{} {}", clean(&manifest.version), clean(&manifest.revision));
        let (id, device) = (clean(&manifest.run), clean(&manifest.device));
        text += &format!("# run {id}, made by clbench {} on {device}\n", made.trim());
        if run.config.is_some() && run.path.is_dir() {
            text += &format!("{}\n# or, with the stream file:\n", exact_command(run));
        }
        text += &format!("{}\n", run_command(manifest));
    }
    print(&text)?;
    Ok(Ending::Done)
}
