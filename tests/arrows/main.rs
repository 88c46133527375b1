//! Arrows point one way: root → {streams, methods, datasets} → harness → results, and in each crate from floor to
//! floor.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod rooms;
#[path = "../support/mod.rs"]
mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use serde::Deserialize;

const ALL: &[&str] = &["clbench", "clbench-datasets", "clbench-methods", "clbench-results", "clbench-streams"];

/// A program with plug-ins stands on the whole shelf.
const PLUG_IN: &[&str] = &["clbench", "clbench-cli", "clbench-results"];

/// What each crate of the workspace may use of the others. The example stands where an outsider's program stands.
const ARROWS: [(&str, &[&str]); 8] = [
    ("clbench-cli", ALL),
    ("new-method", PLUG_IN),
    ("outside-method", PLUG_IN),
    ("clbench-streams", &["clbench"]),
    ("clbench-methods", &["clbench"]),
    ("clbench-datasets", &["clbench"]),
    ("clbench", &["clbench-results"]),
    ("clbench-results", &[]),
];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
}

static PACKAGES: LazyLock<Vec<Package>> = LazyLock::new(|| {
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Metadata>(&output.stdout).unwrap().packages
});

#[test]
fn no_arrow_points_the_wrong_way() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    assert_eq!(PACKAGES.len(), ARROWS.len());
    for package in PACKAGES.iter() {
        let allowed = allowed.get(package.name.as_str()).unwrap_or_else(|| panic!("{} is new here", package.name));
        let others = package.dependencies.iter().map(|dependency| dependency.name.as_str());
        for other in others.filter(|other| ARROWS.iter().any(|(name, _)| name == other)) {
            assert!(allowed.contains(&other), "{} may not use {other}", package.name);
        }
    }
}

#[test]
fn results_are_read_without_burn() {
    let results = PACKAGES.iter().find(|package| package.name == "clbench-results").unwrap();
    assert!(!results.dependencies.is_empty());
    assert!(results.dependencies.iter().all(|dependency| !dependency.name.starts_with("burn")));
}

/// Every Rust file below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    entries.flat_map(of).filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// A file's code: no comments, and nothing from its unit tests on.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// `joint` is also a key of `[stream]`, by which tasks arrive at once; the method of that name only asks for it. `ema`
/// is also where published checkpoints keep averaged weights, and `replay` a family.
const KEYS: [&str; 3] = ["joint", "ema", "replay"];

#[test]
fn the_harness_names_nothing_that_stands_on_a_shelf() {
    let shelf = support::shelf();
    let methods = shelf.methods.iter().map(|method| method.name);
    let kinds = shelf.streams.kinds.iter().map(|kind| kind.name);
    let names: Vec<&str> = methods.chain(kinds).chain(shelf.datasets.iter().map(|source| source.name())).collect();
    let files = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/src"));
    assert!(names.len() > 12 && files.len() > 30);
    for file in files {
        let code = code(&file);
        for name in names.iter().filter(|name| !KEYS.contains(name)) {
            assert!(!code.contains(&format!("\"{name}\"")), "{} names `{name}`", file.display());
        }
        for shelf in ["clbench_methods", "clbench_streams", "clbench_datasets"] {
            assert!(!code.contains(shelf), "{} names {shelf}", file.display());
        }
    }
}

#[test]
fn unsafe_code_is_forbidden_everywhere() {
    let table = |path: &Path| fs::read_to_string(path).unwrap().parse::<toml::Table>().unwrap();
    let root = table(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    assert_eq!(root["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for package in PACKAGES.iter() {
        let lints = table(&package.manifest_path).remove("lints");
        let workspace = lints.as_ref().and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        assert_eq!(workspace, Some(true), "{} has lints of its own", package.name);
    }
}
