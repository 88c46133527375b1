//! Nothing that a file can hold makes a reader panic, and no reader makes something up.

use proptest::prelude::*;

use crate::import::{Imported, Training, Wish, decode};

const AVALANCHE: &str = "eval_exp,training_exp,eval_accuracy,eval_loss,forgetting\n0,None,0.1000,2.3,0\n\
                         0,0,0.9500,0.1,0\n1,0,0.0000,4.0,0\n0,1,0.4000,1.0,0.5500\n1,1,0.9000,0.2,0\n";
const MAMMOTH: &str = "{'dataset': 'seq-mnist', 'accuracy_1_task1': 99.0, 'accuracy_1_task2': 40.5, \
                       'accuracy_2_task2': np.float64(98.0), 'conf': [1, {'a': device(type='cuda')}]}";
const CONSOLE: &str = "Accuracy for 1 task(s): \t [Class-IL]: 90.0 %\n\tRaw accuracy values: Class-IL [90.0] | \
                       Task-IL [0]\n\
                       Accuracy for 2 task(s): \t [Class-IL]: 80.0 %\n\tRaw accuracy values: Class-IL [70.0, 90] | \
                       Task-IL [0, 0]\n";
const PILOT: &str = "init_cls: 5\nincrement: 5\nCNN: {'total': 55.0, '00-04': 55.0, 'new': 55.0}\n\
                     CNN: {'total': np.float64(60.0), '00-04': 50.0, '05-09': 70.0}\n";
const TABLE: &str = "Accuracy Matrix (CNN):\n[[55.  55.  59.5]\n [ 0.  63.  72.5]\n [ 0.   0.  84. ]]\n";
const TEXT: &str = "-- >> Start of training phase << --\n-- >> End of training phase << --\n\
                    \tTop1_Acc_Exp/eval_phase/test_stream/Task000/Exp000 = 0.9876\n";
const JSON: &str = r#"[{"Top1_Acc_Exp/eval_phase/test_stream/Task000/Exp000": 0.9}]"#;
const SERIES: &str = r#"{"Top1_Acc_Exp/eval_phase/test_stream/Exp000": [[0, 8, 16], [0.1, 0.9, 0.6]]}"#;
const MATRIX: &str = "after,a,b\nstart,0.5,0.4\n1,0.9,\n2,0.8,0.7\n";
const LISTS: &str = "[[0.9, null], [0.6, 0.8]]";
const PRINTED: &str = "[[0.9 0.  0. ]\n [0.6 0.8 0. ]\n [0.5 0.7\n  0.9]]";
const MARKDOWN: &str = "| after | a | b |\n|---|---|---|\n| 0 | 95% | - |\n| 1 | 60,5% | 93% |\n";
const ALL: [&str; 12] =
    [AVALANCHE, MAMMOTH, CONSOLE, PILOT, TABLE, TEXT, JSON, SERIES, MATRIX, LISTS, PRINTED, MARKDOWN];

/// Reads a text without a wish.
fn import(text: &str) -> Result<Imported, String> {
    crate::import::import(text, Wish::default())
}

/// A matrix of shares with a name per column, of which a subject can be made.
fn sound(found: &Imported) -> bool {
    let rows = || found.baseline.iter().chain(&found.rows);
    let shares = rows().flatten().flatten().all(|value| (0.0..=1.0).contains(value));
    let trained = match &found.training {
        Training::Given(trained) => {
            trained.len() == found.rows.len() && trained.iter().flatten().all(|&task| task < found.tasks.len())
        }
        Training::Joint => found.rows.len() == 1,
        Training::OneTest => found.tasks.len() == 1,
        Training::InOrder => true,
    };
    let _ = found.subject();
    shares && trained && !found.rows.is_empty() && rows().all(|row| row.len() == found.tasks.len() && !row.is_empty())
}

/// A sound matrix, or a message that people can act on and no error of a parser.
fn fine(found: Result<Imported, String>) -> bool {
    match found {
        Ok(found) => sound(&found),
        Err(why) => ["CSV error", "EOF while", "expected value", "at line", "invalid type", "key must be", "trailing"]
            .iter()
            .all(|raw| !why.contains(raw)),
    }
}

#[test]
fn a_row_without_a_cell_was_not_evaluated() {
    let found = import("[[0.5], [], [0.5, 0.6, 0.7]]").unwrap();
    assert!(found.rows[1].iter().all(Option::is_none) && found.rows[2].iter().all(Option::is_some), "{found:?}");
    assert!(["[[], [0.5]]", "[[0.5], []]", "[[], [0.5, 0.6]]"].into_iter().all(|text| fine(import(text))));
}

