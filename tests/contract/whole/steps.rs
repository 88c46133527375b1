//! Steps of methods whose weights are drawn or made, beside PyTorch: the loss, the penalty, and every gradient.

use clbench::{
    primitives::{draws::Draws, theta::Theta},
    run::{Logged, Run},
};
use serde_json::{Map, Value, json};

use super::{close, golden, scenes};
use crate::{
    spy::Seen,
    support::{self, Heard},
};

const HYPERNET: &str = "method=hypernet+late stream.kind=task-incremental stream.tasks=3 stream.classes_per_task=2 \
                        hypernet.strength=0.5 hypernet.widths=[8] hypernet.chunk=20 hypernet.task_embedding=3 \
                        hypernet.chunk_embedding=2";

/// Names, settings, and the experience whose third step it is.
fn all() -> [(&'static str, String, usize); 7] {
    let vcl = |more: &str| format!("method=vcl+late vcl.init_std=0.3 {more}");
    let hypernet = |more: &str| format!("{HYPERNET} {more}");
    [
        ("vcl", vcl(""), 1),
        ("vcl of matrices", vcl("vcl.local=false vcl.divergence=2"), 1),
        ("bbb", "method=bbb+late bbb.init_std=0.3 bbb.prior_std=0.5 bbb.against=batch".into(), 0),
        ("hypernet", hypernet(""), 2),
        ("hypernet here", hypernet("hypernet.lookahead=false hypernet.activation=elu"), 2),
        ("hypernet mip", hypernet("hypernet.mip=true"), 2),
        ("ibcl", "method=ibcl+late ibcl.priors=[0.5,0.8] ibcl.against=batch".into(), 1),
    ]
}

/// The third step of an experience, the weights that are not trained in it, and its line in `train.csv`.
fn third(settings: &str, experience: usize) -> (Seen, Theta, Logged, Value) {
    let setup = scenes::setup(&format!("{settings} train.steps=3"));
    let (mut run, mut heard): (Run, Heard) = support::up_to(&setup, 0, experience, &scenes::shelf());
    let seen = (0..3).map(|_| scenes::step(&mut run, &mut heard)).last().unwrap().remove(0);
    let batch = scenes::batch(&setup, &seen);
    // Of the network whose weights are made, the first ones.
    let first = scenes::written(&setup.net.init(&Draws::of(0), &burn::tensor::Device::flex()).theta);
    let row = heard.rows.into_iter().rfind(|row| row.step == 3 * (experience as u64 + 1)).unwrap();
    let noted = json!({ "batch": batch, "first": first });
    (seen, run.state.weights.frozen.clone(), row, noted)
}

/// What each step starts from, with the noise of its pass.
pub fn scenes() -> Value {
    let scene = |(name, settings, experience): (&str, String, usize)| {
        let (seen, frozen, _, noted) = third(&settings, experience);
        let draws = Draws { seed: 0, experience: experience as u64, step: 2 };
        // More than any of them needs.
        let local: Vec<Vec<f32>> = (0..4).map(|call| draws.normal("local reparameterisation", call, 24)).collect();
        let whole: Vec<Vec<f32>> = (0..2).map(|call| draws.normal("posterior", call, 60)).collect();
        let scene = json!({
            "settings": settings, "experience": experience, "theta": scenes::written(&seen.theta),
            "frozen": scenes::written(&frozen), "noted": noted, "local": local, "whole": whole,
        });
        (name.to_owned(), scene)
    };
    Value::Object(all().map(scene).into_iter().collect::<Map<_, _>>())
}

#[test]
fn loss_penalty_and_gradients_of_a_whole_step_are_pytorchs() {
    for (name, settings, experience) in all() {
        let golden = &golden("steps")[name];
        let (seen, _, row, _) = third(&settings, experience);
        assert_eq!((seen.experience, seen.step), (experience, 2));
        close(name, &seen.grads, &golden["gradients"], 1e-4);
        let near = |what: &str, found: f64, expected: &Value| {
            let expected = expected.as_f64().unwrap();
            assert!((found - expected).abs() < 1e-4 * (1.0 + expected.abs()), "{name} {what}: {found}, not {expected}");
        };
        let [base, penalty, None] = row.terms[..] else { panic!("{name}: {row:?}") };
        near("loss", base.unwrap(), &golden["loss"]);
        near("penalty", penalty.expect("a penalty"), &golden["penalty"]);
        near("sum", row.loss, &json!(golden["loss"].as_f64().unwrap() + golden["penalty"].as_f64().unwrap()));
    }
}
