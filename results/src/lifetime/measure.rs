//! What is measured on one curve: terminal performance, saturation, recovery and the robust slope of a few numbers.

use super::{
    log::BlockType,
    smooth::{Smoothing, smooth},
};

/// Share of a learning block that its terminal performance is the mean of; of an evaluation block it is all.
const TERMINAL_SHARE: f64 = 0.1;

/// A stretch of experiences and how well they went.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Curve {
    /// Numbers of the experiences.
    pub exps: Vec<u64>,
    /// Their performance.
    pub values: Vec<f64>,
}

impl Curve {
    /// Goes on with another curve.
    pub fn append(&mut self, other: &Self) {
        self.exps.extend(&other.exps);
        self.values.extend(&other.values);
    }

    /// One value per experience: rows that share a number are averaged, and then stand by number.
    pub fn by_experience(&self) -> Vec<f64> {
        let mut order: Vec<usize> = (0..self.exps.len()).collect();
        order.sort_by_key(|&row| self.exps[row]);
        let groups: Vec<&[usize]> = order.chunk_by(|&a, &b| self.exps[a] == self.exps[b]).collect();
        if groups.len() == order.len() {
            return self.values.clone();
        }
        groups.iter().map(|rows| rows.iter().map(|&row| self.values[row]).sum::<f64>() / rows.len() as f64).collect()
    }

    /// The least-squares slope of performance over the number of the experience; 0 where all share one.
    pub fn slope(&self) -> f64 {
        let n = self.exps.len() as f64;
        let mean_exp = self.exps.iter().map(|&exp| exp as f64).sum::<f64>() / n;
        let mean_value = mean(&self.values);
        let (mut product, mut square) = (0.0, 0.0);
        for (&exp, value) in self.exps.iter().zip(&self.values) {
            let distance = exp as f64 - mean_exp;
            product += distance * (value - mean_value);
            square += distance * distance;
        }
        if square > 0.0 { product / square } else { 0.0 }
    }
}

/// The mean of the last tenth of a learning block or of a whole evaluation block, and the experience amid it.
pub(super) fn terminal(values: &[f64], kind: BlockType) -> (f64, usize) {
    let share = if kind == BlockType::Test { 1.0 } else { TERMINAL_SHARE };
    let n = values.len() as f64;
    (mean(&values[((1.0 - share) * n) as usize..]), ((1.0 - share / 2.0) * n) as usize)
}

/// Values that differ by less, relatively, count as equal when the first of the largest is sought.
///
/// A curve that starts at its best equals its reflection there; in the reference the last bit of a sum then decides
/// between the first and the second experience, and so whether saturation is reached at all. Recovery to a plateau,
/// whose mean is compared with its values, hangs on that bit in the same way.
const ROUNDING: f64 = 1e-12;

/// The largest value of the curve, smoothed once more, and where it is first reached.
pub(super) fn saturation(values: &[f64]) -> (f64, usize) {
    let smoothed = smooth(values, None, Smoothing::Flat);
    let largest = smoothed.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let enough = largest - largest.abs() * ROUNDING;
    (largest, smoothed.iter().position(|&value| value >= enough).unwrap_or(0))
}

/// The first experience that is at least as good as `before`, rounding apart; one more than there are rows if none is.
pub(super) fn recovery(values: &[f64], rows: usize, before: f64) -> usize {
    let enough = before - before.abs() * ROUNDING;
    values.iter().position(|&value| value >= enough).unwrap_or(rows + 1)
}

/// The median of the slopes between all pairs of values (Theil–Sen); nothing for fewer than two.
pub(super) fn theil_sen(values: &[f64]) -> Option<f64> {
    let pairs = (0..values.len()).flat_map(|i| (i + 1..values.len()).map(move |j| (i, j)));
    median(pairs.map(|(i, j)| (values[j] - values[i]) / (j - i) as f64).collect())
}

/// The middle value, or the mean of the middle two; nothing for none.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        return Some(values[middle]);
    }
    Some(f64::midpoint(*values.get(middle.checked_sub(1)?)?, values[middle]))
}

/// The mean; not a number for none.
pub(super) fn mean(values: &[f64]) -> f64 {
    sum(values) / values.len() as f64
}

/// The sum, in numpy's order: whether a plateau counts as recovered hangs on the last bit of its mean.
///
/// See `pairwise_sum` in <https://github.com/numpy/numpy/blob/v1.26.4/numpy/core/src/umath/loops_utils.h.src>.
pub(super) fn sum(values: &[f64]) -> f64 {
    const BLOCK: usize = 128;
    let n = values.len();
    if n > BLOCK {
        let half = n / 2 - n / 2 % 8;
        return sum(&values[..half]) + sum(&values[half..]);
    }
    let mut chunks = values.chunks_exact(8);
    let Some(first) = chunks.next() else { return values.iter().sum() };
    let mut lanes: [f64; 8] = first.try_into().expect("a chunk has eight values");
    for chunk in chunks.by_ref() {
        lanes.iter_mut().zip(chunk).for_each(|(lane, value)| *lane += value);
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    let whole = ((a + b) + (c + d)) + ((e + f) + (g + h));
    chunks.remainder().iter().fold(whole, |sum, value| sum + value)
}

/// A number that is one, or nothing.
pub(super) fn finite(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_performance_is_the_last_tenth_of_learning_and_all_of_an_evaluation() {
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        assert_eq!(terminal(&values, BlockType::Train), (18.5, 19));
        assert_eq!(terminal(&values, BlockType::Test), (9.5, 10));
        assert_eq!(terminal(&[7.0], BlockType::Train), (7.0, 0));
    }

    #[test]
    fn saturation_is_the_first_of_the_largest() {
        assert_eq!(saturation(&[1.0, 3.0, 2.0, 3.0]), (3.0, 1));
        let falling: Vec<f64> = (0..60).map(|x| 1.0 / (1.1 + f64::from(x))).collect();
        assert_eq!(saturation(&falling).1, 0);
    }

    #[test]
    fn what_does_not_recover_takes_longer_than_there_are_rows() {
        assert_eq!(recovery(&[1.0, 2.0, 3.0], 3, 2.0), 1);
        assert_eq!(recovery(&[1.0, 2.0, 3.0], 3, 4.0), 4);
        // A plateau whose mean was rounded up is recovered.
        assert_eq!(recovery(&[1.0, 2.0, 3.0], 3, 2.000_000_000_000_000_4), 1);
        assert_eq!(recovery(&[1.0, 2.0, 3.0], 3, 2.000_001), 2);
    }

    #[test]
    fn the_robust_slope_ignores_one_outlier() {
        assert_eq!(theil_sen(&[0.0, 1.0, 2.0, 100.0, 4.0]), Some(1.0));
        assert_eq!(theil_sen(&[1.0]), None);
    }

    #[test]
    fn rows_of_one_experience_are_averaged() {
        let curve = Curve { exps: vec![4, 4, 5], values: vec![1.0, 3.0, 5.0] };
        assert_eq!(curve.by_experience(), [2.0, 5.0]);
        assert!((Curve { exps: vec![1, 3], values: vec![1.0, 2.0] }.slope() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn sums_of_any_length_are_sums() {
        for n in [0, 7, 8, 9, 128, 129, 1000] {
            let values: Vec<f64> = (0..n).map(f64::from).collect();
            assert!((sum(&values) - f64::from(n * (n - 1) / 2)).abs() < 1e-9, "{n}");
        }
    }
}
