//! Validation examples: whether one is held out is drawn once for each example of the pool, so that no task trains on
//! what another holds out.

use std::collections::{HashMap, HashSet};

use anyhow::{Result, ensure};
use sha2::{Digest, Sha256};

use super::{Task, View};
use crate::{
    data::{Dataset, Pool, Split, Universe},
    primitives::draws::Draws,
};

/// What became of an example of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Open,
    Kept,
    Held,
}

/// Moves `fraction` of each task's training examples, drawn, to its validation split; both keep their order.
///
/// Tasks decide in turn about the examples that no task before them has shown, and draw as many as are missing from
/// their share. What is held out is left out of all tasks' unlabelled examples and of the pretraining pool, too; an
/// example that another dataset holds byte by byte is the same one.
///
/// # Errors
/// When nothing is left of the pretraining pool.
pub(super) fn hold_out(
    tasks: &mut [Task],
    pool: Option<&mut Task>,
    universe: &Universe,
    fraction: f64,
    draws: &Draws,
) -> Result<()> {
    if fraction == 0.0 {
        return Ok(());
    }
    let same = twins(universe);
    let first = |example: u32| same.as_ref().map_or(example, |same| same[example as usize]) as usize;
    let mut fates = vec![Fate::Open; universe.train.len()];
    for (index, task) in tasks.iter().enumerate() {
        let own: Vec<usize> = task.train.indices().iter().map(|example| first(*example)).collect();
        let known = own.iter().filter(|example| fates[**example] == Fate::Held).count();
        let mut missing = ((own.len() as f64 * fraction).round() as usize).saturating_sub(known);
        for place in draws.order("held out", index as u64, own.len()) {
            let fate = &mut fates[own[place]];
            if *fate == Fate::Open {
                *fate = if missing > 0 { Fate::Held } else { Fate::Kept };
                missing = missing.saturating_sub(1);
            }
        }
    }
    let is_held = |example: u32| fates[first(example)] == Fate::Held;
    for task in tasks {
        if let Some((held, kept)) = parted(&task.train, is_held) {
            (task.validation, task.train) = (held, kept);
        }
        if let Some((_, kept)) = parted(&task.unlabelled, is_held) {
            task.unlabelled = kept;
        }
    }
    if let Some(pool) = pool
        && let Some((_, kept)) = parted(&pool.train, is_held)
    {
        pool.train = kept;
        ensure!(!pool.train.is_empty(), "all examples of the pretraining pool are held out; lower stream.val_fraction");
    }
    Ok(())
}

/// What of a view is held out, and the rest; none where nothing is.
fn parted(view: &View, is_held: impl Fn(u32) -> bool) -> Option<(View, View)> {
    let (held, kept): (Vec<usize>, Vec<usize>) = (0..view.len()).partition(|place| is_held(view.indices()[*place]));
    (!held.is_empty()).then(|| (view.select(&held), view.select(&kept)))
}

/// For each training example the first one that is the same: itself, unless another dataset has it, too. None where
/// there is one dataset, or none has inputs.
fn twins(universe: &Universe) -> Option<Vec<u32>> {
    let bare = universe.datasets.iter().any(|dataset| dataset.train.is_bare());
    if universe.datasets.len() == 1 || bare {
        return None;
    }
    let all: Vec<Print> = (0..universe.train.len()).map(|index| print(&universe.train, universe, index)).collect();
    // The first of equals, its dataset, and whether another dataset has it.
    let mut known = HashMap::<Print, (u32, usize, bool)>::new();
    for (index, print) in all.iter().enumerate() {
        let (dataset, _) = universe.train.find(index);
        let (_, before, several) = known.entry(*print).or_insert((index as u32, dataset, false));
        *several |= *before != dataset;
    }
    let first = |(index, print): (usize, &Print)| match known[print] {
        (first, _, true) => first,
        _ => index as u32,
    };
    Some(all.iter().enumerate().map(first).collect())
}

/// What tells an input from every other.
type Print = [u8; 32];

fn print(pool: &Pool, universe: &Universe, index: usize) -> Print {
    let (dataset, place) = pool.find(index);
    let Dataset { shape, train, .. } = &universe.datasets[dataset];
    digest(*shape, train, place)
}

fn digest(shape: [usize; 3], split: &Split, place: usize) -> Print {
    let mut hash = Sha256::new();
    hash.update(format!("{shape:?} {:?}", split.element()));
    hash.update(split.pixels(place));
    hash.finalize().into()
}

