//! Successive elimination in blocks: the earlier experience that is kept best when it is practised without a break.
//!
//! Malik et al. 2023, <https://arxiv.org/abs/2305.02955>, weighted tallying bandits: the loss of an arm depends on how
//! often it was played lately, as what was practised lately is better known. So each arm is played in one block: a
//! burn-in that is not counted, then n plays that are; arms whose mean loss lies more than 2√(ln(2KT)/2n) above the
//! least are given up, and n doubles. Losses are as observed: they depend on practice through the model itself.
//!
//! **Deviation:** the layout of blocks follows the paper's bound; its text was not at hand. Each chosen example is a
//! play. Losses are cut off at `bound` and divided by it, since the threshold is for losses of 0 to 1. A round ends
//! with the step in which its last block ends, and all begins again when a new arm appears.

use std::collections::BTreeMap;

use clbench::{
    catalogue::{Range, Settings, part},
    primitives::draws::Draws,
    stream::{Environment, Outcome, Policy},
};
use serde::{Deserialize, Serialize};

use super::{arms, replay};

/// Most plays of a block, and of a run.
const MOST: u64 = 1_000_000_000;

/// The entry of the catalogue.
pub const ENVIRONMENT: Environment = Environment {
    name: "successive-elimination",
    about: "blocks of one earlier experience each, giving up those whose loss stays high",
    citation: "https://arxiv.org/abs/2305.02955",
    settings: Config::SETTINGS,
    make: |table| {
        part(table, |config: Config| replay::choosing(config.replay, move || Elimination::new(config.clone())))
    },
};

clbench::settings! {
    /// Settings of successive elimination.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Examples that come back per new one, r.
        pub replay: f64 = replay::USUAL, replay::RANGE;
        /// Choices at the beginning of a block whose losses are not counted, M.
        pub burn_in: u64 = 32, Range::Whole(0, MOST as i64);
        /// Choices of a block in the first round whose losses are counted, n.
        pub block: u64 = 64, Range::Whole(1, MOST as i64);
        /// Choices that are expected in all, T.
        pub horizon: u64 = 100_000, Range::Whole(1, MOST as i64);
        /// Loss, in nats, that counts as 1; what is above it too.
        pub bound: f64 = 2.0, Range::Within(1e-3, 100.0);
    }
}

impl Settings for Config {}

/// How far above the least a mean loss of `plays` may lie, among `arms` in `horizon` plays.
fn threshold(arms: usize, horizon: u64, plays: u64) -> f64 {
    2.0 * ((2.0 * arms as f64 * horizon as f64).ln() / (2.0 * plays as f64)).sqrt()
}

#[derive(Serialize, Deserialize)]
struct Elimination {
    config: Config,
    /// Sizes of the arms at the beginning.
    arms: Vec<usize>,
    /// Arms that are not given up.
    active: Vec<usize>,
    /// Counted plays of each block in this round, n.
    block: u64,
    /// The active arm whose block this is.
    at: usize,
    /// Plays of the block.
    played: u64,
    /// Number and mean of the counted losses of each active arm.
    losses: Vec<(u64, f64)>,
    /// How often each choice of the last step counts.
    counted: BTreeMap<(usize, usize), u32>,
}

impl Elimination {
    fn new(config: Config) -> Self {
        let (block, arms) = (config.block, Vec::new());
        let (active, losses, counted) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { config, arms, active, block, at: 0, played: 0, losses, counted }
    }
    fn restart(&mut self, arms: &[usize]) {
        *self = Self::new(self.config.clone());
        self.arms = arms.to_vec();
        self.active = there(arms);
        self.losses = vec![(0, 0.0); self.active.len()];
    }
    fn is_block_over(&self) -> bool {
        self.played >= self.config.burn_in + self.block
    }
    /// Gives arms up and begins the next round.
    fn end_round(&mut self) {
        let threshold = threshold(there(&self.arms).len(), self.config.horizon, self.block);
        let known = self.losses.iter().filter(|(count, _)| *count > 0);
        let least = known.map(|(_, mean)| *mean).fold(f64::INFINITY, f64::min);
        let stays = |(_, (count, mean)): &(&usize, &(u64, f64))| *count == 0 || mean - least <= threshold;
        self.active = self.active.iter().zip(&self.losses).filter(stays).map(|(arm, _)| *arm).collect();
        self.losses = vec![(0, 0.0); self.active.len()];
        self.block = (2 * self.block).min(MOST);
        (self.at, self.played) = (0, 0);
    }
}

/// Arms that have examples.
fn there(arms: &[usize]) -> Vec<usize> {
    (0..arms.len()).filter(|arm| arms[*arm] > 0).collect()
}

