//! Interference-free low-rank adapters: a new one for each experience, which can move its matrix only where earlier
//! tasks have little to lose.
//!
//! - Liang & Li 2024, <https://arxiv.org/abs/2404.00228>, eq. 7 to 10: A spans the main directions of the new task's
//!   inputs without those of earlier tasks, and is frozen; B is trained and A·B added to the matrix in the end.
//! - The inputs' second moments H = E xxᵀ are taken at an experience's start, and A = Uᵀ/√3 with r vectors U from the
//!   singular value decomposition of (I − M·Mᵀ)·H, as in the authors' code.
//! - M, the space of earlier inputs, grows at an experience's end until it holds the share ε of H's energy (DualGPM,
//!   Liang & Li 2023, <https://arxiv.org/abs/2305.10780>, section 3.2), with ε from `energy` in the first experience to
//!   `energy_end` after the last.
//!
//! A matrix whose inputs lie in M altogether gets directions of zero, and so no longer moves. Decompositions are taken
//! on the host, by the inputs where a layer sees fewer than they have elements (`space`): n examples cost n³ and n²·d.
//! Elsewhere they cost d³ for a layer of d inputs (of a kernel, channels times size): choose `on` for wide kernels.
//!
//! **Deviation:** after the first experience M holds less than ε, by the direction that would reach it: so counts the
//! authors' code, where the paper (eq. 9 of DualGPM) takes that direction in. All matrices and kernels are adapted (the
//! paper: keys and values, `on = "key-value"`). M is kept as it is where DualGPM keeps its complement once that is
//! smaller; the spaces are the same. Moments are taken of up to `samples` examples and not of all. The rank is 8 and
//! not 10 by default, as for all adapters here. Biases and norms are trained beside, unless `freeze` follows.

mod space;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use clbench::{
    budget::Spent,
    catalogue::{Need, Range, Settings},
    method::{Ctx, Family, Make, Method, contribution},
    primitives::array::Array,
};
use serde::{Deserialize, Serialize};

use self::space::{Rest, grow, rest, rest_flops};
use crate::adapters::shared::{Adapted, End, Kind, On, Per, Plan, RANKS, Site};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "inflora",
    about: "an adapter per experience, kept off earlier tasks' inputs",
    citation: "https://arxiv.org/abs/2404.00228",
    make: Make::Contribution(|table| contribution(table, |config| Adapted::new(Inflora::new(config)))),
    joint: false,
    family: Family::Adapters,
    settings: Config::SETTINGS,
    needs: &[Need::Matrices],
};

clbench::settings! {
    /// Settings of `inflora`.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Rank of an adapter, r; the authors' code has 10.
        pub rank: usize = 8, RANKS;
        /// Share of energy that M holds after the first experience, ε; one direction less, as in the authors' code.
        pub energy: f64 = 0.95, Range::Within(0.0, 1.0);
        /// Share of energy that M would hold after one experience more than there are.
        pub energy_end: f64 = 1.0, Range::Within(0.0, 1.0);
        /// Examples that moments are taken of; the authors' code takes all.
        pub samples: usize = 256, Range::Whole(1, i64::MAX);
        /// Which matrices of the body are adapted.
        pub on: On = On::All;
    }
}

impl Settings for Config {}

/// Interference-free low-rank adapters.
#[derive(Serialize, Deserialize)]
pub struct Inflora {
    config: Config,
    /// For each matrix an orthonormal basis of earlier inputs, vector after vector; shape `[k, d]`.
    spaces: BTreeMap<String, Vec<f64>>,
}

impl Inflora {
    fn new(config: Config) -> Self {
        Self { config, spaces: BTreeMap::new() }
    }

    /// Share of energy that M is to hold after the current experience.
    fn share(&self, cx: &Ctx) -> f64 {
        let Config { energy, energy_end, .. } = self.config;
        energy + (energy_end - energy) * cx.experience as f64 / cx.feed.stream().experiences.len() as f64
    }
}

impl Kind for Inflora {
    fn plan(&self) -> Plan {
        Plan { per: Per::Task, end: End::Fold, on: self.config.on }
    }

    fn place(&mut self, cx: &mut Ctx, sites: &[Site]) -> Result<()> {
        let rank = self.config.rank;
        let sights = cx.sights(self.config.samples);
        for site in sites {
            let d = site.fan_in();
            let sight = sights.get(&site.name).with_context(|| format!("nothing was seen by {}", site.name))?;
            let space = self.spaces.entry(site.name.clone()).or_default();
            cx.meter().flops(rest_flops(sight.shape(), space.len() / d));
            let Rest { vectors, .. } = rest(sight, space);
            let mut rows: Vec<f32> = vectors.iter().take(rank * d).map(|x| (x / 3_f64.sqrt()) as f32).collect();
            rows.resize(rank * d, 0.0);
            let [a, b] = site.shapes(rank);
            // Rows are directions: what a kernel's A is, and a matrix's A the other way round.
            if a.len() == 2 {
                rows = (0..d * rank).map(|at| rows[(at % rank) * d + at / rank]).collect();
            }
            cx.weights.frozen.insert(site.part("a"), Array::new(&a, rows, cx.device));
            cx.weights.theta.insert(site.part("b"), Array::filled(&b, 0.0, cx.device));
            cx.weights.frozen.insert(site.part("scale"), Array::filled(&[1], 1.0, cx.device));
        }
        Ok(())
    }

    fn reserve(&self, cx: &Ctx) -> Result<Spent> {
        let (mut price, shapes) = cx.sights_price(self.config.samples)?;
        for (name, space) in &self.spaces {
            let shape = shapes.get(name).with_context(|| format!("nothing is seen by {name}"))?;
            price.flops += rest_flops(*shape, space.len() / shape[1]);
        }
        Ok(price)
    }

    fn task_end(&mut self, cx: &mut Ctx) -> Result<()> {
        let (share, sights) = (self.share(cx), cx.sights(self.config.samples));
        for (name, space) in &mut self.spaces {
            let sight = sights.get(name).with_context(|| format!("nothing was seen by {name}"))?;
            cx.meter().flops(rest_flops(sight.shape(), space.len() / sight.shape()[1]));
            grow(sight, space, share);
        }
        Ok(())
    }
}
