//! A table for other programs: all rows of all tables, every column, full precision.

use crate::{
    metric::Metric,
    summary::{Entry, StreamSummary},
    words::clean,
};

const NAMED: [&str; 7] = ["stream", "kind", "hash", "family", "method", "overrides", "joint"];
const SEEDS: [&str; 6] = ["n_seeds", "seeds", "runs", "diverged_seeds", "group", "place"];
const CONDITIONS: [&str; 7] = ["start", "head", "train_logits", "test_logits", "recipe", "mixture", "task_identity"];
const SPENT: [&str; 9] =
    ["steps", "bound_by", "flops", "examples", "replayed", "rehearsed", "evaluation_flops", "state_bytes", "made_by"];

pub(super) fn table(summaries: &[StreamSummary], metrics: &[&Metric]) -> String {
    let mut header: Vec<String> = NAMED.iter().chain(&SEEDS).map(ToString::to_string).collect();
    for metric in metrics {
        let name = metric.key;
        header.extend([name.into(), format!("{name}_deviation"), format!("{name}_half_width_95")]);
    }
    header.extend(CONDITIONS.iter().chain(&SPENT).map(ToString::to_string));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&header).expect("memory takes every record");
    for summary in summaries {
        for entry in &summary.entries {
            writer.write_record(row(summary, entry, metrics)).expect("every row has the header's length");
        }
    }
    let bytes = writer.into_inner().expect("memory is always flushed");
    String::from_utf8(bytes).expect("all cells are text")
}

fn row(summary: &StreamSummary, entry: &Entry, metrics: &[&Metric]) -> Vec<String> {
    let stream = &summary.stream;
    let named = [&stream.name, &stream.kind, &stream.hash, &entry.family, &entry.method];
    let mut row: Vec<String> = named.into_iter().map(|name| cell(name)).collect();
    row.extend([list(&entry.overrides), entry.joint.to_string()]);
    row.extend([entry.seeds.len().to_string(), list(&entry.seeds), list(&entry.runs), list(&entry.diverged)]);
    let group = entry.place.and_then(|place| place.group).map(|group| (group + 1).to_string());
    row.extend([group.unwrap_or_default(), entry.place.map(|place| place.place.to_string()).unwrap_or_default()]);
    for metric in metrics {
        let estimate = entry.estimate(metric);
        let values =
            [estimate.map(|e| e.mean), estimate.and_then(|e| e.deviation), estimate.and_then(|e| e.half_width)];
        row.extend(values.map(|value| value.map(|value| format!("{value:?}")).unwrap_or_default()));
    }
    let c = &entry.conditions;
    row.extend([&c.start, &c.head, &c.train_logits, &c.test_logits, &c.recipe, &c.mixture].map(|name| cell(name)));
    let spent = &entry.spent;
    row.extend([c.task_identity.to_string(), spent.steps.to_string(), list(&entry.bound_by)]);
    let counts = [spent.flops, spent.examples, spent.replayed, spent.rehearsed];
    row.extend(counts.map(|count| count.to_string()));
    row.extend([spent.evaluation_flops.to_string(), spent.state_bytes.to_string()]);
    row.push(list(&entry.made_by));
    row
}

/// Items with semicolons between them.
fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(|item| cell(&item.to_string())).collect::<Vec<_>>().join(";")
}

/// A cleaned name; an apostrophe keeps a spreadsheet from running it as a formula.
fn cell(name: &str) -> String {
    let name = clean(name);
    if name.starts_with(['=', '+', '-', '@']) { format!("'{name}") } else { name }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_is_no_formula() {
        assert_eq!(super::cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(super::cell("lora+ewc"), "lora+ewc");
    }
}
