//! Optimizers and schedules against the trajectories of PyTorch and optax.
//!
//! The problem: f(x) = ½ Σ a x² from x₀ with the full gradient; see `tests/golden/make/README.md`. The four numbers are
//! two paths of two, so that a clip per path instead of over all would give other numbers.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{collections::BTreeMap, sync::LazyLock};

use burn::tensor::Device;
use clbench::{
    budget::Meter,
    optim::{
        Optimizer, UNDECAYED, clip, clip_apart,
        schedule::{Schedule, Shape},
    },
    primitives::{array::Array, theta::Theta},
};
use serde::Deserialize;

/// The goldens are in double precision; eight steps in single precision on numbers up to 3 stay within a few of its
/// units in the last place, 2.4e-7 each.
const TOLERANCE: f64 = 2e-6;

const RATE: f64 = 0.1;

#[derive(Deserialize)]
struct Golden {
    x0: [f32; 4],
    a: [f32; 4],
    optimisers: BTreeMap<String, Trajectory>,
    base_rate: f64,
    schedules: BTreeMap<String, Rates>,
}

#[derive(Deserialize)]
struct Trajectory {
    x: Vec<[f64; 4]>,
    grad_norm_before: Vec<f64>,
}

#[derive(Deserialize)]
struct Rates {
    rates: Vec<f64>,
}

#[derive(Deserialize)]
struct Optax {
    x: Vec<[f64; 4]>,
}

static GOLDEN: LazyLock<Golden> = LazyLock::new(|| serde_json::from_str(include_str!("golden/optim.json")).unwrap());

fn rule(name: &str, settings: &str) -> Box<dyn Optimizer> {
    (support::shelf().rule(name).unwrap().make)(settings.parse().unwrap()).unwrap().1
}

fn array(values: &[f32]) -> Array {
    Array::new(&[values.len()], values.to_vec(), &Device::flex())
}

fn theta(values: [f32; 4]) -> Theta {
    [("a".to_owned(), array(&values[..2])), ("b".to_owned(), array(&values[2..]))].into_iter().collect()
}

fn values(theta: &Theta) -> Vec<f64> {
    theta.iter().flat_map(|(_, array)| array.values()).map(f64::from).collect()
}

fn gradient(x: &Theta) -> Theta {
    theta(GOLDEN.a).zip(x, |a, x| a * x)
}

/// One step on the problem.
fn step(optim: &mut dyn Optimizer, x: &mut Theta) {
    let grads = gradient(x);
    optim.step(x, grads, RATE, &Meter::default());
}

fn follows(name: &str, mut optim: Box<dyn Optimizer>, limit: Option<f64>, golden: &[[f64; 4]]) {
    let mut x = theta(GOLDEN.x0);
    for (at, golden) in golden.iter().enumerate() {
        let mut grads = gradient(&x);
        if let Some(limit) = limit {
            let (clipped, norm) = clip(grads, limit);
            let before = GOLDEN.optimisers[name].grad_norm_before[at];
            assert!((norm - before).abs() < TOLERANCE * before, "{name} step {at}: norm {norm}, not {before}");
            grads = clipped;
        }
        optim.step(&mut x, grads, RATE, &Meter::default());
        for (x, golden) in values(&x).iter().zip(golden) {
            assert!((x - golden).abs() < TOLERANCE, "{name} step {at}: {x}, not {golden}");
        }
    }
}

#[test]
fn trajectories_are_pytorchs() {
    let rules = [
        ("sgd", "sgd", "", None),
        ("sgd_momentum_decay", "sgd", "momentum = 0.9\ndecay = 0.01", None),
        ("sgd_nesterov", "sgd", "momentum = 0.9\nnesterov = true", None),
        ("adamw", "adamw", "decay = 0.01", None),
        ("sgd_clip", "sgd", "", Some(1.0)),
    ];
    assert_eq!(rules.len(), GOLDEN.optimisers.len(), "a golden trajectory is not compared");
    for (name, of, settings, limit) in rules {
        follows(name, rule(of, settings), limit, &GOLDEN.optimisers[name].x);
    }
}

#[test]
fn adamw_is_optaxs_too() {
    let optax: Optax = serde_json::from_str(include_str!("golden/optax.json")).unwrap();
    follows("optax", rule("adamw", "decay = 0.01"), None, &optax.x);
}

/// Every rule with all that it can remember.
const REMEMBERING: [(&str, &str); 3] = [
    ("sgd", "momentum = 0.9\ndecay = 0.1"),
    ("sgd", "momentum = 0.9\nnesterov = true\ndecay = 0.1"),
    ("adamw", "decay = 0.1"),
];

