//! What a convex combination of Gaussians is, its highest-density region, and models out of that.
//!
//! The region of mass 1 − α is the smallest set that has it. For a Gaussian it is taken coordinate by coordinate, as in the
//! authors' code: μ ± σ·Φ⁻¹(1 − α/2). For a mixture it is what lies above the density that a share α of its draws stays
//! below (Hyndman 1996, <https://doi.org/10.1080/00031305.1996.10474359>, section 3): of ⌈samples/mass⌉ draws the densest
//! are kept.
//!
//! **Deviation:** of a mixture at most 200 networks are drawn, so that regions of less mass than samples/200 are those of
//! that mass.

use burn::tensor::Tensor;
use clbench::{array::Array, draws::Draws, theta::Theta};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use super::{super::gaussian::Gaussian, Config};

/// Most networks that are drawn of a mixture.
const MOST_DRAWN: usize = 200;

/// What Σ βⱼ qⱼ is, for Gaussians qⱼ = N(μⱼ, σⱼ²).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combine {
    /// The mixture with the density Σ βⱼ qⱼ: what the paper's definition of a credal set says.
    #[default]
    Mixture,
    /// N(Σ βⱼ μⱼ, (Σ βⱼ σⱼ)²): the 2-Wasserstein barycenter, and what the authors' code computes.
    Linear,
    /// N(Σ βⱼ μⱼ, Σ βⱼ² σⱼ²): the distribution of Σ βⱼ θⱼ for independent θⱼ.
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