/// Says where test examples of one dataset are training examples of another. Nothing is left out: what a stream shows
/// is what it names. Datasets of other shapes, and those that stay in files, are not looked at.
pub(super) fn leaks(universe: &Universe, never_trained: &[String]) -> Vec<String> {
    let mut notes = Vec::new();
    let near = |split: &Split| !split.is_bare() && !split.near(0).is_empty();
    let all = |of: &Dataset, split: &Split| (0..split.len()).map(|at| digest(of.shape, split, at)).collect::<Vec<_>>();
    for (at, tested) in universe.datasets.iter().enumerate() {
        let others = universe.datasets.iter().enumerate().filter(|(other, of)| {
            let trained = !never_trained.contains(&of.name);
            *other != at && trained && of.shape == tested.shape && near(&of.train) && near(&tested.test)
        });
        let others: Vec<&Dataset> = others.map(|(_, of)| of).collect();
        if others.is_empty() {
            continue;
        }
        let test: HashSet<Print> = all(tested, &tested.test).into_iter().collect();
        for of in others {
            let count = all(of, &of.train).iter().filter(|print| test.contains(*print)).count();
            if count > 0 {
                notes.push(format!(
                    "`{}` has {count} of the test examples of `{}` in its training split; accuracy on those is not a \
                     test",
                    of.name, tested.name
                ));
            }
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Fit;

    /// A dataset of one class whose inputs are one byte each.
    fn dots(name: &str, train: &[u8], test: &[u8]) -> Dataset {
        let split = |dots: &[u8]| Split::new([1, 1, 1], dots.to_vec(), vec![0; dots.len()], 1).expect("dots");
        Dataset::new(name, [1, 1, 1], vec!["dot".into()], split(train), split(test))
    }
    fn universe(datasets: Vec<Dataset>) -> Universe {
        Universe::new(datasets, None, Fit::Resize).expect("a universe")
    }
    /// A task of some examples of a universe.
    fn task(universe: &Universe, examples: std::ops::Range<usize>) -> Task {
        let labels = vec![Some(0); universe.concepts.len()];
        let whole = Task::new("task".into(), universe, &labels, None);
        Task { train: whole.train.select(&examples.collect::<Vec<_>>()), ..whole }
    }
    fn held(task: &Task) -> Vec<u32> {
        task.validation.indices().to_vec()
    }

    #[test]
    fn what_one_task_holds_out_no_other_trains_on() {
        let all: Vec<u8> = (0..100).collect();
        let universe = universe(vec![dots("a", &all, &[200])]);
        for seed in 0..20 {
            // The second shares forty examples with the first; the third shows all.
            let mut tasks = [task(&universe, 0..60), task(&universe, 20..80), task(&universe, 0..100)];
            tasks[1].unlabelled = tasks[2].train.select(&[0, 10, 70, 90]);
            hold_out(&mut tasks, None, &universe, 0.25, &Draws::of(seed)).expect("held out");
            for (task, size) in tasks.iter().zip([60_usize, 60, 100]) {
                assert_eq!(task.train.len() + task.validation.len(), size);
                for other in &tasks {
                    assert!(held(task).iter().all(|example| !other.train.indices().contains(example)), "{seed}");
                    assert!(held(task).iter().all(|example| !other.unlabelled.indices().contains(example)), "{seed}");
                }
            }
            // The first draws its own share; the others complete theirs or have more already.
            assert_eq!(held(&tasks[0]).len(), 15);
            assert!(held(&tasks[1]).len() >= 15 && held(&tasks[2]).len() >= 25, "{seed}");
        }
    }

    #[test]
    fn tasks_that_share_nothing_draw_each_for_itself() {
        let all: Vec<u8> = (0..40).collect();
        let universe = universe(vec![dots("a", &all, &[200])]);
        let draws = Draws::of(3);
        let mut tasks = [task(&universe, 0..20), task(&universe, 20..40)];
        hold_out(&mut tasks, None, &universe, 0.3, &draws).expect("held out");
        for (index, task) in tasks.iter().enumerate() {
            let mut places = draws.order("held out", index as u64, 20)[..6].to_vec();
            places.sort_unstable();
            let expected: Vec<u32> = places.iter().map(|place| (20 * index + place) as u32).collect();
            assert_eq!(held(task), expected);
        }
    }

    #[test]
    fn an_example_of_two_datasets_is_one_example() {
        // The second holds the first's last ten and ten of its own; two dots of the first are equal, which is its own
        // affair.
        let (first, second): (Vec<u8>, Vec<u8>) = ((0..20).chain([0]).collect(), (10..30).collect());
        let universe = universe(vec![dots("a", &first, &[200]), dots("b", &second, &[201])]);
        for seed in 0..20 {
            let mut tasks = [task(&universe, 0..21), task(&universe, 21..41)];
            let mut pool = task(&universe, 21..41);
            hold_out(&mut tasks, Some(&mut pool), &universe, 0.5, &Draws::of(seed)).expect("held out");
            let value =
                |example: &u32| if *example < 21 { first[*example as usize] } else { second[*example as usize - 21] };
            let values = |view: &View| view.indices().iter().map(value).collect::<Vec<u8>>();
            let common = |value: &&u8| (10..20).contains(*value);
            for (a, b) in [(0, 1), (1, 0)] {
                let trained = values(&tasks[a].train);
                assert!(
                    values(&tasks[b].validation).iter().filter(common).all(|held| !trained.contains(held)),
                    "{seed}"
                );
            }
            let shown = values(&pool.train);
            assert!(values(&tasks[0].validation).iter().all(|held| !shown.contains(held)), "{seed}");
        }
    }

    #[test]
    fn a_test_set_that_another_dataset_trains_on_is_named() {
        let clean = universe(vec![dots("a", &[1, 2], &[3]), dots("b", &[4, 5], &[6])]);
        assert!(leaks(&clean, &[]).is_empty());
        let leaky = universe(vec![dots("a", &[1, 2], &[3, 4]), dots("b", &[3, 4, 5], &[2])]);
        let notes = leaks(&leaky, &[]);
        assert_eq!(notes.len(), 2);
        assert!(notes[0].starts_with("`b` has 2 of the test examples of `a` in its training split"), "{notes:?}");
        assert!(notes[1].starts_with("`a` has 1 of the test examples of `b` in its training split"), "{notes:?}");
        assert_eq!(leaks(&leaky, &["b".into()]), notes[1..]);
        // Within one dataset, what its files hold is its own affair.
        assert!(leaks(&universe(vec![dots("a", &[1], &[1])]), &[]).is_empty());
    }
}
