//! Runs gathered into the rows of a table: one summary per stream hash, one entry per family of seeds.

pub(crate) mod contest;
mod entry;
pub mod guess;
pub mod phases;
pub mod rank;
pub(crate) mod reference;
pub mod repro;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use thiserror::Error;

pub use self::entry::Entry;
pub(crate) use self::entry::settings;

use crate::{
    metric::{Metric, Scores, accuracy, forgetting},
    record::{RunDir, StreamInfo},
    summary::{
        rank::{Ranking, rank},
        reference::Shelf,
    },
    words::{clean, short},
};

/// Why runs cannot stand in one table.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SummaryError {
    /// Two runs of one family have the same seed: counting both would narrow the interval for nothing.
    #[error("{0} and {1} have the same configuration and seed; leave one of them out")]
    RepeatedSeed(String, String),
    /// Two runs with one hash disagree about what was hashed.
    #[error("{0} and {1} have the same {2} and differ in {3}; leave one of them out")]
    Contradiction(String, String, &'static str, &'static str),
    /// Runs of several versions of clbench.
    #[error(
        "runs of the versions {0} stand on the stream {1}; a number can mean another thing in each: choose one with \
         --only version=…, or mix them with --mix versions"
    )]
    Versions(String, String),
    /// One result was asked for, and the runs are of several configurations.
    #[error("runs of the configurations {0} and {1} have no verdict in common; give the seeds of one of them")]
    Several(String, String),
}

/// All results on one stream: what may stand in one table.
#[derive(Clone, Debug)]
pub struct StreamSummary {
    /// The stream, as its sequential runs describe it.
    pub stream: StreamInfo,
    /// Fine-tuning first, then the methods, best first within a group, then joint training.
    pub entries: Vec<Entry>,
    /// How the entries were ranked.
    pub ranking: Ranking,
    /// What they were ranked by.
    pub by: &'static Metric,
}

/// How runs are gathered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// Which rows are ranked together.
    pub ranking: Ranking,
    /// What they are ranked by.
    pub by: &'static Metric,
    /// The scores that are computed, besides those that ranks and verdicts need.
    pub metrics: Vec<&'static Metric>,
    /// Whether runs on different stream hashes stand in one table.
    pub mix_streams: bool,
    /// Whether runs of different versions of clbench stand in one table.
    pub mix_versions: bool,
}

impl Default for Grouping {
    fn default() -> Self {
        Self {
            ranking: Ranking::Comparable,
            by: &accuracy::AVERAGE,
            metrics: Vec::new(),
            mix_streams: false,
            mix_versions: false,
        }
    }
}

/// Gathers `runs` by stream hash and, within it, by family; summaries are in the order of the streams' names.
///
/// Joint training on a part of a stream is a reference and no entry.
pub fn summarise(runs: &[RunDir], grouping: &Grouping) -> Result<Vec<StreamSummary>, SummaryError> {
    let mut by_stream: BTreeMap<&str, Vec<&RunDir>> = BTreeMap::new();
    for run in runs {
        let hash = if grouping.mix_streams { "" } else { &run.manifest.stream.hash };
        by_stream.entry(hash).or_default().push(run);
    }
    let mut summaries: Vec<_> =
        by_stream.into_values().map(|runs| one_table(&runs, grouping)).collect::<Result<_, _>>()?;
    summaries.retain(|summary| !summary.entries.is_empty());
    summaries.sort_by(|a, b| (&a.stream.name, &a.stream.hash).cmp(&(&b.stream.name, &b.stream.hash)));
    Ok(summaries)
}

