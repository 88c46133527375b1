//! Published tables made again from the runs they name, and everything that they say compared: each cell, head,
//! footnote and word, so that what is not the same is found wherever it stands.

mod json;
mod markdown;
mod page;
mod pictures;
mod tally;

pub use page::{Block, COMMANDS, Page, Piece, read_page};
pub use pictures::{Pictures, compare_pictures, others};
pub use tally::{Came, Finding, Tally, compare};

use crate::record::RunDir;

/// Whether two runs recorded the same, bit for bit.
pub fn same_records(a: &RunDir, b: &RunDir) -> bool {
    let bits = |run: &RunDir| {
        let row = |record: &crate::record::Record| {
            let numbers = [record.accuracy, record.loss, record.brier, record.confidence].map(f64::to_bits);
            let place = (record.at, record.experience, record.step, record.task, record.split, record.sample);
            (place, record.preference.clone(), numbers, record.n)
        };
        run.records.iter().map(row).collect::<Vec<_>>()
    };
    bits(a) == bits(b)
}

#[cfg(test)]
mod tests;
