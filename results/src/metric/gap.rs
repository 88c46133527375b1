//! The stability gap: how deep earlier tasks fall when the next one begins, and how long they take to come back.
//!
//! - De Lange et al. 2023, <https://arxiv.org/abs/2205.13452>: the gap. They show it and give no number for it; depth
//!   and recovery are ours.
//!
//! The means run over pairs of an experience k ≥ 2 and a task that was trained before k and is not trained in k. The
//! whole experience is searched: without a recovery, the depth is what the experience cost the task in all.

use super::{Better, Metric, Subject, Unit, lack, within};
use crate::{record::Moment, statistics::estimate::mean};

/// All of this file.
pub static ALL: &[&Metric] = &[&DEPTH, &STEPS, &RECOVERED];

/// Share of the accuracy before an experience at which a task counts as recovered.
pub const RECOVERY: f64 = 0.95;

/// Depth of the gap.
pub static DEPTH: Metric = Metric {
    key: "gap-depth.clbench",
    short: "GAP",
    name: "depth of the stability gap",
    about: "accuracy before an experience minus the lowest in it, mean over experiences and earlier tasks (ours)",
    formula: "mean over k ≥ 2 and earlier tasks j of R[k−1][j] − min over evaluations t in experience k of Aₜ[j]",
    source: "clbench, after De Lange et al. 2023, arXiv 2205.13452; negative where a task only gains",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: within::NEEDS,
    lacks: &[lack::sequence, lack::within],
    worked: "((0.9 - 0.3) + (0.95 - 0.4) + (0.8 - 0.7)) / 3",
    of: |subject| over_gaps(subject, |gap| gap.depth),
};

/// Steps until recovery.
pub static STEPS: Metric = Metric {
    key: "recovery-steps.clbench",
    short: "RECSTEP",
    name: "steps until recovery",
    about: "steps into an experience until an earlier task is back at 95 % of what it was; at least that many (ours)",
    formula: "mean over k ≥ 2 and earlier tasks j of the first step, from the lowest evaluation on, with A[j] ≥ \
              0.95·R[k−1][j]; 0 where A[j] never falls below; the length of k where it does not come back",
    source: "clbench, after De Lange et al. 2023, arXiv 2205.13452; a lower bound where recovered.clbench is below 1, \
             and no finer than the evaluations",
    range: (0.0, f64::INFINITY),
    unit: Unit::Steps,
    better: Better::Lower,
    needs: within::NEEDS,
    lacks: &[lack::sequence, lack::within],
    worked: "(4 + 10 + 2) / 3",
    of: |subject| over_gaps(subject, |gap| gap.recovery.unwrap_or(gap.length) as f64),
};

/// How many recover.
pub static RECOVERED: Metric = Metric {
    key: "recovered.clbench",
    short: "RECOV",
    name: "share of recoveries",
    about: "share of earlier tasks that come back to 95 % of what they were before an experience ends (ours)",
    formula: "share of the pairs of recovery-steps.clbench that never fall below 0.95·R[k−1][j] or come back to it",
    source: "clbench, after De Lange et al. 2023, arXiv 2205.13452",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: within::NEEDS,
    lacks: &[lack::sequence, lack::within],
    worked: "(1 + 0 + 1) / 3",
    of: |subject| over_gaps(subject, |gap| f64::from(u8::from(gap.recovery.is_some()))),
};

/// One earlier task in one experience.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Gap {
    /// Accuracy before minus the lowest.
    depth: f64,
    /// Steps until it is back; none if it does not come back.
    recovery: Option<u64>,
    /// Steps of the experience.
    length: u64,
}

fn over_gaps(subject: &Subject, value: impl Fn(Gap) -> f64) -> Option<f64> {
    within::within(subject)?;
    let matrix = &subject.matrix;
    let mut values = Vec::new();
    for experience in 2..=matrix.experiences() {
        let inside: Vec<&Moment> =
            subject.history.moments.iter().filter(|moment| moment.experience == experience).collect();
        let before = subject.after(experience - 1)?;
        let known = |task: &usize| matrix.first_trained(*task).is_some_and(|first| first < experience);
        for task in subject.trained().filter(known).filter(|&task| !matrix.trains(experience, task)) {
            values.push(value(gap(before, &inside, task)?));
        }
    }
    mean(&values)
}

fn gap(before: &Moment, inside: &[&Moment], task: usize) -> Option<Gap> {
    let level = before.accuracy(task)?;
    let steps = |moment: &Moment| moment.step.checked_sub(before.step);
    let point = |moment: &&Moment| Some((steps(moment)?, moment.accuracy(task)?));
    let course: Vec<(u64, f64)> = inside.iter().map(point).collect::<Option<_>>()?;
    let (bottom, lowest) = course.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let back = |&(step, accuracy): &(u64, f64)| (step >= bottom && accuracy >= RECOVERY * level).then_some(step);
    let recovery = if lowest >= RECOVERY * level { Some(0) } else { course.iter().find_map(back) };
    Some(Gap { depth: level - lowest, recovery, length: course.last()?.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::EXAMPLE;
    use crate::record::At;

    fn of(course: &[f64], level: f64) -> Gap {
        let mut before = EXAMPLE.history.moments[10].clone();
        before.answers.get_mut(&0).unwrap().accuracy = level;
        let inside: Vec<Moment> = course
            .iter()
            .enumerate()
            .map(|(index, &accuracy)| {
                let mut moment = EXAMPLE.history.moments[11 + index].clone();
                moment.answers.get_mut(&0).unwrap().accuracy = accuracy;
                moment
            })
            .collect();
        gap(&before, &inside.iter().collect::<Vec<_>>(), 0).unwrap()
    }

    #[test]
    fn recovery_is_looked_for_from_the_bottom_on() {
        // The fall begins with the second step: a first step that is still high is no recovery.
        assert_eq!(of(&[0.8, 0.4, 0.7, 0.78], 0.8).recovery, Some(4));
        assert_eq!(of(&[0.8, 0.78, 0.77], 0.8).recovery, Some(0));
        let lost = of(&[0.8, 0.5, 0.5], 0.8);
        assert_eq!((lost.recovery, lost.length), (None, 3));
        assert!((of(&[0.9, 0.85], 0.8).depth + 0.05).abs() < 1e-12);
    }

    #[test]
    fn a_task_that_is_trained_again_has_no_gap_there() {
        let mut subject = EXAMPLE.clone();
        subject.matrix = subject.matrix.training(&[&[0], &[0, 1], &[2]]);
        assert!(((DEPTH.of)(&subject).unwrap() - f64::midpoint(0.55, 0.1)).abs() < 1e-12);
        assert!(((STEPS.of)(&subject).unwrap() - 6.0).abs() < 1e-12);
        assert_eq!((RECOVERED.of)(&subject), Some(0.5));
    }

    #[test]
    fn one_experience_and_rows_alone_have_no_gap() {
        let mut subject = EXAMPLE.clone();
        subject.history.moments.retain(|moment| moment.at != At::Step);
        assert!(ALL.iter().all(|metric| (metric.of)(&subject).is_none()));
        let mut subject = EXAMPLE.clone();
        subject.matrix = subject.matrix.training(&[&[0], &[0], &[0]]);
        assert!(ALL.iter().all(|metric| (metric.of)(&subject).is_none()));
    }
}
