//! The built-in networks against PyTorch: values, gradients, running statistics, and the count of operations.
//!
//! The golden values and the formula of the weights: `tests/golden/make/README.md`.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{collections::BTreeMap, path::Path, sync::LazyLock};

use burn::tensor::{Device, Tensor, TensorData};
use clbench::{
    batch::Batch,
    budget::Meter,
    data::{Dataset, Source, Split},
    method::{Carrier, Plain},
    network::{
        net::{Body, Net},
        pass::{Mode, Pass, Weights},
    },
    primitives::{
        array::Array,
        draws::Draws,
        scope::{HeadKind, Heads, Scope, Scopes},
        theta::Theta,
    },
    run::Run,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    rank: usize,
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Case {
    net: toml::Table,
    input: [usize; 4],
    classes: usize,
    #[serde(default)]
    tensors: BTreeMap<String, Spec>,
    f64: Option<Values>,
    flops: BTreeMap<String, Count>,
}

#[derive(Deserialize)]
struct Spec {
    kind: String,
    shape: Vec<usize>,
    sum: f64,
}

#[derive(Deserialize)]
struct Values {
    logits: Vec<Vec<f64>>,
    loss: f64,
    grad_norm: BTreeMap<String, f64>,
    grad_sum: BTreeMap<String, f64>,
    grad_dot: BTreeMap<String, f64>,
    buffers_after: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Count {
    flops: u64,
    trained_values: usize,
}

static GOLDEN: LazyLock<Golden> = LazyLock::new(|| serde_json::from_str(include_str!("golden/nets.json")).unwrap());

/// sin(0.37 k + c), with c the sum of the bytes of the path.
fn wave(path: &str, count: usize) -> Vec<f64> {
    let shift = path.bytes().map(f64::from).sum::<f64>();
    (0..count).map(|k| (0.37 * k as f64 + shift).sin()).collect()
}

impl Spec {
    fn array(&self, path: &str) -> Array {
        let fan_in: usize = if self.shape.len() == 2 { self.shape[0] } else { self.shape[1..].iter().product() };
        let chirp = |k: usize| (0.37 * (k * k) as f64 + path.bytes().map(f64::from).sum::<f64>()).sin();
        let value = |(k, wave): (usize, f64)| match self.kind.as_str() {
            "kernel" => 2.0 * chirp(k) / (fan_in as f64).sqrt(),
            "weight" => wave / (fan_in as f64).sqrt(),
            "bias" | "beta" | "mean" => 0.1 * wave,
            "gamma" | "var" => 1.0 + 0.1 * wave,
            "position" => 0.02 * wave,
            other => panic!("{path} is a {other}"),
        };
        let waves = wave(path, self.shape.iter().product()).into_iter().enumerate();
        let values: Vec<f32> = waves.map(|wave| value(wave) as f32).collect();
        let sum: f64 = values.iter().copied().map(f64::from).sum();
        assert!((sum - self.sum).abs() < 1e-9, "{path}: the tensor sums to {sum}, not {}", self.sum);
        Array::new(&self.shape, values, &Device::flex())
    }
}

impl Case {
    fn body(&self) -> Body {
        let mut table = self.net.clone();
        let kind = table.remove("kind").unwrap();
        table.insert("body".into(), kind);
        table.try_into().unwrap()
    }
    fn net(&self) -> Net {
        let heads = Heads {
            kind: HeadKind::Shared,
            classes: self.classes,
            tasks: vec![(0..self.classes).collect()],
            seen: vec![vec![0]],
        };
        let [_, channels, height, width] = self.input;
        Net { body: self.body(), heads, input: [channels, height, width] }
    }
    /// The weights of the case, on exactly the paths and shapes of the network's own first weights.
    fn weights(&self) -> Weights {
        let own = self.net().init(&Draws::of(0), &Device::flex());
        let paths = own.theta.paths().chain(own.buffers.paths()).map(str::to_owned);
        let mut paths: Vec<String> = paths.collect();
        paths.sort_unstable();
        assert!(paths.iter().eq(self.tensors.keys()), "other paths");
        let golden = |own: Theta| {
            own.iter()
                .map(|(path, array)| {
                    let made = self.tensors[path].array(path);
                    assert_eq!(made.shape, array.shape, "{path}");
                    (path.to_owned(), made)
                })
                .collect()
        };
        Weights { theta: golden(own.theta), buffers: golden(own.buffers), ..Weights::default() }
    }
    fn inputs(&self, batch: usize) -> Tensor<4> {
        let [_, channels, height, width] = self.input;
        let count = batch * channels * height * width;
        let pixel = |wave: f64| if self.body().wants_pixels() { 127.5 + 127.5 * wave } else { wave };
        let values: Vec<f32> = (0..count).map(|k| pixel((0.11 * k as f64 + 0.5).sin()) as f32).collect();
        Tensor::from_data(TensorData::new(values, [batch, channels, height, width]), &Device::flex())
    }
    fn batch(&self, count: usize) -> Batch {
        let targets: Vec<usize> = (0..count).map(|row| (3 * row + 1) % self.classes).collect();
        let labels: Vec<i64> = targets.iter().map(|label| *label as i64).collect();
        Batch {
            inputs: self.inputs(count),
            labels: Tensor::from_data(TensorData::new(labels, [count]), &Device::flex()),
            targets,
            indices: Vec::new(),
            tasks: Vec::new(),
            texts: Vec::new(),
            scopes: Scopes::One(Scope::All),
        }
    }
    /// Rows that are run in place of the whole batch: operations are linear in the batch, and the large networks
    /// would take minutes. The small ones run whole.
    fn rows(&self) -> usize {
        if self.f64.is_some() { self.input[0] } else { 1 }
    }
    fn scaled(&self, flops: u64) -> u64 {
        flops * (self.input[0] / self.rows()) as u64
    }
}

fn close(what: &str, value: f64, golden: f64, tolerance: f64) {
    let gap = (value - golden).abs();
    assert!(gap <= tolerance, "{what}: {value} is {gap:.1e} from {golden}, more than {tolerance:.1e}");
}

/// Single precision is at most 7e-7 from double in a logit and 2e-7 in the loss, measured with PyTorch itself; twice
/// and five times that, for another order of summation; of the largest logit where that is above one.
#[test]
fn logits_and_loss_are_pytorchs() {
    for (name, case, values) in valued() {
        let (net, weights, meter) = (case.net(), case.weights(), Meter::default());
        let mut pass = Pass::plain(&weights, Mode::Eval, &meter);
        let logits = net.logits(&mut pass, case.inputs(case.input[0]), &Scopes::One(Scope::All));
        let logits: Vec<f32> = logits.into_data().try_to_vec().unwrap();
        let golden = values.logits.concat();
        let scale = golden.iter().fold(1.0_f64, |most, logit| most.max(logit.abs()));
        for (at, (value, golden)) in logits.iter().zip(golden).enumerate() {
            close(&format!("{name} logit {at}"), f64::from(*value), golden, 1.5e-6 * scale);
        }
        let (loss, _, _) = trained(case);
        close(&format!("{name} loss"), loss, values.loss, 1.1e-6 * scale);
    }
}

/// Norms of gradients are at most 3e-5 from double precision, relative; 1e-4 here. Some gradients are zero but for
/// rounding, hence the absolute 1e-6. Sums and products with a wave have the norm's scale.
#[test]
fn gradients_are_pytorchs() {
    for (name, case, values) in valued() {
        let (_, grads, _) = trained(case);
        assert!(grads.paths().eq(values.grad_norm.keys()), "{name}: other paths have gradients");
        for (path, grad) in grads.iter() {
            let grad: Vec<f64> = grad.values().into_iter().map(f64::from).collect();
            let norm = grad.iter().map(|g| g * g).sum::<f64>().sqrt();
            let dot: f64 = grad.iter().zip(wave(path, grad.len())).map(|(g, wave)| g * wave).sum();
            let tolerance = 1e-4 * values.grad_norm[path] + 1e-6;
            close(&format!("{name} {path} norm"), norm, values.grad_norm[path], tolerance);
            close(&format!("{name} {path} sum"), grad.iter().sum(), values.grad_sum[path], tolerance);
            close(&format!("{name} {path} dot"), dot, values.grad_dot[path], tolerance);
        }
    }
}

/// Sums of running statistics are at most 3e-6 from double precision, relative to sums of up to 40.
#[test]
fn running_statistics_move_as_pytorchs() {
    let mut seen = 0;
    for (name, case, values) in valued() {
        let (_, _, buffers) = trained(case);
        assert!(buffers.paths().eq(values.buffers_after.keys()), "{name}");
        for (path, golden) in &values.buffers_after {
            let sum = buffers.get(path).unwrap().values().into_iter().map(f64::from).sum();
            close(&format!("{name} {path}"), sum, *golden, 3e-6 * golden.abs().max(1.0));
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen} buffers");
}

fn valued() -> impl Iterator<Item = (&'static str, &'static Case, &'static Values)> {
    GOLDEN.cases.iter().filter_map(|(name, case)| Some((name.as_str(), case, case.f64.as_ref()?)))
}

/// Loss, gradients and buffers of one pass in `Train`.
fn trained(case: &Case) -> (f64, Theta, Theta) {
    let meter = Meter::default();
    let mut pass = Pass::tracked(&case.weights(), Mode::Train(Draws::of(0)), &meter);
    let loss = Plain(case.net()).loss(&mut pass, &case.batch(case.input[0])).loss;
    let value = f64::from(loss.clone().inner().into_scalar::<f32>());
    let grads = pass.gradients(loss);
    (value, grads, pass.weights.buffers)
}

/// Operations of the base loss in `Train` when `theta` is trained and the rest is frozen.
fn counted(case: &Case, trains: impl Fn(&str) -> bool, tracked: bool) -> (u64, usize) {
    let mut weights = case.net().init(&Draws::of(0), &Device::flex());
    weights.frozen = weights.theta.clone();
    weights.theta.retain(|path, _| trains(path));
    weights.frozen.retain(|path, _| !trains(path));
    let (meter, mode) = (Meter::default(), Mode::Train(Draws::of(0)));
    let mut pass = if tracked { Pass::tracked(&weights, mode, &meter) } else { Pass::plain(&weights, mode, &meter) };
    Plain(case.net()).loss(&mut pass, &case.batch(case.rows()));
    (case.scaled(meter.read().flops), weights.theta.len())
}

#[test]
fn a_forward_pass_costs_what_pytorch_counts() {
    for (name, case) in &GOLDEN.cases {
        assert_eq!(counted(case, |_| true, false).0, case.flops["forward"].flops, "{name}");
    }
}

#[test]
fn a_frozen_body_costs_what_pytorch_counts() {
    for (name, case) in &GOLDEN.cases {
        let (flops, trained) = counted(case, |path| path.starts_with("head."), true);
        let golden = &case.flops["frozen"];
        assert_eq!((flops, trained), (golden.flops, golden.trained_values), "{name}");
    }
}

/// Noise in the shape of a case.
struct Noise([usize; 3]);

impl Source for Noise {
    fn name(&self) -> &'static str {
        "noise"
    }
    fn about(&self) -> &'static str {
        "noise"
    }
    fn citation(&self) -> &'static str {
        "https://example.org"
    }
    fn open(&self, _: &Path) -> anyhow::Result<Dataset> {
        let Self(shape) = *self;
        let (each, size) = (12, shape.iter().product::<usize>());
        let split = || {
            let pixels = (0..10 * each * size).map(|k| ((k * 2_654_435_761) >> 7) as u8).collect();
            let labels = (0..10 * each).map(|k| (k % 10) as u16).collect();
            Split::new(shape, pixels, labels, 10)
        };
        let classes = (0..10).map(|class| format!("class {class}")).collect();
        Ok(Dataset::new("noise", shape, classes, split()?, split()?))
    }
}

