//! How accuracy goes on from phase to phase: after each, against the time since a task came, and while a task comes.
//!
//! A phase is an experience, counted from 1; a task's phase is the one in which something new of it comes first.
//!
//! - *After a phase*: correct answers among all questions about tasks that have come, as the environments of Gandhi et
//!   al. 2024, <https://arxiv.org/abs/2401.10393>, are scored (their code pools the tasks' test sets).
//! - *Lag k*: accuracy on a task k phases after its own, mean over tasks, whether or not it came again since.
//! - *Area*: mean accuracy on the tasks of a phase over the evaluations within as many steps as the shortest phase has:
//!   how fast they are learned. Later areas less the first say whether learning is facilitated by what came before
//!   (forward facilitation). No published formula was found; this one is ours. Steps are equal and not new examples:
//!   where much comes back, fewer of a phase's first steps are spent on what is new.

use std::collections::BTreeMap;

use crate::{
    record::{At, Record, RunDir, Split},
    statistics::{Estimate, estimate::paired},
    summary::{SummaryError, guess::Guess, settings},
    words::clean,
};

/// One score of one seed, by what it is a score of (a phase, a lag).
type Curve = BTreeMap<usize, f64>;

/// One run, or all seeds of one configuration.
#[derive(Clone, Debug)]
pub struct Phases {
    /// Method and settings, cleaned.
    pub name: String,
    /// Name of the stream.
    pub stream: String,
    /// Seeds, ascending.
    pub seeds: Vec<u64>,
    /// Largest number of examples of any seed that the environment brought back.
    pub rehearsed: u64,
    /// Largest number of any seed that came out of a memory or a pool.
    pub replayed: u64,
    curves: Vec<(u64, [Curve; 4])>,
    guess: Option<Guess>,
}

/// A curve over phases or lags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Accuracy on all questions about tasks that have come, after each phase.
    After,
    /// Accuracy on a task by the number of phases since its own.
    Lag,
    /// Mean accuracy on a phase's new tasks over the evaluations within as many steps as the shortest phase has.
    Area,
    /// Steps within a phase until the accuracy on its new tasks first reached the threshold.
    Steps,
}

impl View {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::After, Self::Lag, Self::Area, Self::Steps];
    /// What stands above its table.
    pub fn title(self) -> &'static str {
        match self {
            Self::After => "accuracy (%) on all tasks so far, after each phase",
            Self::Lag => "accuracy (%) on a task by the number of phases since it first came",
            Self::Area => {
                "mean accuracy (%) on a phase's new tasks over its first steps, as many as the shortest phase has"
            }
            Self::Steps => "steps within a phase until its new tasks reach the threshold",
        }
    }
    /// Whether its values are shares, printed as per cent.
    pub fn is_share(self) -> bool {
        self != Self::Steps
    }
}

/// Gathers `runs` by configuration; `threshold` is the accuracy of [`View::Steps`], 0 to 1. Runs that diverged and
/// joint runs, which have no phases, are left out.
///
/// # Errors
/// When a seed is there twice.
pub fn phases(runs: &[RunDir], threshold: f64) -> Result<Vec<Phases>, SummaryError> {
    let mut families: BTreeMap<(&str, &str), Vec<&RunDir>> = BTreeMap::new();
    let sequential = |run: &&RunDir| !run.manifest.stream.joint && run.manifest.diverged.is_none();
    for run in runs.iter().filter(sequential) {
        let manifest = &run.manifest;
        families.entry((&manifest.stream.hash, &manifest.family)).or_default().push(run);
    }
    let mut all: Vec<Phases> =
        families.into_values().map(|runs| Phases::of(&runs, threshold)).collect::<Result<_, _>>()?;
    shorten(&mut all);
    all.sort_by(|a, b| (&a.stream, &a.name).cmp(&(&b.stream, &b.name)));
    Ok(all)
}

/// Leaves out of the names what all rows were set to.
fn shorten(all: &mut [Phases]) {
    let words = |one: &Phases| one.name.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let Some((first, rest)) = all.split_first() else { return };
    let common: Vec<String> = words(first)
        .into_iter()
        .skip(1)
        .filter(|word| !rest.is_empty() && rest.iter().all(|one| words(one).contains(word)))
        .collect();
    for one in all {
        one.name = words(one).into_iter().filter(|word| !common.contains(word)).collect::<Vec<_>>().join(" ");
    }
}

