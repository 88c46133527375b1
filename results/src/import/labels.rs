//! What the names of rows and columns say: which row is the baseline, and what each experience trained.

use std::borrow::Cow;

use super::{Training, cell::Shares};
use crate::words::short;

/// Labels of the evaluation before the first step.
const STARTS: [&str; 13] = [
    "start",
    "init",
    "initial",
    "initialization",
    "initialisation",
    "baseline",
    "before",
    "before training",
    "random",
    "untrained",
    "none",
    "-1",
    "pre",
];
/// Labels of a model that was trained on all tasks at once.
const JOINT: [&str; 5] = ["joint", "multitask", "multi-task", "offline", "upper bound"];

/// Rows in their places.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) baseline: Option<Vec<Option<f64>>>,
    pub(super) rows: Shares,
    pub(super) training: Training,
    /// What was assumed.
    pub(super) notes: Vec<String>,
}

/// Puts rows into their places by their labels.
pub(super) fn place(rows: Shares, labels: Option<&[Cow<str>]>, names: Option<&[Cow<str>]>) -> Result<Placed, String> {
    let tasks = rows.first().map_or(0, Vec::len);
    match labels {
        Some(labels) => {
            labelled(rows, &labels.iter().map(|label| label.trim().to_lowercase()).collect::<Vec<_>>(), names)
        }
        None if rows.len() == 1 && tasks > 1 => Err(format!(
            "one row and {tasks} columns, and it is not said what was trained; begin the row with the word joint if \
             all tasks were trained at once, or with 1 if only the first one was"
        )),
        None => Ok(Placed { baseline: None, rows, training: Training::InOrder, notes: Vec::new() }),
    }
}

fn labelled(mut rows: Shares, mut labels: &[String], names: Option<&[Cow<str>]>) -> Result<Placed, String> {
    let tasks = rows.first().map_or(0, Vec::len);
    let mut placed = Placed { baseline: None, rows: Vec::new(), training: Training::InOrder, notes: Vec::new() };
    if labels.first().is_some_and(|label| STARTS.contains(&&**label)) {
        (placed.baseline, labels) = (Some(rows.remove(0)), &labels[1..]);
    }
    if labels.is_empty() {
        return Ok(placed);
    }
    if let Some(label) = labels.iter().find(|label| JOINT.contains(&&***label)) {
        if labels.len() > 1 {
            let name = short(label);
            return Err(format!("a row is called `{name}`, and there are others; score it in a file of its own"));
        }
        (placed.rows, placed.training) = (rows, Training::Joint);
    } else if let Some(trained) = by_name(labels, names) {
        if trained.iter().enumerate().any(|(index, &task)| index != task) {
            placed.notes.push("the rows are called like tasks, so each is read as trained on the one it names".into());
            placed.training = Training::Given(trained.into_iter().map(|task| vec![task]).collect());
        }
        placed.rows = rows;
    } else if let Some(numbers) = numbers(labels) {
        by_number(&mut placed, rows, &numbers, names)?;
        placed = single(placed, tasks);
    } else {
        twice(labels)?;
        placed.rows = rows;
        placed = single(placed, tasks);
    }
    Ok(placed)
}

/// A labelled matrix of one column has one test set for all experiences.
fn single(mut placed: Placed, tasks: usize) -> Placed {
    if tasks == 1 && placed.rows.len() > 1 {
        placed.training = Training::OneTest;
    }
    placed
}

/// The tasks that rows are called after, if all are; numbers alone are those of experiences, unless they are the same.
fn by_name(labels: &[String], names: Option<&[Cow<str>]>) -> Option<Vec<usize>> {
    let names: Vec<String> = names?.iter().map(|name| name.trim().to_lowercase()).collect();
    let task = |label: &String| {
        let label = label.strip_prefix("after ").unwrap_or(label).trim();
        names.iter().position(|name| name == label)
    };
    let trained: Vec<usize> = labels.iter().map(task).collect::<Option<_>>()?;
    let counted = labels.iter().all(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    let ordered = trained.iter().enumerate().all(|(index, &task)| index == task);
    (ordered || !counted).then_some(trained)
}

/// The numbers that all texts end with, if they begin alike.
fn numbers(texts: &[impl AsRef<str>]) -> Option<Vec<u64>> {
    let parted = |text: &str| {
        let prefix = text.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
        let number = text[prefix.len()..].parse().ok()?;
        Some((prefix, number))
    };
    let parted: Option<Vec<(String, u64)>> = texts.iter().map(|text| parted(text.as_ref().trim())).collect();
    let parted = parted?;
    let alike = parted.iter().all(|(prefix, _)| *prefix == parted[0].0);
    alike.then(|| parted.into_iter().map(|(_, number)| number).collect())
}

fn twice(labels: &[impl AsRef<str>]) -> Result<(), String> {
    let mut sorted: Vec<&str> = labels.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("`{}` appears twice; keep one run per file, or rename one", short(pair[0]))),
        None => Ok(()),
    }
}

