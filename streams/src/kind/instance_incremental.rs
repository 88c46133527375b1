//! Instance-incremental: each task brings new examples of the same classes.
//!
//! Lomonaco & Maltoni 2017, <https://arxiv.org/abs/1705.03550>, "new instances" (NI). Each class's examples are dealt
//! over the tasks in a drawn order. Where they do not split evenly, the tasks take turns in getting one more, so that
//! neither a class's shares nor the tasks differ by more than one example.
//!
//! **Deviation:** the test examples are dealt in the same way, where theirs are one fixed set; the mean over all tasks
//! stands for it. **Deviation:** shares are drawn, where theirs are recording sessions.

use anyhow::{Result, ensure};
use clbench::{
    catalogue::{Made, Range, Settings, settings},
    primitives::{draws::Draws, scope::Head},
    stream::{Ground, Kind, Plan, Task, View},
};
use toml::Table;

/// The entry of the catalogue.
pub const KIND: Kind = Kind {
    name: "instance-incremental",
    about: "n tasks of new examples of the same classes",
    citation: "https://arxiv.org/abs/1705.03550",
    settings: Config::SETTINGS,
    make,
};

clbench::settings! {
    /// Settings of instance-incremental streams.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Config {
        /// Number of tasks.
        pub tasks: usize = 5, Range::Whole(1, 10_000);
    }
}

impl Settings for Config {}

fn make(table: Table, ground: &Ground) -> Made<Plan> {
    let (table, config): (Table, Config) = settings(table)?;
    let whole = Task::new(String::new(), ground.universe, &ground.own_labels(), None);
    let shares = |view: &View, purpose: &str| -> Result<Vec<View>> {
        let mut places = vec![Vec::new(); ground.own];
        (0..view.len()).for_each(|place| places[view.concept(place)].push(place));
        for (concept, places) in places.iter().enumerate() {
            ensure!(
                places.len() >= config.tasks,
                "stream.tasks = {} is more than the {} {purpose} examples of `{}`; lower it",
                config.tasks,
                places.len(),
                ground.universe.name(concept)
            );
        }
        let dealt = deal(&places, config.tasks, &ground.draws, &format!("{purpose} instances"));
        Ok(dealt.iter().map(|places| view.select(places)).collect())
    };
    let (train, test) = (shares(&whole.train, "training")?, shares(&whole.test, "test")?);
    let task = |(index, (train, test))| Task { name: format!("share {}", index + 1), train, test, ..whole.clone() };
    let tasks = train.into_iter().zip(test).enumerate().map(task).collect();
    Ok((table, Plan { classes: ground.own_classes(), tasks: ground.ranked_tasks(tasks)?, head: Head::default() }))
}

/// Each task's share of the places of each class, ascending.
fn deal(classes: &[Vec<usize>], tasks: usize, draws: &Draws, purpose: &str) -> Vec<Vec<usize>> {
    let (mut shares, mut next) = (vec![Vec::new(); tasks], 0);
    for (class, places) in classes.iter().enumerate() {
        for at in draws.order(purpose, class as u64, places.len()) {
            shares[next].push(places[at]);
            next = (next + 1) % tasks;
        }
    }
    shares.iter_mut().for_each(|share| share.sort_unstable());
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_differ_by_one_example_at_most_in_each_class_and_in_all() {
        let classes = [(0..5).collect(), (5..9).collect(), (9..13).collect::<Vec<usize>>()];
        let shares = deal(&classes, 3, &Draws::of(0), "test");
        let count = |class: usize| {
            let count = |share: &Vec<usize>| share.iter().filter(|place| classes[class].contains(place)).count();
            shares.iter().map(count).collect::<Vec<_>>()
        };
        // Dealt in turn: 5 as 2, 2, 1; then 4 from the third task on; then 4 from the first on.
        assert_eq!([count(0), count(1), count(2)], [[2, 2, 1], [1, 1, 2], [2, 1, 1]]);
        assert_eq!(shares.iter().map(Vec::len).collect::<Vec<_>>(), [5, 4, 4]);
        let mut all = shares.concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..13));
        assert_ne!(shares, deal(&classes, 3, &Draws::of(1), "test"));
    }
}
