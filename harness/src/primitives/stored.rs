//! Anything with serde as bytes: the states of contributions, optimizers and policies.

use anyhow::Result;
use burn::tensor::Device;
use serde::{Serialize, de::DeserializeOwned};

use super::array::loading_onto;

/// Anything with serde, as bytes.
pub trait Stored {
    /// Its state.
    fn save(&self) -> Result<Vec<u8>>;
    /// Takes the place of `self`; tensors land on `device`.
    fn load(&mut self, bytes: &[u8], device: &Device) -> Result<()>;
}

impl<T: Serialize + DeserializeOwned> Stored for T {
    fn save(&self) -> Result<Vec<u8>> {
        Ok(rmp_serde::to_vec(self)?)
    }
    fn load(&mut self, bytes: &[u8], device: &Device) -> Result<()> {
        *self = loading_onto(device, || rmp_serde::from_slice(bytes))?;
        Ok(())
    }
}
