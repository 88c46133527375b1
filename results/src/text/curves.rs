//! Learning and retention curves of a run in words: what was fitted, and where training could have stopped.

use std::fmt::Write;

use crate::{
    fit::{learning, retention},
    metric::{Subject, retention::retention_curve},
    record::{At, RunDir},
    words::{
        columns::{Side, WIDTH, grid},
        fixed, short, wrap,
    },
};

/// Curves of the tasks of `run`: learning within the experience that trains a task last, retention after it.
///
/// `threshold` is the gap to the asymptote, in accuracy (0 to 1), below which a learning curve counts as converged;
/// `look_ahead` is the number of evaluations over which that must hold.
pub fn curves_text(run: &RunDir, threshold: f64, look_ahead: usize) -> String {
    let subject = run.subject();
    let tasks = &run.manifest.stream.tasks;
    let mut text =
        format!("{} {}, seed {}\n\n", short(&run.manifest.stream.name), short(&run.manifest.method), run.manifest.seed);
    let learned: Vec<Vec<String>> = (0..tasks.len())
        .filter_map(|task| {
            let points = learning_curve(&subject, task)?;
            Some(learning_row(&tasks[task], &points, threshold, look_ahead))
        })
        .collect();
    let header = ["task", "points", "asymptote", "a", "b", "gap at end", "could stop at"].map(String::from);
    if learned.is_empty() {
        text += "No evaluations within experiences; run with eval.log_spaced=true or eval.every=N.\n";
        return text;
    }
    text += &grid(&header, &learned, &[Side::Left]);
    let note = format!(
        "Learning: accuracy = c − a·x^(−b) over x steps of the experience (Vilares Ferro et al. 2024, arXiv \
         2402.02515); c is the asymptote, in percent, the gap a·x^(−b) in points. Training could stop at the last of \
         {look_ahead} evaluations in a row whose gap is at most {} points.",
        fixed(100.0 * threshold, 1)
    );
    let _ = writeln!(text, "{}", wrap(&note, WIDTH));
    let kept: Vec<Vec<String>> = (0..tasks.len())
        .filter_map(|task| {
            let points: Vec<(u64, f64)> = retention_curve(&subject, task)
                .into_iter()
                .map(|(steps, answered)| (steps, answered.accuracy))
                .collect();
            retention_row(&tasks[task], &points)
        })
        .collect();
    if !kept.is_empty() {
        let header =
            ["task", "points", "R(10)/R(0)", "R(100)/R(0)", "R(end)/R(0)", "best fit", "weight"].map(String::from);
        let _ = writeln!(text, "\n{}", grid(&header, &kept, &[Side::Left]).trim_end());
        let note = "Retention: accuracy R(t) after t further steps on other tasks (Orhan 2023, arXiv 2303.17557); of \
                    power, exponential and logarithmic curves the one with the smallest AICc, with its Akaike weight.";
        let _ = writeln!(text, "{}", wrap(note, WIDTH));
    }
    text
}

/// Steps of the experience and accuracy, from its first step on.
fn learning_curve(subject: &Subject, task: usize) -> Option<Vec<(u64, f64)>> {
    let experience = subject.matrix.last_trained(task)?;
    let before: u64 = subject.steps.iter().take(experience - 1).sum();
    let within = subject.history.moments.iter().filter(|m| m.experience == experience && m.at != At::Start);
    let points: Vec<(u64, f64)> =
        within.filter_map(|m| Some((m.step.checked_sub(before)?, m.accuracy(task)?))).filter(|(x, _)| *x > 0).collect();
    let mut points = points;
    // The evaluation after the last step may stand beside the one at the end of the experience.
    points.dedup_by_key(|(steps, _)| *steps);
    (points.len() >= 3).then_some(points)
}

fn learning_row(name: &str, points: &[(u64, f64)], threshold: f64, look_ahead: usize) -> Vec<String> {
    let mut row = vec![short(name), points.len().to_string()];
    let last = points.last().map_or(1.0, |(x, _)| *x as f64);
    match learning::fit(points) {
        Ok(pattern) => row.extend([
            fixed(100.0 * pattern.c, 1),
            fixed(100.0 * pattern.a, 1),
            fixed(pattern.b, 2),
            fixed(100.0 * pattern.gap(last), 1),
        ]),
        Err(_) => row.extend(vec!["—".to_owned(); 4]),
    }
    let stop = learning::stop(points, threshold, look_ahead).ok().flatten();
    row.push(
        stop.and_then(|level| points.get(level - 1)).map_or("not yet".into(), |(steps, _)| format!("step {steps}")),
    );
    row
}

fn retention_row(name: &str, points: &[(u64, f64)]) -> Option<Vec<String>> {
    if points.len() < 3 {
        return None;
    }
    let remains = retention::remains(points)?;
    let share = |share: Option<f64>| share.map_or("—".into(), |share| fixed(share, 2));
    let fits = retention::fit(points).unwrap_or_default();
    let (best, weight) =
        fits.first().map_or(("—".into(), "—".into()), |fit| (fit.curve.name().to_owned(), fixed(fit.weight, 2)));
    let row = vec![short(name), points.len().to_string()];
    Some(
        [row, vec![share(remains.after_10), share(remains.after_100), share(Some(remains.at_end)), best, weight]]
            .concat(),
    )
}
