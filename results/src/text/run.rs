//! One run in a terminal of 80 columns: its accuracy matrix, its metrics and what it spent.

use crate::{
    metric::{Metric, Scores, measured},
    record::{LedgerRow, Matrix, check::total},
    statistics::Estimate,
    words::{
        clean,
        columns::{Side, WIDTH, grid},
        cut, fixed, grouped, prefixed, wrap,
    },
};

/// Columns and rows of a matrix that are shown; of more, the middle ones are left out.
const MAX_COLUMNS: usize = 10;
const MAX_ROWS: usize = 20;
/// Characters at the head of a task's column.
const MAX_HEAD: usize = 5;

/// The accuracy matrix in percent: a row before the first step and after each experience, a column per task.
///
/// A star marks the tasks that the experience of the row trained. Long names of tasks are listed below the matrix.
pub fn matrix_text(matrix: &Matrix, names: &[String]) -> String {
    let tasks = shown(matrix.tasks(), MAX_COLUMNS);
    let names: Vec<String> = names.iter().map(|name| clean(name)).collect();
    let fit = names.len() == matrix.tasks() && names.iter().all(|name| (1..=MAX_HEAD).contains(&name.chars().count()));
    let head = |task: usize| if fit { names[task].clone() } else { (task + 1).to_string() };
    let mut header = vec!["after".to_string()];
    header.extend(tasks.iter().map(|task| task.map_or("…".into(), head)));
    let mut rows = Vec::new();
    for experience in shown(matrix.experiences() + 1, MAX_ROWS) {
        let Some(experience) = experience else {
            rows.push(vec!["…".to_string(); header.len()]);
            continue;
        };
        let label = if experience == 0 { "start".into() } else { experience.to_string() };
        let cells = tasks.iter().map(|task| task.map_or("…".into(), |task| cell(matrix, experience, task)));
        rows.push(std::iter::once(label).chain(cells).collect());
    }
    let mut text = grid(&header, &rows, &[]);
    if !fit && !names.is_empty() {
        let legend =
            tasks.iter().flatten().filter_map(|&task| Some(format!("{}={}", task + 1, cut(names.get(task)?, 40))));
        text.push_str(&wrap(&format!("tasks: {}", legend.collect::<Vec<_>>().join(", ")), WIDTH));
        text.push('\n');
    }
    text
}

fn cell(matrix: &Matrix, experience: usize, task: usize) -> String {
    let star = if matrix.trains(experience, task) { "*" } else { "" };
    // Without a decimal, ten columns that all reach 100 % still fit.
    let percent = |accuracy: f64| if accuracy >= 0.9995 { "100".into() } else { fixed(accuracy * 100.0, 1) };
    matrix.after(experience, task).map_or("—".into(), |accuracy| format!("{star}{}", percent(accuracy)))
}

/// All of `0..count`, or its first and last with a gap between them.
fn shown(count: usize, limit: usize) -> Vec<Option<usize>> {
    if count <= limit {
        return (0..count).map(Some).collect();
    }
    let first = limit / 2;
    let last = count - (limit - first - 1)..count;
    (0..first).map(Some).chain([None]).chain(last.map(Some)).collect()
}

/// The `metrics`, one a line, with their direction and definition, or why they have no value.
pub fn scores_text(scores: &Scores, metrics: &[&Metric]) -> String {
    let line = |metric: &&Metric| {
        let estimate = |mean| Estimate { mean, deviation: None, half_width: None, n: 1 };
        let value = scores.get(metric).map_or("—".into(), |value| measured(metric, estimate(value)).0);
        let name = metric.head();
        let about = scores.why(metric).unwrap_or(metric.about);
        format!("{name:<6}{value:>6}  {}\n", wrap(about, WIDTH - 14).replace('\n', "\n            "))
    };
    metrics.iter().map(line).collect()
}

/// The column of examples that the environment brought back.
const REHEARSED: usize = 4;

/// What a run spent, by phase: what the budget paid for, its sum, and what was only recorded.
pub fn spend_text(ledger: &[LedgerRow]) -> String {
    let mut phases: Vec<(&str, bool)> = Vec::new();
    for row in ledger {
        if !phases.contains(&(&row.phase, row.charged)) {
            phases.push((&row.phase, row.charged));
        }
    }
    phases.sort_by_key(|&(_, charged)| !charged);
    let mut rows = Vec::new();
    for charged in [true, false] {
        let group = phases.iter().filter(|phase| phase.1 == charged);
        rows.extend(group.map(|(phase, _)| {
            let name = if charged { clean(phase) } else { format!("{} (not charged)", clean(phase)) };
            sum(&cut(&name, 30), ledger.iter().filter(|row| row.phase == *phase && row.charged == charged))
        }));
        if charged {
            rows.push(sum("charged in all", ledger.iter().filter(|row| row.charged)));
        }
    }
    let mut header = ["phase", "steps", "examples", "replayed", "rehearsed", "operations", "state"].to_vec();
    if ledger.iter().all(|row| row.rehearsed == 0) {
        header.remove(REHEARSED);
        rows.iter_mut().for_each(|row| drop(row.remove(REHEARSED)));
    }
    grid(&header.into_iter().map(String::from).collect::<Vec<_>>(), &rows, &[Side::Left])
}

