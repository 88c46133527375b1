//! The control of every policy: an earlier experience uniformly, then one of its examples uniformly.
//!
//! Chen et al. 2025, <https://arxiv.org/abs/2505.14970>, compare their self-evolving curriculum with a random one.

use clbench::{
    catalogue::{Settings, part},
    primitives::draws::Draws,
    stream::{Environment, Outcome, Policy},
};
use serde::{Deserialize, Serialize};

use super::{arms, replay};

/// The entry of the catalogue.
pub const ENVIRONMENT: Environment = Environment {
    name: "bandit-uniform",
    about: "earlier experiences chosen uniformly in each step: the policies' control",
    citation: "https://arxiv.org/abs/2505.14970",
    settings: Config::SETTINGS,
    make: |table| part(table, |config: Config| replay::choosing(config.replay, || Uniform {})),
};

clbench::settings! {
    /// Settings of the control.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Examples that come back per new one, r.
        pub replay: f64 = replay::USUAL, replay::RANGE;
    }
}

impl Settings for Config {}

/// It remembers nothing.
#[derive(Serialize, Deserialize)]
struct Uniform {}

impl Policy for Uniform {
    fn choose(&mut self, arms: &[usize], count: usize, draws: &Draws) -> Vec<(usize, usize)> {
        arms::sample(&self.shares(arms), arms, count, draws, 0)
    }
    fn asks(&self) -> bool {
        false
    }
    fn learn(&mut self, _: &[Outcome]) {}
    fn shares(&self, arms: &[usize]) -> Vec<f64> {
        arms::uniform(arms)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::trial, *};

    #[test]
    fn no_arm_is_better() {
        for seed in 0..3 {
            let share = trial::share_of(&ENVIRONMENT, "", 2, seed, |arm, _| if arm == 2 { 0.5 } else { 0.99 });
            // Five standard errors: 5·√(0.25·0.75/3200).
            assert!((share - 0.25).abs() < 0.039, "{share}");
        }
    }

    #[test]
    fn a_share_of_what_is_new_is_chosen_in_all_experiences_but_the_first() {
        let world = trial::build(&ENVIRONMENT, "replay = 0.3", &[10, 7, 20], 0).unwrap();
        assert_eq!(world.experiences.iter().map(|experience| experience.chosen).collect::<Vec<_>>(), [0, 2, 6]);
    }
}
