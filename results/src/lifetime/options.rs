//! How the metrics of a lifetime are computed: the settings of `l2metrics`, with its defaults.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::smooth::Smoothing;

/// Smallest and largest performance that a task can show.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// Becomes 1.
    pub min: f64,
    /// Becomes 101.
    pub max: f64,
}

/// Whether the variants of a task are tasks of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variants {
    /// They are.
    #[default]
    Aware,
    /// They are not: names end before the first `_`.
    Agnostic,
}

/// What performance is scaled to 1…101 by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Normalisation {
    /// The range of each task.
    #[default]
    Task,
    /// The range of the whole lifetime.
    Run,
    /// Nothing: performance stays as logged.
    None,
}

/// How the values of the tasks make that of the lifetime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aggregation {
    /// Their mean.
    #[default]
    Mean,
    /// Their median.
    Median,
}

/// How several runs of one single-task expert are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Averaging {
    /// The metric is computed against each and then averaged.
    #[default]
    Metrics,
}

/// The settings of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The measure, one of the log's; higher must be better.
    pub measure: String,
    /// Whether variants are tasks of their own.
    pub variants: Variants,
    /// How single-task runs are put together.
    pub averaging: Averaging,
    /// How tasks are put together.
    pub aggregation: Aggregation,
    /// What performance is scaled by.
    pub normalisation: Normalisation,
    /// The window that learning curves are smoothed with; nothing leaves them as they are.
    pub smoothing: Option<Smoothing>,
    /// Whether evaluation blocks are smoothed too.
    pub smooth_evaluations: bool,
    /// Length of the window in experiences, for blocks at least as long; else a fifth of the block, at most 100.
    pub window: Option<usize>,
    /// Whether performance is cut off at the given ranges, or at its 10 % and 90 % quantiles.
    pub clamp: bool,
    /// Known ranges of all tasks, instead of those observed.
    pub ranges: Option<BTreeMap<String, Range>>,
}

/// Length of a smoothing window, at most: with it, a hostile setting costs seconds and not days.
const MAX_WINDOW: usize = 10_000;

impl Options {
    /// The defaults of `l2metrics` for `measure`.
    pub fn new(measure: impl Into<String>) -> Self {
        Self {
            measure: measure.into(),
            variants: Variants::Aware,
            averaging: Averaging::Metrics,
            aggregation: Aggregation::Mean,
            normalisation: Normalisation::Task,
            smoothing: Some(Smoothing::Flat),
            smooth_evaluations: false,
            window: None,
            clamp: false,
            ranges: None,
        }
    }

    /// What contradicts itself in the settings.
    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(window) = self.window
            && window > MAX_WINDOW
        {
            return Err(format!("a smoothing window of {window} experiences; use at most {MAX_WINDOW}"));
        }
        for (task, range) in self.ranges.iter().flatten() {
            if !(range.min.is_finite() && range.max.is_finite() && range.min <= range.max) {
                return Err(format!(
                    "the range of `{task}` is {} to {}; give two rising numbers",
                    range.min, range.max
                ));
            }
        }
        Ok(())
    }

    /// The name of a task under these settings.
    pub(super) fn task(&self, name: &str) -> String {
        match self.variants {
            Variants::Aware => name.into(),
            Variants::Agnostic => base(name).into(),
        }
    }

    /// The known ranges in small letters, those of variants put together where variants are no tasks.
    pub(super) fn known_ranges(&self) -> Option<BTreeMap<String, Range>> {
        let mut known: BTreeMap<String, Range> = BTreeMap::new();
        for (name, &range) in self.ranges.as_ref()? {
            let entry = known.entry(self.task(&name.to_lowercase())).or_insert(range);
            *entry = Range { min: entry.min.min(range.min), max: entry.max.max(range.max) };
        }
        Some(known)
    }
}

/// A task's name without its variant.
pub(super) fn base(name: &str) -> &str {
    name.split('_').next().unwrap_or(name)
}

/// The setting called `name` among `all`, or what there is.
fn named<T: Copy>(what: &str, name: &str, all: &[(&str, T)]) -> Result<T, String> {
    all.iter().find(|(known, _)| *known == name).map(|&(_, setting)| setting).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|(known, _)| *known).collect();
        format!("no {what} `{}`; use {}", crate::words::short(name), known.join(", "))
    })
}

impl FromStr for Variants {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        named("variant mode", name, &[("aware", Self::Aware), ("agnostic", Self::Agnostic)])
    }
}

impl FromStr for Normalisation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        named("normalisation", name, &[("task", Self::Task), ("run", Self::Run), ("none", Self::None)])
    }
}

impl FromStr for Aggregation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        named("aggregation", name, &[("mean", Self::Mean), ("median", Self::Median)])
    }
}

impl FromStr for Smoothing {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let all = [
            ("flat", Self::Flat),
            ("hanning", Self::Hanning),
            ("hamming", Self::Hamming),
            ("bartlett", Self::Bartlett),
            ("blackman", Self::Blackman),
        ];
        named("smoothing window", name, &all)
    }
}

impl FromStr for Averaging {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == "time" {
            return Err("averaging single-task runs over `time` is deprecated, since it hides how they differ; use \
                        `metrics`"
                .into());
        }
        named("averaging of single-task runs", name, &[("metrics", Self::Metrics)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averaging_over_time_is_refused_with_its_remedy() {
        assert!("time".parse::<Averaging>().unwrap_err().ends_with("use `metrics`"));
        assert_eq!("metrics".parse(), Ok(Averaging::Metrics));
    }

    #[test]
    fn unknown_names_list_what_there_is() {
        let error = "box".parse::<Smoothing>().unwrap_err();
        assert_eq!(error, "no smoothing window `box`; use flat, hanning, hamming, bartlett, blackman");
        assert_eq!("run".parse(), Ok(Normalisation::Run));
        assert_eq!("median".parse(), Ok(Aggregation::Median));
        assert_eq!("agnostic".parse(), Ok(Variants::Agnostic));
    }

    #[test]
    fn ranges_of_variants_are_put_together() {
        let range = |min, max| Range { min, max };
        let mut options = Options::new("accuracy");
        let ranges = [("A_1", range(0.1, 0.5)), ("a_2", range(0.2, 0.9)), ("ab_1", range(0.0, 1.0))];
        options.ranges = Some(ranges.into_iter().map(|(name, range)| (name.into(), range)).collect());
        options.variants = Variants::Agnostic;
        let known = options.known_ranges().unwrap();
        assert_eq!(known["a"], range(0.1, 0.9));
        assert_eq!(known["ab"], range(0.0, 1.0));
    }

    #[test]
    fn senseless_settings_are_refused() {
        let mut options = Options::new("accuracy");
        assert_eq!(options.check(), Ok(()));
        options.ranges = Some([("a".into(), Range { min: 1.0, max: f64::NAN })].into());
        assert!(options.check().unwrap_err().contains("the range of `a`"));
        options = Options { window: Some(10_001), ..Options::new("accuracy") };
        assert!(options.check().unwrap_err().contains("use at most 10000"));
    }
}
