//! A Gaussian over weights with independent coordinates: its divergence, its distance, its draws.
//!
//! - Blundell et al. 2015, <https://arxiv.org/abs/1505.05424>, section 3.2: σ = ln(1 + e^ρ), w = μ + σ∘ε.
//! - KL(q‖p) = Σ ln(σp/σq) + (σq² + (μq − μp)²)/(2σp²) − ½, in closed form: Kingma & Welling 2014,
//!   <https://arxiv.org/abs/1312.6114>, appendix B, for any prior.
//! - W₂²(q, p) = ‖μq − μp‖² + ‖σq − σp‖²: Dowson & Landau 1982, <https://doi.org/10.1016/0047-259X(82)90077-X>, for
//!   diagonal covariances.

use burn::tensor::Tensor;
use clbench::{
    catalogue::Range,
    network::pass::{Pass, SPREAD},
    optim::UNDECAYED,
    primitives::{array::Array, draws::Draws, theta::Theta},
};

/// End of the path of ρ beside the path of μ.
pub(crate) const RHO: &str = UNDECAYED;

/// Means and standard deviations by the paths of a network.
#[derive(Clone, Debug)]
pub(crate) struct Gaussian {
    pub mean: Theta,
    pub std: Theta,
}

/// σ of ρ, where it is: max(ρ, 0) + ln(1 + e^−|ρ|), which overflows nowhere.
fn softplus(rho: Tensor<1>) -> Tensor<1> {
    rho.clone().clamp_min(0.0) + (-rho.abs()).exp().log1p()
}

/// What a standard deviation may be: single precision can tell its square, and its inverse's, from 0.
pub(crate) const DEVIATION: Range = Range::Within(1e-12, 1e6);

/// ρ of a standard deviation above 0.
fn inverse(std: f64) -> f64 {
    // ln(e^σ − 1) without overflow.
    std + (-(-std).exp_m1()).ln()
}

impl Gaussian {
    /// What lies below `prefix`: means at a network's paths, and ρ beside them. Graph kept.
    pub fn at(theta: &Theta, prefix: &str) -> Self {
        let all = theta.below(prefix);
        let rho = |path: &str| all.get(&format!("{path}{RHO}")).map(|rho| rho.with(softplus(rho.flat.clone())));
        let std: Theta = all.paths().filter_map(|path| Some((path.to_owned(), rho(path)?))).collect();
        Self { mean: all.only(&std), std }
    }
    /// `std` in every coordinate around `mean`.
    pub fn around(mean: Theta, std: f64) -> Self {
        Self { std: mean.map(|mean| mean.full_like(std)), mean }
    }
    /// As [`Gaussian::at`] reads it.
    pub fn below(&self, prefix: &str) -> Theta {
        let rho = |(path, std): (&str, &Array)| {
            let values = std.values().into_iter().map(|std| inverse(f64::from(std)) as f32).collect();
            (format!("{path}{RHO}"), Array::new(&std.shape, values, &std.flat.device().inner()))
        };
        let mut all: Theta = self.std.iter().map(rho).collect();
        all.extend(self.mean.clone());
        all.under(prefix)
    }
    /// The same over the paths that `keep` holds for.
    pub fn keep(&mut self, keep: impl Fn(&str) -> bool) {
        self.mean.retain(|path, _| keep(path));
        self.std.retain(|path, _| keep(path));
    }
    /// Number of coordinates.
    pub fn len(&self) -> usize {
        self.mean.len()
    }

    /// KL(self ‖ prior) over the paths of both, in nats. Shape `[1]`.
    pub fn divergence(&self, prior: &Self) -> Tensor<1> {
        let shift = self.mean.sub(&prior.mean).zip(&prior.std, |shift, std| shift / std);
        let ratio = self.std.zip(&prior.std, |q, p| q / p);
        ratio.zip(&shift, |r, s| (r.clone() * r.clone() + s.clone() * s - 1.0) * 0.5 - r.log()).sum()
    }

