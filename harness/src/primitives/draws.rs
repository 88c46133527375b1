//! Every random number of a run, made from where it is used and never from what was drawn before.
//!
//! A generator is keyed by (seed, purpose, experience, step, call), so there is no generator state to save,
//! any step can be re-made alone, and methods with the same seed see the same batches (common random numbers).

use burn::tensor::Device;
use clbench_results::statistics::generator;
use rand::{RngExt, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::primitives::array::Array;

/// The place in a run from which numbers are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    /// The run's seed, or the stream's for what belongs to the stream.
    pub seed: u64,
    /// The experience, from 0.
    pub experience: u64,
    /// The step within the experience, from 0; other counters (an epoch) have purposes of their own.
    pub step: u64,
}

impl Draws {
    /// Draws that belong to no step: initial weights, a stream's layout, answers.
    pub fn of(seed: u64) -> Self {
        Self { seed, experience: 0, step: 0 }
    }

    /// The generator for one `purpose`; `call` tells apart several uses at one place.
    pub fn rng(&self, purpose: &str, call: u64) -> ChaCha8Rng {
        generator([self.seed, self.experience, self.step], purpose, call)
    }

    /// `count` standard normal numbers.
    pub fn normal(&self, purpose: &str, call: u64, count: usize) -> Vec<f32> {
        let mut rng = self.rng(purpose, call);
        (0..count).map(|_| Distribution::<f64>::sample(&StandardNormal, &mut rng) as f32).collect()
    }

    /// Normal numbers with mean 0 and standard deviation `std`, as an array.
    pub fn gaussian(&self, purpose: &str, shape: &[usize], std: f64, device: &Device) -> Array {
        let values = self.normal(purpose, 0, shape.iter().product());
        Array::new(shape, values.into_iter().map(|z| z * std as f32).collect(), device)
    }

    /// Numbers uniform in `-bound..bound`, as an array.
    pub fn uniform(&self, purpose: &str, shape: &[usize], bound: f64, device: &Device) -> Array {
        let mut rng = self.rng(purpose, 0);
        let values = (0..shape.iter().product()).map(|_| rng.random_range(-bound..bound) as f32).collect();
        Array::new(shape, values, device)
    }

    /// A random order of `0..count`.
    pub fn order(&self, purpose: &str, call: u64, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        order.shuffle(&mut self.rng(purpose, call));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_key_tells_apart() {
        let draws = Draws { seed: 1, experience: 2, step: 3 };
        let all = [
            draws.normal("a", 0, 4),
            draws.normal("b", 0, 4),
            draws.normal("a", 1, 4),
            Draws { seed: 2, ..draws }.normal("a", 0, 4),
            Draws { experience: 3, ..draws }.normal("a", 0, 4),
            Draws { step: 4, ..draws }.normal("a", 0, 4),
        ];
        for (i, a) in all.iter().enumerate() {
            assert_eq!(all.iter().filter(|b| *b == a).count(), 1, "{i}");
        }
        assert_eq!(draws.normal("a", 0, 4), all[0]);
    }

    #[test]
    fn normal_numbers_have_the_moments_that_they_should() {
        let draws = Draws::of(5).normal("moments", 0, 20_000);
        let mean = draws.iter().sum::<f32>() / 20_000.0;
        let variance = draws.iter().map(|z| (z - mean) * (z - mean)).sum::<f32>() / 20_000.0;
        // Four standard errors: 4/√20000 and 4·√(2/20000).
        assert!(mean.abs() < 0.029 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
    }

    /// Pinned, so that a new version of a generator crate cannot change published numbers unseen.
    #[test]
    fn an_order_is_the_same_forever() {
        assert_eq!(Draws::of(0).order("pinned", 0, 8), [3, 0, 5, 6, 7, 4, 2, 1]);
    }
}
