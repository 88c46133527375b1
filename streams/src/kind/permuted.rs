//! Domain-incremental by permutation: each task shows the same classes with pixels in another order.
//!
//! Goodfellow et al. 2013, <https://arxiv.org/abs/1312.6211>, section 5.2; Kirkpatrick et al. 2017,
//! <https://arxiv.org/abs/1612.00796>, section 2. The first task's pixels stay where they are unless
//! `first_too = true`. A permutation moves positions; the channels of a pixel stay together.

use std::sync::Arc;

use clbench::{
    catalogue::{Made, Range, Settings, settings},
    data::Transform,
    primitives::scope::Head,
    stream::{Ground, Kind, Plan, Task},
};
use toml::Table;

/// The entry of the catalogue.
pub const KIND: Kind = Kind {
    name: "permuted",
    about: "the same classes in each task, pixels in another order",
    citation: "https://arxiv.org/abs/1312.6211",
    settings: Config::SETTINGS,
    make,
};

clbench::settings! {
    /// Settings of permuted streams.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Config {
        /// Number of tasks.
        pub tasks: usize = 10, Range::Whole(1, 10_000);
        /// Whether the first task is permuted too.
        pub first_too: bool = false;
    }
}

impl Settings for Config {}

/// Pixels in another order.
#[derive(Debug)]
struct Permutation {
    /// Where the pixel at each position comes from; the same in all channels.
    from: Vec<u32>,
}

impl Transform for Permutation {
    fn apply(&self, from: &[u8], to: &mut [u8]) {
        let size = self.from.len();
        for (from, to) in from.chunks_exact(size).zip(to.chunks_exact_mut(size)) {
            to.iter_mut().zip(&self.from).for_each(|(pixel, place)| *pixel = from[*place as usize]);
        }
    }
    fn id(&self) -> Vec<u8> {
        let places = self.from.iter().flat_map(|place| place.to_le_bytes());
        b"permutation".iter().copied().chain(places).collect()
    }
}

fn make(table: Table, ground: &Ground) -> Made<Plan> {
    let (table, config): (Table, Config) = settings(table)?;
    let universe = ground.universe;
    let labels = ground.own_labels();
    let [_, height, width] = universe.shape;
    let task = |index: usize| {
        if index == 0 && !config.first_too {
            return Task::new("as it is".into(), universe, &labels, None);
        }
        let from = ground.draws.order("permutation", index as u64, height * width);
        let from = from.into_iter().map(|place| place as u32).collect();
        Task::new(format!("permutation {index}"), universe, &labels, Some(Arc::new(Permutation { from })))
    };
    let tasks = ground.ranked_tasks((0..config.tasks).map(task).collect())?;
    Ok((table, Plan { classes: ground.own_classes(), tasks, head: Head::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_stay_together() {
        let permutation = Permutation { from: vec![2, 0, 1] };
        let mut to = [0; 6];
        permutation.apply(&[1, 2, 3, 11, 12, 13], &mut to);
        assert_eq!(to, [3, 1, 2, 13, 11, 12]);
    }
}
