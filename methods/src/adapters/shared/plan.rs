//! When adapters come, where they go, and what becomes of them: what a user may choose.

use anyhow::{Result, ensure};
use clbench::{
    catalogue::{Need, Range},
    method::Layout,
};
use serde::{Deserialize, Serialize};

/// What the rank of an adapter may be.
pub const RANKS: Range = Range::Whole(1, 4096);

clbench::choice! {
    /// How many adapters there are.
    #[derive(Default)]
    pub enum Per {
        /// One for the whole stream.
        #[default]
        Stream = "stream",
        /// A new one for each experience.
        Task = "task",
    }
}

clbench::choice! {
    /// What becomes of an adapter when its time is over: after each experience, or with the last one.
    #[derive(Default)]
    pub enum End {
        /// It stays and is no longer trained. All adapters are applied side by side, each at its own cost.
        #[default]
        Keep = "keep",
        /// It is added to its matrix.
        Fold = "fold",
        /// Each task has its own adapters, and with them all else that is trained: biases, norms and heads with their
        /// statistics. Each begins where the stream began, and the task's identity says whose are used.
        Route = "route",
    }
}

clbench::choice! {
    /// Which matrices of the body are adapted. Those that are not are frozen, unless all are meant.
    #[derive(Default)]
    pub enum On {
        /// Every matrix and kernel that mixes channels.
        #[default]
        All = "all",
        /// The four of attention.
        Attention = "attention",
        /// Queries and values: LoRA's own choice for transformers.
        QueryValue = "query-value",
        /// Keys and values: InfLoRA's choice.
        KeyValue = "key-value",
    }
}

impl On {
    /// Whether it means the matrix called `name`.
    pub(super) fn covers(self, name: &str) -> bool {
        let last = name.rsplit('.').next().unwrap_or(name);
        match self {
            Self::All => true,
            Self::Attention => ["query", "key", "value", "out"].contains(&last),
            Self::QueryValue => ["query", "value"].contains(&last),
            Self::KeyValue => ["key", "value"].contains(&last),
        }
    }
}

/// When adapters come, where they go, and what becomes of them.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Plan {
    /// How many adapters there are.
    pub per: Per,
    /// What becomes of an adapter when its time is over.
    pub end: End,
    /// Which matrices are adapted.
    pub on: On,
}

impl Plan {
    /// Refuses what contradicts itself.
    pub fn check(self) -> Result<()> {
        let Self { per, end, .. } = self;
        ensure!(
            end != End::Route || per == Per::Task,
            "end = \"route\" chooses among the adapters of tasks, and per = \"stream\" has one for all; set per=\"task\""
        );
        Ok(())
    }
    /// How adapters stand to the paths of `theta`.
    pub fn layout(self) -> Layout {
        match (self.end, self.per) {
            (End::Fold, _) => Layout::Folds,
            (End::Route, _) => Layout::Routes,
            (End::Keep, Per::Task) => Layout::Replaces,
            (End::Keep, Per::Stream) => Layout::Indifferent,
        }
    }
    /// What it needs of stream and network.
    pub fn needs(self) -> &'static [Need] {
        match (self.end == End::Route, self.on == On::All) {
            (false, true) => &[],
            (true, true) => &[Need::Task],
            (false, false) => &[Need::Attention],
            (true, false) => &[Need::Task, Need::Attention],
        }
    }
}
