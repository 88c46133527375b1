//! Images and texts: losses, the dual encoder as a carrier, and retrieval.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![allow(clippy::float_cmp, reason = "what is computed alike is the same to the last bit")]

#[path = "../support/mod.rs"]
mod support;

mod carrier;
mod golden;
mod life;
mod pictures;
mod refusals;
