//! What of a benchmark's score is noise: spread over seeds, error over items, order over checkpoints.
//!
//! - Madaan et al. 2024, <https://arxiv.org/abs/2406.10229>: seed mean and "seed variance", the half-width
//!   1.96·√(S(1 − S)/N), monotonicity, and the ratio of signal to noise at the last checkpoint.
//! - Kendall 1945, <https://doi.org/10.1093/biomet/33.3.239>: τ-b, here between the scores and their order in time.
//!
//! **Deviation:** deviations are divided by n − 1. Monotonicity is the mean of every seed's own τ-b, and a seed whose
//! score never moves counts as 0: it follows no order.

use super::{
    Interval, StatisticsError, check, deviation,
    interval::{LEVEL, student_interval},
    item::analytic_half_width,
    mean, tolerance,
};

/// Which way a measure goes when it gets better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// As an accuracy does.
    Higher,
    /// As a loss does.
    Lower,
}

/// One checkpoint over all seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Checkpoint {
    /// Mean over the seeds, μ.
    pub mean: f64,
    /// Sample standard deviation over the seeds.
    pub deviation: f64,
    /// Student's 95 % interval over the seeds.
    pub interval: Interval,
}

/// The noise of one measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Variance {
    /// Every checkpoint, in order.
    pub checkpoints: Vec<Checkpoint>,
    /// Mean over checkpoints of the standard deviation over seeds: what the paper calls seed variance.
    pub seed_deviation: f64,
    /// Mean over checkpoints and seeds of the 95 % half-width over items; none without a number of items.
    pub item_half_width: Option<f64>,
    /// Kendall's τ-b with the order that improvement would have, from −1 to 1; none below two checkpoints.
    pub monotonicity: Option<f64>,
    /// Mean / standard deviation over seeds at the last checkpoint; none where the seeds do not vary.
    pub signal_to_noise: Option<f64>,
}

/// The noise of `scores`, one list per checkpoint with one score per seed: one checkpoint and two seeds or more.
///
/// With `items`, the number of test examples, every score is a share from 0 to 1.
pub fn variance(scores: &[Vec<f64>], better: Better, items: Option<u64>) -> Result<Variance, StatisticsError> {
    let Some(last) = scores.last() else { return Err(StatisticsError::TooFew { needed: 1, given: 0 }) };
    if let Some(other) = scores.iter().find(|seeds| seeds.len() != last.len()) {
        return Err(StatisticsError::UnequalLengths(other.len(), last.len()));
    }
    let checkpoints = scores.iter().map(|seeds| checkpoint(seeds)).collect::<Result<Vec<_>, _>>()?;
    let deviations: Vec<f64> = checkpoints.iter().map(|checkpoint| checkpoint.deviation).collect();
    let end = checkpoints.last().expect("there is a last checkpoint");
    Ok(Variance {
        seed_deviation: mean(&deviations),
        item_half_width: items.map(|items| item_half_width(scores, items)).transpose()?,
        monotonicity: (scores.len() > 1).then(|| monotonicity(scores, better)),
        signal_to_noise: (end.deviation > 0.0).then(|| end.mean / end.deviation),
        checkpoints,
    })
}

fn checkpoint(seeds: &[f64]) -> Result<Checkpoint, StatisticsError> {
    check(seeds, 2)?;
    let interval = student_interval(seeds, LEVEL)?;
    Ok(Checkpoint { mean: mean(seeds), deviation: deviation(seeds, tolerance(seeds)), interval })
}

fn item_half_width(scores: &[Vec<f64>], items: u64) -> Result<f64, StatisticsError> {
    let widths = scores.iter().flatten().map(|score| analytic_half_width(*score, items, LEVEL));
    Ok(mean(&widths.collect::<Result<Vec<_>, _>>()?))
}

fn monotonicity(scores: &[Vec<f64>], better: Better) -> f64 {
    let sign = if better == Better::Higher { 1.0 } else { -1.0 };
    let one = |seed: usize| scores.iter().map(|seeds| sign * seeds[seed]).collect::<Vec<_>>();
    let taus: Vec<f64> = (0..scores[0].len()).map(|seed| tau_with_order(&one(seed))).collect();
    mean(&taus)
}

