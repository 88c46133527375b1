//! What pairs of images and texts are trained with.
//!
//! - `clip`: Radford et al. 2021, <https://arxiv.org/abs/2103.00020>, figure 3: each image is to find its text among
//!   the batch's, and each text its image. The temperature is trained as the logarithm of a scale, which begins at
//!   1/0.07 and stays at most 100 (section 2.5).
//! - `siglip`: Zhai et al. 2023, <https://arxiv.org/abs/2303.15343>, algorithm 1: each pair is asked alone whether it
//!   belongs together. The scale begins at 10, the bias at −10.
//!
//! A batch is one batch: what comes back out of a buffer, a pool or an environment is a negative of what is new, and
//! the other way round (Roth et al. 2024, <https://arxiv.org/abs/2408.14471>, train so). Only what a method replays by
//! itself has a loss of its own.
//!
//! Both papers count an image and the text of another as a negative, whatever they say; with class names or few
//! captions many of these are false. For `clip` that changes nothing but the loss's level: equal texts have equal
//! vectors, so their shares of a row are equal, their columns are the same, and the sum over a group of images with one
//! text is what it would be if each were a positive of all (Yang et al. 2022, <https://arxiv.org/abs/2204.03610>,
//! section 3.2, sum so; only what is dropped at random inside the text side tells equal texts apart). For `siglip` it
//! pushes images away from their own text; [`Same::Positives`] ends that.

use std::{collections::BTreeMap, sync::Arc};

use burn::tensor::{Device, Tensor, activation};

use crate::primitives::array::Array;

/// The largest scale of `clip`: logits are at most this.
pub const MOST_SCALE: f32 = 100.0;

/// Length below which a vector counts as this long when it is brought to length 1.
const SHORTEST: f32 = 1e-12;

crate::catalogue::choice! {
    /// How pairs are trained.
    #[derive(Default)]
    pub enum Loss {
        /// Cross-entropy over the batch's texts and over its images.
        #[default]
        Clip = "clip",
        /// A logistic loss for each pair.
        Siglip = "siglip",
    }
}

crate::catalogue::choice! {
    /// What equal texts of a batch are to each other's images.
    #[derive(Default)]
    pub enum Same {
        /// Negatives like any others, as published.
        #[default]
        Negatives = "negatives",
        /// As right as their own; for `siglip`.
        Positives = "positives",
    }
}

impl Same {
    /// 1 where an image and a text belong together, 0 elsewhere. Shape `[batch, batch]`, symmetric.
    pub fn pairs(self, texts: &[Arc<str>], device: &Device) -> Tensor<2> {
        let count = texts.len();
        let mut first = BTreeMap::new();
        let groups: Vec<usize> = match self {
            Self::Negatives => (0..count).collect(),
            Self::Positives => (0..count).map(|at| *first.entry(&texts[at]).or_insert(at)).collect(),
        };
        let pair = |at: usize| f32::from(u8::from(groups[at / count] == groups[at % count]));
        Array::new(&[count, count], (0..count * count).map(pair).collect(), device).tensor()
    }
}

impl Loss {
    /// The logarithm of the scale before the first step.
    pub fn first_scale(self) -> f32 {
        match self {
            Self::Clip => (1.0_f32 / 0.07).ln(),
            Self::Siglip => 10.0_f32.ln(),
        }
    }
    /// The bias before the first step, where there is one.
    pub fn first_bias(self) -> Option<f32> {
        match self {
            Self::Clip => None,
            Self::Siglip => Some(-10.0),
        }
    }
    /// The logarithm of the scale as it counts: for `clip` at most that of [`MOST_SCALE`], with the gradient as if it
    /// were not held there, so that it can come back. Shape `[1]`.
    pub fn held(self, scale: Tensor<1>) -> Tensor<1> {
        match self {
            Self::Clip => {
                let now = scale.clone().inner();
                scale + (now.clone().clamp_max(MOST_SCALE.ln()) - now)
            }
            Self::Siglip => scale,
        }
    }
    /// Tables `[batch, batch]` that the loss keeps for gradients beside the cosines: two softmaxes and the pairs, or
    /// the signs and what the logistic function sees.
    pub(crate) fn tables(self) -> usize {
        match self {
            Self::Clip => 3,
            Self::Siglip => 2,
        }
    }
    /// The loss of a batch from the cosines of images (rows) and texts (columns), the logarithm of the scale, the bias
    /// where the loss has one, and which of the pairs belong together, which for `clip` is each image and its own text.
    /// Shapes `[batch, batch]`, `[1]`, `[1]`, `[batch, batch]`; of the result `[1]`.
    pub fn of(self, cosines: Tensor<2>, scale: Tensor<1>, bias: Option<Tensor<1>>, pairs: &Tensor<2>) -> Tensor<1> {
        let count = cosines.dims()[0] as f32;
        let logits = cosines * self.held(scale).exp().unsqueeze();
        match self {
            Self::Clip => {
                let texts = (activation::log_softmax(logits.clone(), 1) * pairs.clone()).sum();
                let images = (activation::log_softmax(logits, 0) * pairs.clone()).sum();
                (texts + images) / (-2.0 * count)
            }
            Self::Siglip => {
                let logits = match bias {
                    Some(bias) => logits + bias.unsqueeze(),
                    None => logits,
                };
                // +1 for pairs that belong together, −1 for others.
                let sign = pairs.clone() * 2.0 - 1.0;
                activation::log_sigmoid(logits * sign).sum() / -count
            }
        }
    }
}

