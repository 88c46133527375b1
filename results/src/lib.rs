//! What a clbench run leaves behind, and all that is computed from it. Nothing here trains, and nothing here knows a
//! method, a stream or a dataset by more than its name.
//!
//! Its rooms stand on floors, and none names what stands above it. From the ground up:
//!
//! 1. [`words`], [`record`] (a run's files, read back and checked), [`store`] (where runs lie).
//! 2. [`statistics`], [`fit`], [`lifetime`], [`metric`], [`mod@import`]: accuracies, what is computed from them, and
//!    how sure it is.
//! 3. [`summary`]: runs gathered into rows, and who may be compared with whom.
//! 4. [`mod@table`], [`text`], [`picture`], [`gallery`], [`export`], [`proof`], [`report`], [`study`]: the same for
//!    people.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod export;
pub mod fit;
pub mod gallery;
pub mod import;
pub mod lifetime;
pub mod metric;
pub mod picture;
pub mod proof;
pub mod record;
pub mod report;
pub mod statistics;
pub mod store;
pub mod study;
pub mod summary;
pub mod table;
pub mod text;
pub mod words;

pub use self::{
    gallery::{Figure, Kind as FigureKind, Refusal, figures},
    metric::{Metric, Scores, Subject},
    record::{
        At, CONFIG_FILE, Conditions, FORMAT, LEDGER_FILE, LedgerRow, MANIFEST_FILE, Manifest, Matrix, Plan,
        RECORDS_FILE, RETRIEVAL_FILE, Record, Retrieval, RunDir, RunError, Spend, Split, StreamInfo, TRAIN_FILE,
        TrainRow, append_rows, limits, read_retrieval, read_rows, read_train, write_rows,
    },
    report::{Figure as SiteFigure, SiteOptions, site},
    statistics::{Estimate, generator},
    store::{
        Filter, Found,
        atomic::{WholeFile, WriteError, write_whole},
        discover,
    },
    summary::{
        Entry, Grouping, StreamSummary, SummaryError,
        guess::Guess,
        phases::{Phases, View, phases},
        rank::{Place, Ranking},
        summarise,
    },
    table::{Column, Format, TableOptions, render, table},
    text::{
        phases::{phases_sentence, phases_spread, phases_text},
        run::{matrix_text, scores_text, spend_text},
        verdict::verdict,
    },
};
