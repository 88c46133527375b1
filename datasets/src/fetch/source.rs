//! A set of known files as a source of a dataset.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clbench::data::{Dataset, File, Source};

use super::{fetch, set::Set, verify};

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
        fetch(self, data, from)
    }
}
