//! Many counts, the largest first.

use super::{
    Picture,
    canvas::{Anchor, Canvas, SIZE, fitted, width},
    colour::{CATEGORIES, FAINT, GRID, INK},
    tick,
};
use crate::words::grouped;

/// Width of the whole.
const WIDE: i32 = 480;
/// Height of the area.
const HIGH: i32 = 200;
/// Distance from the edge and between parts.
const GAP: i32 = 8;

/// Many counts, the largest first.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Stands above.
    pub title: String,
    /// What each count belongs to.
    pub across: String,
    /// What is counted.
    pub up: String,
    /// The counts, in any order.
    pub counts: Vec<u64>,
}

impl Curve {
    /// Draws it.
    pub fn draw(&self) -> Picture {
        let mut counts = self.counts.clone();
        counts.sort_unstable_by_key(|count| std::cmp::Reverse(*count));
        let most = counts.first().copied().unwrap_or(0).max(1);
        let left = width(&grouped(most), SIZE - 1) + 3 * GAP + 8;
        let (room, top) = (WIDE - left - 2 * GAP, 30);
        let bottom = top + HIGH;
        let x = |at: usize| left + (at as f64 / counts.len().max(1) as f64 * f64::from(room)).round() as i32;
        let y = |count: u64| bottom - (count as f64 / most as f64 * f64::from(HIGH)).round() as i32;
        Canvas::paint(WIDE, bottom + 42, |canvas| {
            canvas.text(&fitted(&self.title, SIZE + 1, WIDE - 2 * GAP), (GAP, 14), SIZE + 1, INK, Anchor::Left);
            let step = tick(most);
            for mark in (0..=most / step).map(|times| times * step) {
                canvas.line((left, y(mark)), (left + room, y(mark)), GRID);
                canvas.text(&grouped(mark), (left - 5, y(mark)), SIZE - 1, FAINT, Anchor::Right);
            }
            canvas.area(outline(&counts, &x, &y, bottom), CATEGORIES[0]);
            let step = tick(counts.len() as u64) as usize;
            for mark in (0..=counts.len() / step).map(|times| times * step) {
                canvas.text(&grouped(mark as u64), (x(mark), bottom + 11), SIZE - 1, FAINT, Anchor::Middle);
            }
            canvas.text(&self.across, (left + room / 2, bottom + 28), SIZE, FAINT, Anchor::Middle);
            canvas.upwards(&self.up, (GAP + 4, top + HIGH / 2), SIZE, FAINT, Anchor::Middle);
        })
    }
}

/// Steps down from count to count; only where a step is seen is there a corner.
fn outline(counts: &[u64], x: &dyn Fn(usize) -> i32, y: &dyn Fn(u64) -> i32, bottom: i32) -> Vec<(i32, i32)> {
    let mut corners = vec![(x(0), bottom)];
    for (at, count) in counts.iter().enumerate() {
        for corner in [(x(at), y(*count)), (x(at + 1), y(*count))] {
            match corners[..] {
                // On one level, or within one pixel's column, the newer corner stands for both.
                [.., (_, before), (_, last)] if before == last && last == corner.1 => {
                    *corners.last_mut().expect("there are two") = corner;
                }
                _ => corners.push(corner),
            }
        }
    }
    corners.push((x(counts.len()), bottom));
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_counts_are_one_step() {
        let corners = outline(&[4, 4, 4, 1], &|at| at as i32, &|count| 10 - count as i32, 10);
        assert_eq!(corners, [(0, 10), (0, 6), (3, 6), (3, 9), (4, 9), (4, 10)]);
    }

    #[test]
    fn many_counts_make_few_corners() {
        let counts: Vec<u64> = (0..20_000).map(|at| 1 + at / 100).collect();
        let svg = Curve { title: "t".into(), across: "a".into(), up: "u".into(), counts }.draw().svg;
        assert!(svg.len() < 20_000, "{}", svg.len());
    }
}
