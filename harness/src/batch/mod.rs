//! What a step trains on: how a batch is composed and made, and what is kept to come back.

pub mod course;
mod feed;
pub mod memory;
pub mod mixture;

pub(crate) use self::feed::Builder;
pub use self::feed::{Batch, Example, Feed};
