//! Distributions over weights: Bayes by backprop, variational continual learning, credal sets.

pub mod coreset;
mod gaussian;
pub mod ibcl;
mod inference;
mod models;
pub mod vcl;

pub use inference::Against;
pub(crate) use models::Drawn;

use clbench::method::Method;

/// The methods of this family, in the order of lists.
pub const METHODS: &[Method] = &[vcl::BBB, vcl::VCL, coreset::METHOD, ibcl::METHOD];
