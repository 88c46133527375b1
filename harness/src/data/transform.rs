//! Changes of single inputs.

use std::fmt::Debug;

/// Changes the pixels of one input.
pub trait Transform: Debug + Send + Sync {
    /// Writes the changed input. Both have a shape of `[channels, height, width]`.
    fn apply(&self, from: &[u8], to: &mut [u8]);
    /// Bytes that tell it from every other transform; part of the stream's hash.
    fn id(&self) -> Vec<u8>;
}
