//! What Mammoth prints while it trains: a line with the accuracy on each task after each of them.
//!
//! - `utils/loggers.py`, `print_mean_accuracy`, at 2a9b4e9 and later, <https://github.com/aimagelab/mammoth>: above the
//!   line stands `Accuracy for N task(s): …`, `Joint Accuracy: …`, `Accuracy (epoch E) for …` or `Future Accuracy …`.

use super::{
    Imported, Training,
    cells::Cells,
    literal::{Value, first},
};

const RAW: &str = "Raw accuracy values:";

/// Whether a text is of this kind.
pub(super) fn speaks(text: &str) -> bool {
    text.contains(RAW) || text.contains("task(s):") && text.contains("-IL]")
}

/// An evaluation: what the line above says, and the accuracies by setting.
struct Evaluation {
    head: Head,
    /// How many tasks were trained.
    tasks: usize,
    settings: Vec<(String, Vec<f64>)>,
}

/// What kind of evaluation follows.
#[derive(Clone, Copy, PartialEq)]
enum Head {
    /// After a task.
    Task,
    /// Of the tasks to come, after a task.
    Future,
    /// After joint training.
    Joint,
    /// Within a task.
    Epoch,
}

/// Reads all runs, each with a matrix per setting; the class-incremental one of the last run stands last.
pub(super) fn lines(text: &str) -> Result<Vec<Imported>, String> {
    if !text.contains(RAW) {
        let why = "only averages over tasks are printed here; take logs.pyd of the run, which has the accuracy on each";
        return Err(why.into());
    }
    let mut runs: Vec<Vec<Evaluation>> = Vec::new();
    let mut above = None;
    for (index, line) in text.lines().enumerate() {
        // Progress bars end with a carriage return alone.
        let line = line.rsplit_once('\r').map_or(line, |(_, line)| line);
        above = headed(line).or(above);
        let Some((_, values)) = line.split_once(RAW) else { continue };
        let settings = settings(values).map_err(|why| format!("line {}: {why}", index + 1))?;
        let length = settings.first().map_or(0, |(_, values)| values.len());
        let (head, tasks) = above.take().unwrap_or((Head::Task, None));
        let one = Evaluation { head, tasks: tasks.unwrap_or(length), settings };
        match runs.last_mut() {
            Some(run) if !begins(&one, run) => run.push(one),
            _ => runs.push(vec![one]),
        }
    }
    let several = runs.len() > 1;
    let mut found = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let mut matrices = matrices(run)?;
        if several {
            matrices.iter_mut().for_each(|one| one.name = format!("{}, run {}", one.name, index + 1));
        }
        found.append(&mut matrices);
    }
    Ok(found)
}

/// Whether an evaluation begins another run.
fn begins(one: &Evaluation, run: &[Evaluation]) -> bool {
    let Some(before) = run.iter().rfind(|one| one.head != Head::Future) else { return true };
    let ended = one.tasks < before.tasks || one.tasks == before.tasks && before.head == Head::Task;
    one.head == Head::Joint || before.head == Head::Joint || one.head != Head::Future && ended
}

/// The kind of evaluation that a line announces, and how many tasks were trained.
fn headed(line: &str) -> Option<(Head, Option<usize>)> {
    let kinds = [
        ("Accuracy (epoch", Head::Epoch),
        ("Joint Accuracy", Head::Joint),
        ("Future Accuracy for", Head::Future),
        ("Accuracy for", Head::Task),
    ];
    let (_, head) = kinds.into_iter().find(|(start, _)| line.contains(start))?;
    let tasks = line.split_once(" task(s)").and_then(|(before, _)| before.rsplit(' ').next()?.parse().ok());
    Some((head, tasks))
}

/// `Class-IL [20.8, 87.5] | Task-IL [0, 0]`, by name.
fn settings(text: &str) -> Result<Vec<(String, Vec<f64>)>, String> {
    let part = |part: &str| {
        let start = part.find('[').ok_or("no list of accuracies; the line may be cut off")?;
        let (name, list) = part.split_at(start);
        let Value::List(items) = first(list).map_err(|why| why.replacen("line 1: ", "", 1))?.0 else {
            return Err("no list of accuracies".into());
        };
        let share = |item: &Value| {
            let number = item.number().filter(|number| (0.0..=100.0).contains(number));
            number.map(|number| number / 100.0).ok_or_else(|| format!("`{}` is not a percentage", item.shown()))
        };
        Ok((name.trim().to_owned(), items.iter().map(share).collect::<Result<_, String>>()?))
    };
    text.split('|').map(part).collect()
}

/// The matrices of a run, class-incremental accuracy last unless all of it is 0.
fn matrices(run: &[Evaluation]) -> Result<Vec<Imported>, String> {
    let joint = run.iter().any(|one| one.head == Head::Joint);
    // The evaluation after a task follows those within it.
    let within = |index: usize| {
        run[index].head == Head::Epoch && run[index + 1..].iter().any(|next| next.tasks == run[index].tasks)
    };
    let left_out = (0..run.len()).filter(|&index| within(index)).count();
    let mut found = Vec::new();
    for (name, _) in &run[0].settings {
        let (mut cells, mut row) = (Cells::default(), 0);
        for one in (0..run.len()).filter(|&index| !within(index)).map(|index| &run[index]) {
            let Some((_, values)) = one.settings.iter().find(|(other, _)| other == name) else { continue };
            let start = if one.head == Head::Future { row } else { 0 };
            // What a log begins with need not be the first task.
            row = match one.head {
                Head::Future => row,
                Head::Joint => 1,
                Head::Task | Head::Epoch => one.tasks,
            };
            values.iter().enumerate().try_for_each(|(task, &value)| cells.set(row.max(1), start + task, value))?;
        }
        let mut one = cells.done(joint.then_some(Training::Joint)).map_err(|why| format!("{name}: {why}"))?;
        if left_out > 0 {
            one.notes.push(format!("{left_out} evaluations within tasks are left out"));
        }
        one.notes.push("the numbers are percentages".into());
        one.name = name.trim().into();
        found.push(one);
    }
    let nothing = |one: &Imported| one.rows.iter().flatten().flatten().all(|&value| value == 0.0);
    found.sort_by_key(|one| (!nothing(one), one.name == "Class-IL"));
    Ok(found)
}
