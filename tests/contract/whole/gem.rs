//! A whole run of GEM beside one of the authors' code: what is in memory, when a step is turned, and where it leads.

use std::collections::BTreeMap;

use clbench::{batch::Example, run::Run};
use clbench_methods::replay::gem;
use serde_json::{Value, json};

use super::{close, golden, scenes};
use crate::{
    host, spy,
    support::{self, Heard},
};

/// Without a ridge, which the authors' first code has not.
const SETTINGS: &str = "method=early+gem+late gem.capacity=8 gem.margin=0.5 gem.ridge=0 train.epochs=1";

/// The first weights and all batches.
pub fn scene() -> Value {
    scenes::whole(SETTINGS, json!({ "rate": 0.2, "margin": 0.5, "capacity": 8 }))
}

#[test]
fn a_run_of_gem_is_one_of_the_authors_code() {
    let golden = golden("gem");
    let setup = scenes::setup(SETTINGS);
    let (mut run, mut heard) = (Run::new(&setup, 0, &scenes::shelf()).unwrap(), Heard::default());
    let mut turned = Vec::new();
    while !run.is_over() {
        let seen = scenes::step(&mut run, &mut heard);
        let [early, late] = &seen[..] else { panic!("two spies") };
        turned.push(early.grads.bits() != late.grads.bits());
        let at = turned.len() - 1;
        close(&format!("step {at}"), &run.state.weights.theta, &golden["steps"][at]["theta"], 1e-4);
    }
    let expected: Vec<bool> = golden["steps"].as_array().unwrap().iter().map(|step| step["turned"] == true).collect();
    assert_eq!(turned, expected);
    // Some steps harm an earlier task, and some do not; in the first task there is none.
    assert!(!turned[..3].contains(&true) && turned.contains(&true) && turned[3..].contains(&false), "{turned:?}");
    let (_, held): (gem::Config, BTreeMap<usize, Vec<Example>>) = support::state(&run, "gem");
    let sorted = |mut all: Vec<(Vec<f64>, usize)>| {
        all.sort_by(|a, b| a.partial_cmp(b).unwrap());
        all
    };
    for (task, held) in held {
        let found = sorted(held.iter().map(|example| host::input(&setup, example)).collect());
        let theirs: Vec<(Vec<f64>, usize)> = serde_json::from_value(golden["memory"][task].clone()).unwrap();
        let same = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
        let theirs = sorted(theirs);
        assert_eq!((found.len(), theirs.len()), (8, 8));
        assert!(found.iter().zip(&theirs).all(|(a, b)| a.1 == b.1 && same(&a.0, &b.0)), "task {task}: {found:?}");
    }
    drop(spy::seen());
}
