//! The kinds of stream that ship with clbench, one file each; [`catalogue`] is the table of contents.

pub mod class_incremental;
pub mod permuted;
pub mod rotated;
pub mod task_incremental;

use anyhow::{Result, ensure};
use clbench::{dataset::Dataset, registry::Kind};

/// Every kind of stream, in the order in which lists show them.
pub fn catalogue() -> Vec<Kind> {
    vec![class_incremental::KIND, task_incremental::KIND, permuted::KIND, rotated::KIND]
}

/// The one dataset of a kind that takes one.
fn only(datasets: &[Dataset]) -> Result<&Dataset> {
    ensure!(datasets.len() == 1, "this kind of stream takes one dataset, here are {}", datasets.len());
    Ok(&datasets[0])
}
