//! The columns of a leaderboard: what each is called and what it says of a row.

use crate::{
    metric::{Metric, measured},
    summary::{Entry, StreamSummary},
    words::{grouped, prefixed, short},
};

/// What stands for a value that is not defined or was not measured.
pub(super) const NONE: &str = "—";

/// A column of a leaderboard.
#[derive(Clone, Copy)]
pub(super) enum Column {
    Rank,
    Method,
    Settings,
    Seeds,
    /// A metric; the flag is set for the first one.
    Score(&'static Metric, bool),
    Spend(Spend),
    Condition(Condition),
}

/// What a row was bought with.
#[derive(Clone, Copy)]
pub(super) enum Spend {
    Operations,
    Examples,
    Replayed,
    Rehearsed,
    State,
}

/// What a method was allowed to know, and what ended its training.
#[derive(Clone, Copy)]
pub(super) enum Condition {
    Start,
    Head,
    TrainLogits,
    TestLogits,
    Identity,
    Recipe,
    Mixture,
    Bound,
}

const CONDITIONS: [Condition; 8] = [
    Condition::Start,
    Condition::Head,
    Condition::TrainLogits,
    Condition::TestLogits,
    Condition::Identity,
    Condition::Recipe,
    Condition::Mixture,
    Condition::Bound,
];

/// What a cell says.
pub(super) struct Cell {
    /// For people.
    pub shown: String,
    /// Half the interval, for people.
    pub half: Option<String>,
    /// For sorting, where the column is of numbers and the row has one.
    pub value: Option<String>,
}

impl Column {
    /// The columns of a stream's table; conditions are among them where its rows differ.
    pub(super) fn of(summary: &StreamSummary, metrics: &[&'static Metric]) -> Vec<Self> {
        let mut columns = vec![Self::Rank, Self::Method];
        if summary.entries.iter().any(|entry| !entry.overrides.is_empty()) {
            columns.push(Self::Settings);
        }
        columns.push(Self::Seeds);
        columns.extend(metrics.iter().enumerate().map(|(at, metric)| Self::Score(metric, at == 0)));
        columns.extend([Spend::Operations, Spend::Examples, Spend::Replayed].map(Self::Spend));
        if summary.is_rehearsed() {
            columns.push(Self::Spend(Spend::Rehearsed));
        }
        columns.push(Self::Spend(Spend::State));
        columns.extend(CONDITIONS.into_iter().filter(|c| c.values(summary).len() > 1).map(Self::Condition));
        columns
    }

    /// The words at its head.
    pub(super) fn head(self) -> String {
        match self {
            Self::Rank => "rank".into(),
            Self::Method => "method".into(),
            Self::Settings => "settings".into(),
            Self::Seeds => "seeds".into(),
            Self::Score(metric, _) => metric.head(),
            Self::Spend(spend) => spend.head().into(),
            Self::Condition(condition) => condition.head().into(),
        }
    }

    /// What it means, in a line.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Rank => "place among comparable rows, by average accuracy",
            Self::Method => "the method; open a row for its runs",
            Self::Settings => "settings given on the command line; all others are the defaults",
            Self::Seeds => "runs that differ in nothing but the seed",
            Self::Score(metric, _) => metric.about,
            Self::Spend(spend) => spend.meaning(),
            Self::Condition(condition) => condition.meaning(),
        }
    }

    /// Whether it is sorted by number.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Rank | Self::Seeds | Self::Score(..) | Self::Spend(_))
    }

    /// Whether a larger number is looked for first.
    pub(super) fn starts_high(self) -> bool {
        matches!(self, Self::Score(metric, _) if metric.better == crate::metric::Better::Higher)
    }

    /// What it says of `entry`.
    pub(super) fn cell(self, entry: &Entry) -> Cell {
        let number = |shown: String, value: String| Cell { shown, half: None, value: Some(value) };
        let text = |shown: String| Cell { shown: or_none(shown), half: None, value: None };
        match self {
            Self::Rank => entry.place.map_or_else(
                || text(String::new()),
                // Places are below a million: so many rows are in no table.
                |place| number(place.text(), (place.group.unwrap_or(0) * 1_000_000 + place.place).to_string()),
            ),
            Self::Method => text(short(&entry.name())),
            Self::Settings => text(entry.overrides.iter().map(|s| short(s)).collect::<Vec<_>>().join(" ")),
            Self::Seeds => number(entry.seeds.len().to_string(), entry.seeds.len().to_string()),
            Self::Score(metric, first) => score(entry, metric, first),
            Self::Spend(spend) => number(spend.shown(entry), spend.count(entry).to_string()),
            Self::Condition(condition) => text(condition.value(entry)),
        }
    }
}

