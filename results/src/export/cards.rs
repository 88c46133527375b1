//! The rows of tables as results of a model card.

use super::model_index::{CardMetric, CardResult};
use crate::{
    metric::{Metric, accuracy},
    summary::{Entry, StreamSummary},
};

/// A result for each row that has a value, and how many rows have none because a seed diverged or lacks it.
///
/// The metric that the Hub knows, mean accuracy over tasks in the end, goes by the Hub's id; others by their keys.
pub fn cards(summaries: &[StreamSummary], metrics: &[&Metric]) -> (Vec<CardResult>, usize) {
    let rows = summaries.iter().flat_map(|summary| summary.entries.iter().map(move |entry| (summary, entry)));
    let all: Vec<CardResult> = rows.map(|(summary, entry)| card(summary, entry, metrics)).collect();
    let count = all.len();
    let cards: Vec<CardResult> = all.into_iter().filter(|card| !card.metrics.is_empty()).collect();
    let without = count - cards.len();
    (cards, without)
}

fn card(summary: &StreamSummary, entry: &Entry, metrics: &[&Metric]) -> CardResult {
    let value = |metric: &&Metric| {
        let estimate = entry.estimate(metric)?;
        let id = if **metric == accuracy::AVERAGE { "accuracy" } else { metric.key };
        Some(CardMetric {
            id: id.into(),
            name: metric.name.into(),
            value: estimate.mean,
            half_width: estimate.half_width,
        })
    };
    CardResult {
        stream: entry.stream.clone(),
        kind: summary.stream.kind.clone(),
        hash: entry.hash.clone(),
        split: "test".into(),
        method: std::iter::once(entry.name()).chain(entry.overrides.iter().cloned()).collect::<Vec<_>>().join(" "),
        seeds: entry.seeds.clone(),
        metrics: metrics.iter().filter_map(value).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::USUAL;
    use crate::record::example;
    use crate::summary::{Grouping, summarise};

    #[test]
    fn a_row_is_a_result_and_a_diverged_one_is_none() {
        let mut runs = vec![example::run("er", 0, [0.6, 0.85, 0.7]), example::run("er", 1, [0.6, 0.85, 0.4])];
        runs.push(example::run("lwf", 0, [0.1; 3]));
        runs[2].manifest.diverged = Some("loss".into());
        let grouping = Grouping { metrics: USUAL.to_vec(), ..Grouping::default() };
        let (cards, without) = cards(&summarise(&runs, &grouping).unwrap(), USUAL);
        assert_eq!((cards.len(), without), (1, 1));
        assert_eq!((&*cards[0].method, &cards[0].seeds[..], &*cards[0].hash), ("er", &[0, 1][..], "5ca1ab1e0ddba11c"));
        let metric = &cards[0].metrics[0];
        assert_eq!(metric.id, "accuracy");
        assert!((metric.value - 4.0 / 6.0).abs() < 1e-12 && metric.half_width.is_some());
        assert_eq!(cards[0].metrics[2].id, "bwt.gem17");
    }
}
