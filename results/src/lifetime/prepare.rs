//! A lifetime made ready for its metrics: rows gathered into regimes, smoothed, cut off and scaled, in this order.

use std::collections::BTreeMap;

use super::{
    log::{BlockType, LifetimeError, Log, Row, Status, Subtype},
    measure::Curve,
    options::{Normalisation, Options, Range, base},
    smooth::smooth,
};
use crate::words::short;

/// Quantiles that performance is cut off at where no range is known.
const OUTLIERS: [f64; 2] = [0.1, 0.9];
/// Training regimes of one lifetime, at most: pairs of them are compared.
const MAX_TRAINED: usize = 5_000;
/// Tasks of one lifetime, at most: pairs of them are compared.
const MAX_TASKS: usize = 10_000;

/// A longest stretch of rows with the same block, kind and task.
#[derive(Clone, Debug)]
pub(super) struct Regime {
    pub block_num: u64,
    pub block_type: BlockType,
    pub subtype: Subtype,
    pub task: String,
    pub curve: Curve,
}

/// A lifetime and its single-task experts, ready for the metrics.
pub(super) struct Prepared {
    pub regimes: Vec<Regime>,
    /// In the order of training, then of evaluation.
    pub tasks: Vec<String>,
    /// The training curves of every single-task run, by task.
    pub singles: BTreeMap<String, Vec<Curve>>,
    /// What performance was scaled by.
    pub ranges: Option<BTreeMap<String, Range>>,
}

/// A single-task run: the task, and its training regimes one by one.
struct Single {
    task: String,
    curves: Vec<Curve>,
}

/// Prepares a lifetime and the runs of its single-task experts.
pub(super) fn prepare(log: &Log, singles: &[Log], options: &Options) -> Result<Prepared, LifetimeError> {
    options.check().map_err(LifetimeError::Unsuitable)?;
    let mut regimes = regimes(&rows(log, options, true)?, options, measure(log, options)?);
    if regimes.is_empty() {
        return Err(unsuitable(log, &format!("no complete row has a value of `{}`", short(&options.measure))));
    }
    let tasks = order(&regimes);
    let trained = regimes.iter().filter(|regime| regime.block_type == BlockType::Train).count();
    if trained > MAX_TRAINED || tasks.len() > MAX_TASKS {
        let found = format!("{trained} training regimes and {} tasks", tasks.len());
        return Err(unsuitable(log, &format!("{found}; at most {MAX_TRAINED} and {MAX_TASKS} can be compared")));
    }
    let singles = singles.iter().map(|log| single(log, options)).collect::<Result<Vec<_>, _>>()?;
    let mut experts = experts(&tasks, &singles);
    for regime in &mut regimes {
        if regime.block_type == BlockType::Train || options.smooth_evaluations {
            smoothed(&mut regime.curve, options);
        }
    }
    let known = options.known_ranges();
    if let Some(task) = known.as_ref().and_then(|known| tasks.iter().find(|task| !known.contains_key(*task))) {
        return Err(unsuitable(log, &format!("no range is given for task `{}`; add it", short(task))));
    }
    if options.clamp {
        clamp(&mut regimes, &mut experts, &tasks, known.as_ref());
    }
    let ranges = normalise(&mut regimes, &mut experts, &tasks, known, options.normalisation);
    Ok(Prepared { regimes, tasks, singles: experts, ranges })
}

fn unsuitable(log: &Log, why: &str) -> LifetimeError {
    LifetimeError::Unsuitable(format!("log `{}`: {why}", short(&log.name)))
}

/// Where the measure stands in the rows.
fn measure(log: &Log, options: &Options) -> Result<usize, LifetimeError> {
    log.measures.iter().position(|name| *name == options.measure).ok_or_else(|| {
        let known: Vec<String> = log.measures.iter().map(|name| short(name)).collect();
        unsuitable(log, &format!("it does not measure `{}`; it has {}", short(&options.measure), known.join(", ")))
    })
}

