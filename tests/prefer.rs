//! `clbench prefer`: models for a preference out of a finished run.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;

use std::{fs, path::PathBuf};

use program::Place;

const STREAM: &str = "[stream]\nkind = \"domain-incremental\"\ndataset = \"digits\"\ntasks = 5\n\n[net]\nbody = \
                      \"mlp\"\nwidths = [16]\n\n\
                      [optim]\nrule = \"adamw\"\nrate = 0.01\n\n[train]\nbatch = 16\nepochs = 2\n";
const WISH: &str = "0.5,0.125,0.125,0.125,0.125";

fn run(method: &str) -> (Place, PathBuf) {
    let place = Place::new();
    place.write("pairs.toml", STREAM);
    place.done(&format!("run pairs.toml --quiet {method}"));
    let run = place.runs("runs").remove(0);
    (place, run)
}

/// What a run answered to a preference is what its artifact answers to it afterwards.
#[test]
fn a_finished_run_answers_as_it_did_and_others_too() {
    let (place, run) = run("method=ibcl eval.preferences=[[0.5,0.125,0.125,0.125,0.125]]");
    let text = place.done(&format!("prefer {} w={WISH} --json", run.display()));
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    let records = fs::read_to_string(run.join("records.csv")).unwrap();
    let asked: Vec<Vec<&str>> =
        records.lines().filter(|line| line.starts_with("end,5,")).map(|line| line.split(',').collect()).collect();
    let asked: Vec<&Vec<&str>> = asked.iter().filter(|row| row[5] == "0.5 0.125 0.125 0.125 0.125").collect();
    let again = found["records"].as_array().unwrap();
    assert_eq!(asked.len(), again.len());
    assert_eq!(again.len(), 5 * 11, "five tasks, all models together and ten alone");
    for (row, again) in asked.iter().zip(again) {
        let bits = |key: &str| again[key].as_f64().unwrap().to_bits();
        assert_eq!(row[7].parse::<f64>().unwrap().to_bits(), bits("accuracy"), "{row:?}");
        assert_eq!(row[8].parse::<f64>().unwrap().to_bits(), bits("loss"), "{row:?}");
    }
    let other = place.done(&format!("prefer {} w=1,0,0,0,3 -o model.safetensors", run.display()));
    assert!(other.contains("0.750") && other.lines().all(|line| line.chars().count() <= 80), "{other}");
    // The model is one of the plain network, from which a run can start.
    place.done("run pairs.toml --quiet method=finetune start.kind=file start.path=model.safetensors");
}

#[test]
fn what_cannot_be_preferred_is_refused() {
    let (place, run) = run("method=ibcl");
    let folder = run.display().to_string();
    for (words, why) in [
        ("w=1,2", "w= has 2 weights and the stream 5 tasks"),
        ("w=0,0,0,0,0", "none above 0"),
        ("w=1,1,1,1,-1", "a weight below 0"),
        ("w=1,1,1,1,inf", "no finite number"),
        ("w=1,1,1,1,x", "`x` is no number"),
        ("w=1,1,1,1,1 w=1,1,1,1,1", "w= stands twice"),
        ("ibcl.hdr_mass=0.5 w=1,1,1,1,1", "settings stay as they are"),
        ("data=.", "w= is missing"),
    ] {
        let said = place.run(&format!("prefer {folder} {words}"));
        assert!(said.code == Some(2) && said.err.contains(why), "{words}: {said}");
    }
    assert!(place.run("prefer nowhere w=1").err.contains("nowhere"));
    for (out, why) in [("artifact/weights.safetensors", "lies in the folder of the run"), ("no/such/x", "cannot write")]
    {
        let out = run.join(out).display().to_string();
        let said = place.run(&format!("prefer {folder} w=1,1,1,1,1 -o {out}"));
        assert!(said.code == Some(2) && said.err.contains(why), "{out}: {said}");
    }
    // A file that is cut off, one of another method, and none at all.
    let weights = run.join("artifact/weights.safetensors");
    let whole = fs::read(&weights).unwrap();
    fs::write(&weights, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(place.run(&format!("prefer {folder} w=1,1,1,1,1")).code, Some(1));
    fs::remove_file(&weights).unwrap();
    let said = place.run(&format!("prefer {folder} w=1,1,1,1,1"));
    assert!(said.code == Some(1) && said.err.contains("cannot read"), "{said}");
}

#[test]
fn what_was_trained_for_its_preferences_answers_no_other() {
    let (place, run) = run("method=per-preference+replay eval.random_preferences=2");
    let said = place.run(&format!("prefer {} w=1,1,1,1,1", run.display()));
    assert!(said.code == Some(1) && said.err.contains("only the preferences that it was trained for"), "{said}");
    let (place, run) = self::run("method=finetune keep.weights=true");
    let said = place.run(&format!("prefer {} w=1,1,1,1,1", run.display()));
    assert!(said.code == Some(2) && said.err.contains("depend on no preference"), "{said}");
}
