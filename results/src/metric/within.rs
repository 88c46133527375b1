//! What happens between the rows of the matrix: how fast tasks are learned, and how far they fall on the way.
//!
//! - Caccia et al. 2022, <https://arxiv.org/abs/2104.05025>: anytime average accuracy.
//! - Chaudhry et al. 2019 (A-GEM), <https://arxiv.org/abs/1812.00420>: learning curve area, β = 10, and their code.
//! - De Lange et al. 2023, <https://arxiv.org/abs/2205.13452>: minimum accuracy, worst-case accuracy, and the gap.
//!
//! All need evaluations within every experience of more than one step. Evaluations weigh alike wherever they lie, so
//! values are comparable at equal `eval.every` only, and early steps weigh more under `eval.log_spaced`.
//!
//! **Deviation:** the papers know one task per experience. Here a task is learned, for the learning curve, in the first
//! experience that trains it; the minimum runs from the last one on.

use super::{Better, Metric, Subject, Unit, lack, subject::mean_over};
use crate::{
    record::{At, Moment},
    statistics::estimate::mean,
};

/// All of this file.
pub static ALL: &[&Metric] = &[&ANYTIME, &LCA, &LCA_CODE, &LCA_AFTER, &MINIMUM, &WORST_CASE];

/// Minibatches of the learning curve, β.
pub const BETA: u64 = 10;
/// What these scores say of their needs.
pub(super) const NEEDS: &str = "evaluations within experiences of all tasks so far: eval.every or eval.log_spaced";
const NEEDS_CURVE: &str = "evaluation of a task before and after each of its first ten steps: eval.log_spaced";

/// Anytime average accuracy.
pub static ANYTIME: Metric = Metric {
    key: "aaa.caccia22",
    short: "AAA",
    name: "anytime average accuracy",
    about: "mean over all evaluations of the mean over tasks seen so far (Caccia et al. 2022)",
    formula: "mean over evaluations t of (1/k) Σ_{j≤k} Aₜ[j], k the experience in progress",
    source: "Caccia et al. 2022, arXiv 2104.05025; the evaluation before the first step is left out",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: NEEDS,
    lacks: &[lack::sequence, lack::within],
    worked: "(0.6 + 0.7 + 0.8 + 7 * 0.9 + (0.3 + 0.5 + 0.8 + 0.9 + 6 * 0.95 + 0.5 + 0.6 + 0.7 + 7 * 0.8) / 2 + (0.4 + \
             0.5 + 8 * 0.6 + 0.7 + 0.8 + 8 * 0.85 + 0.4 + 0.5 + 0.6 + 7 * 0.7) / 3) / 30",
    of: |subject| {
        let moments = within(subject)?.into_iter().filter(|moment| moment.experience > 0);
        mean_over(moments, |moment| mean_over(subject.seen(moment.experience), |task| moment.accuracy(task)))
    },
};

/// Learning curve area.
pub static LCA: Metric = Metric {
    key: "lca.agem19",
    short: "LCA",
    name: "learning curve area",
    about: "mean accuracy on a task before and after its first 1 to 10 steps (Chaudhry et al. 2019)",
    formula: "(1/(β+1)) Σ_{b=0..β} (1/T) Σₖ a[k,b], a[k,b] on task k after b steps of it, β = 10",
    source: "Chaudhry et al. 2019, arXiv 1812.00420, section on metrics",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: NEEDS_CURVE,
    lacks: &[lack::sequence],
    worked: "(0.5 + 0.6 + 0.7 + 0.8 + 7 * 0.9 + 0.45 + 0.5 + 0.6 + 0.7 + 7 * 0.8 + 0.35 + 0.4 + 0.5 + 0.6 + 7 * 0.7) / \
             3 / 11",
    of: |subject| over_curves(subject, 0, mean),
};

