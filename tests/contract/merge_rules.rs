//! Every rule of merging against packages that merge, on tensors that both sides make by the same formulas.
//!
//! See `tests/golden/make/README.md` for the formulas and `tests/golden/make/merge.py` for whose code each rule is.

use std::collections::BTreeMap;

use clbench_methods::merging::merge::{Config, Part, Parts, Span};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    tensors: Vec<(String, Vec<usize>)>,
    blocks: Vec<String>,
    sums: Vec<f64>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    settings: Config,
    of: Vec<usize>,
    shares: Option<Vec<f64>>,
    merged: Vec<f64>,
}

/// Both sides work in double precision; the systems of regression means lose a few digits.
const TOLERANCE: f64 = 1e-9;

fn grid(x: f64) -> f64 {
    (1024.0 * x + 0.5).floor() / 1024.0
}

fn start(k: usize) -> f64 {
    grid((0.37 * k as f64 + 0.2).sin())
}

fn tau(i: usize, k: usize) -> f64 {
    let wave = |i: f64| ((0.9 + 0.13 * i) * k as f64 + i).sin();
    match k {
        _ if i > 3 => grid(0.3 * (0.9 * k as f64).sin() + 0.1 * wave(i as f64)),
        10 | 30 => [0.25, -0.25, 0.0][i - 1],
        _ if (k + i).is_multiple_of(7) => 0.0,
        _ => grid(0.3 * wave(i as f64)),
    }
}

fn fisher(i: usize, k: usize) -> f64 {
    if k.is_multiple_of(11) { 0.0 } else { (1.3 * k as f64 + i as f64).sin().powi(2) }
}

/// Mean of xxᵀ over seven inputs. Shape `[width, width]`.
fn gram(i: usize, name: &str, width: usize) -> Vec<f64> {
    let input = |row: usize, at: usize| {
        let dead = name == "body.0" && at == 2;
        if dead { 0.0 } else { (0.5 * row as f64 + 0.8 * (at * at) as f64 + i as f64).sin() }
    };
    let mean = |a: usize, b: usize| (0..7).map(|row| input(row, a) * input(row, b)).sum::<f64>() / 7.0;
    (0..width).flat_map(|a| (0..width).map(move |b| mean(a, b))).collect()
}

fn lot(i: usize, k: usize) -> f64 {
    (0.618_033_988_7 * (k + 1) as f64 + 0.137_071_7 * i as f64).fract()
}

fn golden() -> (Golden, Vec<Span>, usize) {
    let golden: Golden = serde_json::from_str(include_str!("../golden/merge.json")).unwrap();
    let mut from = 0;
    let span = |(path, shape): &(String, Vec<usize>)| {
        let at = from..from + shape.iter().product::<usize>();
        from = at.end;
        Span { path: path.clone(), shape: shape.clone(), at }
    };
    let spans = golden.tensors.iter().map(span).collect();
    (golden, spans, from)
}

fn parts(golden: &Golden, spans: &[Span], of: &[usize], shares: &[f64], size: usize) -> Parts {
    let grams = |i: usize| -> BTreeMap<String, Vec<f64>> {
        let layer = |span: &Span| {
            let width = if span.shape.len() > 2 { span.shape[1..].iter().product() } else { span.shape[0] };
            let name = span.path.strip_suffix(".weight")?;
            Some((name.to_owned(), gram(i, name, width)))
        };
        spans.iter().filter_map(layer).collect()
    };
    let part = |(i, share): (&usize, &f64)| Part {
        values: (0..size).map(|k| start(k) + tau(*i, k)).collect(),
        share: *share,
        fisher: (0..size).map(|k| fisher(*i, k)).collect(),
        grams: grams(*i),
    };
    Parts {
        parts: of.iter().zip(shares).map(part).collect(),
        start: (0..size).map(start).collect(),
        spans: spans.to_vec(),
        blocks: golden.blocks.clone(),
    }
}

#[test]
fn both_sides_have_the_same_tensors() {
    let (golden, _, size) = golden();
    let sizes = |i: usize| (0..size).map(|k| tau(i, k).abs()).sum::<f64>();
    let sums: Vec<f64> = [(0..size).map(start).sum::<f64>()].into_iter().chain((1..=6).map(sizes)).collect();
    assert_eq!(golden.sums.len(), sums.len());
    assert!(golden.sums.iter().zip(&sums).all(|(a, b)| (a - b).abs() < 1e-12), "{sums:?} {:?}", golden.sums);
}

#[test]
fn every_rule_is_that_of_the_packages() {
    let (golden, spans, size) = golden();
    for Case { settings, of, shares, merged } in &golden.cases {
        let shares = shares.clone().unwrap_or_else(|| settings.ages.shares(of.len(), settings.reverse));
        let parts = parts(&golden, &spans, of, &shares, size);
        let found = parts.merged(settings, &mut |at| (0..size).map(|k| lot(at, k)).collect()).unwrap();
        crate::host::close(&format!("{settings:?}"), &found, merged, TOLERANCE);
    }
    let rules: std::collections::BTreeSet<String> =
        golden.cases.iter().map(|case| format!("{:?}", case.settings.rule)).collect();
    assert_eq!(rules.len(), 12, "{rules:?}");
}

/// So that the claim above can fail for each of them.
#[test]
fn no_two_cases_are_the_same() {
    let (golden, ..) = golden();
    let mut same = Vec::new();
    for (at, case) in golden.cases.iter().enumerate() {
        let twin = golden.cases[..at].iter().find(|other| other.merged == case.merged);
        same.extend(twin.map(|twin| format!("{:?} and {:?}", twin.settings, case.settings)));
    }
    // Uniform shares are the same the other way round; of three, nine cannot agree.
    assert_eq!(same.len(), 2, "{same:#?}");
}
