//! The hypernetwork itself: embeddings in, a network's weights out.

use anyhow::{Result, ensure};
use burn::tensor::{Device, Tensor};
use clbench::{array::Array, draws::Draws, net::Net, pass::Pass, theta::Theta};

use super::{Activation, Config};

/// Most numbers that a hypernetwork may have, and most that it may make at once.
const MOST: usize = 1 << 28;
/// What MIP adds at first, as a share of a first weight's standard deviation.
const MIP_SHARE: f64 = 0.01;

/// Paths: `task.{t}` shape `[1, task_embedding]`, `chunk` shape `[chunks, chunk_embedding]`, the layers `make.{i}`, the last
/// of which makes a chunk; with `mip` also `base.*`, a network's weights.
#[derive(Clone)]
pub(super) struct Maker {
    config: Config,
    /// First weights of the network: paths, shapes and, for each tensor, their standard deviation.
    plain: Net,
    scales: Vec<(String, Vec<usize>, f32)>,
    /// Whether heads belong to tasks.
    tasks: usize,
}

impl Maker {
    pub fn new(config: &Config, net: &Net) -> Result<Self> {
        let first = net.init(&Draws::of(0), &Device::flex()).theta;
        let scales = first.iter().map(|(path, array)| (path.to_owned(), array.shape.clone(), scale(array))).collect();
        let maker = Self { config: config.clone(), plain: net.clone(), scales, tasks: net.heads.tasks.len() };
        let layers = maker.layers();
        let elements = layers.iter().try_fold(0_usize, |sum, [i, o]| sum.checked_add(i.checked_mul(*o)?));
        let made = maker.chunks().checked_mul(config.chunk);
        ensure!(
            elements.max(made).is_some_and(|count| count <= MOST) && elements.is_some() && made.is_some(),
            "the hypernetwork or what it makes has more than {MOST} numbers; set hypernet.chunk or hypernet.widths lower"
        );
        Ok(maker)
    }

    /// Makes weights as they come out, and adds them in full.
    #[cfg(test)]
    pub fn unscaled(&mut self) {
        let whole = if self.config.mip { 1.0 / MIP_SHARE as f32 } else { 1.0 };
        self.scales.iter_mut().for_each(|(.., scale)| *scale = whole);
    }
    /// Weights of the network.
    fn len(&self) -> usize {
        self.scales.iter().map(|(_, shape, _)| shape.iter().product::<usize>()).sum()
    }
    fn chunks(&self) -> usize {
        self.len().div_ceil(self.config.chunk)
    }
    /// Inputs and outputs of each layer.
    fn layers(&self) -> Vec<[usize; 2]> {
        let Config { task_embedding, chunk_embedding, widths, chunk, mip, .. } = &self.config;
        let inputs = (task_embedding + chunk_embedding) * if *mip { 2 } else { 1 };
        let sides: Vec<usize> = std::iter::once(inputs).chain(widths.iter().copied()).chain([*chunk]).collect();
        sides.windows(2).map(|pair| [pair[0], pair[1]]).collect()
    }

    /// Embeddings are standard normal. Layers are drawn so that made weights have a variance of 1 before they are scaled:
    /// with normal weights of variance gain/inputs, gain 2 behind a rectifier; MIP's as its authors draw them, with 2/outputs
    /// and biases of 0.
    pub fn init(&self, draws: &Draws, device: &Device) -> Theta {
        let mut theta = Theta::default();
        let mut put = |path: String, shape: [usize; 2], std: f64| {
            theta.insert(path.clone(), draws.gaussian(&format!("init {path}"), &shape, std, device));
        };
        (0..self.tasks).for_each(|task| put(format!("task.{task}"), [1, self.config.task_embedding], 1.0));
        put("chunk".into(), [self.chunks(), self.config.chunk_embedding], 1.0);
        let layers = self.layers();
        for (layer, &[inputs, outputs]) in layers.iter().enumerate() {
            let last = layer + 1 == layers.len();
            let gain = if layer == 0 { 1.0 } else { 2.0 };
            let variance = if self.config.mip && !last { 2.0 / outputs as f64 } else { gain / inputs as f64 };
            put(format!("make.{layer}.weight"), [inputs, outputs], f64::sqrt(variance));
        }
        for (layer, [_, outputs]) in layers.iter().enumerate() {
            theta.insert(format!("make.{layer}.bias"), Array::filled(&[*outputs], 0.0, device));
        }
        if self.config.mip {
            theta.extend(self.plain.init(draws, device).theta.under("base."));
        }
        theta
    }

    /// The network's weights for `task`, graph kept.
    pub fn make(&self, pass: &mut Pass, task: usize) -> Theta {
        let (task, chunk) = (pass.read::<2>(&format!("task.{task}")), pass.read::<2>("chunk"));
        let mut x = Tensor::cat(vec![task.expand([self.chunks(), self.config.task_embedding]), chunk], 1);
        if self.config.mip {
            x = encoded(pass, x);
        }
        let last = self.layers().len() - 1;
        for layer in 0..last {
            x = pass.linear(&format!("make.{layer}"), x);
            x = self.active(pass, x);
        }
        let flat: Tensor<1> = pass.linear(&format!("make.{last}"), x).reshape([-1]);
        let mut from = 0;
        let mut made = Theta::default();
        for (path, shape, scale) in &self.scales {
            let length: usize = shape.iter().product();
            let own = flat.clone().narrow(0, from, length) * *scale;
            from += length;
            let flat = if self.config.mip {
                let base = pass.weights.theta.get(&format!("base.{path}")).expect("MIP has a base").flat.clone();
                base + own * MIP_SHARE
            } else {
                own
            };
            made.insert(path.clone(), Array { shape: shape.clone(), flat });
        }
        made
    }

    /// What `task` uses of the weights made for it: no other task's head.
    pub fn of(&self, theta: Theta, task: usize) -> Theta {
        let own = format!("head.{task}.");
        let mut theta = theta;
        let multi = self.scales.iter().any(|(path, ..)| path.starts_with(&own));
        theta.retain(|path, _| !multi || !path.starts_with("head.") || path.starts_with(&own));
        theta
    }

    fn active(&self, pass: &mut Pass, x: Tensor<2>) -> Tensor<2> {
        match self.config.activation {
            _ if self.config.mip => pass.leaky_relu(x, 0.01),
            Activation::Relu => pass.relu(x),
            Activation::Elu => pass.elu(x),
            Activation::Leaky => pass.leaky_relu(x, 0.01),
        }
    }
}

/// Standard deviation of a tensor's first weights; of constants, which are biases, a tenth.
fn scale(first: &Array) -> f32 {
    let values = first.values();
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / values.len() as f32;
    if variance > 0.0 { variance.sqrt() } else { 0.1 }
}

/// E(γ) = (cos πγ/2, sin πγ/2) with γ = 1/(1 + e^−x): of the same norm, √width, whatever x. Shape `[rows, width]` to
/// `[rows, 2·width]`.
pub(super) fn encoded(pass: &mut Pass, x: Tensor<2>) -> Tensor<2> {
    let angle = pass.sigmoid(x) * std::f64::consts::FRAC_PI_2;
    pass.hold_for(&angle, 2);
    Tensor::cat(vec![angle.clone().cos(), angle.sin()], 1)
}
