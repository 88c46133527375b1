//! Low-rank adapters on the body's matrices and kernels; head, biases and norms are trained as they are. With texts the
//! text side's body is adapted, too, and what is locked is left alone.
//!
//! - Hu et al. 2021, <https://arxiv.org/abs/2106.09685>, section 4.1: W + α/r · A·B, A drawn, B zero.
//! - A is drawn from U(−1/√fan-in, 1/√fan-in), as in the authors' own code; a convolution's A has the kernel's size
//!   and stride, its B is 1×1.
//!
//! It only moves paths: `w.weight` goes from `theta` to `frozen` and `w.lora0.a`, `w.lora0.b` take its place. The pass
//! applies what it finds beside a weight, factored, and so the operations are those of the factors.
//!
//! **Deviation:** every matrix of the body is adapted (the paper adapts two of a transformer's six), since the
//! networks here are small. Depthwise kernels are trained as they are.

use anyhow::{Result, ensure};
use burn::tensor::Tensor;
use clbench::{
    array::Array,
    catalogue::{Family, Need, Range, Setting},
    ctx::Ctx,
    ledger::{Meter, Spent},
    method::{Contribution, Layout},
    pass::Weights,
    registry::{Make, Method, Settings, contribution},
};
use serde::{Deserialize, Serialize};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "lora",
    about: "trains low-rank adapters beside the body's matrices",
    citation: "https://arxiv.org/abs/2106.09685",
    make: Make::Contribution(|table| contribution(table, Lora::new)),
    joint: false,
    family: Family::Adapters,
    settings: &[
        Setting { key: "rank", about: "rank r", range: Range::Whole(1, 4096) },
        Setting { key: "alpha", about: "numerator of the scale, α", range: Range::Above(0.0) },
        Setting {
            key: "per",
            about: "one adapter for the stream, or a new one for each experience",
            range: Range::Choice(&["stream", "task"]),
        },
        Setting {
            key: "fold",
            about: "whether an adapter is added to its matrix when its time is over",
            range: Range::Flag,
        },
    ],
    needs: &[Need::Matrices],
};

/// How many adapters there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// One for the whole stream.
    Stream,
    /// A new one for each experience.
    Task,
}

/// Settings of `lora`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Rank r.
    pub rank: usize,
    /// Numerator of the scale, α.
    pub alpha: f64,
    /// How many adapters there are.
    pub per: Per,
    /// Whether an adapter is added to its matrix when its time is over: after each experience, or with the last one.
    /// Kept, all adapters are applied side by side, each at its own cost.
    pub fold: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { rank: 8, alpha: 8.0, per: Per::Stream, fold: false }
    }
}

impl Settings for Config {}

/// Low-rank adapters. What they learn lies in the weights.
#[derive(Serialize, Deserialize)]
pub struct Lora {
    config: Config,
    /// Adapters begun and not folded.
    adapters: usize,
}

impl Lora {
    /// Before the first adapter.
    pub fn new(config: Config) -> Self {
        Self { config, adapters: 0 }
    }

    /// Puts a new adapter beside the matrix or kernel `weight` at `name`.
    fn adapt(&self, cx: &mut Ctx, name: &str, weight: &Array) {
        let (rank, device) = (self.config.rank, cx.device);
        let (a, b, fan_in) = match weight.shape[..] {
            [inputs, outputs] => (vec![inputs, rank], vec![rank, outputs], inputs),
            [outputs, inputs, kh, kw] => (vec![rank, inputs, kh, kw], vec![outputs, rank, 1, 1], inputs * kh * kw),
            _ => unreachable!("only matrices and kernels are adapted"),
        };
        let at = |what: &str| format!("{name}.lora{}.{what}", self.adapters);
        let first = cx.draws.uniform(&format!("lora {name}"), &a, 1.0 / (fan_in as f64).sqrt(), device);
        cx.weights.theta.insert(at("a"), first);
        cx.weights.theta.insert(at("b"), Array::filled(&b, 0.0, device));
        let scale = (self.config.alpha / rank as f64) as f32;
        cx.weights.frozen.insert(at("scale"), Array::filled(&[1], scale, device));
    }

    /// Whether the time of the adapters is over when the current experience ends.
    fn folds(&self, cx: &Ctx) -> bool {
        let last = cx.experience + 1 == cx.feed.stream().experiences.len();
        self.config.fold && (self.config.per == Per::Task || last)
    }