/// Logarithm of Σ βⱼ qⱼ(θ), less what all have in common; `terms` are ln βⱼ − Σ ln σⱼ.
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
        squares.map(Tensor::sqrt)
    } else {
        sum(&|gaussian, share| gaussian.std.scale(share as f32))
    };
    Gaussian { mean, std }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn gaussian(mean: &[f32], std: &[f32]) -> Gaussian {
        let theta = |values: &[f32]| {
            Theta::from_iter([("w".to_owned(), Array::new(&[values.len()], values.to_vec(), &Device::flex()))])
        };
        Gaussian { mean: theta(mean), std: theta(std) }
    }
    fn values(theta: &Theta) -> Vec<f32> {
        theta.get("w").expect("a weight").values()
    }
    fn reading(combine: Combine, mass: f64, draw: Draw, samples: u32) -> Reading {
        Reading { combine, mass, draw, shared: false, samples }
    }
    fn near(a: &[f32], b: &[f64]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5)
    }

    #[test]
    fn two_gaussians_are_combined_in_both_ways_as_by_hand() {
        let parts = [(gaussian(&[1.0, 0.0], &[1.0, 2.0]), 0.25), (gaussian(&[5.0, 4.0], &[3.0, 2.0]), 0.75)];
        let linear = combined(&parts, Combine::Linear);
        assert!(near(&values(&linear.mean), &[4.0, 3.0]) && near(&values(&linear.std), &[2.5, 2.0]));
        let sum = combined(&parts, Combine::Sum);
        // √(0.0625·1 + 0.5625·9) and √(0.0625·4 + 0.5625·4).
        assert!(near(&values(&sum.mean), &[4.0, 3.0]) && near(&values(&sum.std), &[5.125_f64.sqrt(), 2.5_f64.sqrt()]));
    }

    /// The half-width of a region of mass 0.99 is 2.5758 σ, of 0.5 it is 0.6745 σ (tables of the normal distribution).
    #[test]
    fn models_lie_within_the_region_and_fill_it() {
        for (mass, edge) in [(0.99, 2.575_829), (0.5, 0.674_490)] {
            for draw in [Draw::Density, Draw::Uniform] {
                let of = gaussian(&[1.0; 4000], &[2.0; 4000]);
                let models = reading(Combine::Linear, mass, draw, 1).models(&[(of, 1.0)], &Draws::of(1));
                let z: Vec<f64> = values(&models[0]).iter().map(|w| (f64::from(*w) - 1.0) / 2.0).collect();
                let most = z.iter().fold(0.0, |most: f64, z| most.max(z.abs()));
                assert!(most <= edge + 1e-6 && most > 0.99 * edge, "{mass} {draw:?}: {most}");
                let variance = z.iter().map(|z| z * z).sum::<f64>() / 4000.0;
                // Uniform: edge²/3. Restricted: 1 − 2·edge·φ(edge)/mass.
                let density = (-0.5 * edge * edge).exp() / (2.0 * std::f64::consts::PI).sqrt();
                let expected =
                    if draw == Draw::Uniform { edge * edge / 3.0 } else { 1.0 - 2.0 * edge * density / mass };
                assert!((variance / expected - 1.0).abs() < 0.08, "{mass} {draw:?}: {variance} {expected}");
            }
        }
    }

    /// The share of a Gaussian's own draws that fall into the region is its mass.
    #[test]
    fn the_region_covers_its_mass_and_the_released_codes_what_is_left() {
        let config = |repo_compat| Config { hdr_mass: 0.9, repo_compat, ..Config::default() };
        for (repo_compat, mass) in [(false, 0.9), (true, 0.1)] {
            let reading = Reading::of(&config(repo_compat));
            let edge = -Normal::standard().inverse_cdf((1.0 - reading.mass) / 2.0);
            let inside = Draws::of(5).normal("own", 0, 20_000).into_iter().filter(|z| f64::from(z.abs()) <= edge);
            assert!((inside.count() as f64 / 20_000.0 - mass).abs() < 0.01, "{repo_compat}");
        }
    }

    #[test]
    fn the_released_code_moves_a_whole_tensor_by_one_number() {
        let reading = Reading { shared: true, ..reading(Combine::Linear, 0.5, Draw::Uniform, 2) };
        let models = reading.models(&[(gaussian(&[0.0; 50], &[1.0; 50]), 1.0)], &Draws::of(2));
        for model in &models {
            let w = values(model);
            assert!(w.iter().all(|value| (value - w[0]).abs() < 1e-6));
        }
        assert!((values(&models[0])[0] - values(&models[1])[0]).abs() > 1e-4);
    }

    #[test]
    fn a_mixtures_models_come_from_its_parts_by_their_shares() {
        let parts = [(gaussian(&[-10.0], &[1.0]), 0.3), (gaussian(&[10.0], &[1.0]), 0.7)];
        let models = reading(Combine::Mixture, 1.0, Draw::Density, 1000).models(&parts, &Draws::of(3));
        let low = models.iter().filter(|model| values(model)[0] < 0.0).count();
        // Four standard errors of a share of 0.3 of a thousand.
        assert!((low as f64 - 300.0).abs() < 58.0, "{low}");
        assert!(models.iter().all(|model| (values(model)[0].abs() - 10.0).abs() < 5.0));
    }

    /// ln(0.3·φ(x + 1) + 0.7·φ((x − 2)/3)/3) + ln √2π, at three places.
    #[test]
    fn a_mixtures_density_is_that_of_its_parts() {
        let parts: [(Gaussian, f64); 2] = [(gaussian(&[-1.0], &[1.0]), 0.3), (gaussian(&[2.0], &[3.0]), 0.7)];
        let terms: Vec<f64> = parts.iter().map(|(of, share)| share.ln() - spread(of)).collect();
        for x in [-1.0_f64, 0.5, 4.0] {
            let by_hand = 0.3 * (-0.5 * (x + 1.0).powi(2)).exp() + 0.7 / 3.0 * (-0.5 * ((x - 2.0) / 3.0).powi(2)).exp();
            let found = density(&gaussian(&[x as f32], &[1.0]).mean, &parts, &terms);
            assert!((found - by_hand.ln()).abs() < 1e-5, "{x}");
        }
    }

    /// Of a mixture in one dimension the densest half of many draws lies above one density, and is half of the mass.
    #[test]
    fn the_region_of_a_mixture_is_its_densest_part() {
        let parts = [(gaussian(&[0.0], &[1.0]), 0.5), (gaussian(&[20.0], &[5.0]), 0.5)];
        let models = reading(Combine::Mixture, 0.5, Draw::Density, 100).models(&parts, &Draws::of(4));
        // The narrow part's density exceeds the wide one's highest (0.2 of its own) within √(2 ln 5) = 1.794, where 0.927 of
        // it lies: the region of half of the mass is nearly all of the narrow part. Of 200 draws 93 ± 7 lie there, where half
        // as many of a hundred would without the choice.
        let narrow = models.iter().filter(|model| values(model)[0].abs() < 1.9).count();
        assert!((70..=100).contains(&narrow), "{narrow}");
    }
}
