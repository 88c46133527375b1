//! A run's configuration, read as what it is: a file from elsewhere.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::words::clean;

/// Name of the resolved configuration in a run's directory.
const CONFIG_FILE: &str = "config.toml";
/// Bytes of it that are shown; a larger one is not.
const MAX_BYTES: u64 = 256 << 10;

/// The text of `config.toml` in `directory`, without control characters; none if it is absent, no plain file, too
/// large or no text.
pub(super) fn config(directory: &Path) -> Option<String> {
    let path = directory.join(CONFIG_FILE);
    // Opening a pipe could block for ever.
    if !fs::symlink_metadata(&path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_BYTES + 1).read_to_end(&mut bytes).ok()?;
    if bytes.len() as u64 > MAX_BYTES {
        return None;
    }
    let text = String::from_utf8(bytes).ok()?;
    let line = |line: &str| {
        let indent = line.chars().take_while(|&c| c == ' ').count();
        format!("{}{}", " ".repeat(indent), clean(line))
    };
    Some(text.lines().map(line).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_small_text_is_shown() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(CONFIG_FILE);
        assert_eq!(config(root.path()), None);
        fs::write(&path, "a = 1\n  b = \"\u{202e}\u{1b}x\"\n").unwrap();
        assert_eq!(config(root.path()).unwrap(), "a = 1\n  b = \"x\"");
        fs::write(&path, vec![b'#'; MAX_BYTES as usize]).unwrap();
        assert_eq!(config(root.path()).unwrap().len() as u64, MAX_BYTES);
        fs::write(&path, vec![b'#'; MAX_BYTES as usize + 1]).unwrap();
        assert_eq!(config(root.path()), None);
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(config(root.path()), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("other"), "secret = 1").unwrap();
        std::os::unix::fs::symlink(root.path().join("other"), root.path().join(CONFIG_FILE)).unwrap();
        assert_eq!(config(root.path()), None);
    }
}
