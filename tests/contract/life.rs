//! The loop: when it evaluates, what an experience starts with, what is logged, how it diverges.

use std::collections::BTreeMap;

use clbench::{primitives::theta::Theta, run::Run};
use clbench_results::At;
use serde::de::IgnoredAny;

use crate::support::{self, Heard, setup, trace};

#[test]
fn each_experience_starts_with_a_fresh_optimizer_unless_it_is_kept() {
    type Memory = (BTreeMap<String, Theta>, BTreeMap<String, i32>);
    let counted = |reset: bool| {
        let setup = setup(&format!("optim.rule=adamw optim.rate=0.01 optim.reset={reset}"));
        let (run, _) = support::up_to(&setup, 0, 2, &support::shelf());
        let (_, memory): (IgnoredAny, Memory) = rmp_serde::from_slice(&run.state.optim.save().unwrap()).unwrap();
        (memory.1["head.bias"] as u64, [run.state.horizons[0].steps, run.state.horizons[1].steps])
    };
    let (fresh, [_, second]) = counted(true);
    let (kept, [first, _]) = counted(false);
    assert_eq!((fresh, kept), (second, first + second));
}

#[test]
fn evaluations_stand_where_they_are_asked_for() {
    let trace = trace("train.steps=7 eval.every=3");
    let points: Vec<_> = trace.heard.records.iter().map(|row| (row.at, row.experience, row.step, row.task)).collect();
    let mut expected = Vec::new();
    let mut all = |at, experience, step| expected.extend((0..3).map(|task| (at, experience, step, task)));
    all(At::Start, 0, 0);
    for experience in 1..=3 {
        let before = 7 * (experience as u64 - 1);
        all(At::Step, experience, before + 3);
        all(At::Step, experience, before + 6);
        all(At::End, experience, before + 7);
    }
    assert_eq!(points, expected);
}

/// Both the validation and the test split are asked, and what is held out is not trained on.
#[test]
fn what_is_held_out_is_asked_and_not_trained_on() {
    let setup = setup("stream.val_fraction=0.25");
    for task in &setup.stream.tasks {
        let (train, held) = (task.train.indices(), task.validation.indices());
        assert!(!held.is_empty() && held.iter().all(|index| !train.contains(index)));
        assert!((held.len() as f64 / (held.len() + train.len()) as f64 - 0.25).abs() < 0.01);
    }
    let (_, heard) = support::up_to(&setup, 0, 1, &support::shelf());
    let splits =
        heard.records.iter().filter(|row| row.at == At::End).map(|row| format!("{:?}", row.split).to_lowercase());
    assert_eq!(splits.collect::<Vec<_>>(), ["test", "validation"].repeat(3));
}

/// The norm is logged as it was, and no step goes further than rate · clip.
#[test]
fn clipping_bounds_each_step_and_not_what_is_logged() {
    let setup = setup("optim.clip=0.01");
    let (mut run, mut heard) = (Run::new(&setup, 0, &support::shelf()).unwrap(), Heard::default());
    while !run.is_over() {
        let before = run.state.weights.theta.clone();
        run.advance(&mut heard).unwrap();
        let moved = run.state.weights.theta.sub(&before).norm();
        assert!((moved / (0.1 * 0.01) - 1.0).abs() < 1e-3 || heard.rows.last().unwrap().gradient < 0.01, "{moved}");
    }
    assert_eq!(heard.rows[0].gradient.to_bits(), trace("").heard.rows[0].gradient.to_bits());
}

#[test]
fn a_diverged_run_ends_with_its_reason() {
    let setup = setup("optim.rate=1e20 log.every=3");
    let (mut run, mut heard) = (Run::new(&setup, 0, &support::shelf()).unwrap(), Heard::default());
    run.finish(&mut heard).unwrap();
    let reason = run.state.diverged.clone().unwrap();
    assert!(reason.contains("is not a finite number at step 3, experience 1"), "{reason}");
    assert!(run.is_over() && run.state.position.experience == 0);
    assert!(heard.records.iter().all(|row| row.at == At::Start));
}
