//! A folder of images: one folder for each class, in halves for training and testing or not.
//!
//! ```toml
//! [data.birds]
//! format = "folder"
//! path = "pictures/birds"   # CLASS/* or CLASS/images/*, or such in train/ and test/ (or val/, valid/, validation/)
//! test = "val"              # the half for testing, where several folders could be
//! size = 32                 # or [height, width]
//! channels = 3              # or 1, grey
//! test_share = 0.2          # where the folder has no halves; every fifth image without
//! skip_broken = false       # whether images that cannot be read are left out
//! memory = 256              # MiB; what is larger stays on the disk
//! ```
//!
//! Images are decoded in parallel, brought to one shape and kept as bytes in the data folder's `.cache`, under a name
//! that covers settings and each file's path, size and time of change. So folders larger than memory can be read:
//! decoding holds a few images at once, and an epoch reads example by example from the disk. A file that is exchanged
//! for another of the same size and time goes unnoticed; remove the cache then. Which images are found, and which links
//! are followed, is told in `tree`; captions and times come from `captions.csv` or `metadata.csv` in the folder, with
//! the columns `file`, `caption` and `time`.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    sync::Mutex,
};

use anyhow::{Context, Error, Result, ensure};
use clbench::{
    catalogue::{Range, Settings, part},
    data::{Dataset, Format, Load, Origin, Split},
    primitives::{hex::hex, threads::together},
    results::words::clean,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    MEBIBYTE, captions,
    tree::{self, Picture, Tree},
};
use crate::format::{
    cached::{Cached, cached},
    picture::{self, Look},
    share,
};

/// The loader.
pub const FORMAT: Format = Format {
    name: "folder",
    about: "a folder of images for each class, in halves `train` and `test` or not",
    citation: "https://docs.rs/image",
    settings: Folder::SETTINGS,
    make: |table| part(table, |folder: Folder| Box::new(folder) as Box<dyn Load>),
};

/// Bytes of decoded images that are held at once, if one alone is not larger: 16 MiB.
const AT_ONCE: usize = 16 << 20;

/// Most threads that decode; each holds an image of its own.
const MOST_THREADS: usize = 16;

/// Rows and columns, or one number for both.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Size {
    Square(usize),
    Sides([usize; 2]),
}

clbench::settings! {
    /// Settings of the loader.
    #[derive(Clone, Debug)]
    pub struct Folder {
        /// Where the folder is, from the stream file's.
        path: String;
        /// Name of the folder beside `train` that is for testing.
        #[serde(skip_serializing_if = "Option::is_none")]
        test: Option<String> = None;
        /// Rows and columns of an input, 1 to 1024; one number for both, or two.
        size: Size = Size::Square(32), Range::Text("a whole number, or two");
        /// 3, or 1 for grey.
        channels: usize = 3, Range::Whole(1, 3);
        /// Share of each class that is for testing, between 0 and 1.
        #[serde(skip_serializing_if = "Option::is_none")]
        test_share: Option<f64> = None, share::RANGE;
        /// Whether images that cannot be read are left out, rather than an error.
        skip_broken: bool = false;
        /// Largest dataset that is held in memory, in MiB.
        memory: u64 = 256;
    }
}

impl Settings for Folder {
    fn check(&self) -> Result<()> {
        let Look { channels, height, width } = self.look();
        ensure!(matches!(channels, 1 | 3), "channels = {channels} is neither 1 nor 3");
        let sides = 1..=1024;
        ensure!(sides.contains(&height) && sides.contains(&width), "size = {height} × {width} is not within 1 to 1024");
        Ok(())
    }
}

impl Load for Folder {
    fn load(&self, name: &str, origin: &Origin) -> Result<Dataset> {
        let tree = tree::list(&origin.path(&self.path)?, self.test.as_deref())?;
        if let Some(note) = &tree.note {
            origin.note(format!("{name}: {note}"));
        }
        let (train, test) = self.halves(&tree)?;
        let order: Vec<&Picture> = train.iter().chain(&test).copied().collect();
        let key = self.key(&tree.root, &order, train.len());
        let cache = origin.cache();
        let report = cache.join(format!("folder-{key}.txt"));
        let pixels = cached(&cache, &format!("folder-{key}.bin"), |to| self.decode(&tree.root, &order, to, &report))?;
        let kept = kept(&pixels, order.len())?;
        self.assemble(name, &tree, [&train, &test], &kept, &pixels, &report)
    }
}

impl Folder {
    fn look(&self) -> Look {
        let [height, width] = match self.size {
            Size::Square(side) => [side, side],
            Size::Sides(sides) => sides,
        };
        Look { channels: self.channels, height, width }
    }

