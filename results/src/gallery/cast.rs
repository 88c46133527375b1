//! Who stands in a picture: rows of one stream with equal conditions, fine-tuning first, then the best.

use std::collections::BTreeMap;

use crate::{
    metric::{Better, Metric, Subject},
    record::{Conditions, RunDir},
    statistics::Estimate,
    summary::{Entry, StreamSummary, rank::Ranking},
    words::{clean, fixed, short},
};

/// Rows that a picture with lines or bars tells apart.
pub(super) const LINES: usize = 7;
/// Rows of a picture with a point for each.
pub(super) const DOTS: usize = 20;
/// Names that a caption lists.
const NAMES: usize = 12;
/// How much more operations than the cheapest row count as the same, as in a ranking.
const TOLERANCE: f64 = 1.05;

/// A row of the table, as pictures see it.
pub(super) struct Member<'a> {
    /// The method, with the settings that tell it apart.
    pub name: String,
    pub entry: &'a Entry,
    /// In the order of the seeds.
    pub subjects: Vec<Subject>,
    /// Charged operations, in the order of the seeds.
    pub operations: Vec<f64>,
}

/// All that may stand in the pictures of a stream.
pub(super) struct Cast<'a> {
    pub summary: &'a StreamSummary,
    /// Sequential rows: fine-tuning with the fewest settings, then by the score that ranks, the best first.
    pub members: Vec<Member<'a>>,
    /// Joint training.
    pub joint: Vec<Member<'a>>,
    /// Rows with a seed that diverged.
    diverged: Vec<String>,
    /// Rows under other conditions.
    apart: Vec<String>,
    /// What a title calls the stream.
    stream: String,
}

impl<'a> Cast<'a> {
    pub fn of(summary: &'a StreamSummary, runs: &[RunDir]) -> Self {
        let info = &summary.stream;
        let is_other = |run: &RunDir| run.manifest.stream.name == info.name && run.manifest.stream.hash != info.hash;
        let hash = if runs.iter().any(is_other) {
            format!(" ({})", clean(&info.hash).chars().take(8).collect::<String>())
        } else {
            String::new()
        };
        let by_id: BTreeMap<&str, &RunDir> = runs.iter().map(|run| (run.manifest.run.as_str(), run)).collect();
        let (whole, diverged): (Vec<&Entry>, Vec<&Entry>) =
            summary.entries.iter().partition(|entry| entry.diverged.is_empty());
        let all = summary.ranking == Ranking::All;
        let common = if all { None } else { common(&whole) };
        let fits = |entry: &&Entry| common.is_none_or(|common| alike(entry, common));
        let (inside, apart): (Vec<&Entry>, Vec<&Entry>) = whole.into_iter().partition(fits);
        let (joint, mut sequential): (Vec<&Entry>, Vec<&Entry>) = inside.into_iter().partition(|entry| entry.joint);
        let score = |entry: &Entry| {
            let sign = if summary.by.better == Better::Lower { -1.0 } else { 1.0 };
            entry.estimate(summary.by).map_or(f64::NEG_INFINITY, |estimate| sign * estimate.mean)
        };
        sequential.sort_by(|a, b| score(b).total_cmp(&score(a)));
        let plain = |entry: &Entry| entry.is_finetune().then_some(entry.overrides.len());
        if let Some(first) =
            (0..sequential.len()).filter(|&at| sequential[at].is_finetune()).min_by_key(|&at| plain(sequential[at]))
        {
            sequential[..=first].rotate_right(1);
        }
        let member = |entry: &&'a Entry| Member::of(entry, label(entry, &summary.entries), &by_id);
        let names = |entries: Vec<&Entry>| entries.into_iter().map(|entry| label(entry, &summary.entries)).collect();
        Self {
            summary,
            members: sequential.iter().map(member).collect(),
            joint: joint.iter().map(member).collect(),
            diverged: names(diverged),
            apart: names(apart),
            stream: short(&info.name) + &hash,
        }
    }

