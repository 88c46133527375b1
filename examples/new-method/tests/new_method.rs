//! The method runs on real data, does something, does nothing when it is off, and stands in the table.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn program(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_new-method"));
    let output = command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Every file called `weights.safetensors` below `folder`.
fn weights(folder: &Path) -> Vec<PathBuf> {
    let inside = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    inside
        .flat_map(|path| match path {
            folder if folder.is_dir() => weights(&folder),
            file if file.ends_with("weights.safetensors") => vec![file],
            _ => Vec::new(),
        })
        .collect()
}

/// The weights at the end of a run, as bytes.
fn trained(method: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let runs = format!("runs={}", folder.path().display());
    let settings: Vec<&str> = method.split(' ').chain(["seed=0", "keep.weights=true", &runs]).collect();
    program(&[&["run", "--quiet", "digits.toml"], &settings[..]].concat());
    fs::read(&weights(folder.path())[0]).unwrap()
}

#[test]
fn switched_off_it_is_finetuning_bit_for_bit() {
    let plain = trained("method=finetune");
    assert!(trained("method=new-method new-method.strength=0") == plain);
    assert!(trained("method=new-method new-method.strength=0.1") != plain);
}

#[test]
fn it_stands_in_the_lists_and_in_the_table() {
    assert!(program(&["methods"]).contains("new-method"));
    assert!(program(&["methods", "new-method"]).contains("strength = 1.0"));
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().display().to_string();
    program(&["run", "--quiet", "digits.toml", "method=new-method", "seeds=0..2", &format!("runs={runs}")]);
    assert!(program(&["table", &runs]).contains("new-method"));
}

#[test]
fn the_program_does_all_that_clbench_does() {
    let list = program(&["list"]) + &program(&["data", "list"]);
    for part in ["digits", "class-incremental", "power-law", "adamw", "csv", "squeezenet"] {
        assert!(list.contains(part), "{part} is missing:\n{list}");
    }
    // Data of the user's own, which needs the formats.
    let folder = tempfile::tempdir().unwrap();
    let row = |at: usize| format!("{},{},{}\n", at % 7, at % 5, ["a", "b", "c", "d"][at % 4]);
    let table: String = (0..80).map(row).collect();
    fs::write(folder.path().join("own.csv"), format!("x,y,label\n{table}")).unwrap();
    let digits = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("digits.toml")).unwrap();
    let stream = digits.replace("\"digits\"", "\"own\"").replace("tasks = 5", "tasks = 2");
    let own = "\n[data.own]\nformat = \"csv\"\npath = \"own.csv\"\nfeatures = [\"x\", \"y\"]\nlabel = \"label\"\n";
    let file = folder.path().join("own.toml");
    fs::write(&file, stream + own).unwrap();
    let checked = program(&["check", file.to_str().unwrap(), "method=new-method"]);
    assert!(checked.contains("new-method"), "{checked}");
}