    /// The images for training and those for testing.
    fn halves<'a>(&self, tree: &'a Tree) -> Result<(Vec<&'a Picture>, Vec<&'a Picture>)> {
        let Some(test) = &tree.test else {
            let labels: Vec<u16> = tree.train.iter().map(|picture| picture.class).collect();
            let tests =
                share::tests(self.test_share, &labels, &tree.classes).context(tree.root.display().to_string())?;
            let half = |wanted: bool| {
                let of_half = tree.train.iter().zip(&tests).filter(|(_, test)| **test == wanted);
                of_half.map(|(picture, _)| picture).collect::<Vec<_>>()
            };
            return Ok((half(false), half(true)));
        };
        let root = tree.root.display();
        ensure!(
            self.test_share.is_none(),
            "test_share makes no sense where {root} has a half for testing; leave it out"
        );
        Ok((tree.train.iter().collect(), test.iter().collect()))
    }

    /// What the decoded images depend on, as a name.
    fn key(&self, root: &Path, order: &[&Picture], train: usize) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("folder 1 {:?} {} {train} {}\n", self.look(), self.skip_broken, root.display()));
        for Picture { path, class, bytes, changed } in order {
            hash.update(format!("{} {path} {class} {bytes} {changed}\n", path.len()));
        }
        hex(&hash.finalize())
    }

    /// Writes all images in their order, then a byte for each that says whether it is there.
    fn decode(&self, root: &Path, order: &[&Picture], to: &mut dyn Write, report: &Path) -> Result<()> {
        let look = self.look();
        let together = (AT_ONCE / look.bytes()).clamp(1, 1024);
        let (mut kept, mut broken) = (Vec::with_capacity(order.len()), String::new());
        let mut room = vec![0; together * look.bytes()];
        for some in order.chunks(together) {
            let outcomes = decode_some(root, some, look, &mut room);
            for (outcome, pixels) in outcomes.into_iter().zip(room.chunks_exact(look.bytes())) {
                kept.push(u8::from(outcome.is_none()));
                match outcome {
                    None => to.write_all(pixels)?,
                    Some(error) if self.skip_broken => broken.push_str(&format!("{error:#}\n")),
                    Some(error) => {
                        return Err(error.context("an image cannot be read; skip_broken = true leaves it out"));
                    }
                }
            }
        }
        to.write_all(&kept)?;
        if !broken.is_empty() {
            fs::write(report, broken).with_context(|| report.display().to_string())?;
        }
        Ok(())
    }

    /// Puts the dataset together from what was decoded.
    fn assemble(
        &self,
        name: &str,
        tree: &Tree,
        halves: [&[&Picture]; 2],
        kept: &[bool],
        pixels: &Cached,
        report: &Path,
    ) -> Result<Dataset> {
        let look = self.look();
        let shape = [look.channels, look.height, look.width];
        let all: usize = kept.iter().filter(|kept| **kept).count();
        if all < kept.len() {
            let broken = kept.len() - all;
            // Where standard error cannot be written to, `eprintln` would panic.
            let _ = writeln!(
                std::io::stderr(),
                "{}: {broken} of {} images cannot be read and are left out; see {}",
                clean(name),
                kept.len(),
                clean(&report.display().to_string())
            );
        }
        let in_memory = (all * look.bytes()) as u64 <= self.memory.saturating_mul(MEBIBYTE);
        let known = || halves.iter().flat_map(|half| half.iter()).map(|picture| &picture.path[..]).collect();
        let captions = captions::read(&tree.root, known)?;
        let (mut kept, mut from) = (kept.iter(), 0);
        let mut split = |half: &[&Picture]| -> Result<Split> {
            let half: Vec<&Picture> = half.iter().filter(|_| kept.next().is_some_and(|kept| *kept)).copied().collect();
            let labels: Vec<u16> = half.iter().map(|picture| picture.class).collect();
            complete(&labels, &tree.classes)?;
            let (at, bytes) = (from, labels.len() * look.bytes());
            from += bytes as u64;
            let split = if in_memory {
                let mut content = Vec::with_capacity(bytes);
                pixels.read_from(at)?.take(bytes as u64).read_to_end(&mut content)?;
                Split::new(shape, content, labels, tree.classes.len())
            } else {
                Split::stored(shape, pixels.file.try_clone()?, pixels.from + at, labels, tree.classes.len())
            };
            captions.onto(split?, &half, &tree.classes)
        };
        let (train, test) = (split(halves[0])?, split(halves[1])?);
        Ok(Dataset::new(name, shape, tree.classes.clone(), train, test))
    }
}

/// Refuses a half in which a class has lost all its images.
fn complete(labels: &[u16], classes: &[String]) -> Result<()> {
    let mut there = vec![false; classes.len()];
    labels.iter().for_each(|label| there[usize::from(*label)] = true);
    match there.iter().position(|there| !there) {
        Some(class) => anyhow::bail!("no image of class `{}` can be read, for training or for testing", classes[class]),
        None => Ok(()),
    }
}

/// For each image whether it was kept, from the end of what was decoded.
fn kept(pixels: &Cached, count: usize) -> Result<Vec<bool>> {
    let at = pixels.length.checked_sub(count as u64).context("the cache is too short; remove it")?;
    let mut flags = Vec::with_capacity(count);
    pixels.read_from(at)?.read_to_end(&mut flags)?;
    Ok(flags.into_iter().map(|flag| flag == 1).collect())
}

/// Decodes some images into `room`, in parallel; what went wrong with each.
fn decode_some(root: &Path, some: &[&Picture], look: Look, room: &mut [u8]) -> Vec<Option<Error>> {
    let mut outcomes: Vec<Option<Error>> = some.iter().map(|_| None).collect();
    let turn = Mutex::new(());
    let work = Mutex::new(some.iter().zip(room.chunks_exact_mut(look.bytes())).zip(&mut outcomes));
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS).min(some.len());
    let decode = || {
        loop {
            let next = work.lock().expect("no thread panics while it takes its next image").next();
            let Some(((picture, pixels), outcome)) = next else { break };
            *outcome = picture::read(&root.join(&picture.path), look, &turn, pixels).err();
        }
    };
    // Fewer threads are slower and nothing else.
    let _ = together(threads, decode);
    outcomes
}

#[cfg(test)]
mod tests;
