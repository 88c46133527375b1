//! How memory fades: three curves through what remains of a task after updates on other data, and which fits best.
//!
//! - Wixted and Ebbesen 1991, <https://doi.org/10.1111/j.1467-9280.1991.tb00175.x>: forgetting as a power of time.
//! - Akaike 1974, <https://doi.org/10.1109/TAC.1974.1100705>: AIC = n·ln(RSS/n) + 2k for least squares.
//! - Hurvich and Tsai 1989, <https://doi.org/10.1093/biomet/76.2.297>: `AICc` = AIC + 2k(k + 1)/(n − k − 1).
//! - Orhan 2023, <https://arxiv.org/abs/2303.17557>: the probes that such curves are fitted to.
//!
//! k counts the variance of the noise, so it is one more than the curve's parameters. Residuals below 10⁻⁹ of the
//! largest value are the arithmetic's: among curves that are all exact the one with the fewest parameters is best.
//!
//! **Deviation:** the floor c is 0 or more. Rates are searched from 10⁻³ of the longest time's inverse to 10³ and the
//! exponent ψ in 0.01 to 10; at an end of a range the curve is as good as the range allows.

use super::search::{Line, minimise};
use crate::statistics::{StatisticsError, check};

/// Fewest points: below five no curve has an `AICc`.
const POINTS: usize = 5;
/// The exponents that are searched.
const EXPONENTS: (f64, f64) = (0.01, 10.0);
/// Residuals below this share of the largest value count as this.
const EXACT: f64 = 1e-9;

/// A curve of retention over t updates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Curve {
    /// c + (a − c)·(1 + b·t)^(−ψ).
    Power {
        /// Retention at t = 0.
        a: f64,
        /// Rate b, per update.
        rate: f64,
        /// The floor that is never forgotten.
        c: f64,
        /// The exponent ψ.
        exponent: f64,
    },
    /// c + (a − c)·e^(−b·t).
    Exponential {
        /// Retention at t = 0.
        a: f64,
        /// Rate b, per update.
        rate: f64,
        /// The floor that is never forgotten.
        c: f64,
    },
    /// a − b·ln(1 + t).
    Logarithmic {
        /// Retention at t = 0.
        a: f64,
        /// What is lost with every factor e of time.
        b: f64,
    },
}

impl Curve {
    /// Retention after `t` updates.
    pub fn at(&self, t: f64) -> f64 {
        match *self {
            Self::Power { a, rate, c, exponent } => c + (a - c) * (-exponent * (rate * t).ln_1p()).exp(),
            Self::Exponential { a, rate, c } => c + (a - c) * (-rate * t).exp(),
            Self::Logarithmic { a, b } => a - b * t.ln_1p(),
        }
    }

    /// The name for a table.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Power { .. } => "power",
            Self::Exponential { .. } => "exponential",
            Self::Logarithmic { .. } => "logarithmic",
        }
    }

    /// k: the parameters and the variance of the noise.
    fn parameters(&self) -> usize {
        match self {
            Self::Power { .. } => 5,
            Self::Exponential { .. } => 4,
            Self::Logarithmic { .. } => 3,
        }
    }
}

/// A curve with its goodness.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The curve.
    pub curve: Curve,
    /// Sum of squared residuals.
    pub rss: f64,
    /// Akaike's criterion; lower is better.
    pub aic: f64,
    /// The criterion corrected for few points; none where n ≤ k + 1.
    pub aicc: Option<f64>,
    /// Akaike weight among the curves that have an `AICc`; 0 for the others.
    pub weight: f64,
}

/// Fits five or more `points` of updates, ascending, and retention, from 0; best `AICc` first.
///
/// Curves without an `AICc` stand last; with five points that leaves the logarithm alone to be best.
pub fn fit(points: &[(u64, f64)]) -> Result<Vec<Fit>, StatisticsError> {
    let (t, y): (Vec<f64>, Vec<f64>) = points.iter().map(|(t, y)| (*t as f64, *y)).unzip();
    check(&y, POINTS)?;
    if let Some(&value) = y.iter().find(|y| **y < 0.0) {
        return Err(StatisticsError::OutOfRange { name: "a retention", value, range: "of 0 or more" });
    }
    if let Some(pair) = points.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
        let value = pair[1].0 as f64;
        return Err(StatisticsError::OutOfRange { name: "a time", value, range: "after the one before it" });
    }
    let mut fits =
        [power(&t, &y), exponential(&t, &y), logarithmic(&t, &y)].map(|curve| judged(curve, &t, &y)).to_vec();
    fits.sort_by(|a, b| order(a).total_cmp(&order(b)));
    let best = order(&fits[0]);
    let likelihood = |fit: &Fit| fit.aicc.map_or(0.0, |aicc| ((best - aicc) / 2.0).exp());
    let all: f64 = fits.iter().map(likelihood).sum();
    fits.iter_mut().for_each(|fit| fit.weight = likelihood(fit) / all);
    Ok(fits)
}

