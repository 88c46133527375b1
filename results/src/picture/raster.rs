//! Pixels of a picture, the same on every machine: the font is the embedded one, and nothing of the system's is asked.

use std::sync::{Arc, LazyLock};

use resvg::{
    tiny_skia::{Color, Pixmap, PremultipliedColorU8, Transform},
    usvg::{Options, Tree, fontdb::Database},
};
use thiserror::Error;

use super::{Picture, canvas::FONT};

/// Pixels for each of the drawing's, so that its text can be read in print.
pub(super) const SCALE: u32 = 3;
/// Most pixels of a picture.
const MOST_PIXELS: u64 = 1 << 28;

/// Why a picture cannot be made.
#[derive(Debug, Error)]
pub enum PictureError {
    /// It has too many pixels.
    #[error("the picture of {0} × {1} pixels is too large")]
    TooLarge(u32, u32),
    /// The drawing is not what a drawing should be.
    #[error("cannot draw: {0}")]
    Broken(String),
}

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(FONT.to_vec());
    Arc::new(fonts)
});

/// Pixels that are put onto a picture.
pub(super) struct Paste<'a> {
    /// Left edge, in the drawing's pixels.
    pub left: u32,
    /// Upper edge.
    pub top: u32,
    /// Width of the place, and of its pixels.
    pub size: (u32, u32),
    /// The colour at a place, in the drawing's pixels as a share of the size.
    pub colour: &'a dyn Fn(f64, f64) -> [u8; 3],
}

/// `picture` as PNG, with `scale` pixels for each of its own and `pastes` above.
pub(super) fn png(picture: &Picture, scale: u32, pastes: &[Paste]) -> Result<Vec<u8>, PictureError> {
    let (width, height) = (picture.width.saturating_mul(scale), picture.height.saturating_mul(scale));
    let too_large = || PictureError::TooLarge(width, height);
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(too_large());
    }
    let options = Options { fontdb: FONTS.clone(), font_family: "DejaVu Sans".into(), ..Options::default() };
    let tree = Tree::from_str(&picture.svg, &options).map_err(|error| PictureError::Broken(error.to_string()))?;
    let mut pixels = Pixmap::new(width, height).ok_or_else(too_large)?;
    pixels.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale as f32, scale as f32), &mut pixels.as_mut());
    pastes.iter().for_each(|paste| put(paste, scale, &mut pixels));
    pixels.encode_png().map_err(|error| PictureError::Broken(error.to_string()))
}

fn put(paste: &Paste, scale: u32, pixels: &mut Pixmap) {
    let (width, (across, down)) = (pixels.width(), (paste.size.0 * scale, paste.size.1 * scale));
    for y in 0..down {
        for x in 0..across {
            let share = |at: u32, of: u32| (f64::from(at) + 0.5) / f64::from(of);
            let [r, g, b] = (paste.colour)(share(x, across), share(y, down));
            let colour = PremultipliedColorU8::from_rgba(r, g, b, 255).expect("opaque colours are premultiplied");
            let place = (paste.top * scale + y) * width + paste.left * scale + x;
            pixels.pixels_mut()[place as usize] = colour;
        }
    }
}
