//! How a batch is composed: shares of what is new, of a buffer of what came before, and of the pretraining pool.
//!
//! FoMo-in-Flux, Roth et al. 2024, <https://arxiv.org/abs/2408.14471>, section 3; rounding as in its released code
//! (`training.py`): each share is rounded down, what is left is handed out one by one in the order pretraining, update,
//! buffer, and while the buffer is empty its share is split between update and pretraining, an odd one to update.
//!
//! **Deviation:** what is left over by rounding goes only to shares above 0.

use anyhow::{Result, ensure};

use crate::{
    batch::memory::Keep,
    catalogue::{Range, Settings},
};

crate::catalogue::settings! {
    /// The stream file's `[mixture]` table; the three shares sum to 1.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Mixture {
        /// Share of the experience's own examples, λ of the update data D.
        pub update: f64 = 1.0, Range::UpTo(0.0, 1.0);
        /// Share of earlier experiences' examples, λ of the buffer B.
        pub buffer: f64 = 0.0, Range::Within(0.0, 1.0);
        /// Share of the pretraining pool, λ of P.
        pub pretraining: f64 = 0.0, Range::Within(0.0, 1.0);
    }
}

crate::catalogue::settings! {
    /// The stream file's `[buffer]` table: what of earlier experiences a mixture can bring back.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Buffer {
        /// Which examples are kept.
        pub keep: Keep = Keep::Unlimited;
        /// Examples held.
        pub capacity: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// Bytes held, in place of examples; each takes the bytes of its input, one for a pixel and four for a feature.
        pub bytes: Option<usize> = None, Range::Whole(1, i64::MAX);
    }
}

impl Settings for Mixture {}

impl Settings for Buffer {}

/// Examples of one batch by where they come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Out of the pretraining pool, P.
    pub pretraining: usize,
    /// New ones, D.
    pub update: usize,
    /// Out of the buffer, B.
    pub buffer: usize,
}

impl Mixture {
    /// Whether batches hold new examples alone.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
    /// Refuses shares that do not sum to 1 and settings that contradict each other.
    pub fn check(&self, buffer: &Buffer, batch: usize, has_pool: bool, pretrains: bool) -> Result<()> {
        let sum: f64 = [self.update, self.buffer, self.pretraining].iter().sum();
        ensure!(
            (sum - 1.0).abs() <= 1e-6,
            "mixture.update, mixture.buffer and mixture.pretraining sum to {sum} and not to 1"
        );
        let least = self.counts(batch, false);
        ensure!(least.update > 0, "train.batch = {batch} leaves no new example in a batch; raise it");
        ensure!(
            self.pretraining == 0.0 || has_pool,
            "mixture.pretraining = {} and there is no pretraining pool; name its datasets in stream.pool or set \
                 stream.pool_share",
            self.pretraining
        );
        ensure!(
            self.pretraining > 0.0 || !has_pool || pretrains,
            "the pretraining pool is never used; set mixture.pretraining above 0, or start.kind = \"pretrain\", or \
             leave the pool out"
        );
        buffer.check(self.buffer > 0.0)
    }
    /// How many examples of each kind a batch of `batch` holds.
    pub fn counts(&self, batch: usize, buffer_is_empty: bool) -> Counts {
        let shares = [self.pretraining, self.update, self.buffer];
        // A share such as 0.29 of 100 is 28.999999999999996 in binary.
        let mut counts = shares.map(|share| (batch as f64 * share + 1e-9) as usize);
        let mut left = batch.saturating_sub(counts.iter().sum());
        for at in (0..3).cycle().take(6) {
            if left > 0 && shares[at] > 0.0 {
                counts[at] += 1;
                left -= 1;
            }
        }
        let [mut pretraining, mut update, mut buffer] = counts;
        if buffer_is_empty {
            let to_pool = if self.pretraining > 0.0 { buffer / 2 } else { 0 };
            pretraining += to_pool;
            update += buffer - to_pool;
            buffer = 0;
        }
        Counts { pretraining, update, buffer }
    }
    /// What tables print of it; nothing where batches are plain.
    pub fn words(&self, buffer: &Buffer) -> String {
        if self.is_plain() {
            return String::new();
        }
        let size = match (buffer.capacity, buffer.bytes) {
            (Some(examples), _) => format!(" of {examples}"),
            (_, Some(bytes)) => format!(" of {bytes} bytes"),
            _ => String::new(),
        };
        let from = if self.buffer > 0.0 { format!(" from {}{size}", buffer.keep.name()) } else { String::new() };
        format!("{}/{}/{}{from}", self.update, self.buffer, self.pretraining)
    }
}

