//! Two rows side by side: every score's difference on common seeds, by every test, and what it comes to.

use std::fmt::Write;

use crate::{
    metric::{Metric, Unit, measured},
    statistics::{
        Estimate, Interval, Resampling,
        equivalence::paired_equivalence,
        holm::holm,
        paired::{PairedTest, paired_bootstrap, paired_test},
        power::{Design, seeds_needed},
        wilcoxon::wilcoxon,
    },
    summary::Entry,
    table::sentence::{called, p_words},
    words::{
        columns::{Side, WIDTH, grid},
        fixed, wrap,
    },
};

/// One score of two rows.
struct Line {
    metric: &'static Metric,
    means: [Estimate; 2],
    test: PairedTest,
    bootstrap: Option<Interval>,
    wilcoxon: Option<f64>,
    agreement: Option<String>,
    seeds: Option<u64>,
}

/// Compares `a` with `b` in `metrics` over their common seeds, as text of 80 columns.
///
/// None without two common seeds. The equivalence margin is the larger of one point and b's deviation over its seeds.
pub fn compare(a: &Entry, b: &Entry, metrics: &[&'static Metric]) -> Option<String> {
    let lines: Vec<Line> = metrics.iter().filter_map(|metric| line(a, b, metric)).collect();
    if lines.is_empty() {
        return None;
    }
    let adjusted = holm(&lines.iter().map(|line| line.test.p).collect::<Vec<_>>()).ok()?;
    let header = ["score", "A", "B", "A − B", "bootstrap", "t test", "Wilcoxon", "Holm"].map(String::from);
    let row = |(line, holm): (&Line, &f64)| {
        let value = |estimate: Estimate| measured(line.metric, Estimate { half_width: None, ..estimate }).0;
        let half = line.test.interval.half_width();
        let difference = Estimate { mean: line.test.mean, deviation: None, half_width: Some(half), n: line.test.n };
        let (mean, half) = measured(line.metric, difference);
        let scale = if line.metric.unit == Unit::Share { 100.0 } else { 1.0 };
        let span = |i: Interval| format!("{} … {}", fixed(scale * i.low, 1), fixed(scale * i.high, 1));
        vec![
            line.metric.head(),
            value(line.means[0]),
            value(line.means[1]),
            format!("{mean} ±{}", half.unwrap_or_default()),
            line.bootstrap.map_or("—".into(), span),
            fixed(line.test.p, 3),
            line.wilcoxon.map_or("—".into(), |p| fixed(p, 3)),
            fixed(*holm, 3),
        ]
    };
    let rows: Vec<Vec<String>> = lines.iter().zip(&adjusted).map(row).collect();
    let n = lines[0].test.n;
    let mut text = format!("A  {}\nB  {}\n\n{}\n", called(a), called(b), grid(&header, &rows, &[Side::Left]));
    let notes = format!(
        "Shares in percent. Paired over {n} common seeds: 95 % interval of the difference (Student's t; percentile \
         bootstrap, {} resamples, seed 0), p of the paired t test and of Wilcoxon's signed ranks, and the t test's p \
         after Holm's adjustment over these scores.",
        Resampling::default().resamples
    );
    let _ = writeln!(text, "{}\n", wrap(&notes, WIDTH));
    if !a.stream_equals(b) {
        let _ = writeln!(text, "{}\n", wrap("The rows are on different streams: the difference says little.", WIDTH));
    } else if a.conditions != b.conditions {
        let words = "The rows were trained under different conditions, recipes or mixtures: the difference is not the \
                     method's alone.";
        let _ = writeln!(text, "{}\n", wrap(words, WIDTH));
    }
    for line in lines.iter().take(1) {
        text += &(wrap(&verdict(a, b, line, adjusted[0]), WIDTH) + "\n");
    }
    Some(text)
}

fn line(a: &Entry, b: &Entry, metric: &'static Metric) -> Option<Line> {
    let of_b: std::collections::BTreeMap<u64, f64> = b.values(metric).into_iter().collect();
    let (x, y): (Vec<f64>, Vec<f64>) =
        a.values(metric).into_iter().filter_map(|(seed, value)| Some((value, *of_b.get(&seed)?))).unzip();
    let test = paired_test(&x, &y, 0.95).ok()?;
    let deviation = Estimate::of(&y)?.deviation.unwrap_or(0.0);
    let margin = (metric.unit == Unit::Share).then(|| deviation.max(0.01));
    let agreement = margin.and_then(|margin| paired_equivalence(&x, &y, Some(margin)).ok());
    Some(Line {
        metric,
        means: [Estimate::of(&x)?, Estimate::of(&y)?],
        bootstrap: paired_bootstrap(
            &x,
            &y,
            crate::statistics::interval::Bootstrap::Percentile,
            0.95,
            Resampling::default(),
        )
        .ok(),
        wilcoxon: wilcoxon(&x, &y).ok().map(|test| test.p),
        agreement: agreement.map(|equivalence| equivalence.to_string()),
        seeds: seeds_needed(Design::Paired, test.mean, test.deviation).ok().flatten(),
        test,
    })
}

/// The first score in a sentence, with the test of equivalence.
fn verdict(a: &Entry, b: &Entry, line: &Line, p: f64) -> String {
    let name = line.metric.short;
    let (a, b) = (called(a), called(b));
    let words = if p <= 0.05 {
        let higher = line.test.mean > 0.0;
        format!(
            "{name} of {} is higher than that of {} (p {}).",
            if higher { &a } else { &b },
            if higher { &b } else { &a },
            p_words(p)
        )
    } else {
        let needed =
            line.seeds.map_or(String::new(), |n| format!("; about {n} seeds would show a difference of this size"));
        format!("{name} of {a} and of {b} are not clearly different (p {}){needed}.", p_words(p))
    };
    match &line.agreement {
        Some(agreement) => format!("{words} {agreement}"),
        None => words,
    }
}
