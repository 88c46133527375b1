//! Changes of training examples, one file each; [`catalogue`] is the table of contents.

use clbench::world::Alteration;

/// Every one, in the order in which lists show them.
pub fn catalogue() -> Vec<Alteration> {
    Vec::new()
}
