//! The claims of a study held against its runs: differences paired over seeds, tests adjusted over all claims, and no
//! verdict where models know no more than chance.
//!
//! A claim of a difference is tested by the paired t test, one of no difference by two one-sided t tests
//! ([`equivalence`]); all p values of a study are adjusted together ([`holm`]). A claim of a difference holds, or its
//! contrary does, where the adjusted p is at most 0.05. One of no difference holds where the adjusted p is at most
//! 0.05, and does not where the 95 % interval lies beyond the margin. Who knows no more than chance is told by
//! [`Guess`]: there is no verdict where the row that comes out better does not, or neither of two that are not clearly
//! different.
//!
//! [`equivalence`]: crate::statistics::equivalence
//! [`holm`]: crate::statistics::holm

use std::collections::{BTreeMap, BTreeSet};

use super::{
    claim::{One, Relation},
    file::{Study, words},
};
use crate::{
    metric::{Better, Metric, accuracy, find},
    record::RunDir,
    statistics::{
        Estimate, StatisticsError,
        equivalence::{Published, paired_equivalence, published_equivalence},
        estimate::{deviation, mean, paired},
        holm::holm,
        interval::{LEVEL, student_interval},
        paired::paired_test,
    },
    summary::{Entry, Grouping, guess::Guess, summarise},
    words::short,
};

/// Adjusted p values up to this count as proof.
const ALPHA: f64 = 0.05;
/// Claims of a study, lists in them crossed, at most.
const MOST: usize = 1_000;

/// What comes out of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is so.
    Holds,
    /// It is clearly otherwise.
    Contrary,
    /// Neither is shown.
    Undecided,
    /// The rows know no more than chance.
    Unknown,
    /// There is nothing to judge by, for this reason.
    Missing(String),
}

/// A claim, judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The claim in words.
    pub text: String,
    /// The stream.
    pub stream: String,
    /// The rows that are compared, as `first − second`.
    pub rows: String,
    /// The score.
    pub by: &'static Metric,
    /// Mean difference over seeds, with its interval.
    pub difference: Option<Estimate>,
    /// p value after Holm's adjustment over all claims of the study.
    pub adjusted: Option<f64>,
    /// Differences by other scores.
    pub beside: Vec<(&'static Metric, Estimate)>,
    /// What comes out.
    pub verdict: Verdict,
}

/// A claim's numbers, before the adjustment.
struct Measured {
    rows: String,
    difference: Estimate,
    p: f64,
    known: bool,
    beside: Vec<(&'static Metric, Estimate)>,
}

/// Judges all claims of `study` by `runs`.
///
/// # Errors
/// When runs contradict each other, or the claims are too many.
pub fn judge(study: &Study, runs: &[RunDir]) -> Result<Vec<Judged>, String> {
    let mut claims = Vec::new();
    for claim in &study.claims {
        claims.extend(claim.each(&study.streams)?);
        if claims.len() > MOST {
            return Err(format!("more than {MOST} claims, lists in them crossed; make several studies"));
        }
    }
    let table = Table::of(study, &claims, runs)?;
    let measured: Vec<Result<Measured, String>> = claims.iter().map(|one| table.measure(one)).collect();
    let p: Vec<f64> = measured.iter().flatten().map(|measured| measured.p).collect();
    let mut adjusted = holm(&p).map_err(|error| error.to_string())?.into_iter();
    let judged = |(one, measured): (&One, Result<Measured, String>)| match measured {
        Ok(measured) => judged(one, measured, adjusted.next().unwrap_or(1.0)),
        Err(why) => missing(one, why),
    };
    Ok(claims.iter().zip(measured).map(judged).collect())
}

fn judged(one: &One, measured: Measured, adjusted: f64) -> Judged {
    let Measured { rows, difference, known, beside, .. } = measured;
    let verdict = if known { verdict(&one.relation, difference, adjusted) } else { Verdict::Unknown };
    Judged { difference: Some(difference), adjusted: Some(adjusted), rows, beside, ..missing_with(one, verdict) }
}

fn missing(one: &One, why: String) -> Judged {
    missing_with(one, Verdict::Missing(why))
}

/// The claim without numbers.
fn missing_with(one: &One, verdict: Verdict) -> Judged {
    let (text, stream) = (one.claim.text.clone(), one.stream.to_owned());
    let rows = short(one.row);
    Judged { text, stream, rows, by: one.by, difference: None, adjusted: None, beside: Vec::new(), verdict }
}

fn verdict(relation: &Relation, difference: Estimate, adjusted: f64) -> Verdict {
    let (proven, higher) = (adjusted <= ALPHA, difference.mean > 0.0);
    match relation {
        Relation::Like(_, margin) | Relation::Near(_, margin) => {
            let beyond = difference.mean.abs() - difference.half_width.unwrap_or(f64::INFINITY) > *margin;
            match (proven, beyond) {
                (true, _) => Verdict::Holds,
                (false, true) => Verdict::Contrary,
                (false, false) => Verdict::Undecided,
            }
        }
        _ if !proven => Verdict::Undecided,
        Relation::Unlike(_) => Verdict::Holds,
        Relation::Above(_) | Relation::Grid(_) if higher => Verdict::Holds,
        Relation::Below(_) if !higher => Verdict::Holds,
        _ => Verdict::Contrary,
    }
}

/// The rows of a study by stream, method and settings.
struct Table<'a> {
    study: &'a Study,
    chance: &'static Metric,
    entries: Vec<Entry>,
    /// Settings that all rows of a stream share; claims need not name them.
    common: BTreeMap<String, BTreeSet<String>>,
    runs: BTreeMap<&'a str, &'a RunDir>,
}