/// Places rows that are numbered.
fn by_number(placed: &mut Placed, mut rows: Shares, numbers: &[u64], names: Option<&[Cow<str>]>) -> Result<(), String> {
    if let Some(pair) = numbers.windows(2).find(|pair| pair[0] >= pair[1]) {
        let [before, after] = [pair[0], pair[1]];
        let fix = if before == after { "keep one run per file" } else { "sort the rows by number" };
        return Err(format!("row {after} comes after row {before}; {fix}"));
    }
    let tasks = rows[0].len();
    let (mut numbers, mut start) = (numbers, u64::from(numbers[0] > 0 || placed.baseline.is_none()));
    if start == 1 && numbers[0] == 0 {
        if is_baseline(&rows, names)? {
            let why = "row 0 is read as the evaluation before training, because there are more rows than tasks";
            placed.notes.push(why.into());
            (placed.baseline, numbers) = (Some(rows.remove(0)), &numbers[1..]);
        } else {
            placed.notes.push(format!(
                "rows are counted from 0, so row 0 is read as the first experience: {} rows and {tasks} tasks; call it \
                 start if it was evaluated before training",
                rows.len()
            ));
            start = 0;
        }
    }
    let places: Vec<usize> =
        numbers.iter().map(|number| usize::try_from(number - start).unwrap_or(usize::MAX - 1)).collect();
    let Some(&last) = places.last() else { return Ok(()) };
    let apart = places.windows(2).all(|pair| pair[1] - pair[0] == places[1] - places[0]);
    if last + 1 == places.len() || last >= tasks && apart {
        if last + 1 != places.len() {
            placed.notes.push("rows are taken in their order, one per experience, whatever their numbers".into());
        }
        placed.rows = rows;
    } else if last < tasks && last < 2 * places.len() + 100 {
        placed.notes.push(format!(
            "{} of the first {} experiences have no row and are read as not evaluated",
            last + 1 - places.len(),
            last + 1
        ));
        placed.rows = vec![vec![None; tasks]; last + 1];
        places.into_iter().zip(rows).for_each(|(place, row)| placed.rows[place] = row);
    } else {
        return Err("the numbers of the rows have gaps, and there are more than tasks; number them from 1".into());
    }
    Ok(())
}

/// Whether row 0 was evaluated before training.
fn is_baseline(rows: &Shares, names: Option<&[Cow<str>]>) -> Result<bool, String> {
    let tasks = rows[0].len();
    if rows.len() == tasks {
        return Ok(false);
    }
    if rows.len() > tasks && tasks > 1 {
        return Ok(true);
    }
    let names_from_zero = names.and_then(numbers).is_some_and(|numbers| numbers.first() == Some(&0));
    let alone = tasks > 1 && rows[0].iter().skip(1).all(Option::is_none);
    if names_from_zero || alone {
        return Ok(false);
    }
    Err(format!(
        "{} rows counted from 0 and {tasks} tasks: is row 0 the evaluation before training? call it start if it is, or \
         count rows from 1",
        rows.len()
    ))
}

/// Refuses columns that were sorted as texts, `task_10` before `task_2`, and names that stand there twice.
pub(super) fn names_in_order(names: &[Cow<str>]) -> Result<(), String> {
    twice(names).map_err(|why| format!("names of columns: {why}"))?;
    let Some(numbers) = numbers(names) else { return Ok(()) };
    if numbers.is_sorted() || !names.is_sorted() {
        return Ok(());
    }
    let pair = numbers.windows(2).position(|pair| pair[0] > pair[1]).unwrap_or(0);
    Err(format!(
        "columns are sorted as text, `{}` before `{}`; put them in the order in which the tasks were trained",
        short(&names[pair]),
        short(&names[pair + 1])
    ))
}
