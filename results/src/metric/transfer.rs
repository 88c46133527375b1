//! What learning one task does to others: backward to those before, forward to those that come.
//!
//! - Lopez-Paz and Ranzato 2017, <https://arxiv.org/abs/1706.08840>, section 2, and their code,
//!   <https://github.com/facebookresearch/GradientEpisodicMemory>, which divides by T.
//! - Díaz-Rodríguez et al. 2018, <https://arxiv.org/abs/1810.13166>, eq. 2 to 4: over the whole triangle.
//! - Programs: Continuum and `LibContinual`, `CapyMOA`, `FusionBench`; Avalanche's and Renate's definitions are the
//!   paper's.

use super::{Better, Metric, Subject, Unit, lack, subject::mean_over};

/// All of this file.
pub static ALL: &[&Metric] = &[
    &BACKWARD,
    &BACKWARD_CODE,
    &BACKWARD_TRIANGLE,
    &REMEMBERING,
    &POSITIVE,
    &BACKWARD_FIRST,
    &BACKWARD_LIBCONTINUAL,
    &FORWARD,
    &FORWARD_CODE,
    &FORWARD_TRIANGLE,
    &FORWARD_CONTINUUM,
];

/// Backward transfer.
pub static BACKWARD: Metric = Metric {
    key: "bwt.gem17",
    short: "BWT",
    name: "backward transfer",
    about: "last row minus diagonal, over T-1 tasks (Lopez-Paz & Ranzato 2017)",
    formula: "(1/(T−1)) Σ_{j<T} (R[T][j] − R[j][j])",
    source: "Lopez-Paz & Ranzato 2017, arXiv 1706.08840, section 2; so do Renate and Mammoth",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::sequence, lack::earlier, lack::kept, lack::learned],
    worked: "((0.6 - 0.9) + (0.85 - 0.8)) / 2",
    of: |subject| mean_over(subject.earlier(), |task| Some(subject.kept(task)? - subject.learned(task)?)),
};

/// Backward transfer divided by T.
pub static BACKWARD_CODE: Metric = Metric {
    key: "bwt.gem-code",
    short: "BWT/T",
    name: "backward transfer over all tasks",
    about: "last row minus diagonal, over T tasks, the last counted as 0 (GEM's code, FusionBench)",
    formula: "(1/T) Σⱼ (R[T][j] − R[j][j])",
    source: "facebookresearch/GradientEpisodicMemory, metrics/metrics.py; FusionBench",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::sequence, lack::earlier, lack::kept, lack::learned],
    worked: "((0.6 - 0.9) + (0.85 - 0.8) + 0) / 3",
    of: |subject| Some(over_all_tasks(subject, (BACKWARD.of)(subject)?, subject.earlier().count())),
};

/// Backward transfer over the lower triangle.
pub static BACKWARD_TRIANGLE: Metric = Metric {
    key: "bwt.diaz18",
    short: "BWT△",
    name: "backward transfer over the lower triangle",
    about: "each later row minus diagonal, over T(T-1)/2 cells (Díaz-Rodríguez et al. 2018; CapyMOA)",
    formula: "(2/(T(T−1))) Σ_{i>j} (R[i][j] − R[j][j])",
    source: "Díaz-Rodríguez et al. 2018, arXiv 1810.13166, eq. 3; CapyMOA, ocl/evaluation/_metrics.py",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::sequence, lack::followed, lack::lower],
    worked: "((0.95 - 0.9) + (0.6 - 0.9) + (0.85 - 0.8)) / 3",
    of: backward_triangle,
};

