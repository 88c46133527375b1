//! Learning rates over the steps of an experience.
//!
//! - Cosine with linear warm-up: Loshchilov & Hutter 2017, <https://arxiv.org/abs/1608.03983>, eq. 5, in the form of
//!   FoMo-in-Flux (Roth et al. 2024, <https://arxiv.org/abs/2408.14471>): warm-up `(s + 1)/W`, then
//!   `floor + (1 − floor)·½(1 + cos(π·(s − W + 1)/(S − W)))`.
//! - Linear decay with warm-up: Defazio et al. 2023, <https://arxiv.org/abs/2310.07831>: `1 − (s − W)/(S − W)`.
//!
//! The schedule starts anew with each experience, and its horizon is known before the first step.

use anyhow::{Result, ensure};

use crate::catalogue::{Range, Settings};

crate::catalogue::choice! {
    /// The shape of the curve after warm-up.
    #[derive(Default)]
    pub enum Shape {
        /// The full rate.
        #[default]
        Constant = "constant",
        /// Half a cosine from the full rate to the floor.
        Cosine = "cosine",
        /// A straight line from the full rate to the floor.
        Linear = "linear",
    }
}

crate::catalogue::settings! {
    /// The stream's `[schedule]` table.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Schedule {
        /// The shape of the curve after warm-up.
        pub shape: Shape = Shape::Constant;
        /// Share of an experience's steps in which the rate rises to its full value, rounded up to whole steps.
        pub warmup: f64 = 0.0, Range::From(0.0, 1.0);
        /// Last rate, as a share of the full one.
        pub floor: f64 = 0.0, Range::Within(0.0, 1.0);
    }
}

impl Settings for Schedule {
    fn check(&self) -> Result<()> {
        let idle = self.shape == Shape::Constant && self.floor > 0.0;
        ensure!(!idle, "schedule.floor does nothing with schedule.shape = \"constant\"; remove one of them");
        Ok(())
    }
}

impl Schedule {
    /// Factor on the learning rate at `step` of `steps`, 0 to 1.
    pub fn factor(&self, step: u64, steps: u64) -> f64 {
        let warmup = (self.warmup * steps as f64).ceil() as u64;
        if step < warmup {
            return (step + 1) as f64 / warmup as f64;
        }
        let rest = (steps - warmup).max(1) as f64;
        let fall = match self.shape {
            Shape::Constant => return 1.0,
            Shape::Cosine => {
                // Without warm-up the first step has the full rate, as in PyTorch's `CosineAnnealingLR`.
                let done = (step - warmup + u64::from(warmup > 0)) as f64 / rest;
                0.5 * (1.0 + (std::f64::consts::PI * done).cos())
            }
            Shape::Linear => 1.0 - (step - warmup) as f64 / rest,
        };
        self.floor + (1.0 - self.floor) * fall
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(schedule: Schedule, steps: u64) -> Vec<f64> {
        (0..steps).map(|step| schedule.factor(step, steps)).collect()
    }
    fn close(a: &[f64], b: &[f64]) {
        assert_eq!(a.len(), b.len());
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6), "{a:?} is not {b:?}");
    }

    #[test]
    fn cosine_is_pytorchs() {
        // torch.optim.lr_scheduler.CosineAnnealingLR(T_max=4, eta_min=0) with lr 1.
        let cosine = Schedule { shape: Shape::Cosine, warmup: 0.0, floor: 0.0 };
        close(&curve(cosine, 4), &[1.0, 0.853_553_39, 0.5, 0.146_446_61]);
    }

    #[test]
    fn cosine_after_warm_up_is_fomos() {
        // W = 2, S = 6: cos(π·(s − 1)/4) for s = 2 … 5.
        let cosine = Schedule { shape: Shape::Cosine, warmup: 0.3, floor: 0.1 };
        let fall = |x: f64| 0.1 + 0.9 * x;
        let after = [0.853_553_39, 0.5, 0.146_446_61, 0.0].map(fall);
        close(&curve(cosine, 6), &[&[0.5, 1.0], &after[..]].concat());
    }

    #[test]
    fn linear_decays_as_in_its_paper() {
        let linear = Schedule { shape: Shape::Linear, warmup: 0.2, floor: 0.0 };
        close(&curve(linear, 5), &[1.0, 1.0, 0.75, 0.5, 0.25]);
    }
}
