//! Class-incremental: n tasks of k new classes each, one head, nobody says which task a question belongs to.
//!
//! - Rebuffi et al. 2017, <https://arxiv.org/abs/1611.07725>, section 1.
//! - van de Ven et al. 2022, <https://doi.org/10.1038/s42256-022-00568-3>, "class-incremental".

use anyhow::{Result, ensure};
use clbench::{
    dataset::Dataset,
    draws::Draws,
    registry::{Kind, Made, Settings, settings},
    scope::Head,
    stream::{Plan, Task},
};
use serde::{Deserialize, Serialize};
use toml::Table;

use crate::only;

/// The entry of the catalogue.
pub const KIND: Kind = Kind {
    name: "class-incremental",
    about: "n tasks of k new classes each; one head over all classes",
    citation: "https://arxiv.org/abs/1611.07725",
    make: |table, datasets, draws| make(table, datasets, draws, Head::default()),
};

/// In which order classes come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// As the dataset lists them.
    #[default]
    Given,
    /// Drawn by the stream's seed.
    Random,
}

/// Settings of class- and task-incremental streams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Number of tasks, n.
    pub tasks: usize,
    /// Classes of each task, k; without it the dataset's classes are split evenly.
    pub classes_per_task: Option<usize>,
    /// In which order classes come.
    pub order: Order,
}

impl Default for Config {
    fn default() -> Self {
        Self { tasks: 5, classes_per_task: None, order: Order::Given }
    }
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        ensure!(self.tasks > 0, "stream.tasks is 0; set it, such as to 5");
        ensure!(self.classes_per_task != Some(0), "stream.classes_per_task is 0; set it, such as to 2");
        Ok(())
    }
}

/// Splits one dataset's classes over tasks.
pub(crate) fn make(table: Table, datasets: &[Dataset], draws: &Draws, head: Head) -> Made<Plan> {
    let dataset = only(datasets)?;
    let all = dataset.classes.len();
    let (_, mut config): (Table, Config) = settings(table)?;
    let tasks = config.tasks;
    ensure!(
        config.classes_per_task.is_some() || all.is_multiple_of(tasks),
        "{all} classes do not split into {tasks} equal tasks; set stream.classes_per_task"
    );
    let each = *config.classes_per_task.get_or_insert(all / tasks);
    ensure!(
        tasks.checked_mul(each).is_some_and(|classes| classes <= all),
        "stream.tasks = {tasks} with {each} classes each is more than the {all} classes of `{}`",
        dataset.name
    );
    let order = match config.order {
        Order::Given => (0..all).collect(),
        Order::Random => draws.order("class order", 0, all),
    };
    let tasks = order.chunks(each).take(tasks).enumerate().map(|(task, classes)| {
        let mut labels = vec![None; all];
        classes.iter().enumerate().for_each(|(at, class)| labels[*class] = Some(task * each + at));
        let names: Vec<&str> = classes.iter().map(|class| dataset.classes[*class].as_str()).collect();
        let mut task = Task::new(names.join(", "), dataset, &labels, None);
        task.classes.sort_unstable();
        task
    });
    let tasks: Vec<Task> = tasks.collect();
    let shown = order.iter().take(tasks.len() * each);
    let classes = shown.map(|class| dataset.classes[*class].clone()).collect();
    Ok((Table::try_from(&config)?, Plan { classes, tasks, head, experiences: Vec::new() }))
}
