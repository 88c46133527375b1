//! `clbench statistics`: what of a table is noise, and ranks over seeds or streams.

use anyhow::Result;
use clbench_results::{
    RunDir, summarise,
    text::noise::{noise_text, ranks_text},
};

use super::{Ending, Finished, print, table::Chosen};

/// What `statistics` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    #[command(flatten)]
    pub(super) finished: Finished,
    #[command(flatten)]
    chosen: Chosen,
}

pub(super) fn statistics(words: &Words) -> Result<Ending> {
    // What is asked is looked at before any run is read.
    words.chosen.grouping()?;
    let Some(text) = text(words, words.finished.runs()?)? else { return Ok(words.finished.none("run")) };
    print(&text)?;
    Ok(Ending::Done)
}

/// Refuses what cannot be asked, whatever the runs are.
pub(super) fn check(words: &Words) -> Result<()> {
    words.chosen.grouping().map(drop)
}

/// What is said of `runs`; none without one.
pub(super) fn text(words: &Words, mut runs: Vec<RunDir>) -> Result<Option<String>> {
    words.chosen.keep(&mut runs);
    let summaries = summarise(&runs, &words.chosen.grouping()?)?;
    if summaries.is_empty() {
        return Ok(None);
    }
    let noise: Vec<String> = summaries.iter().map(|summary| noise_text(summary, &runs)).collect();
    Ok(Some(format!("{}{}", noise.join("\n"), ranks_text(&summaries))))
}
