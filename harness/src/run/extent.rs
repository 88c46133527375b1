//! How much a run will leave behind, asked before it trains: what nobody could read back is refused.

use anyhow::{Context, Result, anyhow, ensure};
use clbench_results::{Manifest, Plan, Spend, record::limits};

use super::Run;
use crate::{
    batch::course::{Plan as Course, Stock},
    config::{Setup, Within},
    primitives::draws::Draws,
    run::{
        evaluate::words,
        manifest::{manifest, resolved},
    },
    stream::Experience,
};

/// What is in the way of a run's results, and what helps.
const REMEDY: &str = "lower stream.tasks, stream.val_fraction, eval.every, the number of preferences or log.every";

impl Run<'_> {
    /// Refuses a run whose manifest, configuration, evaluations or logged steps could not be read back, where single
    /// models of `models` are asked beside all of them together.
    pub(super) fn check_extent(&self, models: u32) -> Result<()> {
        let steps: Vec<u64> = (0..self.setup.stream.experiences.len()).map(|at| self.most_steps(at)).collect();
        limits::acceptable(&self.most_manifest(&steps))
            .map_err(|why| anyhow!("the run could not be read back: {why}"))?;
        limits::config(&resolved(self.setup, i64::MAX as u64))
            .map_err(|why| anyhow!("the run could not be read back: {why}"))?;
        let config = &self.setup.config;
        for words in config.eval.preferences.iter().map(|given| words(given)) {
            let most = limits::preference(self.setup.stream.tasks.len());
            let begin = words.get(..40).unwrap_or_default();
            ensure!(words.len() <= most, "eval.preferences holds `{begin}…`, which is longer than {most} bytes");
        }
        let terms = self.stack.contributions.len() as u64 + 7;
        let logged: u64 = steps.iter().map(|steps| steps.div_ceil(config.log.every)).fold(0, u64::saturating_add);
        limits::logged(logged, terms).map_err(|why| anyhow!("{why}")).context(REMEDY)?;
        if !self.setup.asks {
            return Ok(());
        }
        let (rows, preferences) = self.most_records(&steps, models);
        limits::records(rows, preferences).map_err(|why| anyhow!("{why}")).context(REMEDY)
    }

    /// The most steps that an experience may take: what its stopping rule says; where a cap binds, a multiple of what
    /// the first experience gets.
    fn most_steps(&self, at: usize) -> u64 {
        let Setup { config, stream, .. } = self.setup;
        let (experience, first) = (&stream.experiences[at], &stream.experiences[0]);
        let known = self.state.horizons.first().map_or(0, |horizon| horizon.steps);
        if at == 0 {
            return known;
        }
        let rules = [config.train.steps.map(|steps| steps.saturating_mul(experience.span as u64)), config.budget.steps];
        let epochs = config.train.epochs.map(|epochs| {
            // A buffer that holds something takes its share of a batch.
            let stock = Stock { buffer: 1, ..Stock::default() };
            let draws = Draws::of(self.seed);
            let (batch, mixture) = (config.train.batch, &config.mixture);
            epochs.saturating_mul(Course { experience, batch, mixture, stock: &stock, draws }.epoch())
        });
        let ruled = rules.into_iter().chain([epochs]).flatten().min();
        // What a cap leaves changes from experience to experience; four times is not met, and a folder counts along.
        let len = |of: &Experience| (of.len() + of.chosen).max(1) as u64;
        let capped = known.saturating_mul(4 * len(experience).div_ceil(len(first)));
        let caps = self.state.horizons.first().is_some_and(|horizon| horizon.bound_by.starts_with("budget."));
        ruled.map_or(capped, |ruled| if caps { ruled.min(capped) } else { ruled })
    }

    /// The manifest with numbers as long as they can become.
    fn most_manifest(&self, steps: &[u64]) -> Manifest {
        let most = |steps: &u64| Plan { steps: *steps, bound_by: "budget.examples".into(), networks: u64::MAX };
        let all = Some(u64::MAX);
        let spent = Spend {
            steps: u64::MAX,
            flops: u64::MAX,
            examples: u64::MAX,
            replayed: u64::MAX,
            rehearsed: u64::MAX,
            evaluation_flops: u64::MAX,
            state_bytes: u64::MAX,
            maf: all,
            peak_bytes: all,
            reference_bytes: all,
        };
        Manifest { experiences: steps.iter().map(most).collect(), spent, ..manifest(self, &[]) }
    }

    /// Rows of `records.csv`, at most, and the bytes of their preferences.
    fn most_records(&self, steps: &[u64], models: u32) -> (u64, u64) {
        let Setup { config, stream, .. } = self.setup;
        let eval = &config.eval;
        let rows = |task: &crate::stream::Task| 1 + u64::from(!task.validation.is_empty());
        let all: u64 = stream.tasks.iter().map(rows).sum();
        let (probes, asked) = (stream.probes.len() as u64, 1 + u64::from(models));
        let given = eval.preferences.len() as u64;
        let at_end = given + eval.random_preferences as u64;
        // Before the first step, and after each experience.
        let ends = steps.len() as u64;
        let mut plain = (ends + 1) * (all * asked + probes);
        let mut preferred = all * asked * (given + ends * at_end);
        if eval.every > 0 || eval.log_spaced {
            for (experience, steps) in stream.experiences.iter().zip(steps) {
                let here = match eval.within {
                    Within::All => all,
                    Within::New => experience.new_tasks().iter().map(|task| rows(&stream.tasks[*task])).sum(),
                };
                let times = due(eval.every, eval.log_spaced, *steps);
                plain = plain.saturating_add(times.saturating_mul(here * asked + probes));
                preferred = preferred.saturating_add(times.saturating_mul(here * asked * given));
            }
        }
        // A drawn weight has about 20 characters.
        let drawn = if eval.random_preferences > 0 { 26 * stream.tasks.len() } else { 0 };
        let longest = eval.preferences.iter().map(|given| words(given).len()).fold(drawn, usize::max);
        (plain.saturating_add(preferred), preferred.saturating_mul(longest as u64))
    }
}

/// Evaluations within an experience of so many steps, at most.
fn due(every: u64, log_spaced: bool, steps: u64) -> u64 {
    let spaced = if log_spaced { 9 * u64::from(steps.max(1).ilog10() + 1) } else { 0 };
    steps.checked_div(every).unwrap_or(0).saturating_add(spaced)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Eval;

    #[test]
    fn drawn_preferences_are_as_long_as_is_read_back_and_as_reckoned() {
        for tasks in [2, 50, 1_000] {
            let eval = Eval { random_preferences: 20, ..Eval::default() };
            let seen: Vec<usize> = (0..tasks).collect();
            let drawn = eval.preferences().asked(&Draws::of(7), tasks, &seen);
            let longest = drawn.iter().map(|drawn| words(drawn).len()).max().expect("some");
            assert!(longest <= 26 * tasks && longest <= limits::preference(tasks), "{tasks}: {longest}");
            assert!(longest > 10 * tasks, "{tasks}: {longest}");
        }
    }

    #[test]
    fn evaluations_within_an_experience_are_at_least_those_that_are_due() {
        for (every, log_spaced) in [(0, true), (7, false), (7, true), (1, false)] {
            let eval = Eval { every, log_spaced, ..Eval::default() };
            for steps in [1, 9, 10, 11, 100, 1234] {
                let count = (1..steps).filter(|step| eval.is_due(*step)).count() as u64;
                assert!(due(every, log_spaced, steps) >= count, "{every} {log_spaced} {steps}: {count}");
            }
        }
    }
}
