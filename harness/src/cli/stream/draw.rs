//! Draws a stream: who shows what, from which datasets, what comes back when, how balanced it is, and how it looks.

use std::path::Path;

use anyhow::Result;
use clbench_results::{
    picture::{Bars, Contact, Curve, Heat, Layer, Picture, Ramp, Row, Thumb},
    write_whole,
};

use super::matrix::{by_class, by_concept, by_task, concepts_by_dataset, examples_by_dataset};
use crate::{
    data::BETWEEN,
    primitives::draws::Draws,
    stream::{Scratch, Stream, Task},
};

/// Most columns or bars that are named each.
const NAMED: usize = 60;
/// Most rows of the sheet of examples, and examples in each.
const SHEET: (usize, usize) = (60, 10);

/// Draws the stream into `folder`; gives back what there is to say.
pub(super) fn draw(stream: &Stream, folder: &Path) -> Result<Vec<String>> {
    let pictures = [
        ("matrix", matrix(stream)),
        ("datasets", datasets(stream)),
        ("revisits", revisits(stream)),
        ("balance", balance(stream)),
    ];
    for (name, picture) in &pictures {
        write_whole(&folder.join(format!("{name}.svg")), picture.svg.as_bytes())?;
        write_whole(&folder.join(format!("{name}.png")), &picture.png()?)?;
    }
    let mut said = vec![format!("drawn into {}", folder.display())];
    if stream.is_bare() {
        said.push("no sheet of examples: a list of concepts has no pictures".into());
    } else {
        write_whole(&folder.join("contact.png"), &contact(stream).png()?)?;
        let left_out = stream.tasks.len().saturating_sub(SHEET.0);
        said.extend((left_out > 0).then(|| format!("the sheet of examples leaves out the last {left_out} tasks")));
    }
    Ok(said)
}

/// Tasks by number and name, without the datasets of their classes: there is room for a few words.
fn task_name((index, task): (usize, &Task)) -> String {
    let classes = task.name.split(", ").map(|name| name.split_once(BETWEEN).map_or(name, |(_, class)| class));
    format!("{index}: {}", classes.collect::<Vec<_>>().join(", "))
}

fn task_names(stream: &Stream) -> Vec<String> {
    stream.tasks.iter().enumerate().map(task_name).collect()
}

/// A class with its dataset after it, so that the class is seen where there is room for a few letters.
fn class_name(label: &str) -> String {
    label.split_once(BETWEEN).map_or_else(|| label.to_owned(), |(dataset, class)| format!("{class} ({dataset})"))
}

fn numbers(count: usize, first: usize) -> Vec<String> {
    (0..count).map(|at| (at + first).to_string()).collect()
}

fn matrix(stream: &Stream) -> Picture {
    let universe = &stream.universe;
    let concepts = universe.concepts.len();
    let (columns, column_title, count) = if concepts <= NAMED {
        (
            (0..concepts).map(|concept| class_name(&universe.label(concept))).collect(),
            "concept",
            by_concept as fn(&Stream, &Task) -> Vec<u64>,
        )
    } else {
        let names = universe.datasets.iter().map(|dataset| dataset.name.clone()).collect();
        (names, "dataset", examples_by_dataset as fn(&Stream, &Task) -> Vec<u64>)
    };
    let row = |(row, task): (usize, &Task)| {
        let counts = count(stream, task).into_iter().enumerate();
        counts.map(move |(column, count)| (row, column, count))
    };
    let cells = stream.tasks.iter().enumerate().flat_map(row).collect();
    let layer = Layer { name: "training examples".into(), ramp: Ramp::Blue, cells };
    Heat {
        title: format!("{}: what each task shows", stream.name),
        rows: task_names(stream),
        columns,
        row_title: "task".into(),
        column_title: column_title.into(),
        layers: vec![layer],
    }
    .draw()
}

