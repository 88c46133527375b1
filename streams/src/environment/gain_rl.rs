//! GAIN-RL: examples of all earlier experiences by difficulty, easy first, around a mean that moves with success.
//!
//! Code of <https://arxiv.org/abs/2506.02281>: probability ∝ exp(−(i − μ)²/2σ²) of rank i, without replacement; after
//! an epoch μ grows by max(0, n·tanh(α(a − β))), a the accuracy, α = 2, β = ½, from μ = 0.
//!
//! **Deviation:** there, examples are ranked by angles between a language model's hidden states; here by the distance
//! of a picture to the mean of its class, or by a file. The term of the angles in the growth of μ is left out, n and σ
//! are shares of the number of examples (there n = 500 and σ = 1000), μ moves with each step by the step's share of an
//! epoch, ranks are normal numbers rounded, and μ begins again at 0 when a new experience joins.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::{Result, bail, ensure};
use clbench::burn::tensor::Device;
use clbench::{
    catalogue::{Range, Settings, part},
    primitives::{draws::Draws, stored::Stored},
    stream::{Environment, Experience, Ground, Outcome, Policy, Revisit, Task, World},
};
use serde::{Deserialize, Serialize};

use super::{
    difficulty::{self, Scores},
    replay,
};

/// Ranks, at most, over which shares of arms are added up.
const POINTS: usize = 4096;
/// Rounds of drawing before ranks that are still missing are taken from next to the mean.
const ROUNDS: u64 = 32;

/// The entry of the catalogue.
pub const ENVIRONMENT: Environment = Environment {
    name: "gain-rl",
    about: "earlier examples around a difficulty that grows with success",
    citation: "https://arxiv.org/abs/2506.02281",
    settings: Config::SETTINGS,
    make: |table| part(table, |config: Config| Box::new(config) as Box<dyn Revisit>),
};

clbench::choice! {
    /// Where scores of difficulty come from.
    #[derive(Default)]
    pub enum Source {
        /// The distance of a picture to the mean of its class.
        #[default]
        Mean = "mean",
        /// A CSV file with the columns `dataset,index,score`.
        File = "file",
    }
}

clbench::settings! {
    /// Settings of the moving Gaussian.
    #[derive(Clone, Debug)]
    pub struct Config {
        /// Examples that come back per new one, r.
        pub replay: f64 = replay::USUAL, replay::RANGE;
        /// Where scores of difficulty come from.
        pub source: Source = Source::Mean;
        /// The file of scores.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub file: Option<String> = None;
        /// Standard deviation of the ranks as a share of all, σ.
        pub width: f64 = 0.1, Range::Within(1e-6, 1.0);
        /// Largest growth of the mean in an epoch as a share of all ranks, n.
        pub pace: f64 = 0.5, Range::Within(0.0, 1e3);
        /// How sharply the growth depends on accuracy, α.
        pub alpha: f64 = 2.0, Range::Within(0.0, 1e3);
        /// Accuracy at which the mean stands still, β.
        pub beta: f64 = 0.5, Range::Within(0.0, 1.0);
    }
}

impl Settings for Config {
    fn check(&self) -> Result<()> {
        ensure!(
            self.file.is_none() || self.source == Source::File,
            "file says nothing where source = \"mean\"; set source = \"file\""
        );
        Ok(())
    }
}

impl Revisit for Config {
    fn revisit(&self, base: Vec<Experience>, tasks: &[Task], ground: &Ground) -> Result<World> {
        let scores = match (self.source, &self.file) {
            (Source::Mean, _) => difficulty::from_means(&base, tasks, ground.universe)?,
            (Source::File, Some(file)) => difficulty::from_file(file, &base, tasks, ground)?,
            (Source::File, None) => bail!("source = \"file\" needs a file; set file = \"scores.csv\""),
        };
        let (config, scores) = (self.clone(), Arc::new(scores));
        let epochs: Arc<[usize]> =
            base.iter().map(|experience| replay::budget(self.replay, experience.new_examples())).collect();
        let start = move || Gain::new(config.clone(), scores.clone(), epochs.clone());
        Ok(replay::chosen(base, self.replay, start))
    }
}

/// What a run changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct State {
    /// Number of arms.
    arms: usize,
    /// Number of ranks.
    ranks: usize,
    /// The rank around which examples are drawn, μ.
    mean: f64,
}

struct Gain {
    config: Config,
    scores: Arc<Scores>,
    /// Choices in an epoch of each experience.
    epochs: Arc<[usize]>,
    state: State,
    /// Examples by rank, and the sizes of the arms for which they were ranked.
    ranked: (Vec<usize>, Vec<(u32, u32)>),
}