impl Phases {
    fn of(runs: &[&RunDir], threshold: f64) -> Result<Self, SummaryError> {
        let mut runs = runs.to_vec();
        runs.sort_by_key(|run| run.manifest.seed);
        if let Some([a, b]) = runs.array_windows().find(|[a, b]| a.manifest.seed == b.manifest.seed) {
            let [a, b] = [a, b].map(|run| clean(&run.path.display().to_string()));
            return Err(SummaryError::RepeatedSeed(a, b));
        }
        let first = &runs[0].manifest;
        let largest = |of: fn(&RunDir) -> u64| runs.iter().map(|run| of(run)).max().unwrap_or(0);
        Ok(Self {
            name: [vec![first.method.clone()], settings(first)]
                .concat()
                .iter()
                .map(|word| clean(word))
                .collect::<Vec<_>>()
                .join(" "),
            stream: clean(&first.stream.name),
            seeds: runs.iter().map(|run| run.manifest.seed).collect(),
            rehearsed: largest(|run| run.manifest.spent.rehearsed),
            replayed: largest(|run| run.manifest.spent.replayed),
            curves: runs.iter().map(|run| (run.manifest.seed, curves(run, threshold))).collect(),
            guess: Guess::of(runs[0]),
        })
    }

    /// The mean of a curve's value at `at` over the seeds; none if a seed lacks it.
    pub fn estimate(&self, view: View, at: usize) -> Option<Estimate> {
        let values = self.values(view, at);
        if values.len() == self.seeds.len() { Estimate::of(&only(&values)) } else { None }
    }

    /// The curve's value at `at` by seed.
    pub fn values(&self, view: View, at: usize) -> Vec<(u64, f64)> {
        let value = |(seed, curves): &(u64, [Curve; 4])| Some((*seed, *curves[view as usize].get(&at)?));
        self.curves.iter().filter_map(value).collect()
    }

    /// The largest place at which some seed has a value.
    pub fn last(&self, view: View) -> Option<usize> {
        self.curves.iter().filter_map(|(_, curves)| curves[view as usize].keys().next_back()).max().copied()
    }

    /// The mean over the whole curve, by seed.
    pub fn means(&self, view: View) -> Vec<(u64, f64)> {
        let mean = |(seed, curves): &(u64, [Curve; 4])| {
            let curve = &curves[view as usize];
            (!curve.is_empty()).then(|| (*seed, curve.values().sum::<f64>() / curve.len() as f64))
        };
        self.curves.iter().filter_map(mean).collect()
    }

    /// Forward facilitation: the last area less the first, paired by seed.
    pub fn facilitation(&self) -> Option<Estimate> {
        let last = self.last(View::Area).filter(|last| *last > 1)?;
        paired(&self.values(View::Area, last), &self.values(View::Area, 1))
    }

    /// Whether it knows more than chance at the end; also where what chance is cannot be told.
    pub fn knows(&self) -> bool {
        let end = self.last(View::After).and_then(|last| self.estimate(View::After, last));
        self.guess.zip(end).is_none_or(|(guess, end)| guess.is_beaten(end))
    }

    /// How much more this reached than `other` at the end, and in the mean over all phases; paired by seed.
    pub fn against(&self, other: &Self) -> Option<[Estimate; 2]> {
        let [a, b] = [self, other].map(|of| of.last(View::After));
        let end = paired(&self.values(View::After, a?), &other.values(View::After, b?))?;
        Some([end, paired(&self.means(View::After), &other.means(View::After))?])
    }
}

fn only(values: &[(u64, f64)]) -> Vec<f64> {
    values.iter().map(|(_, value)| *value).collect()
}

