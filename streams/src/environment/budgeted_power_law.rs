//! What comes back is a power function of an experience's place counted from the oldest, within a budget.
//!
//! Gandhi et al. 2024, <https://arxiv.org/abs/2401.10393>; `powerlaw` of `archana53/power-law-for-CI`: of R = ⌊r·M⌋
//! examples, (R // Σw)·w of the j-th oldest experience (from 0), truncated, where w = α·(0.01·(10 + j))^(α−1). This is
//! no function of the time since something was used: how fast it falls off changes from phase to phase.

use anyhow::Result;
use clbench::{
    catalogue::{Range, Settings, part},
    stream::{Environment, Experience, Ground, Revisit, Task, World},
};

use super::replay;

/// The entry of the catalogue.
pub const ENVIRONMENT: Environment = Environment {
    name: "budgeted-power-law",
    about: "a share of what is new, by a power function of the place from the oldest",
    citation: "https://arxiv.org/abs/2401.10393",
    settings: Config::SETTINGS,
    make: |table| part(table, |config: Config| Box::new(config) as Box<dyn Revisit>),
};

clbench::settings! {
    /// Settings of a budgeted power law.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Examples that come back per new one, r.
        pub replay: f64 = replay::USUAL, replay::RANGE;
        /// The exponent and 1, α.
        pub alpha: f64 = 5.0, Range::UpTo(2.0, 100.0);
    }
}

impl Settings for Config {}

impl Config {
    /// Weights of the earlier experiences, oldest first.
    fn weights(&self, phase: usize) -> Vec<f64> {
        (0..phase).map(|j| self.alpha * (0.01 * (10 + j) as f64).powf(self.alpha - 1.0)).collect()
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
        assert_eq!(counts, [694, 1016, 1440, 1983, 2668, 3516, 4551, 5800, 7290]);
    }

    /// R = 50: w = 0.0005 and 0.00073205, so 50 // 0.00123205 = 40582.
    #[test]
    fn a_stream_has_the_counts() {
        let world = trial::build(&ENVIRONMENT, "", &[100; 3], 0).unwrap();
        assert_eq!(trial::returns(&world)[2], [20, 29, 0]);
    }

    #[test]
    fn an_exponent_that_the_authors_refuse_is_refused() {
        for alpha in ["2.0", "-1.0", "nan", "101.0"] {
            let error = trial::build(&ENVIRONMENT, &format!("alpha = {alpha}"), &[9; 2], 0).err().unwrap();
            assert!(error.to_string().contains("is not above 2 and at most 100"), "{error}");
        }
    }
}