    /// Freezes the adapters that are being trained.
    fn freeze(weights: &mut Weights) {
        let trained: Vec<_> = weights.theta.paths().filter(|path| path.contains(".lora")).map(str::to_owned).collect();
        for path in trained {
            let array = weights.theta.remove(&path).expect("the path was just listed");
            weights.frozen.insert(path, array);
        }
    }
}

/// Names of the body's matrices and kernels, adapted (frozen) or not yet (trained), with their weights.
fn adaptable(weights: &Weights) -> Vec<(String, Array)> {
    let matrix = |(path, array): (&str, &Array)| {
        let ours = |name: &&str| ["body.", "text.body."].iter().any(|body| name.starts_with(body));
        let name = path.strip_suffix(".weight").filter(ours)?;
        // A kernel for each channel alone mixes none, so there is no rank to be low.
        if name.ends_with(".depthwise") {
            return None;
        }
        [2, 4].contains(&array.shape.len()).then(|| (name.to_owned(), array.clone()))
    };
    // What is frozen and has no adapter was frozen by somebody else.
    let adapted = |(name, _): &(String, Array)| weights.frozen.has(&format!("{name}.lora0.scale"));
    let frozen = weights.frozen.iter().filter_map(matrix).filter(adapted);
    weights.theta.iter().filter_map(matrix).chain(frozen).collect()
}

impl Contribution for Lora {
    fn layout(&self) -> Layout {
        match (self.config.fold, self.config.per) {
            (true, _) => Layout::Folds,
            (false, Per::Task) => Layout::Replaces,
            (false, Per::Stream) => Layout::Indifferent,
        }
    }

    fn reserve(&self, cx: &Ctx) -> Result<Spent> {
        cx.price_of(|| {
            if self.folds(cx) {
                fold(&mut cx.weights.clone(), cx.meter());
            }
            Ok(())
        })
    }

    fn task_start(&mut self, cx: &mut Ctx) -> Result<()> {
        if self.adapters > 0 && self.config.per == Per::Stream {
            return Ok(());
        }
        Self::freeze(cx.weights);
        let found = adaptable(cx.weights);
        ensure!(!found.is_empty(), "lora finds no matrix in the body of this network");
        for (name, weight) in found {
            cx.weights.theta.remove(&format!("{name}.weight"));
            self.adapt(cx, &name, &weight);
            cx.weights.frozen.insert(format!("{name}.weight"), weight);
        }
        self.adapters += 1;
        Ok(())
    }

    fn task_end(&mut self, cx: &mut Ctx) -> Result<()> {
        if self.folds(cx) {
            let meter = cx.meter().clone();
            fold(cx.weights, &meter);
            self.adapters = 0;
        }
        Ok(())
    }
}

/// `W + s·A·B` in place of every adapter, trainable again.
fn fold(weights: &mut Weights, meter: &Meter) {
    for (name, mut weight) in adaptable(weights) {
        let mut take = |path: String| weights.theta.remove(&path).or_else(|| weights.frozen.remove(&path));
        for index in 0.. {
            let mut part = |what: &str| take(format!("{name}.lora{index}.{what}"));
            let (Some(a), Some(b), Some(scale)) = (part("a"), part("b"), part("scale")) else { break };
            weight = weight.with(weight.flat.clone() + product(&a, &b, meter) * scale.flat);
        }
        take(format!("{name}.weight"));
        weights.theta.insert(format!("{name}.weight"), weight);
    }
}

/// A·B as a matrix `[inputs, outputs]`, or as a kernel `[outputs, inputs, kh, kw]`, flat.
fn product(a: &Array, b: &Array, meter: &Meter) -> Tensor<1> {
    let matrix = |array: &Array| {
        let rows = array.shape[0];
        array.flat.clone().reshape([rows, array.len() / rows])
    };
    // A kernel has its outputs first, and so has B.
    let (left, right) = if a.shape.len() == 2 { (matrix(a), matrix(b)) } else { (matrix(b), matrix(a)) };
    let ([rows, rank], [_, columns]) = (left.dims(), right.dims());
    meter.flops(2 * (rows * rank * columns) as u64);
    left.matmul(right).reshape([-1])
}
