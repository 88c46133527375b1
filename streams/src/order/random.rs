//! Units in an order that the stream's seed draws.
//!
//! FoMo-in-Flux, Roth et al. 2024, <https://arxiv.org/abs/2408.14471>, "random".

use anyhow::Result;
use clbench::{
    catalogue::{Settings, part},
    stream::{Ground, Ordering, Rank, Unit},
};

/// The entry of the catalogue.
pub const ORDER: Ordering = Ordering {
    name: "random",
    about: "drawn by the stream's seed",
    citation: "https://arxiv.org/abs/2408.14471",
    settings: Random::SETTINGS,
    make: |table| part(table, |random: Random| Box::new(random) as Box<dyn Rank>),
};

clbench::settings! {
    /// No settings.
    #[derive(Clone, Debug)]
    pub struct Random {}
}

impl Settings for Random {}

impl Rank for Random {
    fn rank(&self, units: &[Unit], ground: &Ground) -> Result<Vec<usize>> {
        Ok(ground.draws.order("class order", 0, units.len()))
    }
}
