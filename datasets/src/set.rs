//! A dataset of known files below the data folder: how to find, open, verify and fetch it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clbench::data::{Dataset, File, Source};

use crate::{
    cifar::{self, Kind},
    fetch::{self, Recipe},
    idx, verify,
};

/// How the files of a set are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Four IDX files, in the order of [`idx::NAMES`].
    Idx,
    /// CIFAR's records.
    Cifar(Kind),
    /// Files that are read by whoever names them.
    Plain,
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
    /// Whether its files are IDX, which may be compressed.
    pub(crate) fn is_idx(&self) -> bool {
        self.format == Format::Idx
    }

    /// The command that brings the files.
    pub(crate) fn remedy(&self) -> String {
        format!("run `clbench data fetch {}`", self.name)
    }

    /// The paths under which `file` may lie below the set's folder; the first is the one it is fetched to.
    pub(crate) fn aliases(&self, file: &File) -> Vec<PathBuf> {
        let base = base(file);
        match self.format {
            Format::Idx => idx::aliases(base).into_iter().map(PathBuf::from).collect(),
            Format::Cifar(kind) => vec![base.into(), Path::new(kind.subfolder()).join(base)],
            Format::Plain => vec![base.into()],
        }
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

    fn assemble(&self, data: &Path) -> Result<Dataset> {
        let paths = self.files.iter().map(|file| self.present(data, file)).collect::<Result<Vec<_>>>()?;
        match self.format {
            Format::Idx => {
                let most = self.files.iter().map(|file| file.bytes as usize).max().unwrap_or(0);
                idx::assemble(self.name, self.classes, &paths, most)
            }
            Format::Cifar(kind) => cifar::assemble(self.name, kind, &paths),
            Format::Plain => bail!("its files are no dataset of their own"),
        }
    }
}

/// The last part of a file's path.
pub(crate) fn base(file: &File) -> &'static str {
    file.path.rsplit('/').next().unwrap_or(file.path)
}

impl Source for Set {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn citation(&self) -> &'static str {
        self.citation
    }

    fn files(&self) -> &'static [File] {
        self.files
    }

    fn open(&self, data: &Path) -> Result<Dataset> {
        let open = || -> Result<Dataset> {
            let dataset = self.assemble(data)?;
            // Files of the right length may still hold something else.
            verify::all(self, data)?;
            Ok(dataset.released(self.released))
        };
        open().with_context(|| format!("{} cannot be opened; {}", self.name, self.remedy()))
    }

    fn verify(&self, data: &Path) -> Result<Vec<PathBuf>> {
        verify::all(self, data)
    }

    fn fetch(&self, data: &Path, from: Option<&str>) -> Result<()> {
        fetch::fetch(self, data, from)
    }
}
