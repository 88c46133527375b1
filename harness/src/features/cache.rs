//! Numbers that are expensive to make, on disk.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use anyhow::{Context, Result};
use clbench_results::atomic;
use sha2::{Digest, Sha256};

use crate::{dataset::hex, pass::Weights};

/// What each file begins with: what it is, and the layout's version.
const HEAD: &[u8] = b"clbench features 1\n";

/// A name that follows from `what` and from the weights.
pub(super) fn key(what: &str, weights: &Weights) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("clbench {} {what}", env!("CARGO_PKG_VERSION")));
    for theta in [&weights.theta, &weights.frozen, &weights.buffers] {
        for (path, array) in theta.iter() {
            hash.update(format!("{path} {:?}", array.shape));
            array.values().into_iter().for_each(|value| hash.update(value.to_le_bytes()));
        }
    }
    hex(&hash.finalize())[..32].to_owned()
}

/// The `count` numbers kept as `key` below `folder`, else those that `make` gives, kept from now on. Of several programs
/// that ask at once, one makes them. A file that is not whole is made anew.
pub(super) fn kept(
    folder: &Path,
    key: &str,
    count: usize,
    make: impl FnOnce() -> Result<Vec<f32>>,
) -> Result<Vec<f32>> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the cache {}", folder.display()))?;
    let place = folder.join(format!("{key}.f32"));
    let lock = folder.join(format!("{key}.lock"));
    let within = || format!("cannot lock {}", lock.display());
    let lock = File::create(&lock).with_context(within)?;
    // Given back when the file is closed, whatever happens.
    lock.lock().with_context(within)?;
    if let Some(values) = read(&place, count) {
        return Ok(values);
    }
    let values = make()?;
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let whole = [HEAD, &Sha256::digest(&bytes)[..], &bytes].concat();
    atomic::write_whole(&place, &whole)?;
    Ok(values)
}

/// The numbers in a file of that length with its own checksum; none where it is missing or spoilt.
fn read(place: &Path, count: usize) -> Option<Vec<f32>> {
    let about = fs::metadata(place).ok()?;
    let length = HEAD.len() + 32 + 4 * count;
    if !about.is_file() || about.len() != length as u64 {
        return None;
    }
    let mut bytes = Vec::with_capacity(length);
    File::open(place).ok()?.take(length as u64).read_to_end(&mut bytes).ok()?;
    let (digest, values) = bytes.strip_prefix(HEAD)?.split_at_checked(32)?;
    let whole = values.len() == 4 * count && Sha256::digest(values)[..] == *digest;
    whole.then(|| values.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect())
}
