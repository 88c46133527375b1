//! Where runs lie: found below directories, written whole or not at all, bundled into one file, chosen by filters.

pub mod atomic;
pub mod bundle;
mod discover;
mod filter;
pub mod splice;

pub use self::{
    discover::{Found, Runs, discover, list},
    filter::Filter,
};
