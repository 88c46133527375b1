//! Statistics on plain slices: how sure a mean is, whether two methods differ, whether a number was reproduced.
//!
//! Nothing here knows a run or a file; distribution functions are those of `statrs`. Accuracies are fractions, so one
//! point is 0.01.
//!
//! 1. [`interval`] and [`item`]: intervals over seeds and over test examples.
//! 2. [`paired`], [`wilcoxon`], [`holm`]: two methods on common seeds, and the correction for several comparisons.
//! 3. [`friedman`], [`studentized`]: several methods on several streams, average ranks and critical differences.
//! 4. [`equivalence`], [`power`]: whether two results agree within a margin, and how many seeds a claim needs.
//! 5. [`variance`]: what of a benchmark's score is noise.

// Tests compare with literals that are exact in binary.
#![cfg_attr(test, allow(clippy::float_cmp))]

pub mod equivalence;
pub mod friedman;
pub mod holm;
pub mod interval;
pub mod item;
pub mod paired;
pub mod power;
pub mod studentized;
pub mod variance;
pub mod wilcoxon;

pub mod estimate;
mod generator;
mod ranks;
mod student;

#[cfg(test)]
mod tests;

use thiserror::Error;

pub(crate) use self::estimate::percent;
pub use self::{estimate::Estimate, generator::generator};

/// Differences below this share of the largest value are the arithmetic's, as in `stats`.
const ROUNDING: f64 = 1e-12;

/// Why there is no statistic.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
pub enum StatisticsError {
    /// There are too few values, seeds, blocks or points.
    #[error("{needed} values are needed and {given} given; run more seeds or evaluate more often")]
    TooFew {
        /// How many are needed at least.
        needed: usize,
        /// How many there are.
        given: usize,
    },
    /// A value is NaN or infinite.
    #[error("value {0}, counted from 0, is not a finite number; leave out runs that diverged")]
    NotFinite(usize),
    /// Two lists that belong together differ in length.
    #[error("{0} values cannot be paired with {1}; keep only what both sides have")]
    UnequalLengths(usize, usize),
    /// A value lies outside the range that is its own.
    #[error("{name} is {value}; give a value {range}")]
    OutOfRange {
        /// What the value is.
        name: &'static str,
        /// The value.
        value: f64,
        /// The range in words.
        range: &'static str,
    },
}

/// A confidence interval; `low` ≤ `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Coverage, between 0 and 1, such as 0.95.
    pub level: f64,
}

impl Interval {
    /// Half of the width.
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// Whether `value` lies inside or on an end.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    fn around(centre: f64, half: f64, level: f64) -> Self {
        Self { low: centre - half, high: centre + half, level }
    }
}

/// How often, and from which seed, values are drawn again; a report states both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resampling {
    /// Seed of the generator; 0 by default.
    pub seed: u64,
    /// Number of resamples, from 1 to ten million; 10 000 by default.
    pub resamples: usize,
}

impl Default for Resampling {
    fn default() -> Self {
        Self { seed: 0, resamples: 10_000 }
    }
}

/// Refuses fewer than `needed` values and any that is not finite.
pub(crate) fn check(values: &[f64], needed: usize) -> Result<(), StatisticsError> {
    if values.len() < needed {
        return Err(StatisticsError::TooFew { needed, given: values.len() });
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(StatisticsError::NotFinite(index)),
        None => Ok(()),
    }
}

/// Refuses `value` unless it lies strictly between 0 and 1.
fn check_share(name: &'static str, value: f64) -> Result<(), StatisticsError> {
    let inside = value > 0.0 && value < 1.0;
    if inside { Ok(()) } else { Err(StatisticsError::OutOfRange { name, value, range: "between 0 and 1" }) }
}

/// The largest difference that is the arithmetic's among numbers like these.
fn tolerance(values: &[f64]) -> f64 {
    values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs())) * ROUNDING
}

/// The mean of finite values, at least one; without overflow for values that a score can have.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The sample standard deviation of two values or more, exactly 0 where only rounding tells the values apart.
fn deviation(values: &[f64], tolerance: f64) -> f64 {
    let deviation = estimate::deviation(values).unwrap_or(0.0);
    if deviation <= tolerance { 0.0 } else { deviation }
}
