//! Self-evolving curriculum: a softmax over how much each earlier experience has to teach.
//!
//! Chen et al. 2025, <https://arxiv.org/abs/2505.14970>: Q ← αr + (1 − α)Q for what was chosen, Q = 0 at first; an arm
//! with probability exp(Q/τ)/Σexp(Q/τ), then one of its examples uniformly.
//!
//! **Deviation:** their reward is the mean absolute advantage of rollouts; with answers that are right or wrong and
//! advantages normalised within a group that is 2√(p(1 − p)), here with p the mean probability of the right label.
//! α = 0.5 and τ = 0.5 are recalled: the paper tunes them by domain.

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

/// The entry of the catalogue.
pub const ENVIRONMENT: Environment = Environment {
    name: "sec",
    about: "self-evolving curriculum: a softmax over what earlier experiences have to teach",
    citation: "https://arxiv.org/abs/2505.14970",
    settings: Config::SETTINGS,
    make: |table| {
        part(table, |config: Config| {
            replay::choosing(config.replay, move || Sec { config: config.clone(), values: Vec::new() })
        })
    },
};

clbench::settings! {
    /// Settings of a self-evolving curriculum.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Examples that come back per new one, r.
        pub replay: f64 = replay::USUAL, replay::RANGE;
        /// What an experience is worth.
        pub reward: Reward = Reward::Uncertainty;
        /// Weight of what is new in a value, α.
        pub alpha: f64 = 0.5, Range::UpTo(0.0, 1.0);
        /// Temperature of the softmax, τ.
        pub temperature: f64 = 0.5, Range::Within(1e-3, 1e3);
    }
}

impl Settings for Config {}

#[derive(Serialize, Deserialize)]
struct Sec {
    config: Config,
    /// Q of each arm.
    values: Vec<f64>,
}

impl Policy for Sec {
    fn choose(&mut self, arms: &[usize], count: usize, draws: &Draws) -> Vec<(usize, usize)> {
        self.values.resize(arms.len(), 0.0);
        arms::sample(&self.shares(arms), arms, count, draws, 0)
    }
    fn learn(&mut self, outcomes: &[Outcome]) {
        let alpha = self.config.alpha;
        for (arm, seen) in arms::seen(outcomes) {
            let Some(value) = self.values.get_mut(arm) else { continue };
            *value = alpha * seen.reward(self.config.reward) + (1.0 - alpha) * *value;
        }
    }
    fn shares(&self, arms: &[usize]) -> Vec<f64> {
        let mut values = self.values.clone();
        values.resize(arms.len(), 0.0);
        arms::softmax(&values, arms, self.config.temperature)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::trial::{answer, close, share_of},
        *,
    };

    /// r = 1 at one half, 0.6 at 0.9: Q = 0.5 then 0.25·1 + 0.5·0.6 = 0.55; e^1.1/(e^1.1 + 1) = 0.7502601.
    #[test]
    fn values_and_probabilities_are_those_of_the_paper() {
        let mut policy = Sec { config: Config::default(), values: vec![0.0; 2] };
        policy.learn(&[answer((0, 0), 0.5)]);
        close(&policy.values, &[0.5, 0.0]);
        policy.learn(&[answer((0, 0), 0.85), answer((0, 1), 0.95)]);
        close(&policy.values, &[0.55, 0.0]);
        close(&policy.shares(&[9, 9]), &[0.750_260_105_6, 0.249_739_894_4]);
        close(&policy.shares(&[9, 0, 9]), &[0.750_260_105_6, 0.0, 0.249_739_894_4]);
    }

    /// e²/(e² + 3·e^0.398) with rewards 1 and 2√(0.99·0.01) = 0.199.
    #[test]
    fn what_can_be_learned_comes_more_often() {
        for seed in 0..3 {
            let share = share_of(&ENVIRONMENT, "", 2, seed, |arm, _| if arm == 2 { 0.5 } else { 0.99 });
            assert!((share - 0.623).abs() < 0.05, "{share}");
            let share = share_of(&ENVIRONMENT, "reward = \"loss\"", 1, seed, |arm, _| if arm == 1 { 0.2 } else { 0.9 });
            assert!(share > 0.8, "{share}");
        }
    }
}
