//! stand-in
use anyhow::Result;
use burn::tensor::Device;
use crate::pass::Weights;
/// x
pub fn to_safetensors(weights: &Weights) -> Result<Vec<u8>> { Ok(rmp_serde::to_vec(weights)?) }
/// x
pub fn from_safetensors(bytes: &[u8], device: &Device) -> Result<Weights> { crate::array::loading_onto(device, || Ok(rmp_serde::from_slice(bytes)?)) }
/// x
pub fn read_any(_: &std::path::Path) -> Result<crate::start::Tensors> { anyhow::bail!("later") }
