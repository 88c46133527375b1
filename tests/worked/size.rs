//! The units with the most training examples first, as an ordered long tail has them.
//!
//! Liu et al. 2022, <https://arxiv.org/abs/2210.00266>, "ordered". Units of one size keep their order.

use std::cmp::Reverse;

use anyhow::Result;
use clbench::{
    catalogue::{Settings, part},
    stream::{Ground, Ordering, Rank, Unit},
};

/// The entry of the catalogue.
pub const ORDER: Ordering = Ordering {
    name: "size",
    about: "the most training examples first",
    citation: "https://arxiv.org/abs/2210.00266",
    settings: Size::SETTINGS,
    make: |table| part(table, |size: Size| Box::new(size) as Box<dyn Rank>),
};

clbench::settings! {
    /// No settings.
    #[derive(Clone, Debug)]
    pub struct Size {}
}

impl Settings for Size {}

impl Rank for Size {
    fn rank(&self, units: &[Unit], _: &Ground) -> Result<Vec<usize>> {
        let mut ranking: Vec<usize> = (0..units.len()).collect();
        ranking.sort_by_key(|unit| Reverse(units[*unit].train.len()));
        Ok(ranking)
    }
}
