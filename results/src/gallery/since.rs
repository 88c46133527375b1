//! A line for each method over the steps since something happened, on a scale of powers: what the pictures of the
//! stability gap and of retention share.

use std::collections::BTreeMap;

use super::{
    Sketch,
    cast::{Cast, LINES, Member, point},
};
use crate::{
    metric::Subject,
    picture::{Lines, Series},
    statistics::Estimate,
};

/// Fewest evaluations that make a curve.
pub(super) const LEAST: usize = 4;
/// How to get evaluations within experiences.
pub(super) const REMEDY: &str = "there are too few evaluations within experiences; run with eval.log_spaced=true";

/// By steps since it happened, estimates over the seeds of a method.
pub(super) type Since = Vec<(u64, Estimate)>;

/// A run's score by steps since it happened.
pub(super) type Curve = fn(&Subject) -> BTreeMap<u64, f64>;

/// What such a picture is of.
pub(super) struct Words {
    pub title: String,
    pub across: &'static str,
    pub up: &'static str,
}

/// Draws `curve` of each method that has at least `least` points of it and is fit by `fits`; `what` is said below it.
pub(super) fn draw(
    cast: &Cast,
    words: Words,
    (curve, least): (Curve, usize),
    fits: impl Fn(&Member) -> bool,
    what: impl FnOnce(&[(&Member, Since)]) -> String,
) -> Result<Sketch, String> {
    let of = |member: &Member| Some(member.curve(curve)).filter(|points| points.len() >= least && fits(member));
    let shown = cast.shown(LINES, of);
    if shown.rows.is_empty() {
        return Err(format!("{REMEDY}{}", cast.absent()));
    }
    let series = |(member, points): &(&Member, Since)| Series {
        name: member.name.clone(),
        points: points.iter().map(|(since, estimate)| point(*since as f64, *estimate)).collect(),
    };
    let Words { title, across, up } = words;
    let lines = Lines {
        title: title.clone(),
        across: across.into(),
        up: up.into(),
        series: shown.rows.iter().map(series).collect(),
        log_x: true,
        ..Lines::default()
    };
    let caption = shown.caption(cast, &what(&shown.rows), &[]);
    Ok(Sketch { of: None, title, caption, picture: lines.draw() })
}
