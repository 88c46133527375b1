//! Counts as bars that lie on their side, in parts where they have parts.

use super::{
    Picture,
    canvas::{Anchor, Canvas, SIZE, fitted, width},
    colour::{CATEGORIES, Colour, FAINT, GRID, INK},
    group_label, groups, tick,
};
use crate::words::grouped;

/// Most bars; more are gathered into groups.
const MOST: usize = 60;
/// Width of the whole.
const WIDE: i32 = 480;
/// Width of the bars' labels, at most.
const LABELS: i32 = 150;
/// Distance from the edge and between parts.
const GAP: i32 = 8;
/// Width of a part's name in the legend.
const NAME: i32 = 148;

/// Counts of things, in parts.
#[derive(Clone, Debug)]
pub struct Bars {
    /// Stands above.
    pub title: String,
    /// What is counted.
    pub axis: String,
    /// Names of the bars.
    pub rows: Vec<String>,
    /// Parts with a count for each bar. More than seven are shown as six and the rest.
    pub parts: Vec<(String, Vec<u64>)>,
}

impl Bars {
    /// Draws them.
    pub fn draw(&self) -> Picture {
        let parts = self.largest();
        let groups = groups(self.rows.len(), MOST);
        let names: Vec<String> = groups.iter().map(|group| group_label(&self.rows, group)).collect();
        let counts: Vec<Vec<u64>> = groups
            .iter()
            .map(|group| parts.iter().map(|(_, counts)| counts[group.clone()].iter().sum()).collect())
            .collect();
        let most = counts.iter().map(|counts| counts.iter().sum::<u64>()).max().unwrap_or(0).max(1);
        let left = names.iter().map(|name| width(name, SIZE)).max().unwrap_or(0).min(LABELS) + 2 * GAP;
        // How many parts a bar has, where there are several.
        let sorts = |row: usize| {
            let there = |(_, counts): &&(String, Vec<u64>)| counts[groups[row].clone()].iter().any(|count| *count > 0);
            (self.parts.len() > 1).then(|| self.parts.iter().filter(there).count())
        };
        let widest = end(most, (self.parts.len() > 1).then_some(self.parts.len()));
        let room = WIDE - left - GAP - width(&widest, SIZE - 1) - 6;
        let high = if names.len() <= 14 { 22 } else { 14 };
        let legend = if parts.len() > 1 { 16 * parts.len().div_ceil(3) as i32 + 6 } else { 0 };
        let (top, down) = (30 + legend, names.len() as i32 * high);
        Canvas::paint(WIDE, top + down + 40, |canvas| {
            canvas.text(&fitted(&self.title, SIZE + 1, WIDE - 2 * GAP), (GAP, 14), SIZE + 1, INK, Anchor::Left);
            if parts.len() > 1 {
                key(canvas, &parts);
            }
            self.scale(canvas, (left, top), (room, down), most);
            for (row, (name, counts)) in names.iter().zip(&counts).enumerate() {
                let y = top + row as i32 * high;
                canvas.text(&fitted(name, SIZE, LABELS), (left - 5, y + high / 2), SIZE, INK, Anchor::Right);
                let mut sum = 0;
                for (part, count) in counts.iter().enumerate() {
                    let [from, end] = [sum, sum + count].map(|at| left + scaled(at, most, room));
                    canvas.fill(from, y + 3, end - from, high - 5, colour(part, &parts));
                    sum += count;
                }
                let at = (left + scaled(sum, most, room) + 4, y + high / 2);
                canvas.text(&end(sum, sorts(row)), at, SIZE - 1, FAINT, Anchor::Left);
            }
        })
    }

    /// The largest parts, and all others as one.
    fn largest(&self) -> Vec<(String, Vec<u64>)> {
        let most = CATEGORIES.len();
        if self.parts.len() <= most {
            return self.parts.clone();
        }
        let mut order: Vec<usize> = (0..self.parts.len()).collect();
        order.sort_by_key(|part| std::cmp::Reverse(self.parts[*part].1.iter().sum::<u64>()));
        let (kept, rest) = order.split_at_mut(most - 1);
        kept.sort_unstable();
        let mut parts: Vec<_> = kept.iter().map(|part| self.parts[*part].clone()).collect();
        let others = |row: usize| rest.iter().map(|part| self.parts[*part].1[row]).sum();
        parts.push((format!("{} others", rest.len()), (0..self.rows.len()).map(others).collect()));
        parts
    }

    fn scale(&self, canvas: &Canvas, (left, top): (i32, i32), (room, down): (i32, i32), most: u64) {
        let step = tick(most);
        for mark in (0..=most / step).map(|times| times * step) {
            let x = left + scaled(mark, most, room);
            canvas.line((x, top), (x, top + down), GRID);
            canvas.text(&grouped(mark), (x, top + down + 10), SIZE - 1, FAINT, Anchor::Middle);
        }
        let at = (left + room / 2, top + down + 27);
        canvas.text(&fitted(&self.axis, SIZE, room), at, SIZE, FAINT, Anchor::Middle);
    }
}

/// What stands at a bar's end: its sum, and the number of its parts.
fn end(sum: u64, parts: Option<usize>) -> String {
    parts.map_or_else(|| grouped(sum), |parts| format!("{} / {parts}", grouped(sum)))
}

fn scaled(count: u64, most: u64, room: i32) -> i32 {
    (count as f64 / most as f64 * f64::from(room)).round() as i32
}

/// The last colour is for what has no name.
fn colour(part: usize, parts: &[(String, Vec<u64>)]) -> Colour {
    if part + 1 == CATEGORIES.len() && !parts[part].0.ends_with(" others") {
        return CATEGORIES[CATEGORIES.len() - 1];
    }
    CATEGORIES[part]
}

fn key(canvas: &Canvas, parts: &[(String, Vec<u64>)]) {
    for (index, (name, _)) in parts.iter().enumerate() {
        let (x, y) = (GAP + (index % 3) as i32 * (NAME + GAP), 36 + (index / 3) as i32 * 16);
        canvas.fill(x, y - 5, 10, 10, colour(index, parts));
        canvas.text(&fitted(name, SIZE, NAME - 18), (x + 15, y), SIZE, INK, Anchor::Left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(parts: usize) -> Bars {
        let part = |part: usize| (format!("part {part}"), vec![part as u64, 1]);
        let rows = vec!["first".into(), "second".into()];
        Bars { title: "title".into(), axis: "examples".into(), rows, parts: (0..parts).map(part).collect() }
    }

    #[test]
    fn the_largest_parts_are_kept_and_the_rest_is_summed() {
        let largest = bars(10).largest();
        let names: Vec<&str> = largest.iter().map(|(name, _)| &name[..]).collect();
        assert_eq!(names, ["part 4", "part 5", "part 6", "part 7", "part 8", "part 9", "4 others"]);
        assert_eq!(largest[6].1, [1 + 2 + 3, 4]);
        assert_eq!(bars(7).largest(), bars(7).parts);
    }

    #[test]
    fn bars_end_inside_the_picture() {
        let picture = bars(10).draw();
        assert_eq!(picture.width, 480);
        // 0 + 1 + … + 9 is the longest bar, of nine parts that are there.
        assert!(picture.svg.contains("\n45 / 9\n"), "{}", picture.svg);
    }
}
