//! Points between two scales, such as stability and plasticity, with the front of those that no other beats.

use std::collections::BTreeSet;

use super::{
    Picture,
    canvas::{Canvas, Point, Stroke},
    colour::{CATEGORIES, Colour, FAINT},
    frame::{Frame, GAP, Head, Key, fit},
    mark::{Shape, Style},
    place::{RADII, Region},
    scatter::{Better, Mean, along, beside, frame, intervals, name, placed, whiskers},
};

/// Width of a name beside its point, at most.
const NAME: f64 = 130.0;
/// Most points that are named, beside them or below by a number.
const NAMED: usize = 40;
/// Most points with intervals; of more, those that others cover are left out.
const BARE: usize = 200;
/// Points that no other beats.
const FIRST: Style = Style { colour: CATEGORIES[0], dash: &[], shape: Shape::Disc, hollow: false };
/// Points that another beats, or all where no front is asked for.
const OTHER: Style = Style { colour: CATEGORIES[0], dash: &[], shape: Shape::Disc, hollow: true };
/// Points that stand for comparison.
const REFERENCE: Style = Style { colour: FAINT, dash: &[], shape: Shape::Diamond, hollow: false };
/// The front.
const EDGE: Colour = CATEGORIES[0];

/// Points between two scales.
///
/// A point that is no finite number is left out, as is one that is not positive on a scale of powers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Front {
    /// Stands above.
    pub title: String,
    /// The scale across.
    pub across: String,
    /// The scale that runs up.
    pub up: String,
    /// Which way is better, across and up.
    pub better: (Better, Better),
    /// The points.
    pub dots: Vec<Dot>,
    /// Whether the front is drawn: the points that no other is at least as good as in both, and better in one.
    /// Those that stand for comparison are no part of it.
    pub pareto: bool,
    /// Whether the scale across is one of powers.
    pub log_x: bool,
}

/// A point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dot {
    /// Its name.
    pub name: String,
    /// Its place across.
    pub x: Mean,
    /// Its height.
    pub y: Mean,
    /// Whether it only stands for comparison, such as joint training.
    pub reference: bool,
}

impl Front {
    /// Draws it.
    pub fn draw(&self) -> Picture {
        let dots: Vec<&Dot> = self.dots.iter().filter(|dot| placed(dot.x, dot.y, self.log_x)).collect();
        let first = self.first(&dots);
        let head = Head::of(&self.title);
        let means: Vec<(Mean, Mean)> = dots.iter().map(|dot| (dot.x, dot.y)).collect();
        let frame = frame(&head, &means, self.log_x);
        let points: Vec<Point> = dots.iter().map(|dot| frame.at(dot.x.0, dot.y.0)).collect();
        let bare = dots.len() > BARE;
        let interval = |dot: &&Dot| if bare { Vec::new() } else { intervals(&frame, dot.x, dot.y) };
        let bars: Vec<_> = dots.iter().map(interval).collect();
        let steps = self.steps(&frame, &dots, &first);
        let lines: Vec<Region> = bars
            .iter()
            .flatten()
            .map(|(from, to)| along(*from, *to))
            .chain(steps.windows(2).map(|ends| along(ends[0], ends[1])))
            .collect();
        let (names, places, notes) = names(&frame, &dots, &points, &lines);
        let key = self.key(&dots, &first, notes);
        let foot = frame.bottom() + Frame::foot(true) + GAP / 2.0;
        Canvas::fine(super::frame::WIDE, foot + key.high() + GAP / 2.0, |canvas| {
            head.draw(canvas);
            frame.draw_up(canvas, &self.better.1.said(&self.up));
            frame.draw_across(canvas, &self.better.0.said(&self.across));
            canvas.stroke(&steps, Stroke { colour: EDGE, wide: 1.2, dash: &[5.0, 3.0] });
            for (index, dot) in dots.iter().enumerate() {
                whiskers(canvas, &bars[index], style(dot, first[index]).colour);
            }
            let mut covered = BTreeSet::new();
            for (index, dot) in dots.iter().enumerate() {
                let near = (points[index].0 as i32 / 4, points[index].1 as i32 / 4, dot.reference, first[index]);
                if bare && !covered.insert(near) {
                    continue;
                }
                style(dot, first[index]).point(canvas, points[index], 4.2);
                if let Some(place) = &places[index] {
                    name(canvas, &names[index], points[index], place);
                }
            }
            key.draw(canvas, foot);
        })
    }

    /// Which points no other beats; all but those for comparison if no front is asked for.
    fn first(&self, dots: &[&Dot]) -> Vec<bool> {
        let both = |index: usize| (self.better.0.signed(dots[index].x.0), self.better.1.signed(dots[index].y.0));
        let mut order: Vec<usize> = (0..dots.len()).filter(|index| !dots[*index].reference).collect();
        order.sort_by(|a, b| both(*b).0.total_cmp(&both(*a).0).then(both(*b).1.total_cmp(&both(*a).1)));
        let mut first = vec![false; dots.len()];
        // From the best across on, whoever is higher than all before; or equal to the one that was.
        let mut highest: Option<(f64, f64)> = None;
        for index in order {
            let at = both(index);
            if !self.pareto || highest.is_none_or(|highest| at.1 > highest.1 || at == highest) {
                first[index] = true;
                highest = Some(at);
            }
        }
        first
    }

