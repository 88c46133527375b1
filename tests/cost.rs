//! What runs cost: the memory of a step, memory-adjusted operations, and what is foretold of both.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use clbench::{
    array::Array,
    batch::Batch,
    draws::Draws,
    ledger::{Meter, Phase},
    method::Carrier,
    net::{Body, Net},
    pass::{Mode, Pass, Weights},
    plain::Plain,
    run::Run,
    scope::{HeadKind, Heads, Scope, Scopes},
};
use serde::Deserialize;
use support::{Heard, setup};

/// A run's states at its end.
fn finished(settings: &str, look: impl FnOnce(&Run)) {
    let setup = setup(settings);
    let mut run = Run::new(&setup, 0, &support::shelf()).unwrap();
    run.finish(&mut Heard::default()).unwrap();
    assert_eq!(run.state.diverged, None, "{settings}");
    look(&run);
}

/// Steps of all experiences.
fn steps(settings: &str) -> u64 {
    let mut steps = 0;
    finished(settings, |run| steps = run.state.ledger.on(Phase::Train).steps);
    steps
}

#[test]
fn full_fine_tuning_is_what_memory_is_relative_to() {
    // 64·24 + 24 and 24·6 + 6 weights, as many gradients, no number of plain SGD; inputs and hidden units of 16 examples,
    // logarithms of the softmax over 6 classes, and labels.
    let by_hand = 4 * 2 * (64 * 24 + 24 + 24 * 6 + 6) + 16 * (4 * (64 + 24 + 6) + 8);
    for net in ["", "net.batch_norm=true", "optim.rule=adamw"] {
        finished(&format!("method=finetune net.dropout=0.0 optim.rate=0.01 {net}"), |run| {
            let reference = run.state.reference;
            assert!(run.state.peaks.iter().all(|peak| *peak == reference), "{:?}, {reference}", run.state.peaks);
            let spent = run.state.ledger.charged(None);
            assert_eq!(spent.maf, spent.flops);
            // Adam's two moments; a batch norm's γ and β with gradients, two statistics, x, its mean and deviation.
            let more = match net {
                "" => 0,
                "optim.rule=adamw" => 4 * 2 * (64 * 24 + 24 + 24 * 6 + 6),
                _ => 4 * (2 * 48 + 48) + 4 * (16 * 24 + 48),
            };
            assert_eq!(reference, by_hand + more, "{net}");
        });
    }
}

#[test]
fn an_adapter_gets_more_steps_for_the_same_memory_adjusted_operations_than_for_the_same_operations() {
    let lora = "method=lora lora.rank=2 net.widths=[256,256] optim.rule=adamw optim.rate=0.001";
    let (flops, maf) = (steps(&format!("{lora} budget.flops=2e9")), steps(&format!("{lora} budget.maf=2e9")));
    finished(&format!("{lora} budget.maf=2e9"), |run| {
        let (peak, reference) = (run.state.peaks[0], run.state.reference);
        assert!(peak < reference / 2, "{peak} of {reference}");
        let (gained, less) = (maf as f64 / flops as f64, reference as f64 / peak as f64);
        assert!((gained / less - 1.0).abs() < 0.02, "{gained} times the steps, {less} times less memory");
        for experience in 0..run.setup().stream.experiences.len() {
            let spent = run.state.ledger.charged(Some(experience));
            // An epoch's last batch is smaller than those that the number of steps was reckoned by.
            assert!((1_800_000_000..=2_000_000_000).contains(&spent.maf), "{spent:?}");
            // Each step and hook is rounded up by itself.
            let exact = spent.flops as f64 * peak as f64 / reference as f64;
            assert!(spent.maf as f64 >= exact && spent.maf as f64 <= exact + spent.steps as f64 + 8.0);
        }
    });
}

