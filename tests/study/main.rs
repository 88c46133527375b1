//! A study from its file to its page: run, killed, gone on with, verified; and what is wrong with a study.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod mistakes;
mod pages;
#[path = "../program/mod.rs"]
mod program;
mod train;

use std::fs;

use program::Place;

const STREAM: &str = r#"
[stream]
kind = "class-incremental"
dataset = "digits"
tasks = 2
classes_per_task = 2
partial = true

[net]
body = "mlp"
widths = [16]

[optim]
rule = "adamw"
rate = 0.01

[train]
batch = 16
steps = 60
"#;

const STUDY: &str = r#"
about = "a small study"
streams = ["tiny"]
seeds = "0..4"
settings = ["train.batch=8"]

[[rows]]
axes = [["method=finetune", "method=joint", "method=replay replay.capacity=60"]]

[[pictures]]
kinds = ["course"]
file = "course"

[names]
rehearsal = "replay replay.capacity=60"

[[claims]]
text = "rehearsal is better"
row = "rehearsal"
above = "finetune"
by = "acc"

[[claims]]
text = "it is worse"
row = "rehearsal"
below = "finetune"
by = "acc"
beside = ["la"]

[[claims]]
text = "they are alike"
row = "rehearsal"
like = "finetune"
within = 1.0
by = "acc"

[page]
scores = ["acc", "forgetting"]
text = '''
# A small study

<!-- clbench: table $runs --brief --format md --metrics $scores -->

![course](small/course.svg)

<!-- clbench: claims $study $runs --format md -->

<!-- clbench: spending $runs --of steps -->
'''
"#;

fn place(study: &str) -> Place {
    let place = Place::new();
    place.write("streams/tiny.toml", STREAM);
    place.write("studies/small.toml", study);
    place
}

fn page(place: &Place) -> String {
    fs::read_to_string(place.path("results/published/small.md")).unwrap()
}