    /// Corners of the front: what lies on its worse side is beaten.
    fn steps(&self, frame: &Frame, dots: &[&Dot], first: &[bool]) -> Vec<Point> {
        if !self.pareto {
            return Vec::new();
        }
        let mut corners: Vec<&Dot> = dots.iter().zip(first).filter(|(_, first)| **first).map(|(dot, _)| *dot).collect();
        corners.sort_by(|a, b| self.better.0.signed(a.x.0).total_cmp(&self.better.0.signed(b.x.0)));
        let at: Vec<Point> = corners.iter().map(|dot| frame.at(dot.x.0, dot.y.0)).collect();
        let mut steps: Vec<Point> = Vec::new();
        for (index, point) in at.iter().enumerate() {
            // A worse place across buys height: the step is at the worse of both in each direction.
            steps.extend(index.checked_sub(1).map(|before| (at[before].0, point.1)));
            steps.push(*point);
        }
        steps
    }

    fn key(&self, dots: &[&Dot], first: &[bool], notes: Vec<String>) -> Key {
        let mut looks = Vec::new();
        if self.pareto && first.contains(&true) {
            looks.push(("not beaten in both".to_owned(), Some(FIRST)));
        }
        if dots.iter().zip(first).any(|(dot, first)| !dot.reference && !first) {
            looks.push(("beaten".into(), Some(OTHER)));
        }
        if dots.iter().any(|dot| dot.reference) {
            looks.push(("for comparison".into(), Some(REFERENCE)));
        }
        Key::of(looks.into_iter().chain(notes.into_iter().map(|note| (note, None))), false)
    }
}

fn style(dot: &Dot, first: bool) -> Style {
    match (dot.reference, first) {
        (true, _) => REFERENCE,
        (_, true) => FIRST,
        (_, false) => OTHER,
    }
}

/// What stands beside the points and where, and what is said below: names, or numbers for them where names have no
/// room.
#[allow(clippy::type_complexity)]
fn names(
    frame: &Frame,
    dots: &[&Dot],
    points: &[Point],
    lines: &[Region],
) -> (Vec<String>, Vec<Option<Region>>, Vec<String>) {
    if dots.len() > NAMED {
        return (vec![String::new(); dots.len()], vec![None; dots.len()], vec![format!("{} points", dots.len())]);
    }
    let names: Vec<String> = dots.iter().map(|dot| fit(&dot.name, NAME)).collect();
    let whole = |name: &String| !name.ends_with('…');
    let places = beside(frame, points, &names, lines, &RADII);
    if places.iter().all(Option::is_some) && names.iter().all(whole) {
        return (names, places, Vec::new());
    }
    let numbers: Vec<String> = (1..=dots.len()).map(|number| number.to_string()).collect();
    let places = beside(frame, points, &numbers, lines, &RADII);
    let said = dots.iter().zip(&numbers).map(|(dot, number)| format!("{number} {}", dot.name)).collect();
    (numbers, places, said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front(points: &[(f64, f64)]) -> Front {
        let dot = |(index, (x, y)): (usize, &(f64, f64))| Dot {
            name: format!("method {index}"),
            x: (*x, Some(1.0)),
            y: (*y, None),
            reference: false,
        };
        Front { dots: points.iter().enumerate().map(dot).collect(), pareto: true, ..Front::default() }
    }

    fn first(front: &Front) -> Vec<bool> {
        front.first(&front.dots.iter().collect::<Vec<_>>())
    }

    #[test]
    fn the_front_is_of_those_that_no_other_beats() {
        let mut front = front(&[(1.0, 3.0), (2.0, 2.0), (1.0, 2.0), (3.0, 1.0), (3.0, 1.0)]);
        assert_eq!(first(&front), [true, true, false, true, true]);
        front.better = (Better::Low, Better::High);
        assert_eq!(first(&front), [true, false, false, false, false]);
        // What stands for comparison beats nobody.
        front.dots[0].reference = true;
        assert_eq!(first(&front), [false, false, true, false, false]);
        front.pareto = false;
        assert_eq!(first(&front), [false, true, true, true, true]);
    }

    #[test]
    fn the_front_steps_on_its_worse_side() {
        let front = front(&[(0.0, 10.0), (10.0, 0.0)]);
        let frame = frame(&Head::of(""), &[((0.0, None), (10.0, None)), ((10.0, None), (0.0, None))], false);
        let steps = front.steps(&frame, &front.dots.iter().collect::<Vec<_>>(), &[true, true]);
        assert_eq!(steps, [frame.at(0.0, 10.0), frame.at(0.0, 0.0), frame.at(10.0, 0.0)]);
    }

    #[test]
    fn names_without_room_are_numbers_with_a_key() {
        let few = front(&[(1.0, 3.0), (2.0, 2.0)]).draw();
        assert!(few.svg.contains("\nmethod 0\n") && !few.svg.contains("1 method 0"), "{}", few.svg);
        let crowd = front(&[(1.0, 1.0); 30]).draw();
        assert!(crowd.svg.contains("\n1 method 0\n") && crowd.svg.contains("\n30 method 29\n"));
        let mass = front(&[(1.0, 1.0); 200]).draw();
        assert!(mass.svg.contains("200 points"));
    }
}
