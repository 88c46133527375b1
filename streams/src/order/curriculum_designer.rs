//! The curriculum designer's order: of many orders the one with the best score of distances between classes.
//!
//! Singh et al. 2023, <https://arxiv.org/abs/2211.15470>. With cosine distances d between class prototypes, rows
//! divided by their sum (d̂), the variance of each row of d̂ divided by the sum of all variances (v̂), an order
//! c₁ … cₙ scores
//!
//! S(c) = (1 − v̂(c₁)) + Σᵢ [(1 − d̂(cᵢ, cₙ₊₁₋ᵢ)) + d̂(cᵢ, cᵢ₊₁)], i = 1 … ⌈(n − 1) / 2⌉:
//!
//! it begins with the class that is as far from all others, goes to distant classes, and mirrors similar ones.
//!
//! Whether that helps is doubtful. In the results that the authors released (5 classes, 120 orders, three datasets and
//! three methods), the rank correlation of S with their measure of success lies between −0.25 and 0.15, and the best
//! of S hold about as many of the best orders as chance would: no support for a strong predictor. So compare with
//! `control = true`, which takes an order at a drawn rank of S.
//!
//! **Deviation:** prototypes are mean pictures of 8 × 8, vectors of a file, or class names, and not features of a
//! network that was trained on `ImageNet`. Beyond 8 classes, where all orders are too many, `candidates` drawn orders
//! are scored.

use anyhow::{Context, Result, ensure};
use clbench::{
    catalogue::{Range, Settings, part},
    stream::{Ground, Ordering, Rank, Unit},
};
use rand::RngExt;

use crate::shared::embedding::{Rows, Source, check, embed};

/// The entry of the catalogue.
pub const ORDER: Ordering = Ordering {
    name: "curriculum-designer",
    about: "the best score of distances between classes; a weak predictor, with a control",
    citation: "https://arxiv.org/abs/2211.15470",
    settings: Designer::SETTINGS,
    make: |table| part(table, |designer: Designer| Box::new(designer) as Box<dyn Rank>),
};

/// Up to so many units, all orders are scored: 8! = 40320.
const ALL_ORDERS: usize = 8;
/// Most units: their distances are a square matrix.
const MOST_UNITS: usize = 2_000;

clbench::settings! {
    /// Settings of the curriculum designer.
    #[derive(Clone, Debug)]
    pub struct Designer {
        /// Where prototypes come from.
        pub source: Source = Source::Means;
        /// The file of `source = "file"`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub file: Option<String> = None;
        /// How many orders are drawn and scored where there are too many to score all.
        pub candidates: usize = 10_000, Range::Whole(1, 1_000_000);
        /// Takes the order at a drawn rank in place of the best.
        pub control: bool = false;
    }
}

impl Settings for Designer {
    fn check(&self) -> Result<()> {
        check(self.source, self.file.as_deref())
    }
}

impl Rank for Designer {
    fn rank(&self, units: &[Unit], ground: &Ground) -> Result<Vec<usize>> {
        let count = units.len();
        ensure!(count > 1, "the curriculum designer needs at least two units and gets {count}");
        ensure!(count <= MOST_UNITS, "{count} units are more than the {MOST_UNITS} that the curriculum designer takes");
        let (rows, from) = embed(self.source, self.file.as_deref(), units, ground)?;
        let distances = Distances::new(&cosine_distances(&rows)).context(from.clone())?;
        let all = count <= ALL_ORDERS;
        let candidates = if all { (1..=count).product() } else { self.candidates };
        let candidate = |number: usize| {
            if all { permutation(number, count) } else { ground.draws.order("candidate order", number as u64, count) }
        };
        let scores: Vec<f64> = (0..candidates).map(|number| distances.score(&candidate(number))).collect();
        let mut ranks: Vec<usize> = (0..candidates).collect();
        ranks.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        let rank = if self.control { ground.draws.rng("control's rank", 0).random_range(0..candidates) } else { 0 };
        let (chosen, what) = (ranks[rank], if self.control { ", a random-order control" } else { "" });
        ground.note(format!(
            "curriculum designer: S = {:.4}, rank {} of {candidates}{what}, by {from}; the authors' released results \
             do not show that S predicts success (rank correlations of -0.25 to 0.15)",
            scores[chosen],
            rank + 1
        ));
        Ok(candidate(chosen))
    }
}

