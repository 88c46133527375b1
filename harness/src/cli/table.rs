//! `clbench table`: tables of finished runs.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, ensure};
use clbench_results::{
    Column, Filter, Format, Grouping, Metric, Ranking, RunDir, TableOptions,
    metric::{USUAL, all, find, usual},
    store::{atomic::write_whole, splice::splice},
    table as render,
    table::pivot::across,
};

use super::{Ending, Finished, Usage, print, read_text, tell};

/// What `table` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    #[command(flatten)]
    pub(super) finished: Finished,
    #[command(flatten)]
    chosen: Chosen,
    /// text, md, csv, tex, html or json
    #[arg(long)]
    format: Option<String>,
    /// One table: methods down, streams across
    #[arg(long)]
    across: bool,
    /// Columns: rank, seeds, scores, start, head, logits, task-id, steps,
    /// operations, examples, replayed, rehearsed, state, memory
    #[arg(long, value_name = "NAMES", value_delimiter = ',', verbatim_doc_comment)]
    columns: Option<Vec<Column>>,
    /// Leave out which runs and commands stand behind each row
    #[arg(long)]
    no_footnotes: bool,
    /// Name settings that all rows share once, below the table
    #[arg(long)]
    brief: bool,
    /// Write the table into the block of this file that begins with
    /// <!-- clbench: NAME --> and ends with <!-- clbench: end -->
    #[arg(long, value_name = "FILE", verbatim_doc_comment)]
    splice: Option<PathBuf>,
    /// The block's name
    #[arg(long, value_name = "NAME", default_value = "table", requires = "splice")]
    block: String,
}

/// Which runs and scores are wanted, and what may stand together.
#[derive(clap::Args)]
pub(super) struct Chosen {
    /// Scores: keys or names with commas between them, or `all`;
    /// see clbench metrics
    #[arg(long, value_name = "KEYS", value_delimiter = ',', verbatim_doc_comment)]
    metrics: Option<Vec<String>>,
    /// The score that ranks
    #[arg(long, value_name = "KEY", default_value = "acc.gem17")]
    by: String,
    /// Only runs that fit, such as method=ewc,lora* or
    /// stream=split-*; several must all fit
    #[arg(long, value_name = "KEY=PATTERN", verbatim_doc_comment)]
    only: Vec<Filter>,
    /// No runs that fit
    #[arg(long, value_name = "KEY=PATTERN")]
    without: Vec<Filter>,
    /// Rank rows together whose conditions or spending differ
    #[arg(long)]
    rank_all: bool,
    /// Let runs on different streams, or of different versions, stand
    /// in one table
    #[arg(long, verbatim_doc_comment, value_name = "WHAT", value_parser = ["streams", "versions"])]
    mix: Vec<String>,
}

impl Chosen {
    /// Whether scores were asked for.
    pub(super) fn names_metrics(&self) -> bool {
        self.metrics.is_some()
    }

    /// The scores.
    pub(super) fn metrics(&self) -> Result<Vec<&'static Metric>> {
        let Some(names) = &self.metrics else { return Ok(USUAL.to_vec()) };
        let mut metrics: Vec<&'static Metric> = Vec::new();
        for name in names {
            let found = if name == "all" { all().collect() } else { vec![metric(name)?] };
            found.into_iter().for_each(|metric| {
                if !metrics.contains(&metric) {
                    metrics.push(metric);
                }
            });
        }
        Ok(metrics)
    }

    /// How runs are gathered.
    pub(super) fn grouping(&self) -> Result<Grouping> {
        let mixed = |what: &str| self.mix.iter().any(|word| word == what);
        Ok(Grouping {
            ranking: if self.rank_all { Ranking::All } else { Ranking::Comparable },
            by: metric(&self.by)?,
            metrics: self.metrics()?,
            mix_streams: mixed("streams"),
            mix_versions: mixed("versions"),
        })
    }

    /// Leaves out what is not wanted. References stay: they are no rows, and scores need them.
    pub(super) fn keep(&self, runs: &mut Vec<RunDir>) {
        runs.retain(|run| {
            let reference = run.manifest.stream.covers.is_some();
            let fits = |filter: &Filter| filter.fits(&run.manifest);
            reference || (self.only.iter().all(fits) && !self.without.iter().any(fits))
        });
    }
}

fn metric(name: &str) -> Result<&'static Metric> {
    find(name).map_err(|error| Usage(anyhow!("{error}")).into())
}

pub(super) fn table(words: &Words) -> Result<Ending> {
    let plain = if words.splice.is_some() { "md" } else { "text" };
    // What is asked is looked at before any run is read.
    options(words, plain)?;
    let Some(text) = text(words, plain, words.finished.runs()?)? else { return Ok(words.finished.none("run")) };
    let Some(file) = &words.splice else {
        print(&text)?;
        return Ok(Ending::Done);
    };
    let document = read_text(file)?;
    let spliced = splice(&document, &words.block, &text).map_err(|why| Usage(anyhow!("{}: {why}", file.display())))?;
    ensure!(!spliced.is_empty(), "{}: nothing would be left", file.display());
    write_whole(file, spliced.as_bytes()).context("the table is not written")?;
    tell(&format!("wrote the block {} of {}", words.block, file.display()));
    Ok(Ending::Done)
}

/// Refuses what cannot be asked, whatever the runs are.
pub(super) fn check(words: &Words) -> Result<()> {
    options(words, "text").map(drop)
}

/// How the tables are to be made, with the usual scores where none are named.
fn options(words: &Words, plain: &str) -> Result<TableOptions> {
    let format = words.format.as_deref().unwrap_or(plain);
    let format: Format = format.parse().map_err(|error| Usage(anyhow!("{error}")))?;
    let (grouping, metrics) = (words.chosen.grouping()?, words.chosen.metrics()?);
    let columns = words.columns.clone();
    Ok(TableOptions { format, grouping, metrics, columns, footnotes: !words.no_footnotes, brief: words.brief })
}

/// The tables of `runs` in the format that was asked for, or else in `plain`; none without a run.
pub(super) fn text(words: &Words, plain: &str, mut runs: Vec<RunDir>) -> Result<Option<String>> {
    let mut options = options(words, plain)?;
    words.chosen.keep(&mut runs);
    if !words.chosen.names_metrics() {
        options.metrics = usual(runs.iter().map(|run| &run.manifest.stream)).to_vec();
        options.grouping.metrics.clone_from(&options.metrics);
    }
    if runs.iter().all(|run| run.manifest.stream.covers.is_some()) {
        return Ok(None);
    }
    Ok(Some(if words.across { across(&runs, &options)? } else { render(&runs, &options)? }))
}
