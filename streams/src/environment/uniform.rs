//! As many examples of each earlier experience come back, together a share of what is new.
//!
//! Gandhi et al. 2024, <https://arxiv.org/abs/2401.10393>; `uniform` of `archana53/power-law-for-CI`: R = ⌊r·M⌋
//! examples, R // i of each of the i earlier experiences, drawn without replacement.

use anyhow::{Result, ensure};
use clbench::{
    catalogue::{Settings, part},
    stream::{Environment, Experience, Ground, Revisit, Task, World},
};

use super::{power_law, replay};

/// The entry of the catalogue.
pub const ENVIRONMENT: Environment = Environment {
    name: "uniform",
    about: "a share of what is new, spread evenly over what came before",
    citation: "https://arxiv.org/abs/2401.10393",
    settings: Config::SETTINGS,
    make: |table| part(table, |config: Config| Box::new(config) as Box<dyn Revisit>),
};

clbench::settings! {
    /// Settings of a uniform environment.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// What says how much comes back.
        pub amount: Amount = Amount::Replay;
        /// Examples that come back per new one, r, where that is the amount.
        pub replay: f64 = replay::USUAL, replay::RANGE;
    }
}

clbench::choice! {
    /// What says how much comes back in a phase.
    #[derive(Default)]
    pub enum Amount {
        /// A share of what is new.
        #[default]
        Replay = "replay",
        /// As much as the natural law brings back with its usual settings: its control, in which only the spread
        /// differs.
        PowerLaw = "power-law",
    }
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        ensure!(
            self.amount == Amount::Replay || self.replay == replay::USUAL,
            "replay does nothing with amount = \"power-law\"; leave it out"
        );
        Ok(())
    }
}

impl Revisit for Config {
    fn revisit(&self, base: Vec<Experience>, _: &[Task], ground: &Ground) -> Result<World> {
        if self.amount == Amount::Replay {
            return replay::divided(base, ground, self.replay, |phase| vec![1.0; phase]);
        }
        let (law, sizes) = (power_law::Config::default(), replay::sizes(&base));
        replay::bring_back(base, ground, |phase| even(law.counts(&sizes, phase).iter().sum(), &sizes[..phase]))
    }
}

/// `total` examples out of experiences that brought `sizes`, as evenly as these allow, all of them.
fn even(total: usize, sizes: &[usize]) -> Vec<usize> {
    let mut smallest: Vec<usize> = (0..sizes.len()).collect();
    smallest.sort_by_key(|at| sizes[*at]);
    let (mut counts, mut left) = (vec![0; sizes.len()], total);
    for (done, at) in smallest.into_iter().enumerate() {
        counts[at] = (left / (sizes.len() - done)).min(sizes[at]);
        left -= counts[at];
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::{super::trial, *};

    /// 28963 // 9.
    #[test]
    fn the_authors_budget_is_spread_evenly() {
        assert_eq!(replay::split(replay::budget(0.5, 57927), &[1.0; 9]), [3218; 9]);
    }

    /// The natural law brings back 33969, 54836 and 68165 in the second, third and fourth phase.
    #[test]
    fn as_much_as_the_natural_law_brings_comes_back_evenly() {
        let counts = |phase: usize| power_law::Config::default().counts(&[57927; 10], phase).iter().sum();
        assert_eq!([1, 2, 3].map(counts), [33969, 54836, 68165]);
        assert_eq!(even(counts(3), &[57927; 3]), [22721, 22722, 22722]);
        assert_eq!(even(10, &[2, 9, 9]), [2, 4, 4]);
        assert_eq!(even(0, &[]), [0; 0]);
        let world = trial::build(&ENVIRONMENT, "amount = \"power-law\"", &[100, 50, 10], 0).unwrap();
        assert_eq!(trial::returns(&world), [vec![0, 0, 0], vec![59, 0, 0], vec![33, 32, 0]]);
        assert!(trial::build(&ENVIRONMENT, "amount = \"power-law\"\nreplay = 0.1", &[9; 2], 0).is_err());
    }

    #[test]
    fn a_stream_has_the_counts_and_what_is_not_there_cannot_come() {
        let world = trial::build(&ENVIRONMENT, "", &[4, 3, 6], 0).unwrap();
        assert_eq!(trial::returns(&world), [vec![0, 0, 0], vec![1, 0, 0], vec![1, 1, 0]]);
        let world = trial::build(&ENVIRONMENT, "replay = 2", &[4, 3, 6], 0).unwrap();
        assert_eq!(trial::returns(&world), [vec![0, 0, 0], vec![4, 0, 0], vec![4, 3, 0]]);
    }
}