/// The rows that count, by experience and block; those without a value are dropped if `valued`.
fn rows<'a>(log: &'a Log, options: &Options, valued: bool) -> Result<Vec<&'a Row>, LifetimeError> {
    let measure = measure(log, options)?;
    let kept = |row: &&Row| row.status == Status::Complete && (!valued || !value(row, measure).is_nan());
    let mut rows: Vec<&Row> = log.rows.iter().filter(kept).collect();
    rows.sort_by_key(|row| (row.exp_num, row.block_num));
    Ok(rows)
}

fn value(row: &Row, measure: usize) -> f64 {
    row.values.get(measure).copied().unwrap_or(f64::NAN)
}

/// Rows gathered into regimes. Rows without a value part regimes, but are in none.
fn regimes(rows: &[&Row], options: &Options, measure: usize) -> Vec<Regime> {
    let mut regimes: Vec<Regime> = Vec::new();
    for row in rows {
        let task = options.task(&row.task.to_lowercase());
        let goes_on = regimes.last().is_some_and(|last| {
            (last.block_num, last.block_type, last.subtype) == (row.block_num, row.block_type, row.subtype)
                && last.task == task
        });
        if !goes_on {
            let (block_num, block_type, subtype) = (row.block_num, row.block_type, row.subtype);
            regimes.push(Regime { block_num, block_type, subtype, task, curve: Curve::default() });
        }
        let curve = &mut regimes.last_mut().expect("there is a last regime").curve;
        let value = value(row, measure);
        if !value.is_nan() {
            curve.exps.push(row.exp_num);
            curve.values.push(value);
        }
    }
    regimes
}

/// The training regimes of a single-task run, smoothed.
fn single(log: &Log, options: &Options) -> Result<Single, LifetimeError> {
    // The variant is kept: it decides which tasks the run can stand in for.
    let aware = Options { variants: super::options::Variants::Aware, ..options.clone() };
    let mut regimes = regimes(&rows(log, options, false)?, &aware, measure(log, options)?);
    regimes.retain(|regime| regime.block_type == BlockType::Train);
    let Some(task) = regimes.first().map(|regime| regime.task.clone()) else {
        return Err(unsuitable(log, "a single-task run that trains nothing"));
    };
    if let Some(other) = regimes.iter().find(|regime| regime.task != task) {
        let names = format!("`{}` and `{}`", short(&task), short(&other.task));
        return Err(unsuitable(log, &format!("a single-task run that trains {names}; give one run per task")));
    }
    let mut curves: Vec<Curve> = regimes.into_iter().map(|regime| regime.curve).collect();
    if curves.iter().all(|curve| curve.values.is_empty()) {
        return Err(unsuitable(log, &format!("no complete row has a value of `{}`", short(&options.measure))));
    }
    curves.iter_mut().for_each(|curve| smoothed(curve, options));
    Ok(Single { task, curves })
}

fn smoothed(curve: &mut Curve, options: &Options) {
    if let Some(shape) = options.smoothing {
        curve.values = smooth(&curve.values, options.window, shape);
    }
}

/// Tasks in the order in which they are first trained, then those only evaluated.
fn order(regimes: &[Regime]) -> Vec<String> {
    let mut sorted: Vec<&Regime> = regimes.iter().collect();
    sorted.sort_by_key(|regime| (regime.block_type, regime.block_num));
    let mut seen = std::collections::BTreeSet::new();
    sorted.iter().filter(|regime| seen.insert(&regime.task)).map(|regime| regime.task.clone()).collect()
}

/// The single-task runs of each task: those of its own name or, failing these, of any of its variants.
fn experts(tasks: &[String], singles: &[Single]) -> BTreeMap<String, Vec<Curve>> {
    let mut experts = BTreeMap::new();
    for task in tasks {
        let named = |matches: &dyn Fn(&str) -> bool| -> Vec<Curve> {
            let whole = |single: &Single| {
                let mut curve = Curve::default();
                single.curves.iter().for_each(|part| curve.append(part));
                curve
            };
            singles.iter().filter(|single| matches(&single.task)).map(whole).collect()
        };
        let mut curves = named(&|name| name == task);
        if curves.is_empty() {
            curves = named(&|name| base(name) == task);
        }
        if !curves.is_empty() {
            experts.insert(task.clone(), curves);
        }
    }
    experts
}