fn datasets(stream: &Stream) -> Picture {
    let counts: Vec<Vec<u64>> = stream.tasks.iter().map(|task| concepts_by_dataset(stream, task)).collect();
    let part = |(index, dataset): (usize, &crate::data::Dataset)| {
        (dataset.name.clone(), counts.iter().map(|of_task| of_task[index]).collect::<Vec<u64>>())
    };
    let parts = stream.universe.datasets.iter().enumerate().map(part);
    // Of a pretraining pool no task shows anything.
    let parts: Vec<_> = parts.filter(|(_, counts)| counts.iter().any(|count| *count > 0)).collect();
    let axis = match &parts[..] {
        [(only, _)] => format!("concepts of {only}"),
        _ => "concepts; at the end their number / datasets".into(),
    };
    Bars {
        title: format!("{}: where each task's concepts come from", stream.name),
        axis,
        rows: task_names(stream),
        parts,
    }
    .draw()
}

fn revisits(stream: &Stream) -> Picture {
    let (mut new, mut rehearsed) = (Vec::new(), Vec::new());
    for (row, experience) in stream.experiences.iter().enumerate() {
        for (task, [of_new, of_old]) in by_task(experience) {
            new.push((row, task, of_new));
            rehearsed.push((row, task, of_old));
        }
    }
    let mut layers = vec![Layer { name: "new examples".into(), ramp: Ramp::Blue, cells: new }];
    if rehearsed.iter().any(|(.., count)| *count > 0) {
        layers.push(Layer { name: "rehearsed examples".into(), ramp: Ramp::Orange, cells: rehearsed });
    }
    let chosen = if stream.policy.is_some() { ", without what a run chooses" } else { "" };
    Heat {
        title: format!("{}: what comes when{chosen}", stream.name),
        rows: numbers(stream.experiences.len(), 1),
        columns: numbers(stream.tasks.len(), 0),
        row_title: "experience".into(),
        column_title: "task".into(),
        layers,
    }
    .draw()
}

fn balance(stream: &Stream) -> Picture {
    let counts = by_class(stream);
    let title = format!("{}: training examples of each class", stream.name);
    if counts.len() > NAMED {
        let counts = counts.into_iter().map(|(_, count)| count).collect();
        return Curve { title, across: "classes, the largest first".into(), up: "examples".into(), counts }.draw();
    }
    let rows = counts.iter().map(|(class, _)| class_name(&stream.classes[*class])).collect();
    let parts = vec![("examples".to_owned(), counts.into_iter().map(|(_, count)| count).collect())];
    Bars { title, axis: "training examples, over all tasks".into(), rows, parts }.draw()
}

/// Drawn training examples of each task as the network sees them.
fn contact(stream: &Stream) -> Contact {
    let row = |(index, task): (usize, &Task)| {
        let mut places = Draws::of(stream.settings.seed).order("contact sheet", index as u64, task.train.len());
        // One of each class before a second of any.
        let mut seen = vec![0_usize; stream.classes.len()];
        let mut rank = |place: &usize| {
            let of = &mut seen[task.train.label(*place)];
            *of += 1;
            *of
        };
        let ranks: Vec<usize> = places.iter().map(&mut rank).collect();
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|at| ranks[*at]);
        places = order.into_iter().take(SHEET.1).map(|at| places[at]).collect();
        places.sort_by_key(|place| (task.train.label(*place), *place));
        let mut scratch = Scratch::default();
        let mut thumb = |place: &usize| Thumb {
            label: class_name(&stream.classes[task.train.label(*place)]),
            shape: stream.input,
            pixels: task.train.pixels(*place, &mut scratch, <[u8]>::to_vec),
        };
        Row { label: task_name((index, task)), thumbs: places.iter().map(&mut thumb).collect() }
    };
    Contact {
        title: format!("{}: drawn training examples of each task", stream.name),
        rows: stream.tasks.iter().take(SHEET.0).enumerate().map(row).collect(),
    }
}
