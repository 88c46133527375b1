//! One image file, read within bounds and brought to a shape.
//!
//! What is transparent is laid over white; colour becomes grey by ITU-R BT.601 luma, 0.299 R + 0.587 G + 0.114 B, as it
//! does elsewhere in clbench; sizes change by the triangle filter, which averages when it shrinks, and without regard
//! to proportions. Cameras' notes of how they were held are followed. Of what moves, the first image is taken.

use std::{
    fs::File,
    io::BufReader,
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::Mutex,
};

use anyhow::{Context, Result, anyhow, ensure};
use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage, imageops, imageops::FilterType,
};

/// Largest image file: 64 MiB.
pub(crate) const MOST_FILE: u64 = 64 << 20;

/// Longest side of an image, in pixels.
const MOST_SIDE: u32 = 1 << 15;

/// Most pixels of an image, 2²⁶, and four bytes for each of them: what decoding may take at once.
const MOST_PIXELS: u64 = 1 << 26;

/// An image that takes more bytes than this, decoded, waits until no other such is being decoded: 16 MiB.
const LARGE: u64 = 16 << 20;

/// What an image is brought to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Look {
    /// Bytes of an image that looks so.
    pub fn bytes(self) -> usize {
        self.channels * self.height * self.width
    }
}

/// Whether a file's name is that of an image that can be read.
pub(crate) fn is_picture(name: &str) -> bool {
    ImageFormat::from_path(name).is_ok_and(|format| format.reading_enabled())
}

/// Reads the image at `path` into `out`, planar; large images take turns.
///
/// # Errors
/// When it is broken or too large. A decoder that panics is an error too.
pub(crate) fn read(path: &Path, look: Look, turn: &Mutex<()>, out: &mut [u8]) -> Result<()> {
    // Decoders are many and old formats are odd; one that fails its own invariants must not end the program.
    let decoded = panic::catch_unwind(AssertUnwindSafe(|| decode(path, look, turn, out)));
    decoded.unwrap_or_else(|_| Err(anyhow!("its decoder failed"))).with_context(|| path.display().to_string())
}

fn decode(path: &Path, look: Look, turn: &Mutex<()>, out: &mut [u8]) -> Result<()> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    ensure!(bytes <= MOST_FILE, "{bytes} bytes are more than the {MOST_FILE} that an image file may have");
    let mut limits = Limits::no_limits();
    (limits.max_image_width, limits.max_image_height) = (Some(MOST_SIDE), Some(MOST_SIDE));
    limits.max_alloc = Some(4 * MOST_PIXELS);
    let mut reader = ImageReader::new(BufReader::new(file)).with_guessed_format()?;
    if reader.format().is_none() {
        // Some formats have no signature; there the name decides.
        reader.set_format(ImageFormat::from_path(path)?);
    }
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    ensure!(pixels > 0, "it has no pixels");
    ensure!(pixels <= MOST_PIXELS, "{width} × {height} pixels are more than the {MOST_PIXELS} that an image may have");
    limits.reserve(decoder.total_bytes())?;
    // Shrinking holds full rows of four floats for each row that is wanted.
    let work = decoder.total_bytes().max(u64::from(width) * look.height as u64 * 16);
    // A thread that panicked in its turn has left nothing behind that could be broken.
    let _turn = (work > LARGE).then(|| turn.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    shape(image, look, out);
    Ok(())
}

/// Brings a decoded image to what is wanted.
fn shape(image: DynamicImage, look: Look, out: &mut [u8]) {
    let (width, height) = (look.width as u32, look.height as u32);
    let grey = !image.color().has_color() && !image.color().has_alpha();
    if grey {
        let small = resized_grey(image.into_luma8(), width, height);
        out.chunks_exact_mut(look.height * look.width).for_each(|plane| plane.copy_from_slice(&small));
        return;
    }
    let image = if image.color().has_alpha() { over_white(image) } else { image.into_rgb8() };
    let same = image.dimensions() == (width, height);
    let small = if same { image } else { imageops::resize(&image, width, height, FilterType::Triangle) };
    for (at, pixel) in small.pixels().enumerate() {
        match look.channels {
            1 => out[at] = luma(pixel.0),
            channels => {
                (0..channels).for_each(|channel| out[channel * look.height * look.width + at] = pixel.0[channel]);
            }
        }
    }
}

fn resized_grey(image: GrayImage, width: u32, height: u32) -> Vec<u8> {
    if image.dimensions() == (width, height) {
        return image.into_raw();
    }
    imageops::resize(&image, width, height, FilterType::Triangle).into_raw()
}

/// ITU-R BT.601, in thousandths.
fn luma([red, green, blue]: [u8; 3]) -> u8 {
    ((299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue) + 500) / 1_000) as u8
}

