//! A resolved run: what the stream file and the command line come to, defaults included.

mod described;
mod overrides;
mod resolve;
mod sections;
mod shelf;
mod start;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use toml::Table;

pub use self::{
    described::{Arriving, Described, resolve_stream},
    overrides::{Asked, Override},
    resolve::{Setup, resolve},
    sections::{Key, Keys, keys},
    shelf::Shelf,
    start::{File, Found, Pretrain, Start},
};
pub(crate) use self::{
    described::{explicit, resolve_stream_table},
    resolve::parsed,
    sections::is_section,
    start::Given,
};
use crate::{
    batch::mixture::{Buffer, Mixture},
    budget::{Budget, Train},
    catalogue::{Range, Settings},
    data::files::{Lain, without_names},
    method::Preferences,
    network::{net::Body, text},
    optim::schedule::Schedule,
    primitives::{hex::hex, scope::Head},
    stream::is_default,
};

/// A resolved configuration: the content of `config.toml`, less what it notes of stream and machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of the stream: the file's, unless the file says another.
    pub name: String,
    /// Names joined by `+`.
    pub method: String,
    /// Seed of every draw of the run; the stream's own is in `[stream]`.
    pub seed: u64,
    /// Where tensors live.
    pub device: String,
    /// Where the first weights come from.
    pub start: Start,
    /// Where the files lay that the stream file names; no part of the run's identity, and neither are their names.
    #[serde(default, skip_serializing_if = "Lain::is_empty")]
    pub files: Lain,
    /// Datasets of the user's own, by name.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub data: Table,
    /// Which tasks there are and how they arrive.
    pub stream: Table,
    /// What comes before the head.
    pub net: Body,
    /// How texts are read, and how images and texts are brought together; none where there are no texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<text::Config>,
    /// Heads, and which logits count.
    pub head: Head,
    /// The optimizer.
    pub optim: Table,
    /// Its learning rates.
    pub schedule: Schedule,
    /// Batches, and how long a method would like to train.
    pub train: Train,
    /// What batches are made of.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mixture: Mixture,
    /// What of earlier experiences batches can hold.
    #[serde(default, skip_serializing_if = "is_default")]
    pub buffer: Buffer,
    /// What it may spend.
    pub budget: Budget,
    /// When and how it is evaluated.
    pub eval: Eval,
    /// What is logged.
    pub log: Log,
    /// What is kept beside the results.
    pub keep: Keep,
    /// When it is saved.
    pub checkpoint: Checkpoint,
    /// Settings of each part of the method.
    pub methods: Table,
}

crate::catalogue::settings! {
    /// The stream's `[optim]` table, less what its rule asks.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Optim {
        /// Name of the rule.
        pub rule: String = "sgd".into();
        /// Full learning rate, γ.
        pub rate: f64, Range::Above(0.0);
        /// Largest global norm of the gradients; none for no clipping.
        pub clip: Option<f64> = None, Range::Above(0.0);
        /// Whether each experience starts with an optimizer that remembers nothing.
        pub reset: bool = true;
    }
}

impl Settings for Optim {}

crate::catalogue::settings! {
    /// The stream's `[eval]` table. All tasks are evaluated before the first step and after each experience.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Eval {
        /// Also every so many steps of an experience; 0 for never.
        pub every: u64 = 0;
        /// Also after 1 to 10, 20 to 100 by tens, 200 to 1000 by hundreds, … steps of an experience: retention curves
        /// and learning curves need the beginning.
        #[serde(skip_serializing_if = "is_default")]
        pub log_spaced: bool = false;
        /// About which tasks within an experience; before the first step and after each experience it is all of them.
        #[serde(skip_serializing_if = "is_default")]
        pub within: Within = Within::All;
        /// Examples that are asked at once.
        pub batch: usize = 500, Range::Whole(1, 1 << 20);
        /// Training examples of each held-out class of which its mean feature is taken.
        #[serde(skip_serializing_if = "are_usual")]
        pub shots: usize = SHOTS, Range::Whole(1, i64::MAX);
        /// Also ask under these preferences over tasks, each with a weight for every task.
        pub preferences: Vec<Vec<f64>> = Vec::new(), Range::Text("lists of weights, one for each task");
        /// After each experience also ask under so many drawn preferences over the tasks that have come.
        #[serde(skip_serializing_if = "is_default")]
        pub random_preferences: usize = 0, Range::Whole(0, 10_000);
    }
}

