//! Everything that came before comes back in each experience: the upper bound of what an environment can do.
//!
//! Gandhi et al. 2024, <https://arxiv.org/abs/2401.10393>; `upper_baseline` of `archana53/power-law-for-CI`.

use anyhow::Result;
use clbench::{
    catalogue::{Settings, part},
    stream::{Environment, Experience, Ground, Revisit, Task, World},
};

use super::replay::{bring_back, sizes};

/// The entry of the catalogue.
pub const ENVIRONMENT: Environment = Environment {
    name: "cumulative",
    about: "every earlier example comes back each time",
    citation: "https://arxiv.org/abs/2401.10393",
    settings: Cumulative::SETTINGS,
    make: |table| part(table, |cumulative: Cumulative| Box::new(cumulative) as Box<dyn Revisit>),
};

clbench::settings! {
    /// No settings.
    #[derive(Clone, Debug)]
    pub struct Cumulative {}
}

impl Settings for Cumulative {}

impl Revisit for Cumulative {
    fn revisit(&self, base: Vec<Experience>, _: &[Task], ground: &Ground) -> Result<World> {
        let sizes = sizes(&base);
        bring_back(base, ground, |phase| sizes[..phase].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::trial, *};

    #[test]
    fn all_comes_back() {
        let world = trial::build(&ENVIRONMENT, "", &[4, 3, 2], 0).unwrap();
        assert_eq!(trial::returns(&world), [vec![0, 0, 0], vec![4, 0, 0], vec![4, 3, 0]]);
    }
}
