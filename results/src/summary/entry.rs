//! A row of a table: all seeds of one configuration.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{SummaryError, rank::Place};
use crate::{
    metric::{Metric, Scores},
    record::{Conditions, Manifest, RunDir, Spend},
    statistics::Estimate,
    words::clean,
};

/// One method under one configuration, over all its seeds.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Hash of the configuration without the seed.
    pub family: String,
    /// Name of the stream.
    pub stream: String,
    /// Content hash of the stream.
    pub hash: String,
    /// The method.
    pub method: String,
    /// Settings given on the command line, without the method and the seed.
    pub overrides: Vec<String>,
    /// More of them, where all rows of a table share them and its rows do not name them.
    pub common: Vec<String>,
    /// Whether all tasks were trained at once.
    pub joint: bool,
    /// What the method was allowed to know.
    pub conditions: Conditions,
    /// Directories of the runs, in the order of the seeds.
    pub paths: Vec<PathBuf>,
    /// Run ids, in the order of the seeds.
    pub runs: Vec<String>,
    /// Seeds, ascending, those that diverged included.
    pub seeds: Vec<u64>,
    /// Seeds that diverged.
    pub diverged: Vec<u64>,
    /// What bound the steps of the experiences; several words if not all were bound by the same.
    pub bound_by: Vec<String>,
    /// Most networks that a step updates side by side.
    pub networks: u64,
    /// The largest spending of any seed, field by field.
    pub spent: Spend,
    /// Versions, revisions and devices that made the runs.
    pub made_by: Vec<String>,
    /// Rank among comparable entries; none for joint training, diverged methods and entries without a peer.
    pub place: Option<Place>,
    scores: Vec<(u64, Scores)>,
}

impl Entry {
    pub(super) fn new(runs: &[&RunDir], scores: &dyn Fn(&RunDir) -> Scores) -> Result<Self, SummaryError> {
        let mut runs = runs.to_vec();
        runs.sort_by_key(|run| run.manifest.seed);
        for pair in runs.windows(2) {
            let [a, b] = [pair[0], pair[1]].map(|run| clean(&run.path.display().to_string()));
            if pair[0].manifest.seed == pair[1].manifest.seed {
                return Err(SummaryError::RepeatedSeed(a, b));
            }
            if let Some(what) = family_difference(&pair[0].manifest, &pair[1].manifest) {
                return Err(SummaryError::Contradiction(a, b, "family", what));
            }
        }
        let manifests = || runs.iter().map(|run| &run.manifest);
        let first = &runs[0].manifest;
        let set = |words: BTreeSet<String>| words.into_iter().collect();
        Ok(Self {
            family: first.family.clone(),
            stream: first.stream.name.clone(),
            hash: first.stream.hash.clone(),
            method: first.method.clone(),
            overrides: settings(first),
            common: Vec::new(),
            joint: first.stream.joint,
            conditions: first.conditions.clone(),
            paths: runs.iter().map(|run| run.path.clone()).collect(),
            runs: manifests().map(|m| m.run.clone()).collect(),
            seeds: manifests().map(|m| m.seed).collect(),
            diverged: manifests().filter(|m| m.diverged.is_some()).map(|m| m.seed).collect(),
            bound_by: set(manifests().flat_map(|m| &m.experiences).map(|plan| plan.bound_by.clone()).collect()),
            networks: manifests().flat_map(|m| &m.experiences).map(|plan| plan.networks).max().unwrap_or(1),
            spent: manifests().fold(Spend::default(), |largest, m| larger(&largest, &m.spent)),
            made_by: set(manifests().map(|m| format!("{} {} {}", m.version, m.revision, m.device)).collect()),
            place: None,
            scores: runs.iter().map(|run| (run.manifest.seed, scores(run))).collect(),
        })
    }

    /// The value of `metric` by seed; empty if any seed diverged, because the rest would flatter the method.
    pub fn values(&self, metric: &Metric) -> Vec<(u64, f64)> {
        if self.diverged.is_empty() {
            self.scores.iter().filter_map(|(seed, scores)| Some((*seed, scores.get(metric)?))).collect()
        } else {
            Vec::new()
        }
    }

    /// The mean of `metric` over the seeds; none if a seed diverged or lacks the value.
    pub fn estimate(&self, metric: &Metric) -> Option<Estimate> {
        let values: Vec<f64> = self.values(metric).into_iter().map(|(_, value)| value).collect();
        if values.len() == self.seeds.len() { Estimate::of(&values) } else { None }
    }

    /// The name in a table: `joint` for the upper bound, the method for everything else.
    pub fn name(&self) -> String {
        match (self.joint, self.method.as_str()) {
            (false, method) => method.into(),
            (true, "finetune" | "joint") => "joint".into(),
            (true, method) => format!("{method} (joint)"),
        }
    }

    /// Whether both are on one stream.
    pub fn stream_equals(&self, other: &Self) -> bool {
        self.hash == other.hash
    }

    /// Whether this is plain sequential training, the lower reference.
    pub fn is_finetune(&self) -> bool {
        self.method == "finetune" && !self.joint
    }
}

/// What two runs of one family differ in although it is part of the family's hash.
pub(super) fn family_difference(a: &Manifest, b: &Manifest) -> Option<&'static str> {
    let equal = [
        (a.method == b.method, "the method"),
        (a.conditions == b.conditions, "their conditions"),
        (a.stream.joint == b.stream.joint, "joint training"),
    ];
    equal.into_iter().find_map(|(equal, what)| (!equal).then_some(what))
}

/// The settings that a row is named by: the method and the seed have columns of their own.
pub(crate) fn settings(manifest: &Manifest) -> Vec<String> {
    let mut settings = manifest.overrides.clone();
    settings.retain(|setting| !matches!(setting.split('=').next().map(str::trim), Some("method" | "seed")));
    settings.sort();
    settings
}

fn larger(a: &Spend, b: &Spend) -> Spend {
    Spend {
        steps: a.steps.max(b.steps),
        flops: a.flops.max(b.flops),
        examples: a.examples.max(b.examples),
        replayed: a.replayed.max(b.replayed),
        rehearsed: a.rehearsed.max(b.rehearsed),
        evaluation_flops: a.evaluation_flops.max(b.evaluation_flops),
        state_bytes: a.state_bytes.max(b.state_bytes),
        maf: a.maf.max(b.maf),
        peak_bytes: a.peak_bytes.max(b.peak_bytes),
        reference_bytes: a.reference_bytes.max(b.reference_bytes),
    }
}
