//! Terms that keep weights where they mattered.

pub mod ewc;

use clbench::method::Method;

/// The methods of this family, in the order of lists.
pub const METHODS: &[Method] = &[ewc::METHOD];