/// The four curves of one run.
fn curves(run: &RunDir, threshold: f64) -> [Curve; 4] {
    let stream = &run.manifest.stream;
    let mut came = BTreeMap::new();
    for (phase, tasks) in stream.trained.iter().enumerate() {
        for task in tasks {
            came.entry(*task).or_insert(phase + 1);
        }
    }
    let plain =
        |record: &&Record| record.split == Split::Test && record.preference.is_empty() && record.sample.is_none();
    let [mut after, mut lag, mut area, mut steps] = [const { BTreeMap::<usize, (f64, f64)>::new() }; 4];
    let add = |curve: &mut BTreeMap<usize, (f64, f64)>, at: usize, value: f64, weight: f64| {
        let (sum, weights) = curve.entry(at).or_default();
        *sum += value * weight;
        *weights += weight;
    };
    // Without evaluations inside phases nothing is known of what happens there.
    let within = run.records.iter().any(|record| record.at == At::Step);
    // Steps at the start of each phase.
    let mut began: Vec<u64> = vec![0; stream.experiences + 2];
    for (phase, plan) in run.manifest.experiences.iter().enumerate() {
        began[phase + 2] = began[phase + 1] + plan.steps;
    }
    let shortest = run.manifest.experiences.iter().map(|plan| plan.steps).min().unwrap_or(0);
    for record in run.records.iter().filter(plain) {
        let (phase, Some(own)) = (record.experience, came.get(&record.task)) else { continue };
        if record.at == At::End && *own <= phase {
            add(&mut after, phase, record.accuracy, record.n as f64);
            add(&mut lag, phase - own, record.accuracy, 1.0);
        }
        if within && record.at != At::Start && *own == phase {
            let step = record.step.saturating_sub(began[phase]);
            if step <= shortest {
                add(&mut area, phase, record.accuracy, 1.0);
            }
            if record.accuracy >= threshold && !steps.contains_key(&phase) {
                steps.insert(phase, (step as f64, 1.0));
            }
        }
    }
    [after, lag, area, steps].map(|curve| curve.into_iter().map(|(at, (sum, weight))| (at, sum / weight)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example;

    fn example() -> Vec<Phases> {
        let runs: Vec<RunDir> = [0, 1].map(|seed| example::run("er", seed, example::MIXED[3])).to_vec();
        phases(&runs, 0.85).expect("phases")
    }

    #[test]
    fn curves_are_those_that_hands_compute() {
        let all = example();
        let [one] = &all[..] else { panic!("one configuration, {all:?}") };
        let [first, second, third] = [1, 2, 3].map(|row| example::MIXED[row]);
        let near = |view, at, expected: f64| {
            let mean = one.estimate(view, at).expect("a value").mean;
            assert!((mean - expected).abs() < 1e-12, "{view:?} {at}: {mean} and not {expected}");
        };
        near(View::After, 1, first[0]);
        near(View::After, 3, (third[0] + third[1] + third[2]) / 3.0);
        near(View::Lag, 0, (first[0] + second[1] + third[2]) / 3.0);
        near(View::Lag, 2, third[0]);
        assert_eq!((one.last(View::After), one.last(View::Lag)), (Some(3), Some(2)));
        let mean = |values: [f64; 3]| values.iter().sum::<f64>() / 3.0;
        let all = [first[0], f64::midpoint(second[0], second[1]), mean([third[0], third[1], third[2]])];
        assert!(one.means(View::After).iter().all(|(_, value)| (value - mean(all)).abs() < 1e-12));
        // Nothing was evaluated inside of a phase.
        assert!(one.facilitation().is_none() && one.last(View::Steps).is_none());
    }

    #[test]
    fn a_configuration_is_even_with_itself() {
        let one = &example()[0];
        assert!(one.against(one).expect("common seeds").iter().all(|difference| difference.mean == 0.0));
    }

    #[test]
    fn areas_and_steps_come_from_evaluations_within_phases() {
        let mut run = example::run("er", 0, example::MIXED[3]);
        let end =
            run.records.iter().position(|record| record.at == At::End && record.task == 1 && record.experience == 2);
        let end = run.records[end.expect("the second task after its phase")].clone();
        for (step, accuracy) in [(120, 0.5), (150, 0.85)] {
            let at = run.records.iter().position(|record| *record == end).expect("its end");
            run.records.insert(at, Record { at: At::Step, step, accuracy, ..end.clone() });
        }
        let all = phases(&[run], 0.85).expect("phases");
        let mean = |view, at| all[0].estimate(view, at).expect("a value").mean;
        // Phases of 100 steps: the second task was asked about at its 20th, its 50th and its last.
        assert!((mean(View::Area, 2) - (0.5 + 0.85 + end.accuracy) / 3.0).abs() < 1e-12);
        assert!((mean(View::Steps, 2) - 50.0).abs() < 1e-12);
        assert!((mean(View::Steps, 1) - 100.0).abs() < 1e-12);
        let gain = mean(View::Area, 3) - mean(View::Area, 1);
        assert!((all[0].facilitation().expect("areas").mean - gain).abs() < 1e-12);
    }
}
