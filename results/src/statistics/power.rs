//! How many seeds it takes to tell two methods apart.
//!
//! - Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, chapter 2: the power of the two-sided t test
//!   is P(|T| > t), where t is critical and T has a noncentral t distribution with noncentrality d·√n (pairs) or
//!   d·√(n/2) (n on each side) and d = difference / deviation.
//! - The noncentral t is Φ(t·s − δ) averaged over `s = √(χ²_ν/ν)`, here by quadrature over ln s.
//!
//! **Deviation:** above 100 000 seeds the normal approximation `n = ((z_α + z_β)/d)²` is given, twice that on each
//! side.

use statrs::distribution::{ContinuousCDF, Normal};

use super::{StatisticsError, check, check_share, equivalence::ALPHA, student};

/// The power that is usually asked for: four of five true differences are found.
pub const POWER: f64 = 0.8;

/// Up to here the power is computed from the noncentral t.
const EXACT: u64 = 100_000;
/// Points of the quadrature; the integrand is smooth and vanishes at both ends, so that more change nothing.
const POINTS: u32 = 2_000;

/// Which test the seeds are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// Both methods on the same seeds; the deviation is that of the differences.
    Paired,
    /// Seeds of their own for each method; the deviation is that within a method, and the number is that of one side.
    Unpaired,
}

/// The seeds needed for power 0.8 at level 0.05, as [`seeds_for`].
pub fn seeds_needed(design: Design, difference: f64, deviation: f64) -> Result<Option<u64>, StatisticsError> {
    seeds_for(design, difference, deviation, ALPHA, POWER)
}

/// The smallest number of seeds, at least 2, whose test at level `alpha` finds `difference` with probability `power`.
///
/// None if the difference is 0: no number of seeds shows what is not there.
pub fn seeds_for(
    design: Design,
    difference: f64,
    deviation: f64,
    alpha: f64,
    power: f64,
) -> Result<Option<u64>, StatisticsError> {
    check(&[difference, deviation], 2)?;
    check_share("alpha", alpha)?;
    check_share("the power", power)?;
    if deviation < 0.0 {
        return Err(StatisticsError::OutOfRange { name: "the deviation", value: deviation, range: "of 0 or more" });
    }
    if difference == 0.0 {
        return Ok(None);
    }
    let effect = difference.abs() / deviation;
    let enough = |n| power_at(design, effect, n, alpha) >= power;
    if effect.is_infinite() || enough(2) {
        return Ok(Some(2));
    }
    let mut low = 2;
    let mut high = 4;
    while !enough(high) {
        if high == EXACT {
            return Ok(Some(approximate(design, effect, alpha, power).max(EXACT + 1)));
        }
        (low, high) = (high, (high * 2).min(EXACT));
    }
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if enough(middle) { high = middle } else { low = middle }
    }
    Ok(Some(high))
}

/// The power of the two-sided t test with `n` seeds, two or more, where `effect` is difference / deviation.
pub fn power_at(design: Design, effect: f64, n: u64, alpha: f64) -> f64 {
    let n = n as f64;
    let (freedom, noncentrality) = match design {
        Design::Paired => (n - 1.0, effect * n.sqrt()),
        Design::Unpaired => (2.0 * n - 2.0, effect * (n / 2.0).sqrt()),
    };
    let critical = student::two_sided_quantile(1.0 - alpha, freedom);
    noncentral_beyond(critical, freedom, noncentrality)
}

/// P(|T| > t) for the noncentral t distribution, t > 0.
fn noncentral_beyond(t: f64, freedom: f64, noncentrality: f64) -> f64 {
    let normal = Normal::standard();
    // The density of u = ln s is proportional to exp(ν·(u − (e^(2u) − 1)/2)), which is 1 at its top, u = 0.
    let density = |u: f64| (freedom * (u - (2.0 * u).exp_m1() / 2.0)).exp();
    // Outside, the density is below e^(−40) of its largest value: u − (e^(2u) − 1)/2 is below −u² on the right and,
    // on the left, below −40/ν at −40/ν − √(40/ν).
    let spread = 40.0 / freedom;
    let (from, to) = (-spread - spread.sqrt(), spread.sqrt());
    let step = (to - from) / f64::from(POINTS);
    let beyond = |s: f64| normal.sf(t * s - noncentrality) + normal.cdf(-t * s - noncentrality);
    let (mut sum, mut all) = (0.0, 0.0);
    for point in 0..=POINTS {
        let u = from + f64::from(point) * step;
        sum += density(u) * beyond(u.exp());
        all += density(u);
    }
    (sum / all).clamp(0.0, 1.0)
}

fn approximate(design: Design, effect: f64, alpha: f64, power: f64) -> u64 {
    let normal = Normal::standard();
    let z = normal.inverse_cdf(1.0 - alpha / 2.0) + normal.inverse_cdf(power);
    let sides = if design == Design::Paired { 1.0 } else { 2.0 };
    (sides * (z / effect).powi(2)).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cohens_medium_effect() {
        // Cohen 1988, table 2.4.1: d = 0.50 at two-sided 0.05 and power 0.80 takes 64 on each side; pairs take 34.
        assert_eq!(seeds_needed(Design::Unpaired, 0.5, 1.0), Ok(Some(64)));
        assert_eq!(seeds_needed(Design::Paired, -0.5, 1.0), Ok(Some(34)));
    }

    #[test]
    fn without_an_effect_the_power_is_the_level() {
        for n in [2, 3, 10, 1000] {
            assert!((power_at(Design::Paired, 0.0, n, 0.05) - 0.05).abs() < 1e-9, "{n}");
        }
    }

    #[test]
    fn no_difference_needs_no_number() {
        assert_eq!(seeds_needed(Design::Paired, 0.0, 1.0), Ok(None));
        assert_eq!(seeds_needed(Design::Paired, 0.0, 0.0), Ok(None));
        assert_eq!(seeds_needed(Design::Paired, 0.1, 0.0), Ok(Some(2)));
    }

    #[test]
    fn the_approximation_continues_the_exact_numbers() {
        // (1.959964 + 0.841621)² = 7.848879: 0.01 takes 78 489 by it, two more by the t test.
        assert_eq!(approximate(Design::Paired, 0.01, 0.05, 0.8), 78_489);
        assert_eq!(seeds_needed(Design::Paired, 0.01, 1.0), Ok(Some(78_491)));
        assert_eq!(seeds_needed(Design::Paired, 0.001, 1.0), Ok(Some(7_848_880)));
        assert_eq!(seeds_needed(Design::Unpaired, 0.001, 1.0), Ok(Some(15_697_760)));
        assert!(seeds_needed(Design::Paired, f64::MIN_POSITIVE, 1e300).is_ok());
    }

    #[test]
    fn impossible_input_is_refused() {
        assert!(matches!(seeds_needed(Design::Paired, 0.1, -1.0), Err(StatisticsError::OutOfRange { .. })));
        assert_eq!(seeds_needed(Design::Paired, f64::NAN, 1.0), Err(StatisticsError::NotFinite(0)));
        let certain = seeds_for(Design::Paired, 0.1, 1.0, 0.05, 1.0);
        assert!(matches!(certain, Err(StatisticsError::OutOfRange { .. })));
    }
}
