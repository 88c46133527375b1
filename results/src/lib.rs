//! What a clbench run leaves behind, and all that is computed from it. Nothing here trains, and nothing here knows a
//! method, a stream or a dataset by more than its name.
//!
//! Reading order:
//!
//! 1. [`record`], [`ledger`], [`manifest`]: the three files of a run, and [`rows`], how two of them are written.
//! 2. [`run`], [`limits`], [`mod@discover`]: a run read back and checked, and all runs below a directory.
//! 3. [`matrix`], [`history`], [`metric`], [`stats`]: accuracies, what is computed from them, and how sure it is.
//! 4. [`summary`], [`rank`]: runs gathered into rows, and who may be compared with whom.
//! 5. [`mod@table`], [`report`], [`mod@verdict`], [`text`], [`picture`]: the same for people.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod atomic;
pub mod bundle;
pub mod compare;
pub mod curves;
pub mod discover;
pub mod export;
pub mod filter;
pub mod fit;
pub mod gallery;
pub mod generator;
pub mod history;
pub mod import;
pub mod ledger;
pub mod lifetime;
pub mod limits;
pub mod manifest;
pub mod matrix;
pub mod metric;
pub mod noise;
pub mod phases;
pub mod phases_text;
pub mod picture;
pub mod proof;
pub mod rank;
pub mod record;
pub mod report;
pub mod repro;
pub mod retrieval;
pub mod rows;
pub mod run;
pub mod score_text;
pub mod site;
pub mod spending;
pub mod splice;
pub mod statistics;
pub mod stats;
pub mod study;
pub mod summary;
pub mod table;
pub mod text;
pub mod train;
pub mod verdict;

mod check;
#[cfg(test)]
mod example;
mod grid;
mod guess;
mod plain;
mod reference;

pub use atomic::{WholeFile, WriteError, write_whole};
pub use discover::{Found, discover};
pub use filter::Filter;
pub use gallery::{Figure, Kind as FigureKind, Refusal, figures};
pub use generator::generator;
pub use guess::Guess;
pub use ledger::LedgerRow;
pub use manifest::{Conditions, FORMAT, Manifest, Plan, Spend, StreamInfo};
pub use matrix::Matrix;
pub use metric::{Metric, Scores, Subject};
pub use phases::{Phases, View, phases};
pub use phases_text::{phases_sentence, phases_spread, phases_text};
pub use rank::{Place, Ranking};
pub use record::{At, Record, Split};
pub use report::{matrix_text, scores_text, spend_text};
pub use retrieval::{RETRIEVAL_FILE, Retrieval, read_retrieval};
pub use rows::{append_rows, read_rows, write_rows};
pub use run::{CONFIG_FILE, LEDGER_FILE, MANIFEST_FILE, RECORDS_FILE, RunDir, RunError};
pub use site::{Figure as SiteFigure, SiteOptions, site};
pub use stats::Estimate;
pub use summary::{Entry, Grouping, StreamSummary, SummaryError, summarise};
pub use table::{Column, Format, TableOptions, render, table};
pub use train::{TRAIN_FILE, TrainRow, read_train};
pub use verdict::verdict;
