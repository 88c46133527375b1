//! A table for a terminal of 80 columns: the scores first, then what they were bought with.

use crate::grid::{Side, WIDTH, grid};
use crate::manifest::Conditions;
use crate::metric::Metric;
use crate::summary::{Entry, StreamSummary};
use crate::text::{prefixed, short, wrap};

pub(super) fn table(summary: &StreamSummary, metrics: &[&Metric]) -> String {
    let wrapped = |lines: Vec<String>| lines.iter().map(|line| wrap(line, WIDTH) + "\n").collect::<String>();
    let conditions = distinct(summary);
    [
        wrapped(vec![super::title(summary)]),
        scores(summary, metrics),
        spending(summary, &conditions),
        wrapped(legend(&conditions).into_iter().chain(super::notes(summary, metrics)).collect()),
    ]
    .join("\n")
}

fn scores(summary: &StreamSummary, metrics: &[&Metric]) -> String {
    let heads = metrics.iter().map(|metric| metric.head());
    let header: Vec<String> = ["method", "rank", "seeds"].map(String::from).into_iter().chain(heads).collect();
    let row = |entry: &Entry| {
        let fixed = [super::label(entry).join("\n"), super::place(entry), entry.seeds.len().to_string()];
        let scores = metrics.iter().enumerate().map(|(column, metric)| match super::score(entry, metric, column) {
            (mean, Some(half)) => format!("{mean}\n{half}"),
            (mean, None) => mean,
        });
        fixed.into_iter().chain(scores).collect()
    };
    grid(&header, &summary.entries.iter().map(row).collect::<Vec<_>>(), &[Side::Left])
}

/// What each row spent; a column names its conditions only if the rows have several.
fn spending(summary: &StreamSummary, conditions: &[&Conditions]) -> String {
    let (several, rehearsed) = (conditions.len() > 1, summary.is_rehearsed());
    let mut header = vec!["method", "steps", "set by", "operations", "replayed", "state"];
    if rehearsed {
        header.insert(5, "rehearsed");
    }
    if several {
        header.insert(1, "cond.");
    }
    let row = |entry: &Entry| {
        let mut row = vec![
            super::label(entry).join("\n"),
            entry.spent.steps.to_string(),
            super::bound(entry).replace(", ", "\n"),
            prefixed(entry.spent.flops).trim().into(),
            prefixed(entry.spent.replayed).trim().into(),
            format!("{}B", prefixed(entry.spent.state_bytes)),
        ];
        if rehearsed {
            row.insert(5, prefixed(entry.spent.rehearsed).trim().into());
        }
        if several {
            let index = conditions.iter().position(|&c| *c == entry.conditions).expect("all conditions are listed");
            row.insert(1, letter(index));
        }
        row
    };
    let header: Vec<String> = header.into_iter().map(String::from).collect();
    grid(&header, &summary.entries.iter().map(row).collect::<Vec<_>>(), &[Side::Left])
}

/// The conditions of the entries, each once, in the order of the rows.
fn distinct(summary: &StreamSummary) -> Vec<&Conditions> {
    let mut conditions: Vec<&Conditions> = Vec::new();
    for entry in &summary.entries {
        if !conditions.contains(&&entry.conditions) {
            conditions.push(&entry.conditions);
        }
    }
    conditions
}

fn legend(conditions: &[&Conditions]) -> Vec<String> {
    let line = |(index, c): (usize, &&Conditions)| {
        let rows = if conditions.len() > 1 { format!("Conditions {}", letter(index)) } else { "All rows".into() };
        let [start, head, train, test] = [&c.start, &c.head, &c.train_logits, &c.test_logits].map(|word| short(word));
        let recipe = if conditions.len() > 1 { format!(", recipe {}", short(&c.recipe)) } else { String::new() };
        let batches = if c.mixture.is_empty() { String::new() } else { format!(", batches {}", short(&c.mixture)) };
        let told = if c.task_identity { "told" } else { "not told" };
        let logits = format!("logits {train} in training and {test} at test");
        format!("{rows}: start {start}, {head} head, {logits}, task id {told}{recipe}{batches}.")
    };
    conditions.iter().enumerate().map(line).collect()
}

/// `a`, `b`, … and numbers after `z`.
fn letter(index: usize) -> String {
    if index < 26 { char::from(b'a' + index as u8).to_string() } else { (index + 1).to_string() }
}
