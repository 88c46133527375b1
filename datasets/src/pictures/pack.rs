//! The packed file of a collection: a line that says what it is, a line of JSON, then the pixels.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use clbench::data::{Dataset, Split};
use serde::{Deserialize, Serialize};

use super::{Picture, SIDE};

/// The first line.
const MAGIC: &[u8] = b"clbench pictures 1\n";
/// Longest line of JSON, in bytes.
const MOST_HEADER: usize = 64 << 20;
/// Bytes of a picture.
const PIXELS: usize = 3 * SIDE * SIDE;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    classes: Vec<String>,
    train: Side,
    test: Side,
}

/// What is known of the pictures of a split.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Side {
    labels: Vec<u16>,
    captions: Vec<String>,
    times: Vec<i64>,
}

/// Pictures as the bytes of a packed file; classes are in the order of their names.
pub(super) fn packed(pictures: &[Picture]) -> Result<Vec<u8>> {
    ensure!(!pictures.is_empty(), "there is no picture of use");
    let classes: BTreeSet<&str> = pictures.iter().map(|picture| &picture.class[..]).collect();
    let classes: Vec<&str> = classes.into_iter().collect();
    let mut pixels = [Vec::new(), Vec::new()];
    let [mut train, mut test] = [Side::default(), Side::default()];
    for picture in pictures {
        ensure!(picture.pixels.len() == PIXELS, "a picture of {} bytes", picture.pixels.len());
        let side = if picture.test { &mut test } else { &mut train };
        side.labels.push(classes.binary_search(&&picture.class[..]).expect("a class of a picture") as u16);
        side.captions.push(picture.caption.clone());
        side.times.extend(picture.time);
        pixels[usize::from(picture.test)].extend_from_slice(&picture.pixels);
    }
    let header = Header { classes: classes.into_iter().map(str::to_owned).collect(), train, test };
    Ok([MAGIC, &serde_json::to_vec(&header)?, b"\n", &pixels.concat()].concat())
}

/// The dataset in the bytes of a packed file.
pub(super) fn dataset(name: &str, bytes: &[u8]) -> Result<Dataset> {
    let rest = bytes.strip_prefix(MAGIC).context("it is no packed file of pictures")?;
    let end = rest.iter().take(MOST_HEADER).position(|byte| *byte == b'\n').context("its header has no end")?;
    let Header { classes, train, test } = serde_json::from_slice(&rest[..end]).context("its header is broken")?;
    let pixels = &rest[end + 1..];
    let cut = train.labels.len().saturating_mul(PIXELS);
    if cut > pixels.len() {
        bail!("{} bytes of pixels are not {} pictures", pixels.len(), train.labels.len());
    }
    let (of_train, of_test) = pixels.split_at(cut);
    let split = |side: Side, pixels: &[u8]| {
        let split =
            Split::new([3, SIDE, SIDE], pixels.to_vec(), side.labels, classes.len())?.captions(side.captions)?;
        if side.times.is_empty() { Ok(split) } else { split.times(side.times) }
    };
    let (train, test): (Result<Split>, Result<Split>) = (split(train, of_train), split(test, of_test));
    let (train, test) = (train?, test?);
    Ok(Dataset::new(name, [3, SIDE, SIDE], classes, train, test))
}
