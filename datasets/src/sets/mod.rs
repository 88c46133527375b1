//! Datasets of pictures and pretrained weights that are known by name.

pub mod cifar;
pub mod digits;
pub(crate) mod embedded;
pub mod fashion;
pub mod mnist;
pub mod models;
