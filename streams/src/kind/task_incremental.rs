//! Task-incremental: n tasks of new classes, one head for each task, and the task is told.
//!
//! van de Ven et al. 2022, <https://doi.org/10.1038/s42256-022-00568-3>, "task-incremental". A shared head whose logits
//! are masked at test is something else: `class-incremental` with `head.test = "task"`.

use clbench::{
    catalogue::Made,
    primitives::scope::{Count, Head, HeadKind},
    stream::{Ground, Kind, Plan},
};
use toml::Table;

use crate::kind::class_incremental::{Config, make};

/// The entry of the catalogue.
pub const KIND: Kind = Kind {
    name: "task-incremental",
    about: "n tasks of new classes, as many each or not; one head for each task, the task is told",
    citation: "https://doi.org/10.1038/s42256-022-00568-3",
    settings: Config::SETTINGS,
    make: told,
};

fn told(table: Table, ground: &Ground) -> Made<Plan> {
    make(table, ground, Head { kind: HeadKind::Multi, train: Count::Task, test: Count::Task })
}
