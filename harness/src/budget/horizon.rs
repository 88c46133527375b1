//! How long an experience lasts: a stopping rule and caps; the tighter binds.

use anyhow::{Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::{
    budget::{Ledger, Spent},
    catalogue::{Range, Settings},
};

crate::catalogue::settings! {
    /// The stream's `[train]` table: how batches are made and how long a method would like to train.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Train {
        /// Examples in a batch; the last one of an epoch may be smaller.
        pub batch: usize = 32, Range::Whole(1, 1 << 20);
        /// Times that each example of an experience is seen.
        pub epochs: Option<u64> = None, Range::Whole(1, (1 << 40) - 1);
        /// Steps of each experience, in place of epochs.
        pub steps: Option<u64> = None, Range::Whole(1, (1 << 40) - 1);
    }
}

crate::catalogue::choice! {
    /// What a cap is for.
    #[derive(Default)]
    pub enum Per {
        /// Each experience.
        #[default]
        Experience = "experience",
        /// The whole stream: each experience may spend an equal share of what is left.
        Stream = "stream",
    }
}

crate::catalogue::settings! {
    /// The stream's `[budget]` table: what a run may spend. What is charged against it: see [`crate::budget::Phase`].
    #[derive(Clone, Debug, PartialEq)]
    pub struct Budget {
        /// Floating-point operations, such as `1e12`.
        pub flops: Option<f64> = None, Range::AtLeast(1.0);
        /// Memory-adjusted operations: operations, times the peak memory of a step over that of full fine-tuning.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub maf: Option<f64> = None, Range::AtLeast(1.0);
        /// Examples, replayed ones included.
        pub examples: Option<u64> = None, Range::Whole(1, i64::MAX);
        /// Optimizer steps.
        pub steps: Option<u64> = None, Range::Whole(1, i64::MAX);
        /// What a cap is for.
        pub per: Per = Per::Experience;
    }
}

impl Settings for Train {}

impl Settings for Budget {}

/// A cap's key and what it counts.
type Unit = (&'static str, fn(Spent) -> u64);

/// Units of a cap.
const UNITS: [Unit; 4] = [
    ("flops", |spent| spent.flops),
    ("maf", |spent| spent.maf),
    ("examples", |spent| spent.examples),
    ("steps", |spent| spent.steps),
];

/// What may be spent, by unit.
pub type Share = [Option<u64>; UNITS.len()];

/// How many steps an experience has, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Horizon {
    /// Steps.
    pub steps: u64,
    /// What set them: `epochs`, `steps`, or `budget.` and a unit.
    pub bound_by: String,
    /// Networks that each step updates side by side.
    #[serde(default = "one")]
    pub networks: u64,
}

fn one() -> u64 {
    1
}

impl Train {
    /// Refuses two rules at once; without any rule or cap it is one epoch.
    pub fn complete(&mut self, budget: &Budget) -> Result<()> {
        ensure!(
            self.epochs.is_none() || self.steps.is_none(),
            "train.epochs and train.steps contradict each other; set one of them"
        );
        if self.epochs.is_none() && self.steps.is_none() && budget.caps().iter().all(Option::is_none) {
            self.epochs = Some(1);
        }
        Ok(())
    }

    /// Steps by the stopping rule, if there is one, and the rule's name.
    fn wanted(&self, span: u64, epoch: u64) -> Option<(u64, &'static str)> {
        let epochs = self.epochs.map(|epochs| (epochs.saturating_mul(epoch), "epochs"));
        epochs.or(self.steps.map(|steps| (steps.saturating_mul(span), "steps")))
    }
}

impl Budget {
    fn caps(&self) -> Share {
        let whole = |operations: Option<f64>| operations.map(|operations| operations as u64);
        [whole(self.flops), whole(self.maf), self.examples, self.steps]
    }

    /// What the experience number `experience` may spend in all, by unit; `spans` says how many tasks' worth each
    /// experience is.
    pub fn share(&self, ledger: &Ledger, spans: &[u64], experience: usize) -> Share {
        let span = spans[experience];
        let ahead: u64 = spans[experience..].iter().sum();
        let before = |unit: fn(Spent) -> u64| (0..experience).map(|of| unit(ledger.charged(Some(of)))).sum::<u64>();
        let mut shares = self.caps();
        for (share, (_, unit)) in shares.iter_mut().zip(UNITS) {
            *share = share.map(|cap| match self.per {
                Per::Experience => cap.saturating_mul(span),
                Per::Stream => {
                    (u128::from(cap.saturating_sub(before(unit))) * u128::from(span) / u128::from(ahead)) as u64
                }
            });
        }
        shares
    }
}

/// What decides an experience's steps, once its price is known.
pub struct Offer<'a> {
    /// The stopping rule.
    pub train: &'a Train,
    /// How many tasks' worth the experience is.
    pub span: u64,
    /// Steps until each of its examples was seen once.
    pub epoch: u64,
    /// What it may spend in all, by unit; see [`Budget::share`].
    pub share: Share,
    /// What it has spent.
    pub charged: Spent,
    /// What is kept back for its end.
    pub reserve: Spent,
    /// Steps that it has taken.
    pub done: u64,
}

