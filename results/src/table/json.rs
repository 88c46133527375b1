//! A table for programs: every entry with every seed's value in full precision.

use serde_json::{Map, Value, json};

use super::sentence::sentences;
use crate::{
    metric::Metric,
    summary::{Entry, StreamSummary, repro::command},
};

pub(super) fn table(summaries: &[StreamSummary], metrics: &[&Metric]) -> String {
    let tables: Vec<Value> = summaries.iter().map(|summary| stream(summary, metrics)).collect();
    serde_json::to_string_pretty(&tables).expect("strings and numbers always serialise") + "\n"
}

fn stream(summary: &StreamSummary, metrics: &[&Metric]) -> Value {
    json!({
        "stream": summary.stream,
        "ranked_by": summary.by.key,
        "ranking": summary.ranking,
        "rows": summary.entries.iter().map(|entry| row(entry, metrics)).collect::<Vec<_>>(),
        "sentences": sentences(summary, summary.by),
    })
}

fn row(entry: &Entry, metrics: &[&Metric]) -> Value {
    let scores: Map<String, Value> =
        metrics.iter().map(|metric| (metric.key.to_owned(), score(entry, metric))).collect();
    json!({
        "name": entry.name(),
        "method": entry.method,
        "overrides": entry.overrides,
        "joint": entry.joint,
        "stream": entry.stream,
        "hash": entry.hash,
        "family": entry.family,
        "rank": entry.place.map(|place| json!({
            "group": place.group.map(|group| group + 1),
            "place": place.place,
            "clear": place.clear,
        })),
        "seeds": entry.seeds,
        "runs": entry.runs,
        "diverged": entry.diverged,
        "conditions": entry.conditions,
        "spent": entry.spent,
        "bound_by": entry.bound_by,
        "made_by": entry.made_by,
        "command": command(entry),
        "scores": scores,
    })
}

fn score(entry: &Entry, metric: &Metric) -> Value {
    let estimate = entry.estimate(metric);
    json!({
        "mean": estimate.map(|estimate| estimate.mean),
        "deviation": estimate.and_then(|estimate| estimate.deviation),
        "half_width_95": estimate.and_then(|estimate| estimate.half_width),
        "by_seed": entry.values(metric),
    })
}