/// Learning curve area by trapezoids.
pub static LCA_CODE: Metric = Metric {
    key: "lca.agem-code",
    short: "LCA⌂",
    name: "learning curve area by trapezoids",
    about: "area below a task's first ten steps, over 10: its two ends count half (A-GEM's code)",
    formula: "(1/β) Σ_{b=1..β} (Z[b−1] + Z[b])/2, Z[b] = (1/T) Σₖ a[k,b], β = 10",
    source: "facebookresearch/agem, plotting scripts: numpy.trapz",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "as lca.agem19",
    lacks: &[lack::sequence],
    worked: "(0.5 / 2 + 0.6 + 0.7 + 0.8 + 6 * 0.9 + 0.9 / 2 + 0.45 / 2 + 0.5 + 0.6 + 0.7 + 6 * 0.8 + 0.8 / 2 + 0.35 / \
             2 + 0.4 + 0.5 + 0.6 + 6 * 0.7 + 0.7 / 2) / 3 / 10",
    of: |subject| {
        let area = |curve: &[f64]| curve.windows(2).map(|ends| f64::midpoint(ends[0], ends[1])).sum::<f64>();
        over_curves(subject, 0, |curve| Some(area(curve) / BETA as f64))
    },
};

/// Learning curve area without the point before the first step.
pub static LCA_AFTER: Metric = Metric {
    key: "lca.continual-evaluation",
    short: "LCA₁",
    name: "learning curve area after the first step",
    about: "mean accuracy on a task after its first 1 to 10 steps (ContinualEvaluation's code)",
    formula: "(1/β) Σ_{b=1..β} (1/T) Σₖ a[k,b], β = 10",
    source: "De Lange et al. 2023, arXiv 2205.13452: their code, ContinualEvaluation",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "evaluation of a task after each of its first ten steps: eval.log_spaced",
    lacks: &[lack::sequence],
    worked: "(0.6 + 0.7 + 0.8 + 7 * 0.9 + 0.5 + 0.6 + 0.7 + 7 * 0.8 + 0.4 + 0.5 + 0.6 + 7 * 0.7) / 3 / 10",
    of: |subject| over_curves(subject, 1, mean),
};

/// Minimum accuracy.
pub static MINIMUM: Metric = Metric {
    key: "min-acc.delange23",
    short: "minACC",
    name: "average minimum accuracy",
    about: "lowest accuracy since a task was learned, over T-1 tasks (De Lange et al. 2023)",
    formula: "(1/(T−1)) Σ_{j<T} min over evaluations t after task j's training of Aₜ[j]",
    source: "De Lange et al. 2023, arXiv 2205.13452, section on metrics",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: NEEDS,
    lacks: &[lack::sequence, lack::within, lack::earlier],
    worked: "(min(0.3, 0.4) + 0.7) / 2",
    of: |subject| {
        within(subject)?;
        mean_over(subject.earlier(), |task| lowest(subject, task))
    },
};

/// Worst-case accuracy.
pub static WORST_CASE: Metric = Metric {
    key: "wc-acc.delange23",
    short: "WC-ACC",
    name: "worst-case accuracy",
    about: "average accuracy with the lowest since a task was learned for its last (De Lange et al. 2023)",
    formula: "(1/T) R[T][T] + (1 − 1/T) min-ACC: never above acc.gem17",
    source: "De Lange et al. 2023, arXiv 2205.13452, section on metrics",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: NEEDS,
    lacks: &[lack::sequence, lack::within],
    worked: "0.7 / 3 + (1 - 1 / 3) * ((min(0.3, 0.4) + 0.7) / 2)",
    of: |subject| {
        within(subject)?;
        let current = |task| subject.matrix.trains(subject.matrix.experiences(), task);
        mean_over(subject.trained(), |task| if current(task) { subject.kept(task) } else { lowest(subject, task) })
    },
};

/// All evaluations of a run that has some within each experience of more than one step; none for joint training.
pub(super) fn within(subject: &Subject) -> Option<Vec<&Moment>> {
    let moments = &subject.history.moments;
    let inside = |experience: usize| {
        let short = subject.steps.get(experience - 1) == Some(&1);
        short || moments.iter().any(|moment| moment.at == At::Step && moment.experience == experience)
    };
    let experiences = subject.matrix.experiences();
    let all = !subject.matrix.joint() && (1..=experiences).all(inside) && subject.end().is_some();
    all.then(|| moments.iter().collect())
}

