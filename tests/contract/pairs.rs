//! What `clbench methods` lists under "stacks with" works: every such pair takes steps, ends tasks and answers, in each
//! order that is allowed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::Mutex,
    thread,
};

use anyhow::{Result, ensure};
use clbench::{config::Shelf, run::Run};

use crate::support::{self, Heard};

/// Two tasks of two steps on a network that has what any method needs: layers of attention, and layers that normalise
/// without statistics; the task is told.
const TINY: &str = "net.body=vit net.patch=4 net.width=8 net.depth=1 net.heads=2 head.train=task head.test=task \
                    stream.tasks=2 train.steps=2 train.batch=8 log.every=1";

/// What takes long by default.
const SHORT: [(&str, &str); 3] =
    [("coreset", "coreset.size=4 coreset.steps=1"), ("ewc", "ewc.samples=2"), ("ibcl", "ibcl.samples=2")];

/// What the pages say of pairs; `tests/methods.rs` compares it with them.
const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pairs.txt");

/// Every pair that is listed as going together, with the choices with which it does, in both orders.
fn listed() -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for line in fs::read_to_string(PAGES).unwrap().lines() {
        let (heading, others) = line.split_once(": ").unwrap();
        let Some(heading) = heading.strip_suffix(", stacks with") else { continue };
        let (name, choices) = heading.split_once(", with ").unwrap_or((heading, ""));
        for (choice, other) in
            choices.split(" or ").flat_map(|choice| others.split(", ").map(move |other| (choice, other)))
        {
            all.insert((format!("{name}+{other}"), choice.to_owned()));
            all.insert((format!("{other}+{name}"), choice.to_owned()));
        }
    }
    all
}

fn settings(pair: &str, choice: &str) -> String {
    let short = SHORT.iter().filter(|(name, _)| pair.split('+').any(|part| part == *name)).map(|(_, short)| *short);
    format!("{TINY} method={pair} {} {choice}", short.collect::<Vec<_>>().join(" "))
}

/// Takes a pair to its end; whether it was let begin.
fn run(pair: &str, choice: &str, shelf: &Shelf) -> Result<bool> {
    let Ok(setup) = support::try_setup(shelf, &settings(pair, choice)) else { return Ok(false) };
    let (mut run, mut heard) = (Run::new(&setup, 0, shelf)?, Heard::default());
    run.finish(&mut heard)?;
    ensure!(run.state.diverged.is_none(), "{:?}", run.state.diverged);
    let finite =
        heard.rows.iter().all(|row| row.loss.is_finite()) && heard.records.iter().all(|row| row.loss.is_finite());
    ensure!(heard.rows.len() >= 2 && heard.records.len() >= 4 && finite, "{heard:?}");
    Ok(true)
}

#[test]
fn every_pair_that_is_listed_runs_to_its_end() {
    let listed = listed();
    assert!(listed.len() > 500, "{}", listed.len());
    let (left, tried) = (Mutex::new(listed.iter()), Mutex::new(BTreeMap::new()));
    let work = || {
        let shelf = support::shelf();
        loop {
            let Some((pair, choice)) = left.lock().unwrap().next() else { break };
            let tried_now = run(pair, choice, &shelf).map_err(|error| format!("{error:#}"));
            tried.lock().unwrap().insert((pair.clone(), choice.clone()), tried_now);
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from).min(4);
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    let tried = tried.into_inner().unwrap();
    let failed: Vec<_> = tried.iter().filter(|(_, ran)| ran.is_err()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    // One order may be refused, such as an adapter behind what freezes its matrix; not both.
    let ran = |pair: &str, choice: &str| tried[&(pair.to_owned(), choice.to_owned())] == Ok(true);
    for (pair, choice) in &listed {
        let (a, b) = pair.split_once('+').unwrap();
        assert!(ran(pair, choice) || ran(&format!("{b}+{a}"), choice), "{pair} {choice} is refused");
    }
    let count = tried.values().filter(|ran| **ran == Ok(true)).count();
    println!("{count} of {} ran", tried.len());
}
