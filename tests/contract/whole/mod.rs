//! Whole runs and whole steps of methods against PyTorch, the authors' GEM and DER++, Avalanche and `BackPACK`, on a
//! network that is small enough to write down: `tests/golden/make/whole.py` and `si_derpp.py` start from what `written`
//! leaves and compute what the tests compare with.

mod derpp;
mod ewc;
mod gem;
mod scenes;
mod si;
mod steps;

use std::path::Path;

use clbench::primitives::theta::Theta;
use serde_json::Value;

use crate::host;

/// What other programs found.
fn golden(scene: &str) -> Value {
    let file = if ["si", "derpp"].contains(&scene) { "si_derpp" } else { "whole" };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{file}.json"));
    let all: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert!(all[scene].is_object(), "nothing of {scene}");
    all[scene].clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).unwrap()
}

/// Tensors by path are as expected, each within `tolerance` of its largest element, and none is missing.
fn close(what: &str, theta: &Theta, expected: &Value, tolerance: f64) {
    let expected = expected.as_object().unwrap();
    let paths: Vec<&str> = theta.paths().collect();
    assert!(paths.iter().copied().eq(expected.keys().map(String::as_str)), "{what}: {paths:?}");
    for (path, expected) in expected {
        host::close(&format!("{what} {path}"), &host::values(theta, path), &numbers(expected), tolerance);
    }
}

/// Writes what `tests/golden/make/whole.py` starts from: weights, batches and noise of the scenes.
#[test]
#[ignore = "it writes a file"]
fn written() {
    let all = serde_json::json!({
        "gem": gem::scene(), "ewc": ewc::scene(), "steps": steps::scenes(),
        "si": si::scene(), "derpp": derpp::scene(),
    });
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/make/whole.in.json");
    std::fs::write(file, serde_json::to_string(&all).unwrap() + "\n").unwrap();
}
