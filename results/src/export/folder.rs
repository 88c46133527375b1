//! Folders that are written whole or not at all, beside their final place, which is free or an empty folder.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempDir};
use thiserror::Error;

use crate::words::clean;

/// Why a folder was not written; what stood in its place is untouched.
#[derive(Debug, Error)]
pub enum FolderError {
    /// The name is taken.
    #[error("{} is {what}; name a new folder, or an empty one", shown(path))]
    Taken {
        /// The name that was asked for.
        path: PathBuf,
        /// What has the name.
        what: &'static str,
    },
    /// The system refused.
    #[error("cannot write {}: {source}; name a folder on a disk with room, where you may write", shown(path))]
    Failed {
        /// The folder, or a folder or file in it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn shown(path: &Path) -> String {
    clean(&path.display().to_string())
}

fn failed(path: &Path, source: io::Error) -> FolderError {
    FolderError::Failed { path: path.into(), source }
}

/// A folder in the making: not there under its name until [`WholeFolder::finish`], gone without a trace if dropped.
#[derive(Debug)]
pub struct WholeFolder {
    path: PathBuf,
    growing: TempDir,
}

impl WholeFolder {
    /// Begins the folder `path`; missing folders above it are made.
    ///
    /// # Errors
    /// When something has the name that is no empty folder, or when the folder above cannot be written to.
    pub fn create(path: &Path) -> Result<Self, FolderError> {
        check_free(path)?;
        let above = match path.parent() {
            Some(above) if !above.as_os_str().is_empty() => above,
            _ => Path::new("."),
        };
        fs::create_dir_all(above).map_err(|e| failed(above, e))?;
        let mut builder = Builder::new();
        builder.prefix(".clbench-").suffix(".tmp");
        // Temporary folders are for their owner alone; this one is to be like any other, as the process's mask has it.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let growing = builder.tempdir_in(above).map_err(|e| failed(above, e))?;
        Ok(Self { path: path.into(), growing })
    }

    /// Where files are to be written until the folder is finished.
    pub fn growing(&self) -> &Path {
        self.growing.path()
    }

    /// Gives the folder its name.
    pub fn finish(self) -> Result<(), FolderError> {
        check_free(&self.path)?;
        if self.path.is_dir() {
            fs::remove_dir(&self.path).map_err(|e| failed(&self.path, e))?;
        }
        fs::rename(self.growing.path(), &self.path).map_err(|e| failed(&self.path, e))?;
        // Nothing is left under the passing name.
        let _ = self.growing.keep();
        Ok(())
    }
}

/// A name that is free, or that an empty folder has.
fn check_free(path: &Path) -> Result<(), FolderError> {
    let taken = |what| Err(FolderError::Taken { path: path.into(), what });
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(path, error)),
        Ok(found) if found.is_symlink() => taken("a symbolic link"),
        Ok(found) if !found.is_dir() => taken("no folder"),
        Ok(_) => match fs::read_dir(path).map_err(|e| failed(path, e))?.next() {
            None => Ok(()),
            Some(_) => taken("not empty"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_appears_whole_and_leaves_nothing_beside_it() {
        let root = tempfile::tempdir().unwrap();
        for name in ["new/out", "empty"] {
            fs::create_dir_all(root.path().join("empty")).unwrap();
            let path = root.path().join(name);
            let folder = WholeFolder::create(&path).unwrap();
            fs::write(folder.growing().join("a"), "a").unwrap();
            assert!(!path.join("a").exists());
            folder.finish().unwrap();
            assert_eq!(fs::read(path.join("a")).unwrap(), b"a");
            assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), if name == "empty" { 2 } else { 1 });
        }
        let dropped = WholeFolder::create(&root.path().join("never")).unwrap();
        fs::write(dropped.growing().join("a"), "a").unwrap();
        drop(dropped);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_is_no_empty_folder_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let (full, file) = (root.path().join("full"), root.path().join("file"));
        fs::create_dir_all(full.join("a")).unwrap();
        fs::write(&file, "").unwrap();
        let why = |path: &Path| WholeFolder::create(path).unwrap_err().to_string();
        assert!(why(&full).ends_with("full is not empty; name a new folder, or an empty one"));
        assert!(why(&file).ends_with("file is no folder; name a new folder, or an empty one"));
        assert!(why(&file.join("below")).starts_with("cannot write "));
        // Somebody fills it meanwhile.
        let late = root.path().join("late");
        let folder = WholeFolder::create(&late).unwrap();
        fs::create_dir_all(late.join("a")).unwrap();
        assert!(matches!(folder.finish(), Err(FolderError::Taken { what: "not empty", .. })));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_refused_and_the_mask_decides_who_may_read() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("usual")).unwrap();
        std::os::unix::fs::symlink(root.path().join("usual"), root.path().join("link")).unwrap();
        let link = WholeFolder::create(&root.path().join("link"));
        assert!(matches!(link, Err(FolderError::Taken { what: "a symbolic link", .. })));
        WholeFolder::create(&root.path().join("whole")).unwrap().finish().unwrap();
        let mode = |name| fs::metadata(root.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode("whole"), mode("usual"));
    }
}
