//! Logs as other programs wrote them, against their own scores: `golden/import`, made by `tests/golden/make/logs.py`.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    import::{Imported, Training, Wish, decode, import},
    metric::find,
};

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/import").join(file);
    decode(&fs::read(path).unwrap()).unwrap()
}

fn of(file: &str) -> Imported {
    import(&read(file), Wish::default()).unwrap_or_else(|why| panic!("{file}: {why}"))
}

fn score(found: &Imported, name: &str) -> Option<f64> {
    (find(name).unwrap().of)(&found.subject().unwrap().0)
}

/// What the programs say of their logs.
fn expected(program: &str, log: &str, key: &str) -> f64 {
    let all: Value = serde_json::from_str(&read("expected.json")).unwrap();
    let value = &all[program][log][key];
    let value = value.get(0).unwrap_or(value);
    value.as_f64().unwrap_or_else(|| panic!("{program} {log} {key}: {value}"))
}

fn near(left: Option<f64>, right: f64, what: &str) {
    assert!(left.is_some_and(|left| (left - right).abs() < 1e-4), "{what}: {left:?}, {right}");
}

fn said(found: &Imported, what: &str) -> bool {
    found.notes.iter().any(|note| note.contains(what))
}

#[test]
fn every_log_of_avalanche_has_its_own_accuracy_and_forgetting() {
    for (log, ends) in [
        ("naive", &["txt", "screen", "csv", "json", "repr", "all.json"][..]),
        ("streams", &["txt", "csv", "json"]),
        ("within", &["txt"]),
    ] {
        for end in ends {
            let file = format!("avalanche/{log}.{end}");
            let found = of(&file);
            assert_eq!((found.rows.len(), found.tasks.len()), (3, 3), "{file}");
            assert_eq!(found.training, Training::InOrder, "{file}");
            near(score(&found, "acc.gem17"), expected("avalanche", log, "accuracy"), &file);
            near(score(&found, "forgetting.avalanche"), expected("avalanche", log, "forgetting"), &file);
        }
    }
    for end in ["txt", "screen", "csv", "all.json"] {
        near(of(&format!("avalanche/naive.{end}")).baseline.unwrap()[1], 0.393_333, end);
    }
    assert!(said(&of("avalanche/within.txt"), "within training"));
}

#[test]
fn a_joint_log_is_scored_on_all_tasks() {
    for end in ["txt", "csv", "json"] {
        let found = of(&format!("avalanche/joint.{end}"));
        assert_eq!(found.training, Training::Joint);
        assert!(said(&found, "joint training on all of them"), "{:?}", found.notes);
        near(score(&found, "acc.gem17"), expected("avalanche", "joint", "accuracy"), end);
        assert_eq!((score(&found, "bwt.gem17"), score(&found, "la.mer19")), (None, None));
    }
}

#[test]
fn what_was_not_evaluated_again_is_left_out() {
    let found = of("avalanche/stale.json");
    assert!(said(&found, "left out: 3 accuracies that repeat"), "{:?}", found.notes);
    let known = |found: &Imported| found.rows.iter().flatten().map(Option::is_some).collect::<Vec<_>>();
    assert_eq!(known(&found), known(&of("avalanche/stale.txt")));
    assert_eq!((score(&found, "bwt.gem17"), score(&found, "acc.gem17")), (None, None));
    near(score(&found, "la.mer19"), (0.98 + 0.966_667 + 0.993_333) / 3.0, "la");
    // Without the average of the stream it is not known, and said.
    let text = read("avalanche/stale.json").replace("Top1_Acc_Stream", "Another");
    let found = import(&text, Wish::default()).unwrap();
    assert!(said(&found, "3 accuracies are those of the evaluation before to the last digit"), "{:?}", found.notes);
    // What another evaluation answered anew is not stale, though an accuracy comes twice.
    let cell = |task: u32, value: &str| format!("\"Top1_Acc_Exp/eval_phase/test_stream/Exp00{task}\": {value}");
    let text = |loss: &str| {
        format!(
            "[{{{}, \"Loss_Exp/eval_phase/test_stream/Exp000\": 0.5}}, {{{}, \
             \"Loss_Exp/eval_phase/test_stream/Exp000\": {loss}, {}}}]",
            cell(0, "0.9"),
            cell(0, "0.9"),
            cell(1, "0.8")
        )
    };
    assert!(!said(&import(&text("0.6"), Wish::default()).unwrap(), "last digit"));
    assert!(said(&import(&text("0.5"), Wish::default()).unwrap(), "1 accuracies are those"));
}

#[test]
fn of_two_streams_in_one_file_the_test_stream_counts() {
    let found = of("avalanche/streams.csv");
    assert!(said(&found, "the last is taken for the test stream"), "{:?}", found.notes);
    // Here less is known of the stream that was evaluated first.
    let text = read("avalanche/reversed.csv");
    let refused = import(&text, Wish::default()).unwrap_err();
    assert!(refused.contains("give --matrix 1 for the first"), "{refused}");
    let first = import(&text, Wish { matrix: Some("1"), ..Wish::default() }).unwrap();
    near(score(&first, "acc.gem17"), expected("avalanche", "streams", "accuracy"), "first");
}

