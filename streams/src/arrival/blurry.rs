//! Blurry boundaries: a share of each task's examples comes in the experiences of the other tasks.
//!
//! Bang et al. 2021, <https://arxiv.org/abs/2103.17230>, "blurry-M": M % of the examples of each experience's
//! classes are spread evenly over the other experiences. No example comes twice.
//!
//! **Deviation:** the share is of a task's examples and drawn without regard to class, so that it is M % of each class
//! in expectation.

use anyhow::{Result, ensure};
use clbench::{
    catalogue::{Range, Settings, part},
    stream::{Arrival, Arrive, Experience, Ground, Task},
};

use super::Pair;

/// The entry of the catalogue.
pub const ARRIVAL: Arrival = Arrival {
    name: "blurry",
    about: "a share of each task's examples comes with the other tasks",
    citation: "https://arxiv.org/abs/2103.17230",
    settings: Blurry::SETTINGS,
    make: |table| part(table, |blurry: Blurry| Box::new(blurry) as Box<dyn Arrive>),
};

clbench::settings! {
    /// Settings.
    #[derive(Clone, Debug)]
    pub struct Blurry {
        /// Share of a task's examples that comes with the others, M / 100.
        pub share: f64 = 0.1, Range::From(0.0, 1.0);
        /// Whether each example may be seen only once.
        pub once: bool = false;
    }
}

impl Settings for Blurry {}

impl Arrive for Blurry {
    fn arrive(&self, tasks: &[Task], ground: &Ground) -> Result<Vec<Experience>> {
        let all = tasks.len();
        ensure!(all > 1, "one task has no boundary to blur; leave out stream.arrival or let there be more tasks");
        let mut experiences: Vec<Vec<Pair>> = vec![Vec::new(); all];
        for (index, task) in tasks.iter().enumerate() {
            let leaving = (task.train.len() as f64 * self.share).round() as usize;
            for (at, place) in ground.draws.order("blurry", index as u64, task.train.len()).into_iter().enumerate() {
                // Those that leave are dealt over the others, from the next one on.
                let experience = if at < leaving { (index + 1 + at % (all - 1)) % all } else { index };
                experiences[experience].push((index as u32, place as u32));
            }
        }
        experiences.iter_mut().for_each(|pairs| pairs.sort_unstable());
        Ok(experiences.iter().map(|pairs| Experience::of(pairs)).collect())
    }
    fn is_once(&self) -> bool {
        self.once
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{
        super::tests::{dots, ground, tasks},
        *,
    };

    /// Number of examples of each task in each experience.
    fn counts(share: f64) -> Vec<Vec<usize>> {
        let universe = dots(&[0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2], &[0; 12]);
        let blurry = Blurry { share, once: false };
        let experiences = blurry.arrive(&tasks(&universe), &ground(&universe, Path::new(""))).unwrap();
        let mut all: Vec<Pair> = experiences.iter().flat_map(Experience::new_pairs).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 12, "an example is missing or there twice");
        let count = |of: &Experience, task| of.new_pairs().iter().filter(|pair| pair.0 == task).count();
        experiences.iter().map(|of| (0..3).map(|task| count(of, task)).collect()).collect()
    }

    #[test]
    fn the_share_is_dealt_over_the_other_experiences() {
        // Of 6, 4 and 2 examples 3, 2 and 1 leave: to (2, 1), to (1, 1) and to (1, 0) of the next and the one after.
        assert_eq!(counts(0.5), [[3, 1, 1], [2, 2, 0], [1, 1, 1]]);
        assert_eq!(counts(0.0), [[6, 0, 0], [0, 4, 0], [0, 0, 2]]);
    }

    #[test]
    fn one_task_has_no_boundary() {
        let universe = dots(&[0, 0], &[0; 2]);
        let error = Blurry::default().arrive(&tasks(&universe), &ground(&universe, Path::new(""))).unwrap_err();
        assert!(error.to_string().starts_with("one task has no boundary to blur"), "{error}");
    }
}
