//! How names, numbers and lines are written for people.

pub(crate) mod columns;
mod names;
mod numbers;
mod wrapping;

pub use self::names::{clean, cut, harmless, printable, remark, short};
pub(crate) use self::{
    numbers::{fixed, grouped, prefixed},
    wrapping::wrap,
};
