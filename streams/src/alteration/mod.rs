//! Changes of training examples, one file each; [`catalogue`] is the table of contents.
//!
//! They are made in the order of the catalogue. What is drawn is drawn for an example of the pool, not for its place in
//! a task, so that a stream whose tasks show the same examples changes them alike in each.

pub mod label_noise;
pub mod long_tailed;
pub mod partially_labelled;

use std::collections::BTreeMap;

use clbench::{
    primitives::draws::Draws,
    stream::{Alteration, View},
};
use rand::RngExt;

/// Every one, in the order in which lists show them.
pub fn catalogue() -> Vec<Alteration> {
    vec![long_tailed::ALTERATION, label_noise::ALTERATION, partially_labelled::ALTERATION]
}

/// Places in a view by label.
fn by_label(view: &View) -> BTreeMap<usize, Vec<usize>> {
    let mut places = BTreeMap::<usize, Vec<usize>>::new();
    (0..view.len()).for_each(|place| places.entry(view.label(place)).or_default().push(place));
    places
}

/// Items in the order of a number that is drawn for the example of the pool that each stands for.
fn by_lot<T>(draws: &Draws, purpose: &str, items: Vec<T>, example: impl Fn(&T) -> u32) -> Vec<T> {
    let lot = |item: &T| {
        let example = example(item);
        (draws.rng(purpose, u64::from(example)).random::<u64>(), example)
    };
    let mut items = items;
    items.sort_by_cached_key(lot);
    items
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clbench::{
        data::{Dataset, Fit, Split, Universe},
        stream::{Alter, Ground, Task},
    };

    use super::*;

    /// A dataset without pictures of `counts` training examples of each class.
    pub(super) fn counted(counts: &[usize]) -> Universe {
        let each = counts.iter().enumerate();
        let labels = each.flat_map(|(label, count)| std::iter::repeat_n(label as u16, *count)).collect();
        let (train, test) = (Split::bare(labels).unwrap(), Split::bare(vec![0]).unwrap());
        let names = (0..counts.len()).map(|class| class.to_string()).collect();
        Universe::new(vec![Dataset::new("counted", [1, 1, 1], names, train, test)], None, Fit::Resize).unwrap()
    }

    /// One task for each list of classes.
    pub(super) fn tasks(universe: &Universe, classes: &[&[usize]]) -> Vec<Task> {
        let task = |classes: &&[usize]| {
            let label = |class: usize| Some(class).filter(|class| classes.contains(class));
            let labels: Vec<_> = (0..universe.concepts.len()).map(label).collect();
            Task::new("task".into(), universe, &labels, None)
        };
        classes.iter().map(task).collect()
    }

    /// What an alteration makes of tasks with a seed.
    pub(super) fn altered(alter: &dyn Alter, universe: &Universe, classes: &[&[usize]], seed: u64) -> Vec<Task> {
        let mut tasks = tasks(universe, classes);
        alter.alter(&mut tasks, &Ground::new(universe, Draws::of(seed), Path::new(""))).unwrap();
        tasks
    }

    /// Number of training examples of each class of a task.
    pub(super) fn counts(view: &View) -> Vec<usize> {
        by_label(view).values().map(Vec::len).collect()
    }

    /// The labels that are told, by example of the pool.
    pub(super) fn told(view: &View) -> Vec<(u32, usize)> {
        view.indices().iter().enumerate().map(|(place, index)| (*index, view.label(place))).collect()
    }

    #[test]
    fn an_example_has_its_lot_whatever_else_is_there() {
        let draws = Draws::of(3);
        let all = by_lot(&draws, "test", (0..50).collect(), |item| *item);
        let few = by_lot(&draws, "test", (0..50).filter(|item| item % 3 == 0).collect(), |item| *item);
        assert!(few.iter().eq(all.iter().filter(|item| *item % 3 == 0)));
        assert_ne!(all, by_lot(&draws, "else", (0..50).collect(), |item| *item));
    }

    #[test]
    fn all_three_at_once_change_what_the_ones_before_left() {
        let universe = counted(&[100, 100, 100, 100]);
        let ground = Ground::new(&universe, Draws::of(0), Path::new(""));
        let mut altered = tasks(&universe, &[&[0, 1], &[2, 3]]);
        let tests: Vec<Vec<u32>> = altered.iter().map(|task| task.test.indices().to_vec()).collect();
        for (name, settings) in
            [("long-tailed", "factor = 8.0"), ("label-noise", "share = 0.2"), ("partially-labelled", "share = 0.5")]
        {
            let entry = catalogue().into_iter().find(|entry| entry.name == name).unwrap();
            let (_, alteration) = (entry.make)(settings.parse().unwrap()).unwrap();
            alteration.alter(&mut altered, &ground).unwrap();
        }
        // 100·8^(-c/3) = 100, 50, 25, 12.5. A fifth of them is told as the other class: 20 and 10, 5 and 2. Of the 90
        // and 60, and 22 and 15 that are told, half keep their label, halves rounded up.
        let labelled: Vec<Vec<usize>> = altered.iter().map(|task| counts(&task.train)).collect();
        assert_eq!(labelled, [[45, 30], [11, 8]]);
        let hidden: Vec<usize> = altered.iter().map(|task| task.unlabelled.len()).collect();
        assert_eq!(hidden, [75, 18]);
        for (task, test) in altered.iter().zip(tests) {
            assert_eq!(task.test.indices(), test);
            assert!(task.validation.is_empty());
        }
    }
}
