//! Accuracy over the stream: average accuracy over the tasks seen so far, at every evaluation.

use std::collections::BTreeMap;

use super::{
    Sketch,
    cast::{Cast, LINES, Member, in_percent, point},
};
use crate::{
    metric::{
        accuracy,
        subject::{Subject, mean_over},
    },
    picture::{LinePoint, Lines, Series},
    record::At,
};

/// Where in a run an evaluation stands: its experience, its moment, and its step within the experience.
type Moment = (usize, At, u64);

/// A line per method, joint training as a level.
pub(super) fn draw(cast: &Cast) -> Result<Sketch, String> {
    let joint = level(cast);
    let shown = cast.shown(LINES - usize::from(joint.is_some()), |member| {
        let line = line(member);
        (!line.is_empty()).then_some(line)
    });
    if shown.rows.is_empty() {
        return Err(format!("no sequential method has an evaluation after an experience{}", cast.absent()));
    }
    let mut series: Vec<Series> = shown
        .rows
        .iter()
        .map(|(member, points)| Series { name: member.name.clone(), points: points.clone() })
        .collect();
    let places = || shown.rows.iter().flat_map(|(_, points)| points.iter().map(|point| point.0));
    let (first, last) = (places().fold(f64::INFINITY, f64::min), places().fold(0.0, f64::max));
    let others: Vec<&Member> = joint.iter().map(|(member, _)| *member).collect();
    if let Some((member, estimate)) = &joint {
        let points = vec![point(first, *estimate), point(last, *estimate)];
        series.push(Series { name: member.name.clone(), points });
    }
    let marks = boundaries(shown.rows.iter().map(|(member, _)| *member));
    let title = format!("Average accuracy over {}", cast.stream());
    let mut what = String::from("Mean accuracy over the tasks that were trained up to each evaluation.");
    what += match (&marks, joint.is_some()) {
        (Some(_), _) => " Upright lines: ends of experiences.",
        (None, _) => " The methods take different numbers of steps, so that ends of experiences are not marked.",
    };
    if joint.is_some() {
        what += " Joint training: its accuracy on all tasks at its end, as a level.";
    }
    let lines = Lines {
        title: title.clone(),
        across: "optimizer steps (numbers above: experience that ends)".into(),
        up: "average accuracy in %".into(),
        series,
        marks: marks.unwrap_or_default(),
        ..Lines::default()
    };
    let caption = shown.caption(cast, &what, &others);
    Ok(Sketch { of: None, title, caption, picture: lines.draw() })
}

pub(super) fn line(member: &Member) -> Vec<LinePoint> {
    let accuracies = member.curve(|subject| moments(subject, |value, _| value));
    let steps: BTreeMap<Moment, f64> = member
        .curve(|subject| moments(subject, |_, step| step))
        .into_iter()
        .map(|(key, estimate)| (key, estimate.mean / 100.0))
        .collect();
    accuracies.into_iter().filter_map(|(key, estimate)| Some(point(*steps.get(&key)?, estimate))).collect()
}

/// Of every evaluation after the first step, the average accuracy so far and the step.
fn moments(subject: &Subject, pick: impl Fn(f64, f64) -> f64) -> BTreeMap<Moment, f64> {
    let started: BTreeMap<usize, u64> = ends(subject);
    let at = |moment: &crate::record::Moment| {
        let seen = (0..subject.matrix.tasks())
            .filter(|&task| subject.matrix.first_trained(task).is_some_and(|first| first <= moment.experience));
        let accuracy = mean_over(seen, |task| moment.accuracy(task))?;
        let before = started.get(&(moment.experience - 1)).copied().unwrap_or(0);
        // Ends are matched by their experience, because seeds may differ in the length of one.
        let within = if moment.at == At::Step { moment.step.saturating_sub(before) } else { 0 };
        Some(((moment.experience, moment.at, within), pick(accuracy, moment.step as f64)))
    };
    subject
        .history
        .moments
        .iter()
        .filter(|moment| moment.at != At::Start && moment.experience > 0)
        .filter_map(at)
        .collect()
}

/// The step at which each experience ended; experience 0 ends at step 0.
pub(super) fn ends(subject: &Subject) -> BTreeMap<usize, u64> {
    let ends = subject.history.moments.iter().filter(|moment| moment.at != At::Step);
    ends.map(|moment| (moment.experience, moment.step)).collect()
}

/// The final accuracy of the first joint training that has one.
fn level<'b, 'a>(cast: &'b Cast<'a>) -> Option<(&'b Member<'a>, crate::statistics::Estimate)> {
    let accuracy = |member: &'b Member<'a>| {
        Some((member, in_percent(member.over_seeds(|subject| (accuracy::AVERAGE.of)(subject))?)))
    };
    cast.joint.iter().find_map(accuracy)
}

/// The ends of all experiences but the last; none where runs differ in them.
fn boundaries<'b, 'a: 'b>(members: impl Iterator<Item = &'b Member<'a>>) -> Option<Vec<(f64, String)>> {
    let mut all = members.flat_map(|member| &member.subjects).map(ends);
    let first = all.next()?;
    if !all.all(|other| other == first) {
        return None;
    }
    let last = first.keys().max().copied()?;
    let inner = first.into_iter().filter(|(experience, _)| *experience > 0 && *experience < last);
    Some(inner.map(|(experience, step)| (step as f64, experience.to_string())).collect())
}
