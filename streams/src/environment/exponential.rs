//! What comes back falls off exponentially with the phases since it was introduced, as against a power law.
//!
//! Gandhi et al. 2024, <https://arxiv.org/abs/2401.10393>; `exponential` of `archana53/power-law-for-CI`: of R = ⌊r·M⌋
//! examples, (R // Σw)·w of the experience k phases ago, truncated, where w = exp(−k/β)/β.

use anyhow::{Result, ensure};
use clbench::{
    catalogue::{Settings, part},
    stream::{Environment, Experience, Ground, Revisit, Task, World},
};
use serde::{Deserialize, Serialize};

use super::replay;

/// The entry of the catalogue.
pub const ENVIRONMENT: Environment = Environment {
    name: "exponential",
    about: "a share of what is new, exponentially more of what came lately",
    citation: "https://arxiv.org/abs/2401.10393",
    make: |table| part(table, |config: Config| Box::new(config) as Box<dyn Revisit>),
};

/// Settings of an exponential environment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Examples that come back per new one, r.
    pub replay: f64,
    /// Phases after which a weight has fallen to 1/e, β.
    pub beta: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self { replay: replay::USUAL, beta: 1.0 }
    }
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        // A smaller β leaves weights that are no numbers of double precision.
        ensure!((0.01..=1e6).contains(&self.beta), "beta = {} is not between 0.01 and 1000000", self.beta);
        replay::check(self.replay)
    }
}

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
