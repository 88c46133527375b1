//! `clbench statistics`: what of a table is noise, and ranks over seeds or streams.

use anyhow::Result;
use clbench_results::{
    noise::{noise_text, ranks_text},
    summarise,
};

use super::{Ending, Finished, print, table::Chosen};

/// What `statistics` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    #[command(flatten)]
    finished: Finished,
    #[command(flatten)]
    chosen: Chosen,
}

pub(super) fn statistics(words: &Words) -> Result<Ending> {
    let mut runs = words.finished.runs()?;
    words.chosen.keep(&mut runs);
    let summaries = summarise(&runs, &words.chosen.grouping()?)?;
    if summaries.is_empty() {
        return Ok(words.finished.none("run"));
    }
    let noise: Vec<String> = summaries.iter().map(|summary| noise_text(summary, &runs)).collect();
    print(&format!("{}{}", noise.join("\n"), ranks_text(&summaries)))?;
    Ok(Ending::Done)
}
