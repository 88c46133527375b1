//! A long ranking of concepts, cut into tasks of as many concepts each: the streams of FoMo-in-Flux.
//!
//! Roth et al. 2024, <https://arxiv.org/abs/2408.14471>. The ranking is `stream.order`'s. Of n concepts each of T
//! tasks gets ⌊n/T⌋, and the first n mod T tasks get one more, so a task knows nothing of datasets. With
//! `per = "dataset"` each dataset is a task, in the order in which the ranking comes to them.
//!
//! **Deviation:** with `per = "dataset"` the release takes no ranking at all; here a ranking in which the concepts of a
//! dataset do not stand together is regrouped, each dataset's own concepts keeping their order.

use anyhow::{Result, bail, ensure};
use clbench::{
    registry::{Kind, Made, Settings, settings},
    scope::Head,
    stream::Plan,
    world::Ground,
};
use serde::{Deserialize, Serialize};
use toml::Table;

use crate::class_incremental::split;

/// The entry of the catalogue.
pub const KIND: Kind = Kind {
    name: "concepts",
    about: "a ranking of the concepts of one or several datasets, cut into tasks of equal length",
    citation: "https://arxiv.org/abs/2408.14471",
    make,
};

/// Tasks where nothing else is said, as in the paper.
const TASKS: usize = 20;

/// What a task is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// As many concepts as any other.
    #[default]
    Chunk,
    /// The concepts of one dataset.
    Dataset,
}

/// Settings of streams of concepts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Number of tasks, T; 20 where not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks: Option<usize>,
    /// What a task is.
    pub per: Per,
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        ensure!(self.tasks != Some(0), "stream.tasks is 0; set it, such as to {TASKS}");
        if let (Per::Dataset, Some(tasks)) = (self.per, self.tasks) {
            bail!(
                "stream.tasks = {tasks} contradicts stream.per = \"dataset\", which makes one of each; leave one out"
            );
        }
        Ok(())
    }
}

fn make(table: Table, ground: &Ground) -> Made<Plan> {
    let (_, mut config): (Table, Config) = settings(table)?;
    let ranked = ground.ranked_concepts()?;
    let tasks = match config.per {
        Per::Chunk => chunks(&ranked, *config.tasks.get_or_insert(TASKS))?.into_iter().map(<[usize]>::to_vec).collect(),
        Per::Dataset => by_dataset(&ranked, ground),
    };
    let tasks: Vec<&[usize]> = tasks.iter().map(Vec::as_slice).collect();
    Ok((Table::try_from(&config)?, split(&tasks, ground, Head::default())?))
}

/// Contiguous chunks whose lengths differ by one at most, the longer ones first.
fn chunks(ranked: &[usize], tasks: usize) -> Result<Vec<&[usize]>> {
    let all = ranked.len();
    ensure!(tasks <= all, "stream.tasks = {tasks} is more than the {all} concepts that there are");
    let (each, longer) = (all / tasks, all % tasks);
    let (long, short) = ranked.split_at((each + 1) * longer);
    Ok(long.chunks(each + 1).chain(short.chunks(each)).collect())
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
    use crate::toy;

    #[test]
    fn the_first_tasks_get_the_rest() {
        let ranked: Vec<usize> = (0..18_381).collect();
        let lengths: Vec<usize> = chunks(&ranked, 20).unwrap().into_iter().map(<[usize]>::len).collect();
        assert_eq!((lengths[0], &lengths[1..]), (920, &[919; 19][..]));
        assert_eq!(chunks(&[5, 3, 4, 1, 0], 3).unwrap(), [&[5, 3][..], &[4, 1], &[0]]);
        assert_eq!(chunks(&[2, 0, 1], 3).unwrap(), [[2], [0], [1]]);
        assert_eq!(chunks(&[2, 0, 1], 1).unwrap(), [[2, 0, 1]]);
    }

    #[test]
    fn more_tasks_than_concepts_are_refused() {
        let error = chunks(&[0, 1], 3).unwrap_err().to_string();
        assert_eq!(error, "stream.tasks = 3 is more than the 2 concepts that there are");
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
