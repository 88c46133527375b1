//! Numbers of scipy, statsmodels and scikit-posthocs; `tests/golden/make/statistical_tests.py` makes them.

use serde_json::Value;

use crate::statistics::{
    Interval, Resampling, deviation,
    equivalence::{Published, paired_equivalence, published_equivalence},
    friedman::friedman,
    holm::holm,
    interval::{Bootstrap, accelerated_tails, bootstrap_interval, student_interval},
    item::{Items, mcnemar},
    paired::paired_test,
    power::{Design, power_at, seeds_needed},
    student,
    studentized::{range_cdf, range_quantile},
    variance::tau_with_order,
    wilcoxon::wilcoxon,
};

/// Closed formulae, computed twice in double precision; the normal distribution of statrs is the least exact part.
const CLOSED: f64 = 1e-9;

fn golden(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../../../tests/golden/statistics.json")).unwrap();
    let cases = all[name].as_array().unwrap().clone();
    assert!(cases.len() > 2);
    cases
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

/// Within `tolerance`, absolute below 1 and relative above.
#[track_caller]
fn same(ours: f64, theirs: &Value, tolerance: f64) {
    let theirs = number(theirs);
    assert!((ours - theirs).abs() <= tolerance * theirs.abs().max(1.0), "{ours} is not {theirs}");
}

#[track_caller]
fn same_interval(ours: Interval, theirs: &Value, tolerance: f64) {
    same(ours.low, &theirs[0], tolerance);
    same(ours.high, &theirs[1], tolerance);
}

#[test]
fn student_quantiles_at_all_degrees_of_freedom() {
    for case in golden("quantiles") {
        same(student::two_sided_quantile(number(&case["level"]), number(&case["freedom"])), &case["t"], CLOSED);
    }
}

#[test]
fn intervals_over_seeds() {
    for case in golden("intervals") {
        let values = numbers(&case["values"]);
        same_interval(student_interval(&values, 0.95).unwrap(), &case["student"], CLOSED);
        let [low, high] = accelerated_tails(&values, &numbers(&case["drawn"]), 0.95);
        same(low, &case["tails"][0], CLOSED);
        same(high, &case["tails"][1], CLOSED);
        // Other draws: an end at the 2.5 % quantile of 10 000 resampled means is known to about 0.03 of their
        // deviation; five times that is allowed.
        let allowed = 0.15 * deviation(&values, 0.0) / (values.len() as f64).sqrt();
        for (kind, name) in [(Bootstrap::Percentile, "percentile"), (Bootstrap::Accelerated, "accelerated")] {
            let drawn = bootstrap_interval(&values, kind, 0.95, Resampling::default()).unwrap();
            same_interval(drawn, &case[name], allowed);
        }
    }
}

#[test]
fn paired_tests() {
    for case in golden("paired") {
        let (a, b) = (numbers(&case["a"]), numbers(&case["b"]));
        let test = paired_test(&a, &b, 0.95).unwrap();
        same(test.t, &case["t"], CLOSED);
        same(test.p, &case["p"], CLOSED);
        same(test.effect.unwrap(), &case["effect"], CLOSED);
        same_interval(test.interval, &case["interval"], CLOSED);
        let signed = wilcoxon(&a, &b).unwrap();
        same(signed.statistic(), &case["wilcoxon"], CLOSED);
        same(signed.p, &case["wilcoxon_p"], CLOSED);
        let equivalence = paired_equivalence(&a, &b, Some(0.01)).unwrap();
        same(equivalence.p_low, &case["tost"][0], CLOSED);
        same(equivalence.p_high, &case["tost"][1], CLOSED);
        same_interval(equivalence.interval, &case["tost_interval"], CLOSED);
    }
}

#[test]
fn equivalence_with_published_means() {
    for case in golden("published") {
        let published = Published {
            mean: number(&case["mean"]),
            deviation: Some(number(&case["deviation"])),
            n: Some(number(&case["n"]) as usize),
        };
        let test = published_equivalence(&numbers(&case["values"]), published, case["margin"].as_f64()).unwrap();
        same(test.p_low, &case["low"], CLOSED);
        same(test.p_high, &case["high"], CLOSED);
        same(test.p_difference, &case["difference"], CLOSED);
    }
}

#[test]
fn holms_adjustment() {
    let all: Value = serde_json::from_str(include_str!("../../../tests/golden/statistics.json")).unwrap();
    let adjusted = holm(&numbers(&all["holm"]["p"])).unwrap();
    assert_eq!(adjusted.len(), 12);
    adjusted.iter().enumerate().for_each(|(index, p)| same(*p, &all["holm"]["adjusted"][index], CLOSED));
}

#[test]
fn friedman_and_nemenyi() {
    for case in golden("friedman") {
        let scores: Vec<Vec<f64>> = case["scores"].as_array().unwrap().iter().map(numbers).collect();
        let test = friedman(&scores).unwrap();
        test.ranks.iter().enumerate().for_each(|(index, rank)| same(*rank, &case["ranks"][index], CLOSED));
        same(test.statistic, &case["statistic"], CLOSED);
        same(test.p, &case["p"], CLOSED);
        same(test.f, &case["f"], CLOSED);
        same(test.f_p, &case["f_p"], CLOSED);
        for (row, p) in test.nemenyi().iter().enumerate() {
            p.iter().enumerate().for_each(|(column, p)| same(*p, &case["nemenyi"][row][column], CLOSED));
        }
        same(test.critical_difference(0.05).unwrap(), &case["cd"], CLOSED);
    }
}

#[test]
fn studentized_ranges_of_two_to_twenty() {
    for case in golden("ranges") {
        same(range_cdf(number(&case["q"]), number(&case["k"]) as usize), &case["p"], CLOSED);
    }
    for case in golden("range_quantiles") {
        same(range_quantile(number(&case["alpha"]), number(&case["k"]) as usize), &case["q"], CLOSED);
    }
}

#[test]
fn intervals_over_items() {
    for case in golden("items") {
        let items = Items::new(case["correct"].as_u64().unwrap(), case["total"].as_u64().unwrap()).unwrap();
        same(items.analytic(0.95).unwrap().half_width(), &case["half"], CLOSED);
        same_interval(items.wilson(0.95).unwrap(), &case["wilson"], CLOSED);
        same_interval(items.bootstrap(0.95).unwrap(), &case["bootstrap"], CLOSED);
    }
}

#[test]
fn mcnemars_exact_test() {
    for case in golden("mcnemar") {
        let [b, c] = ["b", "c"].map(|name| number(&case[name]) as usize);
        let first = [vec![true; b], vec![false; c], vec![true; 5]].concat();
        let second = [vec![false; b], vec![true; c], vec![true; 5]].concat();
        same(mcnemar(&first, &second).unwrap().p, &case["p"], CLOSED);
    }
}

#[test]
fn power_of_the_t_test() {
    for case in golden("power") {
        let effect = number(&case["effect"]);
        for (design, name, needed) in
            [(Design::Paired, "paired", "paired_n"), (Design::Unpaired, "unpaired", "unpaired_n")]
        {
            for (index, n) in numbers(&case["counts"]).into_iter().enumerate() {
                same(power_at(design, effect, n as u64, 0.05), &case[name][index], 1e-8);
            }
            assert_eq!(seeds_needed(design, effect, 1.0), Ok(case[needed].as_u64()), "{effect}");
        }
    }
}

#[test]
fn kendalls_tau() {
    for case in golden("taus") {
        same(tau_with_order(&numbers(&case["values"])), &case["tau"], CLOSED);
    }
}