fn order(fit: &Fit) -> f64 {
    fit.aicc.unwrap_or(f64::INFINITY)
}

fn judged(curve: Curve, t: &[f64], y: &[f64]) -> Fit {
    let rss: f64 = t.iter().zip(y).map(|(t, y)| (y - curve.at(*t)).powi(2)).sum();
    let largest = y.iter().fold(0.0_f64, |largest, y| largest.max(*y));
    let least = (EXACT * if largest > 0.0 { largest } else { 1.0 }).powi(2);
    let (n, k) = (y.len() as f64, curve.parameters() as f64);
    let aic = n * (rss / n).max(least).ln() + 2.0 * k;
    let aicc = (n > k + 1.0).then(|| aic + 2.0 * k * (k + 1.0) / (n - k - 1.0));
    Fit { curve, rss, aic, aicc, weight: 0.0 }
}

/// The rates that are searched for points up to the last time.
fn rates(t: &[f64]) -> (f64, f64) {
    (1e-3 / t[t.len() - 1].max(1.0), 1e3)
}

fn power(t: &[f64], y: &[f64]) -> Curve {
    let (low, high) = rates(t);
    let powers =
        |rate: f64, exponent: f64| -> Vec<f64> { t.iter().map(|t| (-exponent * (rate * t).ln_1p()).exp()).collect() };
    let cost = |rate: f64, exponent: f64| {
        let z = powers(rate, exponent);
        Line::above_zero(&z, y).cost(&z, y)
    };
    let best_rate = |exponent: f64| minimise(low, high, |rate| cost(rate, exponent));
    let exponent = minimise(EXPONENTS.0, EXPONENTS.1, |exponent| cost(best_rate(exponent), exponent));
    let rate = best_rate(exponent);
    let Line { intercept: c, slope } = Line::above_zero(&powers(rate, exponent), y);
    Curve::Power { a: c + slope, rate, c, exponent }
}

fn exponential(t: &[f64], y: &[f64]) -> Curve {
    let (low, high) = rates(t);
    let decays = |rate: f64| -> Vec<f64> { t.iter().map(|t| (-rate * t).exp()).collect() };
    let cost = |rate: f64| {
        let z = decays(rate);
        Line::above_zero(&z, y).cost(&z, y)
    };
    let rate = minimise(low, high, cost);
    let Line { intercept: c, slope } = Line::above_zero(&decays(rate), y);
    Curve::Exponential { a: c + slope, rate, c }
}

fn logarithmic(t: &[f64], y: &[f64]) -> Curve {
    let logarithms: Vec<f64> = t.iter().map(|t| t.ln_1p()).collect();
    let Line { intercept, slope } = Line::through(&logarithms, y);
    Curve::Logarithmic { a: intercept, b: -slope }
}

/// What remains, as shares of the retention before the first update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Remains {
    /// R(10)/R(0); none unless probed after 10 updates.
    pub after_10: Option<f64>,
    /// R(100)/R(0); none unless probed after 100 updates.
    pub after_100: Option<f64>,
    /// R(T)/R(0) at the last probe.
    pub at_end: f64,
}

/// The summary of `points`; none without a probe at 0, with a value that is not finite, or with nothing to forget.
pub fn remains(points: &[(u64, f64)]) -> Option<Remains> {
    if points.iter().any(|(_, value)| !value.is_finite()) {
        return None;
    }
    let at = |t: u64| points.iter().find(|point| point.0 == t).map(|point| point.1);
    let start = at(0).filter(|start| *start > 0.0)?;
    let share = |value: f64| value / start;
    let last = points.iter().max_by_key(|point| point.0)?;
    Some(Remains { after_10: at(10).map(share), after_100: at(100).map(share), at_end: share(last.1) })
}

#[cfg(test)]
mod tests;
