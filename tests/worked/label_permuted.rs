//! Label-permuted: each task shows the same examples under the same classes in another order.
//!
//! Elsayed & Mahmood 2024, <https://arxiv.org/abs/2404.00781>, "label-permuted": what is known of the inputs stays
//! true, and which output means what is learned anew. The first task's labels stay as they are.
//!
//! **Deviation:** there labels change every few thousand examples and only what is learned on the way counts; here each
//! task is evaluated, and no network without the task's identity can know them all.

use clbench::{
    catalogue::{Made, Range, Settings, settings},
    primitives::scope::Head,
    stream::{Ground, Kind, Plan, Task},
};
use toml::Table;

/// The entry of the catalogue.
pub const KIND: Kind = Kind {
    name: "label-permuted",
    about: "the same examples in each task, labels in another order",
    citation: "https://arxiv.org/abs/2404.00781",
    settings: Config::SETTINGS,
    make,
};

clbench::settings! {
    /// Settings of label-permuted streams.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Config {
        /// Number of tasks.
        pub tasks: usize = 5, Range::Whole(1, 10_000);
    }
}

impl Settings for Config {}

fn make(table: Table, ground: &Ground) -> Made<Plan> {
    let (table, config): (Table, Config) = settings(table)?;
    let task = |index: usize| {
        let order = ground.draws.order("label permutation", index as u64, ground.own);
        let told = |own: usize| if index == 0 { own } else { order[own] };
        // Concepts of a pretraining pool have no label here.
        let labels: Vec<_> = ground.own_labels().into_iter().map(|own| own.map(told)).collect();
        Task::new(format!("labels {index}"), ground.universe, &labels, None)
    };
    let tasks = ground.ranked_tasks((0..config.tasks).map(task).collect())?;
    Ok((table, Plan { classes: ground.own_classes(), tasks, head: Head::default() }))
}
