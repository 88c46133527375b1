//! Files that can be made again, kept below the data folder under a name that says what they were made from.
//!
//! Such a file is [`MAGIC`], the content, and the SHA-256 of both. It is written beside its place under a lock, flushed
//! and renamed, so that two processes that want the same file make it once, and one that was cut off leaves nothing
//! that is taken for whole. Whoever opens it compares the checksum first; what differs is made anew.

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::Path,
};

use anyhow::{Context, Result, ensure};
use clbench::results::store::atomic::open_plain;
use sha2::{Digest, Sha256};

/// How such a file begins.
const MAGIC: &[u8; 16] = b"clbench cache 1\n";

/// Bytes of the checksum at its end.
const SUM: u64 = 32;

/// An open file whose checksum was compared.
#[derive(Debug)]
pub(crate) struct Cached {
    /// The file; it stays what it is even where another takes its name.
    pub file: File,
    /// Where the content begins.
    pub from: u64,
    /// Bytes of the content.
    pub length: u64,
}

impl Cached {
    /// A reader of the content from its byte `at` on.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_from(&self, at: u64) -> Result<impl Read> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(self.from + at))?;
        Ok(BufReader::new(file).take(self.length.saturating_sub(at)))
    }
}

/// The file `name` below `folder`; where it is not there or not whole, `make` writes its content first.
///
/// # Errors
/// When the folder cannot be written to, and whatever `make` answers; then nothing is left behind.
pub(crate) fn cached(folder: &Path, name: &str, make: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<Cached> {
    let place = folder.join(name);
    if let Ok(cached) = open(&place) {
        return Ok(cached);
    }
    let written = || format!("{} cannot be written; choose another data folder", place.display());
    fs::create_dir_all(folder).with_context(written)?;
    let lock = open_plain(&folder.join(format!(".{name}.lock"))).with_context(written)?;
    // Held until the file is closed, however the process ends; another process may make the same thing just now.
    lock.lock().with_context(written)?;
    if let Ok(cached) = open(&place) {
        return Ok(cached);
    }
    let part = folder.join(format!(".{name}.part"));
    let made = write(&part, make).and_then(|()| fs::rename(&part, &place).with_context(written));
    if made.is_err() {
        // What is half made is worthless; that it cannot be removed is less than why it is half made.
        let _ = fs::remove_file(&part);
    }
    made?;
    open(&place).with_context(|| format!("{} was written just now and is not whole", place.display()))
}

/// Passes on what is written, and hashes it.
struct Hashing<W> {
    to: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.hash.update(&bytes[..n]);
        Ok(n)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

fn write(part: &Path, make: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let file = open_plain(part)?;
    file.set_len(0).with_context(|| part.display().to_string())?;
    let mut to = Hashing { to: BufWriter::new(file), hash: Sha256::new() };
    to.write_all(MAGIC)?;
    make(&mut to)?;
    to.to.write_all(&to.hash.finalize())?;
    let file =
        to.to.into_inner().map_err(std::io::IntoInnerError::into_error).context("the cache cannot be written")?;
    Ok(file.sync_all()?)
}

/// Opens a file and compares its checksum.
fn open(place: &Path) -> Result<Cached> {
    let mut file = File::open(place)?;
    let bytes = file.metadata()?.len();
    let from = MAGIC.len() as u64;
    ensure!(bytes >= from + SUM, "cut off");
    let mut begin = [0; 16];
    file.read_exact(&mut begin)?;
    ensure!(&begin == MAGIC, "not such a file");
    let mut hash = Sha256::new();
    hash.update(begin);
    let (mut left, mut chunk) = (bytes - from - SUM, vec![0; 1 << 16]);
    while left > 0 {
        let wanted = chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        file.read_exact(&mut chunk[..wanted])?;
        hash.update(&chunk[..wanted]);
        left -= wanted as u64;
    }
    let mut sum = [0; SUM as usize];
    file.read_exact(&mut sum)?;
    ensure!(hash.finalize()[..] == sum, "the checksum differs");
    Ok(Cached { file, from, length: bytes - from - SUM })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use anyhow::bail;

    use super::*;

    fn content(cached: &Cached, at: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        cached.read_from(at).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn never(_: &mut dyn Write) -> Result<()> {
        panic!("made a second time")
    }

    #[test]
    fn what_was_made_once_is_not_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("a/b");
        let first = cached(&below, "x.bin", |to| Ok(to.write_all(b"content")?)).unwrap();
        assert_eq!((content(&first, 0), first.length), (b"content".to_vec(), 7));
        assert_eq!(content(&cached(&below, "x.bin", never).unwrap(), 3), b"tent");
    }

    #[test]
    fn no_change_of_one_byte_and_no_cut_is_taken_for_whole() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("x.bin");
        cached(folder.path(), "x.bin", |to| Ok(to.write_all(b"content")?)).unwrap();
        let whole = fs::read(&place).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&place, &changed).unwrap();
            assert!(open(&place).is_err(), "byte {at}");
            fs::write(&place, &whole[..at]).unwrap();
            assert!(open(&place).is_err(), "cut at {at}");
        }
        let made = cached(folder.path(), "x.bin", |to| Ok(to.write_all(b"anew")?)).unwrap();
        assert_eq!(content(&made, 0), b"anew");
    }

    #[test]
    fn what_cannot_be_made_leaves_only_a_lock() {
        let folder = tempfile::tempdir().unwrap();
        let error = cached(folder.path(), "x.bin", |to| {
            to.write_all(b"half")?;
            bail!("the reason")
        });
        assert_eq!(error.unwrap_err().to_string(), "the reason");
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [".x.bin.lock"]);
    }

    #[test]
    fn many_at_once_make_it_once() {
        let (folder, made) = (tempfile::tempdir().unwrap(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let one = cached(folder.path(), "x.bin", |to| {
                        made.fetch_add(1, Ordering::SeqCst);
                        std::thread::sleep(std::time::Duration::from_millis(20));
                        Ok(to.write_all(b"content")?)
                    });
                    assert_eq!(content(&one.unwrap(), 0), b"content");
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
    }

    #[test]
    fn an_open_file_outlives_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let open = cached(folder.path(), "x.bin", |to| Ok(to.write_all(b"content")?)).unwrap();
        fs::remove_file(folder.path().join("x.bin")).unwrap();
        assert_eq!(content(&open, 0), b"content");
    }
}