/// What is not lost.
pub static REMEMBERING: Metric = Metric {
    key: "rem.diaz18",
    short: "REM",
    name: "remembering",
    about: "1 minus the loss in bwt.diaz18, 1 where there is none (Díaz-Rodríguez et al. 2018)",
    formula: "1 − |min(BWT△, 0)|",
    source: "Díaz-Rodríguez et al. 2018, arXiv 1810.13166, eq. 4",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::sequence, lack::followed, lack::lower],
    worked: "1 - max(0, 0 - ((0.95 - 0.9) + (0.6 - 0.9) + (0.85 - 0.8)) / 3)",
    of: |subject| Some(1.0 + backward_triangle(subject)?.min(0.0)),
};

/// What is gained.
pub static POSITIVE: Metric = Metric {
    key: "bwt-plus.diaz18",
    short: "BWT+",
    name: "positive backward transfer",
    about: "bwt.diaz18 where it is positive, else 0 (Díaz-Rodríguez et al. 2018)",
    formula: "max(BWT△, 0)",
    source: "Díaz-Rodríguez et al. 2018, arXiv 1810.13166, eq. 5",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::sequence, lack::followed, lack::lower],
    worked: "max(0, ((0.95 - 0.9) + (0.6 - 0.9) + (0.85 - 0.8)) / 3)",
    of: |subject| Some(backward_triangle(subject)?.max(0.0)),
};

/// Backward transfer since a task was learned.
pub static BACKWARD_FIRST: Metric = Metric {
    key: "bwt.avalanche",
    short: "BWT₁",
    name: "backward transfer as Avalanche computes it",
    about: "minus forgetting.avalanche: last row minus diagonal, as bwt.gem17 (Avalanche)",
    formula: "(1/(T−1)) Σ_{j<T} (R[T][j] − R[j][j])",
    source: "ContinualAI/avalanche, evaluation/metrics/forgetting_bwt.py, StreamBWT: minus its forgetting",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::sequence, lack::earlier, lack::kept, lack::learned],
    worked: "((0.6 - 0.9) + (0.85 - 0.8)) / 2",
    of: |subject| (BACKWARD.of)(subject),
};

/// Backward transfer over the lower triangle but its first diagonal.
pub static BACKWARD_LIBCONTINUAL: Metric = Metric {
    key: "bwt.libcontinual",
    short: "BWTlib",
    name: "backward transfer as LibContinual computes it",
    about: "as bwt.diaz18, the row next to a task's training skipped, over as many cells (LibContinual, Continuum)",
    formula: "(2/(T(T−1))) Σ_{i≥j+2} (R[i][j] − R[j][j])",
    source: "LibContinual, core/utils/utils.py, compute_bwt; Continuum, continuum/metrics/metrics.py, \
             backward_transfer, whose documentation cites GEM; fewer terms than they divide by",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::sequence, lack::followed, lack::lower_but_one],
    worked: "(0.6 - 0.9) / 3",
    of: |subject| triangle(subject, 2),
};

/// Forward transfer.
pub static FORWARD: Metric = Metric {
    key: "fwt.gem17",
    short: "FWT",
    name: "forward transfer",
    about: "row before a task minus baseline, over T-1 tasks (Lopez-Paz & Ranzato 2017)",
    formula: "(1/(T−1)) Σ_{j≥2} (R[j−1][j] − b[j])",
    source: "Lopez-Paz & Ranzato 2017, arXiv 1706.08840, section 2; b is this run's accuracy before its first step",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "evaluation before the first step, and of tasks to come (not where unseen classes are masked at test)",
    lacks: &[lack::sequence, lack::to_come, lack::baseline, lack::before],
    worked: "((0.45 - 0.4) + (0.35 - 0.3)) / 2",
    of: forward,
};

/// Forward transfer divided by T.
pub static FORWARD_CODE: Metric = Metric {
    key: "fwt.gem-code",
    short: "FWT/T",
    name: "forward transfer over all tasks",
    about: "row before a task minus baseline, over T tasks, the first counted as 0 (GEM's code)",
    formula: "(1/T) Σ_{j≥2} (R[j−1][j] − b[j])",
    source: "facebookresearch/GradientEpisodicMemory, metrics/metrics.py",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "as fwt.gem17",
    lacks: &[lack::sequence, lack::to_come, lack::baseline, lack::before],
    worked: "(0 + (0.45 - 0.4) + (0.35 - 0.3)) / 3",
    of: |subject| Some(over_all_tasks(subject, forward(subject)?, subject.later().count())),
};

