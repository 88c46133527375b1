//! Several methods on several streams: Friedman's test, average ranks and Nemenyi's critical difference.
//!
//! - Friedman 1937, <https://doi.org/10.1080/01621459.1937.10503522>; with equal scores the statistic is divided by
//!   1 − Σ(g³ − g) / (N(k³ − k)) over groups of g equal scores, as in `scipy.stats.friedmanchisquare`.
//! - Iman and Davenport 1980, <https://doi.org/10.1080/03610928008827904>: F = (N − 1)χ² / (N(k − 1) − χ²) with k − 1
//!   and (k − 1)(N − 1) degrees of freedom.
//! - Demšar 2006, <https://www.jmlr.org/papers/v7/demsar06a.html>, section 3.2: two methods differ if their average
//!   ranks differ by `CD = q_α·√(k(k + 1)/(6N))` or more, with `q_α` of the studentized range divided by √2.

use std::ops::Range;

use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor};

use super::{
    StatisticsError, check, check_share,
    ranks::Ranks,
    studentized::{range_cdf, range_quantile},
    tolerance,
};

/// Friedman's test of k methods on N blocks.
#[derive(Clone, Debug, PartialEq)]
pub struct Friedman {
    /// Average rank of every method, 1 for the best.
    pub ranks: Vec<f64>,
    /// Number of blocks, N.
    pub n: usize,
    /// Friedman's χ², corrected for ties.
    pub statistic: f64,
    /// p value of the statistic, with k − 1 degrees of freedom; 1 where all methods are equal on every block.
    pub p: f64,
    /// The F of Iman and Davenport; infinite where all blocks agree.
    pub f: f64,
    /// p value of `f`, less conservative than `p`.
    pub f_p: f64,
}

/// The test of `scores`, one list per block with one score per method, in which higher is better.
///
/// A block is a stream, a dataset or a seed; two blocks and two methods are the least.
pub fn friedman(scores: &[Vec<f64>]) -> Result<Friedman, StatisticsError> {
    let k = scores.first().map_or(0, Vec::len);
    if scores.len() < 2 || k < 2 {
        return Err(StatisticsError::TooFew { needed: 2, given: scores.len().min(k) });
    }
    let mut sums = vec![0.0; k];
    let mut ties = 0.0;
    for block in scores {
        if block.len() != k {
            return Err(StatisticsError::UnequalLengths(block.len(), k));
        }
        check(block, k)?;
        let worse: Vec<f64> = block.iter().map(|score| -score).collect();
        let ranks = Ranks::of(&worse, tolerance(block));
        sums.iter_mut().zip(&ranks.ranks).for_each(|(sum, rank)| *sum += rank);
        ties += ranks.ties();
    }
    let n = scores.len();
    let ranks = sums.into_iter().map(|sum| sum / n as f64).collect();
    Ok(tested(ranks, n, ties))
}

fn tested(ranks: Vec<f64>, blocks: usize, ties: f64) -> Friedman {
    let (n, k) = (blocks as f64, ranks.len() as f64);
    // Σ(R − (k + 1)/2)² is Demšar's ΣR² − k(k + 1)²/4 without the cancellation.
    let spread: f64 = ranks.iter().map(|rank| (rank - f64::midpoint(k, 1.0)).powi(2)).sum();
    let untied = 1.0 - ties / (n * (k * k * k - k));
    let statistic = if untied > 0.0 { 12.0 * n / (k * (k + 1.0)) * spread / untied } else { 0.0 };
    let most = n * (k - 1.0);
    // χ² reaches N(k − 1) where all blocks agree; the last bits must not decide on which side.
    let agree = statistic >= most * (1.0 - 1e-12);
    let f = if agree { f64::INFINITY } else { (n - 1.0) * statistic / (most - statistic) };
    let chi = ChiSquared::new(k - 1.0).expect("there are two methods or more");
    let fisher = FisherSnedecor::new(k - 1.0, (k - 1.0) * (n - 1.0)).expect("there are two blocks or more");
    let f_p = if agree { 0.0 } else { fisher.sf(f) };
    Friedman { ranks, n: blocks, statistic, p: chi.sf(statistic), f, f_p }
}

impl Friedman {
    /// Nemenyi's p value for every pair of methods, 1 on the diagonal.
    pub fn nemenyi(&self) -> Vec<Vec<f64>> {
        let k = self.ranks.len();
        let p = |a: f64, b: f64| 1.0 - range_cdf((a - b).abs() / self.error() * 2_f64.sqrt(), k);
        self.ranks.iter().map(|a| self.ranks.iter().map(|b| p(*a, *b)).collect()).collect()
    }

    /// The difference of average ranks at which two methods differ, at `alpha` between 0 and 1.
    pub fn critical_difference(&self, alpha: f64) -> Result<f64, StatisticsError> {
        check_share("alpha", alpha)?;
        Ok(range_quantile(alpha, self.ranks.len()) / 2_f64.sqrt() * self.error())
    }

    /// √(k(k + 1)/(6N)), the standard error of a difference of average ranks.
    fn error(&self) -> f64 {
        let k = self.ranks.len() as f64;
        (k * (k + 1.0) / (6.0 * self.n as f64)).sqrt()
    }
}

/// What a critical-difference diagram shows.
#[derive(Clone, Debug, PartialEq)]
pub struct CriticalDifference {
    /// The methods, best average rank first; by name where ranks are equal.
    pub names: Vec<String>,
    /// Their average ranks, ascending.
    pub ranks: Vec<f64>,
    /// The critical difference.
    pub cd: f64,
    /// The largest sets of two or more neighbours among whom nobody differs; a set may overlap the next.
    pub groups: Vec<Range<usize>>,
    /// Number of blocks.
    pub n: usize,
    /// p value of Friedman's test; above alpha no pair should be called different.
    pub p: f64,
}

impl CriticalDifference {
    /// The diagram of `names` with `scores`, one list per block with one score per name, in which higher is better.
    pub fn of(names: &[String], scores: &[Vec<f64>], alpha: f64) -> Result<Self, StatisticsError> {
        let test = friedman(scores)?;
        if names.len() != test.ranks.len() {
            return Err(StatisticsError::UnequalLengths(names.len(), test.ranks.len()));
        }
        let cd = test.critical_difference(alpha)?;
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by(|&a, &b| test.ranks[a].total_cmp(&test.ranks[b]).then(names[a].cmp(&names[b])));
        let ranks: Vec<f64> = order.iter().map(|&index| test.ranks[index]).collect();
        let names = order.iter().map(|&index| names[index].clone()).collect();
        Ok(Self { names, groups: groups(&ranks, cd), ranks, cd, n: test.n, p: test.p })
    }
}

/// The maximal runs of ascending `ranks` that span less than `cd`.
fn groups(ranks: &[f64], cd: f64) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for start in 0..ranks.len() {
        let end = ranks.partition_point(|rank| rank - ranks[start] < cd);
        if end > start + 1 && groups.last().is_none_or(|last| last.end < end) {
            groups.push(start..end);
        }
    }
    groups
}

#[cfg(test)]
mod tests;
