//! Low-rank adapters beside a weight, applied factored.
//!
//! What stands at `name.lora0.…`, then at `name.lora1.…` and so on, beside the weight W at `name.weight`:
//!
//! | parts | y | source |
//! |---|---|---|
//! | `a`, `b`, `scale` | x·W + s·(x·A)·B | LoRA, Hu et al. 2021, <https://arxiv.org/abs/2106.09685>, eq. 3 |
//! | and `magnitude` | m/‖W + s·A·B‖ · (x·W + s·(x·A)·B) | DoRA, Liu et al. 2024, [eq. 5][dora] |
//! | `inner`, `outer` | x·W + ((x·A)∘d)·B∘b | VeRA, Kopiczko et al. 2024, <https://arxiv.org/abs/2310.11454>, eq. 2 |
//!
//! [dora]: https://arxiv.org/abs/2402.09353
//!
//! VeRA's A and B are cut out of one pair for all layers, at [`SHARED_A`] and [`SHARED_B`]. A kernel's A is a kernel of
//! the same size with r outputs, its B is 1×1. DoRA's norm is taken for each output and is no part of the graph
//! (section 4.3), and with several adapters it is the norm of the sum of all.
//!
//! **Deviation:** an output whose weights are all zero has no direction; it gives zero, where the formula is 0/0.

use burn::tensor::Tensor;

use super::Pass;
use crate::primitives::array::{Array, ELEMENT};

/// Where VeRA's A for all layers is; shape `[r, longest]`, of which a layer takes the first columns.
pub const SHARED_A: &str = "shared.lora.a";
/// Where VeRA's B for all layers is; shape `[most outputs, r]`, of which a layer takes the first rows.
pub const SHARED_B: &str = "shared.lora.b";

/// Least norm that is divided by: an output whose weights are all zero has none.
pub const LEAST_NORM: f64 = 1e-12;

/// One adapter beside a weight of rank `D`.
pub(super) struct Adapter<const D: usize> {
    /// Shape `[in, r]`, or `[r, in, kh, kw]`.
    pub a: Tensor<D>,
    /// Shape `[r, out]`, or `[out, r, 1, 1]`.
    pub b: Tensor<D>,
    /// What multiplies between A and B; shape `[r]`.
    pub inner: Option<Tensor<1>>,
    /// What multiplies behind B; shape `[1]` or `[out]`.
    pub outer: Tensor<1>,
    /// Length of each output's weights; shape `[out]`.
    pub magnitude: Option<Tensor<1>>,
}

impl<const D: usize> Adapter<D> {
    /// Multiplies the axis `at` of what A gave. Shape kept.
    pub fn inner<const R: usize>(&self, low: Tensor<R>, at: usize) -> Tensor<R> {
        match &self.inner {
            Some(factors) => low * along(factors, at),
            None => low,
        }
    }
    /// Multiplies the axis `at` of what B gave. Shape kept.
    pub fn outer<const R: usize>(&self, high: Tensor<R>, at: usize) -> Tensor<R> {
        high * along(&self.outer, at)
    }
}

/// Factors along one axis of a tensor of rank `R`, or one for all.
fn along<const R: usize>(factors: &Tensor<1>, at: usize) -> Tensor<R> {
    let mut shape = [1; R];
    shape[at] = factors.dims()[0];
    factors.clone().reshape(shape)
}

impl Pass {
    /// The adapters beside the weight of shape `shape` at `name`.
    pub(super) fn adapters<const D: usize>(&self, name: &str, shape: [usize; D]) -> Vec<Adapter<D>> {
        (0..).map_while(|index| self.adapter(&format!("{name}.lora{index}"), shape)).collect()
    }

    fn adapter<const D: usize>(&self, at: &str, shape: [usize; D]) -> Option<Adapter<D>> {
        let part = |part: &str| self.find(&format!("{at}.{part}"));
        let vector = |array: &Array| array.tensor::<1>();
        let magnitude = part("magnitude").map(vector);
        if let (Some(a), Some(b)) = (part("a"), part("b")) {
            let outer = vector(part("scale")?);
            return Some(Adapter { a: a.tensor(), b: b.tensor(), inner: None, outer, magnitude });
        }
        let (inner, outer) = (vector(part("inner")?), vector(part("outer")?));
        let (a, b) = self.shared(shape);
        Some(Adapter { a, b, inner: Some(inner), outer, magnitude })
    }