/// 1 − cosine of each pair.
fn cosine_distances(rows: &Rows) -> Vec<Vec<f64>> {
    let distance = |a, b| if a == b { 0.0 } else { (1.0 - f64::from(rows.cosine(a, b))).max(0.0) };
    (0..rows.len()).map(|a| (0..rows.len()).map(|b| distance(a, b)).collect()).collect()
}

/// What orders are scored with.
struct Distances {
    /// d̂: each row sums to one.
    shares: Vec<Vec<f64>>,
    /// v̂: they sum to one.
    variances: Vec<f64>,
}

impl Distances {
    /// # Errors
    /// When a unit is at no distance from any other.
    fn new(distances: &[Vec<f64>]) -> Result<Self> {
        let count = distances.len() as f64;
        let share = |row: &Vec<f64>| {
            let sum: f64 = row.iter().sum();
            ensure!(sum > 0.0, "the prototypes are all the same and have no distances");
            Ok(row.iter().map(|distance| distance / sum).collect::<Vec<f64>>())
        };
        let shares = distances.iter().map(share).collect::<Result<Vec<_>>>()?;
        // A row's mean is 1 / n.
        let variance = |row: &Vec<f64>| row.iter().map(|share| (share - 1.0 / count).powi(2)).sum::<f64>() / count;
        let variances: Vec<f64> = shares.iter().map(variance).collect();
        // A row has a zero beside what is not zero, so no variance is zero.
        let sum: f64 = variances.iter().sum();
        Ok(Self { shares, variances: variances.into_iter().map(|variance| variance / sum).collect() })
    }
    /// S(c).
    fn score(&self, order: &[usize]) -> f64 {
        let term = |at: usize| {
            let (here, mirror, next) = (order[at], order[order.len() - 1 - at], order[at + 1]);
            (1.0 - self.shares[here][mirror]) + self.shares[here][next]
        };
        // ⌈(n − 1) / 2⌉ = ⌊n / 2⌋ terms.
        (1.0 - self.variances[order[0]]) + (0..order.len() / 2).map(term).sum::<f64>()
    }
}