impl Offer<'_> {
    /// Steps of the experience when each further one costs `price`.
    pub fn horizon(&self, price: Spent) -> Result<Horizon> {
        let mut tightest = self.train.wanted(self.span, self.epoch).map(|(steps, rule)| (steps, rule.to_owned()));
        for ((key, unit), share) in UNITS.iter().zip(self.share) {
            let Some(share) = share else { continue };
            let left = share.saturating_sub(unit(self.charged)).saturating_sub(unit(self.reserve));
            let steps = self.done + left.checked_div(unit(price)).unwrap_or(0);
            if tightest.as_ref().is_none_or(|(tightest, _)| steps < *tightest) {
                tightest = Some((steps, format!("budget.{key}")));
            }
        }
        let Some((steps, bound_by)) = tightest else { bail!("nothing says how long to train; set train.epochs") };
        ensure!(
            steps > 0,
            "{bound_by} buys not one step of the experience: {} are spent, a step costs {} and {} examples, its end \
             {}; raise the cap",
            operations(&bound_by, self.charged),
            operations(&bound_by, price),
            price.examples,
            operations(&bound_by, self.reserve)
        );
        Ok(Horizon { steps, bound_by, networks: 1 })
    }

    /// Whether a cap could be reached within the next `steps` steps of `price`.
    pub fn is_near(&self, price: Spent, steps: u64) -> bool {
        UNITS.iter().zip(self.share).any(|((_, unit), share)| {
            let spent = unit(self.charged).saturating_add(unit(self.reserve));
            share.is_some_and(|share| spent.saturating_add(unit(price).saturating_mul(steps)) > share)
        })
    }

    /// Fails when more was charged than the experience may spend.
    pub fn settle(&self) -> Result<()> {
        for ((key, unit), share) in UNITS.iter().zip(self.share) {
            let spent = unit(self.charged);
            ensure!(
                share.is_none_or(|share| spent <= share),
                "the experience spent {spent} of a budget.{key} of {}: a method reserved less than it used, or a step \
                 cost many times what came before",
                share.unwrap_or(0)
            );
        }
        Ok(())
    }
}

/// Operations of `spent` in words: adjusted to memory where that is what binds.
fn operations(bound_by: &str, spent: Spent) -> String {
    match bound_by {
        "budget.maf" => format!("{} memory-adjusted operations", spent.maf),
        _ => format!("{} operations", spent.flops),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Phase;

    fn price(flops: u64) -> Spent {
        Spent { flops, maf: flops * 3 / 7, examples: 20, replayed: 10, steps: 1, ..Spent::default() }
    }
    fn horizon(train: &Train, budget: &Budget, reserve: u64) -> Result<Horizon> {
        let share = budget.share(&Ledger::default(), &[1], 0);
        let reserve = Spent { flops: reserve, ..Spent::default() };
        let epoch = 100_u64.div_ceil(train.batch as u64);
        Offer { train, epoch, span: 1, share, charged: Spent::default(), reserve, done: 0 }.horizon(price(7))
    }
    fn train(epochs: Option<u64>) -> Train {
        Train { batch: 8, epochs, steps: None }
    }

    #[test]
    fn the_tighter_binds_and_says_so() {
        let none = Budget::default();
        let of = |steps, by: &str| Horizon { steps, bound_by: by.into(), networks: 1 };
        assert_eq!(horizon(&train(Some(2)), &none, 0).expect("steps"), of(26, "epochs"));
        let flops = Budget { flops: Some(100.0), ..none.clone() };
        assert_eq!(horizon(&train(Some(2)), &flops, 0).expect("steps"), of(14, "budget.flops"));
        assert_eq!(horizon(&train(None), &flops, 30).expect("steps"), of(10, "budget.flops"));
        // A step shows 10 new and 10 replayed examples.
        let examples = Budget { examples: Some(100), ..flops.clone() };
        assert_eq!(horizon(&train(Some(2)), &examples, 0).expect("steps"), of(5, "budget.examples"));
        // A step is 7 operations, and 3 at three sevenths of the memory: 30 / 3.
        let maf = Budget { maf: Some(30.0), ..flops.clone() };
        assert_eq!(horizon(&train(Some(2)), &maf, 0).expect("steps"), of(10, "budget.maf"));
        let short = horizon(&train(None), &Budget { maf: Some(2.0), ..none.clone() }, 0).expect_err("too dear");
        assert!(short.to_string().contains("a step costs 3 memory-adjusted operations"), "{short}");
        let steps = Budget { steps: Some(3), ..examples };
        assert_eq!(horizon(&train(Some(2)), &steps, 0).expect("steps"), of(3, "budget.steps"));
        assert!(horizon(&train(Some(2)), &flops, 94).expect_err("too dear").to_string().contains("raise the cap"));
        assert!(horizon(&train(None), &none, 0).is_err());
    }

    #[test]
    fn a_stream_cap_is_shared_by_what_is_left() {
        let budget = Budget { flops: Some(100.0), per: Per::Stream, ..Budget::default() };
        let spans = [1, 1, 1, 1];
        let mut ledger = Ledger::default();
        assert_eq!(budget.share(&ledger, &spans, 0)[0], Some(25));
        ledger.charge(0, Phase::Train, Spent { flops: 10, ..Spent::default() });
        // What the first left over goes to the others: 90 / 3.
        assert_eq!(budget.share(&ledger, &spans, 1)[0], Some(30));
        assert_eq!(budget.share(&ledger, &[4], 0)[0], Some(100));
        let each = Budget { per: Per::Experience, ..budget };
        assert_eq!(each.share(&ledger, &[4], 0)[0], Some(400));
    }
}
