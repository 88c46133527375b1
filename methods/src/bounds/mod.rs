//! Training as it is, without anything against forgetting, and its upper bound.

pub mod plain;

use clbench::method::Method;

/// The methods of this family, in the order of lists.
pub const METHODS: &[Method] = &[plain::FINETUNE, plain::JOINT];