impl Buffer {
    fn check(&self, is_used: bool) -> Result<()> {
        ensure!(
            is_used || *self == Self::default(),
            "[buffer] is never used; set mixture.buffer above 0 or leave it out"
        );
        ensure!(
            self.capacity.is_none() || self.bytes.is_none(),
            "buffer.capacity and buffer.bytes contradict each other; set one of them"
        );
        let bounded = self.capacity.is_some() || self.bytes.is_some();
        ensure!(
            bounded != (self.keep == Keep::Unlimited),
            "buffer.keep = \"{}\" {}",
            self.keep.name(),
            if bounded {
                "holds everything; choose another, such as \"reservoir\", or leave buffer.capacity and buffer.bytes out"
            } else {
                "needs buffer.capacity or buffer.bytes"
            }
        );
        Ok(())
    }
    /// Most examples that it holds, where each takes `example` bytes.
    ///
    /// # Errors
    /// When not one fits.
    pub fn examples(&self, example: usize) -> Result<usize> {
        let most = self.capacity.or(self.bytes.map(|bytes| bytes / example.max(1))).unwrap_or(usize::MAX);
        ensure!(most > 0, "buffer.bytes = {} holds not one example of {example} bytes", self.bytes.unwrap_or(0));
        Ok(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::checked;

    fn mixture(update: f64, buffer: f64, pretraining: f64) -> Mixture {
        Mixture { update, buffer, pretraining }
    }
    fn counts(mixture: &Mixture, batch: usize, empty: bool) -> [usize; 3] {
        let Counts { pretraining, update, buffer } = mixture.counts(batch, empty);
        [pretraining, update, buffer]
    }

    #[test]
    fn five_hundred_and_twelve_are_split_as_fomo_splits_them() {
        let fomo = mixture(0.34, 0.33, 0.33);
        assert_eq!(counts(&fomo, 512, false), [169, 175, 168]);
        assert_eq!(counts(&fomo, 512, true), [253, 259, 0]);
        // The joint reference of FoMo: no buffer at all.
        assert_eq!(counts(&mixture(0.67, 0.0, 0.33), 512, true), [169, 343, 0]);
    }

    #[test]
    fn all_of_a_batch_is_handed_out_and_nothing_to_shares_of_nothing() {
        for batch in 1..200 {
            for (update, buffer) in [(0.5, 0.5), (0.29, 0.71), (1.0, 0.0), (0.34, 0.33), (0.1, 0.9)] {
                let of = mixture(update, buffer, 1.0 - update - buffer);
                for empty in [false, true] {
                    assert_eq!(counts(&of, batch, empty).iter().sum::<usize>(), batch, "{of:?} {batch}");
                }
            }
            assert_eq!(counts(&mixture(0.5, 0.5, 0.0), batch, false)[0], 0);
            assert_eq!(counts(&Mixture::default(), batch, false), [0, batch, 0]);
        }
        assert_eq!(counts(&mixture(0.29, 0.71, 0.0), 100, false), [0, 29, 71]);
        assert_eq!(counts(&mixture(0.5, 0.5, 0.0), 33, true), [0, 33, 0]);
    }

    #[test]
    fn contradictions_are_refused() {
        let plain = Buffer::default();
        let check = |of: &Mixture, buffer: &Buffer| checked(of).and_then(|()| of.check(buffer, 32, false, false));
        let complaint = |of: Mixture, buffer: &Buffer| check(&of, buffer).expect_err("refused").to_string();
        assert!(complaint(mixture(0.5, 0.4, 0.0), &plain).contains("sum to 0.9"));
        assert!(complaint(mixture(0.0, 1.0, 0.0), &plain).contains("update = 0.0 is not above 0 and at most 1"));
        assert!(complaint(mixture(1.0, 1.5, 0.0), &plain).contains("buffer = 1.5 is not between 0 and 1"));
        assert!(complaint(mixture(f64::NAN, 0.5, 0.5), &plain).contains("update = nan is not above 0 and at most 1"));
        assert!(complaint(mixture(0.5, 0.25, 0.25), &plain).contains("stream.pool"));
        let bounded = Buffer { keep: Keep::Ring, capacity: Some(10), bytes: None };
        assert!(complaint(Mixture::default(), &bounded).contains("never used"));
        let half = mixture(0.5, 0.5, 0.0);
        assert!(complaint(half.clone(), &Buffer { bytes: Some(5), ..bounded.clone() }).contains("contradict"));
        assert!(complaint(half.clone(), &Buffer { capacity: None, ..bounded.clone() }).contains("needs"));
        assert!(complaint(half.clone(), &Buffer { keep: Keep::Unlimited, ..bounded.clone() }).contains("everything"));
        assert!(half.check(&bounded, 32, false, false).is_ok());
        assert_eq!(Buffer { keep: Keep::Ring, capacity: None, bytes: Some(100) }.examples(30).expect("three"), 3);
        assert!(Buffer { keep: Keep::Ring, capacity: None, bytes: Some(10) }.examples(30).is_err());
    }
}
