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
//! [`Guess`]: crate::summary::guess::Guess
//! [`equivalence`]: crate::statistics::equivalence
//! [`holm`]: crate::statistics::holm

use std::collections::BTreeMap;

use super::{
    claim::{One, Relation},
    entries::Table,
    file::Study,
};
use crate::{
    metric::{Better, Metric, find},
    record::RunDir,
    statistics::{
        Estimate, StatisticsError,
        equivalence::{Published, paired_equivalence, published_equivalence},
        estimate::{deviation, mean, paired},
        holm::holm,
        interval::{LEVEL, student_interval},
        paired::paired_test,
    },
    summary::Entry,
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

impl Table<'_> {
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
        // As the file has it: a share times 100 may be another number. Very small ones have too many digits.
        let said = one.claim.near.unwrap_or(value);
        let said = if said != 0.0 && said.abs() < 1e-6 { format!("{said:e}") } else { said.to_string() };
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
