//! Scores against the code of the programs that define them, on full, triangular, small and recurring matrices.
//!
//! `results/tests/golden/scores.json` is made by `tests/golden/make/scores.py`, which runs that code.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::{metric::*, record::Matrix};

#[derive(Deserialize)]
struct Golden {
    matrices: BTreeMap<String, Shape>,
    values: Vec<Entry>,
}

#[derive(Deserialize)]
struct Shape {
    baseline: Option<Vec<Option<f64>>>,
    rows: Vec<Vec<Option<f64>>>,
    trained: Vec<usize>,
    sizes: Vec<u64>,
}

#[derive(Deserialize)]
struct Entry {
    program: String,
    key: String,
    values: BTreeMap<String, f64>,
}

impl Shape {
    fn subject(&self) -> Subject {
        let baseline = self.baseline.clone().unwrap_or_else(|| vec![None; self.sizes.len()]);
        let cells = std::iter::once(baseline).chain(self.rows.clone()).collect();
        let matrix = Matrix::new(cells, self.trained.iter().map(|&task| vec![task]).collect(), false);
        Subject { sizes: self.sizes.clone(), ..Subject::of_matrix(matrix) }
    }
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../tests/golden/scores.json")).unwrap()
}

/// What a program's own rounding allows: `PyCIL` rounds each accuracy to three decimals, GEM keeps transfer in `f32`.
fn tolerance(program: &str) -> f64 {
    match program {
        "PILOT and PyCIL" => 5e-4,
        "GEM" | "CapyMOA" => 1e-7,
        _ => 1e-12,
    }
}

#[test]
fn scores_are_what_their_programs_compute_on_every_shape() {
    let golden = golden();
    let mut compared = 0;
    for Entry { program, key, values } in &golden.values {
        let metric = all().find(|metric| metric.key == key).unwrap_or_else(|| panic!("{key} is no score"));
        for (name, expected) in values {
            let found = metric.value(&golden.matrices[name].subject());
            let near = found.as_ref().is_ok_and(|found| (found - expected).abs() <= tolerance(program));
            assert!(near, "{key} of {name}: {found:?}, and {program} computes {expected}");
            compared += 1;
        }
    }
    assert!(compared > 250, "only {compared} values were compared");
}

#[test]
fn every_name_that_programs_share_is_checked_against_one() {
    let checked: BTreeSet<String> = golden().values.into_iter().map(|entry| entry.key).collect();
    // What only papers define, what clbench adds, and preferences, which no program computes from a matrix.
    let others = ["rem.diaz18", "bwt-plus.diaz18", "la.mer19", "stability.clbench", "trade-off.clbench"];
    for metric in accuracy::ALL.iter().chain(transfer::ALL).chain(forgetting::ALL) {
        let is_other = others.contains(&metric.key) || metric.key.starts_with("intransigence.");
        assert_ne!(checked.contains(metric.key), is_other, "{}", metric.key);
    }
}

#[test]
fn definitions_of_one_name_part_on_the_golden_matrices() {
    let golden = golden();
    for name in ["forgetting", "bwt", "fwt", "acc", "aia"] {
        let family: Vec<&Metric> = all()
            .filter(|metric| metric.key.split('.').next() == Some(name))
            .filter(|metric| golden.values.iter().any(|entry| entry.key == metric.key))
            .collect();
        for (at, one) in family.iter().enumerate() {
            for other in &family[at + 1..] {
                let differs = golden.matrices.values().any(|shape| {
                    let subject = shape.subject();
                    one.value(&subject).ok() != other.value(&subject).ok()
                });
                // Avalanche's backward transfer is the paper's.
                let is_same = (one.key, other.key) == ("bwt.gem17", "bwt.avalanche");
                assert_ne!(differs, is_same, "{} and {}", one.key, other.key);
            }
        }
    }
}
