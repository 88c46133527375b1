//! What a run spent, by experience and phase.

use std::{cell::Cell, collections::BTreeMap, ops::AddAssign, rc::Rc};

use serde::{Deserialize, Serialize};

use crate::budget::tide::Tide;

/// What work was done for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Hooks before the first step of an experience.
    TaskStart,
    /// Steps: forward, backward, and whatever hooks add to them.
    Train,
    /// Hooks after the last step: a Fisher, a merge.
    TaskEnd,
    /// Re-estimating running statistics for what is deployed at the end of an experience.
    Calibrate,
    /// Everything else that making the deployed predictor costs at the end of an experience.
    Deploy,
    /// Answering questions. Recorded, not charged.
    Evaluate,
    /// Throw-away steps and all other work that only finds out what something costs. Recorded, not charged.
    Probe,
}

impl Phase {
    /// All of them, in the order of a run.
    pub const ALL: [Phase; 7] =
        [Self::TaskStart, Self::Train, Self::TaskEnd, Self::Calibrate, Self::Deploy, Self::Evaluate, Self::Probe];
    /// Whether the budget pays for it.
    pub fn is_charged(self) -> bool {
        !matches!(self, Self::Evaluate | Self::Probe)
    }
    /// Its name in `ledger.csv`.
    pub fn name(self) -> &'static str {
        match self {
            Self::TaskStart => "task-start",
            Self::Train => "train",
            Self::TaskEnd => "task-end",
            Self::Calibrate => "calibrate",
            Self::Deploy => "deploy",
            Self::Evaluate => "evaluate",
            Self::Probe => "probe",
        }
    }
}

/// Amounts of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Floating-point operations of the algebra: 2 per multiply-add of matrix products and convolutions.
    pub flops: u64,
    /// The same adjusted to memory: see [`Footprint::weigh`].
    pub maf: u64,
    /// Examples, each time that one is seen, replayed ones included.
    pub examples: u64,
    /// Of these, examples out of a memory or the pretraining pool.
    pub replayed: u64,
    /// Of these, examples of earlier experiences that the environment brings back.
    pub rehearsed: u64,
    /// Optimizer steps.
    pub steps: u64,
}

impl AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.flops += other.flops;
        self.maf = self.maf.saturating_add(other.maf);
        self.examples += other.examples;
        self.replayed += other.replayed;
        self.rehearsed += other.rehearsed;
        self.steps += other.steps;
    }
}

impl Spent {
    /// `times` as much.
    pub fn times(self, times: u64) -> Self {
        Self {
            flops: self.flops * times,
            maf: self.maf.saturating_mul(times),
            examples: self.examples * times,
            replayed: self.replayed * times,
            rehearsed: self.rehearsed * times,
            steps: self.steps * times,
        }
    }
    /// The larger of each.
    pub fn max(self, other: Self) -> Self {
        Self {
            flops: self.flops.max(other.flops),
            maf: self.maf.max(other.maf),
            examples: self.examples.max(other.examples),
            replayed: self.replayed.max(other.replayed),
            rehearsed: self.rehearsed.max(other.rehearsed),
            steps: self.steps.max(other.steps),
        }
    }
}

/// What a training step holds in memory at its peak, and what one of full fine-tuning would.
///
/// Bytes of weights, gradients, what the optimizer holds, what is kept for the backward pass and the methods' states;
/// see [`crate::budget::peak_bytes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// Of the stack's step.
    pub peak: u64,
    /// Of a step of the plain network, all of it trained, on as large a batch of what is new.
    pub reference: u64,
}

impl Footprint {
    /// Memory-adjusted operations: `flops` · peak / reference, rounded up, as whole numbers all the way.
    ///
    /// Roth et al. 2024, <https://arxiv.org/abs/2408.14471>, section 3.3.
    pub fn weigh(self, flops: u64) -> u64 {
        let product = u128::from(flops) * u128::from(self.peak);
        u64::try_from(product.div_ceil(u128::from(self.reference.max(1)))).unwrap_or(u64::MAX)
    }
    /// What is kept back of a reserve: its phases are rounded up one by one.
    pub fn weigh_reserve(self, reserve: Spent) -> Spent {
        let phases = if reserve.flops == 0 { 0 } else { Phase::ALL.len() as u64 };
        Spent { maf: self.weigh(reserve.flops).saturating_add(phases), ..reserve }
    }
}

