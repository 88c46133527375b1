//! Safetensors, in and out: a header in JSON, then the elements.
//!
//! <https://huggingface.co/docs/safetensors>, "Format".

use anyhow::{Context, Result, bail, ensure};
use burn::tensor::Device;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::{Number, Tensors, checked, is_counter, wrapped};
use crate::{
    network::pass::Weights,
    primitives::{array::Array, theta::Theta},
};

/// Most bytes of a header: what names 50,000 tensors is less.
const MOST_HEADER: u64 = 8 << 20;

/// Writes all three parts of `weights` bit by bit, under `theta.`, `frozen.` and `buffers.`. The same weights give the
/// same bytes.
pub fn to_safetensors(weights: &Weights) -> Result<Vec<u8>> {
    let parts = [("theta", &weights.theta), ("frozen", &weights.frozen), ("buffers", &weights.buffers)];
    let bytes = |array: &Array| array.values().into_iter().flat_map(f32::to_le_bytes).collect();
    let named = |(part, theta): (&'static str, &Theta)| -> Vec<(String, Vec<usize>, Vec<u8>)> {
        theta.iter().map(|(path, array)| (format!("{part}.{path}"), array.shape.clone(), bytes(array))).collect()
    };
    let tensors: Vec<_> = parts.into_iter().flat_map(named).collect();
    let mut views = Vec::with_capacity(tensors.len());
    for (path, shape, bytes) in &tensors {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        views.push((path, view.context("a tensor has as many elements as its shape says")?));
    }
    safetensors::serialize(views, None).context("cannot write the weights as safetensors")
}

/// Reads what [`to_safetensors`] has written, onto `device`.
///
/// # Errors
/// When it is no such file, or a value is not a finite number.
pub fn from_safetensors(bytes: &[u8], device: &Device) -> Result<Weights> {
    let mut weights = Weights::default();
    for (name, tensor) in opened(bytes)?.iter() {
        let part = match name.split_once('.') {
            Some(("theta", path)) => Some((&mut weights.theta, path)),
            Some(("frozen", path)) => Some((&mut weights.frozen, path)),
            Some(("buffers", path)) => Some((&mut weights.buffers, path)),
            _ => None,
        };
        let Some((theta, path)) = part.filter(|(_, path)| !path.is_empty()) else {
            bail!("tensor `{name}` is below none of theta., frozen. and buffers.: these are not a run's weights");
        };
        ensure!(tensor.dtype() == Dtype::F32, "tensor `{name}` is {:?}; a run's weights are F32", tensor.dtype());
        let (shape, values) = checked(name, tensor.shape().to_vec(), Number::F32.values(tensor.data()))?;
        theta.insert(path, Array::new(&shape, values, device));
    }
    Ok(weights)
}

/// Tensors of a file from elsewhere.
pub(super) fn read(bytes: &[u8]) -> Result<Tensors> {
    let mut tensors = Tensors::new();
    let file = opened(bytes)?;
    let names = file.names();
    let begin = wrapped::beginning(names.iter().copied())?;
    let weights = file.iter().filter_map(|(name, tensor)| Some((name.strip_prefix(&begin[..])?, tensor)));
    for (name, tensor) in weights.filter(|(name, _)| !is_counter(name)) {
        let number = match tensor.dtype() {
            Dtype::F32 => Number::F32,
            Dtype::F16 => Number::F16,
            Dtype::BF16 => Number::Bf16,
            Dtype::F64 => Number::F64,
            other => bail!("tensor `{name}` is {other:?}; F32, F16, BF16 and F64 are read"),
        };
        let tensor = checked(name, tensor.shape().to_vec(), number.values(tensor.data()))?;
        tensors.insert(name.to_owned(), tensor);
    }
    Ok(tensors)
}

/// Checks the header: its length, and that the tensors cover the rest without gap or overlap.
fn opened(bytes: &[u8]) -> Result<SafeTensors<'_>> {
    let header = bytes.first_chunk().map(|eight| u64::from_le_bytes(*eight));
    let header = header.context("it is shorter than the head of a safetensors file")?;
    ensure!(
        header <= MOST_HEADER.min(bytes.len() as u64 - 8),
        "its first bytes announce a safetensors header of {header} bytes, in a file of {}: it is truncated, or of \
         another format",
        bytes.len()
    );
    SafeTensors::deserialize(bytes).context("it is no valid safetensors file")
}
