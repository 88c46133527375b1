//! A whole run of synaptic intelligence beside one of Avalanche's functions: where it leads, and what matters after
//! each task.

use clbench::{primitives::theta::Theta, run::Run};
use clbench_methods::regularisation::si;
use serde_json::{Value, json};

use super::{close, golden, scenes};
use crate::support::{self, Heard};

const SETTINGS: &str = "method=early+si+late si.strength=2 si.damping=0.05 train.epochs=1";

/// The first weights and all batches.
pub fn scene() -> Value {
    scenes::whole(SETTINGS, json!({ "rate": 0.2, "strength": 2.0, "damping": 0.05 }))
}

#[test]
fn a_run_of_si_is_one_of_avalanches_functions() {
    let golden = golden("si");
    let setup = scenes::setup(SETTINGS);
    let (mut run, mut heard) = (Run::new(&setup, 0, &scenes::shelf()).unwrap(), Heard::default());
    let mut at = 0;
    while !run.is_over() {
        let experience = run.state.position.experience;
        let seen = scenes::step(&mut run, &mut heard);
        close(&format!("step {at}"), &run.state.weights.theta, &golden["steps"][at]["theta"], 1e-4);
        let penalty = golden["steps"][at]["penalty"].as_f64().unwrap();
        let found = heard.rows.last().unwrap().terms[2].unwrap_or(0.0);
        assert!((found - penalty).abs() < 1e-4 * (1.0 + penalty), "step {at}: {found}, not {penalty}");
        // Nothing pulls in the first task, and something does later.
        let [early, late] = &seen[..] else { panic!("two spies") };
        assert_eq!(early.grads.bits() == late.grads.bits(), penalty == 0.0, "step {at}");
        if run.state.position.experience > experience {
            let (_, anchor, work, importance): (si::Config, Theta, Theta, Theta) = support::state(&run, "si");
            assert_eq!(anchor.bits(), run.state.weights.theta.bits());
            assert!(work.is_empty());
            close(&format!("task {experience}"), &importance, &golden["importance"][experience], 1e-3);
        }
        at += 1;
    }
    assert_eq!((at, golden["importance"].as_array().unwrap().len()), (9, 3));
}
