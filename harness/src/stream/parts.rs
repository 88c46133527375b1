//! What streams are made of: a list of each sort of part.

use anyhow::Result;

use super::{Alteration, Arrival, Environment, Kind, Ordering, USUAL};
use crate::catalogue::pick;

/// Names of the parts that read a stream from files, as `clbench stream export` writes them; empty for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrittenParts {
    /// The kind that makes tasks from a list of concepts.
    pub kind: &'static str,
    /// The ordering that reads a list of concepts from its `file`.
    pub order: &'static str,
    /// The arrival that reads experiences from its `file`; `once` says whether each example may be seen only once.
    pub arrival: &'static str,
}

/// What streams are made of.
#[derive(Clone, Default)]
pub struct StreamParts {
    /// Kinds of stream.
    pub kinds: Vec<Kind>,
    /// Ways to rank concepts.
    pub orderings: Vec<Ordering>,
    /// Ways to change training examples.
    pub alterations: Vec<Alteration>,
    /// Ways in which examples come.
    pub arrivals: Vec<Arrival>,
    /// Ways in which examples come back.
    pub environments: Vec<Environment>,
    /// Which of these read a stream that is written as files.
    pub written: WrittenParts,
}

impl StreamParts {
    /// What is there from the start: examples as they are, one task after the other, and nothing that comes back.
    pub fn usual() -> Self {
        let (given, whole, none) = USUAL;
        Self { orderings: vec![given], arrivals: vec![whole], environments: vec![none], ..Self::default() }
    }
    /// Adds the parts of `more` after those that are there.
    pub fn add(&mut self, more: Self) {
        self.kinds.extend(more.kinds);
        self.orderings.extend(more.orderings);
        self.alterations.extend(more.alterations);
        self.arrivals.extend(more.arrivals);
        self.environments.extend(more.environments);
        if more.written != WrittenParts::default() {
            self.written = more.written;
        }
    }
    /// The kind of stream called `name`, or what there is.
    pub fn kind(&self, name: &str) -> Result<&Kind> {
        pick("kind of stream", name, &self.kinds, |kind| kind.name)
    }
}