impl Gain {
    fn new(config: Config, scores: Arc<Scores>, epochs: Arc<[usize]>) -> Self {
        Self { config, scores, epochs, state: State::default(), ranked: Default::default() }
    }
    /// All examples that are there, easy first.
    fn rank(&self, arms: &[usize]) -> Vec<(u32, u32)> {
        let arm = |(arm, (scores, size)): (usize, (&Vec<f32>, &usize))| {
            let scores = scores.iter().take(*size).enumerate();
            scores.map(|(place, score)| (*score, arm as u32, place as u32)).collect::<Vec<_>>()
        };
        let mut all: Vec<_> = self.scores.iter().zip(arms).enumerate().flat_map(arm).collect();
        all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        all.into_iter().map(|(_, arm, place)| (arm, place)).collect()
    }
    fn deviation(&self, ranks: usize) -> f64 {
        (self.config.width * ranks as f64).max(0.5)
    }
    /// Ranks anew where arms are others than before; a new arm lets the mean begin again.
    fn join(&mut self, arms: &[usize]) {
        if self.state.arms != arms.len() {
            self.state = State { arms: arms.len(), ..State::default() };
        }
        if self.ranked.0 != arms {
            self.ranked = (arms.to_vec(), self.rank(arms));
        }
        self.state.ranks = self.ranked.1.len();
    }
}

/// How far the mean moves in an epoch of that accuracy.
fn growth(config: &Config, accuracy: f64, ranks: usize) -> f64 {
    (config.pace * ranks as f64 * (config.alpha * (accuracy - config.beta)).tanh()).max(0.0)
}

/// `count` ranks below `ranks` around a mean, none twice before all have come.
fn draw(mean: f64, deviation: f64, ranks: usize, count: usize, draws: &Draws) -> Vec<usize> {
    let mut all = Vec::with_capacity(count);
    while ranks > 0 && count - all.len() >= ranks {
        all.extend(0..ranks);
    }
    let mut taken = BTreeSet::new();
    let is_there = |rank: f64| rank >= 0.0 && rank < ranks as f64;
    for round in 0..ROUNDS {
        let missing = count - all.len();
        if missing == 0 {
            break;
        }
        let normal = draws.normal("policy", round, 2 * missing + 8).into_iter();
        let drawn = normal.map(|z| (mean + deviation * f64::from(z)).round()).filter(|rank| is_there(*rank));
        all.extend(drawn.map(|rank| rank as usize).filter(|rank| taken.insert(*rank)).take(missing));
    }
    let beside = (0..ranks as i64).flat_map(|step| [mean.round() + step as f64, mean.round() - step as f64]);
    let missing = count - all.len();
    let beside = beside.filter(|rank| is_there(*rank)).map(|rank| rank as usize);
    all.extend(beside.filter(|rank| taken.insert(*rank)).take(missing));
    all
}

impl Stored for Gain {
    fn save(&self) -> Result<Vec<u8>> {
        self.state.save()
    }
    fn load(&mut self, bytes: &[u8], device: &Device) -> Result<()> {
        self.state.load(bytes, device)
    }
}

impl Policy for Gain {
    fn choose(&mut self, arms: &[usize], count: usize, draws: &Draws) -> Vec<(usize, usize)> {
        self.join(arms);
        let ranked = &self.ranked.1;
        if ranked.is_empty() {
            return Vec::new();
        }
        let ranks = draw(self.state.mean, self.deviation(ranked.len()), ranked.len(), count, draws);
        ranks.into_iter().map(|rank| ranked[rank]).map(|(arm, place)| (arm as usize, place as usize)).collect()
    }
    fn learn(&mut self, outcomes: &[Outcome]) {
        let ranks = self.state.ranks;
        let epoch = self.epochs.get(self.state.arms).copied().unwrap_or(0).max(outcomes.len());
        if outcomes.is_empty() || ranks == 0 {
            return;
        }
        let accuracy = outcomes.iter().filter(|outcome| outcome.hit).count() as f64 / outcomes.len() as f64;
        let moved = growth(&self.config, accuracy, ranks) * outcomes.len() as f64 / epoch as f64;
        self.state.mean = (self.state.mean + moved).min((ranks - 1) as f64);
    }
    fn shares(&self, arms: &[usize]) -> Vec<f64> {
        let fresh;
        let ranked = if self.ranked.0 == arms {
            &self.ranked.1
        } else {
            fresh = self.rank(arms);
            &fresh
        };
        let (ranks, mut shares) = (ranked.len(), vec![0.0; arms.len()]);
        let mean = if self.state.arms == arms.len() { self.state.mean } else { 0.0 };
        // Six standard deviations on both sides hold all but 2·10⁻⁹.
        let reach = 6.0 * self.deviation(ranks);
        let (first, last) = ((mean - reach).max(0.0) as usize, ((mean + reach) as usize + 1).min(ranks));
        let stride = (last - first.min(last)).div_ceil(POINTS).max(1);
        for rank in (first..last).step_by(stride) {
            let distance = (rank as f64 - mean) / self.deviation(ranks);
            shares[ranked[rank].0 as usize] += (-0.5 * distance * distance).exp();
        }
        let sum: f64 = shares.iter().sum();
        shares.iter_mut().filter(|_| sum > 0.0).for_each(|share| *share /= sum);
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::trial::{self, answer, close},
        *,
    };

