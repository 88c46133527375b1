//! A sheet of small pictures: rows of examples with their classes.

use super::{
    PictureError,
    canvas::{Anchor, Canvas, SIZE, fitted, width},
    colour::{FAINT, INK},
    raster::{Paste, png},
};

/// Side of a small picture.
const SIDE: i32 = 52;
/// Distance between two small pictures.
const GAP: i32 = 8;
/// Width of the rows' labels, at most.
const LABELS: i32 = 130;
/// Size of the text under a picture.
const SMALL: i32 = 9;

/// A sheet of small pictures.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// Stands above.
    pub title: String,
    /// Rows of pictures.
    pub rows: Vec<Row>,
}

/// A row of pictures.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Stands to the left.
    pub label: String,
    /// The pictures.
    pub thumbs: Vec<Thumb>,
}

/// A small picture.
#[derive(Clone, Debug, Default)]
pub struct Thumb {
    /// Stands under it.
    pub label: String,
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// Planar, 0 to 255.
    pub pixels: Vec<u8>,
}

impl Thumb {
    /// The colour at a place, both from 0 to 1: the nearest pixel, or the mean of those under one of `side` × `side`.
    fn colour(&self, x: f64, y: f64, side: f64) -> [u8; 3] {
        let [channels, height, width] = self.shape;
        let range = |at: f64, count: usize| {
            let size = count as f64;
            let half = (size / side / 2.0).max(0.0);
            let first = ((at * size - half).round().max(0.0) as usize).min(count - 1);
            let end = ((at * size + half).round() as usize).min(count);
            if size <= side {
                let at = ((at * size) as usize).min(count - 1);
                at..at + 1
            } else {
                first..end.max(first + 1)
            }
        };
        let (rows, columns) = (range(y, height), range(x, width));
        let mean = |channel: usize| {
            let places = rows.clone().flat_map(|row| columns.clone().map(move |column| row * width + column));
            let (sum, count) = places.fold((0_u32, 0_u32), |(sum, count), place| {
                (sum + u32::from(self.pixels[channel * height * width + place]), count + 1)
            });
            (sum / count.max(1)) as u8
        };
        if channels >= 3 { [0, 1, 2].map(mean) } else { [mean(0); 3] }
    }
    fn is_whole(&self) -> bool {
        let size: usize = self.shape.iter().product();
        size > 0 && size == self.pixels.len()
    }
    /// Width and height on the sheet.
    fn size(&self) -> (i32, i32) {
        let [_, height, width] = self.shape;
        let side = |of: usize| ((SIDE as usize * of).div_ceil(height.max(width).max(1)) as i32).clamp(1, SIDE);
        (side(width), side(height))
    }
}

impl Contact {
    /// The sheet as PNG.
    ///
    /// # Errors
    /// When it is too large.
    pub fn png(&self) -> Result<Vec<u8>, PictureError> {
        const SCALE: u32 = 2;
        let labels = self.rows.iter().map(|row| width(&row.label, SIZE)).max().unwrap_or(0).min(LABELS);
        let columns = self.rows.iter().map(|row| row.thumbs.len()).max().unwrap_or(0) as i32;
        let left = labels + 2 * GAP;
        let (line, top) = (SIDE + 22, 30);
        let wide = left + columns * (SIDE + GAP) + GAP;
        let wide = wide.max(width(&self.title, SIZE + 1) + 2 * GAP).min(left + 10 * (SIDE + GAP) + GAP);
        let place = |row: usize, column: usize| (left + column as i32 * (SIDE + GAP), top + row as i32 * line);
        let picture = Canvas::paint(wide, top + self.rows.len() as i32 * line + GAP, |canvas| {
            let title = fitted(&self.title, SIZE + 1, wide - 2 * GAP);
            canvas.text(&title, (GAP, 15), SIZE + 1, INK, Anchor::Left);
            for (index, row) in self.rows.iter().enumerate() {
                let label = fitted(&row.label, SIZE, labels);
                canvas.text(&label, (left - GAP, place(index, 0).1 + SIDE / 2), SIZE, INK, Anchor::Right);
                for (column, thumb) in row.thumbs.iter().enumerate() {
                    let (x, y) = place(index, column);
                    let label = fitted(&thumb.label, SMALL, SIDE + GAP - 2);
                    canvas.text(&label, (x + SIDE / 2, y + SIDE + 8), SMALL, FAINT, Anchor::Middle);
                }
            }
        });
        let colours: Vec<Vec<_>> = self.rows.iter().map(|row| row.thumbs.iter().map(colours).collect()).collect();
        let mut pastes = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            for (column, thumb) in row.thumbs.iter().enumerate().filter(|(_, thumb)| thumb.is_whole()) {
                let ((x, y), (wide, high)) = (place(index, column), thumb.size());
                let (left, top) = ((x + (SIDE - wide) / 2) as u32, (y + (SIDE - high) / 2) as u32);
                let colour = &colours[index][column];
                pastes.push(Paste { left, top, size: (wide as u32, high as u32), colour });
            }
        }
        png(&picture, SCALE, &pastes)
    }
}

/// The colours of a small picture by place.
fn colours(thumb: &Thumb) -> impl Fn(f64, f64) -> [u8; 3] {
    let side = f64::from(thumb.size().0.max(thumb.size().1)) * 2.0;
    move |x, y| thumb.colour(x, y, side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_picture_is_enlarged_pixel_by_pixel_and_a_large_one_is_averaged() {
        let thumb = Thumb { label: String::new(), shape: [1, 1, 2], pixels: vec![0, 200] };
        assert_eq!([0.1, 0.49, 0.51, 0.99].map(|x| thumb.colour(x, 0.5, 100.0)[0]), [0, 0, 200, 200]);
        let thumb = Thumb { label: String::new(), shape: [1, 1, 4], pixels: vec![0, 100, 200, 240] };
        assert_eq!([0.25, 0.75].map(|x| thumb.colour(x, 0.5, 2.0)[0]), [50, 220]);
        let colour = Thumb { label: String::new(), shape: [3, 1, 1], pixels: vec![1, 2, 3] };
        assert_eq!(colour.colour(0.5, 0.5, 10.0), [1, 2, 3]);
    }
}
