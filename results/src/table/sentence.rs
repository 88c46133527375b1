//! What a table comes to, in one sentence for each group: who is ahead, by how much, and how sure that is.

use crate::{
    metric::{Metric, Unit, measured},
    statistics::{
        Estimate,
        power::{Design, seeds_needed},
    },
    summary::{
        Entry, StreamSummary,
        contest::{Contest, LEVEL, groups},
    },
    words::{fixed, short},
};

/// The sentences of a table's groups, ranked by `metric`.
pub(crate) fn sentences(summary: &StreamSummary, metric: &Metric) -> Vec<String> {
    let groups = groups(&summary.entries);
    let several = groups.len() > 1;
    let sentence = |(index, members): (usize, &Vec<usize>)| {
        let contest = Contest::of(&summary.entries, members, metric)?;
        let within = if several { format!("In group {}, ", letter(index)) } else { String::new() };
        Some(format!("{within}{}", told(summary, metric, &contest)))
    };
    let told: Vec<String> = groups.values().enumerate().filter_map(sentence).collect();
    if told.is_empty() {
        let why = "no two rows share conditions, recipe and spending, so that none is ahead of another";
        return vec![format!("On {}, {why}.", short(&summary.stream.name))];
    }
    told
}

fn told(summary: &StreamSummary, metric: &Metric, contest: &Contest) -> String {
    let best = &summary.entries[contest.best];
    let next = &contest.others[0];
    let (name, other) = (called(best), called(&summary.entries[next.entry]));
    let value = best.estimate(metric).map(|estimate| with_interval(metric, estimate)).unwrap_or_default();
    let score = format!("{name} has the best {} on {}, {value}", metric.short, short(&summary.stream.name));
    let Some(test) = next.test else {
        return format!("{score}; {other} comes next, and without two common seeds nothing tells them apart.");
    };
    let half = test.interval.high - test.mean;
    let difference = Estimate { mean: test.mean.abs(), deviation: None, half_width: Some(half), n: test.n };
    let points = if metric.unit == Unit::Share { "points" } else { "" };
    let (by, half) = measured(metric, difference);
    let by = format!("{by} ± {} {points}", half.unwrap_or_default());
    let p = next.p.unwrap_or(1.0);
    let proof = format!("paired t over {} seeds, p {}, Holm over {}", test.n, p_words(p), contest.others.len());
    if p <= LEVEL {
        return format!("{score}, {} ahead of {other} ({proof}): a clear lead.", by.trim());
    }
    let needed = seeds_needed(Design::Paired, test.mean, test.deviation).ok().flatten();
    let needed = needed.map_or(String::new(), |n| format!(" About {n} seeds would be needed to tell the two apart."));
    format!("{score}, {} ahead of {other} ({proof}): no clear lead.{needed}", by.trim())
}

/// A p value, such as `= 0.03` or `< 0.001`.
pub(crate) fn p_words(p: f64) -> String {
    if p < 0.001 { "< 0.001".into() } else { format!("= {}", fixed(p, 3)) }
}

fn with_interval(metric: &Metric, estimate: Estimate) -> String {
    let unit = if metric.unit == Unit::Share { " %" } else { "" };
    match measured(metric, estimate) {
        (mean, Some(half)) => format!("{mean} ± {half}{unit}"),
        (mean, None) => format!("{mean}{unit}"),
    }
}

/// A row as a sentence calls it.
pub(crate) fn called(entry: &Entry) -> String {
    let settings: Vec<String> = entry.overrides.iter().map(|setting| short(setting)).collect();
    if settings.is_empty() {
        short(&entry.name())
    } else {
        format!("{} ({})", short(&entry.name()), settings.join(" "))
    }
}

/// The letter of a group, as in its places.
fn letter(index: usize) -> String {
    if index < 26 { char::from(b'A' + index as u8).to_string() } else { (index + 1).to_string() }
}
