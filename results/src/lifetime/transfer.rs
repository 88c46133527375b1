//! Forward and backward transfer: what learning one task does to the evaluations of another right before and after.
//!
//! - New et al. 2022, <https://arxiv.org/abs/2201.08278>: transfer as ratio and as contrast.
//! - `l2metrics` 3.1.0, `transfer.py`: an evaluation regime keeps one value per direction, so that of several tasks
//!   learned between two evaluations only the last counts; evaluate after every block of one task.

use std::collections::BTreeMap;

use super::{log::BlockType, prepare::Regime};

/// Values by the task that was learned, then by the task that was evaluated, in order of the evaluations.
pub(super) type Pairs = BTreeMap<String, BTreeMap<String, Vec<f64>>>;

/// Transfer in both directions and both forms.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Transfer {
    /// Onto tasks not yet trained: performance after, over performance before.
    pub forward_ratio: Pairs,
    /// Onto tasks trained before: the same.
    pub backward_ratio: Pairs,
    /// Onto tasks not yet trained: difference over sum.
    pub forward_contrast: Pairs,
    /// Onto tasks trained before: the same.
    pub backward_contrast: Pairs,
}

/// The regimes of one task that count, in order.
struct Task<'a> {
    name: &'a str,
    trained: Vec<usize>,
    tested: Vec<usize>,
}

/// What an evaluation regime keeps: the learned task and the value.
type Kept<'a> = BTreeMap<usize, (&'a str, f64)>;

/// Transfer between all pairs of tasks.
///
/// `counted` tells which regimes count, `terminal` holds the terminal performance of every regime.
pub(super) fn transfer(regimes: &[Regime], counted: &[bool], terminal: &[f64]) -> Transfer {
    let tasks = tasks(regimes, counted);
    // Forward ratio, backward ratio, forward contrast, backward contrast.
    let mut kept: [Kept; 4] = Default::default();
    for learned in &tasks {
        for other in tasks.iter().filter(|other| other.name != learned.name) {
            for &regime in &learned.trained {
                let backward = usize::from(other.trained.first().is_some_and(|&first| first < regime));
                let after = other.tested.partition_point(|&test| test < regime);
                let Some((&before, &test)) =
                    after.checked_sub(1).and_then(|before| other.tested.get(before)).zip(other.tested.get(after))
                else {
                    continue;
                };
                let (from, to) = (terminal[before], terminal[test]);
                if from != 0.0 {
                    kept[backward].insert(test, (learned.name, to / from));
                }
                if from + to != 0.0 {
                    kept[2 + backward].insert(test, (learned.name, (to - from) / (from + to)));
                }
            }
        }
    }
    let [forward_ratio, backward_ratio, forward_contrast, backward_contrast] = kept.map(|kept| pairs(regimes, &kept));
    Transfer { forward_ratio, backward_ratio, forward_contrast, backward_contrast }
}

/// The tasks in order of appearance.
fn tasks<'a>(regimes: &'a [Regime], counted: &[bool]) -> Vec<Task<'a>> {
    let mut tasks: Vec<Task> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, regime) in regimes.iter().enumerate().filter(|&(index, _)| counted[index]) {
        let place = *places.entry(&regime.task).or_insert(tasks.len());
        if place == tasks.len() {
            tasks.push(Task { name: &regime.task, trained: Vec::new(), tested: Vec::new() });
        }
        let list = match regime.block_type {
            BlockType::Train => &mut tasks[place].trained,
            BlockType::Test => &mut tasks[place].tested,
        };
        list.push(index);
    }
    tasks
}

fn pairs(regimes: &[Regime], kept: &Kept) -> Pairs {
    let mut pairs = Pairs::new();
    for (&regime, &(learned, value)) in kept {
        let to = pairs.entry(learned.into()).or_default();
        to.entry(regimes[regime].task.clone()).or_default().push(value);
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::super::log::Subtype;
    use super::super::measure::Curve;
    use super::*;

    fn lifetime(text: &str) -> Vec<Regime> {
        let regime = |word: &str| Regime {
            block_num: 0,
            block_type: if word.starts_with('+') { BlockType::Train } else { BlockType::Test },
            subtype: Subtype::Wake,
            task: word[1..].into(),
            curve: Curve::default(),
        };
        text.split(' ').map(regime).collect()
    }

    #[test]
    fn learning_before_a_task_is_forward_and_after_it_backward() {
        let regimes = lifetime("-a -b +a -a -b +b -a -b");
        let terminal = [1.0, 2.0, 0.0, 8.0, 3.0, 0.0, 6.0, 9.0];
        let found = transfer(&regimes, &[true; 8], &terminal);
        assert_eq!(found.forward_ratio["a"]["b"], [1.5]);
        assert_eq!(found.forward_contrast["a"]["b"], [0.2]);
        assert_eq!(found.backward_ratio["b"]["a"], [0.75]);
        assert_eq!((found.forward_ratio.len(), found.backward_ratio.len()), (1, 1));
    }

    #[test]
    fn of_two_tasks_between_evaluations_the_last_counts() {
        let found = transfer(&lifetime("-c +a +b -c"), &[true; 4], &[2.0, 0.0, 0.0, 3.0]);
        assert_eq!(found.forward_ratio.keys().collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        let found = transfer(&lifetime("-c +a -c"), &[true; 3], &[0.0, 0.0, 3.0]);
        assert_eq!(found.forward_ratio, Pairs::new());
        assert_eq!(found.forward_contrast["a"]["c"], [1.0]);
    }
}
