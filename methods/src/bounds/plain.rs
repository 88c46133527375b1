//! Training as it is: the network's own weights are trained, the loss is cross-entropy, nothing is done against
//! forgetting. On each task as it comes that is fine-tuning, the lower bound of every table; on all of them at once it
//! is joint training, the upper bound.
//!
//! The stopping rule and caps per experience count once for every experience that arrives at once, so joint training
//! spends what the sequential run spends.

use clbench::{
    catalogue::Settings,
    method::{Family, Make, Method, Plain, carrier},
};

/// Fine-tuning.
pub const FINETUNE: Method = Method {
    about: "trains on each task as it comes: the lower bound",
    citation: "https://arxiv.org/abs/1706.08840",
    family: Family::Bounds,
    settings: Config::SETTINGS,
    ..Method::new("finetune", Make::Carrier(|table, net| carrier(table, net, |Config {}, net| Ok(Plain(net)))))
};

/// Joint training.
pub const JOINT: Method = Method {
    name: "joint",
    about: "trains on all tasks at once: the upper bound",
    citation: "https://doi.org/10.1023/A:1007379606734",
    joint: true,
    ..FINETUNE
};

clbench::settings! {
    /// No settings.
    pub struct Config {}
}

impl Settings for Config {}
