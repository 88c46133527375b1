//! Scores in a terminal of 80 columns, each with its key, its value and its definition.

use crate::{
    lifetime::LifetimeMetrics,
    metric::{Metric, Scores, measured},
    statistics::Estimate,
    words::{
        columns::{Side, WIDTH, grid},
        cut, fixed, short, wrap,
    },
};

/// Most scores that are named for one reason.
const MOST_NAMED: usize = 5;

/// The `metrics`, one a line, or why they have no value; shares are in percent.
pub fn scores_by_key(scores: &Scores, metrics: &[&Metric]) -> String {
    let wide = metrics.iter().map(|metric| metric.key.chars().count()).max().unwrap_or(0);
    let line = |metric: &&Metric| {
        let estimate = |mean| Estimate { mean, deviation: None, half_width: None, n: 1 };
        let value = scores.get(metric).map_or("—".into(), |value| measured(metric, estimate(value)).0);
        keyed(metric.key, wide, &value, scores.why(metric).unwrap_or(metric.about))
    };
    metrics.iter().map(line).collect()
}

/// Why some of `metrics` have no value: a sentence for each reason, in the order of the metrics.
pub fn without_value(scores: &Scores, metrics: &[&Metric]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for metric in metrics {
        let Some(why) = scores.why(metric) else { continue };
        match reasons.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, keys)) => keys.push(metric.key),
            None => reasons.push((why, vec![metric.key])),
        }
    }
    let sentence = |(why, keys): (&str, Vec<&str>)| {
        let more = keys.len().saturating_sub(MOST_NAMED);
        let named = keys[..keys.len() - more].join(", ");
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        format!("no value for {named}{more}: {why}")
    };
    reasons.into_iter().map(sentence).collect()
}

/// A key, a value and what it means, in as many lines as that takes.
fn keyed(key: &str, wide: usize, value: &str, about: &str) -> String {
    let indent = wide + 11;
    // Lines after the first are indented by two more, so that definitions stand apart.
    let about = wrap(about, WIDTH - indent).replace('\n', &format!("\n{}", " ".repeat(indent - 2)));
    format!("{key:<wide$} {value:>8}  {about}\n")
}

impl LifetimeMetrics {
    /// The values of the whole lifetime: the name in `l2metrics`, the value, and what it means.
    pub fn values(&self) -> [(&'static str, Option<f64>, &'static str); 11] {
        [
            (
                "perf_recovery",
                self.perf_recovery,
                "performance recovery: minus the slope of recovery times over returns to a task; above 0 is good",
            ),
            ("avg_train_perf", self.avg_train_perf, "mean performance while learning"),
            ("avg_eval_perf", self.avg_eval_perf, "mean performance in evaluations"),
            (
                "perf_maintenance_mrlep",
                self.perf_maintenance_mrlep,
                "performance maintenance: evaluations minus the one right after learning; above 0 is good",
            ),
            (
                "perf_maintenance_mrtlp",
                self.perf_maintenance_mrtlp,
                "performance maintenance: evaluations minus the end of learning; above 0 is good",
            ),
            (
                "forward_transfer_ratio",
                self.forward_transfer_ratio,
                "a task not yet learned: after learning another over before; above 1 is good",
            ),
            (
                "backward_transfer_ratio",
                self.backward_transfer_ratio,
                "a task learned before: after learning another over before; above 1 is good",
            ),
            ("forward_transfer_contrast", self.forward_transfer_contrast, "the same as a contrast; above 0 is good"),
            ("backward_transfer_contrast", self.backward_transfer_contrast, "the same as a contrast; above 0 is good"),
            ("ste_rel_perf", self.ste_rel_perf, "learning over that of a single-task expert; above 1 is good"),
            (
                "sample_efficiency",
                self.sample_efficiency,
                "height and speed of saturation over a single-task expert's; above 1 is good",
            ),
        ]
    }
}

/// The values of a lifetime that `wanted` asks for, then each task's; performance is on the scale of the report.
pub fn lifetime_text(metrics: &LifetimeMetrics, wanted: impl Fn(&str) -> bool) -> String {
    let mut text = format!(
        "{}: {} learning and {} evaluation experiences on {} tasks, measured by {}\n\n",
        short(&metrics.run_id),
        metrics.num_lx,
        metrics.num_ex,
        metrics.task_metrics.len(),
        short(&metrics.metrics_column)
    );
    text = wrap(&text, WIDTH) + "\n\n";
    let shown = |value: Option<f64>| value.map_or("—".into(), |value| fixed(value, 3));
    for (key, value, about) in metrics.values().iter().filter(|(key, _, _)| wanted(key)) {
        text.push_str(&keyed(key, 26, &shown(*value), about));
    }
    let head = ["task", "recovery", "train", "eval", "mrlep", "mrtlp", "relative", "sample"].map(String::from);
    let rows: Vec<Vec<String>> = metrics
        .task_metrics
        .iter()
        .map(|(name, task)| {
            let values = [
                task.perf_recovery,
                task.avg_train_perf,
                task.avg_eval_perf,
                task.perf_maintenance_mrlep,
                task.perf_maintenance_mrtlp,
                task.ste_rel_perf,
                task.sample_efficiency,
            ];
            std::iter::once(cut(&short(name), 20))
                .chain(values.map(|value| value.map_or("—".into(), |value| fixed(value, 2))))
                .collect()
        })
        .collect();
    text.push('\n');
    text.push_str(&grid(&head, &rows, &[Side::Left]));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{all, find};
    use crate::record::example;

    #[test]
    fn all_scores_fit_the_terminal() {
        let metrics: Vec<_> = all().collect();
        let text = scores_by_key(&example::run("er", 0, example::MIXED[3]).scores(&metrics), &metrics);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(metrics.iter().all(|metric| text.lines().any(|line| line.split(' ').next() == Some(metric.key))));
        let usual = [find("acc").unwrap()];
        let text = scores_by_key(&example::run("er", 0, example::MIXED[3]).scores(&usual), &usual);
        assert_eq!(text, "acc.gem17     71.7  mean of the last row (Lopez-Paz & Ranzato 2017)\n");
    }
}