fn one_table(runs: &[&RunDir], grouping: &Grouping) -> Result<StreamSummary, SummaryError> {
    let first = runs.iter().find(|run| !run.manifest.stream.joint).unwrap_or(&runs[0]);
    let mut described: BTreeMap<&str, &RunDir> = BTreeMap::new();
    for run in runs.iter().filter(|run| !run.manifest.stream.joint).chain(runs) {
        let first = described.entry(&run.manifest.stream.hash).or_insert(run);
        let (a, b) = (&first.manifest.stream, &run.manifest.stream);
        let order = a.joint == b.joint && a.covers == b.covers;
        if a.tasks != b.tasks || (order && a.trained != b.trained) {
            let [a, b] = [first, run].map(|run| clean(&run.path.display().to_string()));
            return Err(SummaryError::Contradiction(a, b, "stream hash", "their tasks"));
        }
    }
    let versions: BTreeSet<String> = runs.iter().map(|run| short(&run.manifest.version)).collect();
    if versions.len() > 1 && !grouping.mix_versions {
        let versions = versions.into_iter().collect::<Vec<_>>().join(", ");
        return Err(SummaryError::Versions(versions, short(&first.manifest.stream.name)));
    }
    let mut wanted = grouping.metrics.clone();
    wanted.push(grouping.by);
    let mut entries = entries(runs, &wanted)?;
    rank(&mut entries, grouping.ranking, grouping.by);
    let stream = first.manifest.stream.clone();
    Ok(StreamSummary { stream, entries, ranking: grouping.ranking, by: grouping.by })
}

/// Gathers `runs` by stream hash and family.
pub(crate) fn entries(runs: &[&RunDir], metrics: &[&'static Metric]) -> Result<Vec<Entry>, SummaryError> {
    let mut wanted: Vec<&'static Metric> = vec![&accuracy::AVERAGE, &forgetting::CHAUDHRY];
    for metric in metrics {
        if !wanted.contains(metric) {
            wanted.push(metric);
        }
    }
    let shelf = Shelf::of(runs);
    let scores = |run: &RunDir| {
        if run.manifest.diverged.is_some() {
            return Scores::default();
        }
        let mut subject = run.subject();
        subject.references = shelf.references(run, &subject.matrix);
        Scores::of(&subject, &wanted)
    };
    let mut families: BTreeMap<_, Vec<&RunDir>> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.manifest.stream.covers.is_none()) {
        families.entry((&run.manifest.stream.hash, &run.manifest.family)).or_default().push(run);
    }
    families.into_values().map(|runs| Entry::new(&runs, &scores)).collect()
}

impl StreamSummary {
    /// The same with rows that leave out the settings which all of them share.
    pub fn brief(mut self) -> Self {
        let Some((first, rest)) = self.entries.split_first() else { return self };
        let shared = |setting: &&String| rest.iter().all(|entry| entry.overrides.contains(setting));
        let common: Vec<String> = first.overrides.iter().filter(shared).cloned().collect();
        if !rest.is_empty() {
            for entry in &mut self.entries {
                entry.overrides.retain(|setting| !common.contains(setting));
                entry.common.clone_from(&common);
            }
        }
        self
    }

