//! Intervals and tests over test examples, from what was right and what was wrong.
//!
//! - Madaan et al. 2024, <https://arxiv.org/abs/2406.10229>: the half-width 1.96·√(S(1 − S)/N) of a score S over N
//!   items.
//! - Wilson 1927, <https://doi.org/10.1080/01621459.1927.10502953>: the score interval, never empty at 0 and 1.
//! - Efron 1979, <https://doi.org/10.1214/aos/1176344552>: the bootstrap. A resample of N answers with S·N right ones
//!   has a binomial number of right ones, so its quantiles are exact and nothing is drawn.
//! - `McNemar` 1947, <https://doi.org/10.1007/BF02295996>, in its exact binomial form.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal};

use super::{Interval, StatisticsError, check_share};

/// How many of how many answers are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Items {
    correct: u64,
    total: u64,
}

impl Items {
    /// `correct` of `total` answers; an error without answers, or with more right ones than answers.
    pub fn new(correct: u64, total: u64) -> Result<Self, StatisticsError> {
        if total == 0 {
            return Err(StatisticsError::TooFew { needed: 1, given: 0 });
        }
        if correct > total {
            let value = correct as f64;
            return Err(StatisticsError::OutOfRange { name: "correct", value, range: "up to the number of items" });
        }
        Ok(Self { correct, total })
    }

    /// Counts an answer sheet.
    pub fn of(answers: &[bool]) -> Result<Self, StatisticsError> {
        Self::new(answers.iter().filter(|right| **right).count() as u64, answers.len() as u64)
    }

    /// Share of right answers.
    pub fn score(self) -> f64 {
        self.correct as f64 / self.total as f64
    }

    /// The analytic interval, z·√(S(1 − S)/N) to both sides; it may reach beyond 0 and 1.
    pub fn analytic(self, level: f64) -> Result<Interval, StatisticsError> {
        let half = analytic_half_width(self.score(), self.total, level)?;
        Ok(Interval::around(self.score(), half, level))
    }

    /// Wilson's score interval, within 0 and 1.
    pub fn wilson(self, level: f64) -> Result<Interval, StatisticsError> {
        let z = normal_quantile(level)?;
        let (score, n) = (self.score(), self.total as f64);
        let shrink = 1.0 + z * z / n;
        let centre = (score + z * z / (2.0 * n)) / shrink;
        let half = z * (score * (1.0 - score) / n + z * z / (4.0 * n * n)).sqrt() / shrink;
        let Interval { low, high, level } = Interval::around(centre, half, level);
        Ok(Interval { low: low.clamp(0.0, score), high: high.clamp(score, 1.0), level })
    }

    /// The percentile interval of infinitely many resamples of the answers.
    pub fn bootstrap(self, level: f64) -> Result<Interval, StatisticsError> {
        check_share("the level", level)?;
        let score = self.score();
        if self.correct == 0 || self.correct == self.total {
            return Ok(Interval { low: score, high: score, level });
        }
        let right = Binomial::new(score, self.total).expect("a score is a probability");
        let at = |share| right.inverse_cdf(share) as f64 / self.total as f64;
        Ok(Interval { low: at((1.0 - level) / 2.0), high: at(f64::midpoint(1.0, level)), level })
    }
}

/// Half-width z·√(S(1 − S)/N) of a score between 0 and 1 over `items` examples.
pub fn analytic_half_width(score: f64, items: u64, level: f64) -> Result<f64, StatisticsError> {
    if !(0.0..=1.0).contains(&score) {
        return Err(StatisticsError::OutOfRange { name: "the score", value: score, range: "from 0 to 1" });
    }
    if items == 0 {
        return Err(StatisticsError::TooFew { needed: 1, given: 0 });
    }
    Ok(normal_quantile(level)? * (score * (1.0 - score) / items as f64).sqrt())
}

/// Two answer sheets on the same examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct McNemar {
    /// Examples that only the first has right.
    pub first_only: u64,
    /// Examples that only the second has right.
    pub second_only: u64,
    /// Score of the first minus score of the second.
    pub difference: f64,
    /// Two-sided p value; 1 where the sheets are never one right and one wrong.
    pub p: f64,
}

