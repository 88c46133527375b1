//! Ways in which examples come, one file each; [`catalogue`] is the table of contents.

use clbench::world::Arrival;

/// Every one, in the order in which lists show them.
pub fn catalogue() -> Vec<Arrival> {
    Vec::new()
}