    /// Gradient of the divergence with respect to μ and ρ, in the layout of [`Gaussian::at`] without a prefix:
    /// (μq − μp)/σp², and (σq/σp² − 1/σq)·dσ/dρ with dσ/dρ = 1 − e^−σ.
    pub fn pull(&self, prior: &Self) -> Theta {
        let mut pull = self.mean.sub(&prior.mean).zip(&prior.std, |shift, std| shift / (std.clone() * std));
        let rho = self.std.zip(&prior.std, |q, p| {
            let slope = -(-q.clone()).exp() + 1.0;
            (q.clone() / (p.clone() * p) - q.recip()) * slope
        });
        let rho = rho.iter().map(|(path, array)| (format!("{path}{RHO}"), array.clone()));
        pull.extend(rho.collect());
        pull
    }

    /// 2-Wasserstein distance.
    pub fn wasserstein(&self, other: &Self) -> f64 {
        let [mean, std] = self.apart(other);
        mean.hypot(std)
    }
    /// Norms of the differences of means and of standard deviations.
    pub fn apart(&self, other: &Self) -> [f64; 2] {
        [self.mean.sub(&other.mean).norm(), self.std.sub(&other.std).norm()]
    }

    /// Standard normal numbers for every coordinate, one after another in the order of the paths.
    pub fn noise(&self, draws: &Draws, purpose: &str, call: u64) -> Theta {
        self.cut(draws.normal(purpose, call, self.len()))
    }
    /// These numbers in the layout of the means.
    pub fn cut(&self, values: Vec<f32>) -> Theta {
        let device = self.mean.iter().next().expect("a network has weights").1.flat.device().inner();
        self.mean.cut(&Array::new(&[values.len()], values, &device).flat)
    }
    /// μ + σ∘ε. Graph kept.
    pub fn moved(&self, noise: &Theta) -> Theta {
        self.mean.zip(&self.std.zip(noise, |std, noise| std * noise), |mean, shift| mean + shift)
    }

