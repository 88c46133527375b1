//! Pictures of matrices, counts and examples, as SVG and as the same pixels on every machine.

mod axis;
mod bars;
mod canvas;
mod colour;
mod columns;
mod contact;
mod curve;
#[cfg(test)]
mod examples;
mod frame;
mod front;
mod heat;
mod lines;
mod mark;
mod page;
mod place;
mod ranks;
mod raster;
mod scatter;
mod shares;
mod trails;

pub use bars::Bars;
pub use colour::Ramp;
pub use columns::Columns;
pub use contact::{Contact, Row, Thumb};
pub use curve::Curve;
pub use front::{Dot, Front};
pub use heat::{Heat, Layer};
pub use lines::{LinePoint, Lines, Series};
pub use page::{DARK, LIGHT};
pub use ranks::Ranks;
pub use raster::PictureError;
pub use scatter::{Better, Mean};
pub use shares::Shares;
pub use trails::{Stop, Trail, Trails};

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

/// Groups of `0..count` that stand for one row or column each, at most `most` of them; the last may be smaller.
fn groups(count: usize, most: usize) -> Vec<std::ops::Range<usize>> {
    let size = count.div_ceil(most).max(1);
    (0..count).step_by(size).map(|start| start..(start + size).min(count)).collect()
}

/// The label of a group: its only one's, or what stands before a colon in the first and in the last.
fn group_label(labels: &[String], group: &std::ops::Range<usize>) -> String {
    let short = |at: usize| labels[at].split(':').next().unwrap_or_default();
    if group.len() == 1 {
        labels[group.start].clone()
    } else {
        format!("{} – {}", short(group.start), short(group.end - 1))
    }
}

/// A round number of at least a fifth of `most`, by which an axis is marked.
fn tick(most: u64) -> u64 {
    let rough = (most / 5).max(1);
    let power = 10_u64.pow(rough.ilog10());
    // Smallest of 1, 2, 5 and 10 times a power of ten that is not below a fifth.
    [1, 2, 5, 10].into_iter().map(|times| times * power).find(|step| *step >= rough).unwrap_or(rough)
}

#[cfg(test)]
mod tests;
