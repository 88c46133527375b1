//! The course of learning: a power law through the accuracies of one training phase, its asymptote, and when to stop.
//!
//! - Vilares Ferro, Darriba Bilbao and Ribadas Pena, <https://arxiv.org/abs/2402.02515>: the accuracy pattern
//!   π(x) = −a·x^(−b) + c, the trace of its fits to the first ℓ points, the backbone of their asymptotes α, the working
//!   level ω(ν, ς, λ), the prediction level and the gap χ = a·x^(−b) to the asymptote.
//!
//! **Deviation:** b is searched in 0.01 to 5 with a and c in closed form, where the authors use a trust region; a and c
//! may be 0. Points at infinity (anchors) are not used. A trace belongs to one task and phase: it must not cross a
//! boundary.

use super::search::{Line, minimise};
use crate::statistics::{StatisticsError, check};

/// The exponents that are searched.
const EXPONENTS: (f64, f64) = (0.01, 5.0);
/// Three parameters take three points.
const POINTS: usize = 3;

/// π(x) = c − a·x^(−b): rising and concave, with the asymptote c.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pattern {
    /// How far below the asymptote the curve is at x = 1, 0 or more.
    pub a: f64,
    /// How fast it rises, 0.01 to 5; 1, which means nothing, where `a` is 0.
    pub b: f64,
    /// The asymptote α, 0 or more.
    pub c: f64,
}

impl Pattern {
    /// The accuracy at `x`, above 0.
    pub fn at(&self, x: f64) -> f64 {
        self.c - self.gap(x)
    }

    /// What is missing to the asymptote at `x`: the layer of convergence χ.
    pub fn gap(&self, x: f64) -> f64 {
        // As one power, because a alone can be large where x^(−b) is small.
        if self.a > 0.0 { (self.a.ln() - self.b * x.ln()).exp() } else { 0.0 }
    }
}

/// One entry of the trace: the fit to the first `level` points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// How many points were fitted, from 3.
    pub level: usize,
    /// The last of them.
    pub x: f64,
    /// The fit.
    pub pattern: Pattern,
    /// χ, what is missing to the asymptote at `x`.
    pub gap: f64,
}

/// Fits three or more `points` of training spent, from 1 and ascending, and accuracy, from 0.
pub fn fit(points: &[(u64, f64)]) -> Result<Pattern, StatisticsError> {
    checked(points)?;
    let first = points[0].0 as f64;
    let y: Vec<f64> = points.iter().map(|(_, y)| *y).collect();
    // Relative to the first point, so that no power underflows; the slope takes the factor back below.
    let powers = |b: f64| points.iter().map(|(x, _)| (*x as f64 / first).powf(-b)).collect::<Vec<_>>();
    let line = |z: &[f64]| {
        let line = Line::above_zero(z, &y);
        if line.slope < 0.0 { line } else { Line::through(&vec![0.0; y.len()], &y) }
    };
    let cost = |b| {
        let z = powers(b);
        line(&z).cost(&z, &y)
    };
    let b = minimise(EXPONENTS.0, EXPONENTS.1, cost);
    let Line { intercept, slope } = line(&powers(b));
    let still = slope == 0.0;
    Ok(Pattern { a: if still { 0.0 } else { -slope * first.powf(b) }, b: if still { 1.0 } else { b }, c: intercept })
}

/// The learning trace: the fits to the first 3, 4, … points; the time grows with the square of their number.
pub fn trace(points: &[(u64, f64)]) -> Result<Vec<Level>, StatisticsError> {
    checked(points)?;
    (POINTS..=points.len())
        .map(|level| {
            let pattern = fit(&points[..level])?;
            let x = points[level - 1].0 as f64;
            Ok(Level { level, x, pattern, gap: pattern.gap(x) })
        })
        .collect()
}

/// What the working level asks of a trace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verticality {
    /// ν, above 0: differences of asymptotes are raised to 1/ν.
    pub verticality: f64,
    /// ς: the largest slope that counts as slow.
    pub slowdown: f64,
    /// λ: over how many further levels.
    pub look_ahead: usize,
}

/// The working level ω: the first from which asymptotes move slowly over the next `look_ahead` levels,
/// `|α_j − α_i|^(1/ν) / (x_j − x_i) ≤ ς`; none if there is none yet.
pub fn working_level(trace: &[Level], asked: Verticality) -> Option<usize> {
    let slow = |a: &Level, b: &Level| {
        (b.pattern.c - a.pattern.c).abs().powf(1.0 / asked.verticality) / (b.x - a.x) <= asked.slowdown
    };
    let window = trace
        .windows(asked.look_ahead.checked_add(1)?)
        .find(|window| (0..window.len()).all(|i| window[i + 1..].iter().all(|later| slow(&window[i], later))))?;
    Some(window[0].level)
}

/// The prediction level ℘: the first from the working level on whose asymptote is an accuracy, at most 1.
pub fn prediction_level(trace: &[Level], working: usize) -> Option<usize> {
    trace.iter().find(|level| level.level >= working && level.pattern.c <= 1.0).map(|level| level.level)
}

