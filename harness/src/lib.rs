//! clbench trains models on streams of tasks under a fixed compute budget and measures what they learn and what they
//! forget.
//!
//! Reading order: [`dataset`] and [`universe`] (what there is), [`world`] and [`stream`] (what arrives, and what comes
//! back), [`mixture`] and [`memory`] (what a batch is made of, and what is kept for it), [`theta`], [`pass`] and [`net`]
//! (weights are values, networks are functions of them), [`method`] and [`ctx`] (the contract), [`run`] (the loop).

/// The tensor library, in the version that clbench is built on; a plug-in uses this one.
pub use burn;
/// What runs leave behind, for plug-ins that read it.
pub use clbench_results as results;

pub mod array;
pub mod batch;
pub mod budget;
pub mod catalogue;
pub mod config;
pub mod cost;
pub(crate) mod course;
pub mod ctx;
pub mod data;
pub mod dataset;
pub mod device;
pub mod draws;
pub mod evaluate;
pub mod features;
pub mod files;
pub mod ledger;
pub mod linalg;
pub mod memory;
pub mod method;
pub mod mixture;
pub mod net;
pub mod optim;
pub mod pass;
pub mod plain;
pub mod predictor;
pub mod registry;
pub mod run;
pub mod schedule;
pub mod scope;
pub(crate) mod shape;
pub mod stack;
pub mod start;
pub mod stream;
pub mod text;
pub mod theta;
pub mod threads;
pub mod universe;
pub mod weights;
pub mod world;

pub mod cli;
pub mod execute;

mod checkpoint;
mod folder;
mod kept;
mod tide;