    /// Splits `members` into those of which `value` has something to draw, at most `most`, and the names of the others.
    pub fn shown<'b, T>(&'b self, most: usize, value: impl Fn(&'b Member<'a>) -> Option<T>) -> Shown<'b, 'a, T> {
        let mut shown = Shown { rows: Vec::new(), more: Vec::new(), lacking: Vec::new() };
        for member in &self.members {
            match value(member) {
                None => shown.lacking.push(member.name.clone()),
                Some(_) if shown.rows.len() >= most => shown.more.push(member.name.clone()),
                Some(value) => shown.rows.push((member, value)),
            }
        }
        // By name, so that a method looks the same in the pictures of all streams.
        shown.rows.sort_by(|(a, _), (b, _)| (!a.entry.is_finetune(), &a.name).cmp(&(!b.entry.is_finetune(), &b.name)));
        shown
    }

    /// Name of the stream, for a title; with its hash where runs are on another of the same name.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// Name of a task.
    pub fn task(&self, task: usize) -> String {
        self.summary.stream.tasks.get(task).map_or_else(|| (task + 1).to_string(), |name| short(name))
    }

    /// Names of `tasks` without the words that all tasks of the stream begin with, and those words.
    pub fn tasks(&self, tasks: &[usize]) -> (Vec<String>, String) {
        let all: Vec<String> = (0..self.summary.stream.tasks.len()).map(|task| self.task(task)).collect();
        let common = common_words(&all);
        let own = |&task: &usize| self.task(task).split(' ').skip(common.len()).collect::<Vec<_>>().join(" ");
        let axis = if common.is_empty() { "task".into() } else { format!("task: {} …", common.join(" ")) };
        (tasks.iter().map(own).collect(), axis)
    }

    /// Who is in no picture of the stream, for a caption or a refusal; begins with a space unless it is empty.
    pub fn absent(&self) -> String {
        let conditions = "other conditions; --rank-all draws them together";
        [(&self.diverged, "a seed diverged"), (&self.apart, conditions)]
            .into_iter()
            .filter(|(names, _)| !names.is_empty())
            .map(|(names, why)| format!(" Left out ({why}): {}.", listed(names)))
            .collect::<Vec<_>>()
            .concat()
    }
}

/// What is drawn, and the names of those that are not.
pub(super) struct Shown<'b, 'a, T> {
    pub rows: Vec<(&'b Member<'a>, T)>,
    more: Vec<String>,
    lacking: Vec<String>,
}

impl<T> Shown<'_, '_, T> {
    /// `what`, the seeds, who was left out, and whether spending differs.
    pub fn caption(&self, cast: &Cast, what: &str, others: &[&Member]) -> String {
        let members = || self.rows.iter().map(|(member, _)| *member).chain(others.iter().copied());
        let counts = || members().map(|member| member.entry.seeds.len());
        let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
        let more = self.more();
        let lacking = named("Without these values on every seed", &self.lacking);
        let spending = spending(self.rows.iter().map(|(member, _)| *member));
        clean(&format!("{what} {}.{more}{lacking}{}{spending}", seeds(least, most), cast.absent()))
    }

    /// Who would have been one too many; begins with a space unless it is empty.
    pub fn more(&self) -> String {
        named("Not shown", &self.more)
    }
}

fn named(what: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(" {what}: {}.", listed(names)) }
}

fn seeds(least: usize, most: usize) -> String {
    match (least, most) {
        (0 | 1, 0 | 1) => "One seed, so that there are no intervals".into(),
        (least, most) if least == most => format!("Means over {most} seeds with 95 % intervals (Student's t)"),
        (least, most) => format!("Means over {least} to {most} seeds with 95 % intervals (Student's t)"),
    }
}

fn spending<'b, 'a: 'b>(members: impl Iterator<Item = &'b Member<'a>>) -> String {
    let spent: Vec<f64> =
        members.filter_map(|member| Some(member.operations()?.mean)).filter(|mean| *mean > 0.0).collect();
    let least = spent.iter().copied().fold(f64::INFINITY, f64::min);
    let most = spent.iter().copied().fold(0.0, f64::max);
    if most <= least * TOLERANCE {
        return String::new();
    }
    format!(" Charged operations differ by a factor of up to {}.", fixed(most / least, 1))
}

/// Names with commas; of many, how many more there are.
pub(super) fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(NAMES);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

impl<'a> Member<'a> {
    fn of(entry: &'a Entry, name: String, runs: &BTreeMap<&str, &RunDir>) -> Self {
        let runs = || entry.runs.iter().filter_map(|id| runs.get(id.as_str()));
        Self {
            name,
            entry,
            subjects: runs().map(|run| run.subject()).collect(),
            operations: runs().map(|run| run.manifest.spent.flops as f64).collect(),
        }
    }

    /// The estimate of `value` over the seeds; none if a seed lacks it.
    pub fn over_seeds(&self, value: impl Fn(&Subject) -> Option<f64>) -> Option<Estimate> {
        let values: Vec<f64> = self.subjects.iter().map(value).collect::<Option<_>>()?;
        Estimate::of(&values)
    }

