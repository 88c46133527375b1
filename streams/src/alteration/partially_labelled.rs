//! Labels for a share of the training examples only; the others come without.
//!
//! Boschini et al. 2021, <https://arxiv.org/abs/2108.06552>, continual semi-supervised learning. Of each class in each
//! task, round(`share`·n) examples and at least one keep their labels, drawn for each example; the others become the
//! task's unlabelled examples.

use anyhow::{Result, ensure};
use clbench::{
    catalogue::{Range, Settings, part},
    stream::{Alter, Alteration, Ground, Task},
};

use super::{by_label, by_lot};

/// The entry of the catalogue.
pub const ALTERATION: Alteration = Alteration {
    name: "partially-labelled",
    about: "a share of the training examples keeps its labels",
    citation: "https://arxiv.org/abs/2108.06552",
    settings: PartiallyLabelled::SETTINGS,
    make: |table| part(table, |labelled: PartiallyLabelled| Box::new(labelled) as Box<dyn Alter>),
};

clbench::settings! {
    /// Settings.
    #[derive(Clone, Debug)]
    pub struct PartiallyLabelled {
        /// Share of each class's examples whose labels are told.
        pub share: f64 = 0.1, Range::UpTo(0.0, 1.0);
    }
}

impl Settings for PartiallyLabelled {}

impl Alter for PartiallyLabelled {
    fn alter(&self, tasks: &mut [Task], ground: &Ground) -> Result<()> {
        for task in tasks {
            ensure!(task.unlabelled.is_empty(), "task `{}` has unlabelled examples already", task.name);
            let (mut told, mut hidden) = (Vec::new(), Vec::new());
            for places in by_label(&task.train).into_values() {
                let count = ((places.len() as f64 * self.share).round() as usize).max(1);
                let mut places = by_lot(&ground.draws, "labelled", places, |place| task.train.indices()[*place]);
                hidden.extend(places.split_off(count));
                told.extend(places);
            }
            [&mut told, &mut hidden].into_iter().for_each(|places| places.sort_unstable());
            (task.unlabelled, task.train) = (task.train.select(&hidden), task.train.select(&told));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{altered, counted, counts},
        *,
    };

    #[test]
    fn a_share_of_each_class_and_at_least_one_keeps_its_label() {
        let universe = counted(&[25, 14, 2]);
        let tasks = altered(&PartiallyLabelled { share: 0.1 }, &universe, &[&[0, 1], &[1, 2]], 0);
        // 2.5 of 25, halves up; 1.4 of 14; 0.2 of 2.
        assert_eq!([counts(&tasks[0].train), counts(&tasks[1].train)], [[3, 1], [1, 1]]);
        assert_eq!([counts(&tasks[0].unlabelled), counts(&tasks[1].unlabelled)], [[22, 13], [13, 1]]);
        for (task, range) in [(&tasks[0], 0..39), (&tasks[1], 25..41)] {
            let mut all = [task.train.indices(), task.unlabelled.indices()].concat();
            all.sort_unstable();
            assert!(all.into_iter().eq(range), "an example is lost");
        }
        // The two tasks that show class 1 tell of the same example.
        assert!(tasks[0].train.indices().contains(&tasks[1].train.indices()[0]));
        let whole = altered(&PartiallyLabelled { share: 1.0 }, &universe, &[&[0, 1, 2]], 0);
        assert_eq!((whole[0].train.len(), whole[0].unlabelled.len()), (41, 0));
    }

    #[test]
    fn the_seed_says_which() {
        let universe = counted(&[100]);
        let told = |seed| altered(&PartiallyLabelled::default(), &universe, &[&[0]], seed)[0].train.indices().to_vec();
        assert_eq!(told(0).len(), 10);
        assert_eq!(told(0), told(0));
        assert_ne!(told(0), told(1));
    }

    #[test]
    fn shares_that_tell_nothing_are_refused() {
        for share in [0.0, -1.0, 1.5, f64::NAN] {
            let message = clbench::catalogue::checked(&PartiallyLabelled { share }).unwrap_err().to_string();
            assert!(message.contains("is not above 0 and at most 1"), "{message}");
        }
    }
}
