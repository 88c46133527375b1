//! Joint training: all tasks arrive at once, and plain fine-tuning learns them together. The upper bound of every
//! table.
//!
//! The stopping rule and caps per experience count once for every experience that arrives at once, so joint training
//! spends what the sequential run spends.

use clbench::{
    catalogue::Settings,
    method::{Family, Make, Method, Plain, carrier},
};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "joint",
    about: "trains on all tasks at once: the upper bound",
    citation: "https://doi.org/10.1023/A:1007379606734",
    make: Make::Carrier(|table, net| carrier(table, net, |Config {}, net| Ok(Plain(net)))),
    joint: true,
    family: Family::Bounds,
    settings: Config::SETTINGS,
    needs: &[],
};

clbench::settings! {
    /// No settings.
    pub struct Config {}
}

impl Settings for Config {}
