//! The parts that streams are made of: kinds, orderings, alterations, arrivals and environments, one file each.

pub mod alteration;
pub mod arrival;
pub mod environment;
pub mod kind;
pub mod order;
pub mod shared;

use clbench::stream::{StreamParts, WrittenParts};

/// Everything that ships, in the order in which lists show it.
pub fn catalogue() -> StreamParts {
    StreamParts {
        kinds: kind::catalogue(),
        orderings: order::catalogue(),
        alterations: alteration::catalogue(),
        arrivals: arrival::catalogue(),
        environments: environment::catalogue(),
        written: WrittenParts { kind: "concepts", order: "explicit", arrival: arrival::recorded::ARRIVAL.name },
    }
}
