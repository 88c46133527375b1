//! The metrics of one lifetime, with the field names of the `_metrics.json` that `l2metrics` writes.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::{
    log::{BlockType, LifetimeError, Log, Subtype},
    maintenance::{Kept, groups, maintenance},
    measure::{Curve, finite, mean, median, recovery, saturation, terminal, theil_sen},
    options::{Aggregation, Options, Range},
    prepare::{Prepared, Regime, prepare},
    single::{Comparison, compare},
    transfer::{Pairs, Transfer, transfer},
};

/// What one regime of a lifetime shows, on the scale of the report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegimeMetrics {
    /// Number of its block.
    pub block_num: u64,
    /// Learning or evaluation.
    pub block_type: BlockType,
    /// Awake or asleep.
    pub block_subtype: Subtype,
    /// Its task.
    pub task_name: String,
    /// Largest smoothed performance.
    pub saturation: f64,
    /// Experience of the regime that first reaches it, from 0.
    pub exp_to_sat: usize,
    /// Mean performance of the last tenth of a learning regime, or of a whole evaluation.
    pub term_perf: f64,
    /// Experience in the middle of what that mean is over.
    pub exp_to_term_perf: usize,
    /// Mean performance; nothing for evaluations awake where others are made asleep.
    pub avg_perf: Option<f64>,
}

/// What a lifetime shows of one task; nothing where it cannot be computed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "`LifetimeMetrics` documents the fields of the same names")]
pub struct TaskMetrics {
    pub perf_recovery: Option<f64>,
    pub avg_train_perf: Option<f64>,
    pub avg_eval_perf: Option<f64>,
    pub perf_maintenance_mrlep: Option<f64>,
    pub perf_maintenance_mrtlp: Option<f64>,
    /// Every value by the task that was evaluated, this one being learned; so in the next three.
    pub forward_transfer_ratio: BTreeMap<String, Vec<f64>>,
    pub backward_transfer_ratio: BTreeMap<String, Vec<f64>>,
    pub forward_transfer_contrast: BTreeMap<String, Vec<f64>>,
    pub backward_transfer_contrast: BTreeMap<String, Vec<f64>>,
    pub ste_rel_perf: Option<f64>,
    pub sample_efficiency: Option<f64>,
    /// Experiences that each learning regime but the first takes to the terminal performance of the one before.
    pub recovery_times: Vec<f64>,
    /// Mean performance of each learning regime.
    pub avg_train_perf_vals: Vec<f64>,
    /// Mean performance of each evaluation regime.
    pub avg_eval_perf_vals: Vec<f64>,
    /// Every difference, in groups that learning parts.
    pub maintenance_val_mrlep: Vec<Vec<f64>>,
    /// The same against terminal learning performance.
    pub maintenance_val_mrtlp: Vec<Vec<f64>>,
    /// Relative performance against each single-task run.
    pub ste_rel_perf_vals: Vec<f64>,
    /// Saturation of each single-task run.
    pub ste_saturation_vals: Vec<f64>,
    /// Experiences that each single-task run takes to saturation.
    pub ste_exp_to_sat_vals: Vec<usize>,
    /// Saturation over that of each single-task run.
    pub se_saturation_vals: Vec<f64>,
    /// Experiences of each single-task run to saturation, over those taken here.
    pub se_exp_to_sat_vals: Vec<f64>,
    /// The product of the two.
    pub sample_efficiency_vals: Vec<f64>,
    /// Saturation of all learning of the task in a row.
    pub se_task_saturation: Option<f64>,
    /// Experiences of that to saturation.
    pub se_task_exp_to_sat: Option<usize>,
    /// Smallest performance.
    pub min: Option<f64>,
    /// Largest performance.
    pub max: Option<f64>,
    /// Learning experiences.
    pub num_lx: usize,
    /// Evaluation experiences.
    pub num_ex: usize,
}

