//! Datasets: examples with a train and a test split, where they come from, and one universe of several.

mod dataset;
pub mod files;
pub mod place;
pub(crate) mod shape;
mod source;
mod split;
mod transform;
mod universe;

pub use self::{
    dataset::Dataset,
    source::{File, Format, Load, Origin, Source},
    split::{Element, MOST_BYTES, MOST_CAPTION, Split, floats},
    transform::Transform,
    universe::{BETWEEN, Concept, Fit, Index, MOST_FEATURES, Pool, Universe},
};
