//! The pictures of a study: what finished runs show, drawn for a paper, each with a caption that says what it is.
//!
//! A picture holds only what may be compared: one stream hash, equal conditions unless [`Ranking::All`] is asked for,
//! every value over all seeds of a row, and no row of which a seed diverged. Who is left out is named in the caption.
//! Bands and whiskers are 95 % intervals of Student's t over seeds ([`crate::statistics::estimate`]).
//!
//! [`Ranking::All`]: crate::Ranking::All

mod cast;
mod course;
mod forgetting;
mod gap;
mod kind;
mod matrix;
mod name;
mod preferences;
mod ranks;
mod retention;
mod scatter;
mod since;
mod zero_shot;

#[cfg(test)]
mod tests;

pub use kind::Kind;

use cast::Cast;

use crate::{
    metric::accuracy,
    picture::Picture,
    record::RunDir,
    summary::{Grouping, StreamSummary, summarise},
    words::short,
};

/// A picture of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it shows.
    pub kind: Kind,
    /// Name of its file, without the ending: stream, the hash's first eight digits, kind and, where there is one
    /// picture per method, the method. Letters, digits and `-`, `_`, `+`, `.` only; no two of one call are equal.
    pub name: String,
    /// Its title, which the picture holds too.
    pub title: String,
    /// What stands below it: how it was computed, who was left out and why. Plain text, cleaned.
    pub caption: String,
    /// The drawing.
    pub picture: Picture,
}

/// Why a picture cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What was asked for.
    pub kind: Kind,
    /// Of which stream; empty where it is about all runs.
    pub stream: String,
    /// What is missing, and how to get it.
    pub why: String,
}

/// What a figure is made of before it has its place among others.
struct Sketch {
    /// What tells it apart from others of its kind, such as the method.
    of: Option<String>,
    title: String,
    caption: String,
    picture: Picture,
}

/// Draws `kinds` from `runs`, stream by stream, in the order of `kinds` within each.
///
/// Streams are never mixed, whatever `grouping` says. Runs that cannot stand together refuse every kind.
pub fn figures(runs: &[RunDir], grouping: &Grouping, kinds: &[Kind]) -> (Vec<Figure>, Vec<Refusal>) {
    let mut grouping = Grouping { mix_streams: false, ..grouping.clone() };
    grouping.metrics.extend([&accuracy::AVERAGE, &accuracy::STABILITY, &accuracy::LEARNING]);
    let summaries = match summarise(runs, &grouping) {
        Ok(summaries) if !summaries.is_empty() => summaries,
        other => {
            let why = other.err().map_or_else(|| "there is no finished run".into(), |error| error.to_string());
            let refusal = |&kind: &Kind| Refusal { kind, stream: String::new(), why: why.clone() };
            return (Vec::new(), kinds.iter().map(refusal).collect());
        }
    };
    let casts: Vec<Cast> = summaries.iter().map(|summary| Cast::of(summary, runs)).collect();
    let together = if kinds.contains(&Kind::Ranks) { ranks::over_streams(&casts) } else { None };
    let mut drawn = Drawn::default();
    for cast in &casts {
        for &kind in kinds {
            if kind != Kind::Ranks || together.is_none() {
                drawn.take(kind, Some(cast.summary), sketches(kind, cast));
            }
        }
    }
    if let Some(sketch) = together {
        drawn.take(Kind::Ranks, None, Ok(vec![sketch]));
    }
    (drawn.figures, drawn.refusals)
}

fn sketches(kind: Kind, cast: &Cast) -> Result<Vec<Sketch>, String> {
    if cast.members.is_empty() && cast.joint.is_empty() {
        return Err(format!("no method has a result on all its seeds{}", cast.absent()));
    }
    let one = |sketch: Result<Sketch, String>| sketch.map(|sketch| vec![sketch]);
    match kind {
        Kind::Matrix => matrix::draw(cast),
        Kind::Course => one(course::draw(cast)),
        Kind::Stability => one(scatter::stability(cast)),
        Kind::Compute => one(scatter::compute(cast)),
        Kind::Forgetting => one(forgetting::draw(cast)),
        Kind::Retention => one(retention::draw(cast)),
        Kind::Gap => one(gap::draw(cast)),
        Kind::ZeroShot => one(zero_shot::draw(cast)),
        Kind::Ranks => one(ranks::over_seeds(cast)),
        Kind::Preferences => one(preferences::draw(cast)),
    }
}

#[derive(Default)]
struct Drawn {
    figures: Vec<Figure>,
    refusals: Vec<Refusal>,
}

impl Drawn {
    fn take(&mut self, kind: Kind, summary: Option<&StreamSummary>, sketches: Result<Vec<Sketch>, String>) {
        let stream = summary.map_or_else(String::new, |summary| short(&summary.stream.name));
        let sketches = match sketches {
            Ok(sketches) => sketches,
            Err(why) => return self.refusals.push(Refusal { kind, stream, why }),
        };
        for Sketch { of, title, caption, picture } in sketches {
            let stem = name::stem(summary.map(|summary| &summary.stream), kind, of.as_deref());
            let name = name::free(&stem, &self.figures);
            self.figures.push(Figure { kind, name, title, caption, picture });
        }
    }
}
