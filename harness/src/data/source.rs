//! Where datasets come from: those that are known by name, and a user's own.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use toml::Table;

use super::{Dataset, files::Files};
use crate::catalogue::{Entry, Made, pick};

/// How a user's own data are opened.
pub type Format = Entry<fn(Table) -> Made<Box<dyn Load>>>;

/// A file that a dataset is read from, below the data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// Path below the data folder, such as `mnist/train-images-idx3-ubyte.gz`.
    pub path: &'static str,
    /// SHA-256 of the uncompressed content, in hexadecimal digits.
    pub sha256: &'static str,
    /// Bytes of the uncompressed content.
    pub bytes: u64,
}

/// Opens data of a user's own: a stream file's `[data.NAME]` table.
pub trait Load {
    /// Opens it under this name.
    ///
    /// # Errors
    /// When what it names is missing, broken or too large.
    fn load(&self, name: &str, origin: &Origin) -> Result<Dataset>;
}

/// Where a loader looks.
pub struct Origin<'a> {
    /// The folder of datasets.
    pub data: &'a Path,
    /// Finds what the stream file names.
    pub files: &'a Files,
    /// The datasets that are known by name.
    pub sources: &'a [&'static dyn Source],
    /// What loaders say of themselves; see [`Origin::note`].
    pub notes: &'a RefCell<Vec<String>>,
}

impl Origin<'_> {
    /// The dataset called `name`, opened, or what there is.
    ///
    /// # Errors
    /// When there is none of that name, or it cannot be opened.
    pub fn dataset(&self, name: &str) -> Result<Dataset> {
        let source = pick("dataset", name, self.sources, |source| source.name())?;
        source.open(self.data).with_context(|| format!("cannot open the dataset `{name}`"))
    }
    /// Notes what of the data was read in a way that may surprise; shown with the stream and kept in its runs'
    /// manifests.
    pub fn note(&self, note: String) {
        self.notes.borrow_mut().push(note);
    }
    /// The folder for what can be made again, below that of datasets; it need not be there yet.
    pub fn cache(&self) -> PathBuf {
        self.data.join(".cache")
    }
    /// Where a path of the stream file leads: beside it, else below the data folder, else from the current folder.
    ///
    /// # Errors
    /// When it may not lead there; see [`Files`].
    pub fn path(&self, path: &str) -> Result<PathBuf> {
        self.files.find(path, &[self.data])
    }
}

/// Where a dataset comes from: how to list, fetch, verify and open it.
pub trait Source: Sync {
    /// Its name in stream files, in kebab case.
    fn name(&self) -> &'static str;
    /// One line: what it is, its size, and its licence.
    fn about(&self) -> &'static str;
    /// Under which licence its data may be used, in a few words: what [`Source::about`] ends with.
    fn licence(&self) -> &'static str {
        self.about().rsplit("; ").next().unwrap_or_default()
    }
    /// The publication or page that it comes from.
    fn citation(&self) -> &'static str;
    /// The files that it is read from; none where it is embedded.
    fn files(&self) -> &'static [File] {
        &[]
    }
    /// Opens it, from `data` unless it is embedded.
    fn open(&self, data: &Path) -> Result<Dataset>;
    /// Compares each file below `data` with its checksum; the paths that were found whole.
    fn verify(&self, _data: &Path) -> Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
    /// Brings the files into `data`: from `from` (a folder or a URL) where given, else with the package clients
    /// of the machine. What is there and whole is left alone.
    fn fetch(&self, _data: &Path, _from: Option<&str>) -> Result<()> {
        Ok(())
    }
}
