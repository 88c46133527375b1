//! The parts that streams are made of: kinds, orderings, alterations, arrivals and environments, one file each.

pub mod alteration;
pub mod arrival;
pub mod class_incremental;
pub mod domain_incremental;
pub mod environment;
pub mod instance_incremental;
pub mod order;
pub mod permuted;
pub mod rotated;
pub mod task_incremental;

use clbench::registry::{Kind, StreamParts};

/// Everything that ships, in the order in which lists show it.
pub fn catalogue() -> StreamParts {
    StreamParts {
        kinds: kinds(),
        orderings: order::catalogue(),
        alterations: alteration::catalogue(),
        arrivals: arrival::catalogue(),
        environments: environment::catalogue(),
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
    ]
}