/// The permutation of `0..count` that stands at place `number` of the dictionary.
fn permutation(mut number: usize, count: usize) -> Vec<usize> {
    let mut left: Vec<usize> = (0..count).collect();
    let mut block = (1..=count).product::<usize>();
    let mut pick = |of: usize| {
        block /= of;
        let place = number / block;
        number %= block;
        left.remove(place)
    };
    (1..=count).rev().map(&mut pick).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::toy;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    /// d̂ is ¼(0 1 3), ½(1 0 1), ¼(3 1 0); variances are 7/72, 4/72 and 7/72.
    #[test]
    fn three_classes_score_as_by_hand() {
        let distances = Distances::new(&[vec![0.0, 1.0, 3.0], vec![1.0, 0.0, 1.0], vec![3.0, 1.0, 0.0]]).unwrap();
        near(distances.variances[0], 7.0 / 18.0);
        near(distances.variances[1], 4.0 / 18.0);
        // (1 − 7/18) + (1 − d̂(0, 2)) + d̂(0, 1) and so on.
        near(distances.score(&[0, 1, 2]), 11.0 / 18.0 + 0.25 + 0.25);
        near(distances.score(&[0, 2, 1]), 11.0 / 18.0 + 0.75 + 0.75);
        near(distances.score(&[1, 0, 2]), 14.0 / 18.0 + 0.5 + 0.5);
        near(distances.score(&[2, 0, 1]), 11.0 / 18.0 + 0.75 + 0.75);
    }

    #[test]
    fn four_and_five_classes_at_one_distance_score_alike() {
        let alike = |count: usize| {
            let row = |at: usize| (0..count).map(|other| f64::from(u8::from(other != at))).collect();
            Distances::new(&(0..count).map(row).collect::<Vec<_>>()).unwrap()
        };
        // 1 − 1/n, and two terms of one each; for five the middle mirrors its neighbour.
        near(alike(4).score(&[2, 0, 3, 1]), 0.75 + 2.0);
        near(alike(5).score(&[4, 0, 3, 1, 2]), 0.8 + 2.0);
        near(alike(2).score(&[1, 0]), 0.5 + 1.0);
    }

    #[test]
    fn permutations_come_as_in_the_dictionary() {
        let all: Vec<Vec<usize>> = (0..6).map(|number| permutation(number, 3)).collect();
        assert_eq!(all, [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]);
    }

    #[test]
    fn the_best_of_all_orders_is_taken() {
        let universe = toy::bare(&[("a", &["p", "q", "r", "s", "t"])]);
        let (_keep, path) = toy::file("concept,x,y\np,1,0\nq,1,0.2\nr,1,1\ns,0.1,1\nt,-0.5,1\n");
        let settings = format!("source = \"file\"\nfile = {path:?}\n");
        let ground = toy::ground(&universe, 0);
        let (rows, _) = embed(Source::File, Some(&path), &ground.concepts(), &ground).unwrap();
        let distances = Distances::new(&cosine_distances(&rows)).unwrap();
        let best = toy::rank(ORDER.make, &settings, &universe, 0).unwrap();
        let most = (0..120).map(|number| distances.score(&permutation(number, 5))).fold(f64::MIN, f64::max);
        near(distances.score(&best), most);
        // Nothing is drawn but the control's rank.
        assert_eq!(toy::rank(ORDER.make, &settings, &universe, 1).unwrap(), best);
        let control = |seed| toy::rank(ORDER.make, &(settings.clone() + "control = true"), &universe, seed).unwrap();
        let controls: Vec<Vec<usize>> = (0..4).map(control).collect();
        assert_eq!(control(0), controls[0]);
        assert!(controls[1..].iter().any(|order| *order != controls[0]));
    }

    #[test]
    fn many_classes_are_searched_by_drawn_orders() {
        let names: Vec<String> = (0..12).map(|at| format!("name {}", at * at)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let universe = toy::bare(&[("a", &names)]);
        let rank = |candidates: usize, seed| {
            let settings = format!("source = \"names\"\ncandidates = {candidates}");
            toy::rank(ORDER.make, &settings, &universe, seed).unwrap()
        };
        let ground = toy::ground(&universe, 0);
        let (rows, _) = embed(Source::Names, None, &ground.concepts(), &ground).unwrap();
        let distances = Distances::new(&cosine_distances(&rows)).unwrap();
        assert!(distances.score(&rank(500, 0)) > distances.score(&rank(1, 0)));
        assert_ne!(rank(500, 0), rank(500, 1));
        let mut sorted = rank(500, 0);
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..12));
    }

    #[test]
    fn what_has_no_distances_is_refused() {
        let universe = toy::bare(&[("a", &["p", "q"])]);
        let (_keep, path) = toy::file("concept,x\np,1\nq,2\n");
        let error = toy::refusal(ORDER.make, &format!("source = \"file\"\nfile = {path:?}"), &universe);
        assert!(error.contains("the prototypes are all the same"), "{error}");
        assert!(toy::refusal(ORDER.make, "", &universe).contains("needs pictures"));
        let error = toy::refusal(ORDER.make, "candidates = 0", &universe);
        assert_eq!(error, "candidates = 0 is not a whole number between 1 and 1000000");
        let error = toy::refusal(ORDER.make, "source = \"names\"", &toy::bare(&[("a", &["p"])]));
        assert!(error.contains("at least two units"), "{error}");
    }
}
