//! What a step holds in memory, computed and not measured, so that it is the same on every machine.
//!
//! Memory-adjusted operations (Roth et al. 2024, FoMo-in-Flux, <https://arxiv.org/abs/2408.14471>, section 3.3) are
//! operations times the peak memory of the method over that of full fine-tuning. There memory is what `nvidia-smi` shows.
//!
//! **Deviation:** the peak is the most that a step has to hold at once: weights, the optimizer's numbers, the methods'
//! states, and what rises and falls (`tide.rs`), which is what passes need for their backward passes (`pass/held.rs`) and
//! gradients. The passes of hooks count like the step's own: the constraints of GEM come one after another, and their
//! gradients stay. An allocator's reserve, a library's working memory and what lives only within one operation are no
//! part of it, and states count as they are when the experience begins, less what they take before anything was seen.
//! Work before an experience's first step and after its last is adjusted by the same peak, whatever it holds.

pub mod clip;
pub mod fomo;

use crate::{
    batch::Feed,
    draws::Draws,
    ledger::{Meter, Spent},
    method::Carrier,
    pass::{ELEMENT, Mode, Pass},
    plain::Plain,
    run::Run,
};

/// Bytes of single-precision numbers: `weights` of any sort and those that the optimizer holds; and `held` bytes of
/// graphs and gradients. States come on top.
pub fn peak_bytes(weights: usize, optim: usize, held: u64) -> u64 {
    (ELEMENT * (weights + optim)) as u64 + held
}

impl Run<'_> {
    /// Bytes that a step of full fine-tuning holds at its peak: the plain network, or both sides where there are texts,
    /// with the same optimizer and a full batch of the first experience's new examples; and the work of finding that out.
    pub(crate) fn reference(&self) -> (u64, Spent) {
        let setup = self.setup;
        let carrier: Box<dyn Carrier> = match &setup.dual {
            Some(dual) => Box::new(dual.unlocked()),
            None => Box::new(Plain(setup.net.clone())),
        };
        let mut weights = carrier.init(&Draws::of(self.seed), &self.device);
        let feed = Feed::new(&setup.stream, 0, setup.config.head.train);
        // What is shown does not matter, how much of it does: a small experience is gone through again.
        let new: Vec<usize> = (0..feed.len()).filter(|index| feed.is_new(*index)).collect();
        let indices: Vec<usize> = new.into_iter().cycle().take(setup.config.train.batch).collect();
        let (mode, meter) = (Mode::Train(Draws::of(self.seed)), Meter::measuring());
        let mut pass = Pass::tracked(&weights, mode, &meter);
        let loss = carrier.loss(&mut pass, &feed.batch(&indices, &self.device)).loss;
        let grads = pass.gradients(loss);
        let mut optim = self.fresh.clone();
        optim.step(&mut weights.theta, grads, 0.0, &meter);
        meter.count(Spent { examples: indices.len() as u64, ..Spent::default() });
        (peak_bytes(weights.elements(), optim.elements(), meter.most_held()), meter.read())
    }
}
