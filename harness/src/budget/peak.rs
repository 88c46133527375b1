//! What a step holds in memory, computed and not measured, so that it is the same on every machine.
//!
//! Memory-adjusted operations (Roth et al. 2024, FoMo-in-Flux, <https://arxiv.org/abs/2408.14471>, section 3.3) are
//! operations times the peak memory of the method over that of full fine-tuning. There memory is what `nvidia-smi`
//! shows.
//!
//! **Deviation:** the peak is the most that a step has to hold at once: weights, the optimizer's numbers, the methods'
//! states, and what rises and falls (`tide.rs`), which is what passes need for their backward passes
//! (`network/pass/held.rs`) and gradients. The passes of hooks count like the step's own: the constraints of GEM come
//! one after another, and their gradients stay. An allocator's reserve, a library's working memory and what lives only
//! within one operation are no part of it, and states count as they are when the experience begins, less what they take
//! before anything was seen. Work before an experience's first step and after its last is adjusted by the same peak,
//! whatever it holds.

use crate::primitives::array::ELEMENT;

/// Bytes of single-precision numbers: `weights` of any sort and those that the optimizer holds; and `held` bytes of
/// graphs and gradients. States come on top.
pub fn peak_bytes(weights: usize, optim: usize, held: u64) -> u64 {
    (ELEMENT * (weights + optim)) as u64 + held
}
