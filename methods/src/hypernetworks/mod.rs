//! Weights that another network makes.

pub mod hypernet;

use clbench::method::Method;

/// The methods of this family, in the order of lists.
pub const METHODS: &[Method] = &[hypernet::METHOD];
