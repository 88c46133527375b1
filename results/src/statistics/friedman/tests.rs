use super::*;

/// Three methods on four blocks; the first wins always, the others two times each.
fn scores() -> Vec<Vec<f64>> {
    [[0.9, 0.5, 0.4], [0.8, 0.3, 0.4], [0.7, 0.6, 0.2], [0.9, 0.1, 0.2]].map(Vec::from).into()
}

#[test]
fn four_blocks_by_hand() {
    // Ranks 1, 2.5, 2.5: χ² = 12·4/12·(1 + 0.25 + 0.25) = 6, p = e^(−3); F = 3·6/(8 − 6) = 9.
    let test = friedman(&scores()).unwrap();
    assert_eq!((test.ranks.as_slice(), test.n), (&[1.0, 2.5, 2.5][..], 4));
    assert!((test.statistic - 6.0).abs() < 1e-12 && (test.f - 9.0).abs() < 1e-12);
    assert!((test.p - (-3_f64).exp()).abs() < 1e-12);
    // With 2 and 6 degrees of freedom p = (1 + 2F/6)^(−3) = 1/64.
    assert!((test.f_p - 1.0 / 64.0).abs() < 1e-12);
}

#[test]
fn the_critical_difference_of_demsar() {
    // Section 3.2.4: five methods on ten datasets give CD = 2.728·√(5·6/(6·10)) = 1.93; here k = 3 and N = 4:
    // 2.3437·√(3·4/(6·4)) = 1.6573.
    let cd = friedman(&scores()).unwrap().critical_difference(0.05).unwrap();
    assert!((cd - 1.657).abs() < 6e-4, "{cd}");
}

#[test]
fn equal_methods_have_equal_ranks_and_p_one() {
    let test = friedman(&vec![vec![0.5; 4]; 3]).unwrap();
    assert_eq!((test.ranks.as_slice(), test.statistic, test.p, test.f_p), (&[2.5; 4][..], 0.0, 1.0, 1.0));
    assert!(test.nemenyi().iter().flatten().all(|p| *p == 1.0));
}

#[test]
fn full_agreement_is_certain_for_f() {
    let test = friedman(&vec![vec![0.3, 0.2, 0.1]; 4]).unwrap();
    assert_eq!((test.f, test.f_p), (f64::INFINITY, 0.0));
    assert!((test.statistic - 8.0).abs() < 1e-12);
}

#[test]
fn groups_are_maximal_and_span_less_than_the_critical_difference() {
    assert_eq!(groups(&[1.0, 1.5, 2.9, 3.0, 4.5], 2.0), [0..3, 1..4, 2..5]);
    assert_eq!(groups(&[1.0, 1.5, 3.0], 2.0), [0..2, 1..3]);
    assert_eq!(groups(&[1.0, 3.0, 5.0], 2.0), []);
    assert_eq!(groups(&[1.0, 1.0, 1.0], 0.5), std::slice::from_ref(&(0..3)));
}

#[test]
fn a_diagram_is_sorted_by_rank_then_name() {
    let names = ["z", "y", "x"].map(String::from);
    let diagram = CriticalDifference::of(&names, &scores(), 0.05).unwrap();
    assert_eq!(diagram.names, ["z", "x", "y"]);
    assert_eq!(diagram.ranks, [1.0, 2.5, 2.5]);
    assert_eq!(diagram.groups, std::slice::from_ref(&(0..3)));
    assert_eq!(CriticalDifference::of(&names[1..], &scores(), 0.05), Err(StatisticsError::UnequalLengths(2, 3)));
}

#[test]
fn a_ragged_or_small_table_is_refused() {
    assert_eq!(friedman(&[vec![0.1, 0.2]]), Err(StatisticsError::TooFew { needed: 2, given: 1 }));
    assert_eq!(friedman(&[]), Err(StatisticsError::TooFew { needed: 2, given: 0 }));
    assert_eq!(friedman(&[vec![0.1, 0.2], vec![0.1]]), Err(StatisticsError::UnequalLengths(1, 2)));
    assert_eq!(friedman(&[vec![0.1, 0.2], vec![0.1, f64::NAN]]), Err(StatisticsError::NotFinite(1)));
}
