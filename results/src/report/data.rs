//! The numbers of a table, exact, for programs that read the page and for its own download.

use serde::Serialize;
use serde_json::Map;

use super::Section;
use crate::{
    summary::Entry,
    table::{Format, TableOptions, render},
    words::clean,
};

#[derive(Serialize)]
struct Table {
    stream: String,
    hash: String,
    metrics: Vec<Column>,
    rows: Vec<Row>,
    /// What `clbench table --format csv` writes for the stream.
    csv: String,
}

#[derive(Serialize)]
struct Column {
    key: &'static str,
    name: &'static str,
    formula: &'static str,
    source: &'static str,
}

#[derive(Serialize)]
struct Row {
    family: String,
    method: String,
    joint: bool,
    overrides: Vec<String>,
    place: Option<usize>,
    group: Option<usize>,
    seeds: Vec<u64>,
    diverged: Vec<u64>,
    /// By metric.
    scores: Map<String, serde_json::Value>,
}

/// A mean with its uncertainty, and the values behind it as pairs of a seed and a value.
#[derive(Serialize)]
struct Score {
    mean: Option<f64>,
    deviation: Option<f64>,
    half_width_95: Option<f64>,
    values: Vec<(u64, f64)>,
}

/// The numbers of a section as JSON that ends no element of HTML.
pub(super) fn data(section: &Section) -> String {
    let stream = &section.summary.stream;
    let column = |metric: &&'static crate::metric::Metric| Column {
        key: metric.key,
        name: metric.name,
        formula: metric.formula,
        source: metric.source,
    };
    let table = Table {
        stream: clean(&stream.name),
        hash: clean(&stream.hash),
        metrics: section.metrics.iter().map(column).collect(),
        rows: section.summary.entries.iter().map(|entry| row(section, entry)).collect(),
        csv: csv(section),
    };
    embedded(&serde_json::to_string(&table).expect("strings and finite numbers always serialise"))
}

/// The section's table as `clbench table --format csv` writes it.
pub(super) fn csv(section: &Section) -> String {
    let options = TableOptions { format: Format::Csv, metrics: section.metrics.to_vec(), ..TableOptions::default() };
    render(std::slice::from_ref(section.summary), &options)
}

fn row(section: &Section, entry: &Entry) -> Row {
    let mut scores = Map::new();
    for metric in section.metrics {
        let estimate = entry.estimate(metric);
        let score = Score {
            mean: estimate.map(|estimate| estimate.mean),
            deviation: estimate.and_then(|estimate| estimate.deviation),
            half_width_95: estimate.and_then(|estimate| estimate.half_width),
            values: entry.values(metric),
        };
        scores.insert(metric.key.into(), serde_json::to_value(score).expect("numbers always serialise"));
    }
    Row {
        family: clean(&entry.family),
        method: clean(&entry.method),
        joint: entry.joint,
        overrides: entry.overrides.iter().map(|setting| clean(setting)).collect(),
        place: entry.place.map(|place| place.place),
        group: entry.place.and_then(|place| place.group).map(|group| group + 1),
        seeds: entry.seeds.clone(),
        diverged: entry.diverged.clone(),
        scores,
    }
}

/// JSON in which no character can end or open markup; all of them stand within strings.
fn embedded(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            '\u{2028}' => text.push_str("\\u2028"),
            '\u{2029}' => text.push_str("\\u2029"),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_ends_no_script_and_is_read_back() {
        let hostile = "</script><!-- &lt; \u{2028}\"\\";
        let text = embedded(&serde_json::to_string(hostile).unwrap());
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
    }
}
