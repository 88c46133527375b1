//! `clbench compare`: two methods, or two folders of runs, side by side.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clbench_results::{Entry, Filter, Grouping, RunDir, compare::compare as side_by_side, discover, summarise};

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
    paths: Vec<PathBuf>,
    #[command(flatten)]
    chosen: Chosen,
}

pub(super) fn compare(words: &Words) -> Result<Ending> {
    let (metrics, grouping) = (words.chosen.metrics()?, words.chosen.grouping()?);
    let [a, b] = [&words.a, &words.b].map(|side| rows(side, words, &grouping));
    let (a, b) = (a?, b?);
    let mut compared = 0;
    for first in &a {
        // On one stream where there is one; else whatever there is.
        let same: Vec<&Entry> = b.iter().filter(|second| second.stream_equals(first)).collect();
        for second in if same.is_empty() && a.len() == 1 && b.len() == 1 { b.iter().collect() } else { same } {
            if first.family == second.family {
                continue;
            }
            let Some(text) = side_by_side(first, second, &metrics) else { continue };
            print(&format!("{}{}\n\n{text}", if compared > 0 { "\n" } else { "" }, first.stream))?;
            compared += 1;
        }
    }
    if compared == 0 {
        tell(&format!("error: {} and {} share no stream with two common seeds", words.a, words.b));
        return Ok(Ending::Failed);
    }
    Ok(Ending::Done)
}

/// The rows that one side means.
fn rows(side: &str, words: &Words, grouping: &Grouping) -> Result<Vec<Entry>> {
    let as_path = Path::new(side);
    let (paths, filter) = if as_path.exists() {
        (vec![as_path.to_owned()], None)
    } else {
        let filter = if side.contains('=') { side.to_owned() } else { format!("method={side}") };
        let filter: Filter = filter.parse().map_err(|error| Usage(anyhow!("{error}")))?;
        (words.paths.clone(), Some(filter))
    };
    let found = discover(&paths)?;
    found.notes().iter().for_each(|note| tell(note));
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
