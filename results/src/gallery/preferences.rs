//! Accuracies on two tasks under stated preferences.
//!
//! Of more than two tasks, the pair is shown of which most preferences weigh nothing else; where no two preferences do,
//! the first and the last task, and weights on the others are not seen.

use std::collections::BTreeMap;

use super::{
    Sketch,
    cast::{Cast, LINES, Member, in_percent, mean_of},
};
use crate::{
    metric::{Subject, subject::mean_over},
    picture::{Better, Mean, Stop, Trail, Trails},
    record::Preferred,
    words::fixed,
};

/// Preferences of which each has its weight beside it.
const NAMED: usize = 7;

/// Two tasks, and whether all that is shown weighs nothing else.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub tasks: (usize, usize),
    pub alone: bool,
}

/// A path per method through its preferences.
pub(super) fn draw(cast: &Cast) -> Result<Sketch, String> {
    let asked =
        || cast.members.iter().flat_map(|member| &member.subjects).flat_map(|subject| &subject.history.preferred);
    let tasks = cast.summary.stream.tasks.len();
    if asked().next().is_none() || tasks < 2 {
        let why = "no run answered preferences over two tasks or more; run a method that honours them with \
                   eval.preferences=[[…], …]";
        return Err(format!("{why}{}", cast.absent()));
    }
    let pair = pair(tasks, &asked().map(|preferred| preferred.weights.as_slice()).collect::<Vec<_>>());
    let shown = cast.shown(LINES, |member| Some(stops(member, pair)).filter(|stops| stops.len() > 1));
    if shown.rows.is_empty() {
        return Err(format!(
            "no method answered two preferences on every seed; give eval.preferences several{}",
            cast.absent()
        ));
    }
    let (first, second) = (cast.task(pair.tasks.0), cast.task(pair.tasks.1));
    let title = format!("Accuracies under preferences on {}", cast.stream());
    let trails = Trails {
        title: title.clone(),
        across: format!("{first} in %"),
        up: format!("{second} in %"),
        better: (Better::High, Better::High),
        trails: shown
            .rows
            .iter()
            .map(|(member, stops)| Trail { name: member.name.clone(), stops: stops.clone() })
            .collect(),
        ..Trails::default()
    };
    let mut what = format!(
        "Accuracy on the tasks {first} and {second} at the end, under preferences with weight w on the first; means \
         over the models that answered."
    );
    if !pair.alone {
        what += " The preferences weigh other tasks, too, which are not seen here; w is relative to the two.";
    }
    Ok(Sketch { of: None, title, caption: shown.caption(cast, &what, &[]), picture: trails.draw() })
}

pub(super) fn pair(tasks: usize, weights: &[&[f64]]) -> Pair {
    let mut counts: BTreeMap<(usize, usize), std::collections::BTreeSet<u64>> = BTreeMap::new();
    for weights in weights {
        let weighed: Vec<usize> = (0..weights.len()).filter(|&task| weights[task] > 0.0).collect();
        // One weighed task is the end of the front with any other: it decides nothing.
        if let [a, b] = weighed[..] {
            counts.entry((a, b)).or_default().insert((weights[a] / (weights[a] + weights[b])).to_bits());
        }
    }
    let most = counts.values().map(std::collections::BTreeSet::len).max().unwrap_or(0);
    let best = counts.iter().find(|(_, found)| found.len() == most).map(|(pair, _)| *pair);
    match best {
        Some(tasks) if most > 0 => Pair { tasks, alone: true },
        _ if tasks == 2 => Pair { tasks: (0, 1), alone: true },
        _ => Pair { tasks: (0, tasks - 1), alone: false },
    }
}

/// The preferences that the pair shows, by the weight of its first task, from 0 to 1.
fn share(weights: &[f64], pair: Pair) -> Option<f64> {
    let (a, b) = pair.tasks;
    let sum: f64 = weights.iter().sum();
    let two = weights.get(a)? + weights.get(b)?;
    let fits = two > 0.0 && (!pair.alone || two >= sum * (1.0 - 1e-9));
    fits.then(|| weights[a] / two)
}

pub(super) fn stops(member: &Member, pair: Pair) -> Vec<Stop> {
    let Some(first) = member.subjects.first() else { return Vec::new() };
    let mut asked: Vec<(f64, &Preferred)> = first
        .history
        .preferred
        .iter()
        .filter_map(|preferred| Some((share(&preferred.weights, pair)?, preferred)))
        .collect();
    asked.sort_by(|a, b| a.0.total_cmp(&b.0));
    let every = if asked.len() <= NAMED { 1 } else { asked.len().div_ceil(NAMED) };
    let stop = |(index, (weight, preferred)): (usize, &(f64, &Preferred))| {
        let on = |task: usize| -> Option<Mean> {
            let accuracy = |subject: &Subject| {
                let same = subject.history.preferred.iter().find(|other| other.weights == preferred.weights)?;
                mean_over(same.models.iter(), |model| model.get(task).copied().flatten())
            };
            Some(mean_of(in_percent(member.over_seeds(accuracy)?)))
        };
        let named = index % every == 0 || index + 1 == asked.len();
        let name = if named { format!("w = {}", fixed(*weight, 2)) } else { String::new() };
        Some(Stop { name, x: on(pair.tasks.0)?, y: on(pair.tasks.1)? })
    };
    asked.iter().enumerate().filter_map(stop).collect()
}