/// What a lifetime shows: over its tasks, and each by itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LifetimeMetrics {
    /// Performance recovery: how much faster each return to a task recovers, in experiences per return; above 0 is
    /// good.
    pub perf_recovery: Option<f64>,
    /// Mean performance while learning.
    pub avg_train_perf: Option<f64>,
    /// Mean performance in evaluations.
    pub avg_eval_perf: Option<f64>,
    /// Performance maintenance against the evaluation right after learning; 0 or more is good.
    pub perf_maintenance_mrlep: Option<f64>,
    /// Performance maintenance against the end of learning; 0 or more is good.
    pub perf_maintenance_mrtlp: Option<f64>,
    /// Performance on tasks not yet learned, after learning another over before; above 1 is good.
    pub forward_transfer_ratio: Option<f64>,
    /// Performance on tasks learned before, after learning another over before; above 1 is good.
    pub backward_transfer_ratio: Option<f64>,
    /// The same as a contrast, −1 to 1; above 0 is good.
    pub forward_transfer_contrast: Option<f64>,
    /// The same as a contrast, −1 to 1; above 0 is good.
    pub backward_transfer_contrast: Option<f64>,
    /// Performance while learning over that of a single-task expert; above 1 is good.
    pub ste_rel_perf: Option<f64>,
    /// Height and speed of saturation over those of a single-task expert; above 1 is good.
    pub sample_efficiency: Option<f64>,
    /// Name of the log.
    pub run_id: String,
    /// As the scenario says; empty if it does not.
    pub complexity: String,
    /// As the scenario says; empty if it does not.
    pub difficulty: String,
    /// As the scenario says; empty if it does not.
    pub scenario_type: String,
    /// The measure.
    pub metrics_column: String,
    /// Smallest performance.
    pub min: Option<f64>,
    /// Largest performance.
    pub max: Option<f64>,
    /// Learning experiences.
    pub num_lx: usize,
    /// Evaluation experiences.
    pub num_ex: usize,
    /// Seconds between the first and the last row that count; nothing if rows carry no time.
    pub runtime: Option<f64>,
    /// What performance was scaled by.
    pub normalization_data_range: Option<BTreeMap<String, Range>>,
    /// Each task by itself, in order of training.
    #[serde(serialize_with = "as_map")]
    pub task_metrics: Vec<(String, TaskMetrics)>,
    /// Each regime by itself; in a file of its own in the reference, and not in the JSON.
    #[serde(skip)]
    pub regimes: Vec<RegimeMetrics>,
}

fn as_map<S: Serializer>(tasks: &[(String, TaskMetrics)], out: S) -> Result<S::Ok, S::Error> {
    out.collect_map(tasks.iter().map(|(name, task)| (name, task)))
}

/// The metrics of the lifetime `log`, against the single-task runs `singles` (any number, in any order).
pub fn lifetime_metrics(log: &Log, singles: &[Log], options: &Options) -> Result<LifetimeMetrics, LifetimeError> {
    let life = prepare(log, singles, options)?;
    // Where evaluations are made asleep, those awake are an aside.
    let asleep = life.regimes.iter().any(|regime| regime.subtype == Subtype::Sleep);
    let counts = |regime: &Regime| !(asleep && is(regime, BlockType::Test) && regime.subtype == Subtype::Wake);
    let counted: Vec<bool> = life.regimes.iter().map(counts).collect();
    let regimes: Vec<RegimeMetrics> =
        life.regimes.iter().zip(&counted).map(|(regime, &counted)| regime_metrics(regime, counted)).collect();
    let ends: Vec<f64> = regimes.iter().map(|regime| regime.term_perf).collect();
    let transfer = transfer(&life.regimes, &counted, &ends);
    let tasks = life.tasks.iter().map(|task| {
        let mut found = TaskMetrics::default();
        add_regimes(&mut found, task, &life.regimes, &regimes);
        add_maintenance(&mut found, task, &life.regimes, &maintenance(task, &life.regimes, &counted, &ends));
        add_transfer(&mut found, task, &transfer);
        if let Some(compared) = against_experts(task, &life) {
            add_comparison(&mut found, compared);
        }
        (task.clone(), found)
    });
    let mut tasks: Vec<(String, TaskMetrics)> = tasks.collect();
    // Fewer than two recovery times in all are not reported, though one of a task with few is.
    if tasks.iter().map(|(_, task)| task.recovery_times.len()).sum::<usize>() < 2 {
        tasks.iter_mut().for_each(|(_, task)| task.recovery_times.clear());
    }
    Ok(whole(log, options, &life, tasks, regimes, &transfer))
}

