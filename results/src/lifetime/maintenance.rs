//! Performance maintenance: what evaluations lose, or gain, after a task was last learned.
//!
//! - New et al. 2022, <https://arxiv.org/abs/2201.08278>: measured against the most recent learning evaluation
//!   (`mrlep`) or the most recent terminal learning performance (`mrtlp`).

use super::{log::BlockType, prepare::Regime};

/// The differences of one evaluation regime to what it is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Kept {
    /// The regime.
    pub regime: usize,
    /// Its terminal performance less that of the last evaluation right after learning.
    pub mrlep: f64,
    /// Its terminal performance less that of the last learning regime.
    pub mrtlp: f64,
}

/// The differences of all evaluations of `task` that come after a first one after learning.
///
/// `counted` tells which regimes count, `terminal` holds the terminal performance of every regime.
pub(super) fn maintenance(task: &str, regimes: &[Regime], counted: &[bool], terminal: &[f64]) -> Vec<Kept> {
    let of = |kind| {
        let fits = move |&index: &usize| {
            let regime: &Regime = &regimes[index];
            counted[index] && regime.task == task && regime.block_type == kind
        };
        (0..regimes.len()).filter(fits).collect::<Vec<usize>>()
    };
    let (trained, tested) = (of(BlockType::Train), of(BlockType::Test));
    let next = |&index: &usize| tested.get(tested.partition_point(|&test| test < index)).copied();
    let mut references: Vec<usize> = trained.iter().filter_map(next).collect();
    references.dedup();
    let last = |list: &[usize], index| list[..list.partition_point(|&other| other < index)].last().copied();
    let kept = |&regime: &usize| {
        let reference = last(&references, regime).filter(|_| references.binary_search(&regime).is_err())?;
        let learned = last(&trained, regime).expect("a reference comes after learning");
        let now = terminal[regime];
        Some(Kept { regime, mrlep: now - terminal[reference], mrtlp: now - terminal[learned] })
    };
    tested.iter().filter_map(kept).collect()
}

/// The values of `kept` in groups that no other regime of the task parts.
pub(super) fn groups(task: &str, regimes: &[Regime], kept: &[Kept], value: impl Fn(&Kept) -> f64) -> Vec<Vec<f64>> {
    let mut groups: Vec<Vec<f64>> = Vec::new();
    let (mut rest, mut open) = (kept.iter().peekable(), false);
    for index in (0..regimes.len()).filter(|&index| regimes[index].task == task) {
        let Some(found) = rest.next_if(|kept| kept.regime == index) else {
            open = false;
            continue;
        };
        if !open {
            groups.push(Vec::new());
            open = true;
        }
        groups.last_mut().expect("a group was opened").push(value(found));
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::super::log::Subtype;
    use super::super::measure::Curve;
    use super::*;

    #[test]
    fn only_evaluations_after_the_first_after_learning_count() {
        let kinds = [BlockType::Test, BlockType::Train, BlockType::Test, BlockType::Test, BlockType::Test];
        let regime = |block_type| Regime {
            block_num: 0,
            block_type,
            subtype: Subtype::Wake,
            task: "a".into(),
            curve: Curve::default(),
        };
        let regimes = kinds.map(regime);
        let terminal = [1.0, 10.0, 9.0, 7.0, 6.0];
        let kept = maintenance("a", &regimes, &[true; 5], &terminal);
        assert_eq!(kept.iter().map(|kept| kept.mrlep).collect::<Vec<_>>(), [-2.0, -3.0]);
        assert_eq!(kept.iter().map(|kept| kept.mrtlp).collect::<Vec<_>>(), [-3.0, -4.0]);
        assert_eq!(groups("a", &regimes, &kept, |kept| kept.mrlep), [[-2.0, -3.0]]);
        assert_eq!(maintenance("a", &regimes, &[true, true, true, false, true], &terminal).len(), 1);
    }
}
