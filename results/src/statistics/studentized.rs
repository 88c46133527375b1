//! The studentized range with infinitely many degrees of freedom: the range of k standard normal values.
//!
//! - Tukey 1953 as in Harter 1960, <https://doi.org/10.1214/aoms/1177705684>:
//!   P(q) = k ∫ φ(z) [Φ(z) − Φ(z − q)]^(k − 1) dz, where z is the largest of the k values.
//!
//! The normal distribution of `statrs` is good to 10⁻¹¹, and so is this.

use statrs::distribution::{Continuous, ContinuousCDF, Normal};

/// Beyond this many standard deviations the normal density is below 10⁻¹⁷.
const REACH: i32 = 9;
/// Steps per standard deviation. The trapezoidal rule converges faster than any power for a smooth integrand that
/// vanishes at both ends; halving the step changes no digit that a float holds.
const STEPS: i32 = 16;

/// Probability that the range of `k` standard normal values is at most `q`, for two values or more.
pub fn range_cdf(q: f64, k: usize) -> f64 {
    if q <= 0.0 {
        return 0.0;
    }
    let normal = Normal::standard();
    let at = |step: i32| {
        let z = f64::from(step) / f64::from(STEPS);
        normal.pdf(z) * (normal.cdf(z) - normal.cdf(z - q)).powf((k - 1) as f64)
    };
    let sum: f64 = (-REACH * STEPS..=REACH * STEPS).map(at).sum();
    (k as f64 * sum / f64::from(STEPS)).clamp(0.0, 1.0)
}

/// The q that the range of `k` standard normal values exceeds with probability `alpha`, between 0 and 1.
pub fn range_quantile(alpha: f64, k: usize) -> f64 {
    let mut high = 1.0;
    // The range of any number of values that fits a table is below 100.
    while range_cdf(high, k) < 1.0 - alpha && high < 100.0 {
        high *= 2.0;
    }
    let mut low = 0.0;
    // A float has 53 binary digits, so 64 halvings leave nothing to halve.
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if range_cdf(middle, k) < 1.0 - alpha { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_values_are_a_normal_difference() {
        // |x − y| ≤ q where x − y has the variance 2.
        for q in [0.1, 1.0, 2.772, 5.0] {
            let expected = 2.0 * Normal::standard().cdf(q / 2_f64.sqrt()) - 1.0;
            assert!((range_cdf(q, 2) - expected).abs() < 1e-10);
        }
    }

    #[test]
    fn demsars_table_5a() {
        // Critical values of the Nemenyi test at 0.05 and 0.10, q / √2; some are cut, not rounded.
        let table = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164];
        for (k, printed) in (2..).zip(table) {
            assert!((range_quantile(0.05, k) / 2_f64.sqrt() - printed).abs() < 0.001, "{k}");
        }
        let table = [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920];
        for (k, printed) in (2..).zip(table) {
            assert!((range_quantile(0.10, k) / 2_f64.sqrt() - printed).abs() < 0.001, "{k}");
        }
    }

    #[test]
    fn the_ends() {
        assert_eq!((range_cdf(0.0, 3), range_cdf(-1.0, 3)), (0.0, 0.0));
        assert!((range_cdf(40.0, 20) - 1.0).abs() < 1e-10);
    }
}
