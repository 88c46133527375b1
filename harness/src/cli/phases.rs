//! `clbench phases`: how accuracy goes on from phase to phase.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clbench_results::{Format, View, discover, phases as gather, phases_sentence, phases_spread, phases_text};

use super::{Ending, Usage, print, tell};

/// What `phases` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    /// Folders with runs, at any depth
    #[arg(default_value = "runs", value_name = "FOLDER")]
    paths: Vec<PathBuf>,
    /// text, md or csv
    #[arg(long, default_value = "text")]
    format: String,
    /// Accuracy that counts as learned
    #[arg(long, value_name = "SHARE", default_value_t = 0.9)]
    threshold: f64,
    /// The row that all others are compared with
    #[arg(long, value_name = "ROW")]
    against: Option<String>,
    /// Say how the first row stands to the second
    #[arg(long, num_args = 2, value_names = ["ROW", "ROW"])]
    compare: Option<Vec<String>>,
    /// With --compare: a claim that the first is higher
    #[arg(long, requires = "compare", value_name = "TEXT")]
    claim: Option<String>,
    /// Say in one sentence how far the rows lie apart
    #[arg(long)]
    spread: bool,
}

pub(super) fn phases(words: &Words) -> Result<Ending> {
    let format: Format = words.format.parse().map_err(|error| Usage(anyhow!("{error}")))?;
    if format == Format::Latex || !(0.0..=1.0).contains(&words.threshold) {
        return Err(Usage(anyhow!("phases are written as text, md or csv, with a threshold between 0 and 1")).into());
    }
    let found = discover(&words.paths)?;
    found.notes().iter().for_each(|note| tell(note));
    let all = gather(&found.runs, words.threshold)?;
    if all.is_empty() {
        tell(&format!("error: no finished sequential run below {}", words.paths[0].display()));
        return Ok(Ending::Failed);
    }
    if let Some([a, b]) = words.compare.as_deref() {
        let sentence = phases_sentence(&all, a, b, words.claim.as_deref());
        let names = all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join("; ");
        let sentence =
            sentence.ok_or_else(|| Usage(anyhow!("no two such rows with a seed in common; there are {names}")))?;
        print(&(sentence + "\n"))?;
    } else if words.spread {
        print(&(phases_spread(&all).unwrap_or_default() + "\n"))?;
    } else {
        print(&phases_text(&all, &View::ALL, words.against.as_deref(), format))?;
    }
    Ok(Ending::Done)
}
