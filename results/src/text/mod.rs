//! Results in words, for a terminal.

pub mod compare;
pub mod curves;
mod explained;
mod namesakes;
pub mod noise;
pub mod phases;
pub mod run;
pub mod score;
pub mod spending;
pub mod verdict;

pub use self::{
    explained::{explain, listing},
    namesakes::namesakes_table,
};