    /// A draw, for a pass that trains: matrices and their biases keep means and standard deviations, which the pass
    /// draws by itself, if `local`; all else is drawn here. Graph kept: for it there are e^−|ρ| of each ρ, and the
    /// noise.
    pub fn drawn(&self, pass: &mut Pass, draws: &Draws, call: u64, local: bool) -> Theta {
        let is_matrix = |path: &str| self.mean.get(path).is_some_and(|array| array.shape.len() == 2);
        let leaves = |path: &str| {
            let matrix = path.strip_suffix(".bias").map_or_else(|| path.to_owned(), |name| format!("{name}.weight"));
            local && matrix.ends_with(".weight") && is_matrix(&matrix)
        };
        let mut rest = self.clone();
        rest.keep(|path| !leaves(path));
        let tracked = self.std.iter().any(|(_, std)| std.flat.is_autodiff());
        pass.hold_numbers(if tracked { self.std.len() + rest.std.len() } else { 0 });
        let mut all =
            if rest.mean.is_empty() { Theta::default() } else { rest.moved(&rest.noise(draws, "posterior", call)) };
        let mut kept = self.clone();
        kept.keep(leaves);
        all.extend(kept.std.iter().map(|(path, std)| (format!("{path}{SPREAD}"), std.clone())).collect());
        all.extend(kept.mean);
        all
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn theta(values: &[f32]) -> Theta {
        Theta::from_iter([("w".to_owned(), Array::new(&[values.len()], values.to_vec(), &Device::flex()))])
    }
    fn gaussian(mean: &[f32], std: &[f32]) -> Gaussian {
        Gaussian { mean: theta(mean), std: theta(std) }
    }
    fn value(of: Tensor<1>) -> f64 {
        f64::from(of.inner().into_scalar::<f32>())
    }

    #[test]
    fn a_divergence_is_that_of_its_formula() {
        let (q, p) = (gaussian(&[1.0], &[0.5]), gaussian(&[0.0], &[2.0]));
        // ln(2/0.5) + (0.25 + 1)/8 − 1/2.
        assert!((value(q.divergence(&p)) - (4.0_f64.ln() + 0.156_25 - 0.5)).abs() < 1e-6);
        assert!(value(q.divergence(&q)).abs() < 1e-7);
    }

    /// KL(q‖p) = E[ln q − ln p] under q, estimated from half a million draws.
    #[test]
    fn a_divergence_is_what_draws_estimate() {
        let (q, p) = (gaussian(&[0.3, -1.0], &[0.5, 1.5]), gaussian(&[0.0, -0.5], &[1.0, 0.8]));
        let pairs = [(0.3, 0.5, 0.0, 1.0), (-1.0, 1.5, -0.5, 0.8)];
        let count = 500_000;
        let z = Draws::of(7).normal("draws", 0, 2 * count);
        let (mut sum, mut squares) = (0.0, 0.0);
        for z in z.chunks(2) {
            let terms = z.iter().zip(pairs).map(|(z, (mq, sq, mp, sp)): (_, (f64, f64, f64, f64))| {
                let (z, x) = (f64::from(*z), mq + sq * f64::from(*z));
                (-0.5 * z * z - sq.ln()) - (-0.5 * ((x - mp) / sp).powi(2) - sp.ln())
            });
            let term: f64 = terms.sum();
            sum += term;
            squares += term * term;
        }
        let mean = sum / count as f64;
        let error = ((squares / count as f64 - mean * mean) / count as f64).sqrt();
        let exact = value(q.divergence(&p));
        assert!((mean - exact).abs() < 4.0 * error && error < 0.01, "{mean} ±{error}, {exact}");
    }

    #[test]
    fn the_pull_is_the_gradient_of_the_divergence() {
        let (q, p) = (gaussian(&[0.3, -1.0, 2.0], &[0.5, 1.5, 0.01]), gaussian(&[0.0, -0.5, 2.1], &[1.0, 0.8, 0.02]));
        let leaves = q.below("").leaves();
        let grads = leaves.gradients(&Gaussian::at(&leaves, "").divergence(&p).backward());
        let pull = q.pull(&p);
        for path in ["w", "w.rho"] {
            let (a, b) = (grads.get(path).expect("a gradient").values(), pull.get(path).expect("a pull").values());
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 2e-4 * (1.0 + a.abs())), "{path}: {a:?} {b:?}");
        }
    }

    /// Element k of tensor number n of `tests/golden/make/bayes.py`.
    fn numbers(n: u8, count: u8) -> Vec<f64> {
        (0..count).map(|k| (f64::from(k) + f64::from(n)).sin()).collect()
    }

    /// In single precision; the largest of the numbers is about 20.
    #[test]
    fn divergence_distance_and_pull_are_pytorchs() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/golden/bayes.json")).expect("JSON");
        let golden = &golden["gaussian"];
        let floats = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect::<Vec<f32>>();
        let std = |rho: &f64| (rho - 1.0).exp().ln_1p();
        let q = gaussian(&floats(numbers(1, 5)), &floats(numbers(2, 5).iter().map(std).collect()));
        let p = gaussian(&floats(numbers(3, 5)), &floats(numbers(4, 5).iter().map(|x| x.abs() + 0.3).collect()));
        let near = |a: f64, b: &serde_json::Value| (a - b.as_f64().expect("a number")).abs() < 1e-4;
        assert!(near(value(q.divergence(&p)), &golden["kl"]));
        assert!(near(q.wasserstein(&p).powi(2), &golden["w2_squared"]));
        let pull = q.pull(&p);
        for (path, key) in [("w", "d_mu"), ("w.rho", "d_rho")] {
            let found = pull.get(path).expect("a pull").values();
            assert!(found.iter().enumerate().all(|(k, x)| near(f64::from(*x), &golden[key][k])), "{key}: {found:?}");
        }
    }

    #[test]
    fn means_and_deviations_come_back_from_their_paths() {
        let q = gaussian(&[0.3, -1.0, 0.0], &[1e-4, 1.5, 30.0]);
        let back = Gaussian::at(&q.below("q1."), "q1.");
        let same = |a: &Theta, b: &Theta| a.sub(b).norm() / b.norm() < 1e-4;
        assert!(same(&back.mean, &q.mean) && same(&back.std, &q.std));
        assert!((back.std.get("w").expect("a deviation").values()[0] - 1e-4).abs() < 1e-7);
    }

    #[test]
    fn a_distance_has_both_its_parts() {
        let (a, b) = (gaussian(&[3.0, 0.0], &[1.0, 1.0]), gaussian(&[0.0, 0.0], &[1.0, 5.0]));
        assert!((a.wasserstein(&b) - 5.0).abs() < 1e-6 && a.wasserstein(&a) < 1e-9);
    }
}
