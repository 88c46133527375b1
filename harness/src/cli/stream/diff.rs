//! `clbench stream diff`: whether two streams show the same, and where not.

use std::{fmt::Write, path::PathBuf};

use anyhow::Result;
use clbench_results::words::{clean, cut};

use super::{
    super::{Ending, print},
    matrix::by_task,
    open,
};
use crate::{
    config::{Arriving, Shelf},
    stream::{Experience, Stream, Task, View},
};

/// Most lines about one thing.
const MOST: usize = 8;

/// What `stream diff` takes.
#[derive(clap::Args)]
pub(in super::super) struct Words {
    /// Stream file
    a: PathBuf,
    /// The other stream file
    b: PathBuf,
    /// Settings of both
    #[arg(value_name = "KEY=VALUE")]
    settings: Vec<String>,
}

pub(super) fn diff(words: &Words, shelf: &Shelf) -> Result<Ending> {
    let [a, b] = [&words.a, &words.b].map(|path| open(path, &words.settings, Arriving::InOrder, shelf));
    let (a, b) = (a?.stream, b?.stream);
    if a.hash == b.hash && a.head != b.head {
        print(&format!("the same content under other heads: {:?} | {:?}\n", a.head, b.head))?;
        return Ok(Ending::Failed);
    }
    if a.hash == b.hash {
        print(&format!("the same content: {}\n", a.hash))?;
        return Ok(Ending::Done);
    }
    let mut text = format!("different content\na  {}\nb  {}\n", a.hash, b.hash);
    let differences = differences(&a, &b);
    if differences.is_empty() {
        text += "settings: they differ in what is hashed beside examples, such as normalise or a policy\n";
    }
    for line in differences {
        let _ = writeln!(text, "{}", cut(&clean(&line), 80));
    }
    print(&text)?;
    Ok(Ending::Failed)
}

/// What differs, in a line each.
fn differences(a: &Stream, b: &Stream) -> Vec<String> {
    let mut lines = Vec::new();
    let mut differ = |what: &str, a: String, b: String| {
        if a != b {
            lines.push(format!("{what}: {a} | {b}"));
        }
    };
    let datasets = |stream: &Stream| {
        let each = stream.universe.datasets.iter().map(|dataset| format!("{} {}", dataset.name, &dataset.hash[..8]));
        each.collect::<Vec<_>>().join(", ")
    };
    differ("datasets", datasets(a), datasets(b));
    differ("input", format!("{:?}", a.input), format!("{:?}", b.input));
    differ("normalise", a.settings.normalise.to_string(), b.settings.normalise.to_string());
    differ("classes", a.classes.len().to_string(), b.classes.len().to_string());
    differ("tasks", a.tasks.len().to_string(), b.tasks.len().to_string());
    differ("experiences", a.experiences.len().to_string(), b.experiences.len().to_string());
    lines.extend(first("class", &a.classes, &b.classes));
    lines.extend(first("concept in the order", &a.ranking, &b.ranking));
    let pairs = a.tasks.iter().zip(&b.tasks).enumerate();
    lines.extend(some(pairs.flat_map(|(index, (of_a, of_b))| task(index, of_a, of_b, a, b)).collect()));
    let pairs = a.experiences.iter().zip(&b.experiences).enumerate();
    lines.extend(some(pairs.filter_map(|(index, (a, b))| experience(index, a, b)).collect()));
    lines
}

/// The first lines of many.
fn some(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    lines.extend((more > 0).then(|| format!("… and {more} more such lines")));
    lines
}

fn first(what: &str, a: &[String], b: &[String]) -> Option<String> {
    let at = a.iter().zip(b).position(|(a, b)| a != b)?;
    Some(format!("{what} {at} is the first to differ: {} | {}", a[at], b[at]))
}

fn task(index: usize, of_a: &Task, of_b: &Task, a: &Stream, b: &Stream) -> Vec<String> {
    let mut lines = Vec::new();
    if of_a.name != of_b.name {
        lines.push(format!("task {index}: {} | {}", cut(&of_a.name, 30), cut(&of_b.name, 30)));
    }
    let views = |task: &Task| [task.train.clone(), task.unlabelled.clone(), task.validation.clone(), task.test.clone()];
    let names = ["train", "unlabelled", "validation", "test"];
    for (name, (view_a, view_b)) in names.into_iter().zip(views(of_a).into_iter().zip(views(of_b))) {
        lines.extend(view(&view_a, &view_b, a, b).map(|line| format!("task {index}, {name}: {line}")));
    }
    lines
}

fn view(of_a: &View, of_b: &View, a: &Stream, b: &Stream) -> Option<String> {
    if of_a.len() != of_b.len() {
        return Some(format!("{} | {} examples", of_a.len(), of_b.len()));
    }
    let example = |view: &View, at: usize, stream: &Stream| {
        let (dataset, place) = view.pool().find(view.indices()[at] as usize);
        format!("{} {place} as {}", stream.universe.datasets[dataset].name, stream.classes[view.label(at)])
    };
    let differs = |at: &usize| example(of_a, *at, a) != example(of_b, *at, b);
    match (0..of_a.len()).find(differs) {
        Some(at) => {
            Some(format!("example {at} is the first to differ: {} | {}", example(of_a, at, a), example(of_b, at, b)))
        }
        None if !of_a.is_empty() && of_a.digest() != of_b.digest() => {
            Some("the same examples, changed or labelled otherwise".into())
        }
        None => None,
    }
}

fn experience(index: usize, a: &Experience, b: &Experience) -> Option<String> {
    let name = index + 1;
    let counts = |of: &Experience| {
        let [new, old]: [u64; 2] = [0, 1].map(|kind| by_task(of).values().map(|counts| counts[kind]).sum());
        format!("{new} new, {old} rehearsed")
    };
    if counts(a) != counts(b) {
        return Some(format!("experience {name}: {} | {}", counts(a), counts(b)));
    }
    let (pairs_a, pairs_b) = (a.pairs(), b.pairs());
    if let Some(at) = pairs_a.iter().zip(&pairs_b).position(|(a, b)| a != b) {
        let told = |(task, place): (u32, u32)| format!("place {place} of task {task}");
        let (a, b) = (told(pairs_a[at]), told(pairs_b[at]));
        return Some(format!("experience {name}: example {at} is the first to differ: {a} | {b}"));
    }
    if a.parts != b.parts {
        return Some(format!("experience {name}: the same examples, otherwise new or rehearsed"));
    }
    (a.course != b.course || a.chosen != b.chosen)
        .then(|| format!("experience {name}: the same examples in another order"))
}
