//! Fishers beside `BackPACK`'s, and the penalty and its gradient beside PyTorch's.

use clbench::{
    config::Setup,
    primitives::{draws::Draws, theta::Theta},
    run::Run,
};
use clbench_methods::regularisation::ewc;
use rand::RngExt;
use serde_json::{Value, json};

use super::{close, golden, numbers, scenes};
use crate::{host, support};

const STRENGTH: &str = "ewc.strength=30 ewc.samples=12 train.steps=5";
const FORMS: [(&str, &str); 2] = [("online", "ewc.form=online ewc.keep=0.25"), ("per-task", "ewc.form=per-task")];

fn settings(kind: &str, form: &str) -> String {
    format!("method=early+ewc+late ewc.fisher=\"{kind}\" {form} {STRENGTH}")
}

/// Anchors and Fishers.
fn anchors(run: &Run) -> Vec<(Theta, Theta)> {
    let (_, anchors): (ewc::Config, Vec<(Theta, Theta)>) = support::state(run, "ewc");
    anchors
}

/// Draws and order in which a Fisher after `experience` takes its examples.
fn order(setup: &Setup, run: &Run, experience: usize) -> (Draws, Vec<usize>) {
    let draws = Draws { seed: 0, experience: experience as u64, step: run.state.horizons[experience].steps };
    (draws, draws.order("ewc", 0, setup.stream.experiences[experience].len()))
}

/// Of each form the weights after two experiences, with the examples there, and those at the third's last but one step.
pub fn scene() -> Value {
    let form = |(name, form): (&str, &str)| {
        let setup = scenes::setup(&settings("true", form));
        let mut anchors = Vec::new();
        for experience in 0..2 {
            let (run, _) = support::up_to(&setup, 0, experience + 1, &scenes::shelf());
            let (_, order) = order(&setup, &run, experience);
            let examples = scenes::examples(&host::examples(&setup, experience, &order));
            anchors.push(json!({ "theta": scenes::written(&run.state.weights.theta), "examples": examples }));
        }
        let (mut run, mut heard) = support::up_to(&setup, 0, 2, &scenes::shelf());
        let seen = (0..4).map(|_| scenes::step(&mut run, &mut heard)).last().unwrap();
        (name.to_owned(), json!({ "anchors": anchors, "theta": scenes::written(&seen[0].theta) }))
    };
    json!({ "forms": FORMS.map(form).into_iter().collect::<serde_json::Map<_, _>>(), "strength": 30.0, "keep": 0.25,
            "batch": 4 })
}

#[test]
fn every_fisher_is_backpacks() {
    let golden = &golden("ewc")["online"]["fishers"][0];
    for kind in ["true", "empirical", "batch"] {
        let setup = scenes::setup(&settings(kind, FORMS[0].1));
        let (run, _) = support::up_to(&setup, 0, 1, &scenes::shelf());
        let [(anchor, found)] = &anchors(&run)[..] else { panic!("one anchor") };
        assert_eq!(anchor.bits(), run.state.weights.theta.bits());
        close(kind, found, &golden[kind], 1e-4);
    }
}

/// Of each example the squares at the label that is drawn for it.
#[test]
fn a_sampled_fisher_is_backpacks_at_the_labels_that_were_drawn() {
    let golden = &golden("ewc")["online"]["fishers"][0];
    let setup = scenes::setup(&settings("sampled", FORMS[0].1));
    let (run, _) = support::up_to(&setup, 0, 1, &scenes::shelf());
    let (draws, order) = order(&setup, &run, 0);
    let mut labels = Vec::new();
    for call in 0..order.len() {
        let drawn = f64::from(draws.rng("ewc label", call as u64).random::<f32>());
        // The first label whose cumulated probability is above the number drawn.
        let mut below = 0.0;
        let p = numbers(&golden["probabilities"][call]);
        labels.push(
            p.iter()
                .take_while(|p| {
                    below += **p;
                    below <= drawn
                })
                .count(),
        );
    }
    // Labels of the other tasks, too: what is drawn is not what is true.
    assert!(labels.iter().any(|label| *label > 1), "{labels:?}");
    let [(_, found)] = &anchors(&run)[..] else { panic!("one anchor") };
    for path in found.paths() {
        let squares = labels.iter().enumerate().map(|(at, label)| numbers(&golden["squares"][at][*label][path]));
        let mut mean = vec![0.0; found.get(path).unwrap().len()];
        squares.for_each(|one| mean.iter_mut().zip(one).for_each(|(mean, x)| *mean += x / labels.len() as f64));
        host::close(path, &host::values(found, path), &mean, 1e-4);
    }
}

/// λ/2 · γ · F · (θ − θ*)² where there is one Fisher, and the sum of λ/2 · F · (θ − θ*)² where there are several: in
/// value, as it is logged, and in gradient.
#[test]
fn the_penalty_and_its_gradient_are_pytorchs() {
    for (name, form) in FORMS {
        let golden = &golden("ewc")[name];
        let setup = scenes::setup(&settings("true", form));
        let (mut run, mut heard) = support::up_to(&setup, 0, 2, &scenes::shelf());
        let kept = anchors(&run);
        assert_eq!(kept.len(), if name == "online" { 1 } else { 2 });
        for ((_, fisher), expected) in kept.iter().zip(golden["kept"].as_array().unwrap()) {
            close(name, fisher, expected, 1e-4);
        }
        let seen = (0..4).map(|_| scenes::step(&mut run, &mut heard)).last().unwrap();
        let [early, late] = &seen[..] else { panic!("two spies") };
        // The difference of two gradients loses digits to the larger of the two.
        close(name, &late.grads.sub(&early.grads), &golden["gradient"], 1e-3);
        let row = heard.rows.last().unwrap();
        let penalty = row.terms[2].expect("the penalty has a value");
        assert!((penalty / golden["penalty"].as_f64().unwrap() - 1.0).abs() < 1e-4, "{name}: {penalty}");
        assert_eq!(row.terms, [row.terms[0], None, Some(penalty), None]);
        assert!((row.loss - row.terms[0].unwrap() - penalty).abs() < 1e-6, "{row:?}");
    }
}
