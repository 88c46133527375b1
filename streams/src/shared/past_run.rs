//! What an earlier run answered: how hard each class or task was after its last experience.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use clbench::results::Manifest;
use clbench::stream::Ground;
use serde::Deserialize;

use crate::shared::listing::{MOST_BYTES, stamped};

/// Largest manifest, in bytes.
const MOST_MANIFEST_BYTES: u64 = 4 << 20;
/// Probability below which an answer counts as this unlikely: a loss stays finite.
const LEAST: f64 = 1e-12;

/// A line of `predictions.csv`, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Line {
    experience: usize,
    task: usize,
    label: usize,
    answer: usize,
    confidence: f64,
}

/// Mean loss and accuracy of one class or task.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// Mean negative logarithm of the right label's probability, in nats.
    pub loss: f64,
    /// Share of right answers.
    pub accuracy: f64,
}

/// The outcomes of the run in `folder` by class, or by task where `by_task`, and where they come from.
///
/// # Errors
/// When it is no finished run, kept no answers, or does not say what its classes are called.
pub(crate) fn outcomes(ground: &Ground, folder: &str, by_task: bool) -> Result<(Vec<(String, Outcome)>, String)> {
    // Asked for by the name that the stream file has, so that this counts as a name of a file.
    ground.path(folder)?;
    let folder = folder.trim_end_matches('/');
    let text = ground.read_text(&format!("{folder}/manifest.json"), MOST_MANIFEST_BYTES);
    let text = text.with_context(|| format!("{folder} is no finished run"))?;
    let manifest = Manifest::from_json(&text).map_err(|why| anyhow::anyhow!("{folder}/manifest.json: {why}"))?;
    let file = format!("{folder}/predictions.csv");
    let remedy = || format!("{folder} kept no answers; run it with keep.predictions=true");
    let bytes = ground.read(&file, MOST_BYTES).with_context(remedy)?;
    let names = if by_task { &manifest.stream.tasks } else { &manifest.stream.classes };
    ensure!(!names.is_empty(), "{folder}/manifest.json names no classes; run it anew with this version");
    let outcomes = last(&bytes, names, by_task).with_context(|| file.clone())?;
    Ok((outcomes, format!("answers of the run {}, {}", manifest.run, stamped(&file, &bytes))))
}

/// Outcomes after the last experience by name.
fn last(bytes: &[u8], names: &[String], by_task: bool) -> Result<Vec<(String, Outcome)>> {
    let (mut sums, mut newest) = (BTreeMap::<usize, (f64, f64, f64)>::new(), 0);
    for line in csv::Reader::from_reader(bytes).deserialize() {
        let line: Line = line?;
        let confidence = line.confidence;
        ensure!((0.0..=1.0 + 1e-6).contains(&confidence), "a confidence of {confidence} is no probability");
        if line.experience > newest {
            newest = line.experience;
            sums.clear();
        }
        if line.experience == newest {
            let (loss, hits, count) = sums.entry(if by_task { line.task } else { line.label }).or_default();
            *loss -= confidence.clamp(LEAST, 1.0).ln();
            *hits += f64::from(u8::from(line.label == line.answer));
            *count += 1.0;
        }
    }
    ensure!(!sums.is_empty(), "there is no answer");
    let named = |(at, (loss, hits, count)): (usize, (f64, f64, f64))| match names.get(at) {
        Some(name) => Ok((name.clone(), Outcome { loss: loss / count, accuracy: hits / count })),
        None => bail!("it answers about label or task {at}, and the manifest names {}", names.len()),
    };
    sums.into_iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "experience,task,index,label,answer,confidence\n";

    fn outcomes_of(rows: &str, by_task: bool) -> Result<Vec<(String, Outcome)>> {
        let names = ["zero", "one"].map(String::from);
        last(format!("{HEADER}{rows}").as_bytes(), &names, by_task)
    }

    #[test]
    fn only_the_last_experience_counts() {
        let rows = "1,0,0,0,0,0.9\n2,0,0,0,1,0.25\n2,0,1,0,0,1\n2,1,0,1,1,0.5\n";
        let found = outcomes_of(rows, false).unwrap();
        // (ln 4 + 0) / 2 = ln 2 for the first, ln 2 for the second.
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        near(found[0].1.loss, std::f64::consts::LN_2);
        near(found[1].1.loss, std::f64::consts::LN_2);
        assert_eq!((found[0].1.accuracy, found[1].1.accuracy), (0.5, 1.0));
        assert_eq!((&found[0].0[..], &found[1].0[..]), ("zero", "one"));
    }

    #[test]
    fn a_probability_of_zero_has_a_finite_loss() {
        let found = outcomes_of("1,1,0,0,0,0\n", true).unwrap();
        assert_eq!(found[0].0, "one");
        assert!((found[0].1.loss - 27.631_021_115_928_547).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn broken_answers_are_refused() {
        let refused = |rows: &str| format!("{:#}", outcomes_of(rows, false).unwrap_err());
        assert_eq!(refused(""), "there is no answer");
        assert!(refused("1,0,0,2,0,0.5\n").contains("label or task 2, and the manifest names 2"));
        assert!(refused("1,0,0,0,0,NaN\n").contains("is no probability"));
        assert!(refused("1,0,0,0,0,1.5\n").contains("is no probability"));
        assert!(refused("1,0,0,0,0\n").contains("fields"));
    }
}
