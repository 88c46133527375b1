//! Class-incremental: n tasks of new classes, one head, nobody says which task a question belongs to.
//!
//! - Rebuffi et al. 2017, <https://arxiv.org/abs/1611.07725>, section 1.
//! - van de Ven et al. 2022, <https://doi.org/10.1038/s42256-022-00568-3>, "class-incremental".

use anyhow::{Result, ensure};
use clbench::{
    catalogue::{Made, Range, Settings, settings},
    primitives::scope::Head,
    stream::{Ground, Kind, Plan, Task},
};
use toml::Table;

use crate::shared::shares::{Each, Shares, cut, said};

/// The entry of the catalogue.
pub const KIND: Kind = Kind {
    name: "class-incremental",
    about: "n tasks of new classes, as many each or not; one head over all classes",
    citation: "https://arxiv.org/abs/1611.07725",
    settings: Config::SETTINGS,
    make: |table, ground| make(table, ground, Head::default()),
};

clbench::settings! {
    /// Settings of class- and task-incremental streams; [`shares`](crate::shared::shares) says what they come to.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Config {
        /// Number of tasks, n; 5 where nothing else says it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tasks: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// Classes of each task, k, or a list with a number for each; without it the dataset's classes are split
        /// evenly.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub classes_per_task: Option<Each> = None;
        /// Classes of the first task, beside `increment` or `tasks`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub base: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// Classes of each task but the first; the last gets what is left.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub increment: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// Whether tasks may leave classes out.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        pub partial: bool = false;
    }
}

/// Tasks where nothing is said.
const TASKS: usize = 5;

impl Config {
    fn shares(&self) -> Shares {
        let Self { tasks, base, increment, partial, .. } = *self;
        Shares { tasks, each: self.classes_per_task.clone(), base, increment, partial }
    }
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        self.shares().check()
    }
}

/// Splits classes over tasks.
pub(crate) fn make(table: Table, ground: &Ground, head: Head) -> Made<Plan> {
    let (_, config): (Table, Config) = settings(table)?;
    let ranked = ground.ranked_concepts()?;
    let sizes = config.shares().sizes(ranked.len(), TASKS)?;
    // However it was said, what it comes to is the same stream.
    let config = Config {
        tasks: Some(sizes.len()),
        classes_per_task: Some(said(&sizes)),
        partial: sizes.iter().sum::<usize>() < ranked.len(),
        ..Config::default()
    };
    Ok((Table::try_from(&config)?, split(&cut(&ranked, &sizes, ground), ground, head)?))
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
