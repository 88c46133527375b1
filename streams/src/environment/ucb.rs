//! UCB1: the earlier experience whose reward may be highest, as far as is known.
//!
//! Auer, Cesa-Bianchi & Fischer 2002, <https://doi.org/10.1023/A:1013689704352>, figure 1: each arm once, then the one
//! with the largest x̄ + √(2 ln n/nⱼ).
//!
//! **Deviation:** a play is a step: all of its examples come from one arm, and their mean is its reward. An arm that
//! appears later is played once as soon as it is there.

use std::collections::BTreeSet;

use clbench::{
    catalogue::{Settings, part},
    primitives::draws::Draws,
    stream::{Environment, Outcome, Policy},
};
use serde::{Deserialize, Serialize};

use super::{
    arms::{self, Reward},
    replay,
};

/// The entry of the catalogue.
pub const ENVIRONMENT: Environment = Environment {
    name: "ucb",
    about: "UCB1: in each step the earlier experience whose reward may be highest",
    citation: "https://doi.org/10.1023/A:1013689704352",
    settings: Config::SETTINGS,
    make: |table| {
        part(table, |config: Config| {
            replay::choosing(config.replay, move || Ucb { config: config.clone(), arms: Vec::new() })
        })
    },
};

clbench::settings! {
    /// Settings of UCB1.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Examples that come back per new one, r.
        pub replay: f64 = replay::USUAL, replay::RANGE;
        /// What an experience is worth, from 0 to 1.
        pub reward: Reward = Reward::Uncertainty;
    }
}

impl Settings for Config {}

/// What is known of an arm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Known {
    /// How often it was played, nⱼ.
    plays: u64,
    /// Its mean reward, x̄.
    mean: f64,
}

#[derive(Serialize, Deserialize)]
struct Ucb {
    config: Config,
    arms: Vec<Known>,
}

impl Ucb {
    /// The upper confidence bound of an arm after `all` plays; infinite before its first.
    fn bound(&self, arm: usize, all: u64) -> f64 {
        match self.arms.get(arm) {
            Some(Known { plays, mean }) if *plays > 0 => mean + (2.0 * (all as f64).ln() / *plays as f64).sqrt(),
            _ => f64::INFINITY,
        }
    }
    /// The first of the best arms that have examples.
    fn best(&self, arms: &[usize]) -> usize {
        let all = self.arms.iter().map(|arm| arm.plays).sum();
        let there = (0..arms.len()).filter(|arm| arms[*arm] > 0).map(|arm| (arm, self.bound(arm, all)));
        there.reduce(|best, next| if next.1 > best.1 { next } else { best }).map_or(0, |(arm, _)| arm)
    }
}

impl Policy for Ucb {
    fn choose(&mut self, arms: &[usize], count: usize, draws: &Draws) -> Vec<(usize, usize)> {
        self.arms.resize(arms.len(), Known::default());
        arms::sample(&self.shares(arms), arms, count, draws, 0)
    }
    fn learn(&mut self, outcomes: &[Outcome]) {
        let seen = arms::seen(outcomes);
        // An arm whose answers are no numbers was played all the same, or it would be played for ever.
        for arm in outcomes.iter().map(|outcome| outcome.arm).collect::<BTreeSet<_>>() {
            let Some(known) = self.arms.get_mut(arm) else { continue };
            let reward = seen.get(&arm).map_or(0.0, |seen| seen.bounded_reward(self.config.reward));
            known.plays += 1;
            known.mean += (reward - known.mean) / known.plays as f64;
        }
    }
    fn shares(&self, arms: &[usize]) -> Vec<f64> {
        arms::only(self.best(arms), arms)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::trial::{answer, close, share_of},
        *,
    };

    /// After three plays: 0.6 + √(2 ln 3/1) = 2.0823039, (1 + 0.6)/2 + √(2 ln 3/2) = 1.8481471.
    #[test]
    fn the_bound_is_that_of_the_paper() {
        let mut policy = Ucb { config: Config::default(), arms: vec![Known::default(); 2] };
        assert_eq!(policy.best(&[9, 9]), 0);
        policy.learn(&[answer((0, 0), 0.9)]);
        assert_eq!(policy.best(&[9, 9]), 1);
        policy.learn(&[answer((1, 0), 0.5)]);
        policy.learn(&[answer((1, 0), 0.85), answer((1, 0), 0.95)]);
        close(&[policy.bound(0, 3), policy.bound(1, 3)], &[2.082_303_807_3, 1.848_147_073_9]);
        close(&policy.shares(&[9, 9]), &[1.0, 0.0]);
        close(&policy.shares(&[0, 9]), &[0.0, 1.0]);
        close(&policy.shares(&[9, 9, 9]), &[0.0, 0.0, 1.0]);
    }

    #[test]
    fn a_step_plays_one_arm_and_the_best_one_most() {
        for seed in 0..3 {
            let share = share_of(&ENVIRONMENT, "", 2, seed, |arm, _| if arm == 2 { 0.5 } else { 0.99 });
            assert!(share > 0.7, "{share}");
        }
        let mut policy = Ucb { config: Config::default(), arms: Vec::new() };
        let choices = policy.choose(&[9, 9], 5, &Draws::of(0));
        assert!(choices.iter().all(|(arm, _)| *arm == 0));
    }
}
