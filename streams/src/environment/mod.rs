//! Ways in which examples come back, one file each (two laws of one paper share [`budgeted`]);
//! [`catalogue`] is the table of contents.

mod arms;
mod difficulty;
mod replay;
#[cfg(test)]
mod trial;

pub mod bandit_uniform;
pub mod budgeted;
pub mod cumulative;
pub mod exp3;
pub mod gain_rl;
pub mod loss_proportional;
pub mod power_law;
pub mod recurring;
pub mod sec;
pub mod successive_elimination;
pub mod ucb;
pub mod uniform;

use clbench::stream::Environment;

pub use arms::Reward;

/// Every one, in the order in which lists show them.
pub fn catalogue() -> Vec<Environment> {
    vec![
        cumulative::ENVIRONMENT,
        uniform::ENVIRONMENT,
        budgeted::EXPONENTIAL,
        budgeted::POWER_LAW,
        power_law::ENVIRONMENT,
        recurring::ENVIRONMENT,
        bandit_uniform::ENVIRONMENT,
        loss_proportional::ENVIRONMENT,
        sec::ENVIRONMENT,
        exp3::ENVIRONMENT,
        ucb::ENVIRONMENT,
        successive_elimination::ENVIRONMENT,
        gain_rl::ENVIRONMENT,
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clbench::{
        primitives::draws::Draws,
        stream::{Environment, Experience, Outcome},
    };

    use super::{catalogue, trial};

    fn of(policies: bool) -> Vec<Environment> {
        let is = |entry: &Environment| trial::build(entry, "", &[9; 3], 0).unwrap().policy.is_some() == policies;
        catalogue().into_iter().filter(is).collect()
    }

    #[test]
    fn what_comes_back_is_drawn_without_replacement_by_the_seed() {
        for entry in of(false) {
            let build = |seed| trial::build(&entry, "", &[60; 4], seed).unwrap().experiences;
            let pairs = |experience: &Experience| experience.pairs();
            let experiences = build(5);
            assert_eq!(experiences, build(5), "{}", entry.name);
            for all in experiences.iter().map(pairs) {
                assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{}", entry.name);
            }
            let is_drawn = !["cumulative", "recurring"].contains(&entry.name);
            assert_eq!(experiences != build(6), is_drawn, "{}", entry.name);
        }
    }

    #[test]
    fn a_policy_is_the_same_after_a_break() {
        for entry in of(true) {
            let sizes = [30, 10, 20, 40, 30];
            let confidence = |arm: usize, place: usize| 0.4 + 0.15 * arm as f64 + 0.001 * place as f64;
            // A break after which the state is kept or, to see that there is one, lost.
            let run = |kept: Option<bool>| {
                let mut policy = trial::policy(&entry, "", &sizes);
                let mut all = trial::steps(&mut *policy, &sizes[..3], (0, 25), (8, 1), confidence);
                if let Some(kept) = kept {
                    let bytes = policy.save().unwrap();
                    policy = trial::policy(&entry, "", &sizes);
                    if kept {
                        policy.load(&bytes, &trial::device()).unwrap();
                    }
                }
                all.extend(trial::steps(&mut *policy, &sizes[..3], (25, 50), (8, 1), confidence));
                all.extend(trial::steps(&mut *policy, &sizes[..4], (0, 25), (8, 1), confidence));
                (all, policy.save().unwrap())
            };
            assert_eq!(run(None), run(Some(true)), "{}", entry.name);
            assert_eq!(run(None) == run(Some(false)), entry.name == "bandit-uniform", "{}", entry.name);
        }
    }

    #[test]
    fn a_break_between_choice_and_answer_changes_nothing() {
        for entry in of(true) {
            let arms = [9; 3];
            let mut policy = trial::policy(&entry, "", &[9; 4]);
            let choices = policy.choose(&arms, 60, &Draws::of(0));
            let mut again = trial::policy(&entry, "", &[9; 4]);
            again.load(&policy.save().unwrap(), &trial::device()).unwrap();
            let outcomes: Vec<Outcome> = choices.into_iter().map(|choice| trial::answer(choice, 0.8)).collect();
            let before = policy.save().unwrap();
            policy.learn(&outcomes);
            again.learn(&outcomes);
            assert_eq!(policy.save().unwrap(), again.save().unwrap(), "{}", entry.name);
            assert_eq!(policy.save().unwrap() == before, entry.name == "bandit-uniform", "{}", entry.name);
        }
    }

    /// Also with arms that have nothing, a step larger than all that is there, and one arm alone.
    #[test]
    fn answers_that_are_no_numbers_poison_nothing() {
        for entry in of(true) {
            for (arms, count) in [(&[9, 0, 9][..], 4), (&[9], 4), (&[3, 2], 20), (&[0, 1], 3)] {
                let mut policy = trial::policy(&entry, "", &[9; 4]);
                for step in 0..60 {
                    let choices = policy.choose(arms, count, &Draws { step, ..Draws::of(0) });
                    assert_eq!(choices.len(), count, "{}", entry.name);
                    let number = [f64::NAN, f64::INFINITY, 0.0, f64::NEG_INFINITY, 1e300][step as usize % 5];
                    let bad = |(arm, place)| Outcome { arm, place, loss: number, confidence: number, hit: false };
                    let mut outcomes: Vec<Outcome> = choices.iter().copied().map(bad).collect();
                    outcomes.push(bad((usize::MAX, usize::MAX)));
                    policy.learn(&outcomes);
                }
                trial::steps(&mut *policy, arms, (60, 120), (count, 0), |_, _| 1.0);
                let shares = policy.shares(arms);
                assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{}: {shares:?}", entry.name);
                assert_eq!(policy.choose(&[0, 0], 3, &Draws::of(0)), [], "{}", entry.name);
                assert_eq!(policy.choose(&[], 3, &Draws::of(0)), [], "{}", entry.name);
            }
        }
    }
}
