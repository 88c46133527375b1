//! Logs of Avalanche: `eval_results.csv`, the text of its loggers, and the dictionaries that `eval` returns.
//!
//! - `avalanche/logging/csv_logger.py` at cc2205f, `avalanche/logging/text_logging.py` at 1e7e138 and
//!   `avalanche/training/plugins/evaluation.py`, <https://github.com/ContinualAI/avalanche>: the formats. Version 0.6.0
//!   wrote the logs of the tests.

mod csv;
mod dictionaries;
mod text;

pub(super) use csv::csv;
pub(super) use dictionaries::dictionaries;
pub(super) use text::text;

use super::{Imported, Training, cells::Cells};
use crate::words::short;

const METRIC: &str = "Top1_Acc_Exp/eval_phase/";

/// Whether a text is of this kind.
pub(super) fn speaks(text: &str) -> bool {
    text.contains("Top1_Acc_Exp/") || text.contains("Start of training phase") || text.contains("/eval_phase/")
}

/// The stream and the experience that a metric is about, if it is the accuracy on one.
fn experience(name: &str) -> Option<(&str, usize)> {
    let (stream, rest) = name.strip_prefix(METRIC)?.split_once('/')?;
    let number = rest.rsplit('/').next()?.strip_prefix("Exp")?;
    Some((stream, number.parse::<u32>().ok()? as usize))
}

/// The stream that counts, of those that were evaluated.
fn counted<'a>(mut streams: Vec<&'a str>, notes: &mut Vec<String>) -> Result<&'a str, String> {
    streams.sort_unstable();
    streams.dedup();
    let others: Vec<&str> = streams.iter().copied().filter(|stream| !stream.starts_with("train")).collect();
    match (streams.iter().find(|stream| **stream == "test_stream"), &others[..]) {
        (Some(test), _) => Ok(test),
        (None, [only]) => {
            notes.push(format!("there is no test_stream; the accuracy on {} counts", short(only)));
            Ok(only)
        }
        _ if streams.is_empty() => Err("no accuracy on single experiences; give the EvaluationPlugin \
                                        accuracy_metrics(experience=True), and evaluate after training"
            .into()),
        _ => {
            let all: Vec<String> = streams.iter().map(|stream| short(stream)).collect();
            Err(format!("no accuracy on test_stream; there are {}", all.join(", ")))
        }
    }
}

/// An evaluation: how many training phases ended before it, and the accuracy by experience.
struct Evaluation {
    phases: usize,
    accuracies: Vec<(usize, f64)>,
}

/// The matrix of evaluations, each after more training phases than the one before; none of them is before training.
///
/// `phases` is the number of training phases up to the last evaluation.
fn matrix(baseline: &[(usize, f64)], evaluations: &[Evaluation]) -> Result<Imported, String> {
    let phases = evaluations.last().map_or(0, |last| last.phases);
    let all = || evaluations.iter().flat_map(|one| &one.accuracies);
    let tasks = all().map(|&(task, _)| task + 1).max().unwrap_or(0);
    let mut notes = Vec::new();
    let regular = evaluations.iter().enumerate().all(|(index, one)| one.phases == index + 1);
    let (mut known, mut spread) = (None, false);
    if !regular && tasks > 1 {
        let count = evaluations.len();
        if phases == tasks {
            spread = true;
            known = Some(Training::InOrder);
            notes.push(format!("{count} evaluations and {phases} training phases, one per task"));
        } else if count == tasks {
            notes.push(format!(
                "{phases} training phases and {count} evaluations, as many as tasks: read as online training, with all \
                 phases before an evaluation on one task"
            ));
        } else if count == 1 {
            known = Some(Training::Joint);
            notes.push(format!("one evaluation after {phases} training phases: there are scores of the end alone"));
        } else {
            return Err(format!(
                "{phases} training phases, {count} evaluations and {tasks} tasks: it is not said which evaluation ends \
                 a task; keep one evaluation per task"
            ));
        }
    }
    let mut cells = Cells::default();
    baseline.iter().try_for_each(|&(task, value)| cells.set(0, task, value))?;
    for (index, one) in evaluations.iter().enumerate() {
        let row = if spread { one.phases } else { index + 1 };
        one.accuracies.iter().try_for_each(|&(task, value)| cells.set(row, task, value))?;
    }
    let mut one = cells.done(known)?;
    one.notes.splice(0..0, notes);
    Ok(one)
}