#[test]
fn a_path_without_gradient_is_not_touched() {
    for (name, settings) in REMEMBERING {
        let (mut optim, mut x) = (rule(name, settings), theta(GOLDEN.x0));
        step(&mut *optim, &mut x);
        let before = x.bits();
        for _ in 0..3 {
            let mut grads = gradient(&x);
            grads.remove("b");
            optim.step(&mut x, grads, RATE, &Meter::default());
        }
        assert!(x.bits()["b"] == before["b"] && x.bits()["a"] != before["a"], "{name}");
        step(&mut *optim, &mut x);
        // Nor was a step counted or a velocity decayed: `b` goes on as if nothing had been in between.
        let (mut other, mut y) = (rule(name, settings), theta(GOLDEN.x0));
        (0..2).for_each(|_| step(&mut *other, &mut y));
        assert_eq!(x.bits()["b"], y.bits()["b"], "{name}");
    }
}

#[test]
fn a_clone_looks_ahead_and_leaves_the_original_behind() {
    for (name, settings) in REMEMBERING {
        let (mut optim, mut x) = (rule(name, settings), theta(GOLDEN.x0));
        step(&mut *optim, &mut x);
        let (mut ahead, mut there) = (optim.clone(), x.clone());
        (0..3).for_each(|_| step(&mut *ahead, &mut there));
        let (saved, here) = (optim.save().unwrap(), x.bits());
        (0..3).for_each(|_| step(&mut *optim, &mut x));
        assert_eq!(x.bits(), there.bits(), "{name}");
        assert!(saved == rewound(name, settings).save().unwrap() && here != x.bits(), "{name}");
    }
}

/// The rule after one step.
fn rewound(name: &str, settings: &str) -> Box<dyn Optimizer> {
    let (mut optim, mut x) = (rule(name, settings), theta(GOLDEN.x0));
    step(&mut *optim, &mut x);
    optim
}

#[test]
fn what_is_saved_goes_on_where_it_was() {
    for (name, settings) in REMEMBERING {
        let (mut optim, mut x) = (rule(name, settings), theta(GOLDEN.x0));
        (0..2).for_each(|_| step(&mut *optim, &mut x));
        let mut loaded = rule(name, settings);
        loaded.load(&optim.save().unwrap(), &Device::flex()).unwrap();
        let mut y = x.clone();
        (0..2).for_each(|_| step(&mut *optim, &mut x));
        (0..2).for_each(|_| step(&mut *loaded, &mut y));
        assert_eq!(x.bits(), y.bits(), "{name}");
    }
}

#[test]
fn what_is_not_kept_is_forgotten() {
    for (name, settings) in REMEMBERING {
        let mut kept = theta(GOLDEN.x0);
        // Another shape under the same path is another parameter.
        kept.insert("b", array(&[0.0; 3]));
        for keep in [kept, [("a".to_owned(), array(&[0.0; 2]))].into_iter().collect()] {
            let mut optim = rewound(name, settings);
            optim.keep_to(&keep);
            // Elsewhere than the first step, where Adam would go on as it began.
            let at = [0.5, 1.0, -2.0, -1.0];
            let (mut x, mut fresh, mut known) = (theta(at), theta(at), theta(at));
            step(&mut *optim, &mut x);
            step(&mut *rule(name, settings), &mut fresh);
            step(&mut *rewound(name, settings), &mut known);
            assert_eq!((&x.bits()["a"], &x.bits()["b"]), (&known.bits()["a"], &fresh.bits()["b"]), "{name}");
            assert_ne!(fresh.bits()["b"], known.bits()["b"], "{name}");
        }
    }
}

/// PyTorch's linear warm-up starts above zero and reaches the full rate one step later than `(s + 1)/W`, and it has
/// milestones, which are not offered here; so these two are not compared.
#[test]
fn schedules_are_pytorchs() {
    for (name, shape, steps) in [("cosine", Shape::Cosine, 10), ("linear_to_zero", Shape::Linear, 10)] {
        let schedule = Schedule { shape, warmup: 0.0, floor: 0.0 };
        for (step, golden) in GOLDEN.schedules[name].rates.iter().take(steps as usize).enumerate() {
            let rate = GOLDEN.base_rate * schedule.factor(step as u64, steps);
            assert!((rate - golden).abs() < 1e-15, "{name} step {step}: {rate}, not {golden}");
        }
    }
}

#[derive(Deserialize)]
struct Galore {
    shapes: Vec<[usize; 2]>,
    steps: Vec<Vec<Vec<f64>>>,
}

/// Two matrices of the problem in `tests/golden/make/galore.py`, of which `at` gives element k of n.
fn matrices(golden: &Galore, at: impl Fn(f32, f32) -> f32) -> Theta {
    let matrix = |(index, shape): (usize, &[usize; 2])| {
        let n = shape[0] * shape[1];
        let values = (0..n).map(|k| at(k as f32, n as f32)).collect();
        (index.to_string(), Array::new(shape, values, &Device::flex()))
    };
    golden.shapes.iter().enumerate().map(matrix).collect()
}

