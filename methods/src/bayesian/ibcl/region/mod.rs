//! What a convex combination of Gaussians is, its highest-density region, and models out of that.
//!
//! The region of mass 1 − α is the smallest set that has it. For a mixture it is what lies above the density that a
//! share α of its draws stays below (Hyndman 1996, <https://doi.org/10.1080/00031305.1996.10474359>, section 3): models
//! are the first of many draws that do not.
//!
//! **Deviation:** for a Gaussian the region is taken coordinate by coordinate, as in the authors' code: μ ± σ·Φ⁻¹(1 −
//! α/2). Each coordinate lies in its interval with probability 1 − α; all of them together do with (1 − α) to the power
//! of their number.
//!
//! **Deviation:** the density at a mixture's edge is estimated from 100 to 1000 draws, more for small networks, so that
//! regions of less mass than samples/1000 are those of that mass.

use burn::tensor::Tensor;
use clbench::primitives::{array::Array, draws::Draws, theta::Theta};
use rand::{Rng, RngExt};
use statrs::distribution::{ContinuousCDF, Normal};

use super::{super::gaussian::Gaussian, Config};

/// Fewest and most networks that are drawn of a mixture, and about how many numbers these have, in all.
const LEAST_DRAWN: usize = 100;
const MOST_DRAWN: usize = 1000;
const MOST_NUMBERS: usize = 1 << 23;

clbench::choice! {
    /// What Σ βⱼ qⱼ is, for Gaussians qⱼ = N(μⱼ, σⱼ²).
    #[derive(Default)]
    pub enum Combine {
        /// The mixture with the density Σ βⱼ qⱼ: what the paper's definition of a credal set says.
        #[default]
        Mixture = "mixture",
        /// N(Σ βⱼ μⱼ, (Σ βⱼ σⱼ)²): the 2-Wasserstein barycenter, and what the authors' code computes.
        Linear = "linear",
        /// N(Σ βⱼ μⱼ, Σ βⱼ² σⱼ²): the distribution of Σ βⱼ θⱼ for independent θⱼ.
        Sum = "sum",
    }
}

clbench::choice! {
    /// What is drawn within a region of a Gaussian.
    #[derive(Default)]
    pub enum Draw {
        /// The Gaussian, restricted to the region.
        #[default]
        Density = "density",
        /// Any point of it with the same probability.
        Uniform = "uniform",
    }
}

/// How models come out of a combination.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub combine: Combine,
    /// Mass of the region, above 0 and at most 1.
    pub mass: f64,
    pub draw: Draw,
    /// Whether one number places a whole tensor.
    pub shared: bool,
    pub samples: u32,
}

impl Reading {
    pub fn of(config: &Config) -> Self {
        let Config { combine, hdr_mass: mass, draw, samples, .. } = *config;
        if config.repo_compat {
            // With β = 1 − α the code's interval from β/2 to 1 − β/2 covers α.
            return Self { combine: Combine::Linear, mass: 1.0 - mass, draw: Draw::Uniform, shared: true, samples };
        }
        Self { combine, mass, draw, shared: false, samples }
    }

    /// Models for Gaussians with these shares, which sum to 1.
    pub fn models(&self, parts: &[(Gaussian, f64)], draws: &Draws) -> Vec<Theta> {
        if let ([_, _, ..], Combine::Mixture) = (parts, self.combine) {
            return self.densest(parts, draws);
        }
        let one = combined(parts, self.combine);
        (0..u64::from(self.samples)).map(|sample| self.place(&one, &mut draws.rng("ibcl model", sample))).collect()
    }

    /// A point of the region of a Gaussian.
    fn place(&self, of: &Gaussian, rng: &mut impl Rng) -> Theta {
        let normal = Normal::standard();
        let low = f64::midpoint(0.0, 1.0 - self.mass);
        let edge = -normal.inverse_cdf(low);
        let mut number = || {
            let u = rng.random::<f64>();
            // A region without an edge is drawn from as a whole.
            let z = match self.draw {
                Draw::Uniform => edge * (2.0 * u - 1.0),
                Draw::Density => normal.inverse_cdf((low + u * self.mass).clamp(f64::EPSILON, 1.0 - f64::EPSILON)),
            };
            z as f32
        };
        let mut values = Vec::with_capacity(of.len());
        for (_, array) in of.mean.iter() {
            if self.shared {
                values.extend(std::iter::repeat_n(number(), array.len()));
            } else {
                values.extend((0..array.len()).map(|_| number()));
            }
        }
        of.moved(&of.cut(values))
    }

