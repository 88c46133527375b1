//! A network for each preference over tasks.

pub mod per_preference;
pub(crate) mod preference;

use clbench::method::Method;

/// The methods of this family, in the order of lists.
pub const METHODS: &[Method] = &[per_preference::METHOD];