/// A metric; a diverged method has a word in the first column and no number.
fn score(entry: &Entry, metric: &Metric, first: bool) -> Cell {
    if first && !entry.diverged.is_empty() {
        let shown = format!("diverged on {} of {}", entry.diverged.len(), entry.seeds.len());
        return Cell { shown, half: None, value: None };
    }
    let Some(estimate) = entry.estimate(metric) else {
        return Cell { shown: NONE.into(), half: None, value: None };
    };
    let (shown, half) = measured(metric, estimate);
    Cell { shown, half, value: Some(format!("{:?}", estimate.mean)) }
}

impl Spend {
    fn head(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Examples => "examples",
            Self::Replayed => "replayed",
            Self::Rehearsed => "rehearsed",
            Self::State => "state",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Operations => "floating-point operations charged to the budget, of the dearest seed",
            Self::Examples => "examples processed, replayed ones included, of the dearest seed",
            Self::Replayed => "examples of these that came from a memory, of the dearest seed",
            Self::Rehearsed => "examples of these that the environment brought back, of the dearest seed",
            Self::State => "largest state that the method held beyond the trained weights",
        }
    }

    fn count(self, entry: &Entry) -> u64 {
        match self {
            Self::Operations => entry.spent.flops,
            Self::Examples => entry.spent.examples,
            Self::Replayed => entry.spent.replayed,
            Self::Rehearsed => entry.spent.rehearsed,
            Self::State => entry.spent.state_bytes,
        }
    }

    fn shown(self, entry: &Entry) -> String {
        match self {
            Self::Operations => prefixed(entry.spent.flops).trim().into(),
            Self::State => format!("{}B", prefixed(entry.spent.state_bytes)),
            _ => grouped(self.count(entry)),
        }
    }
}

impl Condition {
    /// Its different values among the rows, in order, and which of them are said of all rows.
    pub(super) fn values(self, summary: &StreamSummary) -> std::collections::BTreeSet<String> {
        summary.entries.iter().map(|entry| or_none(self.value(entry))).collect()
    }

    /// Conditions that all rows share, with their value.
    pub(super) fn shared(summary: &StreamSummary) -> Vec<(&'static str, String)> {
        let one = |condition: &Condition| {
            let mut values = condition.values(summary);
            let value = values.pop_first()?;
            (values.is_empty() && value != NONE).then(|| (condition.head(), value))
        };
        CONDITIONS.iter().filter_map(one).collect()
    }

    fn head(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Head => "head",
            Self::TrainLogits => "train logits",
            Self::TestLogits => "test logits",
            Self::Identity => "task identity",
            Self::Recipe => "recipe",
            Self::Mixture => "mixture",
            Self::Bound => "steps set by",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Start => "initial weights",
            Self::Head => "one output layer for all tasks, or one for each",
            Self::TrainLogits => "classes that count in training",
            Self::TestLogits => "classes that count in evaluation",
            Self::Identity => "whether the task is told at test",
            Self::Recipe => "hash of network, optimizer, schedule and batch",
            Self::Mixture => "shares of update, buffer and pretraining in a batch",
            Self::Bound => "what ended the training of an experience",
        }
    }

    fn value(self, entry: &Entry) -> String {
        let c = &entry.conditions;
        match self {
            Self::Start => short(&c.start),
            Self::Head => short(&c.head),
            Self::TrainLogits => short(&c.train_logits),
            Self::TestLogits => short(&c.test_logits),
            Self::Identity => if c.task_identity { "told" } else { "not told" }.into(),
            Self::Recipe => short(&c.recipe),
            Self::Mixture => short(&c.mixture),
            Self::Bound => entry.bound_by.iter().map(|word| short(word)).collect::<Vec<_>>().join(", "),
        }
    }
}

fn or_none(text: String) -> String {
    if text.is_empty() { NONE.into() } else { text }
}