    /// Draws of a mixture above the density that a share α of its draws stays below, the first of many.
    fn densest(&self, parts: &[(Gaussian, f64)], draws: &Draws) -> Vec<Theta> {
        let mixture = Mixture::of(parts);
        let wanted = self.samples as usize;
        let few = (MOST_NUMBERS / mixture.parts[0].mean.len()).clamp(LEAST_DRAWN, MOST_DRAWN);
        let count = few.max((wanted as f64 / self.mass).ceil() as usize).min(MOST_DRAWN.max(wanted));
        let densities: Vec<f64> = (0..count).map(|call| mixture.density(&mixture.draw(draws, call as u64))).collect();
        let mut order = densities.clone();
        order.sort_by(|a, b| b.total_cmp(a));
        let kept = ((self.mass * count as f64).round() as usize).clamp(wanted, count);
        let within = (0..count).filter(|call| densities[*call] >= order[kept - 1]);
        within.take(wanted).map(|call| parts[0].0.cut(mixture.draw(draws, call as u64))).collect()
    }
}

/// A mixture of Gaussians on the host.
struct Mixture {
    parts: Vec<Part>,
}

/// A Gaussian of a mixture, its coordinates in the order of the paths.
struct Part {
    mean: Vec<f32>,
    std: Vec<f32>,
    share: f64,
    /// ln β − Σ ln σ.
    term: f64,
}

impl Mixture {
    fn of(parts: &[(Gaussian, f64)]) -> Self {
        let values = |theta: &Theta| theta.iter().flat_map(|(_, array)| array.values()).collect::<Vec<f32>>();
        let part = |(gaussian, share): &(Gaussian, f64)| {
            let (mean, std) = (values(&gaussian.mean), values(&gaussian.std));
            let term = share.ln() - std.iter().map(|std| f64::from(*std).ln()).sum::<f64>();
            Part { mean, std, share: *share, term }
        };
        Self { parts: parts.iter().map(part).collect() }
    }

    /// Draw number `call`.
    fn draw(&self, draws: &Draws, call: u64) -> Vec<f32> {
        let mut left = draws.rng("ibcl part", call).random::<f64>();
        let chosen = self.parts.iter().find(|part| {
            left -= part.share;
            left < 0.0
        });
        // Shares sum to 1 but for rounding.
        let Part { mean, std, .. } = chosen.unwrap_or(&self.parts[self.parts.len() - 1]);
        let noise = draws.normal("ibcl model", call, mean.len());
        mean.iter().zip(std).zip(noise).map(|((mean, std), noise)| mean + std * noise).collect()
    }

    /// Logarithm of Σ βⱼ qⱼ(θ), but for the constant that all Gaussians of one dimension share.
    fn density(&self, theta: &[f32]) -> f64 {
        let exponent = |part: &Part| {
            let terms = theta.iter().zip(&part.mean).zip(&part.std).map(|((w, mean), std)| {
                let z = f64::from((w - mean) / std);
                z * z
            });
            part.term - 0.5 * terms.sum::<f64>()
        };
        let exponents: Vec<f64> = self.parts.iter().map(exponent).collect();
        let top = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        top + exponents.iter().map(|exponent| (exponent - top).exp()).sum::<f64>().ln()
    }
}

/// One Gaussian of several with shares: linear in σ, or as a sum of independent variables.
fn combined(parts: &[(Gaussian, f64)], combine: Combine) -> Gaussian {
    let sum = |of: &dyn Fn(&Gaussian, f64) -> Theta| {
        let terms = parts.iter().map(|(gaussian, share)| of(gaussian, *share));
        terms.reduce(|sum, term| sum.add(&term, 1.0)).expect("a combination has a part")
    };
    let mean = sum(&|gaussian, share| gaussian.mean.scale(share as f32));
    let std = if combine == Combine::Sum {
        let square =
            |array: &Array, share: f32| array.with((array.flat.clone() * share) * (array.flat.clone() * share));
        let squares = sum(&|gaussian, share| {
            gaussian.std.iter().map(|(path, array)| (path.to_owned(), square(array, share as f32))).collect()
        });
        squares.map(Tensor::sqrt)
    } else {
        sum(&|gaussian, share| gaussian.std.scale(share as f32))
    };
    Gaussian { mean, std }
}

#[cfg(test)]
mod tests;
