//! Files inside the binary: compressed IDX and packed pictures, with the checksum of what they hold.

use anyhow::{Context, Result, ensure};
use clbench::data::{File, Split};
use flate2::read::GzDecoder;

use crate::{
    fetch::verify,
    format::idx::{self, Array},
};

/// A compressed file inside the binary.
pub(crate) struct Embedded {
    /// Its name in `data/`, without `.gz`, and what it holds.
    pub file: File,
    /// The compressed bytes.
    pub gz: &'static [u8],
}

impl Embedded {
    /// Reads it as IDX; `rank` is the number of its dimensions.
    pub fn read(&self, rank: usize) -> Result<Array> {
        let array = idx::parse(GzDecoder::new(self.gz), rank, self.file.bytes as usize);
        array.with_context(|| format!("embedded {}", self.file.path))
    }

    /// Compares the content with the checksum.
    pub fn verify(&self) -> Result<()> {
        let compared = verify::copy(&self.file, GzDecoder::new(self.gz), std::io::sink());
        compared.with_context(|| format!("embedded {}", self.file.path))
    }
}

/// A split from embedded images and labels, with the shape of an image.
pub(crate) fn split(images: &Embedded, labels: &Embedded, classes: usize) -> Result<([usize; 3], Split)> {
    idx::split(images.read(3)?, labels.read(1)?, classes)
}

/// What fetching an embedded set amounts to: nothing, and a place to fetch it from makes no sense.
pub(crate) fn fetch(name: &str, from: Option<&str>) -> Result<()> {
    ensure!(from.is_none(), "{name} is embedded and fetched from nowhere; leave out {:?}", from.unwrap_or_default());
    Ok(())
}

/// An [`Embedded`] from `data/NAME.gz`.
macro_rules! embedded {
    ($name:literal, $bytes:literal, $sha256:literal) => {
        $crate::sets::embedded::Embedded {
            file: clbench::data::File { path: $name, sha256: $sha256, bytes: $bytes },
            gz: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/", $name, ".gz")),
        }
    };
}
pub(crate) use embedded;

#[cfg(test)]
mod tests {
    use super::Embedded;
    use crate::{
        pictures::small,
        sets::{digits, fashion},
    };

    /// What `data/make.py` wrote down.
    const SUMS: &str = include_str!("../../data/SHA256SUMS");

    fn files() -> impl Iterator<Item = &'static Embedded> {
        digits::FILES.iter().chain(&fashion::SMALL).chain(&small::FILES)
    }

    #[test]
    fn embedded_files_have_the_recorded_checksums() {
        for file in files() {
            file.verify().unwrap();
            assert!(SUMS.contains(&format!("{}  {}\n", file.file.sha256, file.file.path)), "{}", file.file.path);
        }
        assert_eq!(files().count(), SUMS.lines().count());
    }

    #[test]
    fn embedded_files_stay_below_six_megabytes() {
        let total: usize = files().map(|file| file.gz.len()).sum();
        assert!(total < 6_000_000, "{total}");
    }
}
