use super::*;

const FIVE: [f64; 5] = [1.0, 2.0, 3.0, 4.0, 5.0];

#[test]
fn five_values_by_hand() {
    // Mean 3, s = √2.5; t(4) at 95 % is 2.776445, at 90 % 2.131847.
    let interval = student_interval(&FIVE, 0.95).unwrap();
    assert!((interval.half_width() - 2.776_445 * 0.5_f64.sqrt()).abs() < 1e-6);
    let interval = student_interval(&FIVE, 0.90).unwrap();
    assert!((interval.half_width() - 2.131_847 * 0.5_f64.sqrt()).abs() < 1e-6);
}

#[test]
fn quantiles_lie_between_neighbours() {
    assert_eq!([0.0, 0.25, 0.3, 1.0].map(|share| quantile(&FIVE, share)), [1.0, 2.0, 2.2, 5.0]);
    assert_eq!(quantile(&[7.0], 0.3), 7.0);
}

#[test]
fn constant_values_have_an_interval_of_width_zero() {
    // Three times 0.1 is not 0.3 in binary; the deviation must not see it.
    let same = [0.1; 3];
    for interval in [
        student_interval(&same, 0.95).unwrap(),
        bootstrap_interval(&same, Bootstrap::Percentile, 0.95, Resampling::default()).unwrap(),
        bootstrap_interval(&same, Bootstrap::Accelerated, 0.95, Resampling::default()).unwrap(),
    ] {
        assert!((interval.low - 0.1).abs() < 1e-15 && (interval.high - 0.1).abs() < 1e-15, "{interval:?}");
    }
}

#[test]
fn the_seed_decides_the_bootstrap() {
    let at = |seed| bootstrap_interval(&FIVE, Bootstrap::Percentile, 0.95, Resampling { seed, resamples: 501 });
    assert_eq!(at(1), at(1));
    let drawn = |seed| resampled_means(&FIVE, Resampling { seed, resamples: 50 }).unwrap();
    assert_ne!(drawn(1), drawn(2));
}

#[test]
fn the_accelerated_interval_leans_to_the_long_tail() {
    let skewed = [0.0, 0.1, 0.1, 0.2, 0.2, 0.3, 2.0];
    let [plain, leaning] = [Bootstrap::Percentile, Bootstrap::Accelerated]
        .map(|kind| bootstrap_interval(&skewed, kind, 0.9, Resampling::default()).unwrap());
    assert!(leaning.low > plain.low && leaning.high > plain.high, "{plain:?} {leaning:?}");
}

#[test]
fn impossible_input_is_refused() {
    let wide = |level| student_interval(&FIVE, level);
    assert!(matches!(wide(1.0), Err(StatisticsError::OutOfRange { .. })));
    assert!(matches!(wide(f64::NAN), Err(StatisticsError::OutOfRange { .. })));
    assert_eq!(student_interval(&[1.0], 0.95), Err(StatisticsError::TooFew { needed: 2, given: 1 }));
    assert_eq!(student_interval(&[1.0, f64::NAN], 0.95), Err(StatisticsError::NotFinite(1)));
    for resamples in [0, usize::MAX] {
        let refused = resampled_means(&FIVE, Resampling { seed: 0, resamples });
        assert!(matches!(refused, Err(StatisticsError::OutOfRange { .. })));
    }
}