fn is(regime: &Regime, kind: BlockType) -> bool {
    regime.block_type == kind
}

fn regime_metrics(regime: &Regime, counted: bool) -> RegimeMetrics {
    let values = regime.curve.by_experience();
    let (saturation, exp_to_sat) = saturation(&values);
    let (term_perf, exp_to_term_perf) = terminal(&values, regime.block_type);
    RegimeMetrics {
        block_num: regime.block_num,
        block_type: regime.block_type,
        block_subtype: regime.subtype,
        task_name: regime.task.clone(),
        saturation,
        exp_to_sat,
        term_perf,
        exp_to_term_perf,
        avg_perf: counted.then(|| mean(&regime.curve.values)),
    }
}

/// Recovery, mean performance, range and counts of a task.
fn add_regimes(found: &mut TaskMetrics, task: &str, regimes: &[Regime], metrics: &[RegimeMetrics]) {
    let own = || regimes.iter().zip(metrics).filter(|(regime, _)| regime.task == task);
    let averages = |kind| -> Vec<f64> {
        own().filter(|(regime, _)| is(regime, kind)).filter_map(|(_, metrics)| metrics.avg_perf).collect()
    };
    let learned: Vec<_> =
        own().filter(|(regime, _)| is(regime, BlockType::Train) && regime.subtype == Subtype::Wake).collect();
    for pair in learned.windows(2) {
        let (_, before) = pair[0];
        let curve = &pair[1].0.curve;
        let time = recovery(&curve.by_experience(), curve.values.len(), before.term_perf);
        found.recovery_times.push(time as f64);
    }
    found.perf_recovery = theil_sen(&found.recovery_times).map(|slope| -slope);
    found.avg_train_perf_vals = averages(BlockType::Train);
    found.avg_eval_perf_vals = averages(BlockType::Test);
    found.avg_train_perf = finite(mean(&found.avg_train_perf_vals));
    found.avg_eval_perf = finite(mean(&found.avg_eval_perf_vals));
    (found.min, found.max) = range(own().map(|(regime, _)| regime));
    let rows = |kind| own().filter(|(regime, _)| is(regime, kind)).map(|(regime, _)| regime.curve.values.len()).sum();
    (found.num_lx, found.num_ex) = (rows(BlockType::Train), rows(BlockType::Test));
}

fn range<'a>(regimes: impl Iterator<Item = &'a Regime>) -> (Option<f64>, Option<f64>) {
    let values = regimes.flat_map(|regime| &regime.curve.values);
    let (min, max) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), &value| (value.min(min), value.max(max)));
    (finite(min), finite(max))
}

fn add_maintenance(found: &mut TaskMetrics, task: &str, regimes: &[Regime], kept: &[Kept]) {
    let average = |value: fn(&Kept) -> f64| finite(mean(&kept.iter().map(value).collect::<Vec<f64>>()));
    found.perf_maintenance_mrlep = average(|kept| kept.mrlep);
    found.perf_maintenance_mrtlp = average(|kept| kept.mrtlp);
    found.maintenance_val_mrlep = groups(task, regimes, kept, |kept| kept.mrlep);
    found.maintenance_val_mrtlp = groups(task, regimes, kept, |kept| kept.mrtlp);
}

