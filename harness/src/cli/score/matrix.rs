//! Scores of a matrix: of an imported one, or of a run's.

use std::path::Path;

use anyhow::{Result, anyhow};
use clbench_results::{
    Matrix, Metric, RunDir, Scores,
    import::{Wish, import},
    matrix_text,
    metric::all,
    text::score::{scores_by_key, without_value},
    words::{clean, short},
};
use serde_json::{Map, Value, json};

use super::{super::Usage, Scored, input::read};

/// Scores the matrix that a file holds.
///
/// `sizes` are the numbers of test examples of its tasks; none where they are not known.
pub(super) fn of_text(
    name: &str,
    path: Option<&Path>,
    wish: Wish,
    asked: Option<&[&'static Metric]>,
    sizes: &[u64],
) -> Result<Scored> {
    let wrong = |why: String| anyhow!("{name}: {}", clean(&why));
    let found = import(&read(name, path)?, wish).map_err(wrong)?;
    let (mut subject, notes) = found.subject().map_err(wrong)?;
    if !sizes.is_empty() {
        if sizes.len() != found.tasks.len() {
            let why = anyhow!("{name}: --sizes has {} numbers for {} tasks", sizes.len(), found.tasks.len());
            return Err(Usage(why).into());
        }
        subject.sizes = sizes.to_vec();
    }
    let metrics = wanted(asked);
    let scores = Scores::of(&subject, &metrics);
    let mut scored = put_together(name.into(), &subject.matrix, &found.tasks, &scores, &metrics, asked.is_some());
    scored.notes.splice(0..0, found.notes.into_iter().chain(notes).map(|note| clean(&note)));
    scored.json["notes"] = scored.notes.as_slice().into();
    Ok(scored)
}

/// Scores a run by itself, without the references that other runs would be.
pub(super) fn of_run(path: &Path, asked: Option<&[&'static Metric]>) -> Result<Scored> {
    let run = RunDir::open(path)?;
    let metrics = wanted(asked);
    let (name, tasks) = (clean(&path.display().to_string()), &run.manifest.stream.tasks);
    let mut scored = put_together(name, &run.matrix(), tasks, &run.scores(&metrics), &metrics, asked.is_some());
    scored.json["run"] = run.manifest.run.as_str().into();
    if let Some(why) = &run.manifest.diverged {
        scored.notes = vec![format!("the run diverged ({}) and has no scores", short(why))];
    }
    Ok(scored)
}

fn wanted(asked: Option<&[&'static Metric]>) -> Vec<&'static Metric> {
    asked.map_or_else(|| all().collect(), <[_]>::to_vec)
}

/// Scores that have no value are left out, unless they were asked for.
fn put_together(
    name: String,
    matrix: &Matrix,
    tasks: &[String],
    scores: &Scores,
    metrics: &[&'static Metric],
    asked: bool,
) -> Scored {
    let shown: Vec<&Metric> = metrics.iter().copied().filter(|metric| asked || scores.get(metric).is_some()).collect();
    let row = |experience: usize| (0..matrix.tasks()).map(|task| matrix.after(experience, task)).collect::<Vec<_>>();
    let values: Map<String, Value> =
        shown.iter().map(|metric| (metric.key.to_owned(), scores.get(metric).into())).collect();
    let mut json = json!({
        "file": name,
        "tasks": tasks.iter().map(|task| clean(task)).collect::<Vec<_>>(),
        "baseline": row(0),
        "matrix": (1..=matrix.experiences()).map(row).collect::<Vec<_>>(),
        "scores": values,
    });
    let why = |metric: &&Metric| Some((metric.key.to_owned(), scores.why(metric)?.into()));
    let reasons: Map<String, Value> = shown.iter().filter_map(why).collect();
    if !reasons.is_empty() {
        json["reasons"] = reasons.into();
    }
    Scored {
        text: format!("{}\n{}", matrix_text(matrix, tasks), scores_by_key(scores, &shown)),
        json,
        rows: shown.iter().map(|metric| (String::new(), metric.key.into(), scores.get(metric))).collect(),
        notes: without_value(scores, metrics),
        name,
    }
}
