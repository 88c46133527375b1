//! As many examples of each earlier experience come back, together a share of what is new.
//!
//! Gandhi et al. 2024, <https://arxiv.org/abs/2401.10393>; `uniform` of `archana53/power-law-for-CI`: R = ⌊r·M⌋
//! examples, R // i of each of the i earlier experiences, drawn without replacement.

use anyhow::Result;
use clbench::{
    registry::{Settings, part},
    stream::{Experience, Task},
    world::{Environment, Ground, Revisit, World},
};
use serde::{Deserialize, Serialize};

use super::replay;

/// The entry of the catalogue.
pub const ENVIRONMENT: Environment = Environment {
    name: "uniform",
    about: "a share of what is new, spread evenly over what came before",
    citation: "https://arxiv.org/abs/2401.10393",
    make: |table| part(table, |config: Config| Box::new(config) as Box<dyn Revisit>),
};

/// Settings of a uniform environment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Examples that come back per new one, r.
    pub replay: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self { replay: replay::USUAL }
    }
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        replay::check(self.replay)
    }
}

impl Revisit for Config {
    fn revisit(&self, base: Vec<Experience>, _: &[Task], ground: &Ground) -> Result<World> {
        replay::budgeted(base, ground, self.replay, |phase| vec![1.0; phase])
    }
}

#[cfg(test)]
mod tests {
    use super::{super::trial, *};

    /// 28963 // 9.
    #[test]
    fn the_authors_budget_is_spread_evenly() {
        assert_eq!(replay::split(replay::budget(0.5, 57927), &[1.0; 9]), [3218; 9]);
    }

    #[test]
    fn a_stream_has_the_counts_and_what_is_not_there_is_refused() {
        let world = trial::build(&ENVIRONMENT, "", &[4, 3, 6], 0).unwrap();
        assert_eq!(trial::returns(&world), [vec![0, 0, 0], vec![1, 0, 0], vec![1, 1, 0]]);
        let message = trial::build(&ENVIRONMENT, "replay = 2", &[4, 3, 6], 0).err().unwrap().to_string();
        assert_eq!(message, "replay = 2 asks experience 2 for 6 examples of experience 1, which brought 4; lower it");
    }
}
