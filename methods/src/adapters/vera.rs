//! Vector-based adapters: one pair of frozen, drawn matrices for all layers, and two trained vectors for each.
//!
//! - Kopiczko et al. 2024, <https://arxiv.org/abs/2310.11454>, eq. 2: W + (A∘d)·B∘b; section 3.2: A and B by Kaiming's
//!   uniform rule, d = 0.1 and b = 0 at first, so that the first step starts from W.
//! - FoMo-in-Flux's code has the two the wrong way round (d = 0, b = 0.1); this is as in the paper.
//!
//! The pair is as large as the largest layer asks and each layer takes its first columns and rows, as in `peft`.
//!
//! **Deviation:** a kernel's A is cut out of the same pair as a kernel of its own size; the paper has matrices only.
//! The default rank is 64 in place of 256, since the networks here are small. Otherwise as
//! [`lora`](crate::adapters::lora).

use anyhow::Result;
use clbench::{
    catalogue::{Need, Range, Settings},
    method::{Ctx, Family, Make, Method, contribution},
    network::pass::{SHARED_A, SHARED_B},
    primitives::array::Array,
};
use serde::{Deserialize, Serialize};

use crate::adapters::shared::{Adapted, End, Kind, On, Per, Plan, RANKS, Site};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "vera",
    about: "trains two vectors per matrix around a shared, frozen pair",
    citation: "https://arxiv.org/abs/2310.11454",
    make: Make::Contribution(|table| contribution(table, |config| Adapted::new(Vera(config)))),
    joint: false,
    family: Family::Adapters,
    settings: Config::SETTINGS,
    needs: &[Need::Matrices],
};

clbench::settings! {
    /// Settings of `vera`.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Rank of an adapter, r; the paper has 256.
        pub rank: usize = 64, RANKS;
        /// First value of the inner vector, d.
        pub inner: f64 = 0.1, Range::AtLeast(0.0);
        /// How many adapters there are: one for the stream, or a new one for each experience.
        pub per: Per = Per::Stream;
        /// What becomes of an adapter when an experience is over: it is kept, folded into its matrix, or routed by the
        /// task's identity.
        pub end: End = End::Keep;
        /// Which matrices of the body are adapted.
        pub on: On = On::All;
    }
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        Vera(self.clone()).plan().check()
    }
}

/// Two vectors for each matrix.
#[derive(Serialize, Deserialize)]
pub struct Vera(Config);

impl Kind for Vera {
    fn plan(&self) -> Plan {
        let Config { per, end, on, .. } = self.0;
        Plan { per, end, on }
    }

    fn place(&mut self, cx: &mut Ctx, sites: &[Site]) -> Result<()> {
        let (rank, device) = (self.0.rank, cx.device);
        if !cx.weights.frozen.has(SHARED_A) {
            let most = |size: fn(&Site) -> usize| sites.iter().map(size).max().unwrap_or(0);
            let shapes = [(SHARED_A, [rank, most(Site::fan_in)]), (SHARED_B, [most(Site::outputs), rank])];
            for (path, shape) in shapes {
                // He et al. 2015, with the gain √2 of the code: U(−√(6/fan-in), √(6/fan-in)).
                let drawn = cx.draws.uniform(path, &shape, (6.0 / shape[1] as f64).sqrt(), device);
                cx.weights.frozen.insert(path, drawn);
            }
        }
        for site in sites {
            let vector = |length: usize, value: f64| Array::filled(&[length], value as f32, device);
            cx.weights.theta.insert(site.part("inner"), vector(rank, self.0.inner));
            cx.weights.theta.insert(site.part("outer"), vector(site.outputs(), 0.0));
        }
        Ok(())
    }
}
