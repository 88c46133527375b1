//! `clbench report`: one page of HTML that loads nothing.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clbench_results::{
    Format, TableOptions,
    atomic::write_whole,
    site::{SiteOptions, site},
    table as render,
};

use super::{Ending, Finished, print, table::Chosen};

/// What `report` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    #[command(flatten)]
    finished: Finished,
    #[command(flatten)]
    chosen: Chosen,
    /// The folder to write to
    #[arg(short, long, value_name = "FOLDER", default_value = "site")]
    output: PathBuf,
    /// The page's title
    #[arg(long, default_value = "Continual learning results")]
    title: String,
}

pub(super) fn report(words: &Words) -> Result<Ending> {
    let mut runs = words.finished.runs()?;
    words.chosen.keep(&mut runs);
    if runs.iter().all(|run| run.manifest.stream.covers.is_some()) {
        return Ok(words.finished.none("run that is wanted"));
    }
    let (metrics, grouping) = (words.chosen.metrics()?, words.chosen.grouping()?);
    let options = SiteOptions { title: words.title.clone(), metrics, grouping, ..SiteOptions::default() };
    let page = site(&runs, &options)?;
    let SiteOptions { metrics, grouping, .. } = options;
    let csv = render(&runs, &TableOptions { format: Format::Csv, metrics, grouping, ..TableOptions::default() })?;
    write_whole(&words.output.join("index.html"), page.as_bytes())?;
    write_whole(&words.output.join("results.csv"), csv.as_bytes())?;
    let shown = |path: &Path| path.display().to_string();
    print(&format!("{}\n{}\n", shown(&words.output.join("index.html")), shown(&words.output.join("results.csv"))))?;
    Ok(Ending::Done)
}
