//! Every kind with every ordering, arrival and environment.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use anyhow::{Context, Result, bail, ensure};
use clbench::stream::View;

use crate::{
    checks,
    parts::{Part, Yard, file},
};

/// Parts of which the stream's seed decides something.
const DRAWS: &[&str] = &[
    "kind.instance-incremental",
    "kind.permuted",
    "order.random",
    "order.difficulty",
    "order.time",
    "order.dataset",
    "order.curriculum-designer",
    "alteration.long-tailed",
    "alteration.label-noise",
    "alteration.partially-labelled",
    "arrival.online",
    "arrival.blurry",
    "arrival.drift",
    "environment.uniform",
    "environment.exponential",
    "environment.budgeted-power-law",
    "environment.power-law",
];

/// What a stream has that asks for nothing.
const USUAL: [&str; 3] = ["order.given", "arrival.whole", "environment.none"];

/// What holds of one combination of parts.
fn holds(yard: &Yard, parts: &[&Part]) -> Result<()> {
    let text = file(parts, "val_fraction = 0.1");
    let within = || text.clone();
    let made = yard.stream(&text);
    if let Some(why) = yard.unfit(parts) {
        let Err(error) = made else { bail!("not refused: {text}") };
        ensure!(format!("{error:#}").contains(why), "refused otherwise: {error:#}\n{text}");
        return Ok(());
    }
    let stream = made.with_context(within)?;
    checks::hold(&stream).with_context(within)?;
    ensure!(yard.stream(&text)?.hash == stream.hash, "another hash the second time: {text}");
    Ok(())
}

/// No example is lost, doubled or tested on, new examples come once, and the same file is the same stream.
#[test]
fn every_combination_shares_out_the_examples_and_repeats() {
    let yard = Yard::new();
    let mut combinations: Vec<[&Part; 4]> = Vec::new();
    for (index, kind) in yard.kinds.iter().enumerate() {
        for order in &yard.orderings {
            for arrival in &yard.arrivals {
                combinations.extend(yard.environments.iter().map(|environment| [kind, order, arrival, environment]));
            }
        }
        // Every kind × ordering × environment; an arrival of its own meets one unusual part beside the kind.
        let usual = |part: &Part| USUAL.contains(&&part.key()[..]);
        combinations.retain(|[_, order, arrival, environment]| usual(arrival) || usual(order) || usual(environment));
        if yard.kinds[..index].iter().any(|before| before.name == kind.name) {
            // A kind's further settings meet the other parts one by one: streams of several datasets take time.
            let unusual = |parts: &[&Part; 4]| parts.iter().filter(|part| !USUAL.contains(&&part.key()[..])).count();
            combinations.retain(|parts| parts[0] != kind || unusual(parts) <= 2);
        }
    }
    assert!(combinations.len() >= 50, "{}", combinations.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = Vec::new();
        while let Some(parts) = combinations.get(next.fetch_add(1, Ordering::Relaxed)) {
            wrong.extend(holds(&yard, parts).err().map(|error| format!("{error:#}")));
        }
        wrong
    };
    let wrong: Vec<String> = thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} of {}, such as {}", wrong.len(), combinations.len(), wrong[0]);
}

/// The seed changes the streams of the parts that draw, and of no others.
#[test]
fn seeds_matter_to_the_parts_that_draw() {
    let yard = Yard::new();
    let mut draws = Vec::new();
    for part in yard.parts() {
        let hash = |seed: u64| {
            let text = file(&[&part], &format!("seed = {seed}"));
            yard.stream(&text).unwrap_or_else(|error| panic!("{error:#}\n{text}")).hash
        };
        if hash(0) != hash(1) && !draws.contains(&part.key()) {
            draws.push(part.key());
        }
    }
    assert_eq!(draws, DRAWS, "on the left are those that draw");
}

/// Concepts of a pretraining pool are in no task, and their labels come after those of the tasks.
#[test]
fn every_kind_leaves_the_pretraining_pool_alone() {
    let yard = Yard::new();
    for kind in yard.kinds.iter().filter(|kind| !kind.settings.contains("dataset")) {
        let text = file(&[kind], "pool = \"fashion-mnist-small\"\nshape = [1, 8, 8]");
        let stream = yard.stream(&text).unwrap_or_else(|error| panic!("{error:#}\n{text}"));
        let pool = stream.pool.as_ref().unwrap();
        let first = stream.classes.len() - 10;
        assert!(pool.classes.iter().copied().eq(first..first + 10), "{text}");
        for task in &stream.tasks {
            assert!(task.classes.iter().all(|class| *class < first), "{text}");
            let own = |view: &View| (0..view.len()).all(|place| view.concept(place) < 10);
            assert!(own(&task.train) && own(&task.test), "{text}");
        }
    }
}
