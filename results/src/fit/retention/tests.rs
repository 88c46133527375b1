use super::*;
use crate::fit::schedule::probes;

fn points(curve: Curve) -> Vec<(u64, f64)> {
    [0].into_iter().chain(probes(1000)).map(|t| (t, curve.at(t as f64))).collect()
}

#[test]
fn every_curve_is_the_best_fit_to_itself() {
    for curve in [
        Curve::Power { a: 0.9, rate: 0.3, c: 0.2, exponent: 0.7 },
        Curve::Exponential { a: 0.9, rate: 0.01, c: 0.3 },
        Curve::Logarithmic { a: 0.9, b: 0.05 },
    ] {
        let fits = fit(&points(curve)).unwrap();
        assert_eq!(fits[0].curve.name(), curve.name(), "{fits:?}");
        assert!(fits[0].weight > 0.99 && (fits.iter().map(|fit| fit.weight).sum::<f64>() - 1.0).abs() < 1e-12);
        for t in [0.0, 5.0, 10_000.0] {
            assert!((fits[0].curve.at(t) - curve.at(t)).abs() < 1e-5, "{:?}", fits[0]);
        }
    }
}

#[test]
fn the_criterion_by_hand() {
    let flat: Vec<(u64, f64)> = (0..5).map(|t| (t, 0.5)).collect();
    let fits = fit(&flat).unwrap();
    // All three curves are exact, n = 5 and k = 3: 5·ln((0.5·10⁻⁹)²) + 6, corrected by 2·3·4/1.
    let expected = 10.0 * 0.5e-9_f64.ln() + 6.0;
    assert_eq!(fits[0].curve.name(), "logarithmic");
    assert!((fits[0].aic - expected).abs() < 1e-9 && (fits[0].aicc.unwrap() - expected - 24.0).abs() < 1e-9);
    assert_eq!((fits[0].weight, fits[1].aicc, fits[2].weight), (1.0, None, 0.0));
}

#[test]
fn nothing_learnt_is_nothing_forgotten() {
    let zeros: Vec<(u64, f64)> = (0..8).map(|t| (t, 0.0)).collect();
    let fits = fit(&zeros).unwrap();
    assert!(fits.iter().all(|fit| fit.rss == 0.0 && fit.aic.is_finite() && fit.weight.is_finite()));
    assert_eq!(remains(&zeros), None);
}

#[test]
fn remains_are_shares_of_the_start() {
    let probes = [(0, 0.8), (1, 0.7), (10, 0.4), (50, 0.2)];
    assert_eq!(remains(&probes), Some(Remains { after_10: Some(0.5), after_100: None, at_end: 0.25 }));
    assert_eq!(remains(&probes[1..]), None);
    assert_eq!(remains(&[(0, 0.8), (1, f64::NAN)]), None);
    assert_eq!(remains(&[]), None);
}

#[test]
fn impossible_points_are_refused() {
    let good: Vec<(u64, f64)> = (0..5).map(|t| (t, 0.5)).collect();
    assert_eq!(fit(&good[..4]), Err(StatisticsError::TooFew { needed: 5, given: 4 }));
    let with = |index: usize, point| {
        let mut points = good.clone();
        points[index] = point;
        fit(&points)
    };
    assert!(matches!(with(2, (1, 0.5)), Err(StatisticsError::OutOfRange { name: "a time", .. })));
    assert!(matches!(with(2, (2, -0.5)), Err(StatisticsError::OutOfRange { name: "a retention", .. })));
    assert_eq!(with(2, (2, f64::INFINITY)), Err(StatisticsError::NotFinite(2)));
}
