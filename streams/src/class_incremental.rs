//! Class-incremental: n tasks of k new classes each, one head, nobody says which task a question belongs to.
//!
//! - Rebuffi et al. 2017, <https://arxiv.org/abs/1611.07725>, section 1.
//! - van de Ven et al. 2022, <https://doi.org/10.1038/s42256-022-00568-3>, "class-incremental".

use anyhow::{Result, ensure};
use clbench::{
    registry::{Kind, Made, Settings, settings},
    scope::Head,
    stream::{Plan, Task},
    world::Ground,
};
use serde::{Deserialize, Serialize};
use toml::Table;

/// The entry of the catalogue.
pub const KIND: Kind = Kind {
    name: "class-incremental",
    about: "n tasks of k new classes each; one head over all classes",
    citation: "https://arxiv.org/abs/1611.07725",
    make: |table, ground| make(table, ground, Head::default()),
};

/// Settings of class- and task-incremental streams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Number of tasks, n.
    pub tasks: usize,
    /// Classes of each task, k; without it the dataset's classes are split evenly.
    pub classes_per_task: Option<usize>,
}

impl Default for Config {
    fn default() -> Self {
        Self { tasks: 5, classes_per_task: None }
    }
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        ensure!(self.tasks > 0, "stream.tasks is 0; set it, such as to 5");
        ensure!(self.classes_per_task != Some(0), "stream.classes_per_task is 0; set it, such as to 2");
        Ok(())
    }
}

/// Splits classes over tasks.
pub(crate) fn make(table: Table, ground: &Ground, head: Head) -> Made<Plan> {
    let (_, mut config): (Table, Config) = settings(table)?;
    let ranked = ground.ranked_concepts()?;
    let (all, tasks) = (ranked.len(), config.tasks);
    ensure!(
        config.classes_per_task.is_some() || all.is_multiple_of(tasks),
        "{all} classes do not split into {tasks} equal tasks; set stream.classes_per_task"
    );
    let each = *config.classes_per_task.get_or_insert(all / tasks);
    ensure!(
        tasks.checked_mul(each).is_some_and(|classes| (1..=all).contains(&classes)),
        "stream.tasks = {tasks} with {each} classes each is more than the {all} classes that there are"
    );
    let chunks: Vec<&[usize]> = ranked.chunks(each).take(tasks).collect();
    Ok((Table::try_from(&config)?, split(&chunks, ground, head)?))
}

/// Most tasks times concepts: each task has a label, or none, for each concept.
const MOST_LABELS: usize = 1 << 29;

/// One task for each chunk of ranked concepts; labels follow the ranking.
///
/// # Errors
/// When there are more tasks than memory for their labels.
pub(crate) fn split(chunks: &[&[usize]], ground: &Ground, head: Head) -> Result<Plan> {
    ensure!(
        chunks.len() * ground.universe.concepts.len() <= MOST_LABELS,
        "{} tasks of {} concepts are more than can be held; lower stream.tasks",
        chunks.len(),
        ground.universe.concepts.len()
    );
    let (universe, mut label) = (ground.universe, 0);
    let task = |concepts: &&[usize]| {
        let mut labels = vec![None; universe.concepts.len()];
        for concept in *concepts {
            labels[*concept] = Some(label);
            label += 1;
        }
        let names: Vec<String> = concepts.iter().map(|concept| universe.label(*concept)).collect();
        Task::new(title(&names), universe, &labels, None)
    };
    let tasks = chunks.iter().map(task).collect();
    let classes = chunks.concat().into_iter().map(|concept| universe.label(concept)).collect();
    Ok(Plan { classes, tasks, head })
}

/// A task's name: its classes, or the first and the last of many.
fn title(names: &[String]) -> String {
    const MOST: usize = 20;
    match names {
        [first, .., last] if names.len() > MOST => format!("{first} … {last} ({} classes)", names.len()),
        _ => names.join(", "),
    }
}
