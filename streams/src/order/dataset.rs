//! One dataset after the other, the concepts of each in an order that is drawn.
//!
//! FoMo-in-Flux, Roth et al. 2024, <https://arxiv.org/abs/2408.14471>, "dataset-incremental": a fixed list of
//! datasets, here that of `stream.dataset`. With the kind `concepts` and `per = "dataset"` each is a task; else tasks
//! are cut out of the ranking without regard to datasets, as in the release.

use anyhow::Result;
use clbench::{
    catalogue::{Settings, part},
    stream::{Ground, Ordering, Rank, Unit},
};

use super::time::by_year;
use crate::shared::roster::{by_dataset, shuffled};

/// The entry of the catalogue.
pub const ORDER: Ordering = Ordering {
    name: "dataset",
    about: "one dataset after the other, shuffled inside each",
    citation: "https://arxiv.org/abs/2408.14471",
    settings: Datasets::SETTINGS,
    make: |table| part(table, |dataset: Datasets| Box::new(dataset) as Box<dyn Rank>),
};

clbench::choice! {
    /// In which order datasets come.
    #[derive(Default)]
    pub enum By {
        /// As `stream.dataset` lists them.
        #[default]
        Given = "given",
        /// By year of release, those of one year as they are listed.
        Time = "time",
        /// Drawn.
        Random = "random",
    }
}

clbench::settings! {
    /// Settings of the ordering by dataset.
    #[derive(Clone, Debug)]
    pub struct Datasets {
        /// In which order datasets come.
        pub by: By = By::Given;
    }
}

impl Settings for Datasets {}

impl Rank for Datasets {
    fn rank(&self, units: &[Unit], ground: &Ground) -> Result<Vec<usize>> {
        let datasets = by_dataset(units, ground)?;
        let mut shown: Vec<usize> = (0..datasets.len()).filter(|dataset| !datasets[*dataset].is_empty()).collect();
        match self.by {
            By::Given => {}
            By::Time => shown = by_year(&shown, ground)?.concat(),
            By::Random => {
                let order = ground.draws.order("order of datasets", 0, shown.len());
                shown = order.into_iter().map(|place| shown[place]).collect();
            }
        }
        let names: Vec<&str> = shown.iter().map(|dataset| &ground.universe.datasets[*dataset].name[..]).collect();
        ground.note(format!("dataset by dataset: {}", names.join(", ")));
        let groups: Vec<Vec<usize>> = shown.into_iter().map(|dataset| datasets[dataset].clone()).collect();
        Ok(shuffled(&groups, ground, "order in a dataset"))
    }
}

#[cfg(test)]
mod tests {
    use clbench::data::{Fit, Universe};

    use super::*;
    use crate::shared::toy;

    const CLASSES: [&str; 6] = ["p", "q", "r", "s", "t", "u"];

    /// The dataset of each rank, where datasets came out in 2017, 1998 and 2009.
    fn sets(settings: &str, seed: u64) -> (Vec<usize>, Vec<usize>) {
        let mut datasets = toy::bare(&[("a", &CLASSES), ("b", &CLASSES), ("c", &CLASSES)]).datasets;
        datasets.iter_mut().zip([2017, 1998, 2009]).for_each(|(dataset, year)| dataset.released = Some(year));
        let universe = Universe::new(datasets, None, Fit::Resize).unwrap();
        let ranking = toy::rank(ORDER.make, settings, &universe, seed).unwrap();
        let mut sets: Vec<usize> = ranking.iter().map(|unit| unit / CLASSES.len()).collect();
        sets.dedup();
        (sets, ranking)
    }

    #[test]
    fn datasets_come_one_after_the_other() {
        assert_eq!(sets("", 0).0, [0, 1, 2]);
        assert_eq!(sets("by = \"time\"", 0).0, [1, 2, 0]);
        let drawn: Vec<Vec<usize>> = (0..8).map(|seed| sets("by = \"random\"", seed).0).collect();
        assert!(drawn.iter().all(|sets| sets.len() == 3) && drawn[1..].iter().any(|sets| *sets != drawn[0]));
    }

    #[test]
    fn classes_are_shuffled_inside_a_dataset() {
        let (first, second) = (sets("", 0).1, sets("", 1).1);
        assert_ne!(first, second);
        assert_eq!(sets("", 0).1, first);
        // Each dataset has an order of its own.
        let inside = |at: usize| first[at * 6..(at + 1) * 6].iter().map(|unit| unit % 6).collect::<Vec<_>>();
        assert_ne!(inside(0), inside(1));
        let mut sorted = first;
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..18));
    }

    #[test]
    fn years_that_nobody_knows_are_missed() {
        let error = toy::refusal(ORDER.make, "by = \"time\"", &toy::bare(&[("a", &["p"])]));
        assert!(error.starts_with("nobody knows when `a` came out"), "{error}");
    }
}
