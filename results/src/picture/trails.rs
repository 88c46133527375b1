//! Paths between two scales: fronts over preferences, or what becomes of two scores as training goes on.

use super::{
    Picture,
    canvas::{Canvas, Point, Stroke},
    colour::{Colour, REST},
    frame::{Frame, GAP, Head, Key, WIDE, fit},
    mark::{STYLES, Shape, Style},
    place::{RADII, Region},
    scatter::{Better, Mean, along, beside, frame, intervals, name, placed, whiskers},
};

/// Width of a name beside a point, at most.
const NAME: f64 = 90.0;
/// Most points with names beside them.
const NAMED: usize = 40;
/// Length of an arrow's head, and of the shortest part of a path that has one.
const ARROW: (f64, f64) = (7.0, 20.0);

/// Paths between two scales.
///
/// Points that are no finite numbers are left out. Seven paths are told apart; all others are grey.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trails {
    /// Stands above.
    pub title: String,
    /// The scale across.
    pub across: String,
    /// The scale that runs up.
    pub up: String,
    /// Which way is better, across and up.
    pub better: (Better, Better),
    /// The paths.
    pub trails: Vec<Trail>,
    /// Whether the paths have a direction: their starts are ringed, and arrows lead on.
    pub arrows: bool,
    /// Whether the scale across is one of powers.
    pub log_x: bool,
}

/// A path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trail {
    /// Its name.
    pub name: String,
    /// Its points, in order.
    pub stops: Vec<Stop>,
}

/// A point of a path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stop {
    /// What is written beside it if there is room, such as an experience or a preference.
    pub name: String,
    /// Its place across.
    pub x: Mean,
    /// Its height.
    pub y: Mean,
}

impl Trails {
    /// Draws them.
    pub fn draw(&self) -> Picture {
        let there = |stop: &&Stop| placed(stop.x, stop.y, self.log_x);
        let trails: Vec<Vec<&Stop>> =
            self.trails.iter().map(|trail| trail.stops.iter().filter(there).collect()).collect();
        let means: Vec<(Mean, Mean)> = trails.iter().flatten().map(|stop| (stop.x, stop.y)).collect();
        let head = Head::of(&self.title);
        let frame = frame(&head, &means, self.log_x);
        let paths: Vec<Vec<Point>> =
            trails.iter().map(|stops| stops.iter().map(|stop| frame.at(stop.x.0, stop.y.0)).collect()).collect();
        let key = self.key();
        let foot = frame.bottom() + Frame::foot(true) + GAP / 2.0;
        Canvas::fine(WIDE, foot + key.high() + GAP / 2.0, |canvas| {
            head.draw(canvas);
            frame.draw_up(canvas, &self.better.1.said(&self.up));
            frame.draw_across(canvas, &self.better.0.said(&self.across));
            for (index, stops) in trails.iter().enumerate().take(STYLES.len()).rev() {
                for stop in stops {
                    whiskers(canvas, &intervals(&frame, stop.x, stop.y), STYLES[index].colour);
                }
            }
            for (index, path) in paths.iter().enumerate().rev() {
                self.path(canvas, path, Style::of(index));
            }
            names(canvas, &frame, &trails, &paths);
            key.draw(canvas, foot);
        })
    }

    fn path(&self, canvas: &Canvas, path: &[Point], style: Option<Style>) {
        let stroke = style.map_or(Stroke::solid(REST, 1.0), |style| style.stroke(1.6));
        canvas.stroke(path, stroke);
        let Some(style) = style else { return };
        if let (Some(start), true) = (path.first(), self.arrows) {
            let ring = Style { hollow: true, shape: Shape::Disc, ..style };
            ring.point(canvas, *start, 7.5);
        }
        for ends in path.windows(2).filter(|_| self.arrows) {
            arrow(canvas, ends[0], ends[1], style.colour);
        }
        path.iter().for_each(|at| style.point(canvas, *at, 3.8));
    }

    fn key(&self) -> Key {
        let named = self.trails.iter().take(STYLES.len()).enumerate();
        let mut entries: Vec<_> = named.map(|(index, trail)| (trail.name.clone(), Style::of(index))).collect();
        let more = self.trails.len().saturating_sub(STYLES.len());
        entries.extend((more > 0).then(|| (format!("grey: {more} more"), None)));
        entries.extend((self.arrows && !self.trails.is_empty()).then(|| ("ring: start".to_owned(), None)));
        Key::of(entries, true)
    }
}

