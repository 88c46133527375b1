//! What is lost of earlier tasks, and what could not be learned because of them.
//!
//! - Chaudhry et al. 2018, <https://arxiv.org/abs/1801.10112>, eq. 3 and 4: forgetting and intransigence.
//! - Chaudhry et al. 2019, <https://arxiv.org/abs/1812.00420>: worst forgetting, in the authors' code.
//! - Programs: Avalanche (right after training minus last), Mammoth and PILOT (the maximum includes the last row),
//!   Continuum and `LibContinual` (without the task next to the last), FACIL, Renate.
//!
//! In every definition but intransigence the sum runs over the tasks that the last experience does not train. Rows in
//! which a task had not been trained yet count in A-GEM's code and Renate alone: most programs evaluate tasks seen so
//! far and fill the rest of their matrix with zeros, which no maximum takes.
//!
//! **Deviation:** the text of eq. 3 has the maximum over all earlier rows. It is read as its authors' protocol and
//! FACIL have it, over rows in which the task had been trained, so that a full matrix and its lower triangle score
//! alike.

use super::{Better, Metric, Subject, Unit, lack, subject::mean_over};

/// All of this file.
pub static ALL: &[&Metric] = &[
    &CHAUDHRY,
    &ALL_ROWS,
    &FIRST,
    &CLAMPED,
    &WORST,
    &CONTINUUM,
    &LIBCONTINUAL,
    &INTRANSIGENCE,
    &INTRANSIGENCE_JOINT,
    &INTRANSIGENCE_SINGLE,
];

/// Forgetting.
pub static CHAUDHRY: Metric = Metric {
    key: "forgetting.chaudhry18",
    short: "FGT",
    name: "forgetting",
    about: "best row from a task's training on minus last row, over T-1 tasks (Chaudhry et al. 2018)",
    formula: "(1/(T−1)) Σ_{j<T} (max_{j≤l<T} R[l][j] − R[T][j])",
    source: "Chaudhry et al. 2018, arXiv 1801.10112, eq. 3; the maximum runs over the rows from the task's first \
             training on; FACIL, main_incremental.py",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "",
    lacks: &[lack::sequence, lack::earlier, lack::since_first],
    worked: "((max(0.9, 0.95) - 0.6) + (0.8 - 0.85)) / 2",
    of: |subject| mean_over(subject.earlier(), |task| lost(subject, task)),
};

/// Forgetting of what was known before a task was trained, too.
pub static ALL_ROWS: Metric = Metric {
    key: "forgetting.agem-code",
    short: "FGTall",
    name: "forgetting over all earlier rows",
    about: "best earlier row, those before training included, minus last row, over T-1 tasks (A-GEM's code, Renate)",
    formula: "(1/(T−1)) Σ_{j<T} (max_{l<T} R[l][j] − R[T][j])",
    source: "facebookresearch/agem, utils/utils.py, compute_fgt; Renate 0.5, classification.py; a row before a task's \
             training that was not evaluated counts as 0, as in a matrix of zeros",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "",
    lacks: &[lack::sequence, lack::earlier, lack::since_first],
    worked: "((max(0.9, 0.95) - 0.6) + (max(0.45, 0.8) - 0.85)) / 2",
    of: |subject| mean_over(subject.earlier(), |task| lost_since_start(subject, task)),
};

/// Forgetting since a task was learned.
pub static FIRST: Metric = Metric {
    key: "forgetting.avalanche",
    short: "FGT₁",
    name: "forgetting since learned",
    about: "diagonal minus last row, over T-1 tasks (Avalanche)",
    formula: "(1/(T−1)) Σ_{j<T} (R[j][j] − R[T][j])",
    source: "ContinualAI/avalanche, evaluation/metrics/forgetting_bwt.py, StreamForgetting: its first value is written \
             anew whenever the experience is trained again, so that it is the diagonal",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "",
    lacks: &[lack::sequence, lack::earlier, lack::kept, lack::learned],
    worked: "((0.9 - 0.6) + (0.8 - 0.85)) / 2",
    of: |subject| Some(-(super::transfer::BACKWARD_FIRST.of)(subject)?),
};

