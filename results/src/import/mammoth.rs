//! Logs of Mammoth: `logs.pyd`, one printed Python dictionary per run.
//!
//! - `utils/loggers.py` at 032b8a0, <https://github.com/aimagelab/mammoth>: the keys `accuracy_<task>_task<after>`, in
//!   percent. Class-incremental and task-incremental accuracy stand in files of their own.
//! - `utils/training.py`: with `--eval_future` a line has the tasks to come between those so far, and with
//!   `--eval_epochs` it has the evaluations within a task, too. The model called `joint` is trained in the last task.

use std::collections::BTreeMap;

use super::{
    Imported, MAX_SIDE, Training,
    cells::Cells,
    literal::{Value, first},
};
use crate::words::short;

/// Reads all runs.
pub(super) fn logs(text: &str) -> Result<Vec<Imported>, String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let place = |why: String| format!("line {}: {why}", index + 1);
        let mut one = run(line).map_err(place)?;
        one.name = format!("line {}", index + 1);
        one.notes.push("the numbers are percentages".into());
        found.push(one);
    }
    Ok(found)
}

/// Reads a run.
fn run(line: &str) -> Result<Imported, String> {
    let (Value::Dict(pairs), end) = first(line).map_err(|why| why.replacen("line 1: ", "", 1))? else {
        return Err("not a dictionary; a log of Mammoth has one per line".into());
    };
    if line[end..].contains(|c: char| !c.is_whitespace()) {
        return Err("something follows the dictionary; a log of Mammoth has one per line".into());
    }
    let rows = accuracies(&pairs)?;
    if rows.is_empty() {
        let hint = if pairs.iter().any(|(key, _)| key.starts_with("accmean_task")) {
            "accmean_task… are averages over tasks; take the accuracy of single tasks from what the run printed"
        } else {
            "only class- and task-incremental runs have them"
        };
        return Err(format!("no key like `accuracy_1_task1`; {hint}"));
    }
    let mut notes = Vec::new();
    let mut rows = settle(rows, &mut notes);
    let of = |key: &str| pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    let joint = of("joint").is_some_and(|value| value.number() == Some(1.0) || value.shown() == "True")
        || matches!(of("model"), Some(Value::Text(model)) if model.starts_with("joint"));
    if joint && rows.len() > 1 {
        notes.push("a joint run, so that only its last row is of a model that was trained".into());
        rows.drain(..rows.len() - 1);
    }
    let mut cells = Cells::default();
    for (row, accuracies) in rows.iter().enumerate() {
        accuracies.iter().try_for_each(|(&task, &value)| cells.set(row + 1, task, value))?;
    }
    let mut one = cells.done(joint.then_some(Training::Joint))?;
    one.notes.extend(notes);
    Ok(one)
}

/// A row: accuracies by task, from 0.
type Row = BTreeMap<usize, f64>;

/// The accuracies of a run, by rows.
fn accuracies(pairs: &[(String, Value)]) -> Result<Vec<Row>, String> {
    let mut rows: Vec<Row> = Vec::new();
    let mut numbers = 0;
    for (key, value) in pairs {
        let Some((task, after)) = key.strip_prefix("accuracy_").and_then(|rest| rest.split_once("_task")) else {
            continue;
        };
        let (Ok(task), Ok(after)) = (task.parse::<u32>(), after.parse::<u32>()) else { continue };
        let (task, after) = (task as usize, after as usize);
        let value = value.number().ok_or_else(|| format!("`{}` is not a number", value.shown()))?;
        if task == 0 || after == 0 {
            return Err(format!("`{}`: tasks are counted from 1", short(key)));
        }
        // A run that evaluates tasks to come writes two rows for each.
        if task > MAX_SIDE || after > 2 * MAX_SIDE {
            return Err(format!("more than {MAX_SIDE} experiences or tasks"));
        }
        numbers += 1;
        if after > 100 + 100 * numbers {
            return Err(format!("{numbers} accuracies do not make a matrix of {after} experiences"));
        }
        if rows.len() < after {
            rows.resize(after, Row::new());
        }
        if rows[after - 1].insert(task - 1, value / 100.0).is_some() {
            return Err(format!("task {task} after experience {after} appears twice; remove one"));
        }
    }
    Ok(rows)
}

