//! A long ranking of concepts, cut into tasks of as many concepts each: the streams of FoMo-in-Flux.
//!
//! Roth et al. 2024, <https://arxiv.org/abs/2408.14471>. The ranking is `stream.order`'s. Of n concepts each of T tasks
//! gets ⌊n/T⌋, and the first n mod T tasks get one more, so a task knows nothing of datasets. With `per = "dataset"`
//! each dataset is a task, in the order in which the ranking comes to them. Other lengths can be set as for
//! class-incremental streams, see [`shares`](crate::shared::shares).
//!
//! **Deviation:** with `per = "dataset"` the release takes no ranking at all; here a ranking in which the concepts of a
//! dataset do not stand together is regrouped, each dataset's own concepts keeping their order.

use anyhow::{Result, bail, ensure};
use clbench::{
    catalogue::{Made, Range, Settings, settings},
    primitives::scope::Head,
    stream::{Ground, Kind, Plan},
};
use toml::Table;

use crate::{
    kind::class_incremental::split,
    shared::shares::{Each, Shares, cut, said, spread},
};

/// The entry of the catalogue.
pub const KIND: Kind = Kind {
    name: "concepts",
    about: "a ranking of the concepts of one or several datasets, cut into tasks of equal length",
    citation: "https://arxiv.org/abs/2408.14471",
    settings: Config::SETTINGS,
    make,
};

/// Tasks where nothing else is said, as in the paper.
const TASKS: usize = 20;

clbench::choice! {
    /// What a task is.
    #[derive(Default)]
    pub enum Per {
        /// As many concepts as any other.
        #[default]
        Chunk = "chunk",
        /// The concepts of one dataset.
        Dataset = "dataset",
    }
}

clbench::settings! {
    /// Settings of streams of concepts.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Config {
        /// Number of tasks, T; 20 where not set.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tasks: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// What a task is.
        pub per: Per = Per::Chunk;
        /// Concepts of each task, or a list with a number for each.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub classes_per_task: Option<Each> = None;
        /// Concepts of the first task, beside `increment` or `tasks`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub base: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// Concepts of each task but the first; the last gets what is left.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub increment: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// Whether tasks may leave concepts out.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        pub partial: bool = false;
    }
}

impl Config {
    fn shares(&self) -> Shares {
        let Self { tasks, base, increment, partial, .. } = *self;
        Shares { tasks, each: self.classes_per_task.clone(), base, increment, partial }
    }
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        let shares = self.shares();
        shares.check()?;
        if let (Per::Dataset, Some(tasks)) = (self.per, self.tasks) {
            bail!(
                "stream.tasks = {tasks} contradicts stream.per = \"dataset\", which makes one of each; leave one out"
            );
        }
        ensure!(
            self.per == Per::Chunk || shares == Shares::default(),
            "stream.per = \"dataset\" makes a task of each dataset; leave stream.classes_per_task, base, increment and \
             partial out"
        );
        Ok(())
    }
}

fn make(table: Table, ground: &Ground) -> Made<Plan> {
    let (_, mut config): (Table, Config) = settings(table)?;
    let ranked = ground.ranked_concepts()?;
    if config.per == Per::Dataset {
        let tasks = by_dataset(&ranked, ground);
        let tasks: Vec<&[usize]> = tasks.iter().map(Vec::as_slice).collect();
        return Ok((Table::try_from(&config)?, split(&tasks, ground, Head::default())?));
    }
    let shares = config.shares();
    let evenly = shares.each.is_none() && shares.base.or(shares.increment).is_none();
    let sizes = if evenly { chunks(ranked.len(), shares.tasks)? } else { shares.sizes(ranked.len(), TASKS)? };
    config = Config {
        tasks: Some(sizes.len()),
        // Where lengths are as usual, nothing is to be said of them.
        classes_per_task: Some(said(&sizes))
            .filter(|_| chunks(ranked.len(), Some(sizes.len())).ok().as_ref() != Some(&sizes)),
        partial: sizes.iter().sum::<usize>() < ranked.len(),
        ..Config::default()
    };
    Ok((Table::try_from(&config)?, split(&cut(&ranked, &sizes, ground), ground, Head::default())?))
}

/// Lengths that differ by one at most, the longer ones first.
fn chunks(all: usize, tasks: Option<usize>) -> Result<Vec<usize>> {
    let tasks = tasks.unwrap_or(TASKS);
    ensure!(tasks <= all, "stream.tasks = {tasks} is more than the {all} concepts that there are");
    spread(all, tasks)
}

