//! `clbench export model-index`: the rows of tables as metadata of a model card.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clbench_results::{
    export::{cards, model_index},
    summarise, write_whole,
};

use super::super::{Ending, Finished, table::Chosen, tell};

/// What `export model-index` takes.
#[derive(clap::Args)]
pub(in super::super) struct Words {
    #[command(flatten)]
    finished: Finished,
    /// File to write
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// The model's name
    #[arg(long, default_value = "clbench")]
    name: String,
    #[command(flatten)]
    chosen: Chosen,
}

pub(super) fn card(words: &Words) -> Result<Ending> {
    let (grouping, metrics) = (words.chosen.grouping()?, words.chosen.metrics()?);
    let mut runs = words.finished.runs()?;
    words.chosen.keep(&mut runs);
    let (cards, without) = cards(&summarise(&runs, &grouping)?, &metrics);
    if cards.is_empty() {
        return Ok(words.finished.none("run with scores that is wanted"));
    }
    if without > 0 {
        tell(&format!("rows left out because a seed diverged or has no score: {without}"));
    }
    let text = model_index(&words.name, &cards).map_err(|why| anyhow!(why))?;
    write_whole(&words.out, text.as_bytes())?;
    tell(&format!("wrote {} results to {}", cards.len(), words.out.display()));
    Ok(Ending::Done)
}
