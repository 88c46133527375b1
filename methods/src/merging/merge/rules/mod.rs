//! The rules: several sets of weights in, one out.

mod consensus;
mod data;
mod means;
mod scaled;
mod stock;
mod vectors;

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

pub use self::data::regmean_flops;
use super::{
    flat::Span,
    settings::{Config, Rule},
};

/// One of the sets of weights that become one.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// Its elements.
    pub values: Vec<f64>,
    /// Its share; those of all parts have sum 1.
    pub share: f64,
    /// The Fisher information of each element, for the rule of that name.
    pub fisher: Vec<f64>,
    /// For each layer by name the mean of xxᵀ over its inputs, for regression means. Shape of each `[d, d]`.
    pub grams: BTreeMap<String, Vec<f64>>,
}

/// What is merged.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// From the oldest on; at least one.
    pub parts: Vec<Part>,
    /// θ₀, where the rule measures from there; else empty.
    pub start: Vec<f64>,
    /// Which elements are which tensor's.
    pub spans: Vec<Span>,
    /// Path prefixes of the network's parts, from the input to the head.
    pub blocks: Vec<String>,
}

/// Uniform numbers in 0..1, one for each element: of the part of that number, from the oldest on.
pub type Uniform<'a> = dyn FnMut(usize) -> Vec<f64> + 'a;

impl Parts {
    /// The merged weights; `draw` is asked by rules that draw.
    ///
    /// # Errors
    /// When a system of equations has no solution.
    pub fn merged(&self, config: &Config, draw: &mut Uniform) -> Result<Vec<f64>> {
        let plain = match config.rule {
            // A share of 1 leaves no room for others, and no rounding for arithmetic.
            rule if rule.takes_shares() && self.only().is_some() => self.only().expect("there is one").values.clone(),
            Rule::Interpolation => means::interpolation(&self.parts),
            Rule::Slerp => {
                ensure!(self.parts.len() == 2, "slerp merges two sets of weights, not {}", self.parts.len());
                means::slerp(&self.parts[0], &self.parts[1], &self.spans)
            }
            Rule::Random => means::random(&self.parts, &draw(0)),
            Rule::Fisher => data::fisher(&self.parts),
            Rule::Regmean => data::regmean(&self.parts, &self.spans, config.off_diagonal)?,
            Rule::ModelStock => stock::stock(&self.parts, &self.start, &self.spans),
            _ => {
                let taus = self.vectors();
                let mut tau = vectors::merged(&taus, &self.spans, config, draw);
                consensus::mask(&mut tau, &taus, config);
                self.start.iter().zip(tau).map(|(start, tau)| start + config.scale * tau).collect()
            }
        };
        Ok(scaled::by_depth(plain, self, config))
    }

    /// The part that has all of the share, if one has.
    fn only(&self) -> Option<&Part> {
        self.parts.iter().find(|part| part.share >= 1.0)
    }

    /// τ = θ − θ₀ of each part.
    fn vectors(&self) -> Vec<Vec<f64>> {
        self.parts.iter().map(|part| part.values.iter().zip(&self.start).map(|(a, b)| a - b).collect()).collect()
    }
}
