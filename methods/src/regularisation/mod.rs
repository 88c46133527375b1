//! Terms that keep weights where they mattered.

pub mod ewc;
pub mod si;

use clbench::method::Method;

/// The methods of this family, in the order of lists.
pub const METHODS: &[Method] = &[ewc::METHOD, si::METHOD];