    /// Ranks alternate between two arms; the easy half comes first.
    fn gain(epoch: usize) -> Gain {
        let scores = vec![vec![0.0, 2.0, 4.0], vec![1.0, 3.0, 5.0], vec![0.5]];
        Gain::new(Config::default(), Arc::new(scores), vec![epoch; 4].into())
    }

    #[test]
    fn examples_are_ranked_by_difficulty() {
        assert_eq!(gain(1).rank(&[3, 3]), [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)]);
        assert_eq!(gain(1).rank(&[1, 0, 1]), [(0, 0), (2, 0)]);
    }

    /// 0.5·100·tanh(2·(0.9 − 0.5)) = 50·tanh 0.8 = 33.201838; below a half it stands still.
    #[test]
    fn the_mean_grows_as_in_the_code_and_never_falls() {
        close(&[growth(&Config::default(), 0.9, 100), growth(&Config::default(), 0.2, 100)], &[33.201_838_513_5, 0.0]);
        let mut policy = gain(8);
        policy.choose(&[3, 3], 4, &Draws::of(0));
        // Half an epoch of 8 with all right: 3·tanh 1/2 = 1.142391234.
        policy.learn(&[answer((0, 0), 0.9); 4]);
        close(&[policy.state.mean], &[1.142_391_233_6]);
        policy.learn(&[answer((0, 0), 0.1); 4]);
        close(&[policy.state.mean], &[1.142_391_233_6]);
        (0..20).for_each(|_| policy.learn(&[answer((0, 0), 0.9); 4]));
        close(&[policy.state.mean], &[5.0]);
        policy.choose(&[3, 3, 1], 4, &Draws::of(0));
        close(&[policy.state.mean], &[0.0]);
    }

    #[test]
    fn ranks_are_drawn_around_the_mean() {
        let ranks = draw(50_000.0, 1000.0, 100_000, 4000, &Draws::of(3));
        let mean = ranks.iter().sum::<usize>() as f64 / 4000.0;
        let variance = ranks.iter().map(|rank| (*rank as f64 - mean).powi(2)).sum::<f64>() / 4000.0;
        // Repeats, which are refused, thicken the tails: with 4000 of some 6000 likely ranks markedly.
        assert!((mean - 50_000.0).abs() < 100.0 && (950.0..2500.0).contains(&variance.sqrt()), "{mean} {variance}");
        let few = draw(50_000.0, 1000.0, 100_000, 100, &Draws::of(3));
        let mean = few.iter().sum::<usize>() as f64 / 100.0;
        // Four standard errors.
        assert!((mean - 50_000.0).abs() < 400.0, "{mean}");
    }

    #[test]
    fn no_rank_comes_twice_before_all_have_come() {
        for (ranks, count, deviation) in [(10, 10, 0.5), (10, 25, 3.0), (1, 3, 0.5), (1000, 999, 0.5)] {
            let mut drawn = draw(0.0, deviation, ranks, count, &Draws::of(0));
            assert_eq!(drawn.len(), count);
            drawn.sort_unstable();
            let most = drawn.chunk_by(|a, b| a == b).map(<[usize]>::len).max();
            assert_eq!(most, Some(count.div_ceil(ranks)));
        }
    }

    /// Arm 2 holds what is far from the mean of its class. What is answered right lets it come, what is wrong does not.
    #[test]
    fn success_brings_what_is_difficult() {
        let sizes = [4, 4, 200, 4, 4];
        for seed in 0..3 {
            let late = |confidence: f64| {
                let mut policy = trial::policy(&ENVIRONMENT, "", &sizes);
                let choices = trial::steps(&mut *policy, &sizes[..4], (0, 60), (2, seed), |_, _| confidence);
                let far = |(arm, place): &&(usize, usize)| *arm == 2 && !(40..160).contains(place);
                choices[60..].iter().filter(far).count()
            };
            assert!(late(0.9) > 50 && late(0.1) == 0, "{} {}", late(0.9), late(0.1));
        }
    }

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        for (settings, message) in [
            ("source = \"file\"", "source = \"file\" needs a file; set file = \"scores.csv\""),
            ("file = \"a.csv\"", "file says nothing where source = \"mean\"; set source = \"file\""),
            ("width = 0.0", "width = 0.0 is not between 1e-6 and 1"),
            ("pace = nan", "pace = nan is not between 0 and 1000"),
        ] {
            assert_eq!(trial::build(&ENVIRONMENT, settings, &[4, 4], 0).err().unwrap().to_string(), message);
        }
    }
}
