//! `clbench spending`: what each experience cost.

use anyhow::{Result, anyhow};
use clbench_results::{
    Filter, Format, RunDir,
    text::spending::{Spent, spending_text},
};

use super::{Ending, Finished, Usage, print};

/// What `spending` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    #[command(flatten)]
    pub(super) finished: Finished,
    /// What is counted: state, steps, operations or examples
    #[arg(long, value_name = "WHAT", default_value = "operations")]
    of: Spent,
    /// Keep only matching runs, such as method=ewc; repeat to combine (AND)
    #[arg(long, value_name = "KEY=PATTERN")]
    only: Vec<Filter>,
    /// Leave out matching runs
    #[arg(long, value_name = "KEY=PATTERN")]
    without: Vec<Filter>,
    /// text or md
    #[arg(long, default_value = "text")]
    format: String,
}

pub(super) fn spending(words: &Words) -> Result<Ending> {
    format(words)?;
    let Some(text) = text(words, words.finished.runs()?)? else { return Ok(words.finished.none("run")) };
    print(&text)?;
    Ok(Ending::Done)
}

/// Refuses what cannot be asked, whatever the runs are.
pub(super) fn check(words: &Words) -> Result<()> {
    format(words).map(drop)
}

fn format(words: &Words) -> Result<Format> {
    let format: Format = words.format.parse().map_err(|error| Usage(anyhow!("{error}")))?;
    match format {
        Format::Text | Format::Markdown => Ok(format),
        _ => Err(Usage(anyhow!("spending is written as text or md")).into()),
    }
}

/// What `runs` spent; none without one.
pub(super) fn text(words: &Words, mut runs: Vec<RunDir>) -> Result<Option<String>> {
    let format = format(words)?;
    let fits = |run: &RunDir, filter: &Filter| filter.fits(&run.manifest);
    runs.retain(|run| {
        words.only.iter().all(|filter| fits(run, filter)) && !words.without.iter().any(|filter| fits(run, filter))
    });
    Ok(spending_text(&runs, words.of, format)?)
}