    /// Whether the environment brought examples back in any run.
    pub fn is_rehearsed(&self) -> bool {
        self.entries.iter().any(|entry| entry.spent.rehearsed > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{USUAL, transfer};
    use crate::record::example::{self, MIXED};

    fn usual() -> Grouping {
        Grouping { metrics: USUAL.to_vec(), ..Grouping::default() }
    }

    fn one(runs: &[RunDir]) -> StreamSummary {
        let mut summaries = summarise(runs, &usual()).unwrap();
        assert_eq!(summaries.len(), 1);
        summaries.remove(0)
    }

    #[test]
    fn seeds_of_a_family_are_averaged() {
        let runs: Vec<_> = [2, 0, 1].map(|seed| example::run("er", seed, [0.1 * seed as f64, 0.5, 0.7])).into();
        let entry = &one(&runs).entries[0];
        assert_eq!(entry.seeds, [0, 1, 2]);
        assert_eq!(entry.runs, ["er-0", "er-1", "er-2"]);
        // Means 0.4, 1.3/3 and 1.4/3: s = 0.1/3, half-width 4.302653·s/√3.
        let accuracy = entry.estimate(&accuracy::AVERAGE).unwrap();
        assert!((accuracy.mean - 1.3 / 3.0).abs() < 1e-12);
        assert!((accuracy.half_width.unwrap() - 4.302_653 * 0.1 / 3.0 / 3_f64.sqrt()).abs() < 1e-7);
    }

    #[test]
    fn hashes_are_never_mixed() {
        let mut other = example::run("er", 0, MIXED[3]);
        other.manifest.stream.hash = "another".into();
        other.manifest.stream.name = "a-stream".into();
        let summaries = summarise(&[example::run("er", 0, MIXED[3]), other], &usual()).unwrap();
        let names: Vec<_> = summaries.iter().map(|summary| (&*summary.stream.name, summary.entries.len())).collect();
        assert_eq!(names, [("a-stream", 1), ("split-digits", 1)]);
    }

    #[test]
    fn a_seed_that_diverged_takes_the_score() {
        let mut runs: Vec<_> = [0, 1].map(|seed| example::run("er", seed, MIXED[3])).into();
        runs[1].manifest.diverged = Some("the loss was NaN".into());
        let entry = &one(&runs).entries[0];
        assert_eq!((&*entry.seeds, &*entry.diverged), (&[0, 1][..], &[1][..]));
        assert_eq!(entry.estimate(&accuracy::AVERAGE), None);
    }

    #[test]
    fn a_seed_that_lacks_a_value_takes_the_metric() {
        let mut runs: Vec<_> = [0, 1].map(|seed| example::run("er", seed, MIXED[3])).into();
        runs[1].records.retain(|record| record.experience > 0);
        let entry = &one(&runs).entries[0];
        assert_eq!(entry.estimate(&transfer::FORWARD), None);
        assert_eq!(entry.estimate(&accuracy::AVERAGE).unwrap().n, 2);
    }

    #[test]
    fn the_method_and_the_seed_are_no_settings() {
        let mut run = example::run("er", 3, MIXED[3]);
        run.manifest.overrides = ["seed=3", "er.size=50", "method = er", "batch=8"].map(String::from).into();
        assert_eq!(one(&[run]).entries[0].overrides, ["batch=8", "er.size=50"]);
    }

    #[test]
    fn streams_and_versions_are_mixed_only_where_that_is_asked_for() {
        let mut other = example::run("er", 0, MIXED[3]);
        other.manifest.stream.hash = "another".into();
        other.manifest.run = "er-other".into();
        let runs = [example::run("er", 0, MIXED[3]), other];
        let mixed = Grouping { mix_streams: true, ..usual() };
        let summaries = summarise(&runs, &mixed).unwrap();
        let hashes: Vec<_> = summaries[0].entries.iter().map(|entry| &entry.hash[..]).collect();
        assert_eq!((summaries.len(), &hashes[..]), (1, &["5ca1ab1e0ddba11c", "another"][..]));
        assert!(summaries[0].entries.iter().all(|entry| entry.place.is_none()), "other streams are not comparable");

        let mut newer = example::run("er", 1, MIXED[3]);
        newer.manifest.version = "0.2.0".into();
        let runs = [example::run("er", 0, MIXED[3]), newer];
        let error = summarise(&runs, &usual()).unwrap_err().to_string();
        assert!(error.starts_with("runs of the versions 0.1.0, 0.2.0 stand on the stream split-digits"), "{error}");
        let mixed = Grouping { mix_versions: true, ..usual() };
        assert_eq!(summarise(&runs, &mixed).unwrap()[0].entries[0].seeds, [0, 1]);
    }

    #[test]
    fn runs_that_contradict_each_other_are_refused() {
        let run = |seed| example::run("er", seed, MIXED[3]);
        let refusal = |runs: &[RunDir]| summarise(runs, &usual()).unwrap_err().to_string();
        assert_eq!(
            refusal(&[run(0), run(0)]),
            "runs/er/0 and runs/er/0 have the same configuration and seed; leave one of them out"
        );
        let mut other = run(1);
        other.manifest.conditions.task_identity = true;
        assert!(refusal(&[run(0), other]).contains("have the same family and differ in their conditions"));
        let mut other = run(1);
        other.manifest.stream.tasks[0] = "7-8".into();
        assert!(refusal(&[run(0), other]).contains("have the same stream hash and differ in their tasks"));
    }
}
