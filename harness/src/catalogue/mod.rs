//! What can be named: entries with their settings, and what is said where a name, a key or a value is wrong.

mod entry;
mod needs;
mod ranges;
mod settings;
mod typed;

pub use self::{
    entry::{Entry, Made, unknown},
    needs::{Need, Taken, refused},
    ranges::Range,
    settings::{Setting, Settings, part, settings},
    typed::{UnknownKey, besides, typed},
};
pub(crate) use self::{
    entry::{find, pick},
    settings::check,
};