fn sum<'a>(name: &str, rows: impl Iterator<Item = &'a LedgerRow>) -> Vec<String> {
    // What is not charged is added up in the same way here; the row's name says what it is.
    let rows: Vec<LedgerRow> = rows.map(|row| LedgerRow { charged: true, ..row.clone() }).collect();
    let Some(sum) = total(&rows) else {
        return [name, "—", "—", "—", "—", "—", "—"].map(String::from).to_vec();
    };
    vec![
        name.into(),
        grouped(sum.steps),
        grouped(sum.examples),
        grouped(sum.replayed),
        grouped(sum.rehearsed),
        prefixed(sum.flops).trim().into(),
        format!("{}B", prefixed(sum.state_bytes)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::USUAL;
    use crate::record::example;

    #[test]
    fn a_matrix_fits_its_names_above_its_columns() {
        let matrix = example::run("er", 0, example::MIXED[3]).matrix().set(1, 2, None);
        let text = matrix_text(&matrix, &example::stream().tasks);
        assert_eq!(
            text,
            "after    0-1    2-3    4-5\n\
             ───────────────────────────\n\
             start   50.0   50.0   50.0\n    \
                 1  *90.0   45.0      —\n    \
                 2   95.0  *80.0   35.0\n    \
                 3   60.0   85.0  *70.0\n"
        );
    }

    #[test]
    fn long_names_are_listed_below_and_many_tasks_elided() {
        let row: Vec<f64> = (0..40).map(|task| f64::from(task) / 40.0).collect();
        let matrix = Matrix::sequential(&row, &vec![row.as_slice(); 40]);
        let names: Vec<String> = (1..=40).map(|task| format!("permutation\n{task}")).collect();
        let text = matrix_text(&matrix, &names);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.starts_with("after     1     2     3     4      5  …     37     38     39     40\n"), "{text}");
        assert!(text.contains("tasks: 1=permutation1, 2=permutation2,"), "{text}");
        assert_eq!(text.lines().filter(|line| line.trim_start().starts_with('…')).count(), 1);
    }

    #[test]
    fn ten_tasks_that_are_all_known_fit_the_terminal() {
        let row = [1.0; 10];
        let text = matrix_text(&Matrix::sequential(&row, &[&row[..]; 10]), &vec!["tasks".to_string(); 10]);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.contains("*100"), "{text}");
    }

    #[test]
    fn scores_are_listed_with_their_direction() {
        let text = scores_text(&example::run("er", 0, example::MIXED[3]).scores(USUAL), USUAL);
        assert_eq!(
            text.lines().take(5).collect::<Vec<_>>(),
            [
                "ACC ↑   71.7  mean of the last row (Lopez-Paz & Ranzato 2017)",
                "AIA ↑   83.1  mean over rows of the mean over tasks seen (CapyMOA)",
                "BWT ↑  -12.5  last row minus diagonal, over T-1 tasks (Lopez-Paz & Ranzato 2017)",
                "FWT ↑  -10.0  row before a task minus baseline, over T-1 tasks (Lopez-Paz &",
                "              Ranzato 2017)",
            ]
        );
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(scores_text(&Scores::default(), USUAL).starts_with("ACC ↑      —  mean"));
        let mut seen = example::run("er", 0, example::MIXED[3]);
        seen.records.retain(|record| record.task < record.experience);
        let text = scores_text(&seen.scores(USUAL), USUAL);
        assert!(
            text.contains("\nFWT ↑      —  it needs accuracies before training: a first row called `start`\n"),
            "{text}"
        );
        assert!(text.contains("\nFGT ↓   15.0  "), "{text}");
    }

    #[test]
    fn charged_and_recorded_stand_apart() {
        let manifest = example::manifest("er", 0);
        let mut ledger = example::ledger(&manifest);
        ledger.push(LedgerRow { experience: 2, steps: 700, ..ledger[0].clone() });
        assert_eq!(
            spend_text(&ledger),
            "phase                   steps  examples  replayed  operations  state\n\
             ─────────────────────────────────────────────────────────────────────\n\
             train                   1 000    19 200         0      2.46 G    0 B\n\
             charged in all          1 000    19 200         0      2.46 G    0 B\n\
             evaluate (not charged)      0     2 400         0      45.0 M    0 B\n"
        );
    }
}
