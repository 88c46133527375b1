//! Runs the binary on the embedded digits: Prodigy finds a rate that nobody gave it.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::{path::Path, process::Command};

use clbench_results::{At, store::discover};

/// Mean over tasks of the accuracy just after learning: what a rate decides, and forgetting does not blur.
fn accuracy(settings: &[&str]) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let stream = Path::new(env!("CARGO_MANIFEST_DIR")).join("digits.toml");
    let status = Command::new(env!("CARGO_BIN_EXE_outside-method"))
        .args(["run", "--quiet"])
        .arg(stream)
        .args(settings)
        .arg(format!("runs={}", folder.path().display()))
        .status()
        .unwrap();
    assert!(status.success(), "{settings:?}");
    let found = discover(&[folder.path().to_owned()]).unwrap();
    let [run] = &found.runs[..] else { panic!("one run, not {}", found.runs.len()) };
    let learnt = run.records.iter().filter(|row| row.at == At::End && row.experience == row.task + 1);
    let accuracies: Vec<f64> = learnt.map(|row| row.accuracy).collect();
    assert_eq!(accuracies.len(), 5);
    accuracies.iter().sum::<f64>() / accuracies.len() as f64
}

#[test]
fn prodigy_finds_its_rate() {
    // Both begin with steps of a millionth; Prodigy's grow.
    let found = accuracy(&["optim.rule=prodigy", "optim.rate=1", "optim.first=1e-6"]);
    let kept = accuracy(&["optim.rule=adamw", "optim.rate=1e-6"]);
    assert!(found > 0.9 && kept < 0.7, "{found} {kept}");
}

#[test]
fn settings_are_checked_as_those_of_the_house_are() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outside-method"));
    let stream = Path::new(env!("CARGO_MANIFEST_DIR")).join("digits.toml");
    let output = command.arg("check").arg(stream).args(["optim.rule=prodgy", "optim.rate=1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `prodigy`?"));
}