/// Counts work as it is done, and notes what is held where somebody asked for it. Clones count together; a pass, a
/// predictor and a hook hold one each.
#[derive(Clone, Debug, Default)]
pub struct Meter(Rc<Account>);

#[derive(Debug, Default)]
struct Account {
    spent: Cell<Spent>,
    tide: Option<Cell<Tide>>,
}

impl Meter {
    /// Also notes what the passes that count with it hold at once.
    pub fn measuring() -> Self {
        Self(Rc::new(Account { tide: Some(Cell::default()), ..Account::default() }))
    }
    /// Whether it notes what is held.
    pub fn measures(&self) -> bool {
        self.0.tide.is_some()
    }
    /// Bytes of graphs and gradients that were held at once, at most; 0 where that was not noted.
    pub fn most_held(&self) -> u64 {
        self.0.tide.as_ref().map_or(0, |tide| tide.get().most())
    }
    pub(crate) fn tide(&self, change: impl FnOnce(&mut Tide)) {
        if let Some(cell) = &self.0.tide {
            let mut tide = cell.get();
            change(&mut tide);
            cell.set(tide);
        }
    }
    /// Adds to the count.
    pub fn count(&self, spent: Spent) {
        let mut sum = self.0.spent.get();
        sum += spent;
        self.0.spent.set(sum);
    }
    /// Adds operations.
    pub fn flops(&self, flops: u64) {
        self.count(Spent { flops, ..Spent::default() });
    }
    /// What has been counted.
    pub fn read(&self) -> Spent {
        self.0.spent.get()
    }
    /// What has been counted, leaving nothing.
    pub fn take(&self) -> Spent {
        self.0.spent.take()
    }
}

/// One entry per (experience, phase).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger(BTreeMap<(usize, Phase), Spent>);

impl Ledger {
    /// Adds `spent` to the account of `experience` and `phase`.
    pub fn charge(&mut self, experience: usize, phase: Phase, spent: Spent) {
        if spent != Spent::default() {
            *self.0.entry((experience, phase)).or_default() += spent;
        }
    }
    /// Adjusts all that `experience` has spent so far to memory, which is known only once a step was tried.
    pub fn weigh(&mut self, experience: usize, footprint: Footprint) {
        let own = self.0.iter_mut().filter(|((of, _), _)| *of == experience);
        own.for_each(|(_, spent)| spent.maf = footprint.weigh(spent.flops));
    }
    /// Entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Phase, Spent)> {
        self.0.iter().map(|((experience, phase), spent)| (*experience, *phase, *spent))
    }
    /// What was charged to `experience`, or to all.
    pub fn charged(&self, experience: Option<usize>) -> Spent {
        let counts = |of: usize, phase: Phase| phase.is_charged() && experience.is_none_or(|only| only == of);
        self.sum(counts)
    }
    /// What was spent on `phase`.
    pub fn on(&self, phase: Phase) -> Spent {
        self.sum(|_, of| of == phase)
    }
    fn sum(&self, counts: impl Fn(usize, Phase) -> bool) -> Spent {
        let mut sum = Spent::default();
        self.iter().filter(|(of, phase, _)| counts(*of, *phase)).for_each(|(_, _, spent)| sum += spent);
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_adjusted_operations_are_whole_and_never_too_few() {
        let of = |peak, reference| Footprint { peak, reference };
        assert_eq!(of(7, 7).weigh(5), 5);
        assert_eq!(of(2, 3).weigh(3), 2);
        assert_eq!(of(2, 3).weigh(4), 3);
        assert_eq!(of(1, u64::MAX).weigh(1), 1);
        // Beyond what 64 bits hold on the way, and exact: no 53-bit fraction could end in 7.
        assert_eq!(of(1 << 40, 1 << 40).weigh((1 << 60) + 7), (1 << 60) + 7);
        assert_eq!(of(1 << 40, 1).weigh(1 << 60), u64::MAX);
        assert_eq!(of(2, 3).weigh_reserve(Spent::default()), Spent::default());
    }
}
