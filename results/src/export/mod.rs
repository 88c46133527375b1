//! Runs in the formats of other tools, each checked against that tool's own reader by `scripts/check-exports.sh`.

pub mod model_index;
pub mod parquet;
pub mod tensorboard;

pub use model_index::{CardMetric, CardResult, model_index};
pub use parquet::{ParquetRows, write_parquet};
pub use tensorboard::{EVENT_FILE, tensorboard, tensorboard_folder};

use crate::record::Split;

/// The split's name, as it stands in `records.csv`.
fn split_name(split: Split) -> &'static str {
    match split {
        Split::Test => "test",
        Split::Validation => "validation",
    }
}
