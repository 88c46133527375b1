use std::fs;

use super::*;

const HEADER: &str =
    "block_num\texp_num\tworker_id\tblock_type\ttask_name\ttask_params\texp_status\ttimestamp\taccuracy\n";
const ROW: &str = "0\t3\tw-0\ttest\tApple_1\t\"{\"\"a\"\": 1}\"\tcomplete\t20240101T000000.000000\t0.5\n";

/// A scenario with one file of rows.
fn scenario(rows: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join(LOGGER_FILE), r#"{"metrics_columns": ["accuracy"], "log_format_version": "1.1"}"#)
        .unwrap();
    fs::write(root.path().join(SCENARIO_FILE), r#"{"complexity": "1-low", "seed": 7}"#).unwrap();
    fs::create_dir_all(root.path().join("w-0/0-test")).unwrap();
    fs::write(root.path().join("w-0/0-test").join(ROWS_FILE), rows).unwrap();
    root
}

fn complaint(rows: &str) -> String {
    read_scenario(scenario(rows).path()).unwrap_err().to_string()
}

#[test]
fn a_row_is_read_as_it_stands() {
    let log = read_scenario(scenario(&format!("{HEADER}{ROW}")).path()).unwrap();
    assert_eq!(log.measures, ["accuracy"]);
    assert_eq!((log.info.complexity.as_deref(), &log.info.extra["seed"]), (Some("1-low"), &Value::from(7)));
    let row = &log.rows[0];
    assert_eq!((row.block_num, row.exp_num, row.task.as_str(), row.params.as_str()), (0, 3, "apple_1", "{\"a\": 1}"));
    assert_eq!((row.block_type, row.subtype, row.status), (BlockType::Test, Subtype::Wake, Status::Complete));
    assert_eq!(row.values, [0.5]);
}

#[test]
fn missing_values_are_not_numbers() {
    let log = read_scenario(scenario(&format!("{HEADER}{}", ROW.replace("0.5", "nan"))).path()).unwrap();
    assert!(log.rows[0].values[0].is_nan());
}

#[test]
fn what_the_format_forbids_is_refused_with_its_line() {
    let cases = [
        ("0\t3", "-1\t3", "line 2: `block_num` is `-1`, not a whole number, 0 or more"),
        ("0\t3", "0\t3.5", "line 2: `exp_num` is `3.5`"),
        ("w-0", "w/0", "line 2: `worker_id` is `w/0`"),
        ("test", "eval", "line 2: `block_type` is `eval`, not `train` or `test`"),
        ("complete", "done", "line 2: `exp_status` is `done`"),
        ("\"{\"\"a\"\": 1}\"", "{a}", "line 2: `task_params` is `{a}`, not JSON"),
        ("20240101T", "20240132T", "line 2: `timestamp` is `20240132T000000.000000`"),
        ("0.5", "inf", "line 2: `accuracy` is `inf`, not a finite number or empty"),
        ("Apple_1", "", "line 2: `task_name` is ``"),
    ];
    for (from, to, why) in cases {
        let error = complaint(&format!("{HEADER}{}", ROW.replace(from, to)));
        assert!(error.contains("data-log.tsv: ") && error.contains(why), "{error}");
    }
    assert!(complaint(HEADER).contains("no row in any data-log.tsv"));
    assert!(
        complaint(&format!("{}{ROW}", HEADER.replace("timestamp", "time"))).contains("line 1: no column `timestamp`")
    );
    assert!(
        complaint(&format!("{}{ROW}", HEADER.replace("accuracy", "loss"))).contains("line 1: no column `accuracy`")
    );
    assert!(complaint(&format!("{}{ROW}", HEADER.replace("accuracy", "exp_num"))).contains("stands twice"));
}

#[test]
fn blocks_that_fall_are_refused() {
    let later = ROW.replace("0\t3", "1\t2");
    let error = complaint(&format!("{HEADER}{ROW}{later}"));
    assert!(error.contains("line 2: experience 3 is in block 0, an earlier one in block 1"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let root = scenario(&format!("{HEADER}{ROW}"));
    fs::remove_file(root.path().join(SCENARIO_FILE)).unwrap();
    let error = read_scenario(root.path()).unwrap_err().to_string();
    assert!(error.contains("scenario_info.json: no such file"), "{error}");
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_refused() {
    let root = scenario(&format!("{HEADER}{ROW}"));
    std::os::unix::fs::symlink("/", root.path().join("w-1")).unwrap();
    assert!(read_scenario(root.path()).unwrap_err().to_string().contains("w-1: a symbolic link"));
}

#[test]
fn directories_without_end_are_refused() {
    let root = scenario(&format!("{HEADER}{ROW}"));
    fs::create_dir_all(root.path().join("a/a/a/a/a/a/a/a/a/a")).unwrap();
    assert!(read_scenario(root.path()).unwrap_err().to_string().contains("more than 8 directories deep"));
}
