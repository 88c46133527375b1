//! How much is known: at the end, on the way, right after learning, and of tasks that no experience trains.
//!
//! - Lopez-Paz and Ranzato 2017, <https://arxiv.org/abs/1706.08840>, section 2.
//! - Rebuffi et al. 2017, <https://arxiv.org/abs/1611.07725>: average incremental accuracy, over test examples.
//! - Programs: Avalanche, `PyCIL` and Renate weigh tasks by their test examples, `CapyMOA` and Mammoth alike.
//! - Díaz-Rodríguez et al. 2018, <https://arxiv.org/abs/1810.13166>, eq. 1.
//! - Riemer et al. 2019, <https://arxiv.org/abs/1810.11910>: learning accuracy.

use super::{Better, Metric, Subject, Unit, lack, subject::mean_over};

/// All of this file.
pub static ALL: &[&Metric] =
    &[&AVERAGE, &AVERAGE_EXAMPLES, &INCREMENTAL_TASKS, &INCREMENTAL, &TRIANGLE, &LEARNING, &STABILITY, &TRADE_OFF];

/// Average accuracy at the end.
pub static AVERAGE: Metric = Metric {
    key: "acc.gem17",
    short: "ACC",
    name: "average accuracy",
    about: "mean of the last row (Lopez-Paz & Ranzato 2017)",
    formula: "(1/T) Σⱼ R[T][j]",
    source: "Lopez-Paz & Ranzato 2017, arXiv 1706.08840, section 2",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::trained, lack::end],
    worked: "(0.6 + 0.85 + 0.7) / 3",
    of: |subject| mean_over(subject.trained(), |task| subject.kept(task)),
};

/// Average accuracy at the end over test examples.
pub static AVERAGE_EXAMPLES: Metric = Metric {
    key: "acc.avalanche",
    short: "ACCₙ",
    name: "average accuracy over test examples",
    about: "last row, tasks weighed by their test examples (Avalanche's stream accuracy, PyCIL's total)",
    formula: "Σⱼ nⱼ R[T][j] / Σⱼ nⱼ, nⱼ test examples of task j",
    source: "ContinualAI/avalanche, evaluation/metrics/accuracy.py, StreamAccuracy; G-U-N/PyCIL, utils/toolkit.py, \
             total; Renate, micro_average_accuracy; FACIL's wavg_accs weighs by classes",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "the number of test examples of each task, which runs know",
    lacks: &[lack::trained, lack::end, lack::sizes],
    worked: "(200 * 0.6 + 100 * 0.85 + 50 * 0.7) / 350",
    of: |subject| {
        let last = subject.matrix.experiences();
        over_examples(subject, last, subject.trained())
    },
};

/// Average incremental accuracy over tasks.
pub static INCREMENTAL_TASKS: Metric = Metric {
    key: "aia.capymoa",
    short: "AIA",
    name: "average incremental accuracy",
    about: "mean over rows of the mean over tasks seen (CapyMOA)",
    formula: "(1/T) Σₖ (1/k) Σ_{j≤k} R[k][j]",
    source: "CapyMOA, ocl/evaluation, accuracy_seen_avg; the average of A-GEM's A_k, Chaudhry et al. 2019, arXiv \
             1812.00420",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::sequence, lack::trained, lack::known, lack::lower],
    worked: "(0.9 + (0.95 + 0.8) / 2 + (0.6 + 0.85 + 0.7) / 3) / 3",
    of: |subject| incremental(subject, average_so_far),
};

/// Average incremental accuracy.
pub static INCREMENTAL: Metric = Metric {
    key: "aia.icarl17",
    short: "AIAₙ",
    name: "average incremental accuracy over test examples",
    about: "mean over rows of the accuracy over test examples of all tasks seen (Rebuffi et al. 2017; PyCIL)",
    formula: "(1/T) Σₖ Σ_{j≤k} nⱼ R[k][j] / Σ_{j≤k} nⱼ, nⱼ test examples of task j",
    source: "Rebuffi et al. 2017, arXiv 1611.07725, section 4: accuracy on all test examples of classes seen so far; \
             G-U-N/PyCIL and LAMDA-PILOT, trainer.py, Average Accuracy",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "as acc.avalanche",
    lacks: &[lack::sequence, lack::trained, lack::known, lack::lower, lack::sizes],
    worked: "(0.9 + (200 * 0.95 + 100 * 0.8) / 300 + (200 * 0.6 + 100 * 0.85 + 50 * 0.7) / 350) / 3",
    of: |subject| incremental(subject, |subject, row| over_examples(subject, row, subject.seen(row))),
};

