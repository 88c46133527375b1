//! clbench trains models on streams of tasks under a fixed compute budget and measures what they learn and what they
//! forget.
//!
//! Its rooms stand on floors, and none names what stands above it. From the ground up: [`catalogue`] (what has a name
//! and settings), [`primitives`], [`budget`], [`data`] and [`optim`], [`stream`] (what arrives, and what comes back),
//! [`batch`] and [`network`], [`method`] (the contract), [`config`], [`run`] (the loop), [`execute`] (the loop and a
//! directory), [`cli`]. Whoever writes a method reads [`method`]; whoever writes a part of a stream reads [`stream`].

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