    /// Estimates over the seeds, in percent, at the keys that every seed has.
    pub fn curve<K: Ord + Copy>(&self, points: impl Fn(&Subject) -> BTreeMap<K, f64>) -> Vec<(K, Estimate)> {
        let curves: Vec<BTreeMap<K, f64>> = self.subjects.iter().map(points).collect();
        let Some((first, rest)) = curves.split_first() else { return Vec::new() };
        let at = |(key, value): (&K, &f64)| {
            let others = rest.iter().map(|curve| curve.get(key).copied());
            let values: Vec<f64> = std::iter::once(Some(*value)).chain(others).collect::<Option<_>>()?;
            Some((*key, in_percent(Estimate::of(&values)?)))
        };
        first.iter().filter_map(at).collect()
    }

    /// A score in percent where it is a share.
    pub fn score(&self, metric: &Metric) -> Option<Estimate> {
        let estimate = self.entry.estimate(metric)?;
        Some(if metric.is_percent() { in_percent(estimate) } else { estimate })
    }

    /// Charged operations.
    pub fn operations(&self) -> Option<Estimate> {
        Estimate::of(&self.operations)
    }
}

/// The estimate times a hundred.
pub(super) fn in_percent(estimate: Estimate) -> Estimate {
    let times = |value: f64| 100.0 * value;
    Estimate {
        mean: times(estimate.mean),
        deviation: estimate.deviation.map(times),
        half_width: estimate.half_width.map(times),
        n: estimate.n,
    }
}

/// Mean and half its interval, as points of pictures are given.
pub(super) fn mean_of(estimate: Estimate) -> (f64, Option<f64>) {
    (estimate.mean, estimate.half_width)
}

/// A point of a line.
pub(super) fn point(x: f64, estimate: Estimate) -> (f64, f64, Option<(f64, f64)>) {
    let band = estimate.half_width.map(|half| (estimate.mean - half, estimate.mean + half));
    (x, estimate.mean, band)
}

/// The words that all of several names begin with; each keeps one word at least.
fn common_words(names: &[String]) -> Vec<String> {
    let words: Vec<Vec<&str>> = names.iter().map(|name| name.split(' ').collect()).collect();
    let Some((first, rest)) = words.split_first().filter(|(_, rest)| !rest.is_empty()) else { return Vec::new() };
    let shared = |at: &usize| rest.iter().all(|words| words.len() > at + 1 && words[*at] == first[*at]);
    (0..first.len().saturating_sub(1)).take_while(shared).map(|at| first[at].to_owned()).collect()
}

/// The conditions that most sequential rows share; of equally many, those of the first row.
fn common<'a>(entries: &[&'a Entry]) -> Option<&'a Conditions> {
    let sequential = || entries.iter().filter(|entry| !entry.joint);
    let mut counts: BTreeMap<&Conditions, usize> = BTreeMap::new();
    sequential().for_each(|entry| *counts.entry(&entry.conditions).or_default() += 1);
    let most = counts.values().max().copied()?;
    sequential().map(|entry| &entry.conditions).find(|conditions| counts[conditions] == most)
}

/// Whether a row may stand beside rows under `common`. Joint training needs the same start, network and head alone:
/// which logits count and what is mixed into a batch has no meaning where all tasks are there at once.
fn alike(entry: &Entry, common: &Conditions) -> bool {
    let conditions = &entry.conditions;
    let key = |conditions: &Conditions| (conditions.start.clone(), conditions.recipe.clone(), conditions.head.clone());
    if entry.joint { key(conditions) == key(common) } else { conditions == common }
}

/// The method, with the settings that not all rows of its name share; the settings alone where there is one method.
fn label(entry: &Entry, entries: &[Entry]) -> String {
    let name = short(&entry.name());
    let same: Vec<&Entry> = entries.iter().filter(|other| other.name() == entry.name()).collect();
    let own = |setting: &&String| same.iter().any(|other| !other.overrides.contains(setting));
    // The last part of a key says enough beside others of the same method.
    let brief = |setting: &String| {
        let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
        format!("{}={}", key.trim().rsplit('.').next().unwrap_or_default(), value.trim())
    };
    let settings: Vec<String> = entry.overrides.iter().filter(own).map(brief).collect();
    let is_only = entries.iter().filter(|other| !other.joint).all(|other| other.name() == entry.name());
    match settings.join(" ") {
        settings if settings.is_empty() => name,
        settings if is_only => short(&settings),
        settings => short(&format!("{name} {settings}")),
    }
}
