//! The metrics of lifelong learning over a lifetime: logs of learning and evaluation blocks, what is computed from
//! them, and runs written as such logs.
//!
//! - New et al. 2022, <https://arxiv.org/abs/2201.08278>: the metrics, their names and the order of the preprocessing.
//! - Baker et al. 2023, <https://arxiv.org/abs/2301.07799>: the same, and the scenarios they were used on.
//! - `l2metrics` 3.1.0, <https://github.com/lifelong-learning-systems/l2metrics>: the arithmetic where the papers leave
//!   room. The golden tests hold every number against it.
//! - `l2logger` 1.8.2, <https://github.com/lifelong-learning-systems/l2logger>: log format 1.1.
//!
//! **Deviation:** both kinds of performance maintenance and of transfer are always computed, where the package computes
//! what is asked for. A value that cannot be computed is `null` in JSON, where the package writes `NaN`. **Deviation:**
//! evaluation rows in a single-task log are left out; the package normalises them too, and stops at a task that the
//! lifetime does not have. **Deviation:** single-task runs stand in for a task of another variant if the names are
//! equal up to the first `_`; the package also takes those whose names merely begin the same. **Deviation:** a curve
//! that is best at its very start saturates there; in the package rounding decides whether it does so there or one
//! experience later. **Deviation:** performance that equals what it was before counts as recovered; in the package the
//! rounding of smoothed curves decides, which depends on the machine, so that a recovery time can differ where a curve
//! has plateaus. **Deviation:** averaging single-task runs over time (`-v time`) is refused; the package itself calls
//! it deprecated.

mod log;
mod maintenance;
mod measure;
mod options;
mod prepare;
mod read;
mod report;
mod scenario;
mod single;
mod smooth;
mod transfer;
mod write;

#[cfg(test)]
mod tests;

pub use log::{BlockType, Info, LifetimeError, Log, Row, Status, Subtype, Timestamp};
pub use options::{Aggregation, Averaging, Normalisation, Options, Range, Variants};
pub use read::read_scenario;
pub use report::{LifetimeMetrics, RegimeMetrics, TaskMetrics, lifetime_metrics};
pub use scenario::{Learned, Scenario, learned_from_records, learned_from_train, scenario_of};
pub use smooth::Smoothing;
pub use write::write_scenario;