/// Kendall's τ-b between finite `values` and 0, 1, 2, …; 0 where the values are all equal or fewer than two.
pub fn tau_with_order(values: &[f64]) -> f64 {
    let pairs = |n: usize| n as f64 * (n.max(1) - 1) as f64 / 2.0;
    let mut sorted = values.to_vec();
    let falling = sort_and_count(&mut sorted) as f64;
    let equal: f64 = sorted.chunk_by(|a, b| a - b == 0.0).map(|group| pairs(group.len())).sum();
    let (all, unequal) = (pairs(values.len()), pairs(values.len()) - equal);
    if unequal == 0.0 { 0.0 } else { (unequal - 2.0 * falling) / (all * unequal).sqrt() }
}

/// Sorts by merging and counts the pairs that stood in falling order.
fn sort_and_count(values: &mut [f64]) -> u64 {
    if values.len() < 2 {
        return 0;
    }
    let (left, right) = values.split_at_mut(values.len() / 2);
    let mut falling = sort_and_count(left) + sort_and_count(right);
    // Every later value passes the earlier ones that are larger.
    falling +=
        right.iter().map(|value| (left.len() - left.partition_point(|other| other <= value)) as u64).sum::<u64>();
    values.sort_by(f64::total_cmp);
    falling
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two seeds around `mean` whose sample standard deviation is `deviation`.
    fn seeds(mean: f64, deviation: f64) -> Vec<f64> {
        vec![mean - deviation / 2_f64.sqrt(), mean + deviation / 2_f64.sqrt()]
    }

    #[test]
    fn ratios_of_the_paper() {
        // Table 1 prints mean and deviation at the last checkpoint to two digits: GSM8k 7.88, ARC-C about 45.9.
        let ratio = |mean, deviation| {
            variance(&[seeds(mean, deviation)], Better::Higher, None).unwrap().signal_to_noise.unwrap()
        };
        assert!((ratio(4.10, 0.52) - 7.88).abs() < 0.005);
        assert!((45.6..45.9).contains(&ratio(39.71, 0.87)));
    }

    #[test]
    fn two_checkpoints_by_hand() {
        let noise = variance(&[vec![0.2, 0.4], vec![0.5, 0.5]], Better::Higher, Some(100)).unwrap();
        // Deviations √0.02 and 0; half-widths z/10·(0.4 + √0.24 + 0.5 + 0.5)/4.
        assert!((noise.seed_deviation - 0.02_f64.sqrt() / 2.0).abs() < 1e-15);
        let expected = 1.959_964 / 10.0 * (1.4 + 0.24_f64.sqrt()) / 4.0;
        assert!((noise.item_half_width.unwrap() - expected).abs() < 1e-7);
        assert_eq!((noise.monotonicity, noise.signal_to_noise), (Some(1.0), None));
        assert!((noise.checkpoints[0].mean - 0.3).abs() < 1e-15);
    }

    #[test]
    fn a_loss_improves_downwards() {
        let falling = [vec![3.0; 2], vec![2.0; 2], vec![1.0; 2]];
        assert_eq!(variance(&falling, Better::Lower, None).unwrap().monotonicity, Some(1.0));
        assert_eq!(variance(&falling, Better::Higher, None).unwrap().monotonicity, Some(-1.0));
        assert_eq!(variance(&falling[..1], Better::Lower, None).unwrap().monotonicity, None);
    }

    #[test]
    fn tau_by_hand() {
        // 1 3 2 4: five pairs rise, one falls. 1 1 2: two rise, one is equal, 2/√(3·2).
        assert!((tau_with_order(&[1.0, 3.0, 2.0, 4.0]) - 4.0 / 6.0).abs() < 1e-15);
        assert!((tau_with_order(&[1.0, 1.0, 2.0]) - 2.0 / 6_f64.sqrt()).abs() < 1e-15);
        assert_eq!(tau_with_order(&[0.5; 4]), 0.0);
        assert_eq!((tau_with_order(&[]), tau_with_order(&[0.0, -0.0])), (0.0, 0.0));
    }

    #[test]
    fn a_ragged_or_small_table_is_refused() {
        let refused = |scores: &[Vec<f64>]| variance(scores, Better::Higher, None).unwrap_err();
        assert_eq!(refused(&[]), StatisticsError::TooFew { needed: 1, given: 0 });
        assert_eq!(refused(&[vec![0.5]]), StatisticsError::TooFew { needed: 2, given: 1 });
        assert_eq!(refused(&[vec![0.5; 2], vec![0.5; 3]]), StatisticsError::UnequalLengths(2, 3));
        let loss = variance(&[vec![1.5; 2]], Better::Lower, Some(10));
        assert!(matches!(loss, Err(StatisticsError::OutOfRange { .. })));
    }
}
