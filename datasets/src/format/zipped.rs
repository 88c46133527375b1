//! Members of zip archives, read within bounds: of `.npz` files and of Python's packages.

use std::{
    fs::File,
    io::{Read, Seek},
    path::Path,
};

use anyhow::{Context, Result, bail};
use zip::ZipArchive;

/// Hands the member called `name` to `read`, with the bytes that the archive says it has; no more than one byte beyond
/// them is given, whatever the compressed content holds.
///
/// # Errors
/// When the archive is broken, has no such member, or it cannot be read without a password, and whatever `read`
/// answers.
pub(crate) fn member<T>(
    archive: impl Read + Seek,
    name: &str,
    read: impl FnOnce(u64, &mut dyn Read) -> Result<T>,
) -> Result<T> {
    let mut archive = ZipArchive::new(archive).context("not a zip archive, or a broken one")?;
    if archive.index_for_name(name).is_none() {
        let known = archive.file_names_raw().take(20).map(|name| String::from_utf8_lossy(name).into_owned());
        bail!("the archive has no member {name:?}; it has {}", known.collect::<Vec<_>>().join(", "));
    }
    let mut member = archive.by_name(name).with_context(|| name.to_owned())?;
    let bytes = member.size();
    read(bytes, &mut (&mut member).take(bytes.saturating_add(1)))
}

/// The names of all members.
///
/// # Errors
/// When the archive is broken.
pub(crate) fn names(archive: impl Read + Seek) -> Result<Vec<String>> {
    let archive = ZipArchive::new(archive).context("not a zip archive, or a broken one")?;
    Ok(archive.file_names_raw().filter_map(|name| String::from_utf8(name.to_vec()).ok()).collect())
}

/// Whether a file begins like a zip archive.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn is_one(path: &Path) -> Result<bool> {
    let mut begin = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut begin)?;
    Ok(begin == b"PK\x03\x04")
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::{Cursor, Write};

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    /// An archive of these members, compressed.
    pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        for (name, content) in members {
            archive.start_file(*name, options).unwrap();
            archive.write_all(content).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn content(bytes: &[u8], name: &str) -> Result<Vec<u8>> {
        member(Cursor::new(bytes), name, |_, from| {
            let mut content = Vec::new();
            from.read_to_end(&mut content)?;
            Ok(content)
        })
    }

    #[test]
    fn a_member_is_found_by_name_and_what_there_is_is_listed() {
        let archive = zip(&[("a.npy", b"one"), ("../b", b"two")]);
        assert_eq!(content(&archive, "a.npy").unwrap(), b"one");
        assert_eq!(content(&archive, "../b").unwrap(), b"two");
        let error = content(&archive, "c").unwrap_err().to_string();
        assert!(error.contains("no member \"c\"; it has a.npy"), "{error}");
    }

    #[test]
    fn cut_and_changed_archives_end_in_an_error_or_the_same_content() {
        let archive = zip(&[("a.npy", &[7; 300])]);
        for at in 0..archive.len() {
            assert!(content(&archive[..at], "a.npy").is_err(), "cut at {at}");
            let mut changed = archive.clone();
            changed[at] ^= 0x55;
            if let Ok(found) = content(&changed, "a.npy") {
                assert_eq!(found, [7; 300], "byte {at}");
            }
        }
    }

    #[test]
    fn what_lies_about_its_size_gives_one_byte_more_at_most() {
        let mut archive = zip(&[("a", &vec![0; 1 << 20])]);
        // The size stands in the local header, at 22, and in the central one, 24 bytes in.
        let central = archive.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
        for at in [22, central + 24] {
            archive[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
        }
        if let Ok(found) = content(&archive, "a") {
            assert!(found.len() <= 11, "{} bytes", found.len());
        }
    }
}