/// What the first step of a real run of `method` costs, as its budget sees it, and how many weights it trains.
fn priced(case: &Case, method: &str) -> (u64, usize) {
    let [_, channels, height, width] = case.input;
    let noise: &'static Noise = Box::leak(Box::new(Noise([channels, height, width])));
    let shelf = support::shelf().datasets([noise as &dyn Source]);
    let kind = case.net["kind"].as_str().unwrap();
    let own = case.net.iter().filter(|(key, _)| *key != "kind");
    let own: Vec<String> = own.map(|(key, value)| format!("net.{key}={value}").replace(' ', "")).collect();
    let settings = format!(
        "stream.dataset=noise stream.tasks=1 stream.classes_per_task=10 net.body={kind} {} net.dropout=0 \
         train.batch={} method={method}",
        own.join(" "),
        case.rows()
    );
    let settings =
        if ["resnet18", "squeezenet"].contains(&kind) { settings.replace("net.dropout=0", "") } else { settings };
    let setup = support::try_setup(&shelf, &settings).unwrap();
    let mut run = Run::new(&setup, 0, &shelf).unwrap();
    run.rehearse().unwrap();
    (case.scaled(run.state.price.flops), run.state.weights.theta.len())
}

#[test]
fn a_step_of_fine_tuning_costs_what_pytorch_counts() {
    for (name, case) in &GOLDEN.cases {
        let golden = &case.flops["step"];
        assert_eq!(priced(case, "finetune"), (golden.flops, golden.trained_values), "{name}");
    }
}

/// α = 2 r, so that a scale other than one is on the way.
#[test]
fn a_step_of_lora_costs_what_pytorch_counts() {
    for (name, case) in &GOLDEN.cases {
        let (golden, rank) = (&case.flops["lora"], GOLDEN.rank);
        let priced = priced(case, &format!("lora lora.rank={rank} lora.alpha={}", 2.0 * rank as f64));
        assert_eq!(priced, (golden.flops, golden.trained_values), "{name}");
    }
}
