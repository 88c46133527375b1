//! The metrics of a lifetime that L2Logger wrote, with the settings of `l2metrics`.

use std::{collections::BTreeMap, path::Path, path::PathBuf, str::FromStr};

use anyhow::{Context, Result, anyhow};
use clbench_results::{
    lifetime::{
        Aggregation, LifetimeError, LifetimeMetrics, Log, Normalisation, Options, Range, Smoothing, Variants,
        lifetime_metrics, read_scenario,
    },
    text::score::lifetime_text,
    words::{clean, short},
};
use serde_json::Value;

use super::{
    super::{Usage, read_text},
    Scored,
    input::is_scenario,
};

/// What belongs to lifetimes alone.
#[derive(clap::Args)]
#[command(next_help_heading = "Lifetimes")]
pub(super) struct Settings {
    /// Scenarios of single-task experts, or folders of them
    #[arg(long, value_name = "DIR", num_args = 1.., verbatim_doc_comment)]
    ste: Vec<PathBuf>,
    /// What was measured
    /// [default: accuracy, reward, or the only one]
    #[arg(long, value_name = "NAME", verbatim_doc_comment)]
    measure: Option<String>,
    /// Window: flat, hanning, hamming, bartlett, blackman
    /// or none [default: flat]
    #[arg(long, value_name = "WINDOW", verbatim_doc_comment)]
    smoothing: Option<Smooth>,
    /// Length of the window, in experiences
    /// [default: a fifth of a block, at most 100]
    #[arg(long, value_name = "LENGTH", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    #[arg(verbatim_doc_comment)]
    window: Option<u16>,
    /// Smooth evaluations, too
    #[arg(long)]
    smooth_evaluation: bool,
    /// Cut performance off at its 10 % and 90 % quantiles,
    /// or at --ranges
    #[arg(long, verbatim_doc_comment)]
    clamp: bool,
    /// Scale by the range of the task, of the run, or not:
    /// task, run or none [default: task]
    #[arg(long, value_name = "BY", verbatim_doc_comment)]
    normalise: Option<Normalisation>,
    /// Ranges to scale by, JSON or a file with it:
    /// {"TASK": {"min": 0, "max": 1}, …}
    #[arg(long, value_name = "JSON", verbatim_doc_comment)]
    ranges: Option<String>,
    /// mrlep, mrtlp or both [default: both]
    #[arg(long, value_name = "KIND", value_parser = ["mrlep", "mrtlp", "both"], hide_possible_values = true)]
    maintenance: Option<String>,
    /// ratio, contrast or both [default: both]
    #[arg(long, value_name = "KIND", value_parser = ["ratio", "contrast", "both"], hide_possible_values = true)]
    transfer: Option<String>,
    /// Whether variants are tasks of their own:
    /// aware or agnostic [default: aware]
    #[arg(long, value_name = "MODE", verbatim_doc_comment)]
    variants: Option<Variants>,
    /// How tasks are put together: mean or median
    /// [default: mean]
    #[arg(long, value_name = "HOW", verbatim_doc_comment)]
    aggregate: Option<Aggregation>,
}

/// A window, or none.
#[derive(Clone, Copy)]
struct Smooth(Option<Smoothing>);

impl FromStr for Smooth {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == "none" { Ok(Self(None)) } else { name.parse().map(|window| Self(Some(window))) }
    }
}

impl Settings {
    /// The first word that was given, if any was.
    pub(super) fn first(&self) -> Option<&'static str> {
        let given = [
            ("--ste", !self.ste.is_empty()),
            ("--measure", self.measure.is_some()),
            ("--smoothing", self.smoothing.is_some()),
            ("--window", self.window.is_some()),
            ("--smooth-evaluation", self.smooth_evaluation),
            ("--clamp", self.clamp),
            ("--normalise", self.normalise.is_some()),
            ("--ranges", self.ranges.is_some()),
            ("--maintenance", self.maintenance.is_some()),
            ("--transfer", self.transfer.is_some()),
            ("--variants", self.variants.is_some()),
            ("--aggregate", self.aggregate.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(word, _)| word)
    }

    /// Words that would have no effect are a mistake.
    pub(super) fn check(&self) -> Result<()> {
        let idle = if !matches!(self.smoothing, Some(Smooth(None))) {
            None
        } else if self.window.is_some() {
            Some("--window")
        } else {
            self.smooth_evaluation.then_some("--smooth-evaluation")
        };
        match idle {
            Some(word) => Err(Usage(anyhow!("{word} has no effect with --smoothing none; leave one out")).into()),
            None => Ok(()),
        }
    }

    fn options(&self, log: &Log) -> Result<Options> {
        let mut options = Options::new(self.measure(log)?);
        options.variants = self.variants.unwrap_or_default();
        options.aggregation = self.aggregate.unwrap_or_default();
        options.normalisation = self.normalise.unwrap_or_default();
        options.smoothing = self.smoothing.map_or(options.smoothing, |Smooth(window)| window);
        options.smooth_evaluations = self.smooth_evaluation;
        options.window = self.window.map(usize::from);
        options.clamp = self.clamp;
        options.ranges = self.ranges.as_deref().map(ranges).transpose()?;
        Ok(options)
    }

