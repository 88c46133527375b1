//! Files of our own whose content is compared with its checksum before anything is made of it.
//!
//! Such a file is a line that says what it is and in which layout, the SHA-256 of the content, and the content.

use std::{fs, io::Read, path::Path};

use anyhow::{Context, Result, ensure};
use clbench_results::store::atomic;
use sha2::{Digest, Sha256};

/// A whole file with this content; `head` is its first line.
pub(crate) fn sealed(head: &[u8], content: &[u8]) -> Vec<u8> {
    [head, &Sha256::digest(content)[..], content].concat()
}

/// The content of a file.
///
/// # Errors
/// When the file begins otherwise, is cut off, or its checksum is another.
pub(crate) fn opened<'a>(head: &[u8], bytes: &'a [u8]) -> Result<&'a [u8]> {
    let rest = bytes.strip_prefix(head).context("it does not begin as a file of this version does")?;
    let (sum, content) = rest.split_at_checked(32).context("it is cut off")?;
    ensure!(Sha256::digest(content)[..] == *sum, "its checksum is wrong");
    Ok(content)
}

/// Writes `content` to `place`, whole or not at all.
pub(crate) fn write(place: &Path, head: &[u8], content: &[u8]) -> Result<()> {
    Ok(atomic::write_whole(place, &sealed(head, content))?)
}

/// The content of the file at `place`, of at most `most` bytes; none where there is no such file.
///
/// # Errors
/// When it cannot be read, is no plain file or longer, and those of [`opened`].
pub(crate) fn read(place: &Path, head: &[u8], most: u64) -> Result<Option<Vec<u8>>> {
    if fs::symlink_metadata(place).is_err() {
        return Ok(None);
    }
    let mut bytes = read_at_most(place, most.saturating_add((head.len() + 32) as u64))?;
    opened(head, &bytes)?;
    bytes.drain(..head.len() + 32);
    Ok(Some(bytes))
}

/// Refuses what is there and is neither a plain file nor a folder.
pub(crate) fn refuse_link(path: &Path) -> Result<()> {
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    let what = if found.is_symlink() { "a symbolic link" } else { "a device or a pipe" };
    ensure!(
        found.is_file() || found.is_dir(),
        "{} is {what}, and a run writes to plain files in folders of its own; remove it, or set runs=FOLDER",
        path.display()
    );
    Ok(())
}

/// The content of a regular file of at most `most` bytes.
pub(crate) fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>> {
    // Asked of the path first: to open a pipe would wait for its other end.
    let size = fs::metadata(path).and_then(|about| {
        let kind = std::io::ErrorKind::InvalidInput;
        if about.is_file() { Ok(about.len()) } else { Err(std::io::Error::new(kind, "it is no regular file")) }
    })?;
    ensure!(size <= most, "it has {size} bytes; at most {most} are read");
    let mut bytes = Vec::with_capacity(size as usize);
    // A file that grows meanwhile is cut off, and found broken.
    fs::File::open(path)?.take(size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;

    const HEAD: &[u8] = b"a test 1\n";

    #[test]
    fn no_change_of_one_byte_and_no_cut_is_taken_for_whole() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("x");
        assert_eq!(read(&place, HEAD, 7).unwrap(), None);
        write(&place, HEAD, b"content").unwrap();
        assert_eq!(read(&place, HEAD, 7).unwrap().unwrap(), b"content");
        assert!(read(&place, HEAD, 6).is_err(), "longer than it may be");
        let whole = fs::read(&place).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&place, &changed).unwrap();
            assert!(read(&place, HEAD, 7).is_err(), "byte {at}");
            fs::write(&place, &whole[..at]).unwrap();
            assert!(read(&place, HEAD, 7).is_err(), "cut at {at}");
        }
    }
}