    /// The part of the shared pair that belongs to a weight of this shape.
    fn shared<const D: usize>(&self, shape: [usize; D]) -> (Tensor<D>, Tensor<D>) {
        let (a, b) = (self.read::<2>(SHARED_A), self.read::<2>(SHARED_B));
        let rank = a.dims()[0];
        let [mut first, mut second] = [shape, [1; D]];
        if let [inputs, outputs] = shape[..] {
            first[1] = rank;
            (second[0], second[1]) = (rank, outputs);
            let (a, b) = (a.narrow(1, 0, inputs).transpose(), b.narrow(0, 0, outputs).transpose());
            return (a.reshape(first), b.reshape(second));
        }
        let (outputs, patch) = (shape[0], shape[1..].iter().product::<usize>());
        first[0] = rank;
        (second[0], second[1]) = (outputs, rank);
        (a.narrow(1, 0, patch).reshape(first), b.narrow(0, 0, outputs).reshape(second))
    }

    /// m/‖W + Σ s·A·B‖ for each output (0 where all its weights are 0, which is no direction), with the last magnitude
    /// that there is. Shape `[out]`.
    pub(super) fn turn<const D: usize>(&self, adapters: &[Adapter<D>], weight: Tensor<D>) -> Tensor<1> {
        let mut sum = weight.inner();
        let shape = sum.dims();
        for adapter in adapters {
            sum = sum + self.dense(adapter).reshape(shape);
        }
        let square = sum.clone() * sum;
        let outputs = if D == 2 { shape[1] } else { shape[0] };
        let norm = match D {
            2 => square.sum_dim(0).reshape([outputs]),
            _ => square.reshape([outputs as i32, -1]).sum_dim(1).reshape([outputs]),
        };
        let magnitude = adapters.iter().rev().find_map(|adapter| adapter.magnitude.clone());
        magnitude.expect("one of them has a magnitude") / norm.sqrt().clamp_min(LEAST_NORM)
    }

    /// Notes what multiplying `x` by trained factors keeps; factors themselves are weights.
    pub(super) fn hold_factored<const R: usize>(&mut self, factors: Option<&Tensor<1>>, x: &Tensor<R>) {
        if factors.is_some_and(Tensor::is_autodiff) {
            self.hold(x);
        }
    }
    /// Notes what multiplying `y` by a trained magnitude over a norm keeps.
    pub(super) fn hold_turned<const R: usize>(&mut self, y: &Tensor<R>, turn: &Tensor<1>) {
        if turn.is_autodiff() {
            self.hold(y);
            // The norm, and what it comes to.
            self.hold_bytes(2 * ELEMENT * turn.dims()[0]);
        }
    }

    /// s·A·B without a graph, as a matrix in the weight's order.
    fn dense<const D: usize>(&self, adapter: &Adapter<D>) -> Tensor<2> {
        let flat = |tensor: &Tensor<D>| {
            let rows = tensor.dims()[0] as i32;
            tensor.clone().inner().reshape([rows, -1])
        };
        let (a, b, outer) = (flat(&adapter.a), flat(&adapter.b), adapter.outer.clone().inner());
        // A kernel has its outputs first, and so has B.
        let (left, right, at, inner_at) = if D == 2 { (a, b, 1, 1) } else { (b, a, 0, 1) };
        let left = match &adapter.inner {
            Some(inner) => left * along(&inner.clone().inner(), inner_at),
            None => left,
        };
        let ([rows, rank], [_, columns]) = (left.dims(), right.dims());
        self.count(rows * rank * columns, [false; 2]);
        left.matmul(right) * along(&outer, at)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use crate::{
        budget::Meter,
        network::pass::{Mode, Pass, Weights},
        primitives::array::Array,
    };

    /// An output that was pruned away has no direction, and stays away.
    #[test]
    fn a_turned_output_without_weights_gives_zero_and_no_nan() {
        let device = Device::flex();
        let array = |shape: &[usize], values: &[f32]| Array::new(shape, values.to_vec(), &device);
        let mut weights = Weights::default();
        weights.theta.insert("x.weight", array(&[2, 2], &[3.0, 0.0, 4.0, 0.0]));
        for (part, shape, values) in [
            ("a", &[2, 1][..], &[1.0, 1.0][..]),
            ("b", &[1, 2], &[0.0, 0.0]),
            ("scale", &[1], &[1.0]),
            ("magnitude", &[2], &[10.0, 0.0]),
        ] {
            weights.theta.insert(format!("x.lora0.{part}"), array(shape, values));
        }
        let mut pass = Pass::plain(&weights, Mode::Eval, &Meter::default());
        let y = pass.linear::<2>("x", array(&[1, 2], &[1.0, 1.0]).tensor());
        // 10/5 · (3 + 4), and 0.
        assert_eq!(Array::from(y).values(), [14.0, 0.0]);
    }
}
