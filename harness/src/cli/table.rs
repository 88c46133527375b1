//! `clbench table`: tables of finished runs.

use anyhow::{Result, anyhow};
use clbench_results::{Format, Ranking, TableOptions, table as render};

use super::{Ending, Finished, Usage, print};

/// What `table` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    #[command(flatten)]
    finished: Finished,
    /// text, md, csv or tex
    #[arg(long, default_value = "text")]
    format: String,
    /// Rank rows together whose conditions or spending differ
    #[arg(long)]
    rank_all: bool,
}

pub(super) fn table(words: &Words) -> Result<Ending> {
    let format: Format = words.format.parse().map_err(|error| Usage(anyhow!("{error}")))?;
    let runs = words.finished.runs()?;
    if runs.is_empty() {
        return Ok(words.finished.none("run"));
    }
    let ranking = if words.rank_all { Ranking::All } else { Ranking::Comparable };
    print(&render(&runs, &TableOptions { format, ranking, ..TableOptions::default() })?)?;
    Ok(Ending::Done)
}
