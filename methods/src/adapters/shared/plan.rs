//! When adapters come, where they go, and what becomes of them: what a user may choose.

use anyhow::{Result, ensure};
use clbench::catalogue::{Need, Range, Taken};
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
            "end = \"route\" chooses among the adapters of tasks, and per = \"stream\" has one for all; set \
             per=\"task\""
        );
        Ok(())
    }
    /// What it needs of stream, network and the parts beside it.
    pub fn needs(self) -> Vec<Need> {
        let mut needs = vec![Need::AdapterPlace, Need::OwnWeights, Need::TrainedMatrices];
        needs.extend((self.end == End::Route).then_some(Need::Task));
        needs.extend((self.on != On::All).then_some(Need::Attention));
        needs
    }
    /// What becomes of what others keep when adapters are put away, or all that is trained with them.
    pub fn takes(self) -> Vec<Taken> {
        let mut taken = vec![Need::AdapterPlace.taken("says so itself")];
        match (self.end, self.per) {
            (End::Keep, Per::Stream) => {}
            (End::Keep, Per::Task) => {
                taken.push(Need::SteadyPaths.taken("replaces some at each task").unless(&["per=stream"]));
            }
            (End::Fold, per) => {
                const FOLDS: &str = "folds its adapters into the matrices";
                let both: &[&str] = if per == Per::Task { &["per=stream", "end=keep"] } else { &["end=keep"] };
                taken.push(Need::SteadyPaths.taken(FOLDS).unless(both));
                taken.push(Need::SteadyValues.taken(FOLDS).unless(&["end=keep"]));
            }
            (End::Route, _) => {
                let one = Need::OneSet.taken("has weights for each task");
                taken.push(one.unless(&["per=stream", "end=keep"]));
            }
        }
        taken
    }
}