/// Forgetting that is never negative.
pub static CLAMPED: Metric = Metric {
    key: "forgetting.mammoth",
    short: "FGT≥0",
    name: "clamped forgetting",
    about: "best row, the last included, minus last row: never negative (Mammoth, PILOT)",
    formula: "(1/(T−1)) Σ_{j<T} (max_{j≤l≤T} R[l][j] − R[T][j])",
    source: "aimagelab/mammoth, utils/metrics.py: rows in which a task had not been trained are filled with zeros; \
             PILOT and FoMo-in-Flux copy it",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "",
    lacks: &[lack::sequence, lack::earlier, lack::since_first],
    worked: "((max(0.9, 0.95, 0.6) - 0.6) + (max(0.8, 0.85) - 0.85)) / 2",
    of: |subject| mean_over(subject.earlier(), |task| Some(lost(subject, task)?.max(0.0))),
};

/// Forgetting of the task that was forgotten most.
pub static WORST: Metric = Metric {
    key: "forgetting.agem-worst",
    short: "FGTmax",
    name: "worst forgetting",
    about: "the largest single-task forgetting.agem-code (A-GEM's plots)",
    formula: "max_{j<T} (max_{l<T} R[l][j] − R[T][j])",
    source: "facebookresearch/agem, plotting_code/agem_plots.ipynb, compute_fgt; Chaudhry et al. 2019, arXiv \
             1812.00420",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "",
    lacks: &[lack::sequence, lack::earlier, lack::since_first],
    worked: "max(max(0.9, 0.95) - 0.6, max(0.45, 0.8) - 0.85)",
    of: |subject| {
        let all: Option<Vec<f64>> = subject.earlier().map(|task| lost_since_start(subject, task)).collect();
        all?.into_iter().reduce(f64::max)
    },
};

/// Forgetting as Continuum computes it.
pub static CONTINUUM: Metric = Metric {
    key: "forgetting.continuum",
    short: "FGTcont",
    name: "forgetting as Continuum computes it",
    about: "best row but the last two, minus last row, the most recent earlier task skipped, over T-1 (Continuum)",
    formula: "(1/(T−1)) Σ_{j<T−1} (max_{j≤l<T−1} R[l][j] − R[T][j])",
    source: "Continvvm/continuum 1.2.7, continuum/metrics/metrics.py, forgetting; one term fewer than it divides by",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "",
    lacks: &[lack::sequence, lack::earlier, lack::settled_since],
    worked: "(0.9 - 0.6) / 2",
    of: |subject| {
        let rows = subject.matrix.experiences().saturating_sub(2);
        over_earlier(subject, |task| Some(best(subject, task, rows)? - subject.kept(task)?))
    },
};

/// Forgetting without the most recent earlier task.
pub static LIBCONTINUAL: Metric = Metric {
    key: "forgetting.libcontinual",
    short: "FGTlib",
    name: "forgetting as LibContinual computes it",
    about: "diagonal minus last row, the most recent earlier task skipped, over T-1 (LibContinual)",
    formula: "(1/(T−1)) Σ_{j<T−1} (R[j][j] − R[T][j])",
    source: "LibContinual, core/utils/utils.py, compute_frgt; one term fewer than it divides by",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "",
    lacks: &[lack::sequence, lack::earlier, lack::settled],
    worked: "(0.9 - 0.6) / 2",
    of: |subject| over_earlier(subject, |task| Some(subject.learned(task)? - subject.kept(task)?)),
};

