//! One pass through a network: the weights it reads, the statistics it moves, the operations it costs.
//!
//! Layers are functions of a `Pass` and find their weights by path, so the same network runs on trained
//! weights, on an average, on a posterior sample or on what a hypernetwork made. A `Pass` is also the only
//! way to a layer, and so the one place where operations are counted, dropout is drawn and a low-rank
//! adapter is applied.

use burn::tensor::{Int, Tensor, activation, module};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::{
    budget::Meter,
    primitives::{array::Array, draws::Draws, theta::Theta},
};

mod adapter;
mod grams;
mod held;
mod local;
mod spatial;

use self::held::Held;
pub(crate) use self::held::INDEX;
pub use self::{
    adapter::{LEAST_NORM, SHARED_A, SHARED_B},
    grams::{Grams, Sight},
    local::SPREAD,
};
pub(crate) use crate::primitives::array::ELEMENT;

/// Everything that makes a network's outputs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Weights {
    /// What is trained: penalised, merged, averaged, optimised.
    pub theta: Theta,
    /// What is read but not trained: the base under an adapter, a carrier's earlier posteriors.
    pub frozen: Theta,
    /// Running statistics: saved with the rest, in nobody's algebra.
    pub buffers: Theta,
}

impl Weights {
    /// Number of elements of all tensors.
    pub fn elements(&self) -> usize {
        self.theta.len() + self.frozen.len() + self.buffers.len()
    }
}

/// Whether units are dropped and statistics moved. Independent of whether gradients are wanted: a Fisher
/// pass wants gradients in `Eval`.
#[derive(Clone, Copy, Debug)]
pub enum Mode {
    /// Units are dropped by these draws, batches normalise themselves and move the running statistics.
    Train(Draws),
    /// Nothing is dropped, nothing moves, running statistics normalise.
    Eval,
    /// Nothing is dropped, batches normalise themselves, and the running statistics become the plain average
    /// over this batch and as many before it.
    Calibrate(usize),
}

/// Momentum of running statistics, as in PyTorch.
const MOMENTUM: f32 = 0.1;
/// Added to variances, as in PyTorch.
const EPSILON: f64 = 1e-5;

/// See the module's documentation.
pub struct Pass {
    /// What is read; `theta` may be graph leaves.
    pub weights: Weights,
    /// Whether units are dropped and statistics moved.
    pub mode: Mode,
    meter: Meter,
    calls: u64,
    /// How often it ran with other weights.
    unders: u64,
    /// The number of those that it runs with; 0 for its own.
    within: u64,
    /// What layers see is gathered here, where somebody asked for it.
    grams: Option<Grams>,
    /// What is kept for gradients is noted here, where somebody asked for it.
    held: Option<Held>,
    /// Whether a batch normalisation would have had one value to normalise by itself.
    lone: bool,
}

impl Pass {
    /// A pass that keeps no graph. Its operations are counted by `meter`.
    pub fn plain(weights: &Weights, mode: Mode, meter: &Meter) -> Self {
        let (weights, meter) = (weights.clone(), meter.clone());
        Self { weights, mode, meter, calls: 0, unders: 0, within: 0, grams: None, held: None, lone: false }
    }
    /// A pass whose `weights.theta` are graph leaves. Its operations are counted by `meter`, and what it holds where that
    /// is measured.
    pub fn tracked(weights: &Weights, mode: Mode, meter: &Meter) -> Self {
        let mut pass = Self::plain(weights, mode, meter);
        pass.weights.theta = weights.theta.leaves();
        pass.held = meter.measures().then(|| Held::by(meter));
        pass
    }
    /// Whether a batch normalisation in `Train` met one value of each channel and took its running statistics.
    pub(crate) fn was_lone(&self) -> bool {
        self.lone
    }
    /// What counts this pass's work.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }
    /// Gradients of `loss` with respect to the leaves. Drops the graph, so that the optimizer can work in place.
    pub fn gradients(&self, loss: Tensor<1>) -> Theta {
        let grads = loss.backward();
        drop(loss);
        let grads = self.weights.theta.gradients(&grads);
        self.meter.tide(|tide| tide.come_in((ELEMENT * grads.len()) as u64));
        if let Some(held) = &self.held {
            held.let_go();
        }
        grads
    }
    /// Runs `f` with `theta` as the network's weights. The graph reaches through it.
    pub fn under<T>(&mut self, theta: Theta, f: impl FnOnce(&mut Self) -> T) -> T {
        self.unders += 1;
        let outer = std::mem::replace(&mut self.weights.theta, theta);
        let within = std::mem::replace(&mut self.within, self.unders);
        let result = f(self);
        (self.weights.theta, self.within) = (outer, within);
        result
    }
    /// The tensor at `path`: trained if there is one, else frozen. Panics when there is none.
    pub fn read<const D: usize>(&self, path: &str) -> Tensor<D> {
        self.find(path).unwrap_or_else(|| panic!("no weights at `{path}`")).tensor()
    }
    /// Whether there is a tensor at `path`, trained or frozen.
    pub fn has(&self, path: &str) -> bool {
        self.find(path).is_some()
    }
    /// Whether the tensor at `path` was made on the graph: out of a distribution, or by another network.
    fn is_made(&self, path: &str) -> bool {
        self.find(path).is_some_and(|array| array.flat.is_autodiff() && !array.flat.is_require_grad())
    }
    fn find(&self, path: &str) -> Option<&Array> {
        self.weights.theta.get(path).or_else(|| self.weights.frozen.get(path))
    }
    /// The next draws for `purpose` in `Train`; otherwise nothing is drawn.
    pub(crate) fn rng(&mut self, purpose: &str) -> Option<impl Rng + use<>> {
        let Mode::Train(draws) = self.mode else { return None };
        self.calls += 1;
        Some(draws.rng(purpose, self.calls - 1))
    }
    /// Counts a product of `macs` multiply-adds: forward, and a gradient for each operand that is on the graph.
    /// Inputs are plain tensors until something trained has touched them, so this is exact.
    fn count(&self, macs: usize, tracked: [bool; 2]) {
        let products = 1 + tracked.iter().filter(|tracked| **tracked).count();
        self.meter.flops((2 * macs * products) as u64);
    }
}