/// Applies `change` to every curve of one task.
fn each_curve(
    task: &str,
    regimes: &mut [Regime],
    experts: &mut BTreeMap<String, Vec<Curve>>,
    mut change: impl FnMut(&mut Curve),
) {
    regimes.iter_mut().filter(|regime| regime.task == task).for_each(|regime| change(&mut regime.curve));
    experts.get_mut(task).into_iter().flatten().for_each(change);
}

/// Cuts performance off at the known ranges or at the quantiles of all that was seen of a task.
fn clamp(
    regimes: &mut [Regime],
    experts: &mut BTreeMap<String, Vec<Curve>>,
    tasks: &[String],
    known: Option<&BTreeMap<String, Range>>,
) {
    for task in tasks {
        let range = known.and_then(|known| known.get(task).copied()).unwrap_or_else(|| {
            let mut values = Vec::new();
            each_curve(task, regimes, experts, |curve| values.extend(&curve.values));
            values.sort_by(f64::total_cmp);
            let [min, max] = OUTLIERS.map(|share| quantile(&values, share));
            Range { min, max }
        });
        each_curve(task, regimes, experts, |curve| {
            curve.values.iter_mut().for_each(|value| *value = value.clamp(range.min, range.max));
        });
    }
}

/// The quantile of sorted values, between two neighbours in proportion (numpy's default).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * part
}

/// Scales performance to 1…101 and returns the ranges that were scaled by.
fn normalise(
    regimes: &mut [Regime],
    experts: &mut BTreeMap<String, Vec<Curve>>,
    tasks: &[String],
    known: Option<BTreeMap<String, Range>>,
    by: Normalisation,
) -> Option<BTreeMap<String, Range>> {
    if by == Normalisation::None {
        return None;
    }
    let ranges = known.unwrap_or_else(|| {
        let mut ranges = BTreeMap::new();
        for task in tasks {
            let mut range = Range { min: f64::INFINITY, max: f64::NEG_INFINITY };
            each_curve(task, regimes, experts, |curve| {
                for &value in &curve.values {
                    range = Range { min: range.min.min(value), max: range.max.max(value) };
                }
            });
            ranges.insert(task.clone(), range);
        }
        ranges
    });
    let union = |a: Range, b: &Range| Range { min: a.min.min(b.min), max: a.max.max(b.max) };
    let whole = ranges.values().fold(Range { min: f64::INFINITY, max: f64::NEG_INFINITY }, union);
    for task in tasks {
        let range = if by == Normalisation::Run { whole } else { ranges[task] };
        each_curve(task, regimes, experts, |curve| {
            curve.values.iter_mut().for_each(|value| *value = scaled(*value, range));
        });
    }
    Some(ranges)
}

/// 1 at the bottom of the range, 101 at its top; the offset keeps ratios finite. A range without width gives 1.
fn scaled(value: f64, range: Range) -> f64 {
    if range.max > range.min { (value - range.min) / (range.max - range.min) * 100.0 + 1.0 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        let sorted: Vec<f64> = (0..6).map(f64::from).collect();
        assert!((quantile(&sorted, 0.1) - 0.5).abs() < 1e-12);
        assert!((quantile(&sorted, 0.9) - 4.5).abs() < 1e-12);
        assert!((quantile(&[7.0], 0.9) - 7.0).abs() < 1e-12);
    }

    #[test]
    fn the_scale_starts_at_one() {
        let range = Range { min: 0.1, max: 0.6 };
        assert!((scaled(0.1, range) - 1.0).abs() < 1e-12);
        assert!((scaled(0.6, range) - 101.0).abs() < 1e-12);
        assert!((scaled(0.6, Range { min: 0.6, max: 0.6 }) - 1.0).abs() < 1e-12);
    }
}
