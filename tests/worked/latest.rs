//! All of the experience before comes back.
//!
//! The newest end of a rehearsal, as opposed to a power law, which brings back all ages.

use anyhow::Result;
use clbench::{
    catalogue::{Settings, part},
    stream::{Environment, Experience, Ground, Revisit, Task, World, rehearse},
};

/// The entry of the catalogue.
pub const ENVIRONMENT: Environment = Environment {
    name: "latest",
    about: "all of the experience before comes back",
    citation: "https://arxiv.org/abs/2401.10393",
    settings: Latest::SETTINGS,
    make: |table| part(table, |latest: Latest| Box::new(latest) as Box<dyn Revisit>),
};

clbench::settings! {
    /// No settings.
    #[derive(Clone, Debug)]
    pub struct Latest {}
}

impl Settings for Latest {}

impl Revisit for Latest {
    fn revisit(&self, base: Vec<Experience>, _: &[Task], ground: &Ground) -> Result<World> {
        let sizes: Vec<usize> = base.iter().map(Experience::new_examples).collect();
        let latest = |phase: usize, earlier: usize| if earlier + 1 == phase { sizes[earlier] } else { 0 };
        rehearse(base, &ground.draws, latest).map(World::fixed)
    }
}
