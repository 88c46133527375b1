//! What a catalogue says of a method: name, source, family, settings, needs, and how it is made.

use anyhow::Result;
use toml::Table;

use super::{Carrier, Contribution};
use crate::{
    catalogue::{Made, Need, Setting, Settings, settings},
    network::net::Net,
};

/// The heading under which a method is listed, and the folder of `methods/src` in which it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Training as it is, without anything against forgetting, and its upper bound.
    Bounds,
    /// Terms that keep weights where they mattered.
    Regularisation,
    /// Earlier examples that are seen again.
    Replay,
    /// Small weights beside frozen ones.
    Adapters,
    /// A part of the weights is trained.
    Partial,
    /// Several sets of weights become one.
    Merging,
    /// Distributions over weights.
    Bayesian,
    /// Weights that another network makes.
    Hypernetworks,
    /// A network for each preference over tasks.
    Preferences,
    /// None of these.
    Other,
}

impl Family {
    /// All of them, in the order of lists.
    pub const ALL: [Self; 10] = [
        Self::Bounds,
        Self::Regularisation,
        Self::Replay,
        Self::Adapters,
        Self::Partial,
        Self::Merging,
        Self::Bayesian,
        Self::Hypernetworks,
        Self::Preferences,
        Self::Other,
    ];
    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Bounds => "bounds",
            Self::Regularisation => "regularisation",
            Self::Replay => "replay",
            Self::Adapters => "adapters",
            Self::Partial => "partial",
            Self::Merging => "merging",
            Self::Bayesian => "bayesian",
            Self::Hypernetworks => "hypernetworks",
            Self::Preferences => "preferences",
            Self::Other => "other",
        }
    }
}

/// A part of a stack.
#[derive(Clone, Copy)]
pub struct Method {
    /// Its name in `method=` and of its table, in kebab case.
    pub name: &'static str,
    /// One line: what it does.
    pub about: &'static str,
    /// Where it comes from.
    pub citation: &'static str,
    /// How its settings become a part of a stack.
    pub make: Make,
    /// Wants all tasks at once: an upper bound.
    pub joint: bool,
    /// Under which heading lists show it.
    pub family: Family,
    /// Its settings, whose values are checked against their ranges before `make` sees them.
    pub settings: &'static [Setting],
    /// What it needs, whatever its settings.
    pub needs: &'static [Need],
}

impl Method {
    /// A method of no family, without a description, settings or needs.
    pub const fn new(name: &'static str, make: Make) -> Self {
        let (about, citation, joint, family) = ("", "", false, Family::Other);
        Self { name, about, citation, make, joint, family, settings: &[], needs: &[] }
    }
}

/// How settings become a part of a stack; each gives the settings back with defaults.
#[derive(Clone, Copy)]
pub enum Make {
    /// Says what is trained.
    Carrier(fn(Table, &Net) -> Made<Box<dyn Carrier>>),
    /// Adds to what a carrier does.
    Contribution(fn(Table) -> Made<Box<dyn Contribution>>),
}

/// Makes a contribution out of its table.
pub fn contribution<C, M>(table: Table, new: impl FnOnce(C) -> M) -> Made<Box<dyn Contribution>>
where
    C: Settings,
    M: Contribution + 'static,
{
    let (table, config) = settings(table)?;
    Ok((table, Box::new(new(config))))
}

/// Makes a carrier out of its table and the network, which it may refuse.
pub fn carrier<C, M>(table: Table, net: &Net, new: impl FnOnce(C, Net) -> Result<M>) -> Made<Box<dyn Carrier>>
where
    C: Settings,
    M: Carrier + 'static,
{
    let (table, config) = settings(table)?;
    Ok((table, Box::new(new(config, net.clone())?)))
}
