//! What everything stands on: numbers, draws, arrays of weights, devices, files of our own.

pub mod array;
pub mod device;
pub mod draws;
pub mod hex;
pub mod linalg;
pub mod scope;
pub(crate) mod sealed;
pub mod stored;
pub mod theta;
pub mod threads;
