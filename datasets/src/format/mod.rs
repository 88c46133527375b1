//! File formats, read within bounds: all that is read is taken to be hostile.

pub(crate) mod archive;
pub(crate) mod array;
pub(crate) mod cached;
pub(crate) mod cells;
pub mod idx;
pub(crate) mod picture;
pub(crate) mod share;
pub(crate) mod when;
pub(crate) mod zipped;
