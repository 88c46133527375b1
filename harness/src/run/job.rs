//! What it takes to run one seed.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use super::Watch;
use crate::config::{Setup, Shelf};

/// One seed of a setup, where it goes, and who is told.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// What is run.
    pub setup: &'a Setup,
    /// The seed of its draws.
    pub seed: u64,
    /// The folder of all runs.
    pub runs: &'a Path,
    /// Everything that is known by name.
    pub shelf: &'a Shelf,
    /// Who is told.
    pub watch: &'a dyn Watch,
    /// Set from outside to end it early.
    pub stop: &'a AtomicBool,
}

impl Job<'_> {
    /// Whether it is to end early.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
    /// Tells what happened.
    pub(crate) fn note(&self, what: &str) {
        self.watch.note(self.seed, what);
    }
}
