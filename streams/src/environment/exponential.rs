//! What comes back falls off exponentially with the phases since it was introduced, as against a power law.
//!
//! Gandhi et al. 2024, <https://arxiv.org/abs/2401.10393>; `exponential` of `archana53/power-law-for-CI`: of R = ⌊r·M⌋
//! examples, (R // Σw)·w of the experience k phases ago, truncated, where w = exp(−k/β)/β.

use anyhow::Result;
use clbench::{
    catalogue::{Range, Settings, part},
    stream::{Environment, Experience, Ground, Revisit, Task, World},
};

use super::replay;

/// The entry of the catalogue.
pub const ENVIRONMENT: Environment = Environment {
    name: "exponential",
    about: "a share of what is new, exponentially more of what came lately",
    citation: "https://arxiv.org/abs/2401.10393",
    settings: Config::SETTINGS,
    make: |table| part(table, |config: Config| Box::new(config) as Box<dyn Revisit>),
};

clbench::settings! {
    /// Settings of an exponential environment.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Examples that come back per new one, r.
        pub replay: f64 = replay::USUAL, replay::RANGE;
        /// Phases after which a weight has fallen to 1/e, β.
        pub beta: f64 = 1.0, Range::Within(0.01, 1e6);
    }
}

impl Settings for Config {}

impl Config {
    /// Weights of the earlier experiences, oldest first.
    fn weights(&self, phase: usize) -> Vec<f64> {
        (1..=phase).rev().map(|k| (-(k as f64) / self.beta).exp() / self.beta).collect()
    }
}

impl Revisit for Config {
    fn revisit(&self, base: Vec<Experience>, _: &[Task], ground: &Ground) -> Result<World> {
        replay::budgeted(base, ground, self.replay, |phase| self.weights(phase))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::trial, *};

    #[test]
    fn the_authors_example_to_the_unit() {
        let counts = replay::split(replay::budget(0.5, 57927), &Config::default().weights(9));
        assert_eq!(counts, [6, 16, 45, 123, 335, 911, 2478, 6735, 18310]);
    }

    /// R = 50: 50 // 0.36788 = 135 times 0.36788; 50 // 0.50322 = 99 times 0.13534 and 0.36788.
    #[test]
    fn a_stream_has_the_counts() {
        let world = trial::build(&ENVIRONMENT, "", &[100; 3], 0).unwrap();
        assert_eq!(trial::returns(&world), [vec![0, 0, 0], vec![49, 0, 0], vec![13, 36, 0]]);
    }

    #[test]
    fn a_beta_that_is_no_time_is_refused() {
        for beta in ["0.0", "-1.0", "nan", "inf"] {
            let error = trial::build(&ENVIRONMENT, &format!("beta = {beta}"), &[9; 2], 0).err().unwrap();
            assert!(error.to_string().contains("is not between 0.01 and 1000000"), "{error}");
        }
    }
}