/// Intransigence against joint training on the tasks so far.
pub static INTRANSIGENCE: Metric = Metric {
    key: "intransigence.chaudhry18",
    short: "INT",
    name: "intransigence",
    about: "what joint training on the tasks so far knows of a task, minus the diagonal (Chaudhry et al. 2018)",
    formula: "(1/T) Σₖ (a*[k] − R[k][k]), a*[k] of a model trained jointly on tasks 1 to k",
    source: "Chaudhry et al. 2018, arXiv 1801.10112, eq. 4, averaged over k",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "reference runs with the same seed: clbench references STREAM",
    lacks: &[lack::sequence, lack::trained, lack::diagonal],
    worked: "((0.92 - 0.9) + (0.9 - 0.8) + (0.85 - 0.7)) / 3",
    of: |subject| intransigence(subject, &subject.references.upto),
};

/// Intransigence against joint training on all tasks.
pub static INTRANSIGENCE_JOINT: Metric = Metric {
    key: "intransigence.joint",
    short: "INTall",
    name: "intransigence against joint training on all tasks",
    about: "what joint training on all tasks knows of a task, minus the diagonal (ours)",
    formula: "(1/T) Σₖ (a[k] − R[k][k]), a[k] of the model trained on all tasks at once",
    source: "clbench: one reference for all tasks, the method `joint`",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "a run of method=joint with the same seed",
    lacks: &[lack::sequence, lack::trained, lack::diagonal],
    worked: "((0.95 - 0.9) + (0.9 - 0.8) + (0.85 - 0.7)) / 3",
    of: |subject| intransigence(subject, &subject.references.joint),
};

/// Intransigence against single tasks.
pub static INTRANSIGENCE_SINGLE: Metric = Metric {
    key: "intransigence.single",
    short: "INTone",
    name: "intransigence against single-task training",
    about: "what a fresh model trained on a task alone knows of it, minus the diagonal (ours)",
    formula: "(1/T) Σₖ (s[k] − R[k][k]), s[k] of a fresh model trained on task k alone",
    source: "clbench: negative where earlier tasks help",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "reference runs with the same seed: clbench references STREAM",
    lacks: &[lack::sequence, lack::trained, lack::diagonal],
    worked: "((0.93 - 0.9) + (0.88 - 0.8) + (0.8 - 0.7)) / 3",
    of: |subject| intransigence(subject, &subject.references.single),
};

/// max_{j≤l<T} R\[l\]\[j\] − R\[T\]\[j\]: the best row in which `task` had been trained, the last left out, minus the
/// last.
pub(crate) fn lost(subject: &Subject, task: usize) -> Option<f64> {
    Some(best(subject, task, subject.matrix.experiences().saturating_sub(1))? - subject.kept(task)?)
}

/// The same with rows before the first training; one of these that was not evaluated does not count.
fn lost_since_start(subject: &Subject, task: usize) -> Option<f64> {
    let first = subject.matrix.first_trained(task)?;
    let known = best(subject, task, subject.matrix.experiences().saturating_sub(1))?;
    let before = (1..first).filter_map(|row| subject.matrix.after(row, task));
    Some(before.fold(known, f64::max) - subject.kept(task)?)
}

/// The largest accuracy on `task` from the row after its first training to row `last`.
fn best(subject: &Subject, task: usize, last: usize) -> Option<f64> {
    let rows = subject.matrix.first_trained(task)?..=last;
    let known: Option<Vec<f64>> = rows.map(|row| subject.matrix.after(row, task)).collect();
    known?.into_iter().reduce(f64::max)
}

/// The sum of `lost` over the earlier tasks but the most recent, over the number of all earlier tasks.
fn over_earlier(subject: &Subject, lost: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    let earlier = subject.earlier().count();
    let sum = subject.settled().into_iter().map(lost).sum::<Option<f64>>()?;
    (earlier > 0).then(|| sum / earlier as f64)
}

fn intransigence(subject: &Subject, reference: &[Option<f64>]) -> Option<f64> {
    if subject.matrix.joint() {
        return None;
    }
    mean_over(subject.trained(), |task| Some(reference.get(task).copied()?? - subject.learned(task)?))
}
