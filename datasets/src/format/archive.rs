//! Tar archives, read member by member: nothing is unpacked but what the caller takes, and to where it says.
//!
//! POSIX.1-1988 `ustar`, and what GNU tar and npm write of it, with GNU's long names. Links, devices, and the headers
//! of `pax` are passed over.

use std::io::{self, Read};

use anyhow::{Context, Result, ensure};
use tar::{Archive, EntryType};

/// Largest archive that is read, uncompressed: 1 GiB.
const MOST: u64 = 1 << 30;

/// Longest name that GNU's tar may give: 4 KiB.
const MOST_NAME: u64 = 4 << 10;

/// Calls `visit` with the name and the content of each regular file, in the order of the archive.
///
/// # Errors
/// When the archive is broken, cut off, or longer than 1 GiB, and whatever `visit` answers.
pub(crate) fn each(reader: impl Read, mut visit: impl FnMut(&str, &mut dyn Read) -> Result<()>) -> Result<()> {
    let mut archive = Archive::new(Watched { reader: reader.take(MOST), ended: false });
    let mut long = None;
    // Raw, so that a long name is ours to bound.
    for entry in archive.entries().context("the archive cannot be read")?.raw(true) {
        let mut entry = entry.context("not a tar archive, or one that is broken or cut off")?;
        match entry.header().entry_type() {
            EntryType::Regular => {
                let own = || String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                let name = long.take().unwrap_or_else(own);
                visit(&name, &mut entry)?;
            }
            EntryType::GNULongName => long = Some(long_name(&mut entry)?),
            _ => long = None,
        }
        io::copy(&mut entry, &mut io::sink()).context("the archive cannot be read")?;
    }
    // What follows is padding; reading it lets the program at the other end of a pipe finish.
    let mut rest = archive.into_inner();
    ensure!(!rest.ended, "the archive is cut off or too long");
    io::copy(&mut rest, &mut io::sink()).context("the archive cannot be read")?;
    Ok(())
}

/// Notes whether what it reads has ended: an archive says itself where it ends, and one that does not is cut off.
struct Watched<R> {
    reader: R,
    ended: bool,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(to)?;
        self.ended |= read == 0 && !to.is_empty();
        Ok(read)
    }
}

/// The name that the next header would cut off: what an entry of type `L` holds, up to its zero byte.
fn long_name(content: &mut impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    content.take(MOST_NAME + 1).read_to_end(&mut bytes).context("the archive cannot be read")?;
    ensure!(bytes.len() as u64 <= MOST_NAME, "a name is longer than {MOST_NAME} bytes");
    Ok(String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or(&[])).into_owned())
}

/// Bytes of a header, and the unit to which contents are padded.
#[cfg(test)]
const BLOCK: usize = 512;

/// The bytes of an archive of these members, for tests.
#[cfg(test)]
pub(crate) fn pack(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in members {
        let mut header = [0; BLOCK];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..263].copy_from_slice(b"ustar\0");
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        bytes.extend(header);
        bytes.extend(*content);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    }
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
        let mut members = Vec::new();
        each(bytes, |name, content| {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes)?;
            members.push((name.to_owned(), bytes));
            Ok(())
        })?;
        Ok(members)
    }

    fn refused(bytes: &[u8], reason: &str) {
        let error = format!("{:#}", list(bytes).unwrap_err());
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn members_come_in_order_with_their_content() {
        let long = vec![7; 1_000];
        let members = list(&pack(&[("a/b", b"xyz"), ("empty", b""), ("../c", &long)])).unwrap();
        assert_eq!(members.iter().map(|(name, _)| &name[..]).collect::<Vec<_>>(), ["a/b", "empty", "../c"]);
        assert_eq!((&members[0].1[..], &members[2].1), (&b"xyz"[..], &long));
    }

    #[test]
    fn a_member_that_is_not_read_is_passed_over() {
        let mut names = Vec::new();
        let archive = pack(&[("a", &[1; 600]), ("b", b"2")]);
        each(&archive[..], |name, _| {
            names.push(name.to_owned());
            Ok(())
        })
        .unwrap();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn broken_archives_are_errors() {
        let archive = pack(&[("a", &[1; 600])]);
        refused(&[], "cut off");
        refused(&archive[..100], "cut off");
        refused(&archive[..700], "cut off");
        refused(&[1; 600], "not a tar archive");
        let mut changed = archive.clone();
        changed[0] ^= 1;
        refused(&changed, "checksum");
        let mut huge = archive;
        huge[124..135].copy_from_slice(b"77777777777");
        huge[148..156].fill(b' ');
        let sum: u64 = huge[..BLOCK].iter().map(|byte| u64::from(*byte)).sum();
        huge[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        refused(&huge, "cut off");
    }

    #[test]
    fn no_change_of_one_byte_of_a_header_goes_unnoticed() {
        let archive = pack(&[("a", b"content")]);
        for at in 0..BLOCK {
            for value in [0, 1, b'7', b' ', 255] {
                let mut changed = archive.clone();
                changed[at] = value;
                // In its own field the checksum may be written in several ways.
                let harmless = value == archive[at] || (148..156).contains(&at) && list(&changed).is_ok();
                assert_eq!(list(&changed).is_ok(), harmless, "{value} at {at}");
            }
        }
    }

    /// The same archive with another type of its first entry.
    fn typed(mut archive: Vec<u8>, kind: u8) -> Vec<u8> {
        archive[156] = kind;
        archive[148..156].fill(b' ');
        let sum: u64 = archive[..BLOCK].iter().map(|byte| u64::from(*byte)).sum();
        archive[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        archive
    }

    #[test]
    fn a_long_name_is_that_of_the_entry_after_it() {
        let name = "folder/".repeat(30) + "file";
        let archive =
            typed(pack(&[("././@LongLink", format!("{name}\0").as_bytes()), ("folder/", b"x"), ("b", b"y")]), b'L');
        let names: Vec<_> = list(&archive).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, [&name[..], "b"]);
        refused(&typed(pack(&[("././@LongLink", &[b'a'; 5_000])]), b'L'), "a name is longer than 4096 bytes");
    }

    #[test]
    fn links_are_no_files() {
        let archive = typed(pack(&[("a", b"")]), b'2');
        assert_eq!(list(&archive).unwrap(), []);
    }
}
