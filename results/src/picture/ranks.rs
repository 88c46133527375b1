//! Average ranks on a scale, with bars over those that do not differ: a critical-difference diagram.
//!
//! - Demšar 2006, *Statistical Comparisons of Classifiers over Multiple Data Sets*, JMLR 7, figure 1,
//!   <https://jmlr.org/papers/v7/demsar06a.html>.
//!
//! **Deviation:** rank 1, the best, stands at the left.

use std::ops::Range;

use super::{
    Picture,
    axis::drawn,
    canvas::{Anchor, Canvas, Stroke},
    colour::{FAINT, INK},
    frame::{GAP, Head, LINE, TEXT, WIDE, fit, lines, wide},
};
use crate::words::fixed;

/// Most names; those behind are left out, and the note says how many.
const MOST: usize = 40;
/// Width of a name, at most.
const NAME: f64 = 110.0;
/// How far beyond the scale the line to a name ends.
const ELBOW: f64 = 8.0;
/// Distance between bars over groups.
const STEP: f64 = 7.0;
/// Lines of the note, at most.
const NOTE: usize = 4;

/// A critical-difference diagram.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranks {
    /// Stands above.
    pub title: String,
    /// Names with their average ranks, 1 being the best, in any order; what is no number from 1 to that of the names is
    /// left out.
    pub ranks: Vec<(String, f64)>,
    /// The difference from which on two ranks differ, if the test has one.
    pub critical: Option<f64>,
    /// Groups that do not differ, as ranges over the names from the best to the worst, with equals as given.
    pub groups: Vec<Range<usize>>,
    /// Stands below: the test, its p-value, and over how many streams or seeds.
    pub note: String,
}

/// Where a diagram's parts stand.
struct Layout {
    left: f64,
    right: f64,
    /// The scale.
    axis: f64,
    /// The first bar over a group.
    bars: f64,
    /// The first name.
    first: f64,
    /// Ends of the scale.
    ends: (f64, f64),
}

impl Layout {
    fn at(&self, rank: f64) -> f64 {
        let share = ((rank - self.ends.0) / (self.ends.1 - self.ends.0)).clamp(0.0, 1.0);
        self.left + share * (self.right - self.left)
    }
}

impl Ranks {
    /// Draws it.
    pub fn draw(&self) -> Picture {
        let whole = 1.0..=self.ranks.len() as f64;
        let ranked = self.ranks.iter().filter(|(_, rank)| whole.contains(rank));
        let mut sorted: Vec<(&str, f64)> = ranked.map(|(name, rank)| (&name[..], *rank)).collect();
        sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
        let more = sorted.len().saturating_sub(MOST);
        sorted.truncate(MOST);
        let levels = levels(&self.groups, sorted.len());
        let head = Head::of(&self.title);
        let layout = self.layout(&head, &sorted, levels.iter().map(|(level, _)| level + 1).max().unwrap_or(0));
        let rows = half(sorted.len()).max(1);
        let foot = layout.first + rows as f64 * LINE + GAP / 2.0;
        let said = if more > 0 { format!("{} ({more} names more are left out)", self.note) } else { self.note.clone() };
        let note = lines(&said, TEXT, WIDE - 2.0 * GAP, NOTE);
        Canvas::fine(WIDE, foot + note.len() as f64 * LINE + GAP / 2.0, |canvas| {
            head.draw(canvas);
            self.scale(canvas, &layout);
            for (level, group) in &levels {
                let y = layout.bars + *level as f64 * STEP;
                let [from, to] = [group.start, group.end - 1].map(|index| layout.at(sorted[index].1));
                canvas.stroke(&[(from - 3.0, y), (to + 3.0, y)], Stroke::solid(INK, 3.5));
            }
            names(canvas, &layout, &sorted);
            for (index, line) in note.iter().enumerate() {
                canvas.say(line, (GAP, foot + (index as f64 + 0.5) * LINE), TEXT, FAINT, Anchor::Left);
            }
        })
    }

    fn layout(&self, head: &Head, sorted: &[(&str, f64)], levels: usize) -> Layout {
        let (left, right) = sorted.split_at(half(sorted.len()));
        let scale = if self.critical().is_some() { LINE + 10.0 } else { 0.0 };
        let axis = head.high() + scale + LINE + 8.0;
        let bars = axis + 14.0;
        let high = sorted.last().map_or(2.0, |(_, rank)| rank.ceil()).max(sorted.len() as f64).max(2.0);
        let first = bars + levels as f64 * STEP + 6.0;
        Layout { left: side(left), right: WIDE - side(right), axis, bars, first, ends: (1.0, high) }
    }

    fn critical(&self) -> Option<f64> {
        self.critical.filter(|critical| drawn(*critical, false) && *critical > 0.0)
    }