#[test]
fn galore_follows_its_authors_code() {
    let golden: Galore = serde_json::from_str(include_str!("golden/galore.json")).unwrap();
    let (x0, a) = (matrices(&golden, |k, _| (2.0 * k).cos()), matrices(&golden, |k, n| 1.0 + k / n));
    let mut x = matrices(&golden, |k, _| (k + 1.0).sin());
    let (mut optim, meter) = (rule("galore", "rank = 2\nepsilon = 1e-12\ndecay = 0"), Meter::default());
    for (step, expected) in golden.steps.iter().enumerate() {
        let grads = x.sub(&x0).zip(&a, |far, a| far * a);
        optim.step(&mut x, grads, RATE, &meter);
        for (found, expected) in values(&x).iter().zip(expected.concat()) {
            // A choice of directions amplifies rounding by the ratio of singular values.
            assert!((found - expected).abs() < 2e-5, "step {}: {found} is not {expected}", step + 1);
        }
        assert_eq!(optim.once() > 0, step == 0, "one projection for {} steps", golden.steps.len());
    }
    // Moments of [2, 5] and [2, 6] twice, and two bases of [2, 3] and [2, 4].
    assert_eq!(optim.elements(), 2 * (10 + 12) + 6 + 8);
    // Per step both ways 2·r·elements; once G·Gᵀ and 9 n³.
    let (each, once) = (2 * 2 * 2 * (15 + 24), 2 * (3 * 15 + 4 * 24) + 9 * (27 + 64));
    assert_eq!(meter.read().flops, 5 * each + once);
}

#[test]
fn galore_without_a_matrix_to_project_is_adamw() {
    let golden: Galore = serde_json::from_str(include_str!("golden/galore.json")).unwrap();
    let run = |mut optim: Box<dyn Optimizer>| {
        let mut x = matrices(&golden, |k, _| (k + 1.0).sin());
        for _ in 0..5 {
            let grads = x.clone();
            optim.step(&mut x, grads, RATE, &Meter::default());
        }
        x.bits()
    };
    assert_eq!(run(rule("galore", "rank = 4")), run(rule("adamw", "")));
    assert_ne!(run(rule("galore", "rank = 2")), run(rule("adamw", "")));
}

#[test]
fn galore_chooses_anew_after_every_gap() {
    let golden: Galore = serde_json::from_str(include_str!("golden/galore.json")).unwrap();
    let mut x = matrices(&golden, |k, _| (k + 1.0).sin());
    let mut optim = rule("galore", "rank = 2\ngap = 3");
    let chosen: Vec<bool> = (0..7)
        .map(|_| {
            let (grads, due) = (x.clone(), optim.due(&x));
            optim.step(&mut x, grads, RATE, &Meter::default());
            assert_eq!(due, optim.once());
            due > 0
        })
        .collect();
    assert_eq!(chosen, [true, false, false, true, false, false, true]);
}

fn numbers(paths: &[(&str, &[f32])]) -> Theta {
    let array = |values: &[f32]| Array::new(&[values.len()], values.to_vec(), &Device::flex());
    paths.iter().map(|(path, values)| ((*path).to_owned(), array(values))).collect()
}

#[test]
fn parts_that_stand_apart_are_clipped_by_their_own_norms() {
    let grads = numbers(&[("q0.w", &[3.0, 4.0]), ("q1.w", &[0.3, 0.4]), ("w", &[0.0, 2.0])]);
    let (clipped, norm) = clip_apart(grads.clone(), 1.0, &["q0.".into(), "q1.".into()]);
    let values = |path: &str| clipped.get(path).expect("a gradient").values();
    let near = |a: Vec<f32>, b: [f32; 2]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
    assert!(near(values("q0.w"), [0.6, 0.8]) && near(values("q1.w"), [0.3, 0.4]) && near(values("w"), [0.0, 1.0]));
    assert!((norm - (25.0_f64 + 0.25 + 4.0).sqrt()).abs() < 1e-5);
    assert_eq!(clip_apart(grads.clone(), 1.0, &[]).0.bits(), clip(grads, 1.0).0.bits());
}

/// With a gradient of zero a weight shrinks by its decay alone, and what a deviation is made of stays, by every rule.
#[test]
fn what_deviations_are_made_of_does_not_decay() {
    let rho = format!("w{UNDECAYED}");
    for rule in clbench::optim::catalogue() {
        let (_, mut optimizer) = (rule.make)("decay = 0.2".parse().unwrap()).unwrap();
        let mut theta = numbers(&[("w", &[1.0]), (&rho, &[1.0])]);
        let still = numbers(&[("w", &[0.0]), (&rho, &[0.0])]);
        optimizer.step(&mut theta, still, 0.5, &Meter::default());
        let value = |path: &str| theta.get(path).expect("a weight").values()[0];
        assert!((value("w") - 0.9).abs() < 1e-6 && (value(&rho) - 1.0).abs() < 1e-9, "{}", rule.name);
    }
}
