//! EXP3: exponential weights for rewards that may change in any way.
//!
//! Auer et al. 2002, <https://doi.org/10.1137/S0097539701398375>, figure 1: p = (1 − γ)w/Σw + γ/K, ĝ = r/p,
//! w ← w·exp(γĝ/K).
//!
//! **Deviation:** each chosen example is a play, and the plays of a step are answered together, with the mean reward of
//! their arm. Weights are kept as logarithms below the largest, which is 0; a new arm begins there, as good as the
//! best.

use clbench::{
    catalogue::{Range, Settings, part},
    primitives::draws::Draws,
    stream::{Environment, Outcome, Policy},
};
use serde::{Deserialize, Serialize};

use super::{
    arms::{self, Reward},
    replay,
};

/// Least logarithm of a weight: exp(−700) is still above zero.
const LEAST: f64 = -700.0;

/// The entry of the catalogue.
pub const ENVIRONMENT: Environment = Environment {
    name: "exp3",
    about: "exponential weights over earlier experiences, against rewards that may change in any way",
    citation: "https://doi.org/10.1137/S0097539701398375",
    settings: Config::SETTINGS,
    make: |table| {
        part(table, |config: Config| {
            replay::choosing(config.replay, move || Exp3 {
                config: config.clone(),
                logs: Vec::new(),
                shares: Vec::new(),
            })
        })
    },
};

clbench::settings! {
    /// Settings of EXP3.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Examples that come back per new one, r.
        pub replay: f64 = replay::USUAL, replay::RANGE;
        /// What an experience is worth, from 0 to 1.
        pub reward: Reward = Reward::Uncertainty;
        /// Share of the choices that is uniform, γ.
        pub gamma: f64 = 0.1, Range::UpTo(0.0, 1.0);
    }
}

impl Settings for Config {}

#[derive(Serialize, Deserialize)]
struct Exp3 {
    config: Config,
    /// Logarithms of the weights; the largest is 0.
    logs: Vec<f64>,
    /// Probabilities of the last choice.
    shares: Vec<f64>,
}

impl Policy for Exp3 {
    fn choose(&mut self, arms: &[usize], count: usize, draws: &Draws) -> Vec<(usize, usize)> {
        self.logs.resize(arms.len(), 0.0);
        self.shares = self.shares(arms);
        arms::sample(&self.shares, arms, count, draws, 0)
    }
    fn learn(&mut self, outcomes: &[Outcome]) {
        let there = self.shares.iter().filter(|share| **share > 0.0).count() as f64;
        for (arm, seen) in arms::seen(outcomes) {
            let Some(share) = self.shares.get(arm).filter(|share| **share > 0.0) else { continue };
            let gain = seen.plays as f64 * seen.bounded_reward(self.config.reward) / share;
            self.logs[arm] += self.config.gamma * gain / there;
        }
        let most = self.logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        self.logs.iter_mut().for_each(|log| *log = (*log - most).max(LEAST));
    }
    fn shares(&self, arms: &[usize]) -> Vec<f64> {
        let mut logs = self.logs.clone();
        logs.resize(arms.len(), 0.0);
        arms::mixed(arms::softmax(&logs, arms, 1.0), arms, self.config.gamma)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::trial::{answer, close, share_of},
        *,
    };

    /// p = ½ each; two plays of reward 1 on the first: 0.1·(2/½)/2 = 0.2 more than the other, whose ĝ is
    /// 0.6/½ = 1.2, 0.06. Then w = 1 and e^−0.14, p = 0.9/(1 + e^−0.14) + 0.05.
    #[test]
    fn weights_and_probabilities_are_those_of_the_paper() {
        let mut policy = Exp3 { config: Config::default(), logs: Vec::new(), shares: Vec::new() };
        policy.choose(&[9, 9], 3, &Draws::of(0));
        close(&policy.shares, &[0.5, 0.5]);
        policy.learn(&[answer((0, 0), 0.5), answer((0, 1), 0.5), answer((1, 0), 0.9)]);
        close(&policy.logs, &[0.0, -0.14]);
        close(&policy.shares(&[9, 9]), &[0.05 + 0.9 * 0.534_942_945_2, 0.05 + 0.9 * 0.465_057_054_8]);
    }

    #[test]
    fn a_million_rewards_leave_numbers() {
        let mut policy = Exp3 { config: Config { gamma: 1.0, ..Config::default() }, logs: vec![], shares: vec![] };
        for step in 0..1000 {
            policy.choose(&[9, 9], 4, &Draws { step, ..Draws::of(0) });
            policy.learn(&vec![answer((0, 0), 0.5); 1000]);
        }
        close(&policy.logs, &[0.0, LEAST]);
    }

    #[test]
    fn what_can_be_learned_comes_more_often() {
        for seed in 0..3 {
            let share = share_of(&ENVIRONMENT, "", 2, seed, |arm, _| if arm == 2 { 0.5 } else { 0.99 });
            // At most 0.9 + 0.1/4.
            assert!(share > 0.85 && share < 0.95, "{share}");
        }
    }
}
