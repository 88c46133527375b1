//! One tensor of any rank, flat, with its exact bits on disk.

use std::cell::RefCell;

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize, de::Error};

thread_local! {
    /// The device onto which stored arrays are loaded by this thread.
    static LOADING: RefCell<Device> = RefCell::new(Device::flex());
}

/// Runs `load`, in which every array that is deserialized by this thread lands on `device`.
pub fn loading_onto<T>(device: &Device, load: impl FnOnce() -> T) -> T {
    let before = LOADING.replace(device.clone());
    let result = load();
    LOADING.set(before);
    result
}

/// One tensor of any rank, stored flat so that algebra need not know its rank.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Bits", into = "Bits")]
pub struct Array {
    /// The tensor's own shape.
    pub shape: Vec<usize>,
    /// Its elements in row-major order. Shape `[n]`.
    pub flat: Tensor<1>,
}

impl Array {
    /// Host values as a tensor of `shape`. Panics when they are not that many.
    pub fn new(shape: &[usize], values: Vec<f32>, device: &Device) -> Self {
        let flat = Tensor::from_data(TensorData::new(values, [shape.iter().product::<usize>()]), device);
        Self { shape: shape.to_vec(), flat }
    }
    /// `value` everywhere.
    pub fn filled(shape: &[usize], value: f32, device: &Device) -> Self {
        Self::new(shape, vec![value; shape.iter().product()], device)
    }
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }
    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Keeps the shape, replaces the elements.
    pub fn with(&self, flat: Tensor<1>) -> Self {
        Self { shape: self.shape.clone(), flat }
    }
    /// The elements on the host, in row-major order.
    pub fn values(&self) -> Vec<f32> {
        self.flat.clone().inner().into_data().try_to_vec().expect("weights are f32")
    }
    /// The elements' exact bits.
    pub fn bits(&self) -> Vec<u32> {
        self.values().into_iter().map(f32::to_bits).collect()
    }
    /// The tensor in its own shape, graph kept. Panics when `D` is not its rank.
    pub fn tensor<const D: usize>(&self) -> Tensor<D> {
        let shape: [usize; D] = self.shape.clone().try_into().expect("rank matches");
        self.flat.clone().reshape(shape)
    }
}

impl<const D: usize> From<Tensor<D>> for Array {
    fn from(tensor: Tensor<D>) -> Self {
        Self { shape: tensor.dims().to_vec(), flat: tensor.reshape([-1]) }
    }
}

/// What an [`Array`] is on disk: its shape and its elements as little-endian `f32`.
#[derive(Serialize, Deserialize)]
struct Bits {
    shape: Vec<usize>,
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
}

impl From<Array> for Bits {
    fn from(array: Array) -> Self {
        Self { bytes: array.values().into_iter().flat_map(f32::to_le_bytes).collect(), shape: array.shape }
    }
}

impl TryFrom<Bits> for Array {
    type Error = serde::de::value::Error;
    fn try_from(bits: Bits) -> Result<Self, Self::Error> {
        let elements = bits.shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
        if elements.and_then(|n| n.checked_mul(4)) != Some(bits.bytes.len()) {
            return Err(Self::Error::custom(format!("{} bytes are no array of {:?}", bits.bytes.len(), bits.shape)));
        }
        let value = |four: &[u8]| f32::from_le_bytes([four[0], four[1], four[2], four[3]]);
        let values = bits.bytes.chunks_exact(4).map(value).collect();
        Ok(LOADING.with_borrow(|device| Self::new(&bits.shape, values, device)))
    }
}

/// Bytes of an element.
pub(crate) const ELEMENT: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_survives_storage() {
        let odd = [0.0, -0.0, f32::MIN_POSITIVE / 2.0, f32::NAN, f32::INFINITY, 1.0 / 3.0];
        let array = Array::new(&[2, 3], odd.to_vec(), &Device::flex());
        let bytes = rmp_serde::to_vec(&array).expect("bytes");
        let back: Array = rmp_serde::from_slice(&bytes).expect("an array");
        assert_eq!((back.shape.clone(), back.bits()), (vec![2, 3], array.bits()));
    }

    #[test]
    fn a_shape_that_promises_too_much_is_refused() {
        for shape in [vec![1 << 40, 1 << 40], vec![5], vec![]] {
            let bytes = rmp_serde::to_vec(&Bits { shape, bytes: vec![0; 16] }).expect("bytes");
            assert!(rmp_serde::from_slice::<Array>(&bytes).is_err());
        }
    }
}
