//! `clbench compare`: two methods, or two folders of runs, side by side.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clbench_results::{
    Entry, Filter, Found, Grouping, RunDir, store::discover, summarise, text::compare::compare as side_by_side,
    words::short,
};

use super::{Ending, Usage, print, table::Chosen, tell};

/// What `compare` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    /// A method such as ewc, a filter such as lora.rank=8, or a folder of runs
    a: String,
    /// The other
    b: String,
    /// Where runs of methods are looked for
    #[arg(default_value = "runs", value_name = "FOLDER")]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    chosen: Chosen,
}

pub(super) fn compare(words: &Words) -> Result<Ending> {
    let (text, notes) = text(words, &|paths| Ok(discover(paths)?))?;
    notes.iter().for_each(|note| tell(note));
    if text.is_empty() {
        tell(&format!("error: {} and {} share no stream with two common seeds", words.a, words.b));
        return Ok(Ending::Failed);
    }
    print(&text)?;
    Ok(Ending::Done)
}

/// Refuses what cannot be asked, whatever the runs are.
pub(super) fn check(words: &Words) -> Result<()> {
    words.chosen.grouping().map(drop)
}

/// The comparisons, of what is found at paths, and what is to be said about that.
pub(super) fn text(words: &Words, found: &dyn Fn(&[PathBuf]) -> Result<Found>) -> Result<(String, Vec<String>)> {
    let (metrics, grouping) = (words.chosen.metrics()?, words.chosen.grouping()?);
    let (mut text, mut notes) = (String::new(), Vec::new());
    let mut side = |side: &str| rows(side, words, &grouping, found, &mut notes);
    let (a, b) = (side(&words.a)?, side(&words.b)?);
    for first in &a {
        // On one stream where there is one; else whatever there is.
        let same: Vec<&Entry> = b.iter().filter(|second| second.stream_equals(first)).collect();
        for second in if same.is_empty() && a.len() == 1 && b.len() == 1 { b.iter().collect() } else { same } {
            if first.family == second.family {
                continue;
            }
            let Some(compared) = side_by_side(first, second, &metrics) else { continue };
            text += &format!("{}{}\n\n{compared}", if text.is_empty() { "" } else { "\n" }, short(&first.stream));
        }
    }
    Ok((text, notes))
}

/// The rows that one side means.
fn rows(
    side: &str,
    words: &Words,
    grouping: &Grouping,
    found: &dyn Fn(&[PathBuf]) -> Result<Found>,
    notes: &mut Vec<String>,
) -> Result<Vec<Entry>> {
    let as_path = Path::new(side);
    let (paths, filter) = if as_path.exists() {
        (vec![as_path.to_owned()], None)
    } else {
        let filter = if side.contains('=') { side.to_owned() } else { format!("method={side}") };
        let filter: Filter = filter.parse().map_err(|error| Usage(anyhow!("{error}")))?;
        (words.paths.clone(), Some(filter))
    };
    let found = found(&paths)?;
    notes.extend(found.notes());
    let mut runs = found.runs;
    words.chosen.keep(&mut runs);
    let reference = |run: &RunDir| run.manifest.stream.covers.is_some();
    runs.retain(|run| reference(run) || filter.as_ref().is_none_or(|filter| filter.fits(&run.manifest)));
    let rows: Vec<Entry> = summarise(&runs, grouping)?.into_iter().flat_map(|summary| summary.entries).collect();
    if rows.is_empty() {
        bail!(Usage(anyhow!("no run fits `{side}`; give a method, KEY=PATTERN or a folder of runs")));
    }
    Ok(rows)
}
