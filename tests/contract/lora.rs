//! Low-rank adapters: where they begin, what they come to, what they leave.

use std::collections::BTreeMap;

use clbench::{
    config::Setup,
    network::pass::Weights,
    primitives::{scope::Scope, theta::Theta},
    run::Run,
};
use serde::de::IgnoredAny;

use crate::{
    host,
    support::{self, Heard, setup},
};

/// Networks with matrices, with kernels, and with kernels that stride.
const NETS: [&str; 3] = [
    "net.widths=[24,16] net.dropout=0",
    "net.body=cnn net.channels=[4,6] net.hidden=16 optim.rate=0.02",
    "net.body=resnet18 net.width=2 train.batch=48 optim.rate=0.02",
];

fn scores(run: &Run, setup: &Setup) -> Vec<f64> {
    let scores = support::scores(&*run.predictor().unwrap(), setup, Scope::All, 20);
    scores.concat().into_iter().map(f64::from).collect()
}

#[test]
fn a_new_adapter_changes_no_answer() {
    for net in NETS {
        let setup = setup(&format!("{net} method=lora lora.rank=2 lora.alpha=8"));
        let mut run = Run::new(&setup, 0, &support::shelf()).unwrap();
        let before = scores(&run, &setup);
        run.rehearse().unwrap();
        let adapted: Vec<&str> = run.state.weights.theta.paths().filter(|path| path.ends_with(".lora0.a")).collect();
        assert!(!adapted.is_empty() && adapted.iter().all(|path| path.starts_with("body.")), "{net}: {adapted:?}");
        assert_eq!(scores(&run, &setup), before, "{net}");
    }
}

/// W + s·A·B on the host. A matrix is `[in, out]`; a kernel is `[out, in, kh, kw]` with A `[r, in, kh, kw]` and B
/// `[out, r, 1, 1]`.
fn folded(weights: &Weights, name: &str) -> Vec<f64> {
    let find = |path: &str| weights.theta.get(path).or_else(|| weights.frozen.get(path));
    let floats = |path: &str| find(path).unwrap().values().into_iter().map(f64::from).collect::<Vec<_>>();
    let shape = find(&format!("{name}.weight")).unwrap().shape.clone();
    let mut sum = floats(&format!("{name}.weight"));
    for index in 0.. {
        let at = |part: &str| format!("{name}.lora{index}.{part}");
        if find(&at("a")).is_none() {
            break;
        }
        let (a, b, scale) = (floats(&at("a")), floats(&at("b")), floats(&at("scale"))[0]);
        let (rows, columns) = (shape[0], sum.len() / shape[0]);
        let rank = find(&at("a")).unwrap().shape[usize::from(shape.len() == 2)];
        for (row, column, k) in
            (0..rows).flat_map(|r| (0..columns).flat_map(move |c| (0..rank).map(move |k| (r, c, k))))
        {
            let product = if shape.len() == 2 {
                a[row * rank + k] * b[k * columns + column]
            } else {
                b[row * rank + k] * a[k * columns + column]
            };
            sum[row * columns + column] += scale * product;
        }
    }
    sum
}

/// Kept and folded adapters are trained alike, and answer alike: factored and dense are the same function.
#[test]
fn folding_adds_the_product_and_changes_no_answer() {
    for net in NETS {
        let of = |end: &str| {
            let setup = setup(&format!("{net} method=lora lora.rank=2 lora.alpha=8 lora.end={end} stream.tasks=1"));
            let (run, _) = support::up_to(&setup, 0, 1, &support::shelf());
            (run.state.weights.clone(), scores(&run, &setup))
        };
        let ((kept, factored), (dense, answers)) = (of("keep"), of("fold"));
        host::close(net, &answers, &factored, 1e-4);
        let names: Vec<String> =
            kept.theta.paths().filter_map(|path| path.strip_suffix(".lora0.a")).map(str::to_owned).collect();
        assert!(names.len() >= 2, "{net}: {names:?}");
        for name in names {
            let path = format!("{name}.weight");
            host::close(&path, &host::values(&dense.theta, &path), &folded(&kept, &name), 1e-5);
            assert_ne!(dense.theta.bits()[&path], kept.frozen.bits()[&path], "{path}: the adapter learned nothing");
        }
        assert!(dense.frozen.is_empty(), "{net}: {:?}", dense.frozen.paths().collect::<Vec<_>>());
        assert!(dense.theta.paths().eq(support::trace(&format!("{net} stream.tasks=1")).theta.keys()), "{net}");
    }
}