impl<'a> Table<'a> {
    fn of(study: &'a Study, claims: &[One], runs: &'a [RunDir]) -> Result<Self, String> {
        let chance = find(&study.chance)?;
        let mut metrics = vec![chance];
        for one in claims {
            metrics.push(one.by);
            let more = one.claim.beside.iter().chain(&one.claim.best_by);
            metrics.extend(more.map(|name| find(name)).collect::<Result<Vec<_>, _>>()?);
        }
        let grouping = Grouping { metrics, mix_streams: true, mix_versions: true, ..Grouping::default() };
        let summaries = summarise(runs, &grouping).map_err(|error| error.to_string())?;
        let entries: Vec<Entry> = summaries.into_iter().flat_map(|summary| summary.entries).collect();
        let mut common: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for entry in &entries {
            let own: BTreeSet<String> = entry.overrides.iter().cloned().collect();
            let shared = common.entry(entry.stream.clone()).or_insert_with(|| own.clone());
            shared.retain(|setting| own.contains(setting));
        }
        let runs = runs.iter().map(|run| (&run.manifest.run[..], run)).collect();
        Ok(Self { study, chance, entries, common, runs })
    }

    /// The row that a claim calls `name`.
    fn row(&self, one: &One, name: &str) -> Result<&Entry, String> {
        let named = self.study.names.get(name).map_or(name, String::as_str);
        let mut settings = words(named);
        let missing = || format!("there is no row {}", short(named));
        if settings.is_empty() {
            return Err(missing());
        }
        let method = settings.remove(0);
        let method = method.strip_prefix("method=").unwrap_or(&method);
        let common = self.common.get(one.stream).ok_or_else(missing)?;
        let own = |settings: &mut dyn Iterator<Item = String>| -> BTreeSet<String> {
            settings.filter(|setting| !common.contains(setting)).collect()
        };
        let wanted = own(&mut settings.into_iter().chain(words(&one.claim.with)));
        let fits = |entry: &&Entry| {
            entry.stream == one.stream && entry.method == method && own(&mut entry.overrides.iter().cloned()) == wanted
        };
        match self.entries.iter().filter(fits).collect::<Vec<_>>()[..] {
            [entry] => Ok(entry),
            [] => Err(missing()),
            _ => Err(format!("several rows are called {}", short(named))),
        }
    }

    fn measure(&self, one: &One) -> Result<Measured, String> {
        match &one.relation {
            Relation::Above(rows) => self.pair(one, &self.best(one, rows, Better::Higher)?, None),
            Relation::Below(rows) => self.pair(one, &self.best(one, rows, Better::Lower)?, None),
            Relation::Unlike(row) => self.pair(one, row, None),
            Relation::Like(row, margin) => self.pair(one, row, Some(*margin)),
            Relation::Near(value, margin) => self.near(one, *value, *margin),
            Relation::Grid(rows) => self.grid(one, rows),
        }
    }

    /// Of `rows` that are there the one with the best mean; `otherwise` says what is best of a score without a
    /// direction.
    fn best(&self, one: &One, rows: &[String], otherwise: Better) -> Result<String, String> {
        let by = one.claim.best_by.as_ref().map_or(Ok(one.by), |name| find(name))?;
        let lower = match by.better {
            Better::Neither => otherwise == Better::Lower,
            better => better == Better::Lower,
        };
        let [single] = rows else {
            let value = |name: &String| Some((self.row(one, name).ok()?.estimate(by)?.mean, name.clone()));
            let by_mean = |a: &(f64, String), b: &(f64, String)| {
                let order = a.0.total_cmp(&b.0);
                if lower { order.reverse() } else { order }
            };
            let best = rows.iter().filter_map(value).max_by(by_mean);
            return best.map(|(_, name)| name).ok_or_else(|| "none of its rows is there".into());
        };
        Ok(single.clone())
    }