/// `McNemar`'s exact test: of the examples that one side alone has right, each side should have half.
pub fn mcnemar(first: &[bool], second: &[bool]) -> Result<McNemar, StatisticsError> {
    if first.len() != second.len() {
        return Err(StatisticsError::UnequalLengths(first.len(), second.len()));
    }
    if first.is_empty() {
        return Err(StatisticsError::TooFew { needed: 1, given: 0 });
    }
    let only = |a: &[bool], b: &[bool]| a.iter().zip(b).filter(|(a, b)| **a && !**b).count() as u64;
    let (first_only, second_only) = (only(first, second), only(second, first));
    let coins = Binomial::new(0.5, first_only + second_only).expect("one half is a probability");
    let p = (2.0 * coins.cdf(first_only.min(second_only))).min(1.0);
    let difference = (first_only as f64 - second_only as f64) / first.len() as f64;
    Ok(McNemar { first_only, second_only, difference, p })
}

fn normal_quantile(level: f64) -> Result<f64, StatisticsError> {
    check_share("the level", level)?;
    Ok(Normal::standard().inverse_cdf(f64::midpoint(1.0, level)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_widths_of_the_paper() {
        // COPA, 100 items at 78.8 %, is printed as 8.30 after averaging over 210 checkpoints; at the mean score the
        // formula gives 1.96·√(.788·.212/100) = 0.0801.
        assert!((analytic_half_width(0.788, 100, 0.95).unwrap() - 0.080_11).abs() < 1e-5);
        // GSM8k, 1319 items at 4.1 %: 1.96·√(.041·.959/1319) = 0.0107.
        assert!((analytic_half_width(0.041, 1319, 0.95).unwrap() - 0.010_70).abs() < 1e-5);
    }

    #[test]
    fn wilson_is_not_empty_at_the_ends() {
        // z² = 3.841459: 10/(10 + z²) = 0.722467.
        let all = Items::new(10, 10).unwrap().wilson(0.95).unwrap();
        assert!((all.low - 0.722_467).abs() < 1e-6);
        assert_eq!(all.high, 1.0);
        let none = Items::new(0, 10).unwrap().wilson(0.95).unwrap();
        assert_eq!((none.low, none.high), (0.0, 1.0 - all.low));
    }

    #[test]
    fn the_bootstrap_counts_in_items() {
        // Binomial(10, 0.5): P(≤ 1) = 11/1024 < 0.025 ≤ P(≤ 2) = 56/1024.
        let interval = Items::of(&[true, false].repeat(5)).unwrap().bootstrap(0.95).unwrap();
        assert_eq!((interval.low, interval.high), (0.2, 0.8));
        let certain = Items::new(3, 3).unwrap().bootstrap(0.95).unwrap();
        assert_eq!((certain.low, certain.high), (1.0, 1.0));
    }

    #[test]
    fn mcnemar_by_hand() {
        // Five discordant examples, one against four: p = 2·(1 + 5)/32.
        let first = [true, true, true, true, false, true, false];
        let second = [false, false, false, false, true, true, false];
        let test = mcnemar(&first, &second).unwrap();
        assert_eq!((test.first_only, test.second_only), (4, 1));
        assert!((test.difference - 3.0 / 7.0).abs() < 1e-15);
        assert!((test.p - 0.375).abs() < 1e-12);
        assert_eq!(mcnemar(&first, &first).unwrap().p, 1.0);
        assert_eq!(mcnemar(&first, &second[1..]), Err(StatisticsError::UnequalLengths(7, 6)));
        assert_eq!(mcnemar(&[], &[]), Err(StatisticsError::TooFew { needed: 1, given: 0 }));
    }

    #[test]
    fn impossible_counts_are_refused() {
        assert_eq!(Items::of(&[]), Err(StatisticsError::TooFew { needed: 1, given: 0 }));
        assert!(matches!(Items::new(2, 1), Err(StatisticsError::OutOfRange { .. })));
        assert!(matches!(analytic_half_width(f64::NAN, 5, 0.95), Err(StatisticsError::OutOfRange { .. })));
    }
}
