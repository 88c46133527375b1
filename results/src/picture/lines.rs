//! Numbers over a scale, as lines with bands of uncertainty.

use super::{
    Picture,
    axis::{Axis, drawn},
    canvas::{Anchor, Canvas, Point, Stroke},
    colour::{FAINT, INK, REST},
    frame::{Frame, GAP, Head, Key, LINE, LINE_WIDE, TEXT, WIDE, fit, wide},
    mark::{STYLES, Style},
    place::spread,
};

/// Height of the area.
const HIGH: f64 = 240.0;
/// Width of a name at a line's end, at most.
const NAME: f64 = 110.0;
/// How far a name may stand from its line's end, up or down.
const DRIFT: f64 = 26.0;
/// Points that are marked on a line, about.
const MARKS: usize = 7;
/// How much of what lies behind a band is hidden.
const BAND: f64 = 0.16;

/// A point of a line: its place across, the number, and the ends of its interval if it has one.
pub type LinePoint = (f64, f64, Option<(f64, f64)>);

/// Lines over a scale, such as accuracy over a stream.
///
/// Points that are no finite numbers are left out, and the line goes on from the one before to the one after. Seven
/// lines are told apart; all others are grey, and the picture says how many.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    /// Stands above.
    pub title: String,
    /// What the points stand over.
    pub across: String,
    /// What the numbers are.
    pub up: String,
    /// The lines.
    pub series: Vec<Series>,
    /// Upright lines at places across, such as ends of experiences, with what is written above them.
    pub marks: Vec<(f64, String)>,
    /// Whether the scale across is one of powers; places that are not positive are left out.
    pub log_x: bool,
    /// Ends of the scale that runs up, if they are not to be those of the numbers.
    pub y_range: Option<(f64, f64)>,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Its points, in any order.
    pub points: Vec<LinePoint>,
}

impl Lines {
    /// Draws them.
    pub fn draw(&self) -> Picture {
        let series: Vec<Vec<LinePoint>> = self.series.iter().map(|series| self.sorted(series)).collect();
        let head = Head::of(&self.title);
        let (x, y) = self.axes(&series);
        let left = Frame::margin(&y, HIGH, true);
        let marked = self.marks.iter().any(|(at, name)| drawn(*at, self.log_x) && !name.trim().is_empty());
        let top = head.high() + if marked { LINE } else { GAP };
        let mut frame = Frame { x, y, left, top, wide: WIDE - left - 2.0 * GAP, high: HIGH };
        let ends = self.ends(&mut frame, &series);
        let key = if ends.is_some() { Key::of([], true) } else { self.key() };
        let foot = frame.bottom() + Frame::foot(true) + GAP / 2.0;
        Canvas::fine(WIDE, foot + key.high() + GAP / 2.0, |canvas| {
            head.draw(canvas);
            frame.draw_up(canvas, &self.up);
            frame.draw_across(canvas, &self.across);
            self.boundaries(canvas, &frame);
            bands(canvas, &frame, &series);
            curves(canvas, &frame, &series);
            for (name, from, to) in ends.iter().flatten() {
                if (from.1 - to.1).abs() > 3.0 {
                    canvas.stroke(&[*from, (to.0 - 3.0, to.1)], Stroke::solid(FAINT, 0.8));
                }
                canvas.say(name, *to, TEXT, INK, Anchor::Left);
            }
            key.draw(canvas, foot);
        })
    }

    /// The points of a line that have a place, from left to right.
    fn sorted(&self, series: &Series) -> Vec<LinePoint> {
        let there = |point: &&LinePoint| drawn(point.0, self.log_x) && drawn(point.1, false);
        let whole = |band: &(f64, f64)| drawn(band.0, false) && drawn(band.1, false);
        let mut points: Vec<LinePoint> =
            series.points.iter().filter(there).map(|(x, mean, band)| (*x, *mean, band.filter(whole))).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    }

    fn axes(&self, series: &[Vec<LinePoint>]) -> (Axis, Axis) {
        let points = || series.iter().flatten();
        let marks = self.marks.iter().map(|(at, _)| *at);
        let across = Axis::of(points().map(|point| point.0).chain(marks), self.log_x);
        let bands = series.iter().take(STYLES.len()).flatten().filter_map(|point| point.2);
        let values = points().map(|point| point.1).chain(bands.flat_map(|(low, high)| [low, high]));
        (across, Axis::between(self.y_range, values))
    }