/// The level at which training can stop: the last of `look_ahead` consecutive levels, one or more, whose gap is at
/// most `threshold` and whose asymptote is at most 1; none if training should go on.
pub fn stop(points: &[(u64, f64)], threshold: f64, look_ahead: usize) -> Result<Option<usize>, StatisticsError> {
    if points.len() < POINTS {
        return Ok(None);
    }
    let mut run = 0;
    for level in trace(points)? {
        let near = level.gap <= threshold && level.pattern.c <= 1.0;
        run = if near { run + 1 } else { 0 };
        if run >= look_ahead.max(1) {
            return Ok(Some(level.level));
        }
    }
    Ok(None)
}

fn checked(points: &[(u64, f64)]) -> Result<(), StatisticsError> {
    let y: Vec<f64> = points.iter().map(|(_, y)| *y).collect();
    check(&y, POINTS)?;
    if let Some(&value) = y.iter().find(|y| **y < 0.0) {
        return Err(StatisticsError::OutOfRange { name: "an accuracy", value, range: "of 0 or more" });
    }
    let ascending = points[0].0 > 0 && points.windows(2).all(|pair| pair[0].0 < pair[1].0);
    let value = points[0].0 as f64;
    let refused = StatisticsError::OutOfRange { name: "training spent", value, range: "from 1, ascending" };
    if ascending { Ok(()) } else { Err(refused) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(a: f64, b: f64, c: f64, n: u64) -> Vec<(u64, f64)> {
        (1..=n).map(|i| (100 * i, c - a * (100.0 * i as f64).powf(-b))).collect()
    }

    #[test]
    fn a_curve_without_noise_gives_its_parameters_back() {
        let fitted = fit(&curve(3.0, 0.5, 0.9, 10)).unwrap();
        assert!((fitted.a - 3.0).abs() < 1e-5 && (fitted.b - 0.5).abs() < 1e-6, "{fitted:?}");
        assert!((fitted.c - 0.9).abs() < 1e-7);
        // 3/√400.
        assert!((fitted.gap(400.0) - 0.15).abs() < 1e-7 && (fitted.at(400.0) - 0.75).abs() < 1e-7);
    }

    #[test]
    fn what_does_not_rise_is_level() {
        for y in [[0.5, 0.5, 0.5], [0.6, 0.5, 0.4]] {
            let fitted = fit(&[(1, y[0]), (2, y[1]), (3, y[2])]).unwrap();
            assert_eq!((fitted.a, fitted.b), (0.0, 1.0));
            assert!((fitted.c - 0.5).abs() < 1e-15);
            assert_eq!(fitted.gap(3.0), 0.0);
        }
    }

    #[test]
    fn training_stops_where_the_gap_has_been_small_for_long() {
        // The gap 3/√x is 0.1 at x = 900, the ninth point.
        let points = curve(3.0, 0.5, 0.9, 12);
        assert_eq!(stop(&points, 0.100_1, 1), Ok(Some(9)));
        assert_eq!(stop(&points, 0.100_1, 3), Ok(Some(11)));
        assert_eq!(stop(&points, 0.100_1, 5), Ok(None));
        assert_eq!(stop(&points[..2], 0.5, 1), Ok(None));
        // An asymptote above 1 is no accuracy.
        assert_eq!(stop(&curve(3.0, 0.5, 1.1, 12), 0.5, 1), Ok(None));
    }

    #[test]
    fn levels_of_a_trace_that_stands_still() {
        let trace = trace(&curve(3.0, 0.5, 0.9, 6)).unwrap();
        assert_eq!(trace.iter().map(|level| level.level).collect::<Vec<_>>(), [3, 4, 5, 6]);
        let asked = |slowdown, look_ahead| Verticality { verticality: 1.0, slowdown, look_ahead };
        assert_eq!(working_level(&trace, asked(1e-6, 2)), Some(3));
        assert_eq!(working_level(&trace, asked(1e-6, 4)), None);
        assert_eq!(working_level(&trace, asked(-1.0, 1)), None);
        assert_eq!((prediction_level(&trace, 4), prediction_level(&trace, 7)), (Some(4), None));
    }

    #[test]
    fn impossible_points_are_refused() {
        assert_eq!(fit(&[(1, 0.1), (2, 0.2)]), Err(StatisticsError::TooFew { needed: 3, given: 2 }));
        assert_eq!(fit(&[(1, 0.1), (2, f64::NAN), (3, 0.2)]), Err(StatisticsError::NotFinite(1)));
        for points in [[(0, 0.1), (2, 0.2), (3, 0.3)], [(1, 0.1), (1, 0.2), (3, 0.3)], [(1, -0.1), (2, 0.2), (3, 0.3)]]
        {
            assert!(matches!(fit(&points), Err(StatisticsError::OutOfRange { .. })));
        }
    }
}
