//! How much is known: at the end, on the way, right after learning, and of tasks that no experience trains.
//!
//! - Lopez-Paz and Ranzato 2017, <https://arxiv.org/abs/1706.08840>, section 2.
//! - Rebuffi et al. 2017, <https://arxiv.org/abs/1611.07725>: average incremental accuracy.
//! - Díaz-Rodríguez et al. 2018, <https://arxiv.org/abs/1810.13166>, eq. 1.
//! - Riemer et al. 2019, <https://arxiv.org/abs/1810.11910>: learning accuracy.

use super::subject::mean_over;
use super::{Better, Metric, Subject, Unit};

/// All of this file.
pub static ALL: &[&Metric] = &[&AVERAGE, &INCREMENTAL, &TRIANGLE, &LEARNING, &STABILITY, &TRADE_OFF];

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
    worked: "(0.6 + 0.85 + 0.7) / 3",
    of: |subject| mean_over(subject.trained(), |task| subject.kept(task)),
};

/// Average incremental accuracy.
pub static INCREMENTAL: Metric = Metric {
    key: "aia.icarl17",
    short: "AIA",
    name: "average incremental accuracy",
    about: "mean over rows of the mean over tasks seen (Rebuffi et al. 2017)",
    formula: "(1/T) Σₖ (1/k) Σ_{j≤k} R[k][j]",
    source: "Rebuffi et al. 2017, arXiv 1611.07725, section 4",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    worked: "(0.9 + (0.95 + 0.8) / 2 + (0.6 + 0.85 + 0.7) / 3) / 3",
    of: |subject| {
        let so_far = |experience| average_so_far(subject, experience);
        if subject.matrix.joint() { None } else { mean_over(1..=subject.matrix.experiences(), so_far) }
    },
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
    worked: "(0.9 + 0.95 + 0.8 + 0.6 + 0.85 + 0.7) / 6",
    of: |subject| {
        let cells = (1..=subject.matrix.experiences())
            .flat_map(|experience| seen(subject, experience).map(move |task| (experience, task)));
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
    worked: "2 * 0.725 * 0.8 / (0.725 + 0.8)",
    of: |subject| {
        let (stability, plasticity) = ((STABILITY.of)(subject)?, (LEARNING.of)(subject)?);
        let sum = stability + plasticity;
        Some(if sum > 0.0 { 2.0 * stability * plasticity / sum } else { 0.0 })
    },
};

/// The tasks that were trained up to `experience`.
fn seen(subject: &Subject, experience: usize) -> impl Iterator<Item = usize> {
    let known = move |task: &usize| subject.matrix.first_trained(*task).is_some_and(|first| first <= experience);
    (0..subject.matrix.tasks()).filter(known)
}

/// A\[k\] = (1/k) Σ_{j≤k} R\[k\]\[j\]: average accuracy over the tasks seen up to `experience`.
pub(super) fn average_so_far(subject: &Subject, experience: usize) -> Option<f64> {
    mean_over(seen(subject, experience), |task| subject.matrix.after(experience, task))
}