    /// The claim's row and `other`: a test of difference, or of none within `margin`.
    fn pair(&self, one: &One, other: &str, margin: Option<f64>) -> Result<Measured, String> {
        let (a, b) = (self.row(one, one.row)?, self.row(one, other)?);
        let (x, y) = common_seeds(&a.values(one.by), &b.values(one.by));
        let test = paired_test(&x, &y, LEVEL).map_err(|error| untested(a, b, error))?;
        let half_width = Some(test.interval.half_width());
        let difference = Estimate { mean: test.mean, deviation: Some(test.deviation), half_width, n: test.n };
        let p = match margin {
            None => test.p,
            Some(_) => paired_equivalence(&x, &y, margin).map_err(|error| untested(a, b, error))?.p(),
        };
        let higher_is_better = if one.by.better == Better::Lower { -difference.mean } else { difference.mean };
        let better = match (difference.excludes_zero(), higher_is_better > 0.0) {
            (true, true) => vec![a],
            (true, false) => vec![b],
            (false, _) => vec![a, b],
        };
        let known = better.into_iter().any(|entry| self.knows(entry));
        let beside = one.claim.beside.iter().filter_map(|name| {
            let metric = find(name).ok()?;
            Some((metric, paired(&a.values(metric), &b.values(metric))?))
        });
        let rows = format!("{} − {}", short(one.row), short(other));
        Ok(Measured { rows, difference, p, known, beside: beside.collect() })
    }

    /// The claim's row and a number.
    fn near(&self, one: &One, value: f64, margin: f64) -> Result<Measured, String> {
        let row = self.row(one, one.row)?;
        let values: Vec<f64> = row.values(one.by).into_iter().map(|(_, value)| value).collect();
        let untested = |error| untested(row, row, error);
        let published = Published { mean: value, deviation: None, n: None };
        let p = published_equivalence(&values, published, Some(margin)).map_err(untested)?.p();
        let interval = student_interval(&values, LEVEL).map_err(untested)?;
        let difference = Estimate {
            mean: mean(&values).unwrap_or(f64::NAN) - value,
            deviation: deviation(&values),
            half_width: Some(interval.half_width()),
            n: values.len(),
        };
        let said = if one.by.is_percent() { 100.0 * value } else { value };
        let rows = format!("{} − {said}", short(one.row));
        Ok(Measured { rows, difference, p, known: self.knows(row), beside: Vec::new() })
    }

    /// How much more the means over the second choice spread than those over the first, paired over seeds.
    fn grid(&self, one: &One, rows: &[Vec<String>]) -> Result<Measured, String> {
        let entries: Vec<Vec<&Entry>> = rows
            .iter()
            .map(|inner| inner.iter().map(|name| self.row(one, name)).collect::<Result<_, _>>())
            .collect::<Result<_, _>>()?;
        let values: Vec<Vec<BTreeMap<u64, f64>>> = entries
            .iter()
            .map(|inner| inner.iter().map(|entry| entry.values(one.by).into_iter().collect()).collect())
            .collect();
        let everywhere = |seed: &u64| values.iter().flatten().all(|cell| cell.contains_key(seed));
        let seeds: Vec<u64> = values[0][0].keys().copied().filter(everywhere).collect();
        let spreads = |seed: &u64| {
            let cell = |first: usize, second: usize| values[first][second][seed];
            let (firsts, seconds) = (values.len(), values[0].len());
            let over = |count: usize, of: &dyn Fn(usize) -> f64| (0..count).map(of).sum::<f64>() / count as f64;
            let by_first: Vec<f64> = (0..firsts).map(|at| over(seconds, &|other| cell(at, other))).collect();
            let by_second: Vec<f64> = (0..seconds).map(|at| over(firsts, &|other| cell(other, at))).collect();
            (spread(&by_first), spread(&by_second))
        };
        let (x, y): (Vec<f64>, Vec<f64>) = seeds.iter().map(spreads).unzip();
        let first = entries[0][0];
        let test = paired_test(&x, &y, LEVEL).map_err(|error| untested(first, first, error))?;
        let half_width = Some(test.interval.half_width());
        let difference = Estimate { mean: test.mean, deviation: Some(test.deviation), half_width, n: test.n };
        let known = entries.iter().flatten().any(|entry| self.knows(entry));
        let rows = format!("standard deviation over {} means − over {}", values.len(), values[0].len());
        Ok(Measured { rows, difference, p: test.p, known, beside: Vec::new() })
    }

    /// Whether a row knows more than chance; also where what chance is cannot be told.
    fn knows(&self, entry: &Entry) -> bool {
        let run = entry.runs.first().and_then(|id| self.runs.get(&id[..]));
        let accuracy = entry.estimate(self.chance).or_else(|| entry.estimate(&accuracy::AVERAGE));
        run.and_then(|run| Guess::of(run))
            .is_none_or(|guess| accuracy.is_some_and(|accuracy| guess.is_beaten(accuracy)))
    }
}

/// Standard deviation of all there is.
fn spread(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt()
}

/// Values of both by common seeds.
fn common_seeds(a: &[(u64, f64)], b: &[(u64, f64)]) -> (Vec<f64>, Vec<f64>) {
    let b: BTreeMap<u64, f64> = b.iter().copied().collect();
    a.iter().filter_map(|(seed, value)| Some((*value, *b.get(seed)?))).unzip()
}

fn untested(a: &Entry, b: &Entry, error: StatisticsError) -> String {
    let diverged = |entry: &&Entry| !entry.diverged.is_empty();
    match [a, b].into_iter().find(diverged) {
        Some(entry) => format!("{} diverged", short(&entry.name())),
        None => error.to_string(),
    }
}
