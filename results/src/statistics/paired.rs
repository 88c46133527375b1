//! Differences of two methods on common seeds: the paired t test, its interval and its effect size.
//!
//! - Student 1908, <https://doi.org/10.1093/biomet/6.1.1>: t = d̄·√n / s with n − 1 degrees of freedom, where d̄ and s
//!   are mean and sample standard deviation of the differences.
//! - Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, section 2.3.5: the size d̄ / s.

use super::{
    Interval, ROUNDING, Resampling, StatisticsError, check, check_share, deviation,
    interval::{Bootstrap, bootstrap_interval, student_interval},
    mean, student,
};

/// The paired t test of two methods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedTest {
    /// Number of pairs.
    pub n: usize,
    /// Mean of the differences, first minus second.
    pub mean: f64,
    /// Sample standard deviation of the differences.
    pub deviation: f64,
    /// Student's t; infinite where all differences are the same and not 0.
    pub t: f64,
    /// Degrees of freedom, n − 1.
    pub freedom: f64,
    /// Two-sided p value; 1 where all differences are 0.
    pub p: f64,
    /// Student's t interval of the mean difference.
    pub interval: Interval,
    /// Cohen's effect size d̄ / s, written `d_z`; none where the differences do not vary.
    pub effect: Option<f64>,
}

/// First minus second, pair by pair; exactly 0 where only rounding tells the two apart.
pub fn differences(first: &[f64], second: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    if first.len() != second.len() {
        return Err(StatisticsError::UnequalLengths(first.len(), second.len()));
    }
    check(first, 0)?;
    check(second, 0)?;
    let rounding = scale(first, second) * ROUNDING;
    let difference = |(a, b): (&f64, &f64)| if (a - b).abs() <= rounding { 0.0 } else { a - b };
    Ok(first.iter().zip(second).map(difference).collect())
}

/// The largest value in size on either side.
pub(super) fn scale(first: &[f64], second: &[f64]) -> f64 {
    first.iter().chain(second).fold(0.0, |largest: f64, value| largest.max(value.abs()))
}

/// The paired t test of two pairs or more, with an interval at `level`.
pub fn paired_test(first: &[f64], second: &[f64], level: f64) -> Result<PairedTest, StatisticsError> {
    let differences = differences(first, second)?;
    check(&differences, 2)?;
    check_share("the level", level)?;
    let n = differences.len();
    let freedom = (n - 1) as f64;
    let mean = mean(&differences);
    let deviation = deviation(&differences, scale(first, second) * ROUNDING);
    let t = student::ratio(mean, deviation / (n as f64).sqrt());
    let interval =
        if deviation == 0.0 { Interval::around(mean, 0.0, level) } else { student_interval(&differences, level)? };
    let effect = (deviation > 0.0).then(|| mean / deviation);
    Ok(PairedTest { n, mean, deviation, t, freedom, p: student::beyond(t, freedom), interval, effect })
}

/// The bootstrap interval of the mean difference; pairs are drawn, not single values.
pub fn paired_bootstrap(
    first: &[f64],
    second: &[f64],
    kind: Bootstrap,
    level: f64,
    resampling: Resampling,
) -> Result<Interval, StatisticsError> {
    bootstrap_interval(&differences(first, second)?, kind, level, resampling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_pairs_by_hand() {
        // Differences 1, 2, 3: mean 2, s 1, t = 2√3; with 2 degrees of freedom p = 1 − t/√(t² + 2) = 1 − √(12/14).
        let test = paired_test(&[2.0, 4.0, 6.0], &[1.0, 2.0, 3.0], 0.95).unwrap();
        assert_eq!((test.n, test.mean, test.deviation, test.freedom), (3, 2.0, 1.0, 2.0));
        assert!((test.t - 12_f64.sqrt()).abs() < 1e-12);
        assert!((test.p - (1.0 - (12.0_f64 / 14.0).sqrt())).abs() < 1e-12);
        assert!((test.interval.half_width() - 4.302_653 / 3_f64.sqrt()).abs() < 1e-6);
        assert_eq!(test.effect, Some(2.0));
    }

    #[test]
    fn equal_methods_do_not_differ() {
        let test = paired_test(&[0.1 + 0.2, 0.5], &[0.3, 0.5], 0.95).unwrap();
        assert_eq!((test.t, test.p, test.mean, test.effect), (0.0, 1.0, 0.0, None));
        assert_eq!(test.interval, Interval { low: 0.0, high: 0.0, level: 0.95 });
    }

    #[test]
    fn a_constant_difference_is_certain() {
        // 0.8 − 0.7 and 0.6 − 0.5 differ in the last bit.
        let test = paired_test(&[0.7, 0.5], &[0.8, 0.6], 0.95).unwrap();
        assert_eq!((test.t, test.p, test.effect, test.interval.half_width()), (f64::NEG_INFINITY, 0.0, None, 0.0));
    }

    #[test]
    fn the_bootstrap_draws_pairs() {
        // The seeds move both methods by 0.4; the difference is 0.1 or 0.2 on each.
        let (first, second) = ([0.5, 0.9, 0.6, 0.8], [0.4, 0.8, 0.4, 0.6]);
        let interval = paired_bootstrap(&first, &second, Bootstrap::Percentile, 0.95, Resampling::default()).unwrap();
        assert!(interval.low >= 0.1 - 1e-12 && interval.high <= 0.2 + 1e-12, "{interval:?}");
    }

    #[test]
    fn pairs_are_needed() {
        assert_eq!(paired_test(&[1.0], &[2.0, 3.0], 0.95), Err(StatisticsError::UnequalLengths(1, 2)));
        assert_eq!(paired_test(&[1.0], &[2.0], 0.95), Err(StatisticsError::TooFew { needed: 2, given: 1 }));
        assert_eq!(paired_test(&[1.0; 2], &[2.0, f64::NAN], 0.95), Err(StatisticsError::NotFinite(1)));
        assert!(matches!(paired_test(&[1.0; 2], &[2.0; 2], 2.0), Err(StatisticsError::OutOfRange { .. })));
    }
}