/// One row per experience, where a run has written more.
fn settle(rows: Vec<Row>, notes: &mut Vec<String>) -> Vec<Row> {
    let lengths: Vec<usize> = rows.iter().map(Row::len).collect();
    let tasks = lengths.last().copied().unwrap_or(0);
    // The tasks so far, then those to come, which are counted from 1 again.
    let future = |(index, &length): (usize, &usize)| {
        let so_far = index / 2 + 1;
        length == if index % 2 == 0 { so_far } else { tasks.wrapping_sub(so_far) }
    };
    if tasks > 1 && rows.len() == 2 * tasks - 1 && lengths.iter().enumerate().all(future) {
        notes.push("accuracies of tasks to come (--eval_future) are put into the rows of the tasks so far".into());
        let mut settled: Vec<Row> = Vec::new();
        for (index, row) in rows.into_iter().enumerate() {
            match settled.last_mut() {
                Some(last) if index % 2 == 1 => {
                    last.extend(row.into_iter().map(|(task, value)| (task + index / 2 + 1, value)));
                }
                _ => settled.push(row),
            }
        }
        return settled;
    }
    let steps = lengths.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1);
    if lengths.first() == Some(&1) && tasks > 1 && rows.len() > tasks && steps {
        notes.push("of several evaluations with as many tasks (--eval_epochs) the last counts".into());
        let last = |index: &usize| lengths.get(index + 1) != Some(&lengths[*index]);
        return rows.into_iter().enumerate().filter(|(index, _)| last(index)).map(|(_, row)| row).collect();
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::{Training, Wish, import};
    use crate::metric::find;

    const RUN: &str = "{'dataset': 'seq-mnist', 'accmean_task1': 99.0, 'accuracy_1_task1': 99.0, 'accuracy_1_task2': \
                       40.5, 'accuracy_2_task2': np.float64(98.0), 'forward_transfer': None}";

    #[test]
    fn every_line_is_a_run() {
        let text = format!("{RUN}\n{}\n", RUN.replace("99.0", "97.0"));
        let found = import(&text, Wish::default()).unwrap();
        assert_eq!(found.rows, [[Some(0.97), None], [Some(0.405), Some(0.98)]]);
        assert!(found.notes.last().unwrap().contains("line 1, line 2; taken is line 2"), "{:?}", found.notes);
        for first in ["line 1", "1"] {
            let found = import(&text, Wish { matrix: Some(first), ..Wish::default() }).unwrap();
            assert_eq!(found.rows[0][0], Some(0.99));
        }
        let error = import(&text, Wish { matrix: Some("3"), ..Wish::default() }).unwrap_err();
        assert_eq!(error, "there is no matrix `3` in it; there are line 1, line 2");
    }

    #[test]
    fn runs_without_accuracies_or_with_impossible_ones_are_refused() {
        let refused = |text: &str| import(text, Wish::default()).unwrap_err();
        assert!(refused("{'accmean_task1': 99.0}").starts_with("line 1: no key like `accuracy_1_task1`; accmean_task"));
        assert!(refused(&RUN.replace("40.5", "400")).contains("out of range"));
        assert!(refused(&RUN.replace("40.5", "nan")).contains("`nan` is not a number"));
        assert_eq!(
            refused(&RUN.replace("_2_task2", "_1_task2")),
            "line 1: task 1 after experience 2 appears twice; remove one"
        );
        assert!(refused("{'accuracy_1_task4000000000': 1.0}").contains("more than 10000"));
        assert!(refused("{'accuracy_1_task9000': 1.0}").contains("do not make a matrix"));
    }

    #[test]
    fn a_joint_run_is_scored_on_all_tasks() {
        let line = "{'joint': 1, 'accmean_task1': 95.5, 'accuracy_1_task1': 99.0, 'accuracy_2_task1': 94.5, \
                    'accuracy_3_task1': 93.0}";
        // A model that is trained in the last task, and evaluated before that as well.
        let model = "{'model': 'joint', 'accuracy_1_task1': 10.0, 'accuracy_1_task2': 10.0, 'accuracy_2_task2': 10.0, \
                     'accuracy_1_task3': 99.0, 'accuracy_2_task3': 94.5, 'accuracy_3_task3': 93.0}";
        for text in [line, &line.replace("'joint': 1, ", ""), model] {
            let found = import(text, Wish::default()).unwrap();
            assert_eq!((&found.training, found.rows.len()), (&Training::Joint, 1), "{text}");
            let (subject, _) = found.subject().unwrap();
            let of = |name| (find(name).unwrap().of)(&subject);
            assert!((of("acc.gem17").unwrap() - 0.955).abs() < 1e-12, "{text}");
            assert_eq!((of("bwt.gem17"), of("forgetting.chaudhry18"), of("la.mer19")), (None, None, None), "{text}");
        }
    }

    #[test]
    fn rows_of_tasks_to_come_and_of_epochs_find_their_places() {
        let keys = |rows: &[&[f64]]| {
            let mut keys = Vec::new();
            for (after, row) in rows.iter().enumerate() {
                for (task, value) in row.iter().enumerate() {
                    keys.push(format!("'accuracy_{}_task{}': {value}", task + 1, after + 1));
                }
            }
            format!("{{{}}}", keys.join(", "))
        };
        let future = keys(&[&[90.0], &[20.0, 30.0], &[60.0, 80.0], &[40.0], &[50.0, 70.0, 60.0]]);
        let found = import(&future, Wish::default()).unwrap();
        let full = |row: [f64; 3]| row.map(|value| Some(value / 100.0));
        assert_eq!(found.rows, [full([90.0, 20.0, 30.0]), full([60.0, 80.0, 40.0]), full([50.0, 70.0, 60.0])]);
        let epochs = keys(&[&[10.0], &[90.0], &[70.0, 50.0], &[60.0, 80.0]]);
        let found = import(&epochs, Wish::default()).unwrap();
        assert_eq!(found.rows, [[Some(0.9), None], [Some(0.6), Some(0.8)]]);
        assert!(found.notes[0].contains("--eval_epochs"));
    }
}
