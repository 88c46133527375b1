//! Ways to rank concepts, one file each; [`catalogue`] is the table of contents.

pub mod curriculum_designer;
pub mod dataset;
pub mod difficulty;
pub mod explicit;
pub mod frequency;
pub mod random;
pub mod similarity;
pub mod time;

use clbench::stream::Ordering;

/// Every one, in the order in which lists show them.
pub fn catalogue() -> Vec<Ordering> {
    vec![
        random::ORDER,
        explicit::ORDER,
        difficulty::ORDER,
        frequency::ORDER,
        similarity::ORDER,
        time::ORDER,
        dataset::ORDER,
        curriculum_designer::ORDER,
    ]
}