fn add_transfer(found: &mut TaskMetrics, task: &str, transfer: &Transfer) {
    let of = |pairs: &Pairs| pairs.get(task).cloned().unwrap_or_default();
    found.forward_transfer_ratio = of(&transfer.forward_ratio);
    found.backward_transfer_ratio = of(&transfer.backward_ratio);
    found.forward_transfer_contrast = of(&transfer.forward_contrast);
    found.backward_transfer_contrast = of(&transfer.backward_contrast);
}

/// The task's learning awake, all regimes in a row, against its experts.
fn against_experts(task: &str, life: &Prepared) -> Option<Comparison> {
    let experts = life.singles.get(task)?;
    let mut learned = Curve::default();
    for regime in &life.regimes {
        if regime.task == task && is(regime, BlockType::Train) && regime.subtype == Subtype::Wake {
            learned.append(&regime.curve);
        }
    }
    (!learned.values.is_empty()).then(|| compare(&learned, experts))
}

fn add_comparison(found: &mut TaskMetrics, compared: Comparison) {
    found.ste_rel_perf = average(&compared.relative);
    found.ste_rel_perf_vals = compared.relative;
    let Some((saturation, after)) = compared.saturation else { return };
    found.se_task_saturation = Some(saturation);
    found.se_task_exp_to_sat = Some(after);
    (found.ste_saturation_vals, found.ste_exp_to_sat_vals) = compared.experts.into_iter().unzip();
    found.se_saturation_vals = compared.saturations;
    found.se_exp_to_sat_vals = compared.speeds;
    found.sample_efficiency = average(&compared.efficiency);
    found.sample_efficiency_vals = compared.efficiency;
}

/// The mean of what is a number; nothing if that is none or no number.
fn average(values: &[f64]) -> Option<f64> {
    finite(mean(&values.iter().copied().filter(|value| !value.is_nan()).collect::<Vec<f64>>()))
}

fn whole(
    log: &Log,
    options: &Options,
    life: &Prepared,
    tasks: Vec<(String, TaskMetrics)>,
    regimes: Vec<RegimeMetrics>,
    transfer: &Transfer,
) -> LifetimeMetrics {
    let put_together = |values: Vec<f64>| match options.aggregation {
        Aggregation::Mean => finite(mean(&values)),
        Aggregation::Median => median(values),
    };
    let over = |value: fn(&TaskMetrics) -> Option<f64>| {
        put_together(tasks.iter().filter_map(|(_, task)| value(task)).collect())
    };
    // The first value of each pair of tasks counts.
    let pairs = |pairs: &Pairs| put_together(pairs.values().flat_map(BTreeMap::values).map(|list| list[0]).collect());
    let (min, max) = range(life.regimes.iter());
    let said = |word: &Option<String>| word.clone().unwrap_or_default();
    LifetimeMetrics {
        perf_recovery: over(|task| task.perf_recovery),
        avg_train_perf: over(|task| task.avg_train_perf),
        avg_eval_perf: over(|task| task.avg_eval_perf),
        perf_maintenance_mrlep: over(|task| task.perf_maintenance_mrlep),
        perf_maintenance_mrtlp: over(|task| task.perf_maintenance_mrtlp),
        forward_transfer_ratio: pairs(&transfer.forward_ratio),
        backward_transfer_ratio: pairs(&transfer.backward_ratio),
        forward_transfer_contrast: pairs(&transfer.forward_contrast),
        backward_transfer_contrast: pairs(&transfer.backward_contrast),
        ste_rel_perf: over(|task| task.ste_rel_perf),
        sample_efficiency: over(|task| task.sample_efficiency),
        run_id: log.name.clone(),
        complexity: said(&log.info.complexity),
        difficulty: said(&log.info.difficulty),
        scenario_type: said(&log.info.scenario_type),
        metrics_column: options.measure.clone(),
        min,
        max,
        num_lx: tasks.iter().map(|(_, task)| task.num_lx).sum(),
        num_ex: tasks.iter().map(|(_, task)| task.num_ex).sum(),
        runtime: log.runtime(&options.measure),
        normalization_data_range: life.ranges.clone(),
        task_metrics: tasks,
        regimes,
    }
}