impl Policy for Elimination {
    fn choose(&mut self, arms: &[usize], count: usize, draws: &Draws) -> Vec<(usize, usize)> {
        if self.arms != arms {
            self.restart(arms);
        }
        self.counted.clear();
        let mut choices = Vec::with_capacity(count);
        while choices.len() < count && !self.active.is_empty() {
            if self.is_block_over() && self.at + 1 < self.active.len() {
                (self.at, self.played) = (self.at + 1, 0);
            }
            let (arm, left) = (self.active[self.at], count - choices.len());
            // Answers come after the step, so the last block of a round lasts to its end.
            let is_last = self.at + 1 == self.active.len();
            let rest = (self.config.burn_in + self.block).saturating_sub(self.played);
            let plays = if is_last { left } else { left.min(rest as usize) };
            for choice in arms::sample(&arms::only(arm, arms), arms, plays, draws, self.at as u64) {
                if self.played >= self.config.burn_in {
                    *self.counted.entry(choice).or_default() += 1;
                }
                self.played += 1;
                choices.push(choice);
            }
        }
        choices
    }
    fn learn(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            let Some(left) = self.counted.get_mut(&(outcome.arm, outcome.place)).filter(|left| **left > 0) else {
                continue;
            };
            *left -= 1;
            let Some(at) = self.active.iter().position(|arm| *arm == outcome.arm) else { continue };
            let Some(loss) = arms::loss(outcome) else { continue };
            let (count, mean) = &mut self.losses[at];
            *count += 1;
            *mean += ((loss / self.config.bound).min(1.0) - *mean) / *count as f64;
        }
        self.counted.clear();
        if self.at + 1 == self.active.len() && self.is_block_over() {
            self.end_round();
        }
    }
    fn shares(&self, arms: &[usize]) -> Vec<f64> {
        let next = if self.is_block_over() && self.at + 1 < self.active.len() { self.at + 1 } else { self.at };
        let active = if self.arms == arms { self.active.get(next).copied() } else { there(arms).first().copied() };
        active.map_or_else(|| vec![0.0; arms.len()], |arm| arms::only(arm, arms))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::trial::{answer, close, share_of},
        *,
    };

    fn small() -> Elimination {
        Elimination::new(Config { burn_in: 2, block: 4, ..Config::default() })
    }

    fn arms_of(choices: &[(usize, usize)]) -> Vec<usize> {
        choices.iter().map(|choice| choice.0).collect()
    }

    /// 2·√(ln 2000000/128) = 2·√(14.5086577/128).
    #[test]
    fn the_threshold_is_that_of_the_paper() {
        close(&[threshold(10, 100_000, 64)], &[0.673_346_533_6]);
    }

    #[test]
    fn blocks_follow_each_other_and_the_last_ends_with_its_step() {
        let (mut policy, arms) = (small(), [50, 0, 50]);
        assert_eq!(arms_of(&policy.choose(&arms, 8, &Draws::of(0))), [0, 0, 0, 0, 0, 0, 2, 2]);
        policy.learn(&[]);
        assert_eq!((policy.at, policy.played), (1, 2));
        assert_eq!(arms_of(&policy.choose(&arms, 8, &Draws::of(1))), [2; 8]);
        policy.learn(&[]);
        assert_eq!((policy.at, policy.played, policy.block), (0, 0, 8));
        close(&policy.shares(&arms), &[1.0, 0.0, 0.0]);
    }

    /// Of six plays the first two are not counted; losses of 1 and 3 nats, bounded by 2: (0.5 + 1)/2.
    #[test]
    fn the_burn_in_is_not_counted_and_losses_are_bounded() {
        let mut policy = small();
        let choices = policy.choose(&[50, 50], 6, &Draws::of(0));
        let confidence = [0.001, 0.001, (-1.0_f64).exp(), (-3.0_f64).exp(), (-1.0_f64).exp(), (-3.0_f64).exp()];
        let outcomes: Vec<Outcome> = choices.iter().zip(confidence).map(|(at, p)| answer(*at, p)).collect();
        policy.learn(&outcomes);
        assert_eq!(policy.losses[0].0, 4);
        close(&[policy.losses[0].1], &[0.75]);
    }

    #[test]
    fn what_lies_above_the_threshold_is_given_up_until_a_new_arm_appears() {
        let mut policy = small();
        policy.restart(&[50; 4]);
        // ln(2·4·100000) = 13.592367; 2·√(13.592367/2000) = 0.16487794.
        policy.block = 1000;
        policy.losses = vec![(1000, 0.3), (1000, 0.464), (1000, 0.466), (0, 0.0)];
        policy.end_round();
        assert_eq!((&policy.active[..], policy.block), (&[0, 1, 3][..], 2000));
        policy.choose(&[50; 5], 1, &Draws::of(0));
        assert_eq!((&policy.active[..], policy.block), (&[0, 1, 2, 3, 4][..], 4));
    }

    #[test]
    fn what_is_kept_best_comes_more_often() {
        let settings = "burn_in = 16\nblock = 128\nhorizon = 6400";
        for seed in 0..3 {
            let share = share_of(&ENVIRONMENT, settings, 2, seed, |arm, _| if arm == 2 { 0.95 } else { 0.2 });
            assert!(share > 0.99, "{share}");
        }
    }
}