/// Layers with weights.
impl Pass {
    fn product<const D: usize>(&mut self, x: Tensor<D>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<D> {
        if weight.is_autodiff() {
            self.hold(&x);
        }
        self.plain_product(x, weight, bias)
    }
    /// [`Pass::product`] of what is noted elsewhere.
    fn plain_product<const D: usize>(&self, x: Tensor<D>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<D> {
        let [_, outputs] = weight.dims();
        self.count(x.shape().num_elements() * outputs, [x.is_autodiff(), weight.is_autodiff()]);
        module::linear(x, weight, bias)
    }
    /// Notes that weights which were made on the graph are kept for the gradient of what came in.
    fn hold_made<const D: usize, const W: usize>(&mut self, x: &Tensor<D>, weight: &Tensor<W>) {
        if x.is_autodiff() {
            self.hold_weights(weight);
        }
    }

    /// `x·W + b`, and what the low-rank adapters at `name` make of it (`pass/adapter.rs`); without `name.bias` no b.
    /// Shape `[…, in]` to `[…, out]`.
    pub fn linear<const D: usize>(&mut self, name: &str, x: Tensor<D>) -> Tensor<D> {
        let (weight, bias) = (self.read::<2>(&format!("{name}.weight")), self.find(&format!("{name}.bias")));
        let bias = bias.map(Array::tensor::<1>);
        self.gather_rows(name, &x);
        if self.is_made(&format!("{name}.weight")) {
            self.hold_made(&x, &weight);
        }
        if self.has(&format!("{name}.weight{SPREAD}")) {
            let mean = self.product(x.clone(), weight, bias);
            return self.scattered(name, x, mean);
        }
        let adapters = self.adapters(name, weight.dims());
        let turned = adapters.iter().any(|adapter| adapter.magnitude.is_some());
        let mut y = self.product(x.clone(), weight.clone(), if turned { None } else { bias.clone() });
        for adapter in &adapters {
            let low = self.product(x.clone(), adapter.a.clone(), None);
            self.hold_factored(adapter.inner.as_ref(), &low);
            let high = self.product(adapter.inner(low, D - 1), adapter.b.clone(), None);
            self.hold_factored(Some(&adapter.outer), &high);
            y = y + adapter.outer(high, D - 1);
        }
        if !turned {
            return y;
        }
        let turn = self.turn(&adapters, weight);
        self.hold_turned(&y, &turn);
        let y = y * turn.unsqueeze();
        match bias {
            Some(bias) => y + bias.unsqueeze(),
            None => y,
        }
    }

    /// Batch normalisation over all axes but the second; in `Train` it moves the running statistics at `name`.
    /// Shape kept.
    ///
    /// Ioffe & Szegedy 2015, <https://arxiv.org/abs/1502.03167>, algorithm 1. As in PyTorch the running variance
    /// is the unbiased one. Where γ is frozen the running statistics normalise in `Train`, too, and do not move.
    ///
    /// **Deviation:** one value of each channel, such as one example alone behind a fully connected layer, has no spread:
    /// normalised by itself it is 0 whatever it was, and nothing would be learned from it. PyTorch stops with an error
    /// ("expected more than 1 value per channel when training"), or its users drop such a last batch; here the running
    /// statistics normalise it, as in evaluation, and do not move. A run whose batches are all like this is refused.
    pub fn batch_norm<const D: usize>(&mut self, name: &str, x: Tensor<D>) -> Tensor<D> {
        self.batch_norm_with(name, x, EPSILON)
    }

    /// [`Pass::batch_norm`] that adds `epsilon` to variances.
    pub fn batch_norm_with<const D: usize>(&mut self, name: &str, x: Tensor<D>, epsilon: f64) -> Tensor<D> {
        let (gamma, beta) = (self.read(&format!("{name}.gamma")), self.read(&format!("{name}.beta")));
        let [mean_at, var_at] = ["mean", "var"].map(|what| format!("{name}.{what}"));
        let [mean, var] = [&mean_at, &var_at].map(|at| self.weights.buffers.get(at).expect("a buffer").flat.clone());
        let values = x.shape().num_elements() / x.dims()[1];
        let momentum = match self.mode {
            Mode::Train(_) if values > 1 && self.weights.theta.has(&format!("{name}.gamma")) => MOMENTUM,
            Mode::Calibrate(before) if values > 1 => 1.0 / (before + 1) as f32,
            Mode::Eval | Mode::Train(_) | Mode::Calibrate(_) => {
                let trains = matches!(self.mode, Mode::Train(_)) && self.weights.theta.has(&format!("{name}.gamma"));
                self.lone |= trains && values == 1;
                // With fixed statistics only γ's gradient asks what came in.
                if gamma.is_autodiff() {
                    self.hold(&x);
                }
                return module::batch_norm(x, gamma, beta, mean, var, epsilon);
            }
        };
        let count = values as f32;
        self.hold_normalised(name, &x, &gamma, x.dims()[1]);
        let out = module::batch_norm_train(x, gamma, beta, epsilon);
        let unbiased = out.variance.inner() * (count / (count - 1.0));
        self.weights.buffers.insert(mean_at, mean * (1.0 - momentum) + out.mean.inner() * momentum);
        self.weights.buffers.insert(var_at, var * (1.0 - momentum) + unbiased * momentum);
        out.output
    }

    /// Layer normalisation over the last axis. Shape kept. Ba et al. 2016, <https://arxiv.org/abs/1607.06450>, eq. 3.
    pub fn layer_norm<const D: usize>(&mut self, name: &str, x: Tensor<D>) -> Tensor<D> {
        let (gamma, beta) = (self.read(&format!("{name}.gamma")), self.read(&format!("{name}.beta")));
        self.hold_normalised(name, &x, &gamma, x.shape().num_elements() / x.dims()[D - 1]);
        module::layer_norm(x, gamma, Some(beta), EPSILON)
    }

    /// Notes what a normalisation keeps: what came in, and a mean and a deviation for each of `groups`.
    fn hold_normalised<const D: usize>(&mut self, name: &str, x: &Tensor<D>, gamma: &Tensor<1>, groups: usize) {
        if x.is_autodiff() || gamma.is_autodiff() {
            self.hold(x);
            self.hold_numbers(2 * groups);
        }
        if self.is_made(&format!("{name}.gamma")) {
            self.hold_made(x, gamma);
        }
    }
}

/// Layers without weights.
impl Pass {
    /// Mean cross-entropy of logits `[batch, classes]` and labels `[batch]`. Shape `[1]`.
    pub fn cross_entropy(&mut self, logits: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        self.log_likelihoods(logits, labels).mean().neg()
    }

    /// Logarithm of each label's share in the softmax of its row. Logits `[batch, classes]` and labels `[batch]` to
    /// `[batch, 1]`.
    pub fn log_likelihoods(&mut self, logits: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<2> {
        if logits.is_autodiff() {
            // The logarithms of the softmax, and which of them count.
            let [rows, classes] = logits.dims();
            self.hold_bytes(rows * (ELEMENT * classes + INDEX));
        }
        activation::log_softmax(logits, 1).gather(1, labels.unsqueeze_dim(1))
    }

    /// The larger of each element and 0. Shape kept.
    pub fn relu<const D: usize>(&mut self, x: Tensor<D>) -> Tensor<D> {
        let y = activation::relu(x);
        if y.is_autodiff() {
            self.hold(&y);
        }
        y
    }

    /// x above 0, `slope`·x below. Shape kept.
    pub fn leaky_relu<const D: usize>(&mut self, x: Tensor<D>, slope: f64) -> Tensor<D> {
        if x.is_autodiff() {
            self.hold(&x);
        }
        activation::leaky_relu(x, slope)
    }

    /// x above 0, eˣ − 1 below: Clevert et al. 2016, <https://arxiv.org/abs/1511.07289>, eq. 15 with α = 1. Shape kept.
    pub fn elu<const D: usize>(&mut self, x: Tensor<D>) -> Tensor<D> {
        let (above, below) = (activation::relu(x.clone()), x.clone().clamp_max(0.0).exp());
        if x.is_autodiff() {
            self.hold(&above);
            self.hold(&x);
            self.hold(&below);
        }
        above + (below - 1.0)
    }

    /// 1/(1 + e^−x). Shape kept.
    pub fn sigmoid<const D: usize>(&mut self, x: Tensor<D>) -> Tensor<D> {
        let y = activation::sigmoid(x);
        if y.is_autodiff() {
            self.hold(&y);
        }
        y
    }

    /// Notes that `times` functions keep `x` for their gradients.
    pub fn hold_for<const D: usize>(&mut self, x: &Tensor<D>, times: usize) {
        if x.is_autodiff() {
            (0..times).for_each(|_| self.hold(x));
        }
    }

    /// `x·Φ(x)`, with the error function itself. Shape kept.
    ///
    /// Hendrycks & Gimpel 2016, <https://arxiv.org/abs/1606.08415>, section 2.
    pub fn gelu<const D: usize>(&mut self, x: Tensor<D>) -> Tensor<D> {
        if x.is_autodiff() {
            self.hold(&x);
        }
        activation::gelu(x)
    }

    /// Each element brought between `least` and `most`. Shape kept.
    pub fn clamp<const D: usize>(&mut self, x: Tensor<D>, least: f64, most: f64) -> Tensor<D> {
        if x.is_autodiff() {
            self.hold(&x);
        }
        x.clamp(least, most)
    }

    /// Notes what a product of two activations keeps: each for the gradient of the other.
    fn hold_pair<const D: usize>(&mut self, a: &Tensor<D>, b: &Tensor<D>) {
        if b.is_autodiff() {
            self.hold(a);
        }
        if a.is_autodiff() {
            self.hold(b);
        }
    }

    /// `softmax(q·kᵀ/√d)·v`. Shape of each `[batch, heads, tokens, d]`, and of the result.
    ///
    /// Vaswani et al. 2017, <https://arxiv.org/abs/1706.03762>, eq. 1.
    pub fn attention(&mut self, q: Tensor<4>, k: Tensor<4>, v: Tensor<4>) -> Tensor<4> {
        self.masked_attention(q, k, v, None)
    }

    /// [`Pass::attention`] with `mask` added to the logits: 0 for tokens that count, [`OUT`](crate::primitives::scope::OUT) for
    /// others. Its shape is `[batch, 1, 1, tokens]`.
    pub fn masked_attention(
        &mut self,
        q: Tensor<4>,
        k: Tensor<4>,
        v: Tensor<4>,
        mask: Option<&Tensor<4>>,
    ) -> Tensor<4> {
        let [batch, heads, tokens, width] = q.dims();
        let macs = batch * heads * tokens * tokens * width;
        self.count(macs, [q.is_autodiff(), k.is_autodiff()]);
        self.hold_pair(&q, &k);
        let logits = q.matmul(k.swap_dims(2, 3)) / (width as f32).sqrt();
        let logits = match mask {
            Some(mask) => logits + mask.clone(),
            None => logits,
        };
        let weights = activation::softmax(logits, 3);
        self.count(macs, [weights.is_autodiff(), v.is_autodiff()]);
        if weights.is_autodiff() {
            self.hold(&weights);
        }
        self.hold_pair(&weights, &v);
        weights.matmul(v)
    }

    /// Inner product of each row of `x` with each row of `y`. Shapes `[n, d]` and `[m, d]` to `[n, m]`.
    pub fn products(&mut self, x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
        self.hold_pair(&x, &y);
        self.products_of_weights(x, y)
    }

    /// [`Pass::products`] of rows of the run's weights, which are there anyway.
    pub fn products_of_weights(&mut self, x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
        let ([rows, width], [columns, _]) = (x.dims(), y.dims());
        self.count(rows * width * columns, [x.is_autodiff(), y.is_autodiff()]);
        x.matmul(y.transpose())
    }

    /// Zeroes units with probability `p` and scales the others by 1/(1−p) in `Train`, the identity otherwise.
    /// Shape kept.
    pub fn dropout<const D: usize>(&mut self, x: Tensor<D>, p: f64) -> Tensor<D> {
        if p == 0.0 {
            return x;
        }
        let Some(mut rng) = self.rng("dropout") else { return x };
        let shape = x.dims();
        let kept = (1.0 / (1.0 - p)) as f32;
        let keep = (0..shape.iter().product()).map(|_| if rng.random::<f64>() < p { 0.0 } else { kept });
        let mask = Array::new(&shape, keep.collect(), &x.device().inner()).tensor();
        if x.is_autodiff() {
            self.hold(&mask);
        }
        x * mask
    }
}
