//! Which concepts a stream trains, which are its pretraining pool, and which it holds out: each is in one part only.

use anyhow::{Context, Result, ensure};

use super::{Plan, Probe, Role, Settings, Task};
use crate::{data::Universe, primitives::draws::Draws};

/// Numbers of concepts: the stream's come first, then those of the pool, then those that are held out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parted {
    /// How many the stream may show.
    pub own: usize,
    /// The first that is held out.
    held_out: usize,
    /// How many there are.
    all: usize,
}

impl Parted {
    /// Parts the concepts of a universe and puts them into the order of the parts.
    ///
    /// Of each of the stream's datasets, `pool_share` and `held_out_share` of the concepts, rounded to the nearest, are
    /// drawn with the stream's seed; datasets in `pool` and `held_out` belong there whole.
    ///
    /// # Errors
    /// When shares are out of range, or a part that is asked for, or the stream itself, is left with nothing.
    pub fn of(universe: Universe, settings: &Settings, draws: &Draws) -> Result<(Universe, Self)> {
        let (pool, held) = (settings.pool_share, settings.held_out_share);
        ensure!(pool + held < 1.0, "pool_share and held_out_share leave nothing to the stream; lower them");
        let whole = universe.datasets.len() - settings.pool.len() - settings.held_out.len();
        let mut parts = [const { Vec::new() }; 3];
        for (index, dataset) in universe.datasets.iter().enumerate() {
            let first = universe.concepts.iter().position(|concept| concept.dataset == index);
            let first = first.context("a dataset without classes")?;
            let count = dataset.classes.len();
            if index >= whole {
                let part = if index < whole + settings.pool.len() { 1 } else { 2 };
                parts[part].extend(first..first + count);
                continue;
            }
            let mut part = vec![0; count];
            let order = draws.order("parts", index as u64, count);
            let [to_pool, to_held] = [pool, held].map(|share| (share * count as f64).round() as usize);
            order.iter().take(to_pool).for_each(|class| part[*class] = 1);
            order.iter().skip(to_pool).take(to_held).for_each(|class| part[*class] = 2);
            part.into_iter().enumerate().for_each(|(class, part)| parts[part].push(first + class));
        }
        let wanted = [true, !settings.pool.is_empty() || pool > 0.0, !settings.held_out.is_empty() || held > 0.0];
        for ((part, wanted), name) in parts.iter().zip(wanted).zip(["stream", "pretraining pool", "held-out part"]) {
            ensure!(
                !wanted || !part.is_empty(),
                "no concept is left for the {name}; the shares do not fit the datasets"
            );
        }
        let [own, held_out, all] = [parts[0].len(), parts[0].len() + parts[1].len(), universe.concepts.len()];
        let order = parts.concat();
        let universe = if order.is_sorted() { universe } else { universe.reordered(&order) };
        Ok((universe, Self { own, held_out, all }))
    }
    /// Concepts of the pretraining pool.
    pub fn of_pool(self) -> std::ops::Range<usize> {
        self.own..self.held_out
    }
    /// The pretraining pool as a task, with labels after the stream's; its classes are added to the plan's.
    pub fn pool(self, universe: &Universe, plan: &mut Plan) -> Result<Option<Task>> {
        if self.of_pool().is_empty() {
            return Ok(None);
        }
        let labels = labels(universe, self.of_pool(), plan.classes.len());
        plan.classes.extend(self.of_pool().map(|concept| universe.label(concept)));
        let task = Task::new("pretraining pool".into(), universe, &labels, None);
        ensure!(!task.train.is_empty(), "the pretraining pool is empty");
        Ok(Some(task))
    }
    /// A probe for each dataset that has concepts in the pool, then for each that has concepts held out.
    pub fn probes(self, universe: &Universe, own_classes: usize) -> Result<Vec<Probe>> {
        let mut probes = Vec::new();
        for (role, part) in [(Role::Pool, self.of_pool()), (Role::HeldOut, self.held_out..self.all)] {
            let mut rest = part.clone();
            while let Some(first) = rest.next() {
                let dataset = universe.concepts[first].dataset;
                while rest.start < rest.end && universe.concepts[rest.start].dataset == dataset {
                    rest.next();
                }
                let concepts = first..rest.start;
                let (of, name) = match role {
                    Role::Pool => (own_classes + first - self.own, "pool"),
                    Role::HeldOut => (0, "held out"),
                };
                let name = format!("{name}: {}", universe.datasets[dataset].name);
                let task = Task::new(name, universe, &labels(universe, concepts.clone(), of), None);
                ensure!(
                    !task.train.is_empty() && !task.test.is_empty(),
                    "`{}` has no examples to train or to test on",
                    task.name
                );
                let classes = concepts.map(|concept| universe.class(concept).to_owned()).collect();
                probes.push(Probe { task, role, classes });
            }
        }
        Ok(probes)
    }
}

/// Labels from `first` on for a range of concepts.
fn labels(universe: &Universe, concepts: std::ops::Range<usize>, first: usize) -> Vec<Option<usize>> {
    let mut labels = vec![None; universe.concepts.len()];
    labels[concepts].iter_mut().enumerate().for_each(|(at, label)| *label = Some(first + at));
    labels
}
