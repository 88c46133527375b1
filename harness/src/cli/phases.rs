//! `clbench phases`: how accuracy goes on from phase to phase.

use anyhow::{Result, anyhow};
use clbench_results::{Filter, Format, RunDir, View, phases as gather, phases_sentence, phases_spread, phases_text};

use super::{Ending, Finished, Usage, print};

/// What `phases` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    #[command(flatten)]
    pub(super) finished: Finished,
    /// Only runs that fit, such as method=ewc; several must all fit
    #[arg(long, value_name = "KEY=PATTERN")]
    only: Vec<Filter>,
    /// No runs that fit
    #[arg(long, value_name = "KEY=PATTERN")]
    without: Vec<Filter>,
    /// text, md or csv
    #[arg(long, default_value = "text")]
    format: String,
    /// Accuracy that counts as learned
    #[arg(long, value_name = "SHARE", default_value_t = 0.9)]
    threshold: f64,
    /// The row that all others are compared with
    #[arg(long, value_name = "ROW", conflicts_with_all = ["compare", "spread"])]
    against: Option<String>,
    /// Say how the first row stands to the second
    #[arg(long, num_args = 2, value_names = ["ROW", "ROW"])]
    compare: Option<Vec<String>>,
    /// With --compare: a claim that the first is higher
    #[arg(long, requires = "compare", value_name = "TEXT")]
    claim: Option<String>,
    /// Say in one sentence how far the rows lie apart
    #[arg(long, conflicts_with = "compare")]
    spread: bool,
}

pub(super) fn phases(words: &Words) -> Result<Ending> {
    // What is asked is looked at before any run is read.
    format(words)?;
    let Some(text) = text(words, words.finished.runs()?)? else { return Ok(words.finished.none("sequential run")) };
    print(&text)?;
    Ok(Ending::Done)
}

/// Refuses what cannot be asked, whatever the runs are.
pub(super) fn check(words: &Words) -> Result<()> {
    format(words).map(drop)
}

/// The format that is asked for, with a threshold in its range.
fn format(words: &Words) -> Result<Format> {
    let format: Format = words.format.parse().map_err(|error| Usage(anyhow!("{error}")))?;
    if !matches!(format, Format::Text | Format::Markdown | Format::Csv) || !(0.0..=1.0).contains(&words.threshold) {
        return Err(Usage(anyhow!("phases are written as text, md or csv, with a threshold between 0 and 1")).into());
    }
    Ok(format)
}

/// What is said of `runs`; none without a sequential one.
pub(super) fn text(words: &Words, mut runs: Vec<RunDir>) -> Result<Option<String>> {
    let format = format(words)?;
    let fits = |run: &RunDir| {
        let fits = |filter: &Filter| filter.fits(&run.manifest);
        words.only.iter().all(fits) && !words.without.iter().any(fits)
    };
    runs.retain(fits);
    let all = gather(&runs, words.threshold)?;
    if all.is_empty() {
        return Ok(None);
    }
    let names = || all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join("; ");
    if let Some([a, b]) = words.compare.as_deref() {
        let sentence = phases_sentence(&all, a, b, words.claim.as_deref());
        let missing = || Usage(anyhow!("no two such rows with a seed in common; there are {}", names()));
        return Ok(Some(sentence.ok_or_else(missing)? + "\n"));
    }
    if words.spread {
        return Ok(Some(phases_spread(&all).unwrap_or_default() + "\n"));
    }
    let text = phases_text(&all, &View::ALL, words.against.as_deref(), format);
    text.map(Some).ok_or_else(|| Usage(anyhow!("--against names no row; there are {}", names())).into())
}
