//! What must hold of every stream.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::{Context, Result, ensure};
use clbench::{
    data::Pool,
    stream::{Stream, Task, View},
};

use crate::parts::{Yard, file};

/// Kinds whose tasks show the same examples.
const REPEATS: [&str; 2] = ["permuted", "rotated"];

/// The stream's tasks share out the examples and keep training, validation and test apart, and its experiences bring
/// each training example once.
pub fn hold(stream: &Stream) -> Result<()> {
    pools(stream)?;
    apart(stream)?;
    let train = |task: &Task| [&task.train, &task.validation, &task.unlabelled].map(View::indices).concat();
    let test = |task: &Task| task.test.indices().to_vec();
    partition(stream, &stream.universe.train, train).context("training examples")?;
    partition(stream, &stream.universe.test, test).context("test examples")?;
    arrival(stream)
}

/// What is trained on points into the train pool, what is tested on into the test pool.
pub fn pools(stream: &Stream) -> Result<()> {
    let (train, test) = (&stream.universe.train, &stream.universe.test);
    for task in &stream.tasks {
        for view in [&task.train, &task.validation, &task.unlabelled] {
            ensure!(Arc::ptr_eq(view.pool(), train), "task `{}` trains on other examples", task.name);
        }
        ensure!(Arc::ptr_eq(task.test.pool(), test), "task `{}` tests on other examples", task.name);
        ensure!(!task.train.is_empty() && !task.test.is_empty(), "task `{}` lacks examples", task.name);
    }
    ensure!(!Arc::ptr_eq(train, test), "one pool for both");
    Ok(())
}

/// What any task holds out is trained on by no task, with a label or without, nor by the pretraining pool.
pub fn apart(stream: &Stream) -> Result<()> {
    let held: BTreeSet<u32> = stream.tasks.iter().flat_map(|task| task.validation.indices()).copied().collect();
    for task in stream.tasks.iter().chain(&stream.pool) {
        for view in [&task.train, &task.unlabelled] {
            let both = view.indices().iter().filter(|example| held.contains(example)).count();
            ensure!(both == 0, "`{}` trains on {both} examples that are held out", task.name);
        }
    }
    Ok(())
}

/// Each example of the concepts that are shown is in one task once, or once in each task of kinds that repeat them.
fn partition(stream: &Stream, pool: &Pool, of: impl Fn(&Task) -> Vec<u32>) -> Result<()> {
    let tasks: Vec<Vec<u32>> = stream.tasks.iter().map(of).collect();
    let concept = |index: &u32| pool.concept(*index as usize);
    let shown: BTreeSet<usize> = tasks.iter().flatten().map(concept).collect();
    if !stream.parts.contains_key("order") {
        ensure!(shown.len() == stream.universe.concepts.len(), "{} concepts are shown", shown.len());
    }
    let all: Vec<u32> = (0..pool.len() as u32).filter(|index| shown.contains(&concept(index))).collect();
    let whole = if REPEATS.contains(&&stream.settings.kind[..]) { tasks } else { vec![tasks.concat()] };
    for mut indices in whole {
        indices.sort_unstable();
        ensure!(indices == all, "{} examples where {} are shown", indices.len(), all.len());
    }
    Ok(())
}

/// Whether whole experiences come again as new practice.
fn recurs(stream: &Stream) -> bool {
    let environment = stream.parts.get("environment").and_then(|table| table.get("kind"));
    environment.is_some_and(|kind| kind.as_str() == Some("recurring"))
}

/// Each training example is new once, unless the environment is to let tasks recur, and what comes back has come.
pub fn arrival(stream: &Stream) -> Result<()> {
    let mut come = BTreeSet::new();
    for (index, experience) in stream.experiences.iter().enumerate() {
        for pair in &experience.pairs()[experience.new_examples()..] {
            let own = (pair.0 as usize) < stream.tasks.len();
            ensure!(!own || come.contains(pair), "{pair:?} comes back in experience {index} and never came");
        }
        for pair in experience.new_pairs() {
            ensure!(come.insert(pair) || recurs(stream), "{pair:?} is new again in experience {index}");
        }
    }
    let tasks = stream.tasks.iter().enumerate();
    let all = tasks.flat_map(|(task, of)| (0..of.train.len() as u32).map(move |place| (task as u32, place)));
    ensure!(come.into_iter().eq(all), "an example never comes, or one that is not there");
    Ok(())
}

/// Each check finds the mistake that it is there for.
#[test]
fn what_is_wrong_with_a_stream_is_found() {
    let yard = Yard::new();
    let good = yard.stream(&file(&[], "val_fraction = 0.1")).unwrap();
    hold(&good).unwrap();
    let wrong = |change: fn(&mut Stream)| {
        let mut stream = good.clone();
        change(&mut stream);
        format!("{:#}", hold(&stream).unwrap_err())
    };
    let found = [
        (wrong(|stream| stream.tasks[0].train = stream.tasks[0].test.clone()), "trains on other examples"),
        (wrong(|stream| stream.tasks[0].test = stream.tasks[0].train.clone()), "tests on other examples"),
        (wrong(|stream| stream.tasks[0].validation = stream.tasks[1].train.select(&[0])), "that are held out"),
        (wrong(|stream| stream.tasks[1].unlabelled = stream.tasks[0].validation.clone()), "that are held out"),
        (wrong(|stream| stream.tasks[0].validation = stream.tasks[0].train.select(&[])), "training examples: "),
        (wrong(|stream| stream.tasks[1].test = stream.tasks[0].test.clone()), "test examples: "),
        (wrong(|stream| stream.tasks.truncate(4)), "training examples: 8 concepts are shown"),
        (wrong(|stream| drop(stream.experiences.pop())), "an example never comes"),
        (wrong(|stream| stream.experiences[1] = stream.experiences[0].clone()), "is new again in experience 1"),
        (wrong(|stream| stream.experiences[0].parts[0].rehearsed = true), "comes back in experience 0 and never came"),
    ];
    for (error, piece) in found {
        assert!(error.contains(piece), "{piece}: {error}");
    }
}