/// The concepts of each dataset, in the order in which the ranking comes to them.
fn by_dataset(ranked: &[usize], ground: &Ground) -> Vec<Vec<usize>> {
    let universe = ground.universe;
    let mut places = vec![None; universe.datasets.len()];
    let (mut tasks, mut switches) = (Vec::<Vec<usize>>::new(), 0);
    let mut last = None;
    for concept in ranked {
        let dataset = universe.concepts[*concept].dataset;
        switches += usize::from(last.replace(dataset) != Some(dataset));
        let place = *places[dataset].get_or_insert(tasks.len());
        if place == tasks.len() {
            tasks.push(Vec::new());
        }
        tasks[place].push(*concept);
    }
    if switches > tasks.len() {
        let (runs, datasets) = (switches, tasks.len());
        ground.note(format!("the ranking's {runs} runs of one dataset each are regrouped into {datasets} tasks"));
    }
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::toy;

    #[test]
    fn the_first_tasks_get_the_rest() {
        let lengths = chunks(18_381, None).unwrap();
        assert_eq!((lengths.len(), lengths[0], &lengths[1..]), (20, 920, &[919; 19][..]));
        assert_eq!(chunks(5, Some(3)).unwrap(), [2, 2, 1]);
        assert_eq!(chunks(3, Some(3)).unwrap(), [1, 1, 1]);
        assert_eq!(chunks(3, Some(1)).unwrap(), [3]);
    }

    #[test]
    fn more_tasks_than_concepts_are_refused() {
        let error = chunks(2, Some(3)).unwrap_err().to_string();
        assert_eq!(error, "stream.tasks = 3 is more than the 2 concepts that there are");
    }

    #[test]
    fn other_lengths_are_those_that_are_set_and_are_said_only_where_they_are_unusual() {
        let universe = toy::bare(&[("a", &["p", "q", "r"]), ("b", &["s", "t"])]);
        let ground = toy::ground(&universe, 0);
        let made = |text: &str| {
            let (table, plan) = make(text.parse().unwrap(), &ground).unwrap();
            assert_eq!(make(table.clone(), &ground).unwrap().0, table);
            (table, plan.tasks.iter().map(|task| task.classes.len()).collect::<Vec<_>>())
        };
        let usual: Table = "tasks = 2\nper = \"chunk\"".parse().unwrap();
        for text in ["tasks = 2", "classes_per_task = [3, 2]", "base = 3\nincrement = 2", "base = 3\ntasks = 2"] {
            assert_eq!(made(text), (usual.clone(), vec![3, 2]), "{text}");
        }
        let (table, sizes) = made("base = 1\nincrement = 3");
        assert_eq!(sizes, [1, 3, 1]);
        assert_eq!(table["classes_per_task"].to_string(), "[1, 3, 1]");
        assert_eq!(made("classes_per_task = 2\npartial = true").1, [2, 2]);
        let error = make("classes_per_task = 2".parse().unwrap(), &ground).unwrap_err().to_string();
        assert!(error.contains("5 classes do not split into tasks of 2"), "{error}");
        let error = make("per = \"dataset\"\nincrement = 2".parse().unwrap(), &ground).unwrap_err().to_string();
        assert!(error.contains("makes a task of each dataset; leave"), "{error}");
    }

    #[test]
    fn a_task_for_each_dataset_comes_where_the_dataset_first_appears() {
        let universe = toy::bare(&[("a", &["p", "q"]), ("b", &["r"]), ("c", &["s", "t"])]);
        let ground = toy::ground(&universe, 0);
        assert_eq!(by_dataset(&[3, 1, 4, 0, 2], &ground), [vec![3, 4], vec![1, 0], vec![2]]);
        let (table, plan) = make("per = \"dataset\"".parse().unwrap(), &ground).unwrap();
        assert_eq!(plan.tasks.iter().map(|task| task.classes.len()).collect::<Vec<_>>(), [2, 1, 2]);
        assert_eq!(make(table.clone(), &ground).unwrap().0, table);
    }

    #[test]
    fn tasks_and_datasets_contradict_each_other() {
        let universe = toy::bare(&[("a", &["p", "q"])]);
        let error = make("per = \"dataset\"\ntasks = 2".parse().unwrap(), &toy::ground(&universe, 0)).unwrap_err();
        assert!(error.to_string().starts_with("stream.tasks = 2 contradicts stream.per"), "{error}");
    }
}
