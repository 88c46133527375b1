//! `clbench table`: tables of finished runs.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clbench_results::{Format, Ranking, TableOptions, discover, table as render};

use super::{Ending, Usage, print, tell};

/// What `table` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    /// Folders with runs, at any depth
    #[arg(default_value = "runs", value_name = "FOLDER")]
    paths: Vec<PathBuf>,
    /// text, md, csv or tex
    #[arg(long, default_value = "text")]
    format: String,
    /// Rank rows together whose conditions or spending differ
    #[arg(long)]
    rank_all: bool,
}

pub(super) fn table(words: &Words) -> Result<Ending> {
    let format: Format = words.format.parse().map_err(|error| Usage(anyhow!("{error}")))?;
    let found = discover(&words.paths)?;
    found.notes().iter().for_each(|note| tell(note));
    if found.runs.is_empty() {
        tell(&format!("error: no finished run below {}; make one with `clbench run`", words.paths[0].display()));
        return Ok(Ending::Failed);
    }
    let ranking = if words.rank_all { Ranking::All } else { Ranking::Comparable };
    print(&render(&found.runs, &TableOptions { format, ranking, ..TableOptions::default() })?)?;
    Ok(Ending::Done)
}
