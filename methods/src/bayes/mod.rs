//! Distributions over weights: Bayes by backprop, variational continual learning, credal sets.

pub mod coreset;
mod gaussian;
pub mod ibcl;
mod inference;
mod models;
pub mod vcl;

pub use inference::Against;
pub(crate) use models::Drawn;