    /// Names at the ends of the lines, where each ends at the right and has room there; the area gives way to them.
    fn ends(&self, frame: &mut Frame, series: &[Vec<LinePoint>]) -> Option<Vec<(String, Point, Point)>> {
        let names: Vec<String> = self.series.iter().map(|series| fit(&series.name, f64::from(i32::MAX))).collect();
        let widest = names.iter().map(|name| wide(name)).fold(0.0, f64::max);
        if names.len() < 2 || names.len() > STYLES.len() || widest > NAME || names.iter().any(String::is_empty) {
            return None;
        }
        let last: Vec<&LinePoint> = series.iter().map(|points| points.last()).collect::<Option<_>>()?;
        let narrow = WIDE - frame.left - GAP - widest - 14.0;
        let trial = Frame { wide: narrow, x: frame.x.clone(), y: frame.y.clone(), ..*frame };
        let from: Vec<Point> = last.iter().map(|point| trial.at(point.0, point.1)).collect();
        let rightmost = from.iter().map(|at| at.0).fold(0.0, f64::max);
        let inside = |at: &Point| at.0 > rightmost - 4.0 && (trial.top..=trial.bottom()).contains(&at.1);
        if !from.iter().all(inside) {
            return None;
        }
        let wanted: Vec<f64> = from.iter().map(|at| at.1).collect();
        let placed = spread(&wanted, LINE - 2.0, trial.top, trial.bottom())?;
        if wanted.iter().zip(&placed).any(|(wanted, placed)| (wanted - placed).abs() > DRIFT) {
            return None;
        }
        *frame = trial;
        let to = placed.into_iter().map(|y| (frame.right() + 12.0, y));
        let from = from.into_iter().map(|at| (at.0 + 2.0, at.1));
        Some(names.into_iter().zip(from).zip(to).map(|((name, from), to)| (name, from, to)).collect())
    }

    fn key(&self) -> Key {
        let named = self.series.iter().take(STYLES.len()).enumerate();
        let named = named.map(|(index, series)| (series.name.clone(), Style::of(index)));
        let more = self.series.len().saturating_sub(STYLES.len());
        let note = (more > 0).then(|| (format!("grey: {more} more"), None));
        Key::of(named.filter(|_| self.series.len() > 1 || !self.series[0].name.trim().is_empty()).chain(note), true)
    }

    /// Upright lines; what is written above one is left out where it would cover its neighbour's.
    fn boundaries(&self, canvas: &Canvas, frame: &Frame) {
        let mut marks: Vec<_> = self.marks.iter().filter(|(at, _)| drawn(*at, self.log_x)).collect();
        marks.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut free = frame.left - 4.0;
        for (at, name) in marks {
            let x = frame.at(*at, 0.0).0;
            let dash = Stroke { colour: FAINT, wide: 1.0, dash: &[3.0, 3.0] };
            canvas.stroke(&[(x, frame.top), (x, frame.bottom())], dash);
            let name = fit(name, NAME);
            let half = wide(&name) / 2.0;
            let middle = x.min(WIDE - 2.0 - half);
            if middle - half >= free {
                canvas.say(&name, (middle, frame.top - LINE / 2.0), TEXT, FAINT, Anchor::Middle);
                free = middle + half + 6.0;
            }
        }
    }
}

fn bands(canvas: &Canvas, frame: &Frame, series: &[Vec<LinePoint>]) {
    for (points, style) in series.iter().zip(STYLES) {
        for run in points.split(|point| point.2.is_none()) {
            let edge = |(x, _, band): &LinePoint, upper: bool| {
                let (low, high) = band.expect("points without a band part the runs");
                let (x, y) = frame.at(*x, if upper { high } else { low });
                (x, y.clamp(frame.top, frame.bottom()))
            };
            let run = thinned(run, frame);
            match &run[..] {
                [] => {}
                [point] => super::frame::whisker(canvas, edge(point, false), edge(point, true), 3.0, style.colour),
                _ => {
                    let upper = run.iter().map(|point| edge(point, true));
                    let outline: Vec<Point> = upper.chain(run.iter().rev().map(|point| edge(point, false))).collect();
                    canvas.shape(&outline, style.colour, BAND);
                }
            }
        }
    }
}

fn curves(canvas: &Canvas, frame: &Frame, series: &[Vec<LinePoint>]) {
    let paths: Vec<Vec<Point>> = series
        .iter()
        .map(|points| thinned(points, frame).iter().map(|point| frame.at(point.0, point.1)).collect())
        .collect();
    let inside = |at: &Point| (frame.top - 0.1..=frame.bottom() + 0.1).contains(&at.1);
    // The first lies on top of the others, and what is grey below all.
    for (index, path) in paths.iter().enumerate().rev() {
        let style = Style::of(index);
        let stroke = style.map_or(Stroke::solid(REST, 1.0), |style| style.stroke(LINE_WIDE));
        for piece in clipped(path, frame.top, frame.bottom()) {
            canvas.stroke(&piece, stroke);
        }
    }
    for (index, path) in paths.iter().enumerate().take(STYLES.len()).rev() {
        let points: Vec<&Point> = path.iter().filter(|at| inside(at)).collect();
        let stride = points.len().div_ceil(MARKS).max(1);
        let stride = if points.len() <= 12 { 1 } else { stride };
        // Each line begins its marks elsewhere, so that those of lines that run together are seen.
        let first = if stride == 1 { 0 } else { stride * (2 * index + 1) / (2 * STYLES.len()) };
        for at in points.into_iter().skip(first).step_by(stride) {
            STYLES[index].point(canvas, *at, 3.6);
        }
    }
}

