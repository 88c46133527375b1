//! Brings inputs of a dataset to the shape of a stream: channels, then size.
//!
//! Grey becomes colour by repeating its channel, colour becomes grey by ITU-R BT.601 luma, 0.299 R + 0.587 G + 0.114 B.
//! Sizes change by bilinear interpolation between pixel centres (no smoothing before shrinking) or by a black border.

use std::sync::Arc;

use anyhow::{Result, bail, ensure};

use crate::data::{Dataset, Fit, Transform};

/// Share of red, green and blue in grey.
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// From one shape to another.
#[derive(Debug)]
pub(crate) struct Shaping {
    from: [usize; 3],
    to: [usize; 3],
    fit: Fit,
    rows: Vec<Tap>,
    columns: Vec<Tap>,
}

/// Where a row or column comes from: two neighbours and the share of the second; none outside.
type Tap = Option<(usize, usize, f32)>;

impl Shaping {
    /// What brings inputs of `dataset` to `to`; none where they have that shape.
    pub(crate) fn between(dataset: &Dataset, to: [usize; 3], fit: Fit) -> Result<Option<Arc<dyn Transform>>> {
        let from = dataset.shape;
        if from == to {
            return Ok(None);
        }
        if !matches!((from[0], to[0]), (1, _) | (3, 1)) && from[0] != to[0] {
            bail!("inputs of `{}` have {} channels and cannot be brought to {}", dataset.name, from[0], to[0]);
        }
        let fits = from[1] <= to[1] && from[2] <= to[2];
        ensure!(
            fit == Fit::Resize || fits,
            "inputs of `{}` are {} × {} and do not fit into {} × {}; set stream.fit = \"resize\"",
            dataset.name,
            from[1],
            from[2],
            to[1],
            to[2]
        );
        let taps = |axis: usize| (0..to[axis]).map(|at| tap(at, from[axis], to[axis], fit)).collect();
        Ok(Some(Arc::new(Self { from, to, fit, rows: taps(1), columns: taps(2) })))
    }
}

fn tap(at: usize, from: usize, to: usize, fit: Fit) -> Tap {
    if fit == Fit::Pad {
        let border = (to - from) / 2;
        return at.checked_sub(border).filter(|at| *at < from).map(|at| (at, at, 0.0));
    }
    let middle = (at as f32 + 0.5) * (from as f32 / to as f32) - 0.5;
    let middle = middle.clamp(0.0, (from - 1) as f32);
    let first = middle.floor() as usize;
    Some((first, (first + 1).min(from - 1), middle - first as f32))
}

impl Transform for Shaping {
    fn apply(&self, from: &[u8], to: &mut [u8]) {
        let (plane, size) = (self.from[1] * self.from[2], self.to[1] * self.to[2]);
        for (channel, to) in to.chunks_exact_mut(size).enumerate() {
            let at = |row: usize, column: usize| {
                let place = row * self.from[2] + column;
                let value = |channel: usize| f32::from(from[channel * plane + place]);
                match (self.from[0], self.to[0]) {
                    (own, wanted) if own == wanted => value(channel),
                    (1, _) => value(0),
                    _ => LUMA.iter().enumerate().map(|(channel, share)| share * value(channel)).sum(),
                }
            };
            for (row, to) in self.rows.iter().zip(to.chunks_exact_mut(self.to[2])) {
                for (column, to) in self.columns.iter().zip(to) {
                    let (Some((top, bottom, down)), Some((left, right, across))) = (row, column) else {
                        *to = 0;
                        continue;
                    };
                    let line = |row| at(row, *left) + (at(row, *right) - at(row, *left)) * across;
                    let (above, below) = (line(*top), line(*bottom));
                    *to = (above + (below - above) * down + 0.5) as u8;
                }
            }
        }
    }
    fn id(&self) -> Vec<u8> {
        format!("shaping {:?} {:?} {:?}", self.from, self.to, self.fit).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shaped(from: [usize; 3], to: [usize; 3], fit: Fit, pixels: &[u8]) -> Vec<u8> {
        let taps = |axis: usize| (0..to[axis]).map(|at| tap(at, from[axis], to[axis], fit)).collect();
        let shaping = Shaping { from, to, fit, rows: taps(1), columns: taps(2) };
        let mut out = vec![7; to.iter().product()];
        shaping.apply(pixels, &mut out);
        out
    }

    #[test]
    fn grey_is_repeated_and_colour_becomes_luma() {
        assert_eq!(shaped([1, 1, 2], [3, 1, 2], Fit::Resize, &[3, 9]), [3, 9, 3, 9, 3, 9]);
        assert_eq!(shaped([3, 1, 1], [1, 1, 1], Fit::Resize, &[255, 0, 0]), [76]);
        assert_eq!(shaped([3, 1, 1], [1, 1, 1], Fit::Resize, &[10, 20, 30]), [18]);
    }

    #[test]
    fn sizes_change_between_centres_or_by_a_border() {
        // Centres of 4 over 2 stand at -0.25 (held), 0.25, 0.75 and 1.25 (held).
        assert_eq!(shaped([1, 1, 2], [1, 1, 4], Fit::Resize, &[0, 100]), [0, 25, 75, 100]);
        assert_eq!(shaped([1, 2, 2], [1, 1, 1], Fit::Resize, &[0, 100, 100, 200]), [100]);
        assert_eq!(shaped([1, 1, 1], [1, 3, 3], Fit::Pad, &[5]), [0, 0, 0, 0, 5, 0, 0, 0, 0]);
    }
}
