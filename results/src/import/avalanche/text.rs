//! What the text loggers print: phases, and a line per metric behind each.

use super::{Evaluation, counted, experience, matrix};
use crate::{import::Imported, words::short};

/// A line with an accuracy.
struct Said<'a> {
    line: usize,
    /// Training phases that ended before it.
    phases: usize,
    /// Whether a training phase was on.
    within: bool,
    stream: &'a str,
    task: usize,
    value: &'a str,
}

/// Reads a log; evaluations belong to the training phases that ended before them.
pub(in super::super) fn text(text: &str) -> Result<Vec<Imported>, String> {
    let mut said = said(text);
    let mut notes = Vec::new();
    let stream = counted(said.iter().map(|one| one.stream).collect(), &mut notes)?;
    said.retain(|one| one.stream == stream);
    if said.iter().all(|one| one.within || one.phases == 0) && said.iter().any(|one| one.within) {
        notes.push("there are only evaluations within training; the last of each training phase counts".into());
        said.retain(|one| one.within);
        said.iter_mut().for_each(|one| one.phases += 1);
    } else {
        said.retain(|one| !one.within);
    }
    let (mut baseline, mut evaluations): (Vec<(usize, f64)>, Vec<Evaluation>) = (Vec::new(), Vec::new());
    for one in &said {
        let value =
            one.value.parse().map_err(|_| format!("line {}: `{}` is not a number", one.line, short(one.value)))?;
        if !(0.0..=1.0).contains(&value) {
            return Err(format!("line {}: accuracy {value} is out of range; it lies between 0 and 1", one.line));
        }
        let accuracies = match evaluations.last_mut() {
            _ if one.phases == 0 => &mut baseline,
            Some(last) if last.phases == one.phases => &mut last.accuracies,
            _ => {
                evaluations.push(Evaluation { phases: one.phases, accuracies: Vec::new() });
                &mut evaluations.last_mut().expect("one was pushed").accuracies
            }
        };
        // Within training, the last evaluation counts without a word.
        if one.within {
            accuracies.retain(|&(task, _)| task != one.task);
        }
        accuracies.push((one.task, value));
    }
    let mut found = matrix(&baseline, &evaluations)?;
    found.notes.splice(0..0, notes);
    Ok(vec![found])
}

/// The accuracies of a log.
fn said(text: &str) -> Vec<Said<'_>> {
    let (mut said, mut phases, mut training) = (Vec::new(), 0, false);
    for (index, line) in text.lines().enumerate() {
        // Progress bars end with a carriage return alone.
        let line = line.trim();
        let line = line.rsplit_once('\r').map_or(line, |(_, line)| line);
        if line.contains("Start of training phase") {
            training = true;
        } else if line.contains("End of training phase") {
            (training, phases) = (false, phases + 1);
        }
        let Some((name, value)) = line.trim().split_once(" = ") else { continue };
        let Some((stream, task)) = experience(name) else { continue };
        said.push(Said { line: index + 1, phases, within: training, stream, task, value });
    }
    said
}