/// Points of which each is seen: of those within a pixel's width, the first, the last, the lowest and the highest.
fn thinned(points: &[LinePoint], frame: &Frame) -> Vec<LinePoint> {
    if points.len() <= 2 * WIDE as usize {
        return points.to_vec();
    }
    let column = |point: &LinePoint| frame.at(point.0, point.1).0 as i32;
    let mut kept = Vec::new();
    for run in points.chunk_by(|a, b| column(a) == column(b)) {
        let by = |a: &usize, b: &usize| run[*a].1.total_cmp(&run[*b].1);
        let least = (0..run.len()).min_by(by).unwrap_or_default();
        let most = (0..run.len()).max_by(by).unwrap_or_default();
        let mut seen = vec![0, least, most, run.len() - 1];
        seen.sort_unstable();
        seen.dedup();
        kept.extend(seen.into_iter().map(|index| run[index]));
    }
    kept
}

/// The parts of a path between `top` and `bottom`.
fn clipped(path: &[Point], top: f64, bottom: f64) -> Vec<Vec<Point>> {
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    for ends in path.windows(2) {
        let (a, b) = (ends[0], ends[1]);
        let inside = |y: f64| (top..=bottom).contains(&y);
        let cut = |edge: f64| (a.0 + (b.0 - a.0) * (edge - a.1) / (b.1 - a.1), edge);
        let near = |y: f64| y.clamp(top, bottom);
        if (a.1 < top && b.1 < top) || (a.1 > bottom && b.1 > bottom) {
            continue;
        }
        let from = if inside(a.1) { a } else { cut(near(a.1)) };
        let to = if inside(b.1) { b } else { cut(near(b.1)) };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&from) => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(series: usize, points: usize) -> Lines {
        let point = |series: usize, at: usize| {
            let mean = 90.0 - 7.0 * series as f64 - 20.0 * at as f64 / points as f64;
            (at as f64, mean, Some((mean - 2.0, mean + 2.0)))
        };
        let of = |series| Series {
            name: format!("method {series}"),
            points: (0..points).map(|at| point(series, at)).collect(),
        };
        let [title, across, up] = ["title", "experience", "accuracy"].map(str::to_owned);
        Lines { title, across, up, series: (0..series).map(of).collect(), ..Lines::default() }
    }

    #[test]
    fn a_path_ends_where_the_area_ends() {
        let path = [(0.0, 0.0), (10.0, 20.0), (20.0, 0.0), (30.0, 5.0)];
        let pieces = clipped(&path, 0.0, 10.0);
        assert_eq!(pieces, [vec![(0.0, 0.0), (5.0, 10.0)], vec![(15.0, 10.0), (20.0, 0.0), (30.0, 5.0)]]);
        assert!(clipped(&path, 30.0, 40.0).is_empty());
        assert_eq!(clipped(&[(0.0, -1.0), (3.0, 2.0)], 0.0, 1.0), [vec![(1.0, 0.0), (2.0, 1.0)]]);
    }

    #[test]
    fn names_stand_at_ends_while_there_is_room_and_below_otherwise() {
        assert!(lines(3, 5).draw().height < lines(8, 5).draw().height);
        assert!(lines(9, 5).draw().svg.contains("grey: 2 more"));
        // All lines end at one place.
        let mut equal = lines(7, 5);
        equal.series.iter_mut().for_each(|series| series.points = vec![(1.0, 2.0, None)]);
        assert!(equal.draw().height > lines(3, 5).draw().height);
    }

    #[test]
    fn many_points_make_a_picture_of_bounded_size() {
        let picture = lines(7, 100_000).draw();
        assert!(picture.svg.len() < 1_000_000, "{}", picture.svg.len());
    }

    #[test]
    fn thinning_keeps_extremes() {
        let mut wild = lines(1, 10_000);
        wild.series[0].points[5000].1 = 1000.0;
        let points = wild.sorted(&wild.series[0]);
        let frame = Frame {
            x: Axis::of([0.0, 10_000.0].into_iter(), false),
            y: Axis::of([0.0, 1000.0].into_iter(), false),
            left: 0.0,
            top: 0.0,
            wide: 400.0,
            high: 200.0,
        };
        let kept = thinned(&points, &frame);
        assert!(kept.len() < 2000 && kept.iter().any(|point| point.1 > 999.0), "{}", kept.len());
    }
}
