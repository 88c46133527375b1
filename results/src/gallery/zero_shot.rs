//! Knowledge accumulation and zero-shot retention: accuracy on trained and on held-out tasks, experience by experience.
//!
//! - Roth et al. 2024, <https://arxiv.org/abs/2408.14471>: both as a trajectory from the pretrained model.
//!
//! **Deviation:** the means are over tasks with equal weights; there is no recall at 5 among them.

use super::{
    Sketch,
    cast::{Cast, LINES, Member, in_percent, mean_of},
};
use crate::{
    metric::subject::mean_over,
    picture::{Better, Stop, Trail, Trails},
};

/// Experiences of which each has its number beside it.
const NUMBERED: usize = 12;

/// A path per method.
pub(super) fn draw(cast: &Cast) -> Result<Sketch, String> {
    let trained = |task: usize| cast.summary.stream.trained.iter().any(|tasks| tasks.contains(&task));
    if (0..cast.summary.stream.tasks.len()).all(trained) {
        let why = "every task is trained by some experience; it needs a stream with tasks that are only tested";
        return Err(why.into());
    }
    let shown = cast.shown(LINES, |member| Some(stops(member)).filter(|stops| stops.len() > 1));
    if shown.rows.is_empty() {
        let why =
            "held-out tasks were not evaluated after the experiences on every seed; run with evaluation of all tasks";
        return Err(format!("{why}{}", cast.absent()));
    }
    let title = format!("Trained and held-out tasks of {}", cast.stream());
    let trails = Trails {
        title: title.clone(),
        across: "trained tasks (KA) in %".into(),
        up: "held-out tasks (ZS) in %".into(),
        better: (Better::High, Better::High),
        trails: shown
            .rows
            .iter()
            .map(|(member, stops)| Trail { name: member.name.clone(), stops: stops.clone() })
            .collect(),
        arrows: true,
        log_x: false,
    };
    let what = "Mean accuracy on all tasks that are trained at some time (knowledge accumulation) against that on \
                tasks never trained (zero-shot), from before the first step (0) through the ends of the experiences.";
    Ok(Sketch { of: None, title, caption: shown.caption(cast, what, &[]), picture: trails.draw() })
}

pub(super) fn stops(member: &Member) -> Vec<Stop> {
    let Some(first) = member.subjects.first() else { return Vec::new() };
    let last = first.matrix.experiences();
    let stop = |experience: usize| {
        let known = |held_out: bool| {
            member.over_seeds(|subject| {
                let after = |task: usize| subject.matrix.after(experience, task);
                if held_out { mean_over(subject.held_out(), after) } else { mean_over(subject.trained(), after) }
            })
        };
        let [x, y] = [known(false)?, known(true)?].map(|estimate| mean_of(in_percent(estimate)));
        let named = last <= NUMBERED || experience == 0 || experience == last;
        let name = if named { experience.to_string() } else { String::new() };
        // Intervals at every stop would hide the paths.
        let half = |mean: (f64, Option<f64>)| if experience == last { mean } else { (mean.0, None) };
        Some(Stop { name, x: half(x), y: half(y) })
    };
    (0..=last).filter_map(stop).collect()
}
