//! The signed-rank test: whether differences lean to one side, by their ranks alone.
//!
//! - Wilcoxon 1945, <https://doi.org/10.2307/3001968>: differences of 0 are left out, equal sizes share a rank.
//! - The choice between exact and approximate is that of scipy 1.17, `scipy.stats.wilcoxon` with its method "auto" and
//!   zero method "wilcox", <https://docs.scipy.org/doc/scipy/reference/generated/scipy.stats.wilcoxon.html>: exact up
//!   to 50 differences
//!   without ties and zeros, every assignment of signs up to 13 differences with them, and otherwise the normal
//!   approximation with the variance corrected for ties, without correction for continuity.
//!
//! **Deviation:** differences are tied when they differ by rounding alone, because 0.8 − 0.7 and 0.6 − 0.5 are. Where
//! all differences are 0, p is 1 at every length.

use statrs::distribution::{ContinuousCDF, Normal};

use super::{
    ROUNDING, StatisticsError, check,
    paired::{differences, scale},
    ranks::Ranks,
    student,
};

/// Longest list whose distribution is counted if there are no ties and no zeros.
const EXACT: usize = 50;
/// Longest list whose distribution is counted in any case: 2¹³ assignments are fewer than scipy's 9999 resamples.
const EXACT_WITH_TIES: usize = 13;

/// How a p value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// All assignments of signs were counted.
    Exactly,
    /// By the normal approximation.
    Approximately,
}

/// The signed-rank test of two methods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wilcoxon {
    /// Number of differences that are not 0.
    pub n: usize,
    /// Sum of the ranks of positive differences.
    pub plus: f64,
    /// Sum of the ranks of negative differences.
    pub minus: f64,
    /// Two-sided p value.
    pub p: f64,
    /// How `p` was found.
    pub found: Found,
}

impl Wilcoxon {
    /// The smaller of both sums, as tables list it.
    pub fn statistic(&self) -> f64 {
        self.plus.min(self.minus)
    }
}

/// The signed-rank test of one pair or more.
pub fn wilcoxon(first: &[f64], second: &[f64]) -> Result<Wilcoxon, StatisticsError> {
    let mut differences = differences(first, second)?;
    check(&differences, 1)?;
    let given = differences.len();
    differences.retain(|difference| *difference != 0.0);
    let sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
    let ranks = Ranks::of(&sizes, scale(first, second) * ROUNDING);
    let n = differences.len();
    // Folded from 0: an empty float sum is −0.
    let sum = |positive| {
        let ranks = ranks.ranks.iter().zip(&differences).filter(|(_, d)| (**d > 0.0) == positive);
        ranks.fold(0.0, |sum, (rank, _)| sum + rank)
    };
    let (plus, minus): (f64, f64) = (sum(true), sum(false));
    let plain = n == given && ranks.ties() == 0.0;
    let (p, found) = if n == 0 {
        (1.0, Found::Exactly)
    } else if given <= if plain { EXACT } else { EXACT_WITH_TIES } {
        (counted(&ranks.ranks, plus.min(minus)), Found::Exactly)
    } else {
        (approximated(n as f64, plus, ranks.ties()), Found::Approximately)
    };
    Ok(Wilcoxon { n, plus, minus, p, found })
}

/// Twice the share of all 2ⁿ assignments of signs whose positive ranks sum to `smaller` or less.
fn counted(ranks: &[f64], smaller: f64) -> f64 {
    // Shared ranks are halves, so twice a rank is whole; 2⁵⁰ is still exact as a float.
    let doubled = |rank: f64| (2.0 * rank).round() as usize;
    let mut ways = vec![0.0_f64; doubled(smaller) + 1];
    ways[0] = 1.0;
    for &rank in ranks {
        for sum in (doubled(rank)..ways.len()).rev() {
            ways[sum] += ways[sum - doubled(rank)];
        }
    }
    let all = 2_f64.powi(ranks.len() as i32);
    (2.0 * ways.iter().sum::<f64>() / all).min(1.0)
}

fn approximated(n: f64, plus: f64, ties: f64) -> f64 {
    let variance = (n * (n + 1.0) * (2.0 * n + 1.0) - ties / 2.0) / 24.0;
    let z = student::ratio(plus - n * (n + 1.0) / 4.0, variance.sqrt());
    (2.0 * Normal::standard().sf(z.abs())).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(differences: &[f64]) -> Wilcoxon {
        wilcoxon(differences, &vec![0.0; differences.len()]).unwrap()
    }

    #[test]
    fn five_differences_of_one_sign() {
        // One assignment of 32 on each side.
        let test = of(&[0.1, 0.2, 0.3, 0.4, 0.5]);
        assert_eq!((test.n, test.plus, test.minus, test.p), (5, 15.0, 0.0, 2.0 / 32.0));
    }

    #[test]
    fn the_fourth_negative_of_four() {
        // Positive ranks 1 + 2 + 3, negative 4: sums up to 4 are {}, 1, 2, 3, 1+2, 4, 1+3: 7 of 16.
        let test = of(&[1.0, 2.0, 3.0, -4.0]);
        assert_eq!((test.statistic(), test.p), (4.0, 14.0 / 16.0));
    }

    #[test]
    fn ties_and_zeros_are_counted_up_to_thirteen() {
        // Sizes 1, 1, 2 have the ranks 1.5, 1.5, 3; positive sums up to 1.5 are {}, 1.5, 1.5: 3 of 8.
        let test = of(&[1.0, -1.0, 2.0, 0.0]);
        assert_eq!((test.n, test.minus, test.p, test.found), (3, 1.5, 0.75, Found::Exactly));
        let zeros = [&[0.0; 11][..], &[1.0, -1.0, 2.0]].concat();
        assert_eq!(of(&zeros).found, Found::Approximately);
    }

    #[test]
    fn rounding_does_not_untie() {
        let test = wilcoxon(&[0.8, 0.6, 0.9], &[0.7, 0.5, 0.2]).unwrap();
        assert_eq!((test.plus, test.minus), (6.0, 0.0));
        let mixed = wilcoxon(&[0.8, 0.5, 0.9], &[0.7, 0.6, 0.2]).unwrap();
        assert_eq!((mixed.plus, mixed.minus), (4.5, 1.5));
    }

    #[test]
    fn no_difference_is_no_evidence() {
        for n in [1, 13, 60] {
            let test = of(&vec![0.0; n]);
            assert_eq!((test.n, test.p, test.statistic()), (0, 1.0, 0.0));
        }
    }
}
