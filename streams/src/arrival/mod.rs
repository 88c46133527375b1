//! Ways in which examples come, one file each; [`catalogue`] is the table of contents.

pub mod blurry;
pub mod curriculum;
pub mod drift;
mod numbers;
pub mod online;
pub mod recorded;
pub mod timeline;

use anyhow::{Result, ensure};
use clbench::stream::{Arrival, Task};

/// Every one, in the order in which lists show them.
pub fn catalogue() -> Vec<Arrival> {
    vec![online::ARRIVAL, blurry::ARRIVAL, drift::ARRIVAL, curriculum::ARRIVAL, timeline::ARRIVAL, recorded::ARRIVAL]
}

/// A training example: its task, and its place in the task's train view.
type Pair = (u32, u32);

/// Every training example, task by task.
fn every(tasks: &[Task]) -> impl Iterator<Item = Pair> {
    let of = |(task, of): (usize, &Task)| (0..of.train.len() as u32).map(move |place| (task as u32, place));
    tasks.iter().enumerate().flat_map(of)
}

/// `items` in runs of equal length; where they do not split evenly, the first runs are longer by one. `key` is what
/// says how many.
fn cut<'a, T>(items: &'a [T], runs: usize, key: &str) -> Result<Vec<&'a [T]>> {
    let all = items.len();
    ensure!((1..=all).contains(&runs), "{key} = {runs} is not between 1 and the {all} examples that there are to cut");
    let mut rest = items;
    let run = |index: usize| {
        let (run, after) = rest.split_at(all / runs + usize::from(index < all % runs));
        rest = after;
        run
    };
    Ok((0..runs).map(run).collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clbench::{
        data::{Dataset, Fit, Split, Universe},
        primitives::draws::Draws,
        stream::{Experience, Ground},
    };

    use super::*;

    /// A dataset `dots` of inputs of one pixel; `labels` and `pixels` are those of its training examples.
    pub(super) fn dots(labels: &[u16], pixels: &[u8]) -> Universe {
        let classes = usize::from(labels.iter().max().unwrap() + 1);
        let split = |labels: &[u16], pixels: &[u8]| Split::new([1, 1, 1], pixels.to_vec(), labels.to_vec(), classes);
        let (train, test) = (split(labels, pixels).unwrap(), split(&[0], &[0]).unwrap());
        let names = (0..classes).map(|class| class.to_string()).collect();
        Universe::new(vec![Dataset::new("dots", [1, 1, 1], names, train, test)], None, Fit::Resize).unwrap()
    }

    /// A task for each class of a universe.
    pub(super) fn tasks(universe: &Universe) -> Vec<Task> {
        let task = |class: usize| {
            let labels: Vec<_> = (0..universe.concepts.len()).map(|at| Some(at).filter(|at| *at == class)).collect();
            Task::new(class.to_string(), universe, &labels, None)
        };
        (0..universe.concepts.len()).map(task).collect()
    }

    /// Ground of seed 0 where files lie in `folder`.
    pub(super) fn ground<'a>(universe: &'a Universe, folder: &'a Path) -> Ground<'a> {
        Ground::new(universe, Draws::of(0), folder)
    }

    /// The pairs of an experience in the order in which they come.
    pub(super) fn course(experience: &Experience) -> Vec<Pair> {
        let clbench::stream::Course::Given(order) = &experience.course else { panic!("the order is drawn") };
        let pairs = experience.pairs();
        order.iter().map(|at| pairs[*at as usize]).collect()
    }

    #[test]
    fn the_first_runs_take_the_remainder() {
        let items = [1, 2, 3, 4, 5, 6, 7];
        assert_eq!(cut(&items, 3, "key").unwrap(), [&[1, 2, 3][..], &[4, 5], &[6, 7]]);
        assert_eq!(cut(&items, 7, "key").unwrap().len(), 7);
        for runs in [0, 8] {
            let error = cut(&items, runs, "stream.arrival.parts").unwrap_err().to_string();
            assert!(error.starts_with(&format!("stream.arrival.parts = {runs} is not between 1 and the 7")), "{error}");
        }
    }
}
