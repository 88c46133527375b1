//! The reservoir and the loss of what is replayed.

use std::collections::BTreeMap;

use clbench::{
    batch::{Example, memory::Memory},
    run::Run,
};
use clbench_methods::replay::replay;

use crate::{
    host::{self, Head, LINEAR},
    spy,
    support::{self, Heard, setup},
};

/// What a run with `replay` holds.
fn held(run: &Run) -> Vec<Example> {
    let (_, memory): (replay::Config, Option<Memory<Example>>) = support::state(run, "replay");
    memory.map_or_else(Vec::new, |memory| memory.held().cloned().collect())
}

/// Each place in the order of arrival is kept with the same probability, over one epoch and over two.
#[test]
fn a_reservoir_keeps_early_and_late_examples_alike() {
    let (shelf, runs, capacity, parts) = (spy::shelf(), 30, 50, 10);
    let mut kept = vec![0_u32; parts];
    for epochs in [1, 2] {
        let settings = format!(
            "{LINEAR} stream.tasks=1 method=early+replay replay.capacity={capacity} replay.batch=1 \
             train.epochs={epochs}"
        );
        let setup = support::try_setup(&shelf, &settings).unwrap();
        for seed in 0..runs / 2 {
            spy::seen();
            let (run, _) = support::up_to(&setup, seed, 1, &shelf);
            let mut arrival = Vec::new();
            let met = spy::seen().into_iter().flat_map(|seen| seen.indices);
            met.for_each(|index| {
                if !arrival.contains(&index) {
                    arrival.push(index);
                }
            });
            let feed = clbench::batch::Feed::new(&setup.stream, 0, setup.config.head.train);
            assert_eq!(arrival.len(), feed.len());
            let held = held(&run);
            assert_eq!(held.len(), capacity);
            for example in held {
                let place = arrival.iter().position(|index| feed.example(*index) == example).unwrap();
                kept[place * parts / arrival.len()] += 1;
            }
        }
    }
    // 30 runs keep 50 each: 150 in each tenth, with a standard deviation of √(150 · 0.9 · 0.83) = 10.6; five of them.
    assert!(kept.iter().all(|kept| kept.abs_diff(150) < 53), "{kept:?}");
}

/// Mean of −log p(label) over `examples`, each by the head and the columns that `head` gives for its task.
fn mean_loss(examples: &[Example], setup: &clbench::config::Setup, loss: impl Fn(usize, &[f64], usize) -> f64) -> f64 {
    let terms = examples.iter().map(|example| {
        let (x, label) = host::input(setup, example);
        loss(example.task, &x, label)
    });
    terms.sum::<f64>() / examples.len() as f64
}

#[test]
fn the_replayed_loss_is_that_of_what_is_held() {
    let setup = setup(&format!("{LINEAR} method=replay replay.capacity=12 replay.strength=0.5"));
    let (mut run, _) = support::up_to(&setup, 0, 2, &support::shelf());
    // Fewer are held than are recalled, so it is all of them.
    let (examples, head) = (held(&run), Head::of(&run.state.weights.theta, "head"));
    assert!((0..2).all(|task| examples.iter().any(|example| example.task == task)));
    let mut heard = Heard::default();
    run.advance(&mut heard).unwrap();
    let expected = 0.5 * mean_loss(&examples, &setup, |_, x, label| -head.softmax(x)[label].ln());
    let [Some(own), Some(term)] = heard.rows[0].terms[..] else { panic!("two terms, {:?}", heard.rows[0].terms) };
    host::close("replay", &[term], &[expected], 1e-5);
    host::close("sum", &[heard.rows[0].loss], &[own + term], 1e-6);
}

/// A replayed batch mixes tasks: each example is asked by its own head, among its own task's classes.
#[test]
fn each_replayed_example_has_its_own_scope() {
    let shelf = spy::shelf();
    let settings = format!(
        "{LINEAR} stream.kind=task-incremental stream.tasks=4 stream.classes_per_task=2 stream.partial=true \
         method=replay+late replay.capacity=12"
    );
    let setup = support::try_setup(&shelf, &settings).unwrap();
    let (mut run, _) = support::up_to(&setup, 0, 2, &shelf);
    let (examples, theta) = (held(&run), run.state.weights.theta.clone());
    let mut tasks: BTreeMap<usize, Head> = BTreeMap::new();
    examples.iter().for_each(|e| drop(tasks.insert(e.task, Head::of(&theta, &format!("head.{}", e.task)))));
    assert_eq!(tasks.len(), 2);
    let mut heard = Heard::default();
    run.advance(&mut heard).unwrap();
    // The second class of task 1 is class 3 of the stream and class 1 of its head.
    let own = |task: usize, x: &[f64], label: usize| -tasks[&task].softmax(x)[label - 2 * task].ln();
    host::close("replay", &[heard.rows[0].terms[1].unwrap()], &[mean_loss(&examples, &setup, own)], 1e-5);
    let seen = spy::seen();
    let grads = &seen.last().unwrap().grads;
    let heads: Vec<&str> = grads.paths().filter(|path| path.ends_with("weight")).collect();
    assert_eq!(heads, ["head.0.weight", "head.1.weight", "head.2.weight"]);
}

/// With `seen` instead, what counts now counts for old examples too.
#[test]
fn what_is_seen_grows_for_replayed_examples() {
    let settings = format!("{LINEAR} head.train=\"seen\" method=replay replay.capacity=12");
    let setup = setup(&settings);
    let (mut run, _) = support::up_to(&setup, 0, 1, &support::shelf());
    let (examples, head) = (held(&run), Head::of(&run.state.weights.theta, "head"));
    let mut heard = Heard::default();
    run.advance(&mut heard).unwrap();
    let among = |x: &[f64], label: usize| -host::softmax(&head.logits(x)[..4])[label].ln();
    host::close(
        "replay",
        &[heard.rows[0].terms[1].unwrap()],
        &[mean_loss(&examples, &setup, |_, x, y| among(x, y))],
        1e-5,
    );
}

#[test]
fn replayed_examples_are_counted_apart() {
    let trace = support::trace("method=replay replay.capacity=1000 replay.batch=8");
    let steps: u64 = trace.horizons.iter().map(|horizon| horizon.steps).sum();
    let spent = trace.ledger.on(clbench::budget::Phase::Train);
    let new: usize = setup("").stream.experiences.iter().map(clbench::stream::Experience::len).sum();
    // Nothing is held at the first step.
    assert_eq!((spent.replayed, spent.examples), (8 * (steps - 1), 8 * (steps - 1) + new as u64));
}
