//! A leaderboard: a row for each method under one configuration, to be sorted, filtered and opened.

use maud::{Markup, html};

use super::{
    Section,
    column::{Column, Condition},
    detail::detail,
};
use crate::{
    metric::Metric,
    summary::{
        Entry, StreamSummary,
        contest::{Mark, marks},
    },
};

/// Width and height of a strip of seeds.
const STRIP: (f64, f64) = (72.0, 14.0);

/// The controls and the table; its ids begin with `id`.
pub(super) fn board(section: &Section, id: &str) -> Markup {
    let columns = Column::of(section.summary, section.metrics);
    let marks: Vec<Vec<Mark>> = columns.iter().map(|column| stand(section.summary, *column)).collect();
    let range = section.metrics.first().and_then(|metric| range(section.summary, metric));
    let entries = &section.summary.entries;
    html! {
        (controls(section.summary, &columns, id))
        div.scroll tabindex="0" role="region" aria-label="Leaderboard" {
            table.board {
                thead { tr { @for column in &columns { (head(*column)) } } }
                @for (at, entry) in entries.iter().enumerate() {
                    tbody {
                        tr {
                            @for (column, marks) in columns.iter().zip(&marks) {
                                (cell(*column, entry, marks[at], range))
                            }
                        }
                        tr.more { td colspan=(columns.len()) { div.sheet { (detail(section, entry)) } } }
                    }
                }
            }
        }
    }
}

fn controls(summary: &StreamSummary, columns: &[Column], id: &str) -> Markup {
    let count = summary.entries.len();
    html! {
        div.controls {
            div.field {
                label for={ (id) "-filter" } { "Filter by method or setting" }
                input id={ (id) "-filter" } type="search" autocomplete="off" spellcheck="false" placeholder="replay \
                    lr=0.1";
            }
            @for (at, column) in columns.iter().enumerate() {
                @if let Column::Condition(condition) = column { (select(*condition, summary, at, id)) }
            }
            button.reset type="button" { "Reset" }
            button.csv type="button" { "Download CSV" }
            output.count aria-live="polite" { (count) " of " (count) " rows" }
        }
    }
}

fn select(condition: Condition, summary: &StreamSummary, at: usize, id: &str) -> Markup {
    html! {
        div.field {
            label for={ (id) "-by-" (at) } { (Column::Condition(condition).head()) }
            select id={ (id) "-by-" (at) } data-column=(at) {
                option value="" { "any" }
                @for value in condition.values(summary) { option value=(value) { (value) } }
            }
        }
    }
}

fn head(column: Column) -> Markup {
    let first = if column.starts_high() { "descending" } else { "ascending" };
    let number = column.is_number();
    html! {
        th scope="col" class=[class(column)] aria-sort="none" data-first=(first) data-number=[number.then_some("")] {
            button type="button" title=(column.meaning()) { (column.head()) }
        }
    }
}

fn class(column: Column) -> Option<&'static str> {
    match column {
        Column::Rank => Some("rank"),
        Column::Method => Some("method"),
        Column::Settings => Some("settings"),
        Column::Score(_, true) => Some("n lead"),
        Column::Score(_, false) => Some("n score"),
        column => column.is_number().then_some("n"),
    }
}

fn cell(column: Column, entry: &Entry, mark: Mark, range: Option<(f64, f64)>) -> Markup {
    let cell = column.cell(entry);
    if matches!(column, Column::Method) {
        return html! {
            th.method scope="row" { details { summary { (cell.shown) } } }
        };
    }
    let name = match column {
        Column::Settings => Some(cell.shown.clone()),
        _ => None,
    };
    html! {
        td class=[class(column)] data-value=[cell.value] title=[name] {
            @match mark {
                Mark::None => { (cell.shown) }
                Mark::Best => { strong { (cell.shown) } }
                Mark::Tie => { span.tie title="not clearly different from the best" { "≈" } (cell.shown) }
            }
            @if let Some(half) = cell.half { span.half { " ± " (half) } }
            @if let (Column::Score(metric, true), Some(range)) = (column, range) { (strip(entry, metric, range)) }
        }
    }
}

/// How each entry's cell stands to the best of its group.
fn stand(summary: &StreamSummary, column: Column) -> Vec<Mark> {
    match column {
        Column::Score(metric, _) => marks(&summary.entries, metric),
        _ => vec![Mark::None; summary.entries.len()],
    }
}

/// The smallest and the largest value of any seed.
fn range(summary: &StreamSummary, metric: &Metric) -> Option<(f64, f64)> {
    let values = || summary.entries.iter().flat_map(|entry| entry.values(metric)).map(|(_, value)| value);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    (low < high).then_some((low, high))
}

/// A dot for each seed between the table's smallest and largest value, and a bar for the mean.
fn strip(entry: &Entry, metric: &Metric, (low, high): (f64, f64)) -> Markup {
    let (width, height) = STRIP;
    let across = |value: f64| format!("{:.1}", 4.0 + (value - low) / (high - low) * (width - 8.0));
    let mean = entry.estimate(metric).map(|estimate| across(estimate.mean));
    html! {
        svg.strip width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } aria-hidden="true" {
            line.rail x1="0" x2=(width) y1="7" y2="7" {}
            @for (_, value) in entry.values(metric) { circle cx=(across(value)) cy="7" r="2.5" {} }
            @if let Some(mean) = mean { line.mean x1=(mean) x2=(mean) y1="1" y2="13" {} }
        }
    }
}
