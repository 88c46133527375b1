//! The local reparameterisation: where a matrix is a Gaussian, its outputs are drawn in place of its elements.
//!
//! Kingma et al. 2015, <https://arxiv.org/abs/1506.02557>, eq. 6: with means M, standard deviations S and rows x, an
//! output is x·M + √(x²·S²) ∘ ε. Each row has a draw of its own, which makes gradients less noisy, and there are as
//! many numbers to draw as outputs. It applies where an example is one row; tokens of an example share one draw of the
//! matrix itself.

use burn::tensor::Tensor;

use super::{Mode, Pass};
use crate::primitives::array::Array;

/// End of the path of a weight's standard deviations, where [`Pass::linear`] is to draw.
pub const SPREAD: &str = ".std";

/// Added to a variance of outputs, so that the root has a slope where it is 0.
const TINY: f64 = 1e-16;

impl Pass {
    /// Notes that `x` is kept, where it is on the graph.
    fn hold_trained<const D: usize>(&mut self, x: &Tensor<D>) {
        self.hold_for(x, 1);
    }

    /// What the layer at `name` gives for `x` in `Train`, when its means give `mean`; otherwise the mean.
    pub(super) fn scattered<const D: usize>(&mut self, name: &str, x: Tensor<D>, mean: Tensor<D>) -> Tensor<D> {
        let Mode::Train(draws) = self.mode else { return mean };
        let weight: Tensor<2> = self.read(&format!("{name}.weight{SPREAD}"));
        let bias = self.find(&format!("{name}.bias{SPREAD}")).map(Array::tensor::<1>);
        let mut noise = |shape: &[usize]| {
            self.calls += 1;
            let values = draws.normal("local reparameterisation", self.calls - 1, shape.iter().product());
            Array::new(shape, values, &mean.device().inner())
        };
        if D == 2 {
            let noise = noise(&mean.dims()).tensor::<D>();
            // A square keeps what is squared, and a drawn output the noise.
            self.hold_trained(&weight);
            bias.iter().for_each(|bias| self.hold_trained(bias));
            self.hold_trained(&x);
            let (squares, bias) = (weight.clone() * weight, bias.map(|bias| bias.clone() * bias));
            if x.is_autodiff() {
                self.hold(&squares);
            }
            let x = x.clone() * x;
            if squares.is_autodiff() {
                self.hold_own(&x);
            }
            let variance = self.plain_product(x, squares, bias);
            let spread = (variance + TINY).sqrt();
            if spread.is_autodiff() {
                self.hold(&spread);
                self.hold(&noise);
            }
            return mean + spread * noise;
        }
        let (noise, bias) = (noise(&weight.dims()), bias.map(|bias| (noise(&bias.dims()), bias)));
        if weight.is_autodiff() {
            self.hold_numbers(noise.len() + bias.as_ref().map_or(0, |(noise, _)| noise.len()));
        }
        let drawn = weight * noise.tensor();
        let bias = bias.map(|(noise, bias)| bias * noise.tensor());
        if x.is_autodiff() {
            self.hold(&drawn);
        }
        mean + self.product(x, drawn, bias)
    }
}
