//! Layers that have weights: products, normalisation.

use burn::tensor::{Tensor, module};

use super::{EPSILON, MOMENTUM, Mode, Pass, local::SPREAD};
use crate::primitives::array::Array;

/// Layers with weights.
impl Pass {
    pub(super) fn product<const D: usize>(
        &mut self,
        x: Tensor<D>,
        weight: Tensor<2>,
        bias: Option<Tensor<1>>,
    ) -> Tensor<D> {
        if weight.is_autodiff() {
            self.hold(&x);
        }
        self.plain_product(x, weight, bias)
    }
    /// [`Pass::product`] of what is noted elsewhere.
    pub(super) fn plain_product<const D: usize>(
        &self,
        x: Tensor<D>,
        weight: Tensor<2>,
        bias: Option<Tensor<1>>,
    ) -> Tensor<D> {
        let [_, outputs] = weight.dims();
        self.count(x.shape().num_elements() * outputs, [x.is_autodiff(), weight.is_autodiff()]);
        module::linear(x, weight, bias)
    }
    /// Notes that weights which were made on the graph are kept for the gradient of what came in.
    pub(super) fn hold_made<const D: usize, const W: usize>(&mut self, x: &Tensor<D>, weight: &Tensor<W>) {
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
    /// **Deviation:** one value of each channel, such as one example alone behind a fully connected layer, has no
    /// spread: normalised by itself it is 0 whatever it was, and nothing would be learned from it. PyTorch stops with
    /// an error ("expected more than 1 value per channel when training"), or its users drop such a last batch; here the
    /// running statistics normalise it, as in evaluation, and do not move. A run whose batches are all like this is
    /// refused.
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
    pub(super) fn hold_normalised<const D: usize>(
        &mut self,
        name: &str,
        x: &Tensor<D>,
        gamma: &Tensor<1>,
        groups: usize,
    ) {
        if x.is_autodiff() || gamma.is_autodiff() {
            self.hold(x);
            self.hold_numbers(2 * groups);
        }
        if self.is_made(&format!("{name}.gamma")) {
            self.hold_made(x, gamma);
        }
    }
}
