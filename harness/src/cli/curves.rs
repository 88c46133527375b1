//! `clbench curves`: learning and retention curves of runs.

use anyhow::{Result, anyhow};
use clbench_results::text::curves::curves_text;

use super::{Ending, Finished, Usage, print, table::Chosen};

/// What `curves` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    #[command(flatten)]
    finished: Finished,
    #[command(flatten)]
    chosen: Chosen,
    /// Gap to the asymptote at which a learning curve has converged, as a share
    #[arg(long, value_name = "SHARE", default_value_t = 0.01)]
    threshold: f64,
    /// Evaluations in a row for which that must hold
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    look_ahead: usize,
}

pub(super) fn curves(words: &Words) -> Result<Ending> {
    if !(words.threshold > 0.0 && words.threshold < 1.0) || words.look_ahead == 0 {
        return Err(Usage(anyhow!("--threshold lies between 0 and 1, and --look-ahead is at least 1")).into());
    }
    let mut runs = words.finished.runs()?;
    words.chosen.keep(&mut runs);
    runs.retain(|run| run.manifest.stream.covers.is_none() && run.manifest.diverged.is_none());
    if runs.is_empty() {
        return Ok(words.finished.none("run"));
    }
    let texts: Vec<String> = runs.iter().map(|run| curves_text(run, words.threshold, words.look_ahead)).collect();
    print(&texts.join("\n"))?;
    Ok(Ending::Done)
}
