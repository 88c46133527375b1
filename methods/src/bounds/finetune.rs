//! Plain fine-tuning: the network's own weights are trained, the loss is cross-entropy, nothing is done against
//! forgetting. The lower bound of every table.

use clbench::{
    catalogue::Settings,
    method::{Family, Make, Method, Plain, carrier},
};

/// The entry of the catalogue.
pub const METHOD: Method = Method {
    name: "finetune",
    about: "trains on each task as it comes: the lower bound",
    citation: "https://arxiv.org/abs/1706.08840",
    make: Make::Carrier(|table, net| carrier(table, net, |Config {}, net| Ok(Plain(net)))),
    joint: false,
    family: Family::Bounds,
    settings: Config::SETTINGS,
    needs: &[],
};

clbench::settings! {
    /// No settings.
    pub struct Config {}
}

impl Settings for Config {}
