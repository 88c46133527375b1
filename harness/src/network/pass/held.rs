//! What a pass keeps for its backward pass, in bytes: each distinct tensor once, however many layers keep it.
//!
//! Like operations, this follows the algebra: of y = x·W the input is kept where W is trained, of a rectifier the
//! output, of a normalisation the input with its statistics, of attention queries, keys, values and weights. Weights of
//! the run are no part of it; weights that were made on the graph, out of a distribution or by another network, are.
//! `tests/golden/make/held.py` compares it with what PyTorch packs for its backward pass.
//!
//! Tensors are told apart by what is in them. One whose elements are all the same could be any other of its kind: it
//! counts each time, unless it was kept last, as what a layer whose units are all dead hands to the next.

use std::{
    cell::Cell,
    collections::HashSet,
    hash::{DefaultHasher, Hasher},
};

use burn::tensor::Tensor;

use super::Pass;
use crate::{budget::Meter, primitives::array::ELEMENT};

/// Bytes of an index.
pub(crate) const INDEX: usize = 8;

/// Bytes kept, and the contents that they stand for.
#[derive(Debug, Default)]
pub(super) struct Held {
    seen: HashSet<u64>,
    last: u64,
    bytes: usize,
    /// Bytes of the graph, as long as it is there.
    standing: Cell<u64>,
    meter: Meter,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.let_go();
    }
}

impl Held {
    /// Nothing yet; what comes is also noted by `meter`, if it measures.
    pub fn by(meter: &Meter) -> Self {
        Self { seen: HashSet::new(), last: 0, bytes: 0, standing: Cell::new(0), meter: meter.clone() }
    }
    /// The graph is gone.
    pub fn let_go(&self) {
        let bytes = self.standing.take();
        self.meter.tide(|tide| tide.let_go(bytes));
    }
    fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.standing.set(self.standing.get() + bytes as u64);
        self.meter.tide(|tide| tide.keep(bytes as u64));
    }
    /// Keeps what is there once within each of the sets of weights that a pass runs with; `within` tells them apart.
    fn keep(&mut self, content: &[u8], within: u64) {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(within);
        hasher.write(content);
        let same = content.chunks_exact(ELEMENT).all(|element| *element == content[..ELEMENT]);
        let key = hasher.finish();
        if self.seen.insert(key) || (same && key != self.last) {
            self.add(content.len());
        }
        self.last = key;
    }
}

impl Pass {
    /// The same pass, which notes what it keeps for gradients.
    pub fn holding(self) -> Self {
        let held = Some(Held::by(&self.meter));
        Self { held, ..self }
    }
    /// Bytes that it keeps for gradients; 0 where it does not note them.
    pub fn held_bytes(&self) -> u64 {
        self.held.as_ref().map_or(0, |held| held.bytes as u64)
    }
    /// Notes that `x` is kept for gradients. What a layer or a loss does without the pass, it says here.
    pub fn hold<const D: usize>(&mut self, x: &Tensor<D>) {
        // Networks that still have the same weights make the same of an input, and each its own; the input is one.
        self.hold_within(x, if x.is_autodiff() { self.within } else { 0 });
    }
    /// Notes that weights are kept which were made on the graph before anything ran with them.
    pub(super) fn hold_weights<const D: usize>(&mut self, x: &Tensor<D>) {
        self.hold_within(x, 0);
    }
    /// Notes that `x` is kept, which is another tensor in each network that a pass runs, whatever it holds.
    pub(super) fn hold_own<const D: usize>(&mut self, x: &Tensor<D>) {
        self.hold_within(x, self.within);
    }
    fn hold_within<const D: usize>(&mut self, x: &Tensor<D>, within: u64) {
        if let Some(held) = &mut self.held {
            held.keep(x.clone().inner().into_data().as_bytes(), within);
        }
    }
    /// Notes that `elements` numbers which nobody else keeps are kept for gradients.
    pub fn hold_numbers(&mut self, elements: usize) {
        self.hold_bytes(ELEMENT * elements);
    }
    /// Notes that `bytes` which nobody else keeps are kept for gradients.
    pub fn hold_bytes(&mut self, bytes: usize) {
        if let Some(held) = &mut self.held {
            held.add(bytes);
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
            held.keep(&bytes(&values), 0);
        }
        assert_eq!(held.bytes, 16);
        // A dead layer's output and the next one's input are one, and the zeros behind that are others.
        (0..2).for_each(|_| held.keep(&bytes(&[0.0, 0.0, 0.0]), 0));
        held.keep(&bytes(&[3.0, 4.0]), 0);
        held.keep(&bytes(&[0.0, 0.0, 0.0]), 0);
        assert_eq!(held.bytes, 16 + 12 + 8 + 12);
        // Another network's, which is alike.
        held.keep(&bytes(&[1.0, 2.0]), 1);
        assert_eq!(held.bytes, 16 + 12 + 8 + 12 + 8);
    }
}
