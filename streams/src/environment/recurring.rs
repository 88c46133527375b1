//! Experiences come several times: the whole sequence again, or each one with a period of its own.
//!
//! Hemati et al. 2023, <https://arxiv.org/abs/2301.11396>, "class-incremental learning with repetition". What recurs is
//! new practice as the world brings it, so it is not marked as rehearsed and counts as new.
//!
//! **Deviation:** there, what recurs is drawn; here each experience comes whole, `times` times, `every` experiences
//! apart. Without `every` the whole sequence comes again.

use anyhow::{Result, ensure};
use clbench::{
    catalogue::{Range, Settings, part},
    stream::{Environment, Experience, Ground, Revisit, Task, World},
};

/// Most experiences that recurrence may make.
const MOST: usize = 100_000;

/// The entry of the catalogue.
pub const ENVIRONMENT: Environment = Environment {
    name: "recurring",
    about: "the sequence of experiences, or each of them with a period, comes several times",
    citation: "https://arxiv.org/abs/2301.11396",
    settings: Config::SETTINGS,
    make: |table| part(table, |config: Config| Box::new(config) as Box<dyn Revisit>),
};

clbench::settings! {
    /// Settings of recurrence.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// How many times each experience comes.
        pub times: usize = 2, Range::Whole(1, MOST as i64);
        /// After how many new experiences one is due again; after all of them where not set.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub every: Option<usize> = None, Range::Whole(1, MOST as i64);
    }
}

impl Settings for Config {}

impl Config {
    /// Which of `count` experiences comes when. The n-th coming of the j-th is due at j + n·every; of those that are
    /// due together the earlier experience is first.
    fn order(&self, count: usize) -> Vec<usize> {
        let every = self.every.unwrap_or(count);
        let coming = |n: usize| (0..count).map(move |j| (j + n * every, j));
        let mut all: Vec<(usize, usize)> = (0..self.times).flat_map(coming).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, experience)| experience).collect()
    }
}

impl Revisit for Config {
    fn revisit(&self, base: Vec<Experience>, _: &[Task], _: &Ground) -> Result<World> {
        ensure!(
            self.times * base.len() <= MOST,
            "times = {} of {} experiences is more than {MOST}; lower it",
            self.times,
            base.len()
        );
        let experiences = self.order(base.len()).into_iter().map(|of| base[of].clone());
        Ok(World::fixed(experiences.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::trial, *};

    #[test]
    fn the_sequence_comes_again() {
        assert_eq!(Config::default().order(3), [0, 1, 2, 0, 1, 2]);
        let world = trial::build(&ENVIRONMENT, "times = 3", &[4, 3], 0).unwrap();
        assert_eq!(world.experiences.iter().map(Experience::new_examples).collect::<Vec<_>>(), [4, 3, 4, 3, 4, 3]);
        assert_eq!(world.experiences[0], world.experiences[4]);
    }

    #[test]
    fn each_comes_with_a_period() {
        assert_eq!(Config { times: 2, every: Some(1) }.order(3), [0, 0, 1, 1, 2, 2]);
        assert_eq!(Config { times: 3, every: Some(2) }.order(3), [0, 1, 0, 2, 1, 0, 2, 1, 2]);
        assert_eq!(Config { times: 2, every: Some(3) }.order(3), Config::default().order(3));
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        for (settings, message) in [
            ("times = 0", "times = 0 is not a whole number between 1 and 100000"),
            ("every = 0", "every = 0 is not a whole number between 1 and 100000"),
            ("times = 100000", "times = 100000 of 2 experiences is more than 100000; lower it"),
        ] {
            let error = trial::build(&ENVIRONMENT, settings, &[4, 3], 0).err().unwrap();
            assert_eq!(error.to_string(), message);
        }
    }
}
