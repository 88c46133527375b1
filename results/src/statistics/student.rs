//! Student's t distribution, as the tests need it.

use statrs::distribution::{Continuous, ContinuousCDF, StudentsT};

fn student(freedom: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, freedom).expect("degrees of freedom are positive")
}

/// The t that a share `level` of the distribution does not exceed in size.
pub(super) fn two_sided_quantile(level: f64, freedom: f64) -> f64 {
    let student = student(freedom);
    let tail = (1.0 - level) / 2.0;
    let start = student.inverse_cdf(1.0 - tail);
    // The library's inverse is off by some 10⁻⁶ at 100 000 degrees of freedom; two of Newton's steps repair it.
    (0..2).fold(start, |t, _| t + (student.sf(t) - tail) / student.pdf(t))
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
