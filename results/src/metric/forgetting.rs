//! What is lost of earlier tasks, and what could not be learned because of them.
//!
//! - Chaudhry et al. 2018, <https://arxiv.org/abs/1801.10112>, eq. 3 and 4: forgetting and intransigence.
//! - Chaudhry et al. 2019, <https://arxiv.org/abs/1812.00420>: worst forgetting, in the authors' code.
//! - Programs: Avalanche (first minus last), Mammoth and PILOT (the maximum includes the last row), `LibContinual`.
//!
//! In every definition but intransigence the sum runs over the tasks that the last experience does not train.

use super::subject::mean_over;
use super::{Better, Metric, Subject, Unit};

/// All of this file.
pub static ALL: &[&Metric] =
    &[&CHAUDHRY, &FIRST, &CLAMPED, &WORST, &LIBCONTINUAL, &INTRANSIGENCE, &INTRANSIGENCE_JOINT, &INTRANSIGENCE_SINGLE];

/// Forgetting.
pub static CHAUDHRY: Metric = Metric {
    key: "forgetting.chaudhry18",
    short: "FGT",
    name: "forgetting",
    about: "best earlier row minus last row, over T-1 tasks (Chaudhry et al. 2018)",
    formula: "(1/(T−1)) Σ_{j<T} (max_{l<T} R[l][j] − R[T][j])",
    source: "Chaudhry et al. 2018, arXiv 1801.10112, eq. 3; the maximum runs over all earlier rows, those before the \
             task was trained included; the baseline is no row; so do FACIL and Renate",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "",
    worked: "((max(0.9, 0.95) - 0.6) + (max(0.45, 0.8) - 0.85)) / 2",
    of: |subject| mean_over(subject.earlier(), |task| lost(subject, task)),
};

/// Forgetting since a task was first learned.
pub static FIRST: Metric = Metric {
    key: "forgetting.avalanche",
    short: "FGT₁",
    name: "forgetting since first learned",
    about: "row after a task was first trained minus last row (Avalanche)",
    formula: "(1/(T−1)) Σ_{j<T} (R[first(j)][j] − R[T][j])",
    source: "ContinualAI/avalanche, evaluation/metrics/forgetting_bwt.py",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "",
    worked: "((0.9 - 0.6) + (0.8 - 0.85)) / 2",
    of: |subject| Some(-(super::transfer::BACKWARD_FIRST.of)(subject)?),
};

/// Forgetting that is never negative.
pub static CLAMPED: Metric = Metric {
    key: "forgetting.mammoth",
    short: "FGT≥0",
    name: "clamped forgetting",
    about: "best row, the last included, minus last row: never negative (Mammoth, PILOT)",
    formula: "(1/(T−1)) Σ_{j<T} (max_{l≤T} R[l][j] − R[T][j])",
    source: "aimagelab/mammoth, utils/metrics.py; PILOT and FoMo-in-Flux copy it",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "",
    worked: "((max(0.9, max(0.95, 0.6)) - 0.6) + (max(0.45, max(0.8, 0.85)) - 0.85)) / 2",
    of: |subject| mean_over(subject.earlier(), |task| Some(lost(subject, task)?.max(0.0))),
};

/// Forgetting of the task that was forgotten most.
pub static WORST: Metric = Metric {
    key: "forgetting.agem-worst",
    short: "FGTmax",
    name: "worst forgetting",
    about: "the largest single-task forgetting.chaudhry18 (A-GEM's code)",
    formula: "max_{j<T} (max_{l<T} R[l][j] − R[T][j])",
    source: "facebookresearch/agem, plotting scripts; Chaudhry et al. 2019, arXiv 1812.00420",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "",
    worked: "max(max(0.9, 0.95) - 0.6, max(0.45, 0.8) - 0.85)",
    of: |subject| {
        let all: Option<Vec<f64>> = subject.earlier().map(|task| lost(subject, task)).collect();
        all?.into_iter().reduce(f64::max)
    },
};

/// Forgetting without the most recent earlier task.
pub static LIBCONTINUAL: Metric = Metric {
    key: "forgetting.libcontinual",
    short: "FGTlib",
    name: "forgetting as LibContinual computes it",
    about: "diagonal minus last row, the most recent earlier task skipped, over T-1 (LibContinual)",
    formula: "(1/(T−1)) Σ_{j<T−1} (R[j][j] − R[T][j])",
    source: "LibContinual, core/utils; one term fewer than it divides by",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "",
    worked: "(0.9 - 0.6) / 2",
    of: |subject| {
        let earlier: Vec<usize> = subject.earlier().collect();
        let latest = earlier.iter().copied().max_by_key(|&task| subject.matrix.last_trained(task))?;
        let counted = earlier.iter().filter(|&&task| task != latest);
        let lost = |&task: &usize| Some(subject.learned(task)? - subject.kept(task)?);
        Some(counted.map(lost).sum::<Option<f64>>()? / earlier.len() as f64)
    },
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
    worked: "((0.93 - 0.9) + (0.88 - 0.8) + (0.8 - 0.7)) / 3",
    of: |subject| intransigence(subject, &subject.references.single),
};

/// max_{l<T} R\[l\]\[j\] − R\[T\]\[j\].
pub(crate) fn lost(subject: &Subject, task: usize) -> Option<f64> {
    let last = subject.matrix.experiences();
    let earlier: Option<Vec<f64>> = (1..last).map(|experience| subject.matrix.after(experience, task)).collect();
    Some(earlier?.into_iter().reduce(f64::max)? - subject.kept(task)?)
}

fn intransigence(subject: &Subject, reference: &[Option<f64>]) -> Option<f64> {
    if subject.matrix.joint() {
        return None;
    }
    mean_over(subject.trained(), |task| Some(reference.get(task).copied()?? - subject.learned(task)?))
}
