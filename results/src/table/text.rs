//! A table for a terminal of 80 columns: the scores first, then what they were bought with.

use super::{
    Column, TableOptions, notes,
    sentence::sentences,
    sheet::{Cell, bound, cells, columns, footnotes, label, steps},
};
use crate::{
    record::Conditions,
    summary::{
        Entry, StreamSummary,
        contest::{Mark, marks},
    },
    words::{
        columns::{Side, WIDTH, grid},
        prefixed, short, wrap,
    },
};

pub(super) fn table(summary: &StreamSummary, options: &TableOptions) -> String {
    let conditions = distinct(summary);
    let footnotes = footnotes(summary, options).into_iter().enumerate();
    let mut parts = vec![
        wrapped([super::title(summary)]),
        scores(summary, options),
        spending(summary, options, &conditions),
        wrapped(legend(&conditions).into_iter().chain(notes::notes(summary, options))),
        wrapped(footnotes.map(|(index, note)| format!("[{}] {note}", index + 1))),
        wrapped(sentences(summary, options.grouping.by)),
    ];
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn wrapped(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().map(|line| wrap(&line, WIDTH) + "\n").collect()
}

/// A cell over two lines; a mark stands before its number.
fn folded(cell: &Cell) -> String {
    let text = format!("{}{}", cell.mark.sign(), cell.text);
    cell.half.as_ref().map_or_else(|| text.clone(), |half| format!("{text}\n{half}"))
}

/// Places and scores; as many columns a grid as a terminal is wide.
fn scores(summary: &StreamSummary, options: &TableOptions) -> String {
    const AT_ONCE: usize = 6;
    let chosen = columns(summary, options);
    let fixed: Vec<Column> =
        chosen.iter().copied().filter(|column| matches!(column, Column::Rank | Column::Seeds)).collect();
    let metrics: &[_] = if chosen.contains(&Column::Scores) { &options.metrics } else { &[] };
    if metrics.is_empty() && fixed.is_empty() {
        return String::new();
    }
    let all: Vec<Vec<Mark>> = metrics.iter().map(|metric| marks(&summary.entries, metric)).collect();
    let part = |from: usize| {
        let upto = (from + AT_ONCE).min(metrics.len());
        let heads = metrics[from..upto].iter().map(|metric| metric.head());
        let first = std::iter::once("method").chain(fixed.iter().map(|column| column.head())).map(String::from);
        let row = |(index, entry): (usize, &Entry)| {
            let mut name = label(summary, entry);
            if options.footnotes {
                name[0] += &format!(" [{}]", index + 1);
            }
            let places = fixed.iter().flat_map(|column| cells(*column, entry, options, |_| Mark::None));
            let scores: Vec<Cell> =
                if metrics.is_empty() { Vec::new() } else { cells(Column::Scores, entry, options, |m| all[m][index]) };
            let scores = scores.into_iter().skip(from).take(upto - from);
            std::iter::once(name.join("\n")).chain(places.chain(scores).map(|cell| folded(&cell))).collect()
        };
        let rows: Vec<Vec<String>> = summary.entries.iter().enumerate().map(row).collect();
        grid(&first.chain(heads).collect::<Vec<_>>(), &rows, &[Side::Left])
    };
    (0..metrics.len().max(1)).step_by(AT_ONCE).map(part).collect::<Vec<_>>().join("\n")
}

/// What each row spent; a column names its conditions only if the rows have several.
fn spending(summary: &StreamSummary, options: &TableOptions, conditions: &[&Conditions]) -> String {
    let chosen: Vec<Column> = columns(summary, options).into_iter().filter(|column| column.is_spending()).collect();
    let several = conditions.len() > 1;
    if chosen.is_empty() {
        return String::new();
    }
    let mut header = vec!["method"];
    if several {
        header.push("cond.");
    }
    for column in &chosen {
        header.push(column.head());
        if *column == Column::Steps {
            header.push("set by");
        }
    }
    let row = |entry: &Entry| {
        let mut row = vec![label(summary, entry).join("\n")];
        if several {
            let index = conditions.iter().position(|&c| *c == entry.conditions).expect("all conditions are listed");
            row.push(letter(index));
        }
        for column in &chosen {
            let count = |count: u64| prefixed(count).trim().to_owned();
            match column {
                Column::Steps => row.extend([steps(entry), bound(entry).join("\n")]),
                Column::Replayed => row.push(count(entry.spent.replayed)),
                Column::Rehearsed => row.push(count(entry.spent.rehearsed)),
                Column::Examples => row.push(count(entry.spent.examples)),
                other => row.extend(cells(*other, entry, options, |_| Mark::None).into_iter().map(|cell| cell.text)),
            }
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
