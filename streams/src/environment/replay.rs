//! How much comes back where the amount is a share of what is new.
//!
//! Code of `archana53/power-law-for-CI`, a precursor of Gandhi et al. 2024, <https://arxiv.org/abs/2401.10393>.

use std::sync::Arc;

use anyhow::Result;
use clbench::{
    catalogue::Range,
    stream::{Experience, Ground, Policy, Revisit, Task, World, rehearse},
};

/// What comes back, per new example, where a stream file does not say: the middle of the authors' five shares.
pub(super) const USUAL: f64 = 0.5;
/// What such a share may be.
pub(super) const RANGE: Range = Range::Within(0.0, 100.0);

/// Examples that come back beside `new` ones, R = ⌊r·M⌋.
pub(super) fn budget(replay: f64, new: usize) -> usize {
    (replay * new as f64).floor() as usize
}

/// New examples of each experience, M.
pub(super) fn sizes(base: &[Experience]) -> Vec<usize> {
    base.iter().map(Experience::new_examples).collect()
}

/// A budget split by weights as the authors' code does: the quotient by the sum of the weights rounded down, then
/// times each weight, truncated. Some of the budget is left over.
pub(super) fn split(budget: usize, weights: &[f64]) -> Vec<usize> {
    let (budget, sum) = (budget as f64, weights.iter().sum::<f64>());
    // Python's `//`: what is left by the remainder is a whole number of sums.
    let quotient = ((budget - budget % sum) / sum).round();
    weights.iter().map(|weight| (quotient * weight) as usize).collect()
}

/// Experiences to which `counts(phase)` examples of each earlier one come back.
pub(super) fn bring_back(
    base: Vec<Experience>,
    ground: &Ground,
    counts: impl Fn(usize) -> Vec<usize>,
) -> Result<World> {
    let counts: Vec<Vec<usize>> = (0..base.len()).map(counts).collect();
    rehearse(base, &ground.draws, |phase, earlier| counts[phase][earlier]).map(World::fixed)
}

/// An environment in which a share `replay` of what is new comes back, [`divided`] by `weights(phase)`.
pub(super) fn budgeted(replay: f64, weights: impl Fn(usize) -> Vec<f64> + 'static) -> Box<dyn Revisit> {
    Box::new(Budgeted { replay, weights })
}

struct Budgeted<W> {
    replay: f64,
    weights: W,
}

impl<W: Fn(usize) -> Vec<f64>> Revisit for Budgeted<W> {
    fn revisit(&self, base: Vec<Experience>, _: &[Task], ground: &Ground) -> Result<World> {
        divided(base, ground, self.replay, &self.weights)
    }
}

/// The same where a share `replay` of what is new is split by `weights(phase)`, one for each earlier experience. Where
/// that is more than one brought, all of it comes back, and a note says how many are missing.
pub(super) fn divided(
    base: Vec<Experience>,
    ground: &Ground,
    replay: f64,
    weights: impl Fn(usize) -> Vec<f64>,
) -> Result<World> {
    let sizes = sizes(&base);
    let (mut short, mut counts) = (0, Vec::new());
    for phase in 0..base.len() {
        let wanted = split(budget(replay, sizes[phase]), &weights(phase));
        let there: Vec<usize> = wanted.iter().zip(&sizes).map(|(wanted, there)| *wanted.min(there)).collect();
        short += wanted.iter().sum::<usize>() - there.iter().sum::<usize>();
        counts.push(there);
    }
    if short > 0 {
        ground.note(format!("replay = {replay} asks for {short} examples more than the earlier experiences brought"));
    }
    bring_back(base, ground, |phase| counts[phase].clone())
}

/// An environment in which [`chosen`] says what comes back.
pub(super) fn choosing<P, F>(replay: f64, start: F) -> Box<dyn Revisit>
where
    P: Policy + 'static,
    F: Fn() -> P + Clone + Send + Sync + 'static,
{
    Box::new(Choosing { replay, start })
}

struct Choosing<F> {
    replay: f64,
    start: F,
}

impl<P: Policy + 'static, F: Fn() -> P + Clone + Send + Sync + 'static> Revisit for Choosing<F> {
    fn revisit(&self, base: Vec<Experience>, _: &[Task], _: &Ground) -> Result<World> {
        Ok(chosen(base, self.replay, self.start.clone()))
    }
}

/// Experiences in whose later ones a share `replay` of what is new is chosen, while the run goes on, by what `start`
/// makes out of the numbers of choices in an epoch of each experience.
pub(super) fn chosen<P: Policy + 'static>(
    mut base: Vec<Experience>,
    replay: f64,
    start: impl Fn() -> P + Send + Sync + 'static,
) -> World {
    for experience in base.iter_mut().skip(1) {
        experience.chosen = budget(replay, experience.new_examples());
    }
    World { experiences: base, policy: Some(Arc::new(move || Box::new(start()) as Box<dyn Policy>)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_rounded_down() {
        assert_eq!([1.0, 0.75, 0.5, 0.25, 0.1].map(|r| budget(r, 57927)), [57927, 43445, 28963, 14481, 5792]);
        assert_eq!(budget(0.0, 57927), 0);
    }

    /// 7 // 2.5 = 2, times 0.5, 1 and 1.
    #[test]
    fn a_split_rounds_the_quotient_before_it_multiplies() {
        assert_eq!(split(7, &[0.5, 1.0, 1.0]), [1, 2, 2]);
        assert_eq!(split(7, &[1.0; 3]), [2, 2, 2]);
        assert_eq!(split(0, &[1.0]), [0]);
        assert_eq!(split(7, &[]), [0; 0]);
    }

    #[test]
    fn what_is_no_share_is_refused() {
        assert!([0.0, 0.5, 2.0].iter().all(|share| RANGE.holds(&(*share).into())));
        assert!(![-0.1, f64::NAN, f64::INFINITY, 101.0].iter().any(|share| RANGE.holds(&(*share).into())));
    }
}
