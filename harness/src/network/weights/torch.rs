//! Checkpoints that PyTorch wrote, zipped or legacy, read without executing what they pickle.

use anyhow::{Context, Result, bail, ensure};
use pytorch_reader::{DType, PytorchReader};

use super::{MOST_BYTES, Number, Tensors, checked, is_counter, wrapped};

/// Tensors of a checkpoint, by the names that they have in the network.
pub(super) fn read(bytes: Vec<u8>) -> Result<Tensors> {
    let reader = PytorchReader::from_bytes(bytes, None).context("it is no checkpoint that can be read")?;
    let mut found: Vec<_> = reader.into_tensors().into_iter().collect();
    found.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let begin = wrapped::beginning(found.iter().map(|(name, _)| &name[..]))?;
    let cut = |(name, tensor): (String, _)| Some((name.strip_prefix(&begin[..])?.to_owned(), tensor));
    found = found.into_iter().filter_map(cut).collect();
    found.retain(|(name, _)| !is_counter(name));
    // A view may repeat what is stored, so the file's length bounds nothing.
    let total = found.iter().try_fold(0_u64, |sum, (_, tensor)| sum.checked_add(tensor.byte_len() as u64));
    ensure!(total.is_some_and(|total| total <= MOST_BYTES), "its tensors are more than {MOST_BYTES} bytes");
    let mut tensors = Tensors::new();
    for (name, tensor) in found {
        let number = match tensor.dtype() {
            DType::F32 => Number::F32,
            DType::F16 => Number::F16,
            DType::BF16 => Number::Bf16,
            DType::F64 => Number::F64,
            other => bail!("tensor `{name}` is {other:?}; F32, F16, BF16 and F64 are read"),
        };
        // The reader gives native order; what follows reads little-endian, as are all machines that this is built for.
        let tensor = checked(&name, tensor.shape().to_vec(), number.values(&tensor.read()?))?;
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}
