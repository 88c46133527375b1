//! What pictures of points between two scales have in common: which way is better, intervals, and names beside points.

use super::{
    axis::{Axis, drawn},
    canvas::{Anchor, Canvas, Point, Stroke},
    colour::{Colour, FAINT, INK},
    frame::{Frame, GAP, Head, LINE, TEXT, WIDE, fit, whisker, wide},
    place::{Region, around},
};

/// Height of the area.
const HIGH: f64 = 280.0;
/// Width of a scale's name before it is said which way is better.
const AXIS_NAME: f64 = 190.0;
/// Half the box that a point takes.
const POINT: f64 = 5.5;

/// How far from its point a name may stand without a line that leads to it.
const LEADER: f64 = 20.0;

/// A mean and half its interval, if it has one.
pub type Mean = (f64, Option<f64>);

/// Which end of a scale is to be wished for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Better {
    /// Large numbers, such as those of accuracy.
    #[default]
    High,
    /// Small numbers, such as those of forgetting or of operations.
    Low,
}

impl Better {
    /// A scale's name with the direction; on a name that runs upwards, the arrow turns with it.
    pub(super) fn said(self, name: &str) -> String {
        let arrow = if self == Self::High { '→' } else { '←' };
        format!("{} ({arrow} better)", fit(name, AXIS_NAME))
    }
    /// The number, negated where less is better.
    pub(super) fn signed(self, value: f64) -> f64 {
        if self == Self::High { value } else { -value }
    }
}

/// Whether a point has a place.
pub(super) fn placed(x: Mean, y: Mean, log_x: bool) -> bool {
    drawn(x.0, log_x) && drawn(y.0, false)
}

/// Both ends of an interval.
fn ends(mean: Mean) -> Option<(f64, f64)> {
    let half = mean.1.filter(|half| drawn(*half, false) && *half >= 0.0)?;
    Some((mean.0 - half, mean.0 + half))
}

/// An area with scales that hold all of `points`, below a title.
pub(super) fn frame(head: &Head, points: &[(Mean, Mean)], log_x: bool) -> Frame {
    let values = |mean: Mean| {
        let (low, high) = ends(mean).unwrap_or((mean.0, mean.0));
        [mean.0, low, high]
    };
    let x = Axis::of(points.iter().flat_map(|point| values(point.0)), log_x);
    let y = Axis::of(points.iter().flat_map(|point| values(point.1)), false);
    let left = Frame::margin(&y, HIGH, true);
    Frame { x, y, left, top: head.high() + GAP, wide: WIDE - left - 2.0 * GAP, high: HIGH }
}

/// Draws the intervals of a point; gives back the boxes that they and the point take.
pub(super) fn intervals(frame: &Frame, x: Mean, y: Mean) -> Vec<(Point, Point)> {
    let within = Region(frame.left, frame.top, frame.right(), frame.bottom());
    let across = ends(x).map(|(low, high)| (frame.at(low, y.0), frame.at(high, y.0)));
    let up = ends(y).map(|(low, high)| (frame.at(x.0, low), frame.at(x.0, high)));
    let both = across.into_iter().chain(up);
    both.map(|(from, to)| (within.nearest(from), within.nearest(to))).collect()
}

/// Draws intervals.
pub(super) fn whiskers(canvas: &Canvas, intervals: &[(Point, Point)], colour: Colour) {
    intervals.iter().for_each(|(from, to)| whisker(canvas, *from, *to, 2.5, colour));
}

/// The box that a line takes.
pub(super) fn along(from: Point, to: Point) -> Region {
    Region(from.0.min(to.0) - 1.0, from.1.min(to.1) - 1.0, from.0.max(to.0) + 1.0, from.1.max(to.1) + 1.0)
}

/// Boxes for `names` beside `points`, free of the points and of `lines`; none where there is no room.
pub(super) fn beside(
    frame: &Frame,
    points: &[Point],
    names: &[String],
    lines: &[Region],
    radii: &[f64],
) -> Vec<Option<Region>> {
    let mut taken: Vec<Region> = points.iter().map(|at| Region::around(*at, POINT)).collect();
    taken.extend(lines);
    let sizes: Vec<(f64, f64)> = names.iter().map(|name| (wide(name) + 2.0, LINE - 3.0)).collect();
    let room = Region(frame.left + 2.0, frame.top - 2.0, WIDE - 3.0, frame.bottom() - 1.0);
    around(points, &sizes, &taken, &room, radii)
}

/// Draws a name in its box, with a line to its point where that is not next to it.
pub(super) fn name(canvas: &Canvas, name: &str, at: Point, place: &Region) {
    let near = place.nearest(at);
    let (dx, dy) = (near.0 - at.0, near.1 - at.1);
    let far = dx.hypot(dy);
    if far > LEADER {
        let from = (at.0 + dx / far * POINT, at.1 + dy / far * POINT);
        canvas.stroke(&[from, near], Stroke::solid(FAINT, 0.8));
    }
    canvas.say(name, (place.0 + 1.0, f64::midpoint(place.1, place.3)), TEXT, INK, Anchor::Left);
}
