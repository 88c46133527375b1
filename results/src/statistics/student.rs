//! Student's t distribution, as the tests need it.

use statrs::distribution::{ContinuousCDF, StudentsT};

fn student(freedom: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, freedom).expect("degrees of freedom are positive")
}

/// The t that a share `level` of the distribution does not exceed in size.
pub(super) fn two_sided_quantile(level: f64, freedom: f64) -> f64 {
    student(freedom).inverse_cdf(f64::midpoint(1.0, level))
}

/// Probability of more than `t`.
pub(super) fn above(t: f64, freedom: f64) -> f64 {
    if t.is_infinite() { if t > 0.0 { 0.0 } else { 1.0 } } else { student(freedom).sf(t) }
}

/// Probability of more than `t` in size, two-sided.
pub(super) fn beyond(t: f64, freedom: f64) -> f64 {
    (2.0 * above(t.abs(), freedom)).min(1.0)
}

/// `difference / error`, with 0/0 = 0: no difference at all is no evidence of one.
pub(super) fn ratio(difference: f64, error: f64) -> f64 {
    if difference == 0.0 { 0.0 } else { difference / error }
}
