//! Plain files of bounded size: what a hostile directory offers is neither followed nor waited for.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// Reads a plain file of at most `limit` bytes; links, pipes and directories are refused unopened.
pub(crate) fn read_plain(file: &Path, limit: u64) -> Result<Vec<u8>, String> {
    if !fs::symlink_metadata(file).map_err(|e| e.to_string())?.is_file() {
        return Err("not a plain file".into());
    }
    let mut bytes = Vec::new();
    // The file may grow while it is read, so the limit holds for what is read, not for what was announced.
    File::open(file).and_then(|open| open.take(limit + 1).read_to_end(&mut bytes)).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(format!("larger than {limit} bytes"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_small_plain_files_are_read() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("a");
        fs::write(&file, "abc").unwrap();
        assert_eq!(read_plain(&file, 3).unwrap(), b"abc");
        assert_eq!(read_plain(&file, 2).unwrap_err(), "larger than 2 bytes");
        assert_eq!(read_plain(root.path(), 9).unwrap_err(), "not a plain file");
    }
}
