//! Tables of results, for a terminal, a README, a spreadsheet, a paper and a page.
//!
//! One table holds the results on one stream hash. What every format shares is decided here: the columns, the cells
//! and the notes below them; the files in `table/` only lay them out.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    metric::{Metric, USUAL},
    record::RunDir,
    summary::{Grouping, StreamSummary, SummaryError, summarise},
    words::short,
};

mod csv;
mod html;
mod json;
mod latex;
mod markdown;
pub(crate) mod notes;
pub mod pivot;
pub(crate) mod sentence;
pub(crate) mod sheet;
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
    /// For a page: a fragment without style.
    #[serde(rename = "html")]
    Html,
    /// Full precision, for programs.
    #[serde(rename = "json")]
    Json,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "text" => Ok(Self::Text),
            "md" => Ok(Self::Markdown),
            "csv" => Ok(Self::Csv),
            "tex" => Ok(Self::Latex),
            "html" => Ok(Self::Html),
            "json" => Ok(Self::Json),
            _ => Err(format!("no table format `{}`; there are text, md, csv, tex, html and json", short(name))),
        }
    }
}

/// A column beside the method's, or all columns of scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The place among comparable rows.
    Rank,
    /// Number of seeds.
    Seeds,
    /// A column for each metric.
    Scores,
    /// First weights.
    Start,
    /// Heads.
    Head,
    /// Logits that count in training and at test.
    Logits,
    /// Whether the task's identity is told.
    TaskId,
    /// Optimizer steps and what bound them.
    Steps,
    /// Charged floating-point operations.
    Operations,
    /// Examples processed.
    Examples,
    /// Examples from a memory.
    Replayed,
    /// Examples that the environment brought back.
    Rehearsed,
    /// Bytes of state beside the weights.
    State,
    /// Peak memory of a step over that of full fine-tuning.
    Memory,
}

impl Column {
    /// All, in a table's order.
    pub const ALL: [Self; 14] = [
        Self::Rank,
        Self::Seeds,
        Self::Scores,
        Self::Start,
        Self::Head,
        Self::Logits,
        Self::TaskId,
        Self::Steps,
        Self::Operations,
        Self::Examples,
        Self::Replayed,
        Self::Rehearsed,
        Self::State,
        Self::Memory,
    ];

    /// What it is asked for by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rank => "rank",
            Self::Seeds => "seeds",
            Self::Scores => "scores",
            Self::Start => "start",
            Self::Head => "head",
            Self::Logits => "logits",
            Self::TaskId => "task-id",
            Self::Steps => "steps",
            Self::Operations => "operations",
            Self::Examples => "examples",
            Self::Replayed => "replayed",
            Self::Rehearsed => "rehearsed",
            Self::State => "state",
            Self::Memory => "memory",
        }
    }

    /// Its head.
    pub(crate) fn head(self) -> &'static str {
        match self {
            Self::Logits => "train / test logits",
            Self::TaskId => "task id",
            other => other.name(),
        }
    }

    /// Whether it says what was spent.
    fn is_spending(self) -> bool {
        use Column::{Examples, Memory, Operations, Rehearsed, Replayed, State, Steps};
        matches!(self, Steps | Operations | Examples | Replayed | Rehearsed | State | Memory)
    }
}

impl FromStr for Column {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|column| column.name() == name);
        found.ok_or_else(|| format!("no column `{}`; there are {}", short(name), names()))
    }
}

/// How tables are made from runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOptions {
    /// How they are written.
    pub format: Format,
    /// What stands in one table and what is ranked with what.
    pub grouping: Grouping,
    /// The metrics, in the order of their columns.
    pub metrics: Vec<&'static Metric>,
    /// The columns; none for all that say something. CSV and JSON hold all of them in any case.
    pub columns: Option<Vec<Column>>,
    /// Whether each row's runs and command stand below.
    pub footnotes: bool,
    /// Whether settings that all rows share are named once, below the table, and not in each row.
    pub brief: bool,
}

/// What begins the note on settings that all rows share.
pub(crate) const SHARED: &str = "All rows are set to ";

impl Default for TableOptions {
    fn default() -> Self {
        let metrics = USUAL.to_vec();
        Self {
            format: Format::Text,
            grouping: Grouping::default(),
            metrics,
            columns: None,
            footnotes: false,
            brief: false,
        }
    }
}

/// Makes a table for every stream hash among `runs`; ends with a line break unless there are no runs.
pub fn table(runs: &[RunDir], options: &TableOptions) -> Result<String, SummaryError> {
    let grouping = Grouping { metrics: options.metrics.clone(), ..options.grouping.clone() };
    Ok(render(&summarise(runs, &grouping)?, options))
}

/// Writes `summaries` as tables; the metrics of `options` must have been computed.
pub fn render(summaries: &[StreamSummary], options: &TableOptions) -> String {
    let brief: Vec<StreamSummary>;
    let summaries = if options.brief && !matches!(options.format, Format::Csv | Format::Json) {
        brief = summaries.iter().cloned().map(StreamSummary::brief).collect();
        &brief
    } else {
        summaries
    };
    let one = match options.format {
        Format::Text => text::table,
        Format::Markdown => markdown::table,
        Format::Latex => latex::table,
        Format::Html => html::table,
        Format::Csv => return csv::table(summaries, &options.metrics),
        Format::Json => return json::table(summaries, &options.metrics),
    };
    summaries.iter().map(|summary| one(summary, options)).collect::<Vec<_>>().join("\n")
}

/// A wide table of other rows than a summary's, with its title.
pub(crate) use markdown::grid as markdown_grid;

/// One line about the stream of a table.
fn title(summary: &StreamSummary) -> String {
    let stream = &summary.stream;
    let tasks = stream.tasks.len();
    let plural = if tasks == 1 { "" } else { "s" };
    if summary.entries.iter().any(|entry| entry.hash != stream.hash) {
        return "several streams".into();
    }
    format!("{}: {}, {tasks} task{plural}, hash {}", short(&stream.name), short(&stream.kind), short(&stream.hash))
}

#[cfg(test)]
mod tests;
