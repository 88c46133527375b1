//! `clbench report`: one page of HTML that loads nothing.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Result;
use clbench_results::{
    Figure, FigureKind, Format, Grouping, RunDir, SiteFigure, TableOptions, figures,
    report::{SiteOptions, site},
    store::atomic::write_whole,
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
        return Ok(words.finished.none("run"));
    }
    let (metrics, grouping) = (words.chosen.metrics()?, words.chosen.grouping()?);
    let figures = drawn(&runs, &grouping);
    let options = SiteOptions { title: words.title.clone(), metrics, grouping, figures };
    let page = site(&runs, &options)?;
    let SiteOptions { metrics, grouping, .. } = options;
    let csv = render(&runs, &TableOptions { format: Format::Csv, metrics, grouping, ..TableOptions::default() })?;
    write_whole(&words.output.join("index.html"), page.as_bytes())?;
    write_whole(&words.output.join("results.csv"), csv.as_bytes())?;
    let shown = |path: &Path| path.display().to_string();
    print(&format!("{}\n{}\n", shown(&words.output.join("index.html")), shown(&words.output.join("results.csv"))))?;
    Ok(Ending::Done)
}

/// The pictures of each stream, by its hash.
fn drawn(runs: &[RunDir], grouping: &Grouping) -> BTreeMap<String, Vec<SiteFigure>> {
    let mut by_hash: BTreeMap<String, Vec<RunDir>> = BTreeMap::new();
    for run in runs {
        by_hash.entry(run.manifest.stream.hash.clone()).or_default().push(run.clone());
    }
    let drawn = |runs: Vec<RunDir>| {
        let (all, _) = figures(&runs, grouping, &FigureKind::ALL);
        let taken = |figure: Figure| {
            let svg = figure.picture.page(&figure.title);
            SiteFigure { title: figure.title, caption: figure.caption, svg }
        };
        all.into_iter().map(taken).collect()
    };
    by_hash.into_iter().map(|(hash, runs)| (hash, drawn(runs))).collect()
}