impl Settings for Eval {}

/// Usual number of training examples behind the mean of a held-out class.
const SHOTS: usize = 50;

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn are_usual(shots: &usize) -> bool {
    *shots == SHOTS
}

impl Eval {
    /// Whether answers to preferences are asked for.
    pub fn prefers(&self) -> bool {
        !self.preferences.is_empty() || self.random_preferences > 0
    }
    /// Which preferences are asked.
    pub fn preferences(&self) -> Preferences<'_> {
        Preferences { given: &self.preferences, drawn: self.random_preferences }
    }
    /// Whether tasks are evaluated after `step` steps of an experience that goes on.
    pub fn is_due(&self, step: u64) -> bool {
        let every = self.every > 0 && step.is_multiple_of(self.every);
        every || (self.log_spaced && step > 0 && step.is_multiple_of(10_u64.pow(step.ilog10())))
    }
}

crate::catalogue::choice! {
    /// About which tasks is asked within an experience.
    #[derive(Default)]
    pub enum Within {
        /// All of them.
        #[default]
        All = "all",
        /// Those of which something new comes in the experience.
        New = "new",
    }
}

crate::catalogue::settings! {
    /// The stream's `[log]` table.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Log {
        /// Loss, rate and gradient norm are logged, and the loss is checked, every so many steps.
        pub every: u64 = 10, Range::Whole(1, i64::MAX);
    }
}

impl Settings for Log {}

crate::catalogue::settings! {
    /// The stream's `[keep]` table: what a run leaves beside its results.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Keep {
        /// Final weights, in `artifact/weights.safetensors`; a `[start]` of kind `file` reads them.
        pub weights: bool = false;
        /// Each answer after each experience, in `predictions.csv`.
        pub predictions: bool = false;
        /// The last checkpoints.
        pub checkpoint: bool = false;
    }
}

impl Settings for Keep {}

crate::catalogue::settings! {
    /// The stream's `[checkpoint]` table. It changes no number, so it is no part of the run's identity.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Checkpoint {
        /// Steps between checkpoints within an experience; without it about every 30 seconds.
        pub every: Option<u64> = None, Range::Whole(1, i64::MAX);
    }
}

impl Settings for Checkpoint {}

impl Config {
    /// Twelve hexadecimal digits that tell this run on this stream from every other.
    pub fn id(&self, stream: &str) -> String {
        let [data, table] = [&self.data, &self.stream].map(|table| without_names(table, &self.files));
        let mut identity =
            Self { checkpoint: Checkpoint::default(), files: Lain::new(), data, stream: table, ..self.clone() };
        if let Start::File(file) = &mut identity.start {
            // Its checksum says all.
            file.path.clear();
        }
        let text = toml::to_string(&identity).expect("a configuration is TOML");
        let hash = Sha256::digest(format!("clbench {}\n{stream}\n{text}", env!("CARGO_PKG_VERSION")));
        hex(&hash)[..12].to_owned()
    }
    /// Six hexadecimal digits of what the stream sets for every method: network, text side, optimizer, schedule and
    /// batch.
    pub fn recipe(&self) -> String {
        let parts = (&self.net, &self.optim, &self.schedule, self.train.batch);
        let text = self.text.as_ref().map(|text| format!("{text:?}")).unwrap_or_default();
        // Where no word vectors are read there is nothing to say of them.
        let text = text.replace(", sha256: None", "");
        hex(&Sha256::digest(format!("{parts:?}{text}")))[..6].to_owned()
    }
    /// The id of all runs that differ from this one in nothing but the seed.
    pub fn family(&self, stream: &str) -> String {
        Self { seed: 0, ..self.clone() }.id(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_spaced_evaluations_are_dense_at_first() {
        let eval = Eval { log_spaced: true, ..Eval::default() };
        let due: Vec<u64> = (0..=1500).filter(|step| eval.is_due(*step)).collect();
        assert_eq!(due[..12], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30]);
        assert_eq!(due[17..], [90, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
        let both = Eval { every: 7, ..eval };
        assert!(both.is_due(14) && both.is_due(20) && !both.is_due(15) && both.is_due(7));
    }
}
