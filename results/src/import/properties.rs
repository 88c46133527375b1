//! Nothing that a file can hold makes a reader panic, and no reader makes something up.

use proptest::prelude::*;

use super::{Imported, import};

const AVALANCHE: &str = "eval_exp,training_exp,eval_accuracy,eval_loss,forgetting\n0,None,0.1000,2.3,0\n\
                         0,0,0.9500,0.1,0\n1,0,0.0000,4.0,0\n0,1,0.4000,1.0,0.5500\n1,1,0.9000,0.2,0\n";
const MAMMOTH: &str = "{'dataset': 'seq-mnist', 'accuracy_1_task1': 99.0, 'accuracy_1_task2': 40.5, \
                       'accuracy_2_task2': np.float64(98.0), 'conf': [1, {'a': device(type='cuda')}]}";
const TEXT: &str = "-- >> Start of training phase << --\n-- >> End of training phase << --\n\
                    \tTop1_Acc_Exp/eval_phase/test_stream/Task000/Exp000 = 0.9876\n";
const JSON: &str = r#"[{"Top1_Acc_Exp/eval_phase/test_stream/Task000/Exp000": 0.9}]"#;
const MATRIX: &str = "after,a,b\nstart,0.5,0.4\n1,0.9,\n2,0.8,0.7\n";
const ALL: [&str; 5] = [AVALANCHE, MAMMOTH, TEXT, JSON, MATRIX];

/// A matrix of shares with a name per column.
fn sound(found: &Imported) -> bool {
    let rows = || found.baseline.iter().chain(&found.rows);
    let shares = rows().flatten().flatten().all(|value| (0.0..=1.0).contains(value));
    shares && !found.rows.is_empty() && rows().all(|row| row.len() == found.tasks.len() && !row.is_empty())
}

proptest! {
    #[test]
    fn any_bytes_are_a_matrix_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes);
        prop_assert!(import(&text).map_or(true, |found| sound(&found)));
    }

    #[test]
    fn any_numbers_are_a_matrix_or_an_error(text in "[0-9.,\n\"' -]{0,60}") {
        prop_assert!(import(&text).map_or(true, |found| sound(&found)));
    }

    #[test]
    fn altered_logs_are_a_matrix_or_an_error(which in 0..ALL.len(), at in 0_usize..300, put in ".{0,3}", cut in 0_usize..9) {
        let mut text: Vec<char> = ALL[which].chars().collect();
        let at = at.min(text.len());
        let end = (at + cut).min(text.len());
        text.splice(at..end, put.chars());
        let text: String = text.into_iter().collect();
        prop_assert!(import(&text).map_or(true, |found| sound(&found)), "{text}");
    }

    #[test]
    fn a_matrix_survives_the_file(cells in prop::collection::vec(prop::collection::vec(0_u32..=1000, 3), 1..5)) {
        let share = |cell: &u32| f64::from(*cell) / 1000.0;
        let lines: Vec<String> =
            cells.iter().map(|row| row.iter().map(|cell| share(cell).to_string()).collect::<Vec<_>>().join(",")).collect();
        let found = import(&format!("a,b,c\n{}\n", lines.join("\n"))).unwrap();
        let wanted: Vec<Vec<Option<f64>>> = cells.iter().map(|row| row.iter().map(|cell| Some(share(cell))).collect()).collect();
        prop_assert_eq!(found.rows, wanted);
    }
}

#[test]
fn logs_that_end_too_soon_are_never_read_as_longer_ones() {
    for whole in ALL {
        let cells = |found: &Imported| found.rows.iter().flatten().flatten().count();
        let all = cells(&import(whole).unwrap());
        for (end, _) in whole.char_indices() {
            if let Ok(found) = import(&whole[..end]) {
                assert!(sound(&found) && cells(&found) <= all, "{}", &whole[..end]);
            }
        }
    }
    for (text, why) in [
        (&MAMMOTH[..MAMMOTH.len() - 2], "line 1: "),
        (&JSON[..JSON.len() - 1], "EOF while parsing"),
        (&AVALANCHE[..AVALANCHE.len() - 10], "CSV error: record "),
        (&AVALANCHE[..57], "0 accuracies make no matrix"),
    ] {
        let error = import(text).unwrap_err();
        assert!(error.starts_with(why), "{error}");
    }
}