/// Forward transfer over the upper triangle.
pub static FORWARD_TRIANGLE: Metric = Metric {
    key: "fwt.diaz18",
    short: "FWT△",
    name: "forward transfer over the upper triangle",
    about: "mean accuracy on tasks not yet trained, no baseline (Díaz-Rodríguez et al. 2018; CapyMOA)",
    formula: "(2/(T(T−1))) Σ_{i<j} R[i][j]",
    source: "Díaz-Rodríguez et al. 2018, arXiv 1810.13166, eq. 2; CapyMOA",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "evaluation of tasks to come",
    lacks: &[lack::sequence, lack::to_come, lack::upper],
    worked: "(0.45 + 0.2 + 0.35) / 3",
    of: |subject| {
        let before = |task| (1..subject.matrix.first_trained(task).unwrap_or(1)).map(move |row| (row, task));
        let cells = subject.trained().flat_map(before);
        if subject.matrix.joint() { None } else { mean_over(cells, |(row, task)| subject.matrix.after(row, task)) }
    },
};

/// What Continuum calls forward transfer.
pub static FORWARD_CONTINUUM: Metric = Metric {
    key: "fwt.continuum",
    short: "FWT₀",
    name: "forward transfer as Continuum computes it",
    about: "mean accuracy on earlier tasks in later rows, the lower triangle, whatever its name says (Continuum)",
    formula: "(2/(T(T−1))) Σ_{i>j} R[i][j]",
    source: "Continvvm/continuum, continuum/metrics/metrics.py, forward_transfer, whose documentation cites GEM",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::sequence, lack::followed, lack::lower],
    worked: "(0.95 + 0.6 + 0.85) / 3",
    of: |subject| mean_over(cells_since(subject), |(row, _, task)| subject.matrix.after(row, task)),
};

fn forward(subject: &Subject) -> Option<f64> {
    mean_over(subject.later(), |task| Some(before(subject, task)? - subject.matrix.after(0, task)?))
}

/// R\[j−1\]\[j\]: accuracy on `task` in the row before it is first trained.
fn before(subject: &Subject, task: usize) -> Option<f64> {
    subject.matrix.after(subject.matrix.first_trained(task)? - 1, task)
}

fn backward_triangle(subject: &Subject) -> Option<f64> {
    triangle(subject, 1)
}

/// All rows after a task's first training: the row, that of the training, and the task; none for joint training.
fn cells_since(subject: &Subject) -> impl Iterator<Item = (usize, usize, usize)> {
    let matrix = &subject.matrix;
    let after = move |task: usize| {
        let first = matrix.first_trained(task).unwrap_or(matrix.experiences());
        (first + 1..=matrix.experiences()).map(move |row| (row, first, task))
    };
    (!matrix.joint()).then(|| subject.trained().flat_map(after)).into_iter().flatten()
}

/// Rows from `lag` after a task's first training on minus the row after it, over all later cells, those between too.
fn triangle(subject: &Subject, lag: usize) -> Option<f64> {
    let matrix = &subject.matrix;
    let lost = |(row, first, task): (usize, usize, usize)| {
        if row < first + lag { Some(0.0) } else { Some(matrix.after(row, task)? - matrix.after(first, task)?) }
    };
    // The first cell that was not evaluated ends it, so that no more is gathered than was recorded.
    mean_over(cells_since(subject), lost)
}

/// A mean over `counted` tasks, as a mean over all that are trained.
fn over_all_tasks(subject: &Subject, mean: f64, counted: usize) -> f64 {
    mean * counted as f64 / subject.trained().count() as f64
}
