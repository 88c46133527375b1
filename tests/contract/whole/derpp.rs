//! A step of DER++ beside its authors' code: the loss, every gradient, and the logits that are remembered.

use clbench::{batch::memory::Memory, config::Setup, primitives::draws::Draws, run::Run};
use clbench_methods::replay::derpp::{Config, Remembered};
use serde_json::{Value, json};

use super::{close, golden, numbers, scenes};
use crate::{
    host,
    spy::Seen,
    support::{self, Heard},
};

/// All that comes is kept.
const SETTINGS: &str = "method=early+derpp+late derpp.capacity=40 derpp.batch=3 derpp.distil=0.7 derpp.strength=0.4 \
                        train.steps=3";

fn memory(run: &Run) -> Memory<Remembered> {
    let (_, memory): (Config, Option<Memory<Remembered>>) = support::state(run, "derpp");
    memory.unwrap()
}

/// What the third step of the second experience draws, and what it does.
fn third(setup: &Setup) -> (Vec<Vec<Remembered>>, Seen, Heard, Memory<Remembered>) {
    let (mut run, mut heard) = support::up_to(setup, 0, 1, &scenes::shelf());
    (0..2).for_each(|_| drop(scenes::step(&mut run, &mut heard)));
    let (before, draws) = (memory(&run), Draws { seed: 0, experience: 1, step: 2 });
    let drawn = ["derpp logits", "derpp labels"];
    let drawn = drawn.map(|purpose| before.recall(&draws, purpose, 3).into_iter().cloned().collect()).to_vec();
    let seen = scenes::step(&mut run, &mut heard).remove(0);
    (drawn, seen, heard, memory(&run))
}

pub fn scene() -> Value {
    let setup = scenes::setup(SETTINGS);
    let (drawn, seen, ..) = third(&setup);
    let written = |drawn: &Vec<Remembered>| {
        let examples: Vec<_> = drawn.iter().map(|one| host::input(&setup, &one.example)).collect();
        let logits: Vec<&Vec<f32>> = drawn.iter().map(|one| &one.logits).collect();
        json!({ "examples": scenes::examples(&examples), "logits": logits })
    };
    json!({
        "theta": scenes::written(&seen.theta), "batch": scenes::batch(&setup, &seen),
        "drawn": drawn.iter().map(written).collect::<Vec<_>>(), "alpha": 0.7, "beta": 0.4,
    })
}

#[test]
fn a_step_of_derpp_is_one_of_its_authors_code() {
    let golden = golden("derpp");
    let (drawn, seen, heard, after) = third(&scenes::setup(SETTINGS));
    // Two draws, and not the same.
    assert!(drawn.iter().all(|drawn| drawn.len() == 3));
    assert!(drawn[0].iter().zip(&drawn[1]).any(|(a, b)| a.example.pixels != b.example.pixels));
    close("gradient", &seen.grads, &golden["gradients"], 1e-4);
    let row = heard.rows.last().unwrap();
    let near = |found: f64, expected: &Value| (found - expected.as_f64().unwrap()).abs() < 1e-5;
    assert!(near(row.loss, &golden["loss"]), "{row:?}, not {}", golden["loss"]);
    assert_eq!(row.terms[1..], [None, row.terms[2], None]);
    // The batch's examples are the last that came.
    let (held, stored) = (after.held().collect::<Vec<_>>(), golden["stored"].as_array().unwrap());
    assert_eq!((held.len(), stored.len()), (24, 4));
    for (found, expected) in held[20..].iter().zip(stored) {
        let found: Vec<f64> = found.logits.iter().copied().map(f64::from).collect();
        host::close("logits", &found, &numbers(expected), 1e-5);
    }
}
