//! Interference-free low-rank adapters: a new one for each experience, which can move its matrix only where earlier
//! tasks have little to lose.
//!
//! - Liang & Li 2024, <https://arxiv.org/abs/2404.00228>, eq. 7 to 10: A spans the main directions of the new task's
//!   inputs without those of earlier tasks, and is frozen; B is trained and A·B added to the matrix in the end.
//! - The inputs' second moments H = E xxᵀ are taken at an experience's start, and A = Uᵀ/√3 with r vectors U from the singular
//!   value decomposition of (I − M·Mᵀ)·H, as in the authors' code.
//! - M, the space of earlier inputs, grows at an experience's end until it holds the share ε of H's energy (DualGPM, Liang
//!   & Li 2023, <https://arxiv.org/abs/2305.10780>, section 3.2), with ε from `energy` in the first experience to
//!   `energy_end` after the last.
//!
//! A matrix whose inputs lie in M altogether gets directions of zero, and so no longer moves. Decompositions are taken
//! on the host and cost d³ for a layer of d inputs (of a kernel, channels times size): choose `on` for wide networks.
//!
//! **Deviation:** all matrices and kernels are adapted (the paper: keys and values, `on = "key-value"`). M is kept as it
//! is where DualGPM keeps its complement once that is smaller; the spaces are the same. Moments are taken of up to
//! `samples` examples. Biases and norms are trained beside, unless `freeze` follows.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use clbench::{
    array::Array,
    catalogue::{Family, Need, Range, Setting},
    ctx::Ctx,
    ledger::Spent,
    linalg::{eigen, eigen_flops, product, product_flops},
    registry::{Make, Method, Settings, contribution},
};
use serde::{Deserialize, Serialize};

use crate::adapter::{Adapted, End, Kind, ON, On, Per, Plan, RANK, Site};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "inflora",
    about: "an adapter per experience, kept off earlier tasks' inputs",
    citation: "https://arxiv.org/abs/2404.00228",
    make: Make::Contribution(|table| contribution(table, |config| Adapted::new(Inflora::new(config)))),
    joint: false,
    family: Family::Adapters,
    settings: &[
        RANK,
        Setting { key: "energy", about: "share of energy kept after the first, ε", range: Range::Within(0.0, 1.0) },
        Setting { key: "energy_end", about: "share of energy kept after the last", range: Range::Within(0.0, 1.0) },
        Setting { key: "samples", about: "examples that moments are taken of", range: Range::Whole(1, i64::MAX) },
        ON,
    ],
    needs: &[Need::Matrices],
};

/// Settings of `inflora`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Rank r.
    pub rank: usize,
    /// Share of energy that M holds after the first experience.
    pub energy: f64,
    /// Share of energy that M would hold after one experience more than there are.
    pub energy_end: f64,
    /// Examples that moments are taken of.
    pub samples: usize,
    /// Which matrices are adapted.
    pub on: On,
}

