//! What every part of a stream promises, alone and together with every other: claims that loop over the catalogues.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod alterations;
mod checks;
mod golden;
mod matrix;
mod parts;
mod refusals;
mod short_forms;
mod training;
mod types;

#[path = "../support/mod.rs"]
mod support;
