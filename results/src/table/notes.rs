//! The sentences below a table: what its columns mean and what its numbers do not say.

use super::TableOptions;
use crate::{
    metric::{Metric, Unit},
    summary::{
        Entry, StreamSummary,
        contest::{LEVEL, Mark, marks},
    },
    words::short,
};

pub(crate) fn notes(summary: &StreamSummary, options: &TableOptions) -> Vec<String> {
    let any = |test: &dyn Fn(&Entry) -> bool| summary.entries.iter().any(test);
    let mut notes = units(&options.metrics);
    let common = summary.entries.first().map_or(&[][..], |entry| &entry.common);
    if !common.is_empty() {
        let common: Vec<String> = common.iter().map(|setting| short(setting)).collect();
        notes.push(format!("{}{}.", super::SHARED, common.join(", ")));
    }
    if any(&|entry| entry.seeds.len() > 1) {
        notes.push("± is half the 95 % interval of the mean over seeds (Student's t).".into());
    }
    if any(&|entry| entry.seeds.len() == 1) {
        notes.push("A row of one seed has no interval: it proves little.".into());
    }
    if any(&|entry| entry.place.is_some()) {
        notes.push(format!("Ranked by {} {}", summary.by.short, summary.ranking.rule()));
        notes.push(marked(summary, options));
    }
    if any(&|entry| !entry.diverged.is_empty()) {
        notes.push("A method that diverged on any seed has no score and no rank.".into());
    }
    if any(&|entry| entry.joint) {
        notes.push("Joint training sees all tasks at once: the upper bound, not ranked.".into());
    }
    if any(&|entry| entry.hash != summary.entries[0].hash) {
        notes.push("The rows are on different streams: their numbers say nothing about each other.".into());
    }
    if any(&|entry| entry.made_by != summary.entries[0].made_by || entry.made_by.len() > 1) {
        notes.push("The runs were made by more than one version, revision or device.".into());
    }
    notes.push(
        "Operations, replayed examples and state are those of the dearest seed; evaluation is not charged.".into(),
    );
    notes
}

/// What the scores are, and what they are measured in.
fn units(metrics: &[&Metric]) -> Vec<String> {
    let of = |wanted: &dyn Fn(Unit) -> bool| {
        let chosen = metrics.iter().filter(|metric| wanted(metric.unit));
        chosen.map(|metric| format!("{} {}", metric.short, metric.name)).collect::<Vec<_>>().join(", ")
    };
    let groups = [
        ("Percent", of(&|unit| unit == Unit::Share)),
        ("Steps", of(&|unit| unit == Unit::Steps)),
        ("Nats", of(&|unit| unit == Unit::Nats)),
        ("Numbers", of(&|unit| unit == Unit::Number)),
    ];
    groups.iter().filter(|(_, names)| !names.is_empty()).map(|(unit, names)| format!("{unit}. {names}.")).collect()
}

/// What the marks mean.
fn marked(summary: &StreamSummary, options: &TableOptions) -> String {
    let ties = options.metrics.iter().any(|metric| marks(&summary.entries, metric).contains(&Mark::Tie))
        || summary.entries.iter().any(|entry| entry.place.is_some_and(|place| !place.clear));
    let best = "The best of its group is marked in each column (bold, or *)";
    if ties {
        format!(
            "{best}; ≈ is not clearly different from it (paired t over common seeds, p > {LEVEL} after Holm's \
             adjustment over the group)."
        )
    } else {
        format!("{best}.")
    }
}
