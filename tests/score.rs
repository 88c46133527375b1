//! `clbench score` and `clbench export`: matrices, logs and lifetimes of other tools, hostile files, exports that are
//! read back, and nothing that is overwritten.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;

use std::{collections::BTreeMap, fs, io::Write, path::Path, process::Stdio};

use program::{Place, Said, same};
use serde_json::Value;

/// What TensorBoard looks for.
const EVENTS: &str = "events.out.tfevents.0.clbench";
const MATRIX: &str = "after,one,two,three\nstart,0.1,0.2,0.1\n1,0.9,0.2,0.3\n2,0.6,0.8,0.2\n3,0.5,0.7,0.7\n";

/// `clbench` with `words` and `input` on standard input.
fn fed(place: &Place, words: &str, input: &[u8]) -> Said {
    let mut child = place.clbench(words).stdin(Stdio::piped()).spawn().unwrap();
    // A program that has read enough goes away.
    let _ = child.stdin.take().unwrap().write_all(input);
    Said::of(child.wait_with_output().unwrap())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn a_matrix_has_the_same_scores_from_a_file_a_pipe_and_in_percent() {
    let place = Place::new();
    place.write("m.csv", MATRIX);
    let file = json(&place.done("score m.csv --format json"));
    assert_eq!(file["scores"]["acc.gem17"], (0.5 + 0.7 + 0.7) / 3.0);
    assert!((file["scores"]["bwt.gem17"].as_f64().unwrap() + 0.25).abs() < 1e-12);
    assert!((file["scores"]["fwt.gem17"].as_f64().unwrap() - 0.05).abs() < 1e-12);
    assert_eq!(file["matrix"][1], serde_json::json!([0.6, 0.8, 0.2]));
    let piped = fed(&place, "score - --format json", MATRIX.as_bytes());
    assert_eq!(json(&piped.out)["scores"], file["scores"]);
    let percent = "one,two,three\nstart,10,20,10\n1,90,20,30\n2,60,80,20\n3,50,70,70\n".replacen("one", ",one", 1);
    let said = fed(&place, "score - --format json", percent.as_bytes());
    assert!(said.err.contains("read as percentages"), "{said}");
    for (key, value) in json(&said.out)["scores"].as_object().unwrap() {
        let difference = value.as_f64().unwrap() - file["scores"][key].as_f64().unwrap();
        assert!(difference.abs() < 1e-12, "{key}");
    }
}

#[test]
fn text_fits_the_terminal_and_says_what_is_left_out() {
    let place = Place::new();
    place.write("m.csv", MATRIX);
    let said = place.run("score m.csv");
    said.fails(0, &["m.csv: no value for lca.agem19", "it needs evaluations within each experience"]);
    assert!(said.out.lines().all(|line| line.chars().count() <= 80), "{said}");
    assert!(said.out.contains("start") && said.out.contains("acc.gem17") && !said.out.contains('—'), "{said}");
    let asked = place.done("score m.csv --metrics bwt,acc.gem17,acc");
    assert_eq!(asked.lines().filter(|line| line.contains(".gem17")).count(), 2, "{asked}");
    let rows = place.done("score m.csv m.csv --format csv --metrics acc");
    assert_eq!(rows, format!("file,task,key,value\n{0}{0}", "m.csv,,acc.gem17,0.6333333333333333\n"));
}

#[test]
fn logs_of_avalanche_and_mammoth_are_told_by_their_content() {
    let place = Place::new();
    let avalanche = "eval_exp,training_exp,eval_accuracy,eval_loss,forgetting\n0,0,0.9,0.1,0\n1,0,0.1,4,0\n\
                     0,1,0.4,1,0.5\n1,1,0.8,0.2,0\n1,1,0.7,0.2,0\n";
    let said = fed(&place, "score - --metrics acc,bwt --format csv", avalanche.as_bytes());
    assert_eq!(said.out.lines().nth(1), Some("standard input,,acc.gem17,0.55"), "{said}");
    assert!(said.err.contains("given several times: 1; the last of each counts"), "{said}");
    let mammoth = "{'accuracy_1_task1': 90.0, 'accuracy_1_task2': 40.0, 'accuracy_2_task2': 70.0}\n";
    let said = fed(&place, "score - --metrics acc --format csv", mammoth.as_bytes());
    assert_eq!(said.out.lines().nth(1), Some("standard input,,acc.gem17,0.55"), "{said}");
}

#[test]
fn a_lower_triangle_has_the_forgetting_that_its_programs_compute() {
    let place = Place::new();
    let keys = "forgetting.chaudhry18,forgetting.mammoth,forgetting.agem-worst,fwt";
    let said = fed(&place, &format!("score - --metrics {keys}"), b"after,a,b,c\n1,90,,\n2,95,80,\n3,60,85,70\n");
    for (key, value) in
        [("forgetting.chaudhry18", "15.0"), ("forgetting.mammoth", "17.5"), ("forgetting.agem-worst", "35.0")]
    {
        let line = said.out.lines().find(|line| line.starts_with(key)).unwrap();
        assert_eq!(line.split_whitespace().nth(1), Some(value), "{said}");
    }
    let why = "no value for fwt.gem17: it needs accuracies before training";
    assert!(said.err.contains(why) && !said.err.contains("forgetting"), "{said}");
    let log = "{'dataset': 'seq-cifar10', 'accuracy_1_task1': 97.0, 'accuracy_1_task2': 70.0, 'accuracy_2_task2': \
               90.0, 'accuracy_1_task3': 50.0, 'accuracy_2_task3': 60.0, 'accuracy_3_task3': 88.0, 'forgetting': \
               38.5}\n";
    let found = json(&fed(&place, "score - --format json", log.as_bytes()).out);
    assert!((found["scores"]["forgetting.mammoth"].as_f64().unwrap() - 0.385).abs() < 1e-12, "{found}");
}

#[test]
fn test_examples_of_tasks_weigh_scores_where_they_are_given() {
    let place = Place::new();
    place.write("m.csv", MATRIX);
    let keys = "--metrics acc.avalanche,aia.icarl17 --format json";
    let bare = json(&place.done(&format!("score m.csv {keys}")));
    assert!(bare["scores"]["acc.avalanche"].is_null(), "{bare}");
    assert!(bare["reasons"]["aia.icarl17"].as_str().unwrap().contains("give --sizes"), "{bare}");
    let weighed = json(&place.done(&format!("score m.csv {keys} --sizes 100,300,600")));
    let of = |key: &str| weighed["scores"][key].as_f64().unwrap();
    assert!((of("acc.avalanche") - 0.68).abs() < 1e-12, "{weighed}");
    assert!((of("aia.icarl17") - (0.9 + 0.75 + 0.68) / 3.0).abs() < 1e-12, "{weighed}");
    place.run("score m.csv --sizes 100,300").fails(2, &["--sizes has 2 numbers for 3 tasks"]);
    place.run("score m.csv --sizes 100,0,1").fails(2, &["--sizes"]);
}

#[test]
fn hostile_files_are_refused_with_their_line() {
    let place = Place::new();
    let wide = "0.5,".repeat(1_000_000) + "0.5\n";
    let cases: [(&[u8], &str); 10] = [
        (wide.as_bytes(), "line 1: more than 10000 rows or columns"),
        (b"0.5,0.1\n0.5,inf\n", "line 2: `inf` is neither a share nor a percentage"),
        (b"0.5,0.1\n0.5,-inf\n", "line 2: `-inf`"),
        (b"0.5,0.1\n0.5,\"0.1\n0.6,0.1\n", "line 2: a quote opens and does not close"),
        (b"0.5,0.1\n\xff,0.1\n", "line 2: not UTF-8"),
        (b"", "the file is empty"),
        (b"\0\0\0", "line 1: a NUL character"),
        (b"a\n0.5\n0.6\n", "2 experiences and 1 tasks"),
        (b"{'accuracy_1_task1': 90.0", "line 1: `}` is missing; the text may be cut off"),
        (b"{'accuracy_1_task1': '\x1b[2J'}", "line 1: `'[2J'` is not a number"),
    ];
    for (bytes, why) in cases {
        let said = fed(&place, "score -", bytes);
        said.fails(1, &["error: standard input: ", why]);
        assert!(said.out.is_empty() && !said.err.contains('\x1b'), "{said}");
    }
    let sparse = fs::File::create(place.path("sparse.csv")).unwrap();
    sparse.set_len(200 << 20).unwrap();
    place.run("score sparse.csv").fails(1, &["sparse.csv: larger than 16777216 bytes"]);
    fs::create_dir_all(place.path("scenario")).unwrap();
    fs::rename(place.path("sparse.csv"), place.path("scenario/logger_info.json")).unwrap();
    place.run("score scenario").fails(1, &["logger_info.json: larger than"]);
}

#[test]
fn what_a_file_leaves_open_is_told_by_a_word() {
    let place = Place::new();
    let upper = "78.96,75.33,71.41,68.94\n0,68.67,66.46,65.66\n0,0,72.44,69.64\n0,0,0,69.0\n";
    place.write("upper.csv", upper);
    place.run("score upper.csv").fails(1, &["upper.csv: transposed?", "give --transpose if its rows are tasks"]);
    assert!(place.done("score upper.csv --transpose --metrics acc").contains("acc.gem17     68.3"));
    assert!(place.done("score upper.csv --transpose=no --metrics acc").contains("acc.gem17     17.2"));
    place.run("score upper.csv --transpose=maybe").fails(2, &["maybe"]);
    let runs = "{'accuracy_1_task1': 90.0}\n{'accuracy_1_task1': 80.0}\n";
    let said = fed(&place, "score - --matrix 1 --metrics acc --format csv", runs.as_bytes());
    assert_eq!(said.out.lines().nth(1), Some("standard input,,acc.gem17,0.9"), "{said}");
    let said = fed(&place, "score - --metrics acc --format json", runs.as_bytes());
    assert!(json(&said.out)["notes"].to_string().contains("taken is line 2"), "{said}");
    let hostile = "after,\x1b[2Ja,\u{202e}b\nx\x1b]0;t\x07,0.9,\ny,0.6,0.8\n";
    let said = fed(&place, "score -", hostile.as_bytes());
    assert!(said.code == Some(0) && !said.out.contains(['\x1b', '\u{202e}']) && !said.err.contains('\x1b'), "{said}");
    fed(&place, "score - --matrix 3", runs.as_bytes())
        .fails(1, &["there is no matrix `3` in it; there are line 1, line 2"]);
}

/// A pipe that is named, as the shell makes one for `<(…)`.
#[cfg(unix)]
#[test]
fn pipes_and_devices_are_read_as_files_are() {
    let place = Place::new();
    let said = fed(&place, "score /dev/stdin --metrics acc --format csv", MATRIX.as_bytes());
    assert_eq!(said.out.lines().nth(1), Some("/dev/stdin,,acc.gem17,0.6333333333333333"), "{said}");
    place.run("score /dev/zero").fails(1, &["/dev/zero: larger than 16777216 bytes"]);
    place.run("score /dev/null").fails(1, &["/dev/null: the file is empty"]);
}

#[test]
fn helps_fit_the_terminal() {
    for command in ["score", "export", "export tensorboard", "export parquet", "export csv", "export l2logger"] {
        let help = Place::new().done(&format!("{command} --help"));
        let wide: Vec<_> = help.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{command}: {wide:?}");
    }
}

#[test]
fn wrong_words_are_wrong_usage() {
    let place = Place::new();
    place.write("m.csv", MATRIX);
    fs::create_dir_all(place.path("empty")).unwrap();
    for (words, why) in [
        ("score", "FILE"),
        ("score nowhere.csv", "nowhere.csv: no such file or folder"),
        ("score empty", "neither a scenario of L2Logger nor a run"),
        ("score m.csv --metrics bwd", "there is no score `bwd`"),
        ("score m.csv --clamp", "--clamp is for lifetimes"),
        ("score m.csv --format yaml", "yaml"),
        ("score m.csv --smoothing box", "no smoothing window `box`; use flat"),
        ("score m.csv --smoothing none --window 3", "--window has no effect with --smoothing none"),
        ("score m.csv --window 0", "--window"),
        ("score m.csv --variants some", "use aware, agnostic"),
        ("export tensorboard empty", "--out"),
        ("export parquet empty -o out --only colour=red", "is no KEY=PATTERN"),
        ("export model-index empty -o out --metrics bwd", "there is no score `bwd`"),
        ("export l2logger empty -o out --complexity high", "1-low"),
    ] {
        place.run(words).fails(2, &[why]);
    }
    for format in ["tensorboard", "parquet", "csv", "model-index", "l2logger"] {
        place.run(&format!("export {format} empty -o out")).fails(1, &["no finished run"]);
        place.run(&format!("export {format} nowhere -o out")).fails(1, &["nowhere: neither a directory nor a bundle"]);
    }
    assert!(!place.path("out").exists());
}

/// Writes the logs of a fixture as scenarios below `to`: `ll`, and the others below `ste`.
fn scenarios(place: &Place, fixture: &str, to: &str) {
    let table =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("results/tests/golden/l2metrics").join(format!("{fixture}.tsv"));
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for line in fs::read_to_string(table).unwrap().lines().skip(1) {
        let [log, block, exp, kind, subtype, task, status, value]: [&str; 8] =
            line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let folder = if log == "ll" { format!("{to}/{fixture}") } else { format!("{to}/ste/{log}") };
        files
            .entry(format!("{folder}/logger_info.json"))
            .or_insert_with(|| r#"{"metrics_columns": ["accuracy"], "log_format_version": "1.1"}"#.into());
        files.entry(format!("{folder}/scenario_info.json")).or_insert_with(|| {
            r#"{"complexity": "1-low", "difficulty": "2-medium", "scenario_type": "custom"}"#.into()
        });
        let rows = files.entry(format!("{folder}/worker-0/{block}-{kind}/data-log.tsv")).or_insert_with(|| {
            "block_num\texp_num\tworker_id\tblock_type\tblock_subtype\ttask_name\ttask_params\texp_status\ttimestamp\t\
             accuracy\n"
                .into()
        });
        let seconds: u32 = exp.parse().unwrap();
        let time = format!("{:02}{:02}{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        let status = if status == "complete" { "complete" } else { "incomplete" };
        let subtype = if subtype == "wake" { "wake" } else { "sleep" };
        *rows += &format!(
            "{block}\t{exp}\tworker-0\t{kind}\t{subtype}\t{task}\t{{}}\t{status}\t20000101T{time}.000000\t{value}\n"
        );
    }
    files.iter().for_each(|(path, text)| place.write(path, text));
}

/// The settings of the reference as words of the command line.
fn words(settings: &Value) -> Vec<String> {
    let names = [
        ("normalization_method", "--normalise"),
        ("smoothing_method", "--smoothing"),
        ("aggregation_method", "--aggregate"),
        ("variant_mode", "--variants"),
        ("window_length", "--window"),
        ("data_range", "--ranges"),
    ];
    let flags = [("do_smooth_eval_data", "--smooth-evaluation"), ("clamp_outliers", "--clamp")];
    let mut words = Vec::new();
    for (key, word) in names {
        match &settings[key] {
            Value::Null => {}
            Value::String(text) => words.extend([word.into(), text.clone()]),
            other => words.extend([word.into(), other.to_string()]),
        }
    }
    words.extend(flags.iter().filter(|(key, _)| settings[*key] == true).map(|(_, word)| (*word).to_string()));
    words
}

/// Every number of `theirs` but those in lists stands in `ours`; gives back how many there are.
fn compare(path: &str, ours: &Value, theirs: &Value) -> usize {
    match theirs {
        Value::Object(fields) => {
            fields.iter().map(|(key, theirs)| compare(&format!("{path}/{key}"), &ours[key], theirs)).sum()
        }
        Value::Number(number) => {
            let ours = ours.as_f64().unwrap_or_else(|| panic!("{path}: {ours}, reference {number}"));
            assert!((ours - number.as_f64().unwrap()).abs() <= 1e-6, "{path}: {ours}, reference {number}");
            1
        }
        _ => 0,
    }
}

#[test]
fn lifetimes_have_the_numbers_of_the_reference_under_all_its_settings() {
    let place = Place::new();
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/tests/golden/l2metrics/expected.json");
    let cases: Vec<Value> = serde_json::from_str(&fs::read_to_string(expected).unwrap()).unwrap();
    for case in &cases {
        let fixture = case["file"].as_str().unwrap();
        if !place.path(fixture).exists() {
            scenarios(&place, fixture, fixture);
        }
        let mut command = place.clbench(&format!("score {fixture}/{fixture} --format json"));
        command.args(words(&case["settings"]));
        if place.path(fixture).join("ste").exists() {
            command.args(["--ste", &format!("{fixture}/ste")]);
        }
        let said = Said::of(command.output().unwrap());
        assert_eq!(said.code, Some(0), "{said}");
        let compared = compare(&format!("{fixture} {}", case["settings"]), &json(&said.out), &case["metrics"]);
        assert!(compared > 20, "{fixture}: only {compared} numbers");
    }
}

#[test]
fn of_a_lifetime_only_the_kinds_asked_for_are_shown() {
    let place = Place::new();
    scenarios(&place, "demo", "logs");
    let all = place.run("score logs/demo");
    all.fails(0, &["without value, for want of experts", "ste_rel_perf"]);
    assert!(all.out.lines().all(|line| line.chars().count() <= 80), "{all}");
    assert!(all.out.contains("perf_maintenance_mrtlp") && all.out.contains("backward_transfer_contrast"), "{all}");
    let some = place.done("score logs/demo --maintenance mrlep --transfer ratio --format json");
    assert!(some.contains("maintenance_val_mrlep") && some.contains("forward_transfer_ratio"), "{some}");
    assert!(!some.contains("mrtlp") && !some.contains("contrast"), "{some}");
    place.run("score logs/demo --metrics acc").fails(2, &["of a lifetime all are shown"]);
    place.run("score logs/demo --measure reward").fails(2, &["it has accuracy"]);
    place.run("score logs/demo --ste logs/ste/nowhere").fails(2, &["logs/ste/nowhere: no scenario"]);
    place.run("score logs/demo --ste logs").fails(2, &["give one run per task"]);
    place.run("score logs/demo --ranges {").fails(2, &["--ranges"]);
}

/// Runs on the small stream and its references, made once.
fn studied() -> Place {
    let place = Place::small();
    place.done("run small.toml method=finetune seeds=0..2 runs=runs");
    place.done("references small.toml seeds=0 runs=runs --quiet");
    place
}

#[test]
fn exports_are_read_back_repeat_to_the_bit_and_never_overwrite() {
    let place = studied();
    let runs = place.runs("runs");
    let records: usize =
        runs.iter().map(|run| fs::read_to_string(run.join("records.csv")).unwrap().lines().count() - 1).sum();

    place.done("export csv runs -o out.csv");
    let text = fs::read_to_string(place.path("out.csv")).unwrap();
    assert_eq!(text.lines().count(), records + 1);
    place.done("export csv runs -o some.csv --only method=finetune --without seed=1");
    let some = fs::read_to_string(place.path("some.csv")).unwrap();
    assert!(some.lines().count() > 1 && some.lines().skip(1).all(|line| line.contains(",finetune,")), "{some}");
    place.done("export parquet runs -o out.parquet");
    assert!(fs::read(place.path("out.parquet")).unwrap().ends_with(b"PAR1"));
    place.done("export model-index runs -o card.yaml --name me");
    let card = fs::read_to_string(place.path("card.yaml")).unwrap();
    assert!(card.contains("name: me") && card.contains("type: accuracy") && card.contains("half_width_95"), "{card}");
    place.done("export tensorboard runs -o events");
    let events = place.files("events", &[]).into_keys().filter(|path| path.ends_with(EVENTS)).count();
    assert_eq!(events, runs.len());

    for format in ["tensorboard", "l2logger"] {
        place.done(&format!("export {format} runs -o {format}"));
        place.done(&format!("export {format} runs -o {format}-again"));
        same(&place.files(format, &[]), &place.files(&format!("{format}-again"), &[]), format);
        let before = place.files(format, &[]);
        place.run(&format!("export {format} runs -o {format}")).fails(1, &["is not empty; name a new folder"]);
        place.run(&format!("export {format} runs -o out.csv")).fails(1, &["out.csv is no folder"]);
        place.run(&format!("export {format} runs -o /proc/clbench")).fails(1, &["cannot write /proc"]);
        same(&place.files(format, &[]), &before, format);
    }
    for format in ["csv", "parquet", "model-index"] {
        place.run(&format!("export {format} runs -o events")).fails(1, &["events: is a folder"]);
        place.run(&format!("export {format} runs -o /dev/full")).fails(1, &["/dev/full: is a device"]);
        place.run(&format!("export {format} runs -o /proc/clbench")).fails(1, &["cannot write /proc"]);
    }
    assert_eq!(fs::read_to_string(place.path("out.csv")).unwrap(), text);
    let left: Vec<_> =
        place.files(".", &[]).into_keys().filter(|path| path.to_string_lossy().contains(".tmp")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_exported_lifetime_has_the_scores_of_its_run() {
    let place = studied();
    let said = place.run("export l2logger runs -o logs --complexity 1-low --difficulty 1-easy");
    said.fails(0, &["2 lifetimes and 5 single-task experts"]);
    let stream = fs::read_dir(place.path("logs")).unwrap().next().unwrap().unwrap().path();
    let mut lifetimes: Vec<_> =
        fs::read_dir(stream.join("lifetimes")).unwrap().map(|entry| entry.unwrap().path()).collect();
    lifetimes.sort();
    let life = lifetimes[0].display();
    let words = format!(
        "score {life} --ste {} --normalise none --smoothing none --format json",
        stream.join("experts").display()
    );
    let found = json(&place.done(&words));
    assert_eq!((&found["complexity"], &found["scenario_type"]), (&"1-low".into(), &"condensed".into()));
    assert!(found["ste_rel_perf"].is_number() && found["sample_efficiency"].is_number(), "{found}");

    // Evaluations right after learning, against all that came later: from the matrix of the same run.
    let seed0 = place.runs("runs").into_iter().find(|run| {
        let manifest = json(&fs::read_to_string(run.join("manifest.json")).unwrap());
        manifest["method"] == "finetune" && life.to_string().ends_with(manifest["run"].as_str().unwrap())
    });
    let run = json(&place.done(&format!("score {} --format json", seed0.unwrap().display())));
    let cell = |after: usize, task: usize| run["matrix"][after][task].as_f64().unwrap();
    let kept =
        |task: usize| (task + 1..5).map(|after| cell(after, task) - cell(task, task)).sum::<f64>() / (4 - task) as f64;
    let expected = (0..4).map(kept).sum::<f64>() / 4.0;
    assert!((found["perf_maintenance_mrlep"].as_f64().unwrap() - expected).abs() < 1e-12);
    assert!(run["scores"]["bwt.gem17"].is_number() && run["run"].is_string());
}
