//! What a run may leave behind: what `check` lets pass is read back, and what could not be is refused before training.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;

use program::Place;

/// A stream of five binary tasks that takes a moment.
const BINARY: &str = r#"
[stream]
kind = "domain-incremental"
dataset = "digits"
tasks = 5

[net]
body = "mlp"
widths = [4]

[optim]
rule = "adamw"
rate = 0.01

[train]
batch = 16
steps = 1
"#;

#[test]
fn a_long_setting_is_read_back() {
    let place = Place::new();
    place.write("binary.toml", BINARY);
    let one = |at: usize| format!("[0.2,0.2,0.2,0.2,{:.6}]", 0.2 + at as f64 / 1000.0);
    let preferences = (0..40).map(one).collect::<Vec<_>>().join(",");
    let settings = format!("binary.toml method=ibcl ibcl.samples=1 eval.preferences=[{preferences}]");
    assert!(settings.len() > 1_000);
    place.done(&format!("check {settings}"));
    place.done(&format!("run {settings} --quiet"));
    let table = place.done("table runs --format json");
    assert!(table.contains(&preferences[..200]), "{table}");
    place.done("pack runs -o a.runs.gz");
    place.done("table a.runs.gz");
}

#[test]
fn a_long_name_of_a_class_is_read_back_or_refused_before_training() {
    let place = Place::new();
    let stream = |name: &str| {
        let row = |at: usize| format!("{},{},{}\n", at % 7, at % 5, if at.is_multiple_of(2) { "short" } else { name });
        place.write("mine.csv", format!("a,b,label\n{}", (0..40).map(row).collect::<String>()));
        let data = "[data.mine]\nformat = \"csv\"\npath = \"mine.csv\"\nlabel = \"label\"\nfeatures = [\"a\", \"b\"]\n";
        let stream = "[stream]\nkind = \"class-incremental\"\ndataset = \"mine\"\ntasks = 2\n[optim]\nrate = 0.1\n";
        place.write("mine.toml", format!("{data}{stream}[net]\nwidths = [4]\n"));
    };
    stream(&"n".repeat(1_500));
    place.done("check mine.toml");
    place.done("run mine.toml --quiet");
    let table = place.done("table runs --format json");
    assert!(table.contains(&"n".repeat(1_500)), "{table}");
    // Longer than a manifest takes: `check` says so, and `run` writes nothing.
    stream(&"n".repeat(200_000));
    for command in ["check mine.toml runs=other", "run mine.toml runs=other --quiet"] {
        place.run(command).fails(2, &["could not be read back", "longer than"]);
    }
    assert!(!place.path("other").exists());
}

#[test]
fn as_many_tasks_as_are_read_back_pass_and_more_are_refused_before_training() {
    let place = Place::new();
    let stream = BINARY.replace("domain-incremental", "permuted");
    place.write("many.toml", stream);
    // A million evaluations, and six.
    place.done("check many.toml stream.tasks=1000");
    let said = place.run("check many.toml stream.tasks=2500");
    said.fails(2, &["records.csv would have 6252500 rows, and 4000000 are read back", "lower stream.tasks"]);
    place.run("check many.toml eval.every=1 train.steps=1000000").fails(2, &["records.csv would have"]);
    place.run("check many.toml log.every=1 train.steps=1000000").fails(2, &["train.csv would have 5000000 rows"]);
    place.done("check many.toml log.every=2 train.steps=1000000");
}
