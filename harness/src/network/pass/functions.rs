//! What has no weights: losses, activations, attention, dropout.

use burn::tensor::{Int, Tensor, activation};
use rand::RngExt;

use super::{ELEMENT, INDEX, Pass};
use crate::primitives::array::Array;

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
    pub(super) fn hold_pair<const D: usize>(&mut self, a: &Tensor<D>, b: &Tensor<D>) {
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

    /// [`Pass::attention`] with `mask` added to the logits: 0 for tokens that count,
    /// [`OUT`](crate::primitives::scope::OUT) for others. Its shape is `[batch, 1, 1, tokens]`.
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
