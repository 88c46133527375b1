//! Files that are written whole or not at all: a reader never meets half of one, and a failure leaves what was there.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};
use thiserror::Error;

use crate::words::clean;

/// Why a file was not written; what stood in its place is untouched.
#[derive(Debug, Error)]
pub enum WriteError {
    /// Something other than a plain file has the name.
    #[error("{}: is {what}, and only plain files are replaced; remove it or name another file", shown(path))]
    Taken {
        /// The name that was asked for.
        path: PathBuf,
        /// What has the name.
        what: &'static str,
    },
    /// The system refused.
    #[error("cannot write {}: {}; {}", shown(path), source, remedy(source))]
    Failed {
        /// The file or its folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A file in the making: invisible under its name until [`WholeFile::finish`], gone without a trace if dropped before.
///
/// It grows beside its final place, so that the last step is one renaming on one file system.
#[derive(Debug)]
pub struct WholeFile {
    path: PathBuf,
    file: NamedTempFile,
}

impl WholeFile {
    /// Begins the file `path`; missing folders are made.
    ///
    /// # Errors
    /// When `path` names a link, a folder, a device or a pipe, or when its folder cannot be written to.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        check_free(path)?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
        let mut builder = Builder::new();
        builder.prefix(".clbench-").suffix(".tmp");
        // Temporary files are for their owner alone; this one is to be like any other, as the process's mask has it.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder).map_err(|e| failed(folder, e))?;
        Ok(Self { path: path.into(), file })
    }

    /// Flushes the file to the disk and gives it its name.
    pub fn finish(self) -> Result<(), WriteError> {
        let Self { path, file } = self;
        file.as_file().sync_all().map_err(|e| failed(&path, e))?;
        // Somebody may have taken the name meanwhile; renaming would replace a link, not follow it.
        check_free(&path)?;
        file.persist(&path).map_err(|e| failed(&path, e.error))?;
        Ok(())
    }

    /// The error for this file that `source` is the cause of.
    pub fn failure(&self, source: io::Error) -> WriteError {
        failed(&self.path, source)
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes `bytes` to `path`, whole or not at all.
///
/// # Errors
/// As [`WholeFile::create`], and when the disk is full.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let mut file = WholeFile::create(path)?;
    file.write_all(bytes).map_err(|e| file.failure(e))?;
    file.finish()
}

/// Opens the plain file `path` for writing from its beginning on, or makes it; what it holds stays. No link is
/// followed.
///
/// # Errors
/// When `path` names a link, a folder, a device or a pipe, or cannot be written to.
pub fn open_plain(path: &Path) -> Result<File, WriteError> {
    check_free(path)?;
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    // Somebody may take the name meanwhile: the system refuses a link, too, and does not wait for a pipe's reader.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options.open(path).map_err(|e| failed(path, e))
}

/// A name that is free, or that a plain file has.
fn check_free(path: &Path) -> Result<(), WriteError> {
    let taken = |what| Err(WriteError::Taken { path: path.into(), what });
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(found) if found.is_dir() => taken("a folder"),
        Ok(found) if found.is_symlink() => taken("a symbolic link"),
        Ok(_) => taken("a device or a pipe"),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(path, error)),
    }
}

fn failed(path: &Path, source: io::Error) -> WriteError {
    WriteError::Failed { path: path.into(), source }
}

fn shown(path: &Path) -> String {
    clean(&path.display().to_string())
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room or name a file on another disk",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "name a file in a folder that can be written to",
        ErrorKind::NotADirectory => "name a file whose folder is a folder",
        ErrorKind::InvalidFilename => "choose a shorter name without special characters",
        _ => "name another file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_and_nothing_stays_beside_it() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("new/folder/out.txt");
        write_whole(&path, b"first, and longer").unwrap();
        write_whole(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(names(path.parent().unwrap()), ["out.txt"]);
    }

    #[test]
    fn what_is_not_finished_leaves_the_old_file_alone() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("out.txt");
        write_whole(&path, b"old").unwrap();
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(names(root.path()).len(), 2);
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(root.path()), ["out.txt"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_neither_followed_nor_replaced() {
        let root = tempfile::tempdir().unwrap();
        let (target, link) = (root.path().join("target"), root.path().join("link"));
        fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let error = write_whole(&link, b"evil").unwrap_err().to_string();
        assert!(error.contains("link: is a symbolic link, and only plain files are replaced"), "{error}");
        assert_eq!(fs::read(&target).unwrap(), b"precious");
        // A link that appears while the file is written is found as well, even if it leads nowhere.
        let late = root.path().join("late");
        let file = WholeFile::create(&late).unwrap();
        std::os::unix::fs::symlink(root.path().join("nowhere"), &late).unwrap();
        assert!(matches!(file.finish(), Err(WriteError::Taken { what: "a symbolic link", .. })));
        assert_eq!(names(root.path()), ["late", "link", "target"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_grows_is_opened_through_no_link_and_keeps_what_it_holds() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        open_plain(&at("new")).unwrap().write_all(b"first").unwrap();
        open_plain(&at("new")).unwrap().write_all(b"F").unwrap();
        assert_eq!(fs::read(at("new")).unwrap(), b"First");
        std::os::unix::fs::symlink(at("new"), at("link")).unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("dangling")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        for (name, what) in
            [("link", "a symbolic link"), ("dangling", "a symbolic link"), ("pipe", "a device or a pipe")]
        {
            assert!(
                matches!(open_plain(&at(name)), Err(WriteError::Taken { what: found, .. }) if found == what),
                "{name}"
            );
        }
        assert!(!at("nowhere").exists());
    }

    #[cfg(unix)]
    #[test]
    fn folders_and_devices_are_refused() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(write_whole(root.path(), b""), Err(WriteError::Taken { what: "a folder", .. })));
        let device = write_whole(Path::new("/dev/null"), b"").unwrap_err().to_string();
        assert!(device.starts_with("/dev/null: is a device or a pipe"), "{device}");
        let below = write_whole(Path::new("/dev/null/out"), b"").unwrap_err().to_string();
        assert!(below.ends_with("name a file whose folder is a folder"), "{below}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_named_with_its_remedy() {
        let mut full = fs::File::options().write(true).open("/dev/full").unwrap();
        let error = failed(Path::new("out"), full.write_all(b"x").unwrap_err()).to_string();
        assert!(error.starts_with("cannot write out: No space left on device"), "{error}");
        assert!(error.ends_with("; make room or name a file on another disk"), "{error}");
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_is_named_with_its_remedy() {
        for kind in [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem] {
            let error = failed(Path::new("shut\x1b[2J"), kind.into()).to_string();
            assert!(error.starts_with("cannot write shut[2J: "), "{error}");
            assert!(error.ends_with("; name a file in a folder that can be written to"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_what_the_mask_lets_them() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("usual"), "").unwrap();
        write_whole(&root.path().join("whole"), b"").unwrap();
        let mode = |name| fs::metadata(root.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode("whole"), mode("usual"));
    }
}