/// The lowest accuracy on `task` after the last experience that trains it.
fn lowest(subject: &Subject, task: usize) -> Option<f64> {
    let learned = subject.matrix.last_trained(task)?;
    let later = subject.history.moments.iter().filter(|moment| moment.experience > learned);
    later.map(|moment| moment.accuracy(task)).collect::<Option<Vec<_>>>()?.into_iter().reduce(f64::min)
}

/// The mean of `score` over the tasks' first β steps: accuracies after each of the steps from `from` on, 0 for before.
fn over_curves(subject: &Subject, from: u64, score: impl Fn(&[f64]) -> Option<f64>) -> Option<f64> {
    if subject.matrix.joint() {
        return None;
    }
    mean_over(subject.trained(), |task| {
        let experience = subject.matrix.first_trained(task)?;
        // Nothing was trained before the first experience, whether or not anything was asked then.
        let began = if experience == 1 { 0 } else { subject.after(experience - 1)?.step };
        let after = |b: u64| match b {
            0 => subject.after(experience - 1)?.accuracy(task),
            b => {
                let at = |moment: &&Moment| moment.experience == experience && moment.step == began + b;
                subject.history.moments.iter().find(at)?.accuracy(task)
            }
        };
        let curve: Option<Vec<f64>> = (from..=BETA).map(after).collect();
        score(&curve?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{EXAMPLE, accuracy::AVERAGE};

    fn changed(change: impl Fn(&mut Subject)) -> Subject {
        let mut subject = EXAMPLE.clone();
        change(&mut subject);
        subject
    }

    #[test]
    fn without_evaluations_in_one_experience_there_is_no_score() {
        let bare = changed(|s| s.history.moments.retain(|m| m.at != At::Step || m.experience != 2));
        assert!(ALL.iter().all(|metric| (metric.of)(&bare).is_none()));
        let joint = changed(|s| s.matrix = s.matrix.clone().jointly());
        assert!(ALL.iter().all(|metric| (metric.of)(&joint).is_none()));
    }

    #[test]
    fn one_missing_step_takes_away_the_learning_curve_and_not_the_minimum() {
        let gap = changed(|s| s.history.moments.retain(|m| m.step != 14));
        assert_eq!([&LCA, &LCA_CODE, &LCA_AFTER].map(|metric| (metric.of)(&gap)), [None; 3]);
        assert_eq!((MINIMUM.of)(&gap), (MINIMUM.of)(&EXAMPLE));
    }

    #[test]
    fn a_task_that_was_not_asked_about_on_the_way_has_no_minimum() {
        let silent =
            changed(|s| s.history.moments.iter_mut().filter(|m| m.step == 15).for_each(|m| _ = m.answers.remove(&0)));
        assert_eq!([&ANYTIME, &MINIMUM, &WORST_CASE].map(|metric| (metric.of)(&silent)), [None; 3]);
        // The learning curve of the second task does not need the first.
        assert_eq!((LCA.of)(&silent), (LCA.of)(&EXAMPLE));
    }

    #[test]
    fn a_task_that_comes_back_is_lowest_after_its_last_training() {
        let back = changed(|s| s.matrix = s.matrix.clone().training(&[&[0, 2], &[1], &[0]]));
        // Task 0 is trained last; task 1 falls to 0.7, task 2 to 0.35, although it was at 0.2 when first trained.
        assert!(((MINIMUM.of)(&back).unwrap() - f64::midpoint(0.7, 0.35)).abs() < 1e-12);
        assert!(((WORST_CASE.of)(&back).unwrap() - (0.6 + 0.7 + 0.35) / 3.0).abs() < 1e-12);
    }

    #[test]
    fn the_worst_case_is_no_better_than_the_average() {
        assert!((WORST_CASE.of)(&EXAMPLE) < (AVERAGE.of)(&EXAMPLE));
    }
}
