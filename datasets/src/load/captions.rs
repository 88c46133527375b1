//! What is said of images, and when they came to be: `captions.csv` or `metadata.csv` beside the classes.
//!
//! Its columns are `file` (or `file_name`), the path below the folder with `/`, and `caption` (or `text`), or `time`,
//! or both. An image without a caption has its class's name for one; times are given for all images or for none.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Context, Result, bail, ensure};
use clbench::data::{MOST_CAPTION, Split};

use super::tree::Picture;
use crate::format::{cells::Cells, when};

/// Names under which the file is known.
const NAMES: [&str; 2] = ["captions.csv", "metadata.csv"];

/// Largest such file: 1 GiB.
const MOST_BYTES: u64 = 1 << 30;

/// Captions and times by the path of an image.
#[derive(Debug, Default)]
pub(crate) struct Captions {
    captions: Option<BTreeMap<String, String>>,
    times: Option<BTreeMap<String, i64>>,
}

/// Reads what is said of the images below `root`; nothing where there is no such file.
///
/// # Errors
/// When there are two such files, or one is broken, names an image twice or one that is not there.
pub(crate) fn read<'a>(root: &Path, known: impl FnOnce() -> BTreeSet<&'a str>) -> Result<Captions> {
    let mut found = NAMES.iter().map(|name| root.join(name)).filter(|path| path.is_file());
    let Some(path) = found.next() else { return Ok(Captions::default()) };
    ensure!(found.next().is_none(), "{} has both {} and {}; remove one", root.display(), NAMES[0], NAMES[1]);
    // A link out of the folder is refused as for images.
    ensure!(path.canonicalize()?.starts_with(root), "{}: the link leads out of {}", path.display(), root.display());
    let bytes = path.metadata()?.len();
    ensure!(bytes <= MOST_BYTES, "{}: {bytes} bytes are more than the {MOST_BYTES} that are read", path.display());
    let mut cells = Cells::open(&path, b',')?;
    let either =
        |names: [&'static str; 2]| names.into_iter().find(|name| cells.names().iter().any(|column| column == name));
    let file = cells.column("the images' paths", either(["file", "file_name"]).unwrap_or("file"))?;
    let caption = either(["caption", "text"]).map(|name| cells.column("captions", name)).transpose()?;
    let time = either(["time", "time"]).map(|name| cells.column("times", name)).transpose()?;
    ensure!(caption.or(time).is_some(), "{} has neither a column `caption` nor one `time`", path.display());
    let mut all = Captions { captions: caption.map(|_| BTreeMap::new()), times: time.map(|_| BTreeMap::new()) };
    let (known, mut seen) = (known(), BTreeSet::new());
    while cells.next()? {
        let picture = cells.text(file)?.to_owned();
        ensure!(
            known.contains(&picture[..]),
            "{}: there is no image {picture:?} in {}",
            cells.at(file),
            root.display()
        );
        ensure!(seen.insert(picture.clone()), "{}: {picture:?} stands here a second time", cells.at(file));
        if let (Some(column), Some(captions)) = (caption, &mut all.captions) {
            let text = cells.text(column)?.trim();
            ensure!(text.len() <= MOST_CAPTION, "{}: longer than {MOST_CAPTION} bytes", cells.at(column));
            captions.insert(picture.clone(), text.to_owned());
        }
        if let (Some(column), Some(times)) = (time, &mut all.times) {
            times.insert(picture, when::seconds(cells.text(column)?).with_context(|| cells.at(column))?);
        }
    }
    Ok(all)
}

impl Captions {
    /// Gives a split of these images what is said of them.
    ///
    /// # Errors
    /// When there are times and one is missing.
    pub fn onto(&self, mut split: Split, pictures: &[&Picture], classes: &[String]) -> Result<Split> {
        if let Some(captions) = &self.captions {
            let caption = |picture: &&Picture| match captions.get(&picture.path).filter(|text| !text.is_empty()) {
                Some(text) => text.clone(),
                None => classes[usize::from(picture.class)].clone(),
            };
            split = split.captions(pictures.iter().map(caption).collect())?;
        }
        if let Some(times) = &self.times {
            let time = |picture: &&Picture| match times.get(&picture.path) {
                Some(time) => Ok(*time),
                None => bail!("{} has no time, but other images have one", picture.path),
            };
            split = split.times(pictures.iter().map(time).collect::<Result<_>>()?)?;
        }
        Ok(split)
    }
}
