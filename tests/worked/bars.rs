//! Bars: one horizontal or vertical line on a noisy field of 8 × 8 pixels, made on the spot.
//!
//! After Földiák 1990, <https://doi.org/10.1007/BF02331346>.
//!
//! **Deviation:** there each line is drawn on its own with probability 1/8 and pixels are clean; here each picture has
//! one line, whose place is the class, and pixels are noisy.

use std::path::Path;

use anyhow::{Result, ensure};
use clbench::{
    data::{Dataset, Source, Split},
    primitives::draws::Draws,
};

/// Height and width of a picture; there are as many rows and as many columns to be classes.
const SIDE: usize = 8;

/// The bars.
pub const BARS: Bars = Bars;

/// Source of the bars.
#[derive(Clone, Copy, Debug)]
pub struct Bars;

impl Source for Bars {
    fn name(&self) -> &'static str {
        "bars"
    }

    fn about(&self) -> &'static str {
        "one line on a noisy field, 16 classes, 1600 + 400 of 1×8×8, made on the spot; no licence needed"
    }

    fn citation(&self) -> &'static str {
        "after Földiák 1990, https://doi.org/10.1007/BF02331346"
    }

    fn open(&self, _data: &Path) -> Result<Dataset> {
        let names = ["row", "column"].iter().flat_map(|kind| (0..SIDE).map(move |at| format!("{kind} {at}")));
        let shape = [1, SIDE, SIDE];
        let (train, test) = (split("train", 100)?, split("test", 25)?);
        // The ordering `time` asks for the year.
        Ok(Dataset::new(self.name(), shape, names.collect(), train, test).released(1990))
    }

    fn fetch(&self, _data: &Path, from: Option<&str>) -> Result<()> {
        ensure!(from.is_none(), "bars are made on the spot and fetched from nowhere");
        Ok(())
    }
}

/// `each` pictures of every class.
fn split(name: &str, each: usize) -> Result<Split> {
    let classes = 2 * SIDE;
    let labels: Vec<u16> = (0..each * classes).map(|index| (index % classes) as u16).collect();
    // Always the same draws: a dataset has no seed.
    let noise = Draws::of(0).normal(&format!("bars {name}"), 0, labels.len() * SIDE * SIDE);
    let pixel = |(at, noise): (usize, f32)| {
        let (class, place) = (usize::from(labels[at / (SIDE * SIDE)]), at % (SIDE * SIDE));
        let (row, column) = (place / SIDE, place % SIDE);
        let lit = if class < SIDE { row == class } else { column == class - SIDE };
        (if lit { 160.0 } else { 96.0 } + 64.0 * noise).clamp(0.0, 255.0) as u8
    };
    let pixels = noise.into_iter().enumerate().map(pixel).collect();
    Split::new([1, SIDE, SIDE], pixels, labels, classes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_brighter_along_its_line() {
        let dataset = BARS.open(Path::new("")).unwrap();
        let mean = |place: usize| {
            let of_row_2 = (0..dataset.train.len()).filter(|index| dataset.train.label(*index) == 2);
            of_row_2.map(|index| f32::from(dataset.train.pixels(index)[place])).sum::<f32>() / 100.0
        };
        // 64 levels apart; the means of 100 noisy pixels have a standard error of about 6.
        assert!(mean(2 * SIDE + 3) > mean(3 * SIDE + 3) + 30.0);
    }
}
