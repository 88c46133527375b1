//! What a run leaves behind, read back and checked: nothing in a file is believed before it has passed.

pub(crate) mod check;
mod evaluation;
#[cfg(test)]
pub(crate) mod example;
mod history;
mod ledger;
pub mod limits;
mod manifest;
mod matrix;
pub(crate) mod plain;
mod retrieval;
mod rows;
mod run;
mod train;

pub(crate) use self::run::{Files, read, refused};
pub use self::{
    evaluation::{At, Record, Split},
    history::{Answered, History, Moment, Preferred},
    ledger::LedgerRow,
    manifest::{Conditions, FORMAT, Manifest, Plan, Spend, StreamInfo},
    matrix::Matrix,
    retrieval::{RETRIEVAL_FILE, Retrieval, read_retrieval},
    rows::{Row, append_rows, read_rows, write_rows},
    run::{CONFIG_FILE, LEDGER_FILE, MANIFEST_FILE, RECORDS_FILE, RunDir, RunError},
    train::{TRAIN_FILE, TrainRow, read_train},
};