/// Paths of the first layer, trained and frozen, after each experience.
fn paths(settings: &str) -> Vec<(Vec<String>, Vec<String>)> {
    let setup = setup(&format!("{} method=lora {settings}", NETS[0]));
    let mut run = Run::new(&setup, 0, &support::shelf()).unwrap();
    let (mut heard, mut all) = (Heard::default(), Vec::new());
    let first = |theta: &Theta| theta.below("body.0.").paths().map(str::to_owned).collect();
    while !run.is_over() {
        run.advance(&mut heard).unwrap();
        if run.state.position.step == 0 {
            all.push((first(&run.state.weights.theta), first(&run.state.weights.frozen)));
        }
    }
    all
}

#[test]
fn adapters_come_and_go_as_asked() {
    let of = |trained: &[&str], frozen: &[&str]| {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        (words(trained), words(frozen))
    };
    let (plain, one) = (of(&["bias", "weight"], &[]), of(&["bias", "lora0.a", "lora0.b"], &["lora0.scale", "weight"]));
    assert_eq!(paths("lora.per=stream lora.end=keep"), [one.clone(), one.clone(), one.clone()]);
    assert_eq!(paths("lora.per=stream lora.end=fold"), [one.clone(), one.clone(), plain.clone()]);
    assert_eq!(paths("lora.per=task lora.end=fold"), [plain.clone(), plain.clone(), plain.clone()]);
    // The word of earlier versions, whose runs can be made again.
    assert_eq!(paths("lora.per=task lora.fold=true"), [plain.clone(), plain.clone(), plain]);
    assert_eq!(paths("lora.per=stream lora.fold=false"), [one.clone(), one.clone(), one.clone()]);
    let two = of(&["bias", "lora1.a", "lora1.b"], &["lora0.a", "lora0.b", "lora0.scale", "lora1.scale", "weight"]);
    let three = of(
        &["bias", "lora2.a", "lora2.b"],
        &["lora0.a", "lora0.b", "lora0.scale", "lora1.a", "lora1.b", "lora1.scale", "lora2.scale", "weight"],
    );
    assert_eq!(paths("lora.per=task lora.end=keep"), [one, two, three]);
}

/// Each at its own cost: three kept adapters make a step dearer, three folded ones do not.
#[test]
fn kept_adapters_are_all_applied_and_paid_for() {
    let step = |settings: &str| {
        let setup = setup(&format!("{} method=lora {settings} lora.rank=2 lora.alpha=8", NETS[0]));
        let (mut run, _) = support::up_to(&setup, 0, 2, &support::shelf());
        run.rehearse().unwrap();
        let theta = &run.state.weights;
        (run.state.price.flops, host::values(&run.state.weights.theta, "head.bias"), folded(theta, "body.1"))
    };
    let ((kept, bias, weight), (replaced, other, dense)) =
        (step("lora.per=task lora.end=keep"), step("lora.per=task lora.end=fold"));
    // The same function of the same data: learned side by side, or folded after each.
    host::close("bias", &bias, &other, 1e-4);
    host::close("weight", &weight, &dense, 1e-4);
    // A frozen adapter is a product for the rank and one for the width; its own inputs are on the graph in the second
    // layer, where each wants a gradient for them.
    let old = |inputs: u64, outputs: u64, products: u64| 2 * 16 * (inputs * 2 + 2 * outputs) * products;
    assert_eq!(kept - replaced, 2 * (old(64, 24, 1) + old(24, 16, 2)));
}

#[test]
fn a_folded_adapters_moments_are_forgotten() {
    type Memory = (BTreeMap<String, Theta>, BTreeMap<String, i32>);
    let setup =
        setup(&format!("{} method=lora lora.per=task lora.end=fold optim.rule=adamw optim.reset=false", NETS[0]));
    let mut run = Run::new(&setup, 0, &support::shelf()).unwrap();
    let counted = |run: &Run| {
        let (_, memory): (IgnoredAny, Memory) = rmp_serde::from_slice(&run.state.optim.save().unwrap()).unwrap();
        (
            memory.1.contains_key("body.0.lora0.a"),
            memory.1.get("head.bias").copied(),
            memory.0["first"].has("body.0.lora0.a"),
        )
    };
    run.advance(&mut Heard::default()).unwrap();
    assert_eq!(counted(&run), (true, Some(1), true));
    while run.state.position.experience == 0 {
        run.advance(&mut Heard::default()).unwrap();
    }
    let steps = run.state.horizons[0].steps as i32;
    assert_eq!(counted(&run), (false, Some(steps), false));
}
