//! Checksums of the files below the data folder.

use std::{
    fs,
    io::{BufReader, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clbench::{data::File, primitives::hex::hex};
use sha2::{Digest, Sha256};

use crate::{fetch::set::Set, format::idx};

/// Copies content that must be that of `file`, and reads no more than one byte beyond it.
///
/// # Errors
/// When it is shorter, longer or different. What was written until then is worthless.
pub(crate) fn copy(file: &File, reader: impl Read, mut to: impl Write) -> Result<()> {
    let mut reader = reader.take(file.bytes + 1);
    let (mut hash, mut bytes, mut chunk) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let n = reader.read(&mut chunk).context("the content cannot be read")?;
        if n == 0 {
            break;
        }
        hash.update(&chunk[..n]);
        to.write_all(&chunk[..n]).context("the content cannot be written")?;
        bytes += n as u64;
    }
    ensure!(bytes >= file.bytes, "cut off: {bytes} of {} bytes", file.bytes);
    ensure!(bytes == file.bytes, "more than the {} bytes that it should have", file.bytes);
    let found = hex(&hash.finalize());
    ensure!(found == file.sha256, "the SHA-256 is {found} instead of {}", file.sha256);
    Ok(())
}

/// Where `file` lies, after its content was compared with its checksum.
pub(crate) fn whole(set: &Set, data: &Path, file: &File) -> Result<PathBuf> {
    let Some(path) = set.locate(data, file) else { bail!("{} is missing", data.join(file.path).display()) };
    let compare = || copy(file, idx::plain(BufReader::new(fs::File::open(&path)?))?, std::io::sink());
    compare().with_context(|| path.display().to_string())?;
    Ok(path)
}

/// Where the files of a set lie, after all were compared with their checksums.
///
/// # Errors
/// One that lists every file that is missing or not whole.
pub(crate) fn all(set: &Set, data: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut broken) = (Vec::new(), Vec::new());
    for file in set.files {
        match whole(set, data, file) {
            Ok(path) => found.push(path),
            Err(error) => broken.push(format!("\n  {error:#}")),
        }
    }
    ensure!(
        broken.is_empty(),
        "{}: {} of {} files are not whole; {}{}",
        set.name,
        broken.len(),
        set.files.len(),
        set.remedy(),
        broken.concat()
    );
    Ok(found)
}
