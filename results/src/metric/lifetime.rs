//! The metrics of lifelong learning of the L2M programme, on a run as a lifetime.
//!
//! - Baker et al. 2023, <https://arxiv.org/abs/2301.07799>; computed as `l2metrics` 3.1.0 does with its defaults, by
//!   [`crate::lifetime`], which equals it to 1e-6.
//!
//! **Deviation:** an evaluation block has one row per task, and learning blocks consist of the evaluations within
//! experiences. Performance recovery, which needs tasks that return twice, and relative performance and sample
//! efficiency, which need single-task experts, are computed by `clbench score DIR --ste DIR…` on exported logs.

use super::{Better, Metric, Subject, Unit, lack};
use crate::{
    lifetime::{BlockType, Info, LifetimeMetrics, Log, Options, Row, Status, Subtype, lifetime_metrics},
    record::At,
};

/// All of this file.
pub static ALL: &[&Metric] = &[&MAINTENANCE, &FORWARD, &BACKWARD, &EVALUATION];

const NEEDS: &str = "evaluations within experiences: eval.every or eval.log_spaced";

/// Performance maintenance.
pub static MAINTENANCE: Metric = Metric {
    key: "pm.l2m23",
    short: "PM",
    name: "performance maintenance",
    about: "later evaluations minus the one right after learning, in points of a task's own range (L2M)",
    formula: "mean over tasks and later evaluations e of TP(e) − TP(first evaluation after the task's last learning)",
    source: "Baker et al. 2023, arXiv 2301.07799; l2metrics 3.1.0, perf_maintenance_mrlep, normalised by task to \
             1..101",
    range: (-100.0, 100.0),
    unit: Unit::Number,
    better: Better::Higher,
    needs: NEEDS,
    lacks: &[lack::sequence],
    worked: "((5 - 30) / 0.45 / 2 + 5 / 0.45) / 2",
    of: |subject| computed(subject)?.perf_maintenance_mrlep,
};

/// Forward transfer as a contrast.
pub static FORWARD: Metric = Metric {
    key: "ft.l2m23",
    short: "FT",
    name: "forward transfer (contrast)",
    about: "how learning a task changes one not yet learned, as a contrast of evaluations after and before (L2M)",
    formula: "mean over pairs i→j of (TP₂ − TP₁)/(TP₂ + TP₁), j not yet learned, evaluations around learning i",
    source: "Baker et al. 2023, arXiv 2301.07799; l2metrics 3.1.0, forward_transfer_contrast",
    range: (-1.0, 1.0),
    unit: Unit::Number,
    better: Better::Higher,
    needs: "evaluations within experiences, before the first step, and of tasks to come",
    lacks: &[lack::sequence],
    worked: "((5/0.45) / (5/0.45 + 2) + (1 - 21) / (1 + 21) + (31 - 1) / (31 + 1)) / 3",
    of: |subject| computed(subject)?.forward_transfer_contrast,
};

/// Backward transfer as a contrast.
pub static BACKWARD: Metric = Metric {
    key: "bt.l2m23",
    short: "BT",
    name: "backward transfer (contrast)",
    about: "how learning a task changes one learned before, as a contrast of evaluations after and before (L2M)",
    formula: "mean over pairs i→j of (TP₂ − TP₁)/(TP₂ + TP₁), j learned before i, evaluations around learning i",
    source: "Baker et al. 2023, arXiv 2301.07799; l2metrics 3.1.0, backward_transfer_contrast",
    range: (-1.0, 1.0),
    unit: Unit::Number,
    better: Better::Higher,
    needs: NEEDS,
    lacks: &[lack::sequence],
    worked: "(2 * (101 - (40/0.45 + 1)) / (101 + (40/0.45 + 1)) + ((10/0.45 + 1) - 101) / ((10/0.45 + 1) + 101)) / 3",
    of: |subject| computed(subject)?.backward_transfer_contrast,
};

/// Mean evaluation performance.
pub static EVALUATION: Metric = Metric {
    key: "mep.l2m23",
    short: "MEP",
    name: "mean evaluation performance",
    about: "mean over evaluations, each task in its own range from 1 to 101 (L2M)",
    formula: "mean over tasks of the mean over evaluation blocks of 100·(x − min)/(max − min) + 1",
    source: "Baker et al. 2023, arXiv 2301.07799; l2metrics 3.1.0, avg_eval_perf",
    range: (1.0, 101.0),
    unit: Unit::Number,
    better: Better::Higher,
    needs: NEEDS,
    lacks: &[lack::sequence],
    worked: "1 + ((0 + 40 + 45 + 10) / 0.45 + (0 + 5 + 40 + 45) / 0.45 + (10 + 0 + 15 + 50) / 0.5) / 12",
    of: |subject| computed(subject)?.avg_eval_perf,
};

/// The lifetime's metrics; none for joint training, or where an experience has no evaluation inside.
fn computed(subject: &Subject) -> Option<LifetimeMetrics> {
    let options = Options::new("accuracy");
    let log = log(subject, &options.measure)?;
    lifetime_metrics(&log, &[], &options).ok()
}

/// The run as a log: evaluation blocks between learning blocks.
fn log(subject: &Subject, measure: &str) -> Option<Log> {
    let matrix = &subject.matrix;
    if matrix.joint() {
        return None;
    }
    let mut rows: Vec<Row> = Vec::new();
    let mut block = 0;
    for experience in 0..=matrix.experiences() {
        if experience > 0 {
            for task in (0..matrix.tasks()).filter(|&task| matrix.trains(experience, task)) {
                let inside = subject.history.moments.iter().filter(|m| m.at == At::Step && m.experience == experience);
                let before = rows.len();
                inside
                    .filter_map(|m| m.accuracy(task))
                    .for_each(|value| push(&mut rows, block, BlockType::Train, task, value));
                if rows.len() == before {
                    return None;
                }
                block += 1;
            }
        }
        let before = rows.len();
        for task in subject.trained() {
            match matrix.after(experience, task) {
                Some(accuracy) => push(&mut rows, block, BlockType::Test, task, accuracy),
                // Classes that are not yet seen are often not asked about.
                None if matrix.first_trained(task).is_some_and(|first| experience < first) => {}
                None => return None,
            }
        }
        block += u64::from(rows.len() > before);
    }
    let (name, measures) = (String::from("run"), vec![measure.to_owned()]);
    Some(Log { name, measures, rows, info: Info::default() })
}

fn push(rows: &mut Vec<Row>, block_num: u64, block_type: BlockType, task: usize, value: f64) {
    rows.push(Row {
        block_num,
        exp_num: rows.len() as u64,
        worker: "worker-0".into(),
        block_type,
        subtype: Subtype::Wake,
        task: format!("task{task}"),
        params: String::new(),
        status: Status::Complete,
        timestamp: None,
        values: vec![value],
    });
}
