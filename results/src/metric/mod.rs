//! Every score, each under the key of the paper or program that defines it, with its formula, range and direction.
//!
//! Programs compute different numbers under one name: "forgetting" alone has seven definitions here. So no score goes
//! by its bare name: `bwt.gem17` is the paper's, `bwt.gem-code` what its authors' code computes. R\[i\]\[j\] is the
//! accuracy on task j after experience i, b\[j\] the accuracy before the first step, T the number of tasks. A score is
//! none where its definition has no meaning (one task, all tasks at once) or where a value that it needs is missing,
//! and then says which.
//!
//! **Deviation:** the papers train one task per experience, in order. Here the manifest says what each experience
//! trains: R\[j\]\[j\] is read after the last experience that trains j, R\[j−1\]\[j\] before the first one, and
//! "j < T" are the tasks that the last experience does not train. Tasks that no experience trains are left out, except
//! by scores of held-out tasks. For one task per experience, this is the papers' text.

use std::hash::{Hash, Hasher};

use crate::{
    statistics::{Estimate, percent},
    words::fixed,
};

pub mod accuracy;
pub mod calibration;
pub mod curriculum;
pub mod fomo;
pub mod forgetting;
pub mod gap;
pub mod hypervolume;
mod lack;
pub mod lifetime;
mod of_run;
pub mod preference;
pub mod retention;
pub mod subject;
pub mod transfer;
pub mod window;
pub mod within;
mod worked;

pub use lack::Lack;
pub use subject::{References, Subject};
pub use worked::{EXAMPLE, HELD_OUT, LONG, POOLED, example};

use crate::{record::StreamInfo, words::short};

/// What a score is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A share of right answers, or a difference of such shares: written in percent.
    Share,
    /// Optimizer steps.
    Steps,
    /// Nats.
    Nats,
    /// A number without a unit.
    Number,
}

/// Which direction is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// A larger value.
    Higher,
    /// A smaller value.
    Lower,
    /// Neither: the number describes.
    Neither,
}

impl Better {
    /// ↑, ↓ or nothing.
    pub fn arrow(self) -> &'static str {
        match self {
            Self::Higher => "↑",
            Self::Lower => "↓",
            Self::Neither => "",
        }
    }
}

/// The definition of a score.
#[derive(Debug)]
pub struct Metric {
    /// What it is asked for by: the quantity, a dot, and the paper or program that defines it.
    pub key: &'static str,
    /// The head of a column.
    pub short: &'static str,
    /// The name in words.
    pub name: &'static str,
    /// The definition in a line, with its source.
    pub about: &'static str,
    /// The formula.
    pub formula: &'static str,
    /// Where it is defined: paper with section or equation, or program with file.
    pub source: &'static str,
    /// Smallest and largest value.
    pub range: (f64, f64),
    /// What it is measured in.
    pub unit: Unit,
    /// Which direction is good.
    pub better: Better,
    /// What a run must hold for it, beyond an evaluation after each experience; empty for nothing.
    pub needs: &'static str,
    /// What is asked, in order, for the reason where there is no value.
    pub lacks: &'static [Lack],
    /// The arithmetic on its [`example`], such as `(0.9 + 0.8) / 2`.
    pub worked: &'static str,
    /// The value of a run.
    pub of: fn(&Subject) -> Option<f64>,
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Metric {}

impl Hash for Metric {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl Metric {
    /// Whether the value is written in percent.
    pub fn is_percent(&self) -> bool {
        self.unit == Unit::Share
    }

    /// The value of a run, or why it has none.
    ///
    /// # Errors
    /// Says what is missing.
    pub fn value(&self, subject: &Subject) -> Result<f64, String> {
        // A sum of finite numbers may overflow; that is no score.
        (self.of)(subject).filter(|value| value.is_finite()).ok_or_else(|| self.why(subject))
    }

    /// Why a run without a value has none: the first need that is not met, else what is needed at all.
    fn why(&self, subject: &Subject) -> String {
        if let Some(why) = self.lacks.iter().find_map(|lack| lack(subject)) {
            return why;
        }
        match self.needs() {
            needs if needs.is_empty() => "a number that it needs is missing, or it has no meaning for these".into(),
            needs => format!("it needs {needs}"),
        }
    }

    /// What a run must hold for it, in full where that is said of another score.
    fn needs(&self) -> String {
        let Some(rest) = self.needs.strip_prefix("as ") else { return self.needs.into() };
        let end = rest.find([',', ';']).unwrap_or(rest.len());
        let other = all().find(|metric| metric.key == &rest[..end]).map_or("", |metric| metric.needs);
        format!("{other}{}", &rest[end..])
    }

