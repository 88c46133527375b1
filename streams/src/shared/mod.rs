//! What several parts of a stream share: shares of classes, tables of users, vectors, paths, probes of difficulty.

pub(crate) mod embedding;
pub(crate) mod listing;
pub(crate) mod past_run;
pub(crate) mod path;
pub(crate) mod probe;
pub(crate) mod roster;
pub mod shares;
pub(crate) mod thumbnail;
#[cfg(test)]
pub(crate) mod toy;
