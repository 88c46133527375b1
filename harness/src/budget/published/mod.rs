//! Costs of published tables, computed again from their own columns.

pub mod clip;
pub mod fomo;