    fn measure(&self, log: &Log) -> Result<String> {
        let has = |name: &&str| log.measures.iter().any(|measure| measure == name);
        match (&self.measure, &log.measures[..]) {
            (Some(name), _) => Ok(name.clone()),
            (None, [only]) => Ok(only.clone()),
            (None, all) => ["accuracy", "reward"].into_iter().find(has).map(String::from).ok_or_else(|| {
                let all: Vec<String> = all.iter().map(|name| short(name)).collect();
                Usage(anyhow!("{}: say with --measure which of {} counts", short(&log.name), all.join(", "))).into()
            }),
        }
    }

    /// The scenarios of experts, and those in folders of them.
    fn experts(&self) -> Result<Vec<Log>> {
        let mut logs = Vec::new();
        for path in &self.ste {
            let mut found = vec![path.clone()];
            if !is_scenario(path) && path.is_dir() {
                let within = || format!("cannot read {}", path.display());
                let entries = path.read_dir().with_context(within)?;
                let entries = entries.collect::<Result<Vec<_>, _>>().with_context(within)?;
                found = entries.into_iter().map(|entry| entry.path()).filter(|path| is_scenario(path)).collect();
                found.sort();
            }
            if found.is_empty() || !path.is_dir() {
                let name = clean(&path.display().to_string());
                return Err(Usage(anyhow!("--ste {name}: no scenario of L2Logger, and no folder with one")).into());
            }
            logs.extend(found.into_iter().map(read_scenario).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(logs)
    }

    /// Whether a field is of the kinds that were asked for.
    fn wants(&self, field: &str) -> bool {
        let kind = |asked: &Option<String>, kinds: [&str; 2]| match asked.as_deref() {
            None | Some("both") => true,
            Some(asked) => field.ends_with(asked) || !kinds.iter().any(|kind| field.ends_with(kind)),
        };
        kind(&self.maintenance, ["mrlep", "mrtlp"]) && kind(&self.transfer, ["_ratio", "_contrast"])
    }
}

/// Reads ranges, which stand in the word itself or in the file that it names.
fn ranges(word: &str) -> Result<BTreeMap<String, Range>> {
    let usage = |error: anyhow::Error| Usage(error.context("--ranges"));
    let text =
        if word.trim_start().starts_with('{') { word.into() } else { read_text(Path::new(word)).map_err(usage)? };
    serde_json::from_str(&text).map_err(|error| usage(error.into()).into())
}

/// The metrics of the lifetime in the folder `path`.
pub(super) fn score(path: &Path, words: &Settings) -> Result<Scored> {
    let log = read_scenario(path)?;
    let metrics = lifetime_metrics(&log, &words.experts()?, &words.options(&log)?);
    let metrics = metrics.map_err(|error| match error {
        LifetimeError::Unsuitable(why) => Usage(anyhow!(clean(&why))).into(),
        other => anyhow::Error::from(other),
    })?;
    let mut json = serde_json::to_value(&metrics)?;
    retain(&mut json, words);
    let without: Vec<&str> = metrics
        .values()
        .iter()
        .filter(|(key, value, _)| value.is_none() && words.wants(key))
        .map(|value| value.0)
        .collect();
    let note = || format!("without value, for want of experts, returns or evaluations: {}", without.join(", "));
    Ok(Scored {
        name: clean(&path.display().to_string()),
        text: lifetime_text(&metrics, |key| words.wants(key)),
        json,
        rows: rows(&metrics, words),
        notes: if without.is_empty() { Vec::new() } else { vec![note()] },
    })
}

/// Leaves out the fields of kinds that were not asked for, as the package does.
fn retain(json: &mut Value, words: &Settings) {
    let Some(fields) = json.as_object_mut() else { return };
    fields.retain(|field, _| words.wants(field));
    if let Some(tasks) = fields.get_mut("task_metrics").and_then(Value::as_object_mut) {
        for (_, task) in tasks {
            if let Some(fields) = task.as_object_mut() {
                fields.retain(|field, _| words.wants(field));
            }
        }
    }
}

fn rows(metrics: &LifetimeMetrics, words: &Settings) -> Vec<(String, String, Option<f64>)> {
    let whole = metrics.values().into_iter().map(|(key, value, _)| (String::new(), key.to_owned(), value));
    let tasks = metrics.task_metrics.iter().flat_map(|(name, task)| {
        let values = [
            ("perf_recovery", task.perf_recovery),
            ("avg_train_perf", task.avg_train_perf),
            ("avg_eval_perf", task.avg_eval_perf),
            ("perf_maintenance_mrlep", task.perf_maintenance_mrlep),
            ("perf_maintenance_mrtlp", task.perf_maintenance_mrtlp),
            ("ste_rel_perf", task.ste_rel_perf),
            ("sample_efficiency", task.sample_efficiency),
        ];
        values.map(|(key, value)| (clean(name), key.to_owned(), value))
    });
    whole.chain(tasks).filter(|(_, key, _)| words.wants(key)).collect()
}
