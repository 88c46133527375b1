//! Orthogonal low-rank adapters: a new one for each experience, whose directions are pushed away from all before.
//!
//! - Wang et al. 2023, <https://arxiv.org/abs/2310.14152>, eq. 6 to 8: loss + λ₁ · Σ over earlier i of `‖AᵢᵀA‖`.
//!   Earlier adapters are frozen and stay beside the new one.
//! - The norm is the sum of absolute values, as in the authors' code; the paper writes squares.
//!
//! **Deviation:** α is 8 by default, as of all adapters here; the authors' code has 32, four times the scale.
//!
//! **Deviation:** the code's second term, λ₂ · ‖A, B‖, is off by default there and not offered; weight decay is the
//! optimizer's. Otherwise as [`lora`](crate::adapters::lora).

use anyhow::Result;
use burn::tensor::Tensor;
use clbench::{
    catalogue::{Need, Range, Settings},
    method::{Ctx, Family, Make, Method, contribution},
    network::pass::Pass,
};
use serde::{Deserialize, Serialize};

use crate::adapters::shared::{Adapted, End, Kind, On, Per, Plan, RANKS, Site};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "olora",
    about: "an adapter per experience, orthogonal to those before",
    citation: "https://arxiv.org/abs/2310.14152",
    make: Make::Contribution(|table| contribution(table, |config| Adapted::new(Olora { config, sites: Vec::new() }))),
    joint: false,
    family: Family::Adapters,
    settings: Config::SETTINGS,
    needs: &[Need::Matrices],
};

clbench::settings! {
    /// Settings of `olora`.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Rank of an adapter, r.
        pub rank: usize = 8, RANKS;
        /// Numerator of the scale, α; the authors' code has 32.
        pub alpha: f64 = 8.0, Range::Above(0.0);
        /// Weight of the penalty, λ₁.
        pub strength: f64 = 0.5, Range::AtLeast(0.0);
        /// Which matrices of the body are adapted.
        pub on: On = On::All;
    }
}

impl Settings for Config {}

/// Orthogonal low-rank adapters.
#[derive(Serialize, Deserialize)]
pub struct Olora {
    config: Config,
    /// Names of the matrices that are adapted.
    sites: Vec<String>,
}

impl Kind for Olora {
    fn plan(&self) -> Plan {
        Plan { per: Per::Task, end: End::Keep, on: self.config.on }
    }

    fn place(&mut self, cx: &mut Ctx, sites: &[Site]) -> Result<()> {
        let Config { rank, alpha, .. } = self.config;
        sites.iter().for_each(|site| site.low_rank(cx, rank, alpha / rank as f64));
        self.sites = sites.iter().map(|site| site.name.clone()).collect();
        Ok(())
    }

    fn loss(&self, pass: &mut Pass) -> Option<Tensor<1>> {
        if self.config.strength == 0.0 {
            return None;
        }
        let overlaps: Vec<_> = self.sites.iter().filter_map(|name| overlap(pass, name)).collect();
        let sum = overlaps.into_iter().reduce(|sum, overlap| sum + overlap)?;
        Some(sum * self.config.strength as f32)
    }
}

/// Sum over the frozen adapters at `name` of all `|AᵢᵀA|`, where A is the trained one's; none where there are none.
fn overlap(pass: &mut Pass, name: &str) -> Option<Tensor<1>> {
    let all: Vec<Tensor<2>> = (0..).map_while(|index| directions(pass, &format!("{name}.lora{index}.a"))).collect();
    let (new, old) = all.split_last()?;
    let mut size = |old: &Tensor<2>| {
        let overlap = pass.products_of_weights(new.clone(), old.clone());
        pass.hold_for(&overlap, 1);
        overlap.abs().sum()
    };
    let sizes: Vec<_> = old.iter().map(&mut size).collect();
    sizes.into_iter().reduce(|sum, size| sum + size)
}

/// A's directions in rows. Shape `[r, fan-in]`.
fn directions(pass: &Pass, path: &str) -> Option<Tensor<2>> {
    let array = pass.weights.theta.get(path).or_else(|| pass.weights.frozen.get(path))?;
    Some(match array.shape[..] {
        [_, _] => array.tensor::<2>().transpose(),
        ref kernel => array.flat.clone().reshape([kernel[0], array.len() / kernel[0]]),
    })
}