#[test]
fn online_training_is_read_by_its_evaluations() {
    for end in ["txt", "screen", "csv"] {
        let found = of(&format!("avalanche/online.{end}"));
        assert_eq!((found.rows.len(), found.tasks.len()), (3, 3), "{end}");
        assert!(found.notes.iter().any(|note| note.contains("online training")), "{end}: {:?}", found.notes);
        near(score(&found, "acc.gem17"), expected("avalanche", "online", "accuracy"), end);
        near(found.rows[0][0], 0.98, end);
    }
    for end in ["txt", "csv"] {
        let found = of(&format!("avalanche/online-end.{end}"));
        assert!(said(&found, "one evaluation after 9 training phases"), "{end}: {:?}", found.notes);
        near(score(&found, "acc.gem17"), expected("avalanche", "online-end", "accuracy"), end);
        assert_eq!((score(&found, "la.mer19"), score(&found, "bwt.gem17")), (None, None), "{end}");
    }
}

#[test]
fn one_test_set_for_all_experiences_has_an_average_over_time() {
    for end in ["txt", "csv", "json"] {
        let found = of(&format!("avalanche/one-test.{end}"));
        assert_eq!((&found.training, found.rows.len()), (&Training::OneTest, 3), "{end}");
        near(score(&found, "acc.gem17"), expected("avalanche", "one-test", "accuracy"), end);
        near(score(&found, "aia.capymoa"), (0.366_667 + 0.586_667 + 0.751_111) / 3.0, end);
        assert_eq!(score(&found, "bwt.gem17"), None, "{end}");
    }
}

#[test]
fn every_log_of_mammoth_has_its_own_scores() {
    for log in ["class-il", "future", "epochs"] {
        for end in ["pyd", "console"] {
            let file = format!("mammoth/{log}.{end}");
            let found = of(&file);
            assert_eq!((found.rows.len(), found.tasks.len()), (3, 3), "{file}");
            near(score(&found, "bwt.gem17"), expected("mammoth", log, "backward_transfer") / 100.0, &file);
            assert_eq!(found.rows[0][1].is_some(), log == "future", "{file}");
        }
    }
    near(
        score(&of("mammoth/domain-il.console"), "bwt.gem17"),
        expected("mammoth", "domain-il", "backward_transfer") / 100.0,
        "",
    );
    let refused = import(&read("mammoth/domain-il.pyd"), Wish::default()).unwrap_err();
    assert!(refused.contains("averages over tasks; take the accuracy of single tasks from what the run printed"));
    for end in ["pyd", "console"] {
        let found = of(&format!("mammoth/joint.{end}"));
        assert_eq!((&found.training, found.rows.len(), found.tasks.len()), (&Training::Joint, 1, 3), "{end}");
    }
    let tasks = import(&read("mammoth/class-il.console"), Wish { matrix: Some("task-il"), ..Wish::default() }).unwrap();
    assert_ne!(tasks.rows, of("mammoth/class-il.console").rows);
}

#[test]
fn a_line_of_mammoths_console_alone_is_read() {
    let found = import("\tRaw accuracy values: Class-IL [20.8, 87.5] | Task-IL [0, 0]\n", Wish::default()).unwrap();
    // It stands after the second task; what came before is missing.
    assert_eq!((&found.training, found.rows.len(), found.rows[0][0]), (&Training::InOrder, 2, None));
    near(score(&found, "acc.gem17"), f64::midpoint(0.208, 0.875), "console");
    let later = "Raw accuracy values: Class-IL [20.8, 87.5] | Task-IL [0, 0]\n\
                 Raw accuracy values: Class-IL [20.8, 87.5, 91.0] | Task-IL [0, 0, 0]\n";
    let later = import(later, Wish::default()).unwrap();
    assert_eq!((later.rows.len(), later.rows[1][2], later.rows[2][2]), (3, None, Some(0.91)));
    near(score(&later, "acc.gem17"), (0.208 + 0.875 + 0.91) / 3.0, "a console from its second task on");
    assert_eq!(found.name, "Class-IL");
    // A run that knows the task has nothing but zeros without it.
    let text = "\tRaw accuracy values: Class-IL [0] | Task-IL [90]\n\tRaw accuracy values: Class-IL [0, 0] | Task-IL \
                [70, 95]\n";
    let found = import(text, Wish::default()).unwrap();
    assert_eq!((found.name.as_str(), found.rows[1][0]), ("Task-IL", Some(0.7)));
    let twice = format!("{text}{text}");
    assert_eq!(import(&twice, Wish::default()).unwrap().name, "Task-IL, run 2");
    let averages = "Accuracy for 2 task(s): \t [Class-IL]: 54.17 % \t [Task-IL]: 0.0 %\n";
    assert!(import(averages, Wish::default()).unwrap_err().contains("take logs.pyd"));
    for (text, why) in [
        ("Raw accuracy values: Class-IL [20.8, 8", "line 1: `]` is missing"),
        ("Raw accuracy values: Class-IL", "line 1: no list"),
        ("Raw accuracy values: Class-IL [nan]", "line 1: `nan` is not a percentage"),
    ] {
        let error = import(text, Wish::default()).unwrap_err();
        assert!(error.starts_with(why), "{error}");
    }
}

