//! Means over seeds with their uncertainty: Student's t interval at 95 %, and differences paired by seed.
//!
//! - Student 1908, <https://doi.org/10.1093/biomet/6.1.1>. The half-width is t·s/√n with n − 1 degrees of freedom,
//!   where s is the sample standard deviation (divided by n − 1).

use std::collections::BTreeMap;

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::words::fixed;

/// Differences of accuracies below this are the arithmetic's, not the method's.
const ROUNDING: f64 = 1e-12;

/// A mean and what is known of its error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Sample standard deviation; none below two values.
    pub deviation: Option<f64>,
    /// Half of the 95 % interval of the mean; none below two values.
    pub half_width: Option<f64>,
    /// Number of values.
    pub n: usize,
}

impl Estimate {
    /// The estimate from one value per seed; none if there is no value, or one that is not finite.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mean = mean(values)?;
        let deviation = deviation(values);
        let half_width = deviation.map(|s| t_quantile(values.len() - 1) * s / (values.len() as f64).sqrt());
        Some(Self { mean, deviation, half_width, n: values.len() })
    }

    /// Whether the 95 % interval excludes zero; an estimate from one value excludes nothing.
    pub fn excludes_zero(&self) -> bool {
        self.half_width.is_some_and(|half| self.mean.abs() > half + ROUNDING)
    }
}

/// The arithmetic mean; none if there is no value, or one that is not finite.
pub fn mean(values: &[f64]) -> Option<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    mean.is_finite().then_some(mean)
}

/// The sample standard deviation, divided by n − 1; none below two values.
pub fn deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// The mean of `a − b` over the seeds that both have; none if they share no seed.
pub fn paired(a: &[(u64, f64)], b: &[(u64, f64)]) -> Option<Estimate> {
    let b: BTreeMap<u64, f64> = b.iter().copied().collect();
    let differences: Vec<f64> = a.iter().filter_map(|(seed, value)| Some(value - b.get(seed)?)).collect();
    Estimate::of(&differences)
}

/// The 97.5 % quantile of Student's t distribution.
fn t_quantile(freedom: usize) -> f64 {
    StudentsT::new(0.0, 1.0, freedom as f64).expect("there is a degree of freedom").inverse_cdf(0.975)
}

/// A mean and half its interval in percent, such as `("91.2", Some("0.4"))`.
///
/// One decimal, or two where the interval is narrower than ±0.1 and not zero.
pub(crate) fn percent(estimate: Estimate) -> (String, Option<String>) {
    let half = estimate.half_width.map(|half| half * 100.0);
    let decimals = if half.is_some_and(|half| (0.005..0.1).contains(&half)) { 2 } else { 1 };
    (fixed(estimate.mean * 100.0, decimals), half.map(|half| fixed(half, decimals)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, tolerance: f64) -> bool {
        (a - b).abs() < tolerance
    }

    #[test]
    fn quantiles_agree_with_the_printed_table() {
        // NIST/SEMATECH e-Handbook, table 1.3.6.7.2, with more digits.
        let table = [(1, 12.706_205), (2, 4.302_653), (4, 2.776_445), (9, 2.262_157), (29, 2.045_230), (99, 1.984_217)];
        for (freedom, quantile) in table {
            assert!(close(t_quantile(freedom), quantile, 1e-6), "{freedom}: {}", t_quantile(freedom));
        }
    }

    #[test]
    fn five_values_by_hand() {
        // Mean 3, squares 4+1+0+1+4 = 10, s = √2.5, half-width 2.776445·√2.5/√5 = 2.776445·√0.5.
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert_eq!((estimate.mean, estimate.n), (3.0, 5));
        assert!(close(estimate.deviation.unwrap(), 1.581_139, 1e-6));
        assert!(close(estimate.half_width.unwrap(), 1.963_243, 1e-6));
        assert!(estimate.excludes_zero());
    }

    #[test]
    fn one_value_has_no_interval_and_none_no_mean() {
        let one = Estimate::of(&[0.5]).unwrap();
        assert_eq!(one, Estimate { mean: 0.5, deviation: None, half_width: None, n: 1 });
        assert!(!one.excludes_zero());
        assert_eq!(Estimate::of(&[]), None);
        assert_eq!(Estimate::of(&[0.5, f64::NAN]), None);
        assert_eq!(Estimate::of(&[0.5, f64::INFINITY]), None);
    }

    #[test]
    fn pairing_takes_out_what_seeds_share() {
        let a = [(0, 0.5), (1, 0.7), (2, 0.9), (7, 0.1)];
        let b = [(2, 0.8), (1, 0.6), (0, 0.4), (9, 0.9)];
        let difference = paired(&a, &b).unwrap();
        assert_eq!(difference.n, 3);
        assert!(close(difference.mean, 0.1, 1e-12));
        assert!(difference.half_width.unwrap() < 1e-12);
        assert_eq!(paired(&a, &[(9, 0.9)]), None);
    }

    #[test]
    fn equal_values_have_an_interval_of_width_zero() {
        let same = Estimate::of(&[0.0; 3]).unwrap();
        assert_eq!(same.half_width, Some(0.0));
        assert!(!same.excludes_zero());
    }

    #[test]
    fn percentages_have_sensible_digits() {
        let estimate = |mean, half_width| Estimate { mean, deviation: None, half_width, n: 1 };
        assert_eq!(percent(estimate(0.9123, None)), ("91.2".into(), None));
        assert_eq!(percent(estimate(0.9123, Some(0.0123))), ("91.2".into(), Some("1.2".into())));
        assert_eq!(percent(estimate(0.9123, Some(0.000_42))), ("91.23".into(), Some("0.04".into())));
        assert_eq!(percent(estimate(-0.0001, Some(0.0))), ("0.0".into(), Some("0.0".into())));
    }
}