impl Default for Config {
    fn default() -> Self {
        Self { rank: 8, energy: 0.95, energy_end: 1.0, samples: 256, on: On::All }
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
        let grams = cx.grams(self.config.samples);
        for site in sites {
            let d = site.fan_in();
            let gram = grams.get(&site.name).with_context(|| format!("nothing was seen by {}", site.name))?;
            let space = self.spaces.entry(site.name.clone()).or_default();
            cx.meter().flops(rest_flops(d, space.len() / d));
            let (_, vectors) = rest(&doubles(gram), d, space);
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
        let mut price = cx.grams_price(self.config.samples)?;
        for (name, space) in &self.spaces {
            let d = cx.weights.frozen.get(&format!("{name}.lora0.a")).map_or(0, |a| a.len() / self.config.rank);
            price.flops += rest_flops(d, space.len() / d.max(1));
        }
        Ok(price)
    }

    fn task_end(&mut self, cx: &mut Ctx) -> Result<()> {
        let (share, grams) = (self.share(cx), cx.grams(self.config.samples));
        for (name, space) in &mut self.spaces {
            let gram = grams.get(name).with_context(|| format!("nothing was seen by {name}"))?;
            let d = gram.shape[0];
            cx.meter().flops(rest_flops(d, space.len() / d));
            grow(&doubles(gram), d, space, share);
        }
        Ok(())
    }
}

fn doubles(array: &Array) -> Vec<f64> {
    array.values().into_iter().map(f64::from).collect()
}

/// Squared singular values of (I − M·Mᵀ)·H from the largest on, and the left singular vectors of those that are not
/// zero, in rows. Shapes: H `[d, d]`, M in rows `[k, d]`.
fn rest(gram: &[f64], d: usize, space: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut left = gram.to_vec();
    if !space.is_empty() {
        let k = space.len() / d;
        // Mᵀ·H, then M·(Mᵀ·H).
        let within = product(&product(space, [k, d], false, gram, [d, d]), [k, d], true, space, [k, d]);
        // H and M·Mᵀ are symmetric, so that (Mᵀ·H)ᵀ·Mᵀ is H·M·Mᵀ, the transpose of what is taken away.
        (0..d * d).for_each(|at| left[at] -= within[(at % d) * d + at / d]);
    }
    let square = product(&transposed(&left, d), [d, d], true, &transposed(&left, d), [d, d]);
    let (values, vectors) = eigen(&square, d);
    let energy: f64 = gram.iter().map(|x| x * x).sum();
    // In double precision nothing below this share of the energy is more than rounding.
    let there = values.iter().take_while(|value| **value > 1e-20 * energy).count();
    (values, vectors[..there * d].to_vec())
}

/// Operations of [`rest`].
fn rest_flops(d: usize, k: usize) -> u64 {
    2 * product_flops(k, d, d) + product_flops(d, d, d) + eigen_flops(d)
}

fn transposed(matrix: &[f64], d: usize) -> Vec<f64> {
    (0..d * d).map(|at| matrix[(at % d) * d + at / d]).collect()
}

/// Adds to M the directions that H has most energy in, until M holds the share `share` of it.
fn grow(gram: &[f64], d: usize, space: &mut Vec<f64>, share: f64) {
    let total: f64 = gram.iter().map(|x| x * x).sum();
    let (values, vectors) = rest(gram, d, space);
    let mut held = 1.0 - values.iter().map(|value| value.max(0.0)).sum::<f64>() / total;
    // As in the authors' code the first experience puts one direction in at least.
    let least = usize::from(space.is_empty());
    for (at, (value, vector)) in values.iter().zip(vectors.chunks(d)).enumerate() {
        if held >= share && at >= least {
            break;
        }
        space.extend(vector);
        held += value / total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_those_of_the_inputs_without_the_earlier_ones() {
        // H = diag(4, 2, 1).
        let gram = [4.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0];
        let (values, vectors) = rest(&gram, 3, &[1.0, 0.0, 0.0]);
        assert!(values[0] - 4.0 < 1e-12 && values[1] - 1.0 < 1e-12, "{values:?}");
        assert_eq!(vectors.len(), 6, "the earlier direction is not among them");
        assert!((vectors[1] - 1.0).abs() < 1e-12 && (vectors[5] - 1.0).abs() < 1e-12, "{vectors:?}");
        assert!(rest(&gram, 3, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]).1.is_empty());
    }

    #[test]
    fn the_space_grows_to_the_share_of_energy_that_is_asked() {
        // Energies 16, 4 and 1 of 21.
        let gram = [4.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0];
        let grown = |from: &[f64], share: f64| {
            let mut space = from.to_vec();
            grow(&gram, 3, &mut space, share);
            space.len() / 3
        };
        assert_eq!([0.0, 0.7, 0.77, 0.95, 0.96, 1.0].map(|share| grown(&[], share)), [1, 1, 2, 2, 3, 3]);
        // The second direction is there already: 4 of 21 are held.
        assert_eq!([0.1, 0.5, 0.99].map(|share| grown(&[0.0, 1.0, 0.0], share)), [1, 2, 3]);
    }
}
