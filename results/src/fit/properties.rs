//! Claims about fits that hold for every curve.

use proptest::prelude::*;

use super::{
    learning::{self, stop},
    retention::{self, Curve},
    schedule::probes,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn learning_curves_without_noise_are_recovered(a in 0.1..2.0_f64, b in 0.1..2.0_f64, c in 0.5..1.0_f64) {
        let points: Vec<(u64, f64)> = (1..=12).map(|x| (x, c - a * (x as f64).powf(-b))).collect();
        prop_assume!(points.iter().all(|(_, y)| *y >= 0.0));
        let fitted = learning::fit(&points).unwrap();
        prop_assert!((fitted.a - a).abs() < 1e-5 && (fitted.b - b).abs() < 1e-5 && (fitted.c - c).abs() < 1e-5);
    }

    #[test]
    fn exponentials_without_noise_are_recovered(a in 0.5..1.0_f64, rate in 0.005..0.5_f64, c in 0.0..0.4_f64) {
        let curve = Curve::Exponential { a, rate, c };
        let points: Vec<(u64, f64)> = [0].into_iter().chain(probes(1000)).map(|t| (t, curve.at(t as f64))).collect();
        let fits = retention::fit(&points).unwrap();
        let found = fits.iter().find(|fit| fit.curve.name() == "exponential").unwrap();
        let Curve::Exponential { a: start, rate: speed, c: floor } = found.curve else { unreachable!() };
        prop_assert!((start - a).abs() < 1e-6 && (speed / rate - 1.0).abs() < 1e-5 && (floor - c).abs() < 1e-6);
    }

    #[test]
    fn any_accuracies_have_a_fit(y in prop::collection::vec(0.0..1.0_f64, 5..20), threshold in 0.0..0.2_f64) {
        let points: Vec<(u64, f64)> = (1..).zip(y).collect();
        for level in learning::trace(&points).unwrap() {
            let pattern = level.pattern;
            prop_assert!(pattern.a >= 0.0 && pattern.c >= 0.0 && level.gap >= 0.0 && level.gap.is_finite());
        }
        prop_assert!(stop(&points, threshold, 2).unwrap().is_none_or(|level| level <= points.len()));
        let fits = retention::fit(&points).unwrap();
        prop_assert!(fits.iter().all(|fit| fit.rss.is_finite() && fit.aic.is_finite()));
        prop_assert!((fits.iter().map(|fit| fit.weight).sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
