//! Weight-decomposed low-rank adapters: the direction of each output's weights is adapted by a product of low rank, its
//! length by itself.
//!
//! - Liu et al. 2024, <https://arxiv.org/abs/2402.09353>, eq. 5: W′ = m · (W + s·A·B)/‖W + s·A·B‖, m beginning as ‖W‖;
//!   section 4.3: the norm is no part of the graph.
//! - The norm is taken over the inputs of each output, as in the authors' code (the paper's columns).
//!
//! With several adapters side by side the length belongs to their sum, and the newest one trains it.
//!
//! **Deviation:** the same as those of [`lora`](crate::adapters::lora).

use anyhow::Result;
use clbench::{
    catalogue::Need,
    method::{Ctx, Family, Make, Method, contribution},
};
use serde::{Deserialize, Serialize};

use crate::adapters::{
    lora::Config,
    shared::{Adapted, Kind, Plan, Site, lengths},
};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "dora",
    about: "trains directions by low-rank adapters, and lengths apart",
    citation: "https://arxiv.org/abs/2402.09353",
    make: Make::Contribution(|table| contribution(table, |config| Adapted::new(Dora(config)))),
    joint: false,
    family: Family::Adapters,
    settings: Config::SETTINGS,
    needs: &[Need::Matrices],
};

/// Low-rank adapters with lengths.
#[derive(Serialize, Deserialize)]
pub struct Dora(Config);

impl Kind for Dora {
    fn plan(&self) -> Plan {
        self.0.plan()
    }

    fn place(&mut self, cx: &mut Ctx, sites: &[Site]) -> Result<()> {
        for site in sites {
            site.low_rank(cx, self.0.rank, self.0.scale());
            let old = |path: &&str| path.starts_with(&format!("{}.lora", site.name)) && path.ends_with(".magnitude");
            let old = cx.weights.frozen.paths().find(old).map(str::to_owned);
            let handed_on = old.and_then(|path| cx.weights.frozen.remove(&path));
            let length = handed_on.unwrap_or_else(|| lengths(&site.weight).into());
            cx.weights.theta.insert(site.part("magnitude"), length);
        }
        Ok(())
    }
}
