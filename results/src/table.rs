//! Tables of results, for a terminal, a README, a spreadsheet and a paper.
//!
//! One table holds the results on one stream hash. What every format shares is decided here: the columns, the cells
//! and the notes below them; the files in `table/` only lay them out.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::metric::{Metric, USUAL};
use crate::rank::Ranking;
use crate::run::RunDir;
use crate::summary::{Entry, StreamSummary, SummaryError, summarise};
use crate::text::{measured, prefixed, short};

mod csv;
mod latex;
mod markdown;
mod text;

/// What stands for a value that is not defined or was not measured.
pub(crate) const NONE: &str = "—";

/// How a table is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// For a terminal of 80 columns.
    #[default]
    #[serde(rename = "text")]
    Text,
    /// For a README.
    #[serde(rename = "md")]
    Markdown,
    /// Full precision, one line per row of all tables.
    #[serde(rename = "csv")]
    Csv,
    /// For a paper, with the package `booktabs`.
    #[serde(rename = "tex")]
    Latex,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "text" => Ok(Self::Text),
            "md" => Ok(Self::Markdown),
            "csv" => Ok(Self::Csv),
            "tex" => Ok(Self::Latex),
            _ => Err(format!("no table format `{}`; there are text, md, csv and tex", short(name))),
        }
    }
}

/// How tables are made from runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOptions {
    /// How they are written.
    pub format: Format,
    /// Which rows are ranked together.
    pub ranking: Ranking,
    /// The metrics, in the order of their columns.
    pub metrics: Vec<&'static Metric>,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self { format: Format::Text, ranking: Ranking::Comparable, metrics: USUAL.to_vec() }
    }
}

/// Makes a table for every stream hash among `runs`; ends with a line break unless there are no runs.
pub fn table(runs: &[RunDir], options: &TableOptions) -> Result<String, SummaryError> {
    Ok(render(&summarise(runs, options.ranking, &options.metrics)?, options))
}

/// Writes `summaries` as tables.
pub fn render(summaries: &[StreamSummary], options: &TableOptions) -> String {
    let one = match options.format {
        Format::Text => text::table,
        Format::Markdown => markdown::table,
        Format::Latex => latex::table,
        Format::Csv => return csv::table(summaries, &options.metrics),
    };
    summaries.iter().map(|summary| one(summary, &options.metrics)).collect::<Vec<_>>().join("\n")
}

/// A wide table of other rows than a summary's, with its title.
pub(crate) use markdown::grid as markdown_grid;

/// The heads of a wide table's columns.
fn header(metrics: &[&Metric], rehearsed: bool) -> Vec<String> {
    let fixed = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let scores = metrics.iter().map(|metric| metric.head()).collect();
    let conditions = ["start", "head", "train / test logits", "task id", "steps", "operations", "replayed", "state"];
    let more = if rehearsed { &["rehearsed"][..] } else { &[] };
    [fixed(&["method", "seeds", "rank"]), scores, fixed(&conditions), fixed(more)].concat()
}

/// The cells of an entry, in the order of [`header`]; names are cleaned and not yet escaped.
fn cells(entry: &Entry, metrics: &[&Metric], rehearsed: bool) -> Vec<String> {
    let mut cells = vec![label(entry).join(" "), entry.seeds.len().to_string(), place(entry)];
    cells.extend(metrics.iter().enumerate().map(|(column, metric)| match score(entry, metric, column) {
        (mean, Some(half)) => format!("{mean} {half}"),
        (mean, None) => mean,
    }));
    let c = &entry.conditions;
    cells.extend([
        short(&c.start),
        short(&c.head),
        format!("{} / {}", short(&c.train_logits), short(&c.test_logits)),
        yes(c.task_identity),
        format!("{} ({})", entry.spent.steps, bound(entry)),
        prefixed(entry.spent.flops).trim().into(),
        entry.spent.replayed.to_string(),
        format!("{}B", prefixed(entry.spent.state_bytes)),
    ]);
    if rehearsed {
        cells.push(entry.spent.rehearsed.to_string());
    }
    cells
}

/// The method and its settings.
fn label(entry: &Entry) -> Vec<String> {
    std::iter::once(&entry.name()).chain(&entry.overrides).map(|name| short(name)).collect()
}

fn place(entry: &Entry) -> String {
    entry.place.map_or(NONE.into(), |place| place.text())
}

fn yes(value: bool) -> String {
    if value { "yes" } else { "no" }.into()
}

/// A metric in percent and half its interval; a diverged method has a word in its first column and no number.
fn score(entry: &Entry, metric: &Metric, column: usize) -> (String, Option<String>) {
    if column == 0 && !entry.diverged.is_empty() {
        return ("diverged".into(), Some(format!("{} of {}", entry.diverged.len(), entry.seeds.len())));
    }
    let (mean, half) = entry.estimate(metric).map_or((NONE.into(), None), |estimate| measured(metric, estimate));
    (mean, half.map(|half| format!("±{half}")))
}

/// What set the number of steps: `epochs`, or the unit of the budget that ran out, such as `flops cap`.
fn bound(entry: &Entry) -> String {
    let words = entry.bound_by.iter().map(|word| match word.strip_prefix("budget.") {
        Some(unit) => format!("{} cap", short(unit)),
        None => short(word),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// One line about the stream of a table.
fn title(summary: &StreamSummary) -> String {
    let stream = &summary.stream;
    let tasks = stream.tasks.len();
    let plural = if tasks == 1 { "" } else { "s" };
    format!("{}: {}, {tasks} task{plural}, hash {}", short(&stream.name), short(&stream.kind), short(&stream.hash))
}

/// The sentences below a table: what its columns mean and what its numbers do not say.
fn notes(summary: &StreamSummary, metrics: &[&Metric]) -> Vec<String> {
    let any = |test: &dyn Fn(&Entry) -> bool| summary.entries.iter().any(test);
    let ranked = any(&|entry| entry.place.is_some());
    let named: Vec<String> = metrics.iter().map(|m| format!("{} {}", m.short, m.name)).collect();
    let mut notes = vec![format!("Percent. {}.", named.join(", "))];
    if any(&|entry| entry.seeds.len() > 1) {
        notes.push("± is half the 95 % interval of the mean over seeds (Student's t).".into());
    }
    if any(&|entry| entry.seeds.len() == 1) {
        notes.push("A row of one seed has no interval: it proves little.".into());
    }
    if ranked {
        notes.push(summary.ranking.rule().into());
    }
    if any(&|entry| entry.place.is_some_and(|place| !place.clear)) {
        notes.push(
            "≈ is not clearly different from the first of its group (95 % interval of the difference, paired over \
             common seeds, for one comparison)."
                .into(),
        );
    }
    if any(&|entry| !entry.diverged.is_empty()) {
        notes.push("A method that diverged on any seed has no score and no rank.".into());
    }
    if any(&|entry| entry.joint) {
        notes.push("Joint training sees all tasks at once: the upper bound, not ranked.".into());
    }
    if any(&|entry| entry.made_by != summary.entries[0].made_by || entry.made_by.len() > 1) {
        notes.push("The runs were made by more than one version or device.".into());
    }
    notes.push(
        "Operations, replayed examples and state are those of the dearest seed; evaluation is not charged.".into(),
    );
    notes
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
