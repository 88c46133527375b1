//! Several sets of weights become one.

pub mod ema;
pub mod merge;

use clbench::method::Method;

/// The methods of this family, in the order of lists; presets of `merge` come after them.
pub const METHODS: &[Method] = &[ema::METHOD, merge::METHOD];