#[test]
fn every_log_of_pilot_has_its_own_scores() {
    let text = read("pilot/even.log");
    let found = import(&text, Wish::default()).unwrap();
    assert_eq!((found.name.as_str(), &found.tasks[..]), ("CNN", &["00-04", "05-09", "10-14"].map(String::from)[..]));
    near(score(&found, "aia.icarl17"), expected("pilot", "even", "average") / 100.0, "average");
    near(score(&found, "bwt.gem17"), f64::midpoint(0.045, 0.095), "bwt");
    assert_eq!(found.sizes, [5, 5, 5]);
    // Where the accuracy on all classes is another mean, the groups have other numbers of test examples.
    let other = text.replace("'total': np.float64(59.0)", "'total': np.float64(61.0)");
    assert_eq!(import(&other, Wish::default()).unwrap().sizes, [0; 0]);
    // The matrix that it prints at the end is the same, transposed.
    let (_, end) = text.split_once("Accuracy Matrix (CNN)").unwrap();
    let printed = import(&format!("Accuracy Matrix (CNN){end}"), Wish::default()).unwrap();
    assert_eq!(printed.rows, found.rows);
    let mean = import(&text, Wish { matrix: Some("nme"), ..Wish::default() }).unwrap();
    near(mean.rows[2][0], 0.535, "NME");
    // A first experience with two groups.
    let base = of("pilot/base.log");
    assert_eq!(base.training, Training::Given(vec![vec![0, 1], vec![2], vec![3]]));
    near(score(&base, "aia.icarl17"), expected("pilot", "base", "average") / 100.0, "base");
    // What it says when the groups do not fit.
    let uneven = read("pilot/base.log").replace("init_cls: 10", "init_cls: 12");
    assert!(import(&uneven, Wish::default()).unwrap_err().contains("no group is a task of its own"));
}

#[test]
fn logs_of_pycil_without_groups_are_named() {
    let curves = "CNN top1 curve: [78.96, 72.14]\nCNN top1 curve: [78.96, 72.14, 70.11]\n";
    let error = import(curves, Wish::default()).unwrap_err();
    assert!(error.contains("of which the mean is 73.74") && error.contains("'00-09'"), "{error}");
    let old = "2020-01-01 [INFO] => {'total': 0.843, '00-09': 0.843, 'old': 0, 'new': 0.843}\n\
               2020-01-01 [INFO] => {'total': 0.7, '00-09': 0.6, '10-19': 0.8, 'old': 0.6, 'new': 0.8}\n";
    assert_eq!(import(old, Wish::default()).unwrap().rows, [[Some(0.843), None], [Some(0.6), Some(0.8)]]);
    let twice = format!("{old}{old}");
    assert!(said(&import(&twice, Wish::default()).unwrap(), "run 1, run 2; taken is run 2"));
}

#[test]
fn logs_that_do_not_say_what_was_trained_are_refused_with_the_remedy() {
    let cell = |task: u32, trained: u32| format!("{task},{trained},0.5000,1.0,0\n");
    let head = "eval_exp,training_exp,eval_accuracy,eval_loss,forgetting\n";
    // Five trainings and two evaluations of three tasks.
    let text =
        format!("{head}{}", [(0, 1), (1, 1), (2, 1), (0, 4), (1, 4), (2, 4)].map(|(task, at)| cell(task, at)).concat());
    assert!(import(&text, Wish::default()).unwrap_err().contains("keep one evaluation per task"));
    // The numbers of trainings say what was trained.
    let text = format!("{head}{}", [(0, 1), (1, 1), (0, 0), (1, 0)].map(|(task, at)| cell(task, at)).concat());
    assert_eq!(import(&text, Wish::default()).unwrap().training, Training::Given(vec![vec![1], vec![0]]));
    // An evaluation that is missing is an empty row.
    let text = format!("{head}{}", [(0, 0), (0, 2), (1, 2), (2, 2)].map(|(task, at)| cell(task, at)).concat());
    let found = import(&text, Wish::default()).unwrap();
    assert_eq!((found.rows.len(), &found.rows[1]), (3, &vec![None; 3]));
    for (text, why) in [
        ("training_exp,epoch,training_accuracy\n0,0,0.5\n", "scores need eval_results.csv"),
        (
            "-- >> Start of training phase << --\n-- >> End of training phase << --\n",
            "accuracy_metrics(experience=True)",
        ),
        (
            "\tTop1_Acc_Exp/eval_phase/train_stream/Task000/Exp000 = 0.5\n",
            "no accuracy on test_stream; there are train_stream",
        ),
        (&format!("{head}0,0,0.9500\n"), "line 2: 3 fields where 5 are expected"),
        (&format!("{head}0,0,nan,1,0\n"), "line 2: accuracy nan is out of range"),
        (head, "0 accuracies do not make a matrix"),
    ] {
        let error = import(text, Wish::default()).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}