/// The image laid over white.
fn over_white(image: DynamicImage) -> RgbImage {
    let image = image.into_rgba8();
    let (width, height) = image.dimensions();
    let blend = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    let pixels = image.pixels().flat_map(|pixel| {
        let [red, green, blue, alpha] = pixel.0;
        [blend(red, alpha), blend(green, alpha), blend(blue, alpha)]
    });
    RgbImage::from_raw(width, height, pixels.collect()).expect("three bytes for each pixel")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use image::{Luma, Rgb, Rgba, RgbaImage};

    use super::*;

    const TINY: Look = Look { channels: 3, height: 1, width: 2 };

    fn read_bytes(name: &str, bytes: &[u8], look: Look) -> Result<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let mut out = vec![0; look.bytes()];
        read(&path, look, &Mutex::new(()), &mut out).map(|()| out)
    }

    fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn pair() -> DynamicImage {
        DynamicImage::ImageRgb8(RgbImage::from_fn(2, 1, |x, _| Rgb([x as u8 * 100, 50, 7])))
    }

    #[test]
    fn planes_follow_each_other() {
        let png = encoded(&pair(), ImageFormat::Png);
        assert_eq!(read_bytes("a.png", &png, TINY).unwrap(), [0, 100, 50, 50, 7, 7]);
        let grey = Look { channels: 1, ..TINY };
        // 0.587 · 50 + 0.114 · 7 = 30.1, and 29.9 more.
        assert_eq!(read_bytes("a.png", &png, grey).unwrap(), [30, 60]);
    }

    #[test]
    fn every_format_gives_the_same_pixels_whatever_the_name_says() {
        use ImageFormat::{Bmp, Ico, Png, Pnm, Qoi, Tga, Tiff, WebP};
        for format in [Bmp, Ico, Png, Pnm, Qoi, Tiff, WebP] {
            let image = if format == Ico { DynamicImage::ImageRgba8(pair().into_rgba8()) } else { pair() };
            let name = if format == Pnm { "a.pnm" } else { "a.jpg" };
            assert_eq!(read_bytes(name, &encoded(&image, format), TINY).unwrap(), [0, 100, 50, 50, 7, 7], "{format:?}");
        }
        // Without a signature the name decides.
        assert_eq!(read_bytes("a.tga", &encoded(&pair(), Tga), TINY).unwrap(), [0, 100, 50, 50, 7, 7]);
    }

    #[test]
    fn what_is_transparent_is_white() {
        let image = RgbaImage::from_fn(2, 1, |x, _| if x == 0 { Rgba([9, 9, 9, 0]) } else { Rgba([0, 100, 255, 51]) });
        let png = encoded(&DynamicImage::ImageRgba8(image), ImageFormat::Png);
        // A fifth of the colour and four fifths of 255, which is 204.
        assert_eq!(read_bytes("a.png", &png, TINY).unwrap(), [255, 204, 255, 224, 255, 255]);
    }

    #[test]
    fn shrinking_averages_and_grey_fills_all_planes() {
        let image = GrayImage::from_fn(64, 32, |x, _| Luma([if x % 2 == 0 { 0 } else { 200 }]));
        let png = encoded(&DynamicImage::ImageLuma8(image), ImageFormat::Png);
        let out = read_bytes("a.png", &png, TINY).unwrap();
        assert!(out.iter().all(|value| value.abs_diff(100) <= 2), "{out:?}");
    }

    #[test]
    fn broken_files_are_errors_that_name_the_file() {
        let png = encoded(&pair(), ImageFormat::Png);
        for cut in 0..png.len() - 12 {
            let error = format!("{:#}", read_bytes("cut.png", &png[..cut], TINY).unwrap_err());
            assert!(error.contains("cut.png: "), "{error}");
        }
        assert!(read_bytes("a.png", b"not an image at all", TINY).is_err());
    }

    #[test]
    fn no_change_of_one_byte_makes_it_panic() {
        for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::Tga, ImageFormat::Qoi] {
            let whole = encoded(&pair(), format);
            let name = format!("a.{}", format.extensions_str()[0]);
            for at in 0..whole.len() {
                let mut changed = whole.clone();
                changed[at] = !changed[at];
                // Many a change leaves an image; what matters is that each ends, and within bounds.
                let _ = read_bytes(&name, &changed, TINY);
            }
        }
    }

    #[test]
    fn bombs_are_refused_by_their_headers() {
        // A bitmap of 30,000 × 30,000 pixels in 54 bytes.
        let mut bomb = encoded(&pair(), ImageFormat::Bmp);
        bomb[18..22].copy_from_slice(&30_000_i32.to_le_bytes());
        bomb[22..26].copy_from_slice(&30_000_i32.to_le_bytes());
        let error = format!("{:#}", read_bytes("bomb.bmp", &bomb, TINY).unwrap_err());
        assert!(error.contains("bomb.bmp: 30000 × 30000 pixels are more than"), "{error}");
        bomb[18..22].copy_from_slice(&i32::MAX.to_le_bytes());
        assert!(read_bytes("bomb.bmp", &bomb, TINY).is_err());
        let wide = format!("P6 {} 1 255\n", MOST_SIDE + 1);
        assert!(read_bytes("wide.ppm", wide.as_bytes(), TINY).is_err());
    }

    #[test]
    fn a_file_of_many_bytes_is_not_even_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        // A hole takes no room on the disk.
        File::create(&path).unwrap().set_len(MOST_FILE + 1).unwrap();
        let error = read(&path, TINY, &Mutex::new(()), &mut [0; 6]).unwrap_err();
        assert!(format!("{error:#}").contains("more than the 67108864"), "{error:#}");
    }
}
