//! What policies share: rewards of arms, probabilities of arms, and choices by them.

use std::collections::{BTreeMap, BTreeSet};

use clbench::{primitives::draws::Draws, stream::Outcome};
use rand::RngExt;

/// Largest loss that counts: that of the least positive `f32`, −ln 1.4·10⁻⁴⁵, is 103.3.
const MOST_LOSS: f64 = 104.0;

clbench::choice! {
    /// What an arm is worth.
    #[derive(Default)]
    pub enum Reward {
        /// 2√(p(1 − p)), p the mean probability of the right label: most at one half.
        #[default]
        Uncertainty = "uncertainty",
        /// The mean loss; where rewards must lie in 0 to 1, the mean probability of wrong labels.
        Loss = "loss",
    }
}

/// What became of an arm's examples of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// Number of examples.
    pub plays: usize,
    /// Mean loss.
    pub loss: f64,
    /// Mean probability of the right label.
    pub confidence: f64,
}

impl Seen {
    /// The reward; 0 to 1 unless it is the loss.
    pub fn reward(&self, reward: Reward) -> f64 {
        match reward {
            Reward::Uncertainty => 2.0 * (self.confidence * (1.0 - self.confidence)).max(0.0).sqrt(),
            Reward::Loss => self.loss,
        }
    }
    /// The reward from 0 to 1.
    pub fn bounded_reward(&self, reward: Reward) -> f64 {
        match reward {
            Reward::Uncertainty => self.reward(reward),
            Reward::Loss => 1.0 - self.confidence,
        }
    }
}

/// A loss within 0 to [`MOST_LOSS`]; none where it is no number.
pub(super) fn loss(outcome: &Outcome) -> Option<f64> {
    (!outcome.loss.is_nan()).then(|| outcome.loss.clamp(0.0, MOST_LOSS))
}

/// What became of a step's examples, by arm; those that are no numbers are left out.
pub(super) fn seen(outcomes: &[Outcome]) -> BTreeMap<usize, Seen> {
    let mut all = BTreeMap::<usize, Seen>::new();
    for outcome in outcomes {
        let Some(loss) = loss(outcome).filter(|_| !outcome.confidence.is_nan()) else { continue };
        let arm = all.entry(outcome.arm).or_default();
        arm.plays += 1;
        arm.loss += (loss - arm.loss) / arm.plays as f64;
        arm.confidence += (outcome.confidence.clamp(0.0, 1.0) - arm.confidence) / arm.plays as f64;
    }
    all
}

/// Probabilities in proportion to weights; an arm without examples has none, and all others the same where no weight is
/// left.
pub(super) fn proportional(weights: &[f64], arms: &[usize]) -> Vec<f64> {
    let weight = |(weight, size): (&f64, &usize)| if *size > 0 { weight.max(0.0) } else { 0.0 };
    let mut shares: Vec<f64> = weights.iter().zip(arms).map(weight).collect();
    let sum: f64 = shares.iter().sum();
    if sum > 0.0 && sum.is_finite() {
        shares.iter_mut().for_each(|share| *share /= sum);
        return shares;
    }
    uniform(arms)
}

/// The same probability for each arm that has examples.
pub(super) fn uniform(arms: &[usize]) -> Vec<f64> {
    let there = arms.iter().filter(|size| **size > 0).count().max(1) as f64;
    arms.iter().map(|size| if *size > 0 { 1.0 / there } else { 0.0 }).collect()
}

/// exp(s/τ)/Σexp(s/τ) over the arms that have examples.
pub(super) fn softmax(scores: &[f64], arms: &[usize], temperature: f64) -> Vec<f64> {
    let there = scores.iter().zip(arms).filter(|(_, size)| **size > 0);
    let most = there.map(|(score, _)| *score).fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = scores.iter().map(|score| ((score - most) / temperature).exp()).collect();
    proportional(&weights, arms)
}

/// A share `explore` of the choices spread evenly.
pub(super) fn mixed(shares: Vec<f64>, arms: &[usize], explore: f64) -> Vec<f64> {
    shares.iter().zip(uniform(arms)).map(|(share, even)| (1.0 - explore) * share + explore * even).collect()
}

/// All of the probability on one arm.
pub(super) fn only(arm: usize, arms: &[usize]) -> Vec<f64> {
    (0..arms.len()).map(|at| if at == arm && arms[at] > 0 { 1.0 } else { 0.0 }).collect()
}

