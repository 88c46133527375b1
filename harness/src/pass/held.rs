//! What a pass keeps for its backward pass, in bytes: each distinct tensor once, however many layers keep it.
//!
//! Like operations, this follows the algebra: of y = x·W the input is kept where W is trained, of a rectifier the
//! output, of a normalisation the input with its statistics, of attention queries, keys, values and weights, and weights
//! are no part of it. `scripts/golden/held.py` compares it with what PyTorch packs for its backward pass.
//!
//! Tensors are told apart by what is in them. One whose elements are all the same could be any other of its kind: it counts
//! each time, unless it was kept last, as what a layer whose units are all dead hands to the next.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hasher},
};

use burn::tensor::Tensor;

use super::Pass;

/// Bytes of an element.
pub(crate) const ELEMENT: usize = 4;
/// Bytes of an index.
pub(crate) const INDEX: usize = 8;

/// Bytes kept, and the contents that they stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    seen: HashSet<u64>,
    last: u64,
    bytes: usize,
}

impl Held {
    fn keep(&mut self, content: &[u8]) {
        let mut hasher = DefaultHasher::new();
        hasher.write(content);
        let same = content.chunks_exact(ELEMENT).all(|element| *element == content[..ELEMENT]);
        let key = hasher.finish();
        if self.seen.insert(key) || (same && key != self.last) {
            self.bytes += content.len();
        }
        self.last = key;
    }
}

impl Pass {
    /// The same pass, which notes what it keeps for gradients.
    pub fn holding(self) -> Self {
        Self { held: Some(Held::default()), ..self }
    }
    /// Bytes that it keeps for gradients; 0 where it does not note them.
    pub fn held_bytes(&self) -> u64 {
        self.held.as_ref().map_or(0, |held| held.bytes as u64)
    }
    /// Notes that `x` is kept for gradients. What a layer or a loss does without the pass, it says here.
    pub fn hold<const D: usize>(&mut self, x: &Tensor<D>) {
        if let Some(held) = &mut self.held {
            held.keep(x.clone().inner().into_data().as_bytes());
        }
    }
    /// Notes that `bytes` which nobody else keeps are kept for gradients.
    pub fn hold_bytes(&mut self, bytes: usize) {
        if let Some(held) = &mut self.held {
            held.bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_layers_keep_counts_once_and_what_could_be_anything_each_time() {
        let mut held = Held::default();
        let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
        for values in [[1.0, 2.0], [1.0, 2.0], [2.0, 1.0]] {
            held.keep(&bytes(&values));
        }
        assert_eq!(held.bytes, 16);
        // A dead layer's output and the next one's input are one, and the zeros behind that are others.
        (0..2).for_each(|_| held.keep(&bytes(&[0.0, 0.0, 0.0])));
        held.keep(&bytes(&[3.0, 4.0]));
        held.keep(&bytes(&[0.0, 0.0, 0.0]));
        assert_eq!(held.bytes, 16 + 12 + 8 + 12);
    }
}
