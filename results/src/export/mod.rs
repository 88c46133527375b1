//! Runs in the formats of other tools, each checked against that tool's own reader by `tests/outside/check-exports.sh`.

pub mod cards;
pub mod csv;
pub mod folder;
pub mod model_index;
pub mod parquet;
pub mod tensorboard;

use crate::record::{Split, StreamInfo};
pub use cards::cards;
pub use csv::CsvRows;
pub use folder::{FolderError, WholeFolder};
pub use model_index::{CardMetric, CardResult, model_index};
pub use parquet::{ParquetRows, write_parquet};
pub use tensorboard::{EVENT_FILE, tensorboard, tensorboard_folder};

/// The split's name, as it stands in `records.csv`.
fn split_name(split: Split) -> &'static str {
    match split {
        Split::Test => "test",
        Split::Validation => "validation",
    }
}

/// Characters of a stream's name in a folder's name, at most.
const MAX_STREAM: usize = 60;

/// A name for a stream's folder that is the same on every file system: its name and the beginning of its hash.
pub fn stream_folder(stream: &StreamInfo) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' };
    let name = stream.name.chars().take(MAX_STREAM).map(plain);
    name.chain(['-']).chain(stream.hash.chars().take(8).map(plain)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example;

    #[test]
    fn no_stream_leaves_the_folder() {
        let named = |name: &str| stream_folder(&StreamInfo { name: name.into(), ..example::stream() });
        assert_eq!(named("split-digits"), "split-digits-5ca1ab1e");
        assert_eq!(named("../é"), "____-5ca1ab1e");
    }
}