/// `count` choices: an arm by its probability, then one of its examples, uniformly. No example comes twice before all
/// that can come have come. `call` tells apart several samples of one step.
pub(super) fn sample(shares: &[f64], arms: &[usize], count: usize, draws: &Draws, call: u64) -> Vec<(usize, usize)> {
    let mut rng = draws.rng("policy", call);
    let can = |(share, size): (&f64, &usize)| if *size > 0 && *share > 0.0 { *share } else { 0.0 };
    let all: Vec<f64> = shares.iter().zip(arms).map(can).collect();
    let (mut open, mut left, mut taken) = (all.clone(), arms.to_vec(), BTreeSet::new());
    let mut choices = Vec::with_capacity(count);
    if !all.iter().any(|share| *share > 0.0) {
        return choices;
    }
    while choices.len() < count {
        if !open.iter().any(|share| *share > 0.0) {
            (open, left, taken) = (all.clone(), arms.to_vec(), BTreeSet::new());
        }
        let arm = pick(&open, rng.random::<f64>());
        let place = rng.random_range(0..arms[arm]);
        if taken.insert((arm, place)) {
            choices.push((arm, place));
            left[arm] -= 1;
            open[arm] = if left[arm] == 0 { 0.0 } else { open[arm] };
        }
    }
    choices
}

/// The arm in which a number from 0 to 1 falls; the last one where rounding leaves none.
fn pick(weights: &[f64], at: f64) -> usize {
    let mut left = at * weights.iter().sum::<f64>();
    let mut last = 0;
    for (arm, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        last = arm;
        if left < *weight {
            break;
        }
        left -= weight;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::{super::trial::close, *};

    fn outcome(arm: usize, loss: f64, confidence: f64) -> Outcome {
        Outcome { arm, place: 0, loss, confidence, hit: false }
    }

    #[test]
    fn outcomes_are_averaged_by_arm() {
        let all = [outcome(2, 1.0, 0.5), outcome(0, 3.0, 0.9), outcome(2, 2.0, 0.7), outcome(2, f64::NAN, 0.1)];
        let seen = seen(&all);
        assert_eq!(seen.keys().copied().collect::<Vec<_>>(), [0, 2]);
        assert_eq!(seen[&2].plays, 2);
        close(&[seen[&2].loss, seen[&2].confidence], &[1.5, 0.6]);
        close(&[seen[&2].reward(Reward::Loss), seen[&2].bounded_reward(Reward::Loss)], &[1.5, 0.4]);
        // 2√0.24.
        close(&[seen[&2].reward(Reward::Uncertainty)], &[0.979_795_897_1]);
        close(&[super::seen(&[outcome(0, f64::INFINITY, 0.0)])[&0].loss], &[104.0]);
    }

    #[test]
    fn probabilities_add_up_to_one_whatever_the_weights_are() {
        close(&proportional(&[1.0, 3.0, 9.0], &[5, 5, 0]), &[0.25, 0.75, 0.0]);
        for weights in [[0.0, 0.0], [f64::NAN, 0.0], [f64::INFINITY, 1.0]] {
            close(&proportional(&weights, &[5, 5]), &[0.5, 0.5]);
        }
        close(&mixed(vec![1.0, 0.0], &[5, 5], 0.2), &[0.9, 0.1]);
        close(&uniform(&[0, 0]), &[0.0, 0.0]);
        close(&only(1, &[5, 5]), &[0.0, 1.0]);
    }

    /// e¹ and e⁰ over their sum; far apart, without overflow.
    #[test]
    fn a_softmax_is_that_of_the_paper() {
        close(&softmax(&[0.5, 0.0], &[5, 5], 0.5), &[0.731_058_578_6, 0.268_941_421_4]);
        close(&softmax(&[1e9, 0.0], &[5, 5], 0.5), &[1.0, 0.0]);
        close(&softmax(&[1e9, 0.0], &[0, 5], 0.5), &[0.0, 1.0]);
    }

    #[test]
    fn a_sample_repeats_only_when_all_have_come() {
        let arms = [3, 0, 2];
        let choices = sample(&[0.1, 0.8, 0.1], &arms, 12, &Draws::of(1), 0);
        assert_eq!(choices.len(), 12);
        for turn in [&choices[..5], &choices[5..10]] {
            assert_eq!(turn.iter().copied().collect::<BTreeSet<_>>().len(), 5, "{turn:?}");
        }
        assert!(choices.iter().all(|(arm, place)| *place < arms[*arm]));
        assert_eq!(sample(&[0.0, 1.0], &[4, 0], 3, &Draws::of(1), 0), []);
        assert_eq!(sample(&[], &[], 3, &Draws::of(1), 0), []);
    }

    #[test]
    fn a_sample_follows_the_probabilities() {
        let choices = sample(&[0.2, 0.8], &[100_000, 100_000], 10_000, &Draws::of(2), 0);
        let first = choices.iter().filter(|(arm, _)| *arm == 0).count();
        // Four standard errors: 4·√(10000·0.2·0.8).
        assert!(first.abs_diff(2000) < 160, "{first}");
    }

    #[test]
    fn a_number_falls_where_it_should() {
        assert_eq!([0.0, 0.24, 0.26, 0.999].map(|at| pick(&[0.25, 0.0, 0.75], at)), [0, 0, 2, 2]);
        assert_eq!(pick(&[0.5, 0.5, 0.0], 1.0), 1);
    }
}
