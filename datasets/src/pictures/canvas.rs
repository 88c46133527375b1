//! From encoded pictures and vector drawings to 32 × 32 pixels in colour on white.

use std::io::Cursor;

use anyhow::{Context, Result, ensure};
use image::{ImageReader, Limits, RgbaImage, imageops};
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg,
};

use super::SIDE;

/// Largest height and width of an encoded picture.
const MOST_SIDE: u32 = 4096;
/// Most bytes that decoding one may take.
const MOST_ALLOCATED: u64 = 128 << 20;
/// Largest drawing, in bytes of SVG.
const MOST_SVG: usize = 256 << 10;

/// An encoded picture, shrunk with a triangle filter inside a white square.
pub(super) fn encoded(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_ALLOCATED);
    reader.limits(limits);
    let picture = reader.decode().context("it is no picture that can be read")?.to_rgba8();
    let (width, height) = picture.dimensions();
    let (side, small) = (width.max(height), |length: u32| (length * SIDE as u32).div_ceil(width.max(height)).max(1));
    ensure!(side > 0, "it has no pixels");
    // Colours weigh by their opacity, or what cannot be seen would tint the edges.
    let mut weighed = picture;
    for pixel in weighed.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        let weigh = |value: u8| ((u16::from(value) * u16::from(alpha) + 127) / 255) as u8;
        pixel.0 = [weigh(red), weigh(green), weigh(blue), alpha];
    }
    let shrunk = imageops::resize(&weighed, small(width), small(height), imageops::FilterType::Triangle);
    Ok(on_white(&shrunk))
}

/// A vector drawing, fitted into a white square. Nothing outside of it is read.
pub(super) fn drawn(svg: &[u8]) -> Result<Vec<u8>> {
    ensure!(svg.len() <= MOST_SVG, "the drawing is larger than {MOST_SVG} bytes");
    let nothing =
        usvg::ImageHrefResolver { resolve_data: Box::new(|_, _, _| None), resolve_string: Box::new(|_, _| None) };
    let options = usvg::Options { image_href_resolver: nothing, ..usvg::Options::default() };
    let tree = usvg::Tree::from_data(svg, &options).context("it is no drawing that can be read")?;
    let (size, side) = (tree.size(), SIDE as f32);
    let scale = side / size.width().max(size.height());
    ensure!(scale.is_finite() && scale > 0.0, "the drawing has no size");
    let mut pixmap = Pixmap::new(SIDE as u32, SIDE as u32).context("a picture of 32 × 32")?;
    let shift = |length: f32| (side - length * scale) / 2.0;
    let transform = Transform::from_row(scale, 0.0, 0.0, scale, shift(size.width()), shift(size.height()));
    resvg::render(&tree, transform, &mut pixmap.as_mut());
    let picture = RgbaImage::from_raw(SIDE as u32, SIDE as u32, pixmap.data().to_vec());
    Ok(on_white(&picture.context("as many bytes as pixels")?))
}

/// A picture whose colours are weighed by their opacity, in the middle of a white square. Planar.
fn on_white(picture: &RgbaImage) -> Vec<u8> {
    let mut pixels = vec![255; 3 * SIDE * SIDE];
    let (width, height) = picture.dimensions();
    let [left, top] = [width, height].map(|length| (SIDE - (length as usize).min(SIDE)) / 2);
    for (x, y, pixel) in picture.enumerate_pixels() {
        let at = (top + y as usize) * SIDE + left + x as usize;
        for channel in 0..3 {
            pixels[channel * SIDE * SIDE + at] = pixel.0[channel].saturating_add(255 - pixel.0[3]);
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    fn png(picture: &RgbaImage) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        bytes.into_inner()
    }
    fn at(pixels: &[u8], x: usize, y: usize) -> [u8; 3] {
        [0, 1, 2].map(|channel| pixels[channel * SIDE * SIDE + y * SIDE + x])
    }

    #[test]
    fn opaque_stays_and_transparent_becomes_white() {
        let picture =
            RgbaImage::from_fn(64, 64, |x, _| image::Rgba(if x < 32 { [200, 0, 100, 255] } else { [0, 0, 0, 0] }));
        let pixels = encoded(&png(&picture)).unwrap();
        assert_eq!([at(&pixels, 3, 9), at(&pixels, 28, 9)], [[200, 0, 100], [255; 3]]);
    }

    #[test]
    fn a_broad_picture_stands_in_the_middle() {
        let pixels = encoded(&png(&RgbaImage::from_pixel(64, 16, image::Rgba([0, 0, 0, 255])))).unwrap();
        let dark: Vec<usize> = (0..SIDE).filter(|y| at(&pixels, 5, *y) == [0; 3]).collect();
        assert_eq!(dark, (12..20).collect::<Vec<_>>());
    }

    #[test]
    fn a_drawing_is_fitted_and_reads_nothing() {
        let svg = br##"<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50">
            <rect width="100" height="50" fill="#00ff00"/></svg>"##;
        let pixels = drawn(svg).unwrap();
        assert_eq!([at(&pixels, 16, 16), at(&pixels, 16, 2)], [[0, 255, 0], [255; 3]]);
        let file = tempfile::NamedTempFile::with_suffix(".png").unwrap();
        std::fs::write(file.path(), png(&RgbaImage::from_pixel(9, 9, image::Rgba([0, 0, 0, 255])))).unwrap();
        let svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">
               <image href="{}" width="9" height="9"/></svg>"#,
            file.path().display()
        );
        assert_eq!(drawn(svg.as_bytes()).unwrap(), vec![255; 3 * SIDE * SIDE], "the file is not read");
    }

    #[test]
    fn hostile_pictures_are_errors() {
        let whole = png(&RgbaImage::from_pixel(64, 64, image::Rgba([9; 4])));
        assert!(encoded(&whole[..whole.len() / 2]).is_err() && encoded(b"").is_err() && encoded(b"GIF89a").is_err());
        let mut bomb = whole;
        // Width and height in the header, with a checksum that fits.
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let mut crc = flate2::Crc::new();
        crc.update(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        assert!(encoded(&bomb).is_err());
        assert!(drawn(b"<svg").is_err() && drawn(b"").is_err() && drawn(&vec![b' '; MOST_SVG + 1]).is_err());
        let none = br#"<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0"/>"#;
        assert!(drawn(none).is_err());
        let mut laughs = String::from("<!DOCTYPE svg [<!ENTITY a0 \"ha\">");
        (1..20).for_each(|n| write!(laughs, "<!ENTITY a{n} \"{}\">", format!("&a{};", n - 1).repeat(10)).unwrap());
        laughs += "]><svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><text>&a19;</text></svg>";
        assert!(drawn(laughs.as_bytes()).is_err());
        let deep = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{}{}</svg>"#,
            "<g>".repeat(9_000),
            "</g>".repeat(9_000)
        );
        let _ = drawn(deep.as_bytes());
    }
}