#[derive(Deserialize)]
struct Held {
    batch: usize,
    classes: usize,
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Case {
    net: toml::Table,
    trained: String,
    input: [usize; 3],
    bytes: u64,
}

/// Moves what is not trained to the frozen weights.
fn freeze(weights: &mut Weights, trained: &str, device: &Device) {
    let frozen = |path: &str| match trained {
        "head" => path.starts_with("body"),
        "lora" | "biases" => path.starts_with("body") && path.ends_with(".weight"),
        _ => false,
    };
    let paths: Vec<String> = weights.theta.paths().filter(|path| frozen(path)).map(str::to_owned).collect();
    for path in paths {
        let weight = weights.theta.remove(&path).unwrap();
        if trained == "lora" {
            let at = |part: &str| format!("{}.lora0.{part}", path.strip_suffix(".weight").unwrap());
            let draws = Draws::of(1);
            weights.theta.insert(at("a"), draws.gaussian(&at("a"), &[weight.shape[0], 2], 0.1, device));
            weights.theta.insert(at("b"), draws.gaussian(&at("b"), &[2, weight.shape[1]], 0.1, device));
            weights.frozen.insert(at("scale"), Array::filled(&[1], 0.5, device));
        }
        weights.frozen.insert(path, weight);
    }
}

#[test]
fn what_a_backward_pass_needs_is_what_pytorch_packs_for_it() {
    let golden: Held = serde_json::from_str(include_str!("golden/held.json")).unwrap();
    let device = Device::flex();
    assert_eq!(golden.cases.len(), 6);
    for (name, case) in golden.cases {
        let body: Body = case.net.try_into().unwrap();
        let classes = golden.classes;
        let heads = Heads { kind: HeadKind::Shared, classes, tasks: vec![(0..classes).collect()], seen: vec![vec![0]] };
        let plain = Plain(Net { body, heads, input: case.input });
        let mut weights = plain.init(&Draws::of(0), &device);
        freeze(&mut weights, &case.trained, &device);
        let [channels, height, width] = case.input;
        let shape = [golden.batch, channels, height, width];
        let inputs = Draws::of(2).gaussian("inputs", &shape, 1.0, &device).tensor::<4>();
        let targets: Vec<usize> = (0..golden.batch).map(|row| (3 * row + 1) % classes).collect();
        let mut pass = Pass::tracked(&weights, Mode::Train(Draws::of(3)), &Meter::default()).holding();
        let labels: Vec<i64> = targets.iter().map(|label| *label as i64).collect();
        let batch = Batch {
            inputs,
            labels: Tensor::from_data(TensorData::new(labels, [golden.batch]), &device),
            targets,
            indices: Vec::new(),
            texts: Vec::new(),
            scopes: Scopes::One(Scope::All),
        };
        plain.loss(&mut pass, &batch);
        // PyTorch's cross-entropy also packs the sum of its weights, one number.
        assert_eq!(pass.held_bytes() + 4, case.bytes, "{name}");
        let silent = Pass::tracked(&weights, Mode::Eval, &Meter::default());
        assert_eq!(silent.held_bytes(), 0);
    }
}

#[test]
fn what_a_method_remembers_is_paid_for() {
    let peaks = |method: &str| {
        let mut peaks = Vec::new();
        finished(&format!("method={method} train.steps=20"), |run| peaks.clone_from(&run.state.peaks));
        peaks
    };
    let (plain, ewc, replay) =
        (peaks("finetune"), peaks("ewc ewc.samples=10"), peaks("replay replay.capacity=50 replay.batch=16"));
    // Before the first anchor there is next to nothing, afterwards an anchor and a Fisher.
    let weights = 4 * (64 * 24 + 24 + 24 * 6 + 6);
    assert!(ewc[0] < plain[0] + 300, "{} beside {}", ewc[0], plain[0]);
    assert!((2 * weights..2 * weights + 1000).contains(&(ewc[1] - plain[1])), "{} beside {}", ewc[1], plain[1]);
    // A step on twice as many examples holds twice as much for its backward pass.
    assert!(replay[1] > plain[1] + 16 * (4 * (64 + 24 + 6) + 8), "{} beside {}", replay[1], plain[1]);
}
