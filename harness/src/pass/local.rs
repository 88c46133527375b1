//! The local reparameterisation: where a matrix is a Gaussian, its outputs are drawn in place of its elements.
//!
//! Kingma et al. 2015, <https://arxiv.org/abs/1506.02557>, eq. 6: with means M, standard deviations S and rows x, an output is
//! x·M + √(x²·S²) ∘ ε. Each row has a draw of its own, which makes gradients less noisy, and there are as many numbers to
//! draw as outputs. It applies where an example is one row; tokens of an example share one draw of the matrix itself.

use burn::tensor::Tensor;

use super::{Mode, Pass};
use crate::array::Array;

/// End of the path of a weight's standard deviations, where [`Pass::linear`] is to draw.
pub const SPREAD: &str = ".std";

/// Added to a variance of outputs, so that the root has a slope where it is 0.
const TINY: f64 = 1e-16;

impl Pass {
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
            let (squares, bias) = (weight.clone() * weight, bias.map(|bias| bias.clone() * bias));
            let variance = self.product(x.clone() * x, squares, bias);
            let spread = (variance + TINY).sqrt();
            if spread.is_autodiff() {
                self.hold(&spread);
                self.hold(&noise);
            }
            return mean + spread * noise;
        }
        let drawn = weight.clone() * noise(&weight.dims()).tensor();
        let bias = bias.map(|bias| bias.clone() * noise(&bias.dims()).tensor());
        mean + self.product(x, drawn, bias)
    }
}
