//! Intervals of a mean over seeds: Student's t and two bootstraps.
//!
//! - Student 1908, <https://doi.org/10.1093/biomet/6.1.1>: mean ± t·s/√n with n − 1 degrees of freedom.
//! - Efron 1987, <https://doi.org/10.1080/01621459.1987.10478410>: the percentile interval and the bias-corrected and
//!   accelerated one (`BCa`), with the acceleration of the jackknife.
//!
//! **Deviation:** where every resample lies on one side of the estimate the bias correction would be infinite; half a
//! resample is then counted on the empty side.

use rand::RngExt;
use statrs::distribution::{ContinuousCDF, Normal};

use super::{Interval, Resampling, StatisticsError, check, check_share, deviation, mean, student, tolerance};
use crate::statistics::generator;

/// The coverage of an interval that nobody asked otherwise for.
pub const LEVEL: f64 = 0.95;

const RESAMPLES: std::ops::RangeInclusive<usize> = 1..=10_000_000;

/// Which of the bootstrap's intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bootstrap {
    /// Quantiles of the resampled means.
    Percentile,
    /// Quantiles corrected for bias and skewness.
    Accelerated,
}

/// Student's t interval of the mean of two values or more.
pub fn student_interval(values: &[f64], level: f64) -> Result<Interval, StatisticsError> {
    check(values, 2)?;
    check_share("the level", level)?;
    let n = values.len() as f64;
    let error = deviation(values, tolerance(values)) / n.sqrt();
    Ok(Interval::around(mean(values), student::two_sided_quantile(level, n - 1.0) * error, level))
}

/// The bootstrap interval of the mean of two values or more.
pub fn bootstrap_interval(
    values: &[f64],
    kind: Bootstrap,
    level: f64,
    resampling: Resampling,
) -> Result<Interval, StatisticsError> {
    check(values, 2)?;
    check_share("the level", level)?;
    let means = resampled_means(values, resampling)?;
    let tails = match kind {
        Bootstrap::Percentile => plain_tails(level),
        Bootstrap::Accelerated => accelerated_tails(values, &means, level),
    };
    let [low, high] = tails.map(|share| quantile(&means, share));
    Ok(Interval { low, high, level })
}

/// The means of resamples drawn with replacement, ascending.
pub fn resampled_means(values: &[f64], resampling: Resampling) -> Result<Vec<f64>, StatisticsError> {
    check(values, 1)?;
    let Resampling { seed, resamples } = resampling;
    if !RESAMPLES.contains(&resamples) {
        let value = resamples as f64;
        return Err(StatisticsError::OutOfRange { name: "resamples", value, range: "from 1 to 10 000 000" });
    }
    let mut rng = generator([seed, 0, 0], "bootstrap", 0);
    let n = values.len() as u64;
    let mut draw = || values[rng.random_range(0..n) as usize];
    let mut means: Vec<f64> = (0..resamples).map(|_| (0..n).map(|_| draw()).sum::<f64>() / n as f64).collect();
    means.sort_by(f64::total_cmp);
    Ok(means)
}

fn plain_tails(level: f64) -> [f64; 2] {
    [(1.0 - level) / 2.0, f64::midpoint(1.0, level)]
}

/// Efron 1987, eq. 6.3 with the acceleration of eq. 6.6: the shares at which the resampled means are read.
pub(super) fn accelerated_tails(values: &[f64], means: &[f64], level: f64) -> [f64; 2] {
    let normal = Normal::standard();
    let estimate = mean(values);
    let rounding = tolerance(values);
    let below = means.partition_point(|mean| *mean < estimate - rounding) as f64;
    let up_to = means.partition_point(|mean| *mean <= estimate + rounding) as f64;
    let count = means.len() as f64;
    let share = (f64::midpoint(below, up_to) / count).clamp(0.5 / count, 1.0 - 0.5 / count);
    let bias = normal.inverse_cdf(share);
    let acceleration = acceleration(values);
    plain_tails(level).map(|tail| {
        let shifted = bias + normal.inverse_cdf(tail);
        let stretch = 1.0 - acceleration * shifted;
        // Beyond the pole of eq. 6.3 the quantile is the outermost one.
        if stretch <= 0.0 { f64::from(shifted > 0.0) } else { normal.cdf(bias + shifted / stretch) }
    })
}

/// A sixth of the skewness of the jackknife's influences, which for a mean are the values' deviations from it.
fn acceleration(values: &[f64]) -> f64 {
    let centre = mean(values);
    let power = |k| values.iter().map(|value| (value - centre).powi(k)).sum::<f64>();
    let squares = power(2);
    if deviation(values, tolerance(values)) == 0.0 { 0.0 } else { power(3) / (6.0 * squares.powf(1.5)) }
}

/// The quantile of ascending values, linear between neighbours (type 7 of Hyndman and Fan 1996).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests;
