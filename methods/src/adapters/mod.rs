//! Small weights beside frozen ones.

pub mod dora;
pub mod inflora;
pub mod lora;
pub mod olora;
pub mod shared;
pub mod vera;

use clbench::method::Method;

/// The methods of this family, in the order of lists.
pub const METHODS: &[Method] = &[lora::METHOD, dora::METHOD, vera::METHOD, olora::METHOD, inflora::METHOD];
