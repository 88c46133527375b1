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

pub mod batch;
pub mod budget;
pub mod catalogue;
pub mod cli;
pub mod config;
pub mod data;
pub mod execute;
pub mod method;
pub mod network;
pub mod optim;
pub mod primitives;
pub mod run;
pub mod stream;
