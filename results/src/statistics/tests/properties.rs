//! Claims about statistics that hold for all data.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::statistics::{
    equivalence::{Agreement, paired_equivalence},
    friedman::{CriticalDifference, friedman},
    holm::holm,
    interval::student_interval,
    paired::paired_test,
    wilcoxon::wilcoxon,
};

fn pairs() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    vec((0.0..1.0_f64, 0.0..1.0_f64), 2..20).prop_map(|pairs| pairs.into_iter().unzip())
}

/// Tables of two to seven methods with coarse scores, so that there are ties.
fn tables() -> impl Strategy<Value = Vec<Vec<f64>>> {
    let score = (0..6_u8).prop_map(|score| f64::from(score) / 10.0);
    (2..8_usize).prop_flat_map(move |k| vec(vec(score.clone(), k), 2..12))
}

proptest! {
    #[test]
    fn holm_keeps_the_order_and_only_raises(p in vec(0.0..=1.0_f64, 1..20)) {
        let adjusted = holm(&p).unwrap();
        for (a, raised) in p.iter().zip(&adjusted) {
            prop_assert!(raised >= a && *raised <= 1.0);
            for (b, other) in p.iter().zip(&adjusted) {
                prop_assert!(a > b || raised <= other);
            }
        }
    }

    #[test]
    fn a_t_interval_turns_with_its_data((values, _) in pairs(), level in 0.5..0.999_f64) {
        let interval = student_interval(&values, level).unwrap();
        let negated: Vec<f64> = values.iter().map(|value| -value).collect();
        let turned = student_interval(&negated, level).unwrap();
        prop_assert!((interval.low + turned.high).abs() < 1e-12 && (interval.high + turned.low).abs() < 1e-12);
        prop_assert!(student_interval(&values, 0.9995).unwrap().half_width() >= interval.half_width());
    }

    #[test]
    fn swapping_the_methods_swaps_the_sign_alone((a, b) in pairs()) {
        let (one, other) = (paired_test(&a, &b, 0.95).unwrap(), paired_test(&b, &a, 0.95).unwrap());
        prop_assert!((one.t + other.t).abs() < 1e-9 && (one.p - other.p).abs() < 1e-12);
        prop_assert_eq!(one.p < 0.05, !one.interval.contains(0.0));
        let (one, other) = (wilcoxon(&a, &b).unwrap(), wilcoxon(&b, &a).unwrap());
        prop_assert_eq!((one.plus, one.minus, one.p), (other.minus, other.plus, other.p));
        prop_assert!((one.plus + one.minus - (one.n * (one.n + 1)) as f64 / 2.0).abs() < 1e-9);
        prop_assert!(one.p > 0.0 && one.p <= 1.0);
    }

    #[test]
    fn equivalence_is_an_interval_within_the_margin((a, b) in pairs(), margin in 0.01..1.0_f64) {
        let test = paired_equivalence(&a, &b, Some(margin)).unwrap();
        let within = test.interval.low > -margin && test.interval.high < margin;
        prop_assert_eq!(test.agreement == Agreement::Equivalent, within);
        let words = format!("margin of ±{margin:.4}");
        prop_assert!(test.to_string().contains(&words));
    }

    #[test]
    fn ranks_sum_to_what_ranks_sum_to(table in tables()) {
        let test = friedman(&table).unwrap();
        let k = test.ranks.len() as f64;
        prop_assert!((test.ranks.iter().sum::<f64>() - k * (k + 1.0) / 2.0).abs() < 1e-9);
        prop_assert!((0.0..=1.0).contains(&test.p) && (0.0..=1.0).contains(&test.f_p) && test.statistic >= 0.0);
        prop_assert!(test.nemenyi().iter().flatten().all(|p| (0.0..=1.0).contains(p)));
    }

    #[test]
    fn neighbours_in_a_group_do_not_differ(table in tables()) {
        let names: Vec<String> = (0..table[0].len()).map(|index| index.to_string()).collect();
        let diagram = CriticalDifference::of(&names, &table, 0.05).unwrap();
        for i in 0..names.len() {
            for j in i + 1..names.len() {
                let together = diagram.groups.iter().any(|group| group.contains(&i) && group.contains(&j));
                prop_assert_eq!(together, diagram.ranks[j] - diagram.ranks[i] < diagram.cd);
            }
        }
    }
}
