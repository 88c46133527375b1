//! Loaders of a user's own data: a stream file's `[data.NAME]` table with a `format`.
//!
//! All that is read is taken to be hostile: sizes are compared with bounds before memory is taken, and what is broken
//! is an error that names the file, the place in it and the remedy.

pub mod folder;
pub mod npy;
pub mod table;
pub mod words;

mod annotated;
mod captions;
mod index;
mod tree;

/// The largest number of classes: labels are 16 bits wide.
pub(crate) const MOST_CLASSES: usize = 1 << 16;

/// Bytes of a mebibyte, in which the key `memory` is given.
pub(crate) const MEBIBYTE: u64 = 1 << 20;
