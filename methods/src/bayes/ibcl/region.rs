//! What a convex combination of Gaussians is, its highest-density region, and models out of that.
//!
//! The region of mass 1 − α is the smallest set that has it. For a Gaussian it is taken coordinate by coordinate, as in the
//! authors' code: μ ± σ·Φ⁻¹(1 − α/2). For a mixture it is what lies above the density that a share α of its draws stays
//! below (Hyndman 1996, <https://doi.org/10.1080/00031305.1996.10474359>, section 3): of ⌈samples/mass⌉ draws the densest
//! are kept.
//!
//! **Deviation:** of a mixture at most 200 networks are drawn, so that regions of less mass than samples/200 are those of
//! that mass.

use clbench::{array::Array, draws::Draws, theta::Theta};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use super::{super::gaussian::Gaussian, Config};

/// Most networks that are drawn of a mixture.
const MOST_DRAWN: usize = 200;

/// What Σ β_j q_j is, for Gaussians q_j = N(μ_j, σ_j²).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combine {
    /// The mixture with the density Σ β_j q_j: what the paper's definition of a credal set says.
    #[default]
    Mixture,
    /// N(Σ β_j μ_j, (Σ β_j σ_j)²): the 2-Wasserstein barycenter, and what the authors' code computes.
    Linear,
    /// N(Σ β_j μ_j, Σ β_j² σ_j²): the distribution of Σ β_j θ_j for independent θ_j.
    Sum,
}

/// What is drawn within a region of a Gaussian.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Draw {
    /// The Gaussian, restricted to the region.
    #[default]
    Density,
    /// Any point of it with the same probability.
    Uniform,
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

    /// The densest of a mixture's draws, in the order in which they were drawn.
    fn densest(&self, parts: &[(Gaussian, f64)], draws: &Draws) -> Vec<Theta> {
        let wanted = self.samples as usize;
        let count = ((wanted as f64 / self.mass).ceil() as usize).min(MOST_DRAWN.max(wanted));
        let drawn = |call: usize| {
            let mut left = draws.rng("ibcl part", call as u64).random::<f64>();
            let at = parts.iter().position(|(_, share)| {
                left -= share;
                left < 0.0
            });
            let (gaussian, _) = &parts[at.unwrap_or(parts.len() - 1)];
            gaussian.moved(&gaussian.noise(draws, "ibcl model", call as u64))
        };
        let models: Vec<Theta> = (0..count).map(drawn).collect();
        let terms: Vec<f64> = parts.iter().map(|(gaussian, share)| share.ln() - spread(gaussian)).collect();
        let densities: Vec<f64> = models.iter().map(|model| density(model, parts, &terms)).collect();
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|a, b| densities[*b].total_cmp(&densities[*a]));
        order.truncate(wanted);
        order.sort_unstable();
        order.into_iter().map(|at| models[at].clone()).collect()
    }
}

/// Σ ln σ.
fn spread(of: &Gaussian) -> f64 {
    of.std.iter().flat_map(|(_, std)| std.values()).map(|std| f64::from(std).ln()).sum()
}

/// Logarithm of Σ β_j q_j(θ), less what all have in common; `terms` are ln β_j − Σ ln σ_j.
fn density(theta: &Theta, parts: &[(Gaussian, f64)], terms: &[f64]) -> f64 {
    let exponent = |((gaussian, _), term): (&(Gaussian, f64), &f64)| {
        let z = theta.sub(&gaussian.mean).zip(&gaussian.std, |shift, std| shift / std);
        term - 0.5 * z.dot(&z)
    };
    let exponents: Vec<f64> = parts.iter().zip(terms).map(exponent).collect();
    let top = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    top + exponents.iter().map(|exponent| (exponent - top).exp()).sum::<f64>().ln()
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
        squares.map(|square| square.sqrt())
    } else {
        sum(&|gaussian, share| gaussian.std.scale(share as f32))
    };
    Gaussian { mean, std }
}
