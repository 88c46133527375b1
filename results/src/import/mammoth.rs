//! Logs of Mammoth: `logs.pyd`, one printed Python dictionary per run.
//!
//! - `utils/loggers.py` at 032b8a0, <https://github.com/aimagelab/mammoth>: the keys `accuracy_<task>_task<after>`, in
//!   percent. Class-incremental and task-incremental accuracy stand in files of their own.

use super::literal::{number, pairs};
use super::{Cells, Imported, NamedMatrix};
use crate::text::short;

/// Reads all runs; the last is the file's matrix.
pub(super) fn logs(text: &str) -> Result<Imported, String> {
    let mut last = Imported::default();
    let mut named = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let place = |why: String| format!("line {}: {why}", index + 1);
        let pairs = pairs(line).map_err(place)?;
        let mut cells = Cells::default();
        for (key, value) in &pairs {
            let Some((task, after)) = key.strip_prefix("accuracy_").and_then(|rest| rest.split_once("_task")) else {
                continue;
            };
            let (Ok(task), Ok(after)) = (task.parse::<u32>(), after.parse::<u32>()) else { continue };
            let value = number(value).ok_or_else(|| place(format!("`{}` is no number", short(value))))?;
            if task == 0 || after == 0 {
                return Err(place(format!("`{}`: tasks are counted from 1", short(key))));
            }
            cells.set_once(after as usize, task as usize - 1, value / 100.0).map_err(place)?;
        }
        if cells.cells.is_empty() {
            return Err(place(
                "no key like `accuracy_1_task1`; only class- and task-incremental runs have them".into(),
            ));
        }
        last = cells.done().map_err(place)?;
        named.push(NamedMatrix { name: format!("line {}", index + 1), rows: last.rows.clone() });
    }
    last.notes.push("the numbers are percentages".into());
    if named.len() > 1 {
        last.notes.push(format!("{} runs in the file; the last is taken", named.len()));
        last.named = named;
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::super::import;

    const RUN: &str = "{'dataset': 'seq-mnist', 'accmean_task1': 99.0, 'accuracy_1_task1': 99.0, \
                       'accuracy_1_task2': 40.5, 'accuracy_2_task2': np.float64(98.0), 'forward_transfer': None}";

    #[test]
    fn every_line_is_a_run() {
        let found = import(&format!("{RUN}\n{}\n", RUN.replace("99.0", "97.0"))).unwrap();
        assert_eq!(found.rows, [[Some(0.97), None], [Some(0.405), Some(0.98)]]);
        assert_eq!((found.named.len(), found.named[0].rows[0][0]), (2, Some(0.99)));
    }

    #[test]
    fn runs_without_accuracies_or_with_impossible_ones_are_refused() {
        assert!(import("{'accmean_task1': 99.0}").unwrap_err().starts_with("line 1: no key like"));
        assert!(import(&RUN.replace("40.5", "400")).unwrap_err().contains("out of range"));
        assert_eq!(
            import(&RUN.replace("_2_task2", "_1_task2")).unwrap_err(),
            "line 1: task 1 after experience 2 stands here twice; remove one"
        );
        assert!(import("{'accuracy_1_task4000000000': 1.0}").unwrap_err().contains("more than 10000"));
    }
}
