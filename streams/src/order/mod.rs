//! Ways to rank concepts, one file each; [`catalogue`] is the table of contents.

pub mod random;

use clbench::world::Ordering;

/// Every one, in the order in which lists show them.
pub fn catalogue() -> Vec<Ordering> {
    vec![random::ORDER]
}
