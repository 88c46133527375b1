//! Online: every example comes once, in one fixed order that the stream's seed draws, task after task.
//!
//! - Chaudhry et al. 2019, <https://arxiv.org/abs/1902.10486>: one pass over each task.
//! - Aljundi et al. 2019, <https://arxiv.org/abs/1903.08671>: one pass, in which nobody says where a task ends.
//!
//! `parts` cuts each task into several experiences, so that it is evaluated on the way.

use anyhow::{Context, Result};
use clbench::{
    catalogue::{Range, Settings, part},
    stream::{Arrival, Arrive, Experience, Ground, Task},
};

use super::{Pair, cut};

/// The entry of the catalogue.
pub const ARRIVAL: Arrival = Arrival {
    name: "online",
    about: "one pass in a fixed drawn order, task after task",
    citation: "https://arxiv.org/abs/1902.10486",
    settings: Online::SETTINGS,
    make: |table| part(table, |online: Online| Box::new(online) as Box<dyn Arrive>),
};

clbench::settings! {
    /// Settings.
    #[derive(Clone, Debug)]
    pub struct Online {
        /// Experiences into which each task is cut.
        pub parts: usize = 1, Range::Whole(1, i64::MAX);
    }
}

impl Settings for Online {}

impl Arrive for Online {
    fn arrive(&self, tasks: &[Task], ground: &Ground) -> Result<Vec<Experience>> {
        let mut all = Vec::new();
        for (index, task) in tasks.iter().enumerate() {
            let order = ground.draws.order("online", index as u64, task.train.len());
            let pairs: Vec<Pair> = order.into_iter().map(|place| (index as u32, place as u32)).collect();
            let parts = cut(&pairs, self.parts, "stream.arrival.parts");
            let parts = parts.with_context(|| format!("task {index} (`{}`)", task.name))?;
            all.extend(parts.into_iter().map(Experience::in_order));
        }
        Ok(all)
    }
    fn is_once(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{
        super::tests::{course, dots, ground, tasks},
        *,
    };

    #[test]
    fn each_task_comes_once_in_its_drawn_order_cut_into_parts() {
        let universe = dots(&[0, 0, 0, 1, 1], &[0; 5]);
        let ground = ground(&universe, Path::new(""));
        let experiences = Online { parts: 2 }.arrive(&tasks(&universe), &ground).unwrap();
        let courses: Vec<Vec<Pair>> = experiences.iter().map(course).collect();
        assert_eq!(courses.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1, 1]);
        for (task, count, parts) in [(0, 3, 0..2), (1, 2, 2..4)] {
            let drawn = ground.draws.order("online", task, count);
            let drawn: Vec<Pair> = drawn.into_iter().map(|place| (task as u32, place as u32)).collect();
            assert_eq!(courses[parts].concat(), drawn);
        }
    }

    #[test]
    fn a_task_of_fewer_examples_than_parts_is_refused() {
        let universe = dots(&[0, 0, 0, 1, 1], &[0; 5]);
        let error = Online { parts: 3 }.arrive(&tasks(&universe), &ground(&universe, Path::new(""))).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.starts_with("task 1 (`1`): stream.arrival.parts = 3 is not between 1 and the 2"), "{error}");
    }
}
