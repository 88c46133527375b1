//! Every number of `l2metrics` 3.1.0 on seven lifetimes under sixteen settings; `tests/golden/make/l2metrics.py` made
//! them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;

const EXPECTED: &str = include_str!("../../tests/golden/l2metrics/expected.json");
/// The reference rounds what it writes to ten decimals; sums in another order differ far less.
const TOLERANCE: f64 = 1e-6;

fn table(name: &str) -> &'static str {
    match name {
        "demo" => include_str!("../../tests/golden/l2metrics/demo.tsv"),
        "sleep" => include_str!("../../tests/golden/l2metrics/sleep.tsv"),
        "variants" => include_str!("../../tests/golden/l2metrics/variants.tsv"),
        "holes" => include_str!("../../tests/golden/l2metrics/holes.tsv"),
        "crowded" => include_str!("../../tests/golden/l2metrics/crowded.tsv"),
        "falling" => include_str!("../../tests/golden/l2metrics/falling.tsv"),
        "seen" => include_str!("../../tests/golden/l2metrics/seen.tsv"),
        _ => panic!("no table {name}"),
    }
}

/// The lifetime of a fixture and its single-task runs.
fn logs(name: &str) -> (Log, Vec<Log>) {
    let mut logs: BTreeMap<String, Log> = BTreeMap::new();
    for line in table(name).lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let log = logs.entry(cells[0].into()).or_insert_with(|| Log {
            name: name.into(),
            measures: vec!["accuracy".into()],
            rows: Vec::new(),
            info: Info {
                complexity: Some("1-low".into()),
                difficulty: Some("2-medium".into()),
                scenario_type: Some("custom".into()),
                ..Info::default()
            },
        });
        log.rows.push(Row {
            block_num: cells[1].parse().unwrap(),
            exp_num: cells[2].parse().unwrap(),
            worker: "w".into(),
            block_type: if cells[3] == "train" { BlockType::Train } else { BlockType::Test },
            subtype: if cells[4] == "wake" { Subtype::Wake } else { Subtype::Sleep },
            task: cells[5].into(),
            params: String::new(),
            status: if cells[6] == "complete" { Status::Complete } else { Status::Incomplete },
            timestamp: Some(Timestamp::of_experience(cells[2].parse().unwrap())),
            values: vec![cells[7].parse().unwrap_or(f64::NAN)],
        });
    }
    let life = logs.remove("ll").unwrap();
    (life, logs.into_values().collect())
}

fn options(settings: &Value) -> Options {
    let word = |key: &str| settings[key].as_str();
    let mut options = Options::new("accuracy");
    if let Some(name) = word("normalization_method") {
        options.normalisation = name.parse().unwrap();
    }
    if let Some(name) = word("smoothing_method") {
        options.smoothing = (name != "none").then(|| name.parse().unwrap());
    }
    if let Some(name) = word("aggregation_method") {
        options.aggregation = name.parse().unwrap();
    }
    if let Some(name) = word("variant_mode") {
        options.variants = name.parse().unwrap();
    }
    options.window = settings["window_length"].as_u64().map(|length| length as usize);
    options.smooth_evaluations = settings["do_smooth_eval_data"] == true;
    options.clamp = settings["clamp_outliers"] == true;
    options.ranges = settings.get("data_range").map(|ranges| serde_json::from_value(ranges.clone()).unwrap());
    options
}

/// Where two values differ, as a path; lists over single-task runs are compared in any order.
fn difference(path: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let none = Value::Null;
                difference(&format!("{path}/{key}"), a.get(key).unwrap_or(&none), b.get(key).unwrap_or(&none), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let (mut a, mut b) = (a.clone(), b.clone());
            if ["ste_rel_perf_vals", "ste_saturation_vals", "ste_exp_to_sat_vals", "sample_efficiency_vals"]
                .iter()
                .chain(&["se_saturation_vals", "se_exp_to_sat_vals"])
                .any(|name| path.ends_with(name))
            {
                for list in [&mut a, &mut b] {
                    list.sort_by(|x, y| x.as_f64().unwrap().total_cmp(&y.as_f64().unwrap()));
                }
            }
            for (index, (a, b)) in a.iter().zip(&b).enumerate() {
                difference(&format!("{path}/{index}"), a, b, found);
            }
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            if (a - b).abs() > TOLERANCE {
                found.push(format!("{path}: {a}, reference {b}"));
            }
        }
        _ if ours == theirs => {}
        _ => found.push(format!("{path}: {ours}, reference {theirs}")),
    }
}

#[test]
fn every_number_is_that_of_the_reference() {
    let cases: Vec<Value> = serde_json::from_str(EXPECTED).unwrap();
    assert_eq!(cases.len(), 16);
    let mut found = Vec::new();
    for case in &cases {
        let name = case["file"].as_str().unwrap();
        let (life, singles) = logs(name);
        let metrics = lifetime_metrics(&life, &singles, &options(&case["settings"])).unwrap();
        let path = format!("{name} {}", case["settings"]);
        difference(&path, &serde_json::to_value(&metrics).unwrap(), &case["metrics"], &mut found);
        let regimes: Vec<Value> = metrics
            .regimes
            .iter()
            .map(|r| serde_json::json!([r.saturation, r.exp_to_sat, r.term_perf, r.exp_to_term_perf, r.avg_perf]))
            .collect();
        difference(&format!("{path} regimes"), &Value::Array(regimes), &case["regimes"], &mut found);
    }
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found[..found.len().min(40)].join("\n"));
}

#[test]
fn a_number_that_is_off_would_be_noticed() {
    let mut found = Vec::new();
    difference("x", &serde_json::json!({"a": [1.0, 2.0]}), &serde_json::json!({"a": [1.0, 2.00001]}), &mut found);
    assert_eq!(found.len(), 1);
}

#[test]
fn a_measure_that_is_not_logged_is_refused_by_name() {
    let (life, singles) = logs("falling");
    let error = lifetime_metrics(&life, &singles, &Options::new("reward")).unwrap_err().to_string();
    assert_eq!(error, "log `falling`: it does not measure `reward`; it has accuracy");
}

#[test]
fn a_single_task_run_trains_one_task() {
    let (life, _) = logs("falling");
    let error =
        lifetime_metrics(&life, std::slice::from_ref(&life), &Options::new("accuracy")).unwrap_err().to_string();
    assert!(error.ends_with("trains `apple_1` and `pear_1`; give one run per task"), "{error}");
}

#[test]
fn a_lifetime_without_complete_rows_is_refused() {
    let (mut life, _) = logs("falling");
    life.rows.iter_mut().for_each(|row| row.status = Status::Incomplete);
    let error = lifetime_metrics(&life, &[], &Options::new("accuracy")).unwrap_err().to_string();
    assert!(error.contains("no complete row has a value of `accuracy`"), "{error}");
}
