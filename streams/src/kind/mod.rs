//! Kinds of stream: how a universe of concepts becomes tasks, one file each.

pub mod class_incremental;
pub mod concepts;
pub mod domain_incremental;
pub mod instance_incremental;
pub mod permuted;
pub mod rotated;
pub mod task_incremental;

use clbench::stream::Kind;

/// Every kind of stream.
pub fn catalogue() -> Vec<Kind> {
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
