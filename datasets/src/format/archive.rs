//! Tar archives, read member by member: nothing is unpacked but what the caller takes, and to where it says.
//!
//! POSIX.1-1988 `ustar`, and what GNU tar and npm write of it, with GNU's long names. Links, devices, and the headers
//! of `pax` are passed over.

use std::io::{self, ErrorKind, Read};

use anyhow::{Context, Result, bail, ensure};

/// Bytes of a header, and the unit to which contents are padded.
const BLOCK: usize = 512;

/// Largest archive that is read, uncompressed: 1 GiB.
const MOST: u64 = 1 << 30;

/// Longest name that GNU's tar may give: 4 KiB.
const MOST_NAME: u64 = 4 << 10;

/// Calls `visit` with the name and the content of each regular file, in the order of the archive.
///
/// # Errors
/// When the archive is broken, cut off, or longer than 1 GiB, and whatever `visit` answers.
pub(crate) fn each(reader: impl Read, mut visit: impl FnMut(&str, &mut dyn Read) -> Result<()>) -> Result<()> {
    let mut reader = reader.take(MOST);
    let (mut header, mut long) = ([0; BLOCK], None);
    loop {
        match reader.read_exact(&mut header) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => bail!("the archive is cut off or too long"),
            other => other.context("the archive cannot be read")?,
        }
        if header == [0; BLOCK] {
            // What follows is padding; reading it lets the program at the other end of a pipe finish.
            io::copy(&mut reader, &mut io::sink()).context("the archive cannot be read")?;
            return Ok(());
        }
        let sum: u64 = header.iter().enumerate().map(|(at, byte)| if summed(at) { u64::from(*byte) } else { 32 }).sum();
        ensure!(octal(&header[148..156])? == sum, "not a tar archive: the checksum of a header differs");
        let size = octal(&header[124..136])?;
        let mut content = (&mut reader).take(size);
        match header[156] {
            0 | b'0' => visit(&long.take().unwrap_or_else(|| name(&header)), &mut content)?,
            b'L' => long = Some(long_name(&mut content)?),
            _ => long = None,
        }
        let rest = content.limit() + size.next_multiple_of(BLOCK as u64) - size;
        let skipped = io::copy(&mut (&mut reader).take(rest), &mut io::sink()).context("the archive cannot be read")?;
        ensure!(skipped == rest, "the archive is cut off or too long");
    }
}

/// Whether a byte of the header counts for its checksum as it is; the checksum's own field counts as spaces.
fn summed(at: usize) -> bool {
    !(148..156).contains(&at)
}

/// A number in octal digits, padded with spaces and zero bytes.
fn octal(field: &[u8]) -> Result<u64> {
    let text = str::from_utf8(field).context("not a tar archive")?.trim_matches(['\0', ' ']);
    u64::from_str_radix(text, 8).with_context(|| format!("not a tar archive: {text:?} is no octal number"))
}

/// The name that the next header would cut off: what an entry of type `L` holds, up to its zero byte.
fn long_name(content: &mut impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    content.take(MOST_NAME + 1).read_to_end(&mut bytes).context("the archive cannot be read")?;
    ensure!(bytes.len() as u64 <= MOST_NAME, "a name is longer than {MOST_NAME} bytes");
    Ok(String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or(&[])).into_owned())
}

/// The name in a header, with its prefix.
fn name(header: &[u8; BLOCK]) -> String {
    let text =
        |field: &[u8]| String::from_utf8_lossy(field.split(|byte| *byte == 0).next().unwrap_or(&[])).into_owned();
    let (name, prefix) = (text(&header[..100]), text(&header[345..500]));
    // GNU's own format has times where POSIX has the prefix.
    if prefix.is_empty() || header[257..263] != *b"ustar\0" { name } else { format!("{prefix}/{name}") }
}

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
        refused(&changed, "the checksum of a header differs");
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
                let harmless = value == archive[at] || !summed(at) && list(&changed).is_ok();
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