    /// The scale, and above it how long the critical difference is.
    fn scale(&self, canvas: &Canvas, layout: &Layout) {
        let ink = Stroke::solid(INK, 1.2);
        canvas.stroke(&[(layout.left, layout.axis), (layout.right, layout.axis)], ink);
        let (low, high) = layout.ends;
        let room = (layout.right - layout.left) / (high - low);
        let widest = wide(&fixed(high, 0)).max(wide(&fixed(low, 0))) + 8.0;
        let every = [1.0, 2.0, 5.0, 10.0].into_iter().find(|every| every * room >= widest).unwrap_or(high - low);
        let mut free = f64::MIN;
        for index in (0..=MOST as i32).take_while(|index| low + f64::from(*index) <= high) {
            let rank = low + f64::from(index);
            let x = layout.at(rank);
            let named = index == 0 || rank % every == 0.0;
            let text = fixed(rank, 0);
            let half = wide(&text) / 2.0;
            canvas.stroke(&[(x, layout.axis), (x, layout.axis - if named { 6.0 } else { 3.5 })], ink);
            if named && x - half >= free {
                canvas.say(&text, (x, layout.axis - 7.0 - LINE / 2.0), TEXT, INK, Anchor::Middle);
                free = x + half + 4.0;
            }
        }
        if let Some(critical) = self.critical() {
            let y = layout.axis - LINE - 14.0;
            // Longer than the scale, it tells nothing but that nobody differs.
            let to = layout.at(low + critical);
            canvas.stroke(&[(layout.left, y), (to, y)], Stroke::solid(INK, 1.6));
            for x in [layout.left, to] {
                canvas.stroke(&[(x, y - 4.0), (x, y + 4.0)], Stroke::solid(INK, 1.6));
            }
            let longer = if critical > high - low { ", longer than the scale" } else { "" };
            let text = format!("CD = {}{longer}", fixed(critical, 2));
            let (text, room) = (fit(&text, WIDE - 2.0 * GAP), WIDE - GAP);
            let x = if to + 7.0 + wide(&text) <= room { to + 7.0 } else { room - wide(&text) };
            let y = if x < to + 7.0 { y - 4.0 - LINE / 2.0 } else { y };
            canvas.say(&text, (x, y), TEXT, INK, Anchor::Left);
        }
    }
}

/// The better half at the left, the best first; the others at the right, the worst first, so that no line crosses
/// another.
fn names(canvas: &Canvas, layout: &Layout, sorted: &[(&str, f64)]) {
    for (index, (name, rank)) in sorted.iter().enumerate() {
        let left = index < half(sorted.len());
        let row = if left { index } else { sorted.len() - 1 - index };
        let (x, y) = (layout.at(*rank), layout.first + (row as f64 + 0.5) * LINE);
        let (edge, side, anchor) =
            if left { (layout.left, -1.0, Anchor::Right) } else { (layout.right, 1.0, Anchor::Left) };
        canvas.stroke(&[(x, layout.axis), (x, y), (edge + side * ELBOW, y)], Stroke::solid(FAINT, 1.0));
        let (edge, rank) = (edge + side * (ELBOW + 4.0), fixed(*rank, 2));
        canvas.say(&rank, (edge, y), TEXT, FAINT, anchor);
        canvas.say(&fit(name, NAME), (edge + side * (wide(&rank) + 7.0), y), TEXT, INK, anchor);
    }
}

/// How many names stand at the left.
fn half(count: usize) -> usize {
    count.div_ceil(2)
}

/// Pixels that names and their ranks need beside the scale.
fn side(names: &[(&str, f64)]) -> f64 {
    let widest = names.iter().map(|(name, rank)| wide(&fit(name, NAME)) + wide(&fixed(*rank, 2))).fold(0.0, f64::max);
    GAP + widest.max(20.0) + 7.0 + 4.0 + ELBOW
}

/// Groups of two or more of `count`, each at the first level where it meets no other.
fn levels(groups: &[Range<usize>], count: usize) -> Vec<(usize, Range<usize>)> {
    let mut ends: Vec<usize> = Vec::new();
    let mut placed = Vec::new();
    let mut groups: Vec<Range<usize>> = groups
        .iter()
        .map(|group| group.start..group.end.min(count))
        .filter(|group| group.start + 1 < group.end)
        .collect();
    groups.sort_by_key(|group| (group.start, std::cmp::Reverse(group.end)));
    groups.dedup();
    for group in groups.into_iter().take(MOST) {
        let level = ends.iter().position(|end| *end < group.start).unwrap_or(ends.len());
        if level == ends.len() {
            ends.push(0);
        }
        ends[level] = group.end;
        placed.push((level, group));
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_that_meet_stand_on_different_levels() {
        let groups = [0..3, 2..5, 6..8, 5..6, 7..99];
        assert_eq!(levels(&groups, 9), [(0, 0..3), (1, 2..5), (0, 6..8), (1, 7..9)]);
        assert!(levels(&[0..1, Range { start: 5, end: 2 }, 9..12], 5).is_empty());
    }

    #[test]
    fn the_best_is_at_the_left_and_ranks_are_written() {
        let ranks = Ranks {
            ranks: [("worst", 3.0), ("best", 1.25), ("nobody", f64::NAN), ("middle", 1.75)]
                .map(|(n, r)| (n.to_owned(), r))
                .to_vec(),
            critical: Some(0.9),
            groups: std::iter::once(0..2).collect(),
            note: "Friedman".into(),
            ..Ranks::default()
        };
        let svg = ranks.draw().svg;
        let at = |text: &str| svg.find(text).unwrap_or_else(|| panic!("{text}: {svg}"));
        assert!(at("best") < at("1.75") && at("1.75") < at("worst"));
        assert!(svg.contains("CD = 0.90") && !svg.contains("nobody") && svg.contains("Friedman"));
        assert_eq!(svg.matches("stroke-width=\"35\"").count(), 1);
    }

    #[test]
    fn forty_names_are_drawn_and_the_others_counted() {
        let ranks =
            Ranks { ranks: (1..=45).map(|rank| (format!("m{rank}"), f64::from(rank))).collect(), ..Ranks::default() };
        let svg = ranks.draw().svg;
        assert!(svg.contains("m40") && !svg.contains("m41") && svg.contains("5 names more"));
    }
}