#[test]
fn lists_that_hold_nothing_are_refused() {
    for text in ["[]", "[[]]", "[[], []]", "{}", "[{}]", "()", "[ ]\n[ ]"] {
        let found = import(text);
        assert!(found.is_err() && fine(found), "{text}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_matrix_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(fine(decode(&bytes).and_then(|text| import(&text))));
        let text = String::from_utf8_lossy(&bytes);
        prop_assert!(fine(import(&text)), "{text}");
    }

    #[test]
    fn any_numbers_are_a_matrix_or_an_error(text in "[0-9.,;|\t\n\"'\\[\\](){}:%#a -]{0,60}", transpose: bool) {
        prop_assert!(fine(import(&text)), "{text}");
        let wish = Wish { transpose: Some(transpose), matrix: None };
        prop_assert!(fine(crate::import::import(&text, wish)), "{text}");
    }

    #[test]
    fn altered_files_are_a_matrix_or_an_error(
        which in 0..ALL.len(),
        at in 0_usize..300,
        put in "(.{0,3}|\r\n|\u{1b}\\[2J|9{30}|nan|\\[\\[)",
        cut in 0_usize..9,
        crlf: bool,
    ) {
        let mut text: Vec<char> = ALL[which].chars().collect();
        let at = at.min(text.len());
        let end = (at + cut).min(text.len());
        text.splice(at..end, put.chars());
        let text: String = text.into_iter().collect();
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        prop_assert!(fine(import(&text)), "{text}");
        let utf16: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        if !text.contains('\0') {
            prop_assert_eq!(decode(&utf16), Ok(text));
        }
    }

    #[test]
    fn a_matrix_survives_the_file(cells in prop::collection::vec(prop::collection::vec(1_u32..=999, 3), 2..=3)) {
        let share = |cell: &u32| f64::from(*cell) / 1000.0;
        let line = |row: &Vec<u32>| row.iter().map(|cell| share(cell).to_string()).collect::<Vec<_>>().join(",");
        let lines: Vec<String> = cells.iter().map(line).collect();
        let found = import(&format!("a,b,c\n{}\n", lines.join("\n"))).unwrap();
        let wanted = |row: &Vec<u32>| row.iter().map(|cell| Some(share(cell))).collect();
        prop_assert_eq!(found.rows, cells.iter().map(wanted).collect::<Vec<Vec<Option<f64>>>>());
    }
}

#[test]
fn files_that_end_too_soon_are_never_read_as_longer_ones() {
    for whole in ALL {
        let cells = |found: &Imported| found.rows.iter().flatten().flatten().count();
        let found = import(whole).unwrap_or_else(|why| panic!("{why}: {whole}"));
        assert!(sound(&found), "{whole}");
        for (end, _) in whole.char_indices() {
            let cut = import(&whole[..end]);
            assert!(fine(cut.clone()), "{}", &whole[..end]);
            assert!(cut.map_or(0, |cut| cells(&cut)) <= cells(&found), "{}", &whole[..end]);
        }
    }
    for (text, why) in [
        (&MAMMOTH[..MAMMOTH.len() - 2], "line 1: `]` is missing"),
        (&JSON[..JSON.len() - 1], "line 1: `]` is missing"),
        (&AVALANCHE[..AVALANCHE.len() - 10], "line 6: "),
        (&AVALANCHE[..57], "0 accuracies do not make a matrix"),
        (&PRINTED[..PRINTED.len() - 2], "line 4: `]` is missing"),
    ] {
        let error = import(text).unwrap_err();
        assert!(error.starts_with(why), "{error}");
    }
}

#[test]
fn few_bytes_never_claim_a_large_matrix() {
    let commas = ",".repeat(9_000) + "0.5\n";
    for text in [
        "eval_exp,training_exp,eval_accuracy,eval_loss,forgetting\n9999,9999,0.5,0,0\n".into(),
        "eval_exp,training_exp,eval_accuracy,eval_loss,forgetting\n4000000000,0,0.5,0,0\n".into(),
        "{'accuracy_9999_task9999': 1.0}".into(),
        "\tTop1_Acc_Exp/eval_phase/test_stream/Exp4294967295 = 0.5\n".into(),
        format!("{commas}{}", "0.5\n".repeat(9_000)),
        format!("after,{}\n1,0.5\n9000,0.5\n", (1..9_000).map(|task| format!("t{task}")).collect::<Vec<_>>().join(",")),
        format!("[{}[{}]]", "[0.5],".repeat(9_000), "0.5,".repeat(9_000)),
        "[".repeat(200_000),
    ] {
        let error = import(&text).unwrap_err();
        assert!(error.len() < 500, "{error}");
    }
}
