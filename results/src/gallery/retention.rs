//! Retention: accuracy on a task over the steps since it was last trained, and the curve that fits it best.
//!
//! The curves and the criterion are those of [`crate::fit::retention`].

use std::collections::BTreeMap;

use super::{
    Sketch,
    cast::{Cast, Member, listed},
    course::ends,
    since::{self, LEAST, Since, Words},
};
use crate::{
    fit::retention::{Curve, Fit, fit},
    metric::subject::Subject,
    record::{At, Moment},
    statistics::Estimate,
    words::fixed,
};

/// Fewest tasks that a curve is a mean of: half of those that can be forgotten.
const SHARE: usize = 2;

/// A line per method over the steps since a task was learned.
pub(super) fn draw(cast: &Cast) -> Result<Sketch, String> {
    let words = Words {
        title: format!("Retention on {}", cast.stream()),
        across: "steps since a task was learned",
        up: "accuracy in %",
    };
    let probed = |member: &Member| member.subjects.iter().all(probed);
    since::draw(cast, words, (retention, LEAST + 1), probed, |rows| caption(cast, rows))
}

/// What is said below the picture: which tasks are followed, and the best curve of each row.
fn caption(cast: &Cast, rows: &[(&Member, Since)]) -> String {
    let followed = cast.members.first().and_then(|member| member.subjects.first()).map(followed).unwrap_or_default();
    let tasks: Vec<String> = followed.iter().map(|&(task, ..)| (task + 1).to_string()).collect();
    let fits: Vec<String> =
        rows.iter().filter_map(|(member, curve)| Some(format!("{} {}", member.name, fitted(curve)?))).collect();
    format!(
        "Accuracy over the steps since a task was last trained, on a scale of powers; mean over the half of the tasks \
         that most steps follow (by number: {}). Best curve by AICc over t steps: {}.",
        listed(&tasks),
        if fits.is_empty() { "none".into() } else { fits.join("; ") }
    )
}

/// The half of the tasks that most steps follow, each with the experience and the step at whose end it was learned.
fn followed(subject: &Subject) -> Vec<(usize, usize, u64)> {
    let ends = ends(subject);
    let learned = |task: usize| {
        let experience = subject.matrix.last_trained(task)?;
        Some((task, experience, *ends.get(&experience)?))
    };
    let mut tasks: Vec<_> = subject.earlier().filter_map(learned).collect();
    tasks.sort_by_key(|&(task, _, step)| (step, task));
    let half = tasks.len().div_ceil(SHARE);
    // Tasks that are learned together are followed by equally many steps.
    let last = tasks.get(half.saturating_sub(1)).map(|task| task.2);
    tasks.retain(|task| Some(task.2) <= last);
    tasks
}

/// Whether tasks were asked about within later experiences: without, there is a point per experience, and no curve.
fn probed(subject: &Subject) -> bool {
    let tasks = followed(subject);
    let asks = |moment: &Moment| {
        tasks.iter().any(|&(task, learned, _)| moment.experience > learned && moment.accuracy(task).is_some())
    };
    subject.history.moments.iter().filter(|moment| moment.at == At::Step).any(asks)
}

/// By steps since a task was learned, the mean accuracy over the same tasks at every point; the first is at 0.
pub(super) fn retention(subject: &Subject) -> BTreeMap<u64, f64> {
    let tasks = followed(subject);
    let mut sums: BTreeMap<u64, (f64, usize)> = BTreeMap::new();
    for &(task, experience, learned) in &tasks {
        let mut own: BTreeMap<u64, f64> = BTreeMap::new();
        own.extend(subject.learned(task).map(|accuracy| (0, accuracy)));
        for moment in subject.history.moments.iter().filter(|moment| moment.experience > experience) {
            let since = moment.step.saturating_sub(learned);
            if let Some(accuracy) = moment.accuracy(task).filter(|_| since > 0) {
                own.insert(since, accuracy);
            }
        }
        for (since, accuracy) in own {
            let (sum, count) = sums.entry(since).or_default();
            (*sum, *count) = (*sum + accuracy, *count + 1);
        }
    }
    let whole = sums.into_iter().filter(|(_, (_, count))| *count == tasks.len());
    whole.map(|(since, (sum, count))| (since, sum / count as f64)).collect()
}

/// The best curve in words; none where no curve can be fitted.
fn fitted(curve: &[(u64, Estimate)]) -> Option<String> {
    let points: Vec<(u64, f64)> = curve.iter().map(|(since, estimate)| (*since, estimate.mean)).collect();
    fit(&points).ok()?.first().map(in_words)
}

fn in_words(fit: &Fit) -> String {
    let share = |value: f64| fixed(value, 1);
    let small =
        |value: f64| if (0.01..1000.0).contains(&value.abs()) { fixed(value, 3) } else { format!("{value:.1e}") };
    let floor = |c: f64| if c.abs() < 0.05 { String::new() } else { format!("{} + ", share(c)) };
    let formula = match fit.curve {
        Curve::Power { a, rate, c, exponent } => {
            format!("{}{}·(1 + {}·t)^−{}", floor(c), share(a - c), small(rate), small(exponent))
        }
        Curve::Exponential { a, rate, c } => format!("{}{}·e^(−{}·t)", floor(c), share(a - c), small(rate)),
        Curve::Logarithmic { a, b } if b < 0.0 => format!("{} + {}·ln(1 + t)", share(a), small(-b)),
        Curve::Logarithmic { a, b } => format!("{} − {}·ln(1 + t)", share(a), small(b)),
    };
    format!("{formula} ({}, weight {})", fit.curve.name(), fixed(fit.weight, 2))
}