/// Accuracy over the lower triangle.
pub static TRIANGLE: Metric = Metric {
    key: "acc.diaz18",
    short: "ACC△",
    name: "accuracy over the lower triangle",
    about: "mean of all cells of tasks seen so far (Díaz-Rodríguez et al. 2018)",
    formula: "(2/(T(T+1))) Σ_{i≥j} R[i][j]",
    source: "Díaz-Rodríguez et al. 2018, arXiv 1810.13166, eq. 1",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::sequence, lack::trained, lack::lower],
    worked: "(0.9 + 0.95 + 0.8 + 0.6 + 0.85 + 0.7) / 6",
    of: |subject| {
        let cells = (1..=subject.matrix.experiences())
            .flat_map(|experience| subject.seen(experience).map(move |task| (experience, task)));
        if subject.matrix.joint() { None } else { mean_over(cells, |(row, task)| subject.matrix.after(row, task)) }
    },
};

/// Learning accuracy, the plasticity of a trade-off.
pub static LEARNING: Metric = Metric {
    key: "la.mer19",
    short: "LA",
    name: "learning accuracy",
    about: "mean of the diagonal (Riemer et al. 2019)",
    formula: "(1/T) Σⱼ R[j][j]",
    source: "Riemer et al. 2019, arXiv 1810.11910, section 5",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::sequence, lack::trained, lack::diagonal],
    worked: "(0.9 + 0.8 + 0.7) / 3",
    of: |subject| {
        let learned = |task| subject.learned(task);
        if subject.matrix.joint() { None } else { mean_over(subject.trained(), learned) }
    },
};

/// What is left of earlier tasks at the end.
pub static STABILITY: Metric = Metric {
    key: "stability.clbench",
    short: "STAB",
    name: "stability",
    about: "mean of the last row over tasks that the last experience does not train (ours)",
    formula: "(1/(T−1)) Σ_{j<T} R[T][j]",
    source: "clbench: the accuracy that BWT subtracts from; plasticity beside it is la.mer19",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::sequence, lack::earlier, lack::kept],
    worked: "(0.6 + 0.85) / 2",
    of: |subject| mean_over(subject.earlier(), |task| subject.kept(task)),
};

/// The harmonic mean of stability and plasticity.
pub static TRADE_OFF: Metric = Metric {
    key: "trade-off.clbench",
    short: "S·P",
    name: "stability-plasticity trade-off",
    about: "harmonic mean of stability.clbench and la.mer19 (ours)",
    formula: "2SP/(S+P) with S = stability.clbench, P = la.mer19; 0 where both are 0",
    source: "clbench: as in F₁, high only where both are high",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::sequence, lack::earlier, lack::kept, lack::diagonal],
    worked: "2 * 0.725 * 0.8 / (0.725 + 0.8)",
    of: |subject| {
        let (stability, plasticity) = ((STABILITY.of)(subject)?, (LEARNING.of)(subject)?);
        let sum = stability + plasticity;
        Some(if sum > 0.0 { 2.0 * stability * plasticity / sum } else { 0.0 })
    },
};

/// The mean over experiences of what `so_far` says of each; none for joint training.
fn incremental(subject: &Subject, so_far: impl Fn(&Subject, usize) -> Option<f64>) -> Option<f64> {
    let experiences = 1..=subject.matrix.experiences();
    if subject.matrix.joint() { None } else { mean_over(experiences, |experience| so_far(subject, experience)) }
}

/// A\[k\] = (1/k) Σ_{j≤k} R\[k\]\[j\]: average accuracy over the tasks seen up to `experience`.
fn average_so_far(subject: &Subject, experience: usize) -> Option<f64> {
    mean_over(subject.seen(experience), |task| subject.matrix.after(experience, task))
}

/// Accuracy over the test examples of `tasks` after `experience`.
fn over_examples(subject: &Subject, experience: usize, tasks: impl Iterator<Item = usize>) -> Option<f64> {
    let (mut right, mut asked) = (0.0, 0.0);
    for task in tasks {
        let n = subject.size(experience, task)? as f64;
        right += n * subject.matrix.after(experience, task)?;
        asked += n;
    }
    (asked > 0.0).then(|| right / asked)
}
