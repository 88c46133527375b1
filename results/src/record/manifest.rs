//! What a finished run says of itself; written last, so that its existence means that the run is complete.

use serde::{Deserialize, Serialize};

/// The version of the files in a run's directory that this crate writes.
///
/// Format 3 brought the margin of a record, the datasets of tasks and what a reference covers; format 2 is still read.
pub const FORMAT: u32 = 3;
/// The oldest version that is read.
const OLDEST: u32 = 2;

/// The content of `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the run's files, [`FORMAT`].
    pub format: u32,
    /// Run id: the hash of the resolved configuration and the stream.
    pub run: String,
    /// Hash of the configuration without the seed: runs of one family differ in nothing else.
    pub family: String,
    /// The stream that was trained on.
    pub stream: StreamInfo,
    /// The method, as in `method=lora+ewc`.
    pub method: String,
    /// Settings given on the command line, such as `lora.rank=8`.
    pub overrides: Vec<String>,
    /// Seed of every draw of the run.
    pub seed: u64,
    /// What the method was allowed to know and how it was asked.
    pub conditions: Conditions,
    /// Device that trained, such as `flex`.
    pub device: String,
    /// Version of clbench.
    pub version: String,
    /// Source revision that clbench was built from; empty if unknown.
    pub revision: String,
    /// The machine, in words.
    pub machine: String,
    /// The steps planned for each experience, in order; fewer than the stream has if the run diverged.
    pub experiences: Vec<Plan>,
    /// What the whole run spent.
    pub spent: Spend,
    /// Why the run diverged, if it did.
    pub diverged: Option<String>,
}

/// The stream of a run, as far as its results need to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamInfo {
    /// Name, from the stream's file.
    pub name: String,
    /// Kind, such as `class-incremental`.
    pub kind: String,
    /// Content hash; results of different hashes are never compared.
    pub hash: String,
    /// Names of the tasks, in order.
    pub tasks: Vec<String>,
    /// Number of experiences.
    pub experiences: usize,
    /// All tasks at once: the upper bound.
    pub joint: bool,
    /// Tasks (from 0) of which something new is trained in each experience.
    pub trained: Vec<Vec<usize>>,
    /// Where the order came from and what was left out, in words.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Names of the classes, in the order of the labels; none where they were not kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Dataset of each task, several with `+` between them; none where they were not kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<String>,
    /// Tasks (from 0) that ask about the pretraining pool; other tasks that are never trained are held out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pool: Vec<usize>,
    /// For joint training on a part of the stream: the first and the last experience (from 1) that it covers. Such a
    /// run is a reference for intransigence and no row of a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<(usize, usize)>,
}

/// What a method was allowed to know and how it was asked: results are ranked only under equal conditions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// Initial weights, such as `random`.
    pub start: String,
    /// `shared` or `multi`.
    pub head: String,
    /// Logits that count in training: `all`, `seen` or `task`.
    pub train_logits: String,
    /// Logits that count in evaluation: `all`, `seen` or `task`.
    pub test_logits: String,
    /// Whether the task's identity is told at test.
    pub task_identity: bool,
    /// Hash of what the stream sets for every method: network, optimizer, schedule and batch.
    pub recipe: String,
    /// Shares of update, buffer and pretraining in a batch; empty where batches hold what is new alone.
    pub mixture: String,
}

/// The length of one experience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Optimizer steps.
    pub steps: u64,
    /// What set them: `epochs`, `steps`, `budget.flops`, `budget.maf`, `budget.examples` or `budget.steps`.
    pub bound_by: String,
    /// Networks that each step updates side by side, such as the posteriors of IBCL: updates are steps times networks.
    #[serde(default = "one")]
    pub networks: u64,
}

fn one() -> u64 {
    1
}

/// What a whole run spent; work is the sum of the ledger's charged rows, bytes are the most of all rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spend {
    /// Optimizer steps.
    pub steps: u64,
    /// Floating-point operations charged to the budget.
    pub flops: u64,
    /// Examples processed, replayed ones included.
    pub examples: u64,
    /// Examples of these that came from a memory or the pretraining pool.
    pub replayed: u64,
    /// Examples of these that the environment brought back.
    pub rehearsed: u64,
    /// Floating-point operations that were recorded and not charged.
    pub evaluation_flops: u64,
    /// Largest state that the method held, in bytes.
    pub state_bytes: u64,
    /// Memory-adjusted operations charged to the budget: operations, times the peak memory of a step over that of full
    /// fine-tuning; none in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maf: Option<u64>,
    /// The most bytes that a step held: weights, gradients, the optimizer, what the backward pass needs, states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_bytes: Option<u64>,
    /// The same of a step of full fine-tuning, which memory-adjusted operations are relative to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_bytes: Option<u64>,
}

impl Manifest {
    /// The text of `manifest.json`: pretty, with a final newline.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("strings, integers and lists always serialise");
        text.push('\n');
        text
    }

    /// Reads `manifest.json`; the version is looked at before anything else.
    pub fn from_json(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let version: Version = serde_json::from_str(text).map_err(|e| e.to_string())?;
        if !(OLDEST..=FORMAT).contains(&version.format) {
            return Err(format!(
                "format {} is not known, only {OLDEST} to {FORMAT}; read it with the clbench that wrote it",
                version.format
            ));
        }
        serde_json::from_str(text).map_err(|e| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example;

    #[test]
    fn a_manifest_survives_the_file() {
        let manifest = example::manifest("er", 7);
        let text = manifest.to_json();
        assert!(text.starts_with("{\n  \"format\": 3,\n"), "{text}");
        assert_eq!(Manifest::from_json(&text).unwrap(), manifest);
    }

    #[test]
    fn another_format_is_refused_by_its_number_even_if_nothing_else_fits() {
        let error = Manifest::from_json("{\"format\": 1, \"novelty\": 1}").unwrap_err();
        assert_eq!(error, "format 1 is not known, only 2 to 3; read it with the clbench that wrote it");
    }

    #[test]
    fn an_unknown_field_is_an_error() {
        let text = example::manifest("er", 7).to_json().replacen("\"run\"", "\"rum\"", 1);
        assert!(Manifest::from_json(&text).unwrap_err().contains("rum"));
    }
}
