//! Earlier examples that are seen again, out of a memory.

pub mod derpp;
pub mod gem;
#[allow(clippy::module_inception, reason = "a file has its method's name, and this family has its best-known one")]
pub mod replay;

use clbench::method::Method;

/// The methods of this family, in the order of lists.
pub const METHODS: &[Method] = &[replay::METHOD, derpp::METHOD, gem::METHOD];
