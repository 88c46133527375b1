//! Small pictures: inputs brought down to at most 8 × 8 averages of each channel.

use anyhow::{Result, bail};
use clbench::stream::{Ground, Scratch, View};

/// Most rows and columns.
const SIDE: usize = 8;

/// Makes small pictures out of inputs of one shape.
#[derive(Default)]
pub(crate) struct Thumbnails {
    shape: [usize; 3],
    scratch: Scratch,
}

impl Thumbnails {
    /// For the inputs of a stream.
    ///
    /// # Errors
    /// When some inputs are not known; `what` needs them.
    pub(crate) fn new(ground: &Ground, what: &str) -> Result<Self> {
        let bare = ground.universe.datasets.iter().find(|dataset| dataset.train.is_bare());
        if let Some(dataset) = bare {
            bail!("{what} needs pictures, and `{}` is a list of concepts without any", dataset.name);
        }
        Ok(Self { shape: ground.universe.shape, scratch: Scratch::default() })
    }
    /// How many numbers a small picture has.
    pub(crate) fn width(&self) -> usize {
        let [channels, height, width] = self.shape;
        channels * height.min(SIDE) * width.min(SIDE)
    }
    /// The example at `index`, 0 to 1, averaged over each cell.
    pub(crate) fn of(&mut self, view: &View, index: usize) -> Vec<f32> {
        let shape = self.shape;
        view.pixels(index, &mut self.scratch, |pixels| shrunk(pixels, shape))
    }
}

/// Averages over the cells of a grid of at most [`SIDE`] rows and columns.
fn shrunk(pixels: &[u8], [channels, height, width]: [usize; 3]) -> Vec<f32> {
    let (rows, columns) = (height.min(SIDE), width.min(SIDE));
    let mut cells = Vec::with_capacity(channels * rows * columns);
    for plane in pixels.chunks_exact(height * width) {
        for row in 0..rows {
            for column in 0..columns {
                let across = column * width / columns..(column + 1) * width / columns;
                let down = row * height / rows..(row + 1) * height / rows;
                let count = (down.len() * across.len()) as f32;
                let line =
                    |y: usize| plane[y * width..][across.clone()].iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
                cells.push(down.map(line).sum::<u32>() as f32 / (255.0 * count));
            }
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_averages() {
        // 2 × 16: two columns become one.
        let pixels: Vec<u8> = (0..32).map(|at| if at < 16 { 0 } else { 255 * (at % 2) }).collect();
        let cells = shrunk(&pixels, [1, 2, 16]);
        assert_eq!((cells.len(), cells[0], cells[8]), (16, 0.0, 0.5));
    }

    #[test]
    fn small_inputs_stay_as_they_are() {
        assert_eq!(shrunk(&[0, 51, 102, 255], [2, 1, 2]), [0.0, 0.2, 0.4, 1.0]);
    }

    #[test]
    fn sides_need_not_divide() {
        // Nine columns: cell 7 covers the last two.
        let cells = shrunk(&[0, 0, 0, 0, 0, 0, 0, 255, 0], [1, 1, 9]);
        assert_eq!((cells.len(), cells[6], cells[7]), (8, 0.0, 0.5));
    }
}
