//! Images and texts: losses, the dual encoder as a carrier, and retrieval.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod carrier;
mod golden;
mod life;
mod pictures;
mod refusals;
