//! What can be named: entries with their settings, and what is said where a name, a key or a value is wrong.

mod declared;
mod entry;
mod needs;
mod ranges;
mod settings;
mod typed;

pub use self::{
    declared::{Choice, Declared, Ranged, value},
    entry::{Entry, Made, unknown},
    needs::{Need, Taken, refused},
    ranges::Range,
    settings::{Setting, Settings, checked, part, settings},
    typed::{UnknownKey, besides, typed},
};
pub(crate) use self::{
    entry::{find, pick},
    settings::{check, keys, section},
};
pub use crate::{choice, settings};
