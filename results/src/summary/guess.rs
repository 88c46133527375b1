//! What guessing reaches, and whether runs know more: of models that guess, no comparison says anything.
//!
//! A guess among C classes in scope is right with probability 1/C. Of n guesses the share that is right has the
//! standard error √(p(1 − p)/n), and 1.96 of those are granted to chance beside the 95 % interval over seeds.

use crate::{
    record::{At, RunDir, Split},
    statistics::Estimate,
};

/// Two-sided 95 % point of the normal distribution.
const NORMAL: f64 = 1.96;

/// What guessing reaches on all tasks at the end of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess {
    /// Mean over tasks of the share that is right, 0 to 1.
    pub share: f64,
    /// By how much so many guesses may come out better.
    pub luck: f64,
}

impl Guess {
    /// Of the last evaluation of `run`; none where its manifest names no classes, or nothing was evaluated.
    pub fn of(run: &RunDir) -> Option<Self> {
        let plain = |at: At, split: Split| at == At::End && split == Split::Test;
        let rows = || run.records.iter().filter(|row| plain(row.at, row.split) && row.preference.is_empty());
        let last = rows().map(|row| row.experience).max()?;
        let ends: Vec<_> = rows().filter(|row| row.experience == last && row.sample.is_none()).collect();
        let shares: Vec<f64> = ends.iter().filter_map(|row| one(run, row.task)).collect();
        if shares.len() != ends.len() || shares.is_empty() {
            return None;
        }
        let share = shares.iter().sum::<f64>() / shares.len() as f64;
        // The mean over tasks of independent shares.
        let variance: f64 = ends.iter().zip(&shares).map(|(row, p)| p * (1.0 - p) / row.n.max(1) as f64).sum();
        Some(Self { share, luck: NORMAL * variance.sqrt() / shares.len() as f64 })
    }

    /// Whether the interval of `accuracy`, a mean over tasks, lies above all that guesses reach.
    pub fn is_beaten(&self, accuracy: Estimate) -> bool {
        accuracy.mean - accuracy.half_width.unwrap_or(0.0) > self.share + self.luck
    }
}

/// What a guess about `task` is worth.
fn one(run: &RunDir, task: usize) -> Option<f64> {
    let stream = &run.manifest.stream;
    let all = stream.classes.len();
    let classes = if run.manifest.conditions.test_logits == "task" { own(run, task)? } else { all };
    (classes > 0).then(|| 1.0 / classes as f64)
}

/// Classes that are in scope where the task is told: those that its name lists, or an equal part where tasks have
/// classes of their own, or all.
fn own(run: &RunDir, task: usize) -> Option<usize> {
    let stream = &run.manifest.stream;
    let names: Vec<&str> = stream.tasks.get(task)?.split(", ").collect();
    if names.iter().all(|name| stream.classes.iter().any(|class| class == name)) {
        return Some(names.len());
    }
    let parted = stream.kind.starts_with("task-") || stream.kind.starts_with("class-");
    Some(if parted { (stream.classes.len() / stream.tasks.len()).max(1) } else { stream.classes.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example;

    fn estimate(values: &[f64]) -> Estimate {
        Estimate::of(values).expect("an estimate")
    }

    /// Six classes, three tasks of 200 questions: 1/6 ± 1.96·√(5/36/600).
    #[test]
    fn a_guess_is_one_of_the_classes_in_scope() {
        let mut run = example::run("er", 0, [0.2; 3]);
        let all = Guess::of(&run).expect("a guess");
        assert!(
            (all.share - 1.0 / 6.0).abs() < 1e-12 && (all.luck - 1.96 * (5.0 / 36.0 / 600.0_f64).sqrt()).abs() < 1e-12
        );
        run.manifest.conditions.test_logits = "task".into();
        assert!((Guess::of(&run).expect("a guess").share - 0.5).abs() < 1e-12, "two classes each");
        run.manifest.stream.tasks = vec!["0, 1".into(), "2, 3, 4".into(), "5, 0".into()];
        assert!((Guess::of(&run).expect("a guess").share - (0.5 + 1.0 / 3.0 + 0.5) / 3.0).abs() < 1e-12);
        run.manifest.stream.kind = "permuted".into();
        run.manifest.stream.tasks = vec!["first".into(); 3];
        assert!((Guess::of(&run).expect("a guess").share - 1.0 / 6.0).abs() < 1e-12);
        run.manifest.stream.classes.clear();
        assert_eq!(Guess::of(&run), None);
    }

    #[test]
    fn chance_is_beaten_by_an_interval_above_it() {
        let guess = Guess::of(&example::run("er", 0, [0.2; 3])).expect("a guess");
        // 0.1667 and 0.0298 of luck.
        assert!(guess.is_beaten(estimate(&[0.2])) && !guess.is_beaten(estimate(&[0.19])));
        assert!(!guess.is_beaten(estimate(&[0.15, 0.3])), "the interval reaches down");
        assert!(guess.is_beaten(estimate(&[0.3, 0.3])));
    }
}