    /// The arrow alone.
    pub(crate) fn arrow(&self) -> &'static str {
        self.better.arrow()
    }

    /// The head of a column with its arrow.
    pub fn head(&self) -> String {
        format!("{} {}", self.short, self.better.arrow()).trim().into()
    }
}

/// All scores, in the order of the listing.
pub static CATALOGUE: &[&[&Metric]] = &[
    accuracy::ALL,
    transfer::ALL,
    forgetting::ALL,
    within::ALL,
    window::ALL,
    gap::ALL,
    retention::ALL,
    calibration::ALL,
    fomo::ALL,
    curriculum::ALL,
    preference::ALL,
    lifetime::ALL,
];

/// The columns of a table where none are asked for.
pub static USUAL: &[&Metric] = &[
    &accuracy::AVERAGE,
    &accuracy::INCREMENTAL_TASKS,
    &transfer::BACKWARD,
    &transfer::FORWARD,
    &forgetting::CHAUDHRY,
    &accuracy::LEARNING,
];

/// The same where some tasks are never trained.
static USUAL_HELD_OUT: &[&Metric] = &[
    &accuracy::AVERAGE,
    &fomo::ACCUMULATION,
    &fomo::POOL,
    &fomo::RETENTION,
    &fomo::GEOMETRIC,
    &forgetting::CHAUDHRY,
    &accuracy::LEARNING,
];

/// The columns of a table over runs on these streams where none are asked for.
pub fn usual<'a>(streams: impl IntoIterator<Item = &'a StreamInfo>) -> &'static [&'static Metric] {
    let untrained = |stream: &StreamInfo| {
        (0..stream.tasks.len()).any(|task| !stream.trained.iter().flatten().any(|trained| *trained == task))
    };
    if streams.into_iter().any(|stream| stream.covers.is_none() && untrained(stream)) { USUAL_HELD_OUT } else { USUAL }
}

/// All scores.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    CATALOGUE.iter().flat_map(|family| family.iter().copied())
}

/// The score that is called `name`: a whole key, or its first part (`bwt`) for the first of that name.
///
/// # Errors
/// When there is none: says which are near.
pub fn find(name: &str) -> Result<&'static Metric, String> {
    let wanted = name.trim().to_lowercase();
    let quantity =
        |metric: &&Metric| metric.key.split('.').next() == Some(&wanted) || metric.short.to_lowercase() == wanted;
    all().find(|metric| metric.key == wanted).or_else(|| all().find(quantity)).ok_or_else(|| {
        let stem: String = wanted.chars().take_while(|c| c.is_alphanumeric()).take(3).collect();
        let mut near: Vec<&str> =
            all().map(|metric| metric.key).filter(|key| !stem.is_empty() && key.contains(&stem)).collect();
        near.truncate(8);
        let there = if near.is_empty() { String::new() } else { format!("; near it are {}", near.join(", ")) };
        format!("there is no score `{}`{there}; `clbench metrics` lists all", short(name))
    })
}

/// The scores of one run: those that were asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores(Vec<(&'static Metric, Result<f64, String>)>);

impl Scores {
    /// Computes `metrics`.
    pub fn of(subject: &Subject, metrics: &[&'static Metric]) -> Self {
        Self(metrics.iter().map(|metric| (*metric, metric.value(subject))).collect())
    }

    /// The value of `metric`; none if it was not asked for or has none.
    pub fn get(&self, metric: &Metric) -> Option<f64> {
        self.0.iter().find(|(of, _)| *of == metric)?.1.as_ref().ok().copied()
    }

    /// Why `metric` has no value; nothing if it has one or was not asked for.
    pub fn why(&self, metric: &Metric) -> Option<&str> {
        self.0.iter().find(|(of, _)| *of == metric)?.1.as_ref().err().map(String::as_str)
    }
}

/// A mean and half its interval in what the metric is measured in: shares in percent, steps with one decimal.
pub(crate) fn measured(metric: &Metric, estimate: Estimate) -> (String, Option<String>) {
    let decimals = match metric.unit {
        Unit::Share => return percent(estimate),
        Unit::Steps => 1,
        Unit::Nats | Unit::Number => 3,
    };
    (fixed(estimate.mean, decimals), estimate.half_width.map(|half| fixed(half, decimals)))
}

#[cfg(test)]
mod tests;
