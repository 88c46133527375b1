//! Runs that others are compared with: joint training on all of a stream, on its beginning, on one experience.

use std::collections::BTreeMap;

use crate::{
    metric::References,
    record::{Matrix, RunDir},
};

/// What a reference must share with a run: seed, first weights, network and optimizer, heads.
type Key<'a> = (u64, &'a str, &'a str, &'a str);
/// The experiences that a reference covers; none for all.
type Covers = Option<(usize, usize)>;

/// The references among the runs on one stream hash.
pub(crate) struct Shelf<'a>(BTreeMap<(Key<'a>, Covers), Matrix>);

impl<'a> Shelf<'a> {
    /// Takes joint training from `runs`; a reference that diverged is none.
    pub(crate) fn of(runs: &[&'a RunDir]) -> Self {
        let plain = |run: &&&RunDir| {
            let manifest = &run.manifest;
            let method = matches!(manifest.method.as_str(), "joint" | "finetune");
            manifest.stream.joint && method && manifest.diverged.is_none()
        };
        let entry = |run: &&'a RunDir| ((key(run), run.manifest.stream.covers), run.matrix());
        Self(runs.iter().filter(plain).map(entry).collect())
    }

    /// The references of `run`, whose accuracies are `matrix`.
    pub(crate) fn references(&self, run: &'a RunDir, matrix: &Matrix) -> References {
        let tasks = 0..matrix.tasks();
        let at = |covers: Covers, task: usize| {
            let matrix = self.0.get(&(key(run), covers))?;
            matrix.after(matrix.experiences(), task)
        };
        let upto = |task: usize| {
            let last = matrix.last_trained(task)?;
            let whole = || if last == matrix.experiences() { at(None, task) } else { None };
            at(Some((1, last)), task).or_else(whole)
        };
        let single = |task: usize| {
            let last = matrix.last_trained(task)?;
            at(Some((last, last)), task)
        };
        References {
            joint: tasks.clone().map(|task| at(None, task)).collect(),
            upto: tasks.clone().map(upto).collect(),
            single: tasks.map(single).collect(),
        }
    }
}

fn key(run: &RunDir) -> Key<'_> {
    let conditions = &run.manifest.conditions;
    (run.manifest.seed, &conditions.start, &conditions.recipe, &conditions.head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example;

    fn part(seed: u64, covers: Covers, last: [f64; 3]) -> RunDir {
        let mut run = example::joint(seed, last);
        run.manifest.stream.covers = covers;
        run
    }

    #[test]
    fn references_are_of_the_same_seed_and_recipe_and_cover_what_the_task_needs() {
        let run = example::run("er", 0, [0.6, 0.85, 0.7]);
        let mut other = part(0, None, [0.1; 3]);
        other.manifest.conditions.recipe = "another".into();
        let runs = [
            part(0, None, [0.9, 0.8, 0.7]),
            part(1, None, [0.2; 3]),
            other,
            part(0, Some((1, 1)), [0.95, 0.0, 0.0]),
            part(0, Some((2, 2)), [0.0, 0.85, 0.0]),
        ];
        let found = Shelf::of(&runs.iter().collect::<Vec<_>>()).references(&run, &run.matrix());
        assert_eq!(found.joint, [Some(0.9), Some(0.8), Some(0.7)]);
        // The first task's reference covers one experience, the last task's all of them.
        assert_eq!(found.upto, [Some(0.95), None, Some(0.7)]);
        assert_eq!(found.single, [Some(0.95), Some(0.85), None]);
    }
}