/// The head of an arrow at the middle of a part of a path that is long enough.
fn arrow(canvas: &Canvas, from: Point, to: Point, colour: Colour) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let size = dx.hypot(dy);
    if size < ARROW.1 {
        return;
    }
    let (x, y) = (dx / size * ARROW.0, dy / size * ARROW.0);
    let tip = (f64::midpoint(from.0, to.0) + x / 2.0, f64::midpoint(from.1, to.1) + y / 2.0);
    let back = (tip.0 - x, tip.1 - y);
    let wing = |side: f64| (back.0 - side * y * 0.5, back.1 + side * x * 0.5);
    canvas.shape(&[tip, wing(1.0), wing(-1.0)], colour, 1.0);
}

/// Names beside points, as many as have room; a path's ends are served first.
fn names(canvas: &Canvas, frame: &Frame, trails: &[Vec<&Stop>], paths: &[Vec<Point>]) {
    let shown = || trails.iter().zip(paths).take(STYLES.len());
    let count: usize = shown().map(|(stops, _)| stops.len()).sum();
    let mut stops: Vec<(bool, &Stop, Point)> = shown()
        .flat_map(|(stops, path)| {
            let inner = |index: usize| index > 0 && index + 1 < path.len();
            stops.iter().zip(path).enumerate().map(move |(index, (stop, at))| (inner(index), *stop, *at))
        })
        .filter(|(inner, ..)| count <= NAMED || !inner)
        .collect();
    stops.sort_by_key(|(inner, ..)| *inner);
    let points: Vec<Point> = paths.iter().flatten().copied().collect();
    let lines = paths.iter().flat_map(|path| path.windows(2)).flat_map(|ends| pieces(ends[0], ends[1]));
    let points = points.iter().map(|at| Region::around(*at, 6.0));
    let taken: Vec<_> = lines.chain(points).collect();
    let texts: Vec<String> = stops.iter().map(|(_, stop, _)| fit(&stop.name, NAME)).collect();
    let at: Vec<Point> = stops.iter().map(|(.., at)| *at).collect();
    for ((text, at), place) in texts.iter().zip(&at).zip(beside(frame, &at, &texts, &taken, &RADII[..3])) {
        if let Some(place) = place.filter(|_| !text.is_empty()) {
            name(canvas, text, *at, &place);
        }
    }
}

/// Boxes along a slanted line, so that what stands beside it is not thought to be covered by it.
fn pieces(from: Point, to: Point) -> Vec<Region> {
    let count = ((to.0 - from.0).hypot(to.1 - from.1) / 8.0).ceil().max(1.0);
    let at = |index: f64| (from.0 + (to.0 - from.0) * index / count, from.1 + (to.1 - from.1) * index / count);
    (0..count as i32).map(f64::from).map(|index| along(at(index), at(index + 1.0))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trails(count: usize, stops: usize) -> Trails {
        let stop = |trail: usize, at: usize| Stop {
            name: at.to_string(),
            x: (at as f64 * 10.0, Some(1.0)),
            y: ((at * at) as f64 + 20.0 * trail as f64, None),
        };
        let trail = |trail: usize| Trail {
            name: format!("method {trail}"),
            stops: (0..stops).map(|at| stop(trail, at)).collect(),
        };
        Trails { trails: (0..count).map(trail).collect(), ..Trails::default() }
    }

    #[test]
    fn a_directed_path_has_arrows_and_a_start() {
        let plain = trails(1, 3);
        let directed = Trails { arrows: true, ..plain.clone() };
        let shapes = |trails: &Trails| trails.draw().svg.matches("<polygon").count();
        // Two arrows and the ring.
        assert_eq!(shapes(&directed), shapes(&plain) + 3);
        assert!(directed.draw().svg.contains("ring: start") && !plain.draw().svg.contains("ring: start"));
    }

    #[test]
    fn more_than_seven_paths_say_so() {
        assert!(trails(9, 2).draw().svg.contains("grey: 2 more"));
        assert!(!trails(7, 2).draw().svg.contains("grey"));
    }

    #[test]
    fn points_without_a_place_are_left_out() {
        let mut broken = trails(1, 4);
        broken.trails[0].stops[1].x.0 = f64::NAN;
        broken.trails[0].stops[2].y.0 = f64::INFINITY;
        let kept = Trails { trails: vec![Trail { name: "method 0".into(), stops: vec![] }], ..broken.clone() };
        let ends = |at: usize| broken.trails[0].stops[at].clone();
        let kept = Trails { trails: vec![Trail { stops: vec![ends(0), ends(3)], ..kept.trails[0].clone() }], ..kept };
        assert_eq!(broken.draw(), kept.draw());
    }
}
