//! The parts that streams are made of: kinds, orderings, alterations, arrivals and environments, one file each.

pub mod alteration;
pub mod arrival;
pub mod class_incremental;
pub mod concepts;
pub mod domain_incremental;
mod embedding;
pub mod environment;
pub mod instance_incremental;
mod listing;
pub mod order;
mod past_run;
mod path;
pub mod permuted;
mod probe;
mod roster;
pub mod rotated;
pub mod shares;
pub mod task_incremental;
mod thumbnail;
#[cfg(test)]
mod toy;

use clbench::stream::{Kind, StreamParts, WrittenParts};

/// Everything that ships, in the order in which lists show it.
pub fn catalogue() -> StreamParts {
    StreamParts {
        kinds: kinds(),
        orderings: order::catalogue(),
        alterations: alteration::catalogue(),
        arrivals: arrival::catalogue(),
        environments: environment::catalogue(),
        written: WrittenParts { kind: "concepts", order: "explicit", arrival: arrival::recorded::ARRIVAL.name },
    }
}

/// Every kind of stream.
fn kinds() -> Vec<Kind> {
    vec![
        class_incremental::KIND,
        task_incremental::KIND,
        domain_incremental::KIND,
        instance_incremental::KIND,
        permuted::KIND,
        rotated::KIND,
        concepts::KIND,
    ]
}