/// Rows brought to length 1; one of length 0 stays. Shape kept.
pub fn unit(rows: Tensor<2>) -> Tensor<2> {
    let squares = (rows.clone() * rows.clone()).sum_dim(1);
    rows / squares.clamp_min(SHORTEST * SHORTEST).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(rows: &[[f32; 2]]) -> Tensor<2> {
        Array::new(&[rows.len(), 2], rows.concat(), &Device::flex()).tensor()
    }
    fn one(value: f32) -> Tensor<1> {
        Array::filled(&[1], value, &Device::flex()).flat
    }
    fn texts(texts: &[&str]) -> Vec<Arc<str>> {
        texts.iter().map(|text| Arc::from(*text)).collect()
    }
    fn near(tensor: Tensor<1>, value: f64) {
        let found = f64::from(tensor.into_scalar::<f32>());
        assert!((found - value).abs() < 1e-6, "{found}, not {value}");
    }

    #[test]
    fn both_losses_are_those_by_hand() {
        let (device, cosines) = (Device::flex(), tensor(&[[1.0, 0.0], [0.0, 1.0]]));
        let pairs = Same::Negatives.pairs(&texts(&["a", "b"]), &device);
        // Scale 2: each row and column is softmax(2, 0).
        let found = Loss::Clip.of(cosines.clone(), one(2.0_f32.ln()), None, &pairs);
        near(found, (1.0 + (-2.0_f64).exp()).ln());
        // Logits 2 − 1 on the diagonal and −1 beside it: twice −ln σ(1) in each of two rows, over 2.
        let found = Loss::Siglip.of(cosines, one(2.0_f32.ln()), Some(one(-1.0)), &pairs);
        near(found, 2.0 * (1.0 + (-1.0_f64).exp()).ln());
    }

    #[test]
    fn equal_texts_are_negatives_or_positives() {
        let (device, cosines) = (Device::flex(), tensor(&[[0.5, 0.5], [0.5, 0.5]]));
        let equal = texts(&["a", "a"]);
        // −ln σ(0.5) for the two that belong together, −ln σ(−0.5) for the two beside them, over 2.
        let apart = Same::Negatives.pairs(&equal, &device);
        let sum = (1.0 + (-0.5_f64).exp()).ln() + (1.0 + 0.5_f64.exp()).ln();
        near(Loss::Siglip.of(cosines.clone(), one(0.0), Some(one(0.0)), &apart), sum);
        let together = Same::Positives.pairs(&equal, &device);
        near(Loss::Siglip.of(cosines, one(0.0), Some(one(0.0)), &together), 2.0 * (1.0 + (-0.5_f64).exp()).ln());
    }

    #[test]
    fn a_scale_above_its_bound_counts_as_the_bound_and_can_come_back() {
        let leaf = one(5.0).autodiff().require_grad();
        let held = Loss::Clip.held(leaf.clone());
        near(held.clone().inner(), 100.0_f64.ln());
        let grads = held.backward();
        near(leaf.grad(&grads).expect("a gradient"), 1.0);
        near(Loss::Siglip.held(one(5.0)), 5.0);
    }

    #[test]
    fn a_vector_of_length_zero_has_neither_direction_nor_a_gradient_that_is_no_number() {
        let leaf = tensor(&[[3.0, 4.0], [0.0, 0.0]]).autodiff().require_grad();
        let rows = unit(leaf.clone());
        let found: Vec<f32> = rows.clone().inner().into_data().try_to_vec().expect("floats");
        assert_eq!(found, [0.6, 0.8, 0.0, 0.0]);
        let grads = rows.sum().backward();
        let grad: Vec<f32> = leaf.grad(&grads).expect("a gradient").into_data().try_to_vec().expect("floats");
        assert!(grad.iter().all(|value| value.is_finite()), "{grad:?}");
    }
}
