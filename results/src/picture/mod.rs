//! Pictures of matrices, counts and examples, as SVG and as the same pixels on every machine.

mod bars;
mod canvas;
mod colour;
mod contact;
mod curve;
mod heat;
mod raster;

pub use bars::Bars;
pub use colour::Ramp;
pub use contact::{Contact, Row, Thumb};
pub use curve::Curve;
pub use heat::{Heat, Layer};
pub use raster::PictureError;

/// A drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The drawing as SVG.
    pub svg: String,
}

impl Picture {
    /// The drawing as PNG, three pixels for each of its own, so that it can be printed.
    ///
    /// # Errors
    /// When it is too large.
    pub fn png(&self) -> Result<Vec<u8>, PictureError> {
        raster::png(self, raster::SCALE, &[])
    }
}

/// Groups of `0..count` that stand for one row or column each, at most `most` of them, as equal as can be.
fn groups(count: usize, most: usize) -> Vec<std::ops::Range<usize>> {
    let groups = count.min(most);
    (0..groups).map(|group| group * count / groups..(group + 1) * count / groups).collect()
}

/// The label of a group: its only one's, or the first and the last.
fn group_label(labels: &[String], group: &std::ops::Range<usize>) -> String {
    if group.len() == 1 { labels[group.start].clone() } else { format!("{} – {}", group.start, group.end - 1) }
}

/// A round number of at least a fifth of `most`, by which an axis is marked.
fn tick(most: u64) -> u64 {
    let rough = (most / 5).max(1);
    let power = 10_u64.pow(rough.ilog10());
    // Smallest of 1, 2, 5 and 10 times a power of ten that is not below a fifth.
    [1, 2, 5, 10].into_iter().map(|times| times * power).find(|step| *step >= rough).unwrap_or(rough)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_cover_everything_once() {
        assert_eq!(groups(3, 10), [0..1, 1..2, 2..3]);
        assert_eq!(groups(5, 2), [0..2, 2..5]);
        let all: Vec<usize> = groups(1001, 60).into_iter().flatten().collect();
        assert!(all.into_iter().eq(0..1001));
        assert!(groups(0, 5).is_empty());
    }

    #[test]
    fn marks_of_an_axis_are_round() {
        assert_eq!([0, 1, 9, 10, 11, 57, 800, 18_380].map(tick), [1, 1, 1, 2, 2, 20, 200, 5000]);
    }
}
