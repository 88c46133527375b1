//! What full fine-tuning would hold, which memory-adjusted operations are relative to.

use super::Run;
use crate::{
    batch::Feed,
    budget::{Meter, Spent, peak_bytes},
    method::{Carrier, Plain},
    network::pass::{Mode, Pass},
    primitives::draws::Draws,
};

impl Run<'_> {
    /// Bytes that a step of full fine-tuning holds at its peak: the plain network, or both sides where there are texts,
    /// with the same optimizer and a full batch of the first experience's new examples; and the work of finding that
    /// out.
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
