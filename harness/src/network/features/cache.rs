//! Numbers that are expensive to make, on disk.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use clbench_results::store::atomic::open_plain;
use sha2::{Digest, Sha256};

use crate::{network::pass::Weights, primitives::hex::hex};

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

/// The `count` numbers kept as `key` below `folder`, else those that `make` gives, kept from now on. Of several
/// programs that ask at once, one makes them. A file that is not whole is made anew.
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
    let lock = open_plain(&lock).with_context(within)?;
    // Given back when the file is closed, whatever happens.
    lock.lock().with_context(within)?;
    if let Ok(Some(bytes)) = crate::primitives::sealed::read(&place, HEAD, 4 * count as u64)
        && bytes.len() == 4 * count
    {
        return Ok(bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect());
    }
    let values = make()?;
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    crate::primitives::sealed::write(&place, HEAD, &bytes)?;
    Ok(values)
}
