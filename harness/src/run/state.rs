//! All of a run that changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    batch::memory::Memory,
    budget::{Horizon, Ledger, Phase, Spent},
    network::pass::Weights,
    optim::Optimizer,
    stream::Policy,
};

/// Where a run stands; the next step to be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Whether the evaluation before the first step is done.
    pub begun: bool,
    /// The experience, from 0.
    pub experience: usize,
    /// The step within the experience, from 0.
    pub step: u64,
    /// Steps taken in all.
    pub total: u64,
}

/// All of a run that changes, but for the contributions' own states.
pub struct State {
    /// All weights.
    pub weights: Weights,
    /// The optimizer.
    pub optim: Box<dyn Optimizer>,
    /// What was spent.
    pub ledger: Ledger,
    /// The next step to be taken.
    pub position: Position,
    /// Steps of each experience that has begun.
    pub horizons: Vec<Horizon>,
    /// The dearest step of the current experience.
    pub price: Spent,
    /// What is kept back for the end of the current experience.
    pub reserve: Spent,
    /// What the mixture's batches can bring back of earlier experiences: tasks, and places in their train views.
    pub buffer: Option<Memory<(u32, u32)>>,
    /// What chooses which examples come back.
    pub policy: Option<Box<dyn Policy>>,
    /// The batches of each experience so far, where a policy has chosen in them.
    pub taken: Vec<Vec<Vec<u32>>>,
    /// After each experience, bytes of what the method holds beside a plain network's weights.
    pub state_bytes: Vec<u64>,
    /// For each experience that has begun, bytes that a step holds at its peak.
    pub peaks: Vec<u64>,
    /// Bytes that a step of full fine-tuning holds at its peak; 0 before the first experience.
    pub reference: u64,
    /// Why the run diverged, if it did.
    pub diverged: Option<String>,
    /// Seconds by experience and phase; no part of what must repeat.
    pub seconds: Seconds,
}

/// Seconds by experience and phase.
pub type Seconds = BTreeMap<(usize, Phase), f64>;
