//! What every format lays out: heads, cells with their marks, notes, footnotes and the sentence at the end.

use super::{Column, NONE, TableOptions, notes, sentence::sentences};
use crate::{
    metric::{Metric, measured},
    summary::{
        Entry, StreamSummary,
        contest::{Mark, marks},
        repro::command,
    },
    words::{clean, cut, fixed, prefixed, short},
};

/// A cell; names are cleaned and not yet escaped.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cell {
    /// Its text.
    pub text: String,
    /// Half of the interval, with its sign.
    pub half: Option<String>,
    /// How it stands to the best of its column.
    pub mark: Mark,
}

impl Cell {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Text and interval on one line.
    pub(super) fn line(&self) -> String {
        self.half.as_ref().map_or_else(|| self.text.clone(), |half| format!("{} {half}", self.text))
    }
}

/// A table as all formats but CSV and JSON see it.
pub(crate) struct Sheet {
    /// Says which stream.
    pub title: String,
    /// Heads of the columns; the first is the method's.
    pub header: Vec<String>,
    /// A row for each entry.
    pub rows: Vec<Vec<Cell>>,
    /// What the columns mean.
    pub notes: Vec<String>,
    /// Runs and command of each row; none unless asked for.
    pub footnotes: Vec<String>,
    /// What it comes to.
    pub sentences: Vec<String>,
}

impl Sheet {
    /// Lays out a summary.
    pub(crate) fn of(summary: &StreamSummary, options: &TableOptions) -> Self {
        let columns = columns(summary, options);
        let header = std::iter::once("method".to_owned()).chain(columns.iter().flat_map(|c| heads(*c, options)));
        let marks: Vec<Vec<Mark>> = options.metrics.iter().map(|metric| marks(&summary.entries, metric)).collect();
        let row = |(index, entry): (usize, &Entry)| {
            let cells = columns.iter().flat_map(|column| cells(*column, entry, options, |metric| marks[metric][index]));
            std::iter::once(Cell::plain(label(summary, entry).join(" "))).chain(cells).collect()
        };
        Self {
            title: super::title(summary),
            header: header.collect(),
            rows: summary.entries.iter().enumerate().map(row).collect(),
            notes: notes::notes(summary, options),
            footnotes: footnotes(summary, options),
            sentences: sentences(summary, options.grouping.by),
        }
    }
}

/// The columns that were asked for, or all that say something.
pub(super) fn columns(summary: &StreamSummary, options: &TableOptions) -> Vec<Column> {
    if let Some(columns) = &options.columns {
        columns.clone()
    } else {
        let said = |column: &Column| match column {
            Column::Rehearsed => summary.is_rehearsed(),
            Column::Examples | Column::Memory => false,
            _ => true,
        };
        Column::ALL.into_iter().filter(said).collect()
    }
}

fn heads(column: Column, options: &TableOptions) -> Vec<String> {
    if column == Column::Scores {
        return options.metrics.iter().map(|metric| metric.head()).collect();
    }
    vec![column.head().into()]
}

/// The cells of a column; `Scores` has one for each metric.
pub(super) fn cells(column: Column, entry: &Entry, options: &TableOptions, mark: impl Fn(usize) -> Mark) -> Vec<Cell> {
    let c = &entry.conditions;
    let spent = &entry.spent;
    vec![Cell::plain(match column {
        Column::Scores => {
            let score = |(index, metric): (usize, &&'static Metric)| score(entry, metric, index, mark(index));
            return options.metrics.iter().enumerate().map(score).collect();
        }
        Column::Rank => entry.place.map_or(NONE.into(), |place| place.text()),
        Column::Seeds => entry.seeds.len().to_string(),
        Column::Start => short(&c.start),
        Column::Head => short(&c.head),
        Column::Logits => format!("{} / {}", short(&c.train_logits), short(&c.test_logits)),
        Column::TaskId => if c.task_identity { "yes" } else { "no" }.into(),
        Column::Steps => format!("{} ({})", steps(entry), bound(entry).join(", ")),
        Column::Operations => prefixed(spent.flops).trim().into(),
        Column::Examples => spent.examples.to_string(),
        Column::Replayed => spent.replayed.to_string(),
        Column::Rehearsed => spent.rehearsed.to_string(),
        Column::State => format!("{}B", prefixed(spent.state_bytes)),
        Column::Memory => match (spent.peak_bytes, spent.reference_bytes) {
            (Some(peak), Some(reference)) if reference > 0 => fixed(peak as f64 / reference as f64, 2),
            _ => NONE.into(),
        },
    })]
}

/// A metric and half its interval; a diverged method has a word in its first column and no number.
fn score(entry: &Entry, metric: &Metric, column: usize, mark: Mark) -> Cell {
    if column == 0 && !entry.diverged.is_empty() {
        let half = Some(format!("{} of {}", entry.diverged.len(), entry.seeds.len()));
        return Cell { text: "diverged".into(), half, mark: Mark::None };
    }
    let (text, half) = entry.estimate(metric).map_or((NONE.into(), None), |estimate| measured(metric, estimate));
    Cell { text, half: half.map(|half| format!("±{half}")), mark }
}

/// The method and its settings, with the stream where there are several.
pub(super) fn label(summary: &StreamSummary, entry: &Entry) -> Vec<String> {
    let several = summary.entries.iter().any(|other| other.hash != summary.entries[0].hash);
    let stream = several.then(|| format!("{} {}:", short(&entry.stream), cut(&clean(&entry.hash), 8)));
    stream.into_iter().chain([short(&entry.name())]).chain(entry.overrides.iter().map(|name| short(name))).collect()
}

/// Optimizer steps, and how many networks each updates where there are several: `3760 × 3`.
pub(super) fn steps(entry: &Entry) -> String {
    match entry.networks {
        1 => entry.spent.steps.to_string(),
        networks => format!("{} × {networks}", entry.spent.steps),
    }
}

/// What set the number of steps: `epochs`, or the unit of the budget that ran out, such as `flops cap`.
pub(super) fn bound(entry: &Entry) -> Vec<String> {
    let words = entry.bound_by.iter().map(|word| match word.strip_prefix("budget.") {
        Some(unit) => format!("{} cap", short(unit)),
        None => short(word),
    });
    words.collect()
}

/// For each row, the runs behind it and the command that makes them.
pub(super) fn footnotes(summary: &StreamSummary, options: &TableOptions) -> Vec<String> {
    if !options.footnotes {
        return Vec::new();
    }
    let note = |entry: &Entry| {
        let runs: Vec<String> = entry.runs.iter().map(|run| clean(run)).collect();
        format!("{}: runs {}; {}", short(&entry.name()), runs.join(" "), command(entry))
    };
    summary.entries.iter().map(note).collect()
}
