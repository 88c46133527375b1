//! Published tables checked against the runs they name: which numbers come out again, and how nearly.

mod published;

use std::collections::BTreeMap;

pub use published::{Published, read_published};

use crate::metric::{Metric, References};
use crate::reference::Shelf;
use crate::run::RunDir;
use crate::stats::Estimate;
use crate::text::measured;

/// What a cell of a published table says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// The mean and each seed's value in full precision, from a table in JSON.
    Exactly {
        /// The mean, if there is one.
        mean: Option<f64>,
        /// Half of its 95 % interval.
        half: Option<f64>,
        /// By seed.
        by_seed: Vec<(u64, f64)>,
    },
    /// What is shown, such as `20.3 ±0.9`, from a table in Markdown.
    Shown(String),
}

/// A number of a published table.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Name of its row.
    pub row: String,
    /// What it is a number of.
    pub metric: &'static Metric,
    /// The ids of the runs behind it.
    pub runs: Vec<String>,
    /// What it says.
    pub said: Said,
}

/// How a number came out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Came {
    /// In every bit, or in every digit that is shown.
    Same,
    /// Inside of the published 95 % interval.
    Within,
    /// Otherwise.
    Different,
    /// A run behind it is not there.
    Missing,
}

impl Came {
    /// All, best first.
    pub const ALL: [Self; 4] = [Self::Same, Self::Within, Self::Different, Self::Missing];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Same => "the same, digit by digit",
            Self::Within => "within the published 95 % interval",
            Self::Different => "different",
            Self::Missing => "not checked: a run is missing",
        }
    }
}

/// A number and how it came out again.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The published number.
    pub cell: Cell,
    /// How it came out.
    pub came: Came,
    /// What came out, as a table shows it.
    pub now: String,
}

/// Computes every number of `cells` again from `runs`, which may hold others besides.
pub fn recompute(cells: &[Cell], runs: &[RunDir]) -> Vec<Checked> {
    let by_id: BTreeMap<&str, &RunDir> = runs.iter().map(|run| (&run.manifest.run[..], run)).collect();
    let mut by_hash: BTreeMap<&str, Vec<&RunDir>> = BTreeMap::new();
    runs.iter().for_each(|run| by_hash.entry(&run.manifest.stream.hash).or_default().push(run));
    let shelves: BTreeMap<&str, Shelf> = by_hash.iter().map(|(hash, runs)| (*hash, Shelf::of(runs))).collect();
    let mut references: BTreeMap<&str, References> = BTreeMap::new();
    let check = |cell: &Cell| {
        let found: Option<Vec<&RunDir>> = cell.runs.iter().map(|id| by_id.get(&id[..]).copied()).collect();
        let Some(found) = found.filter(|found| !found.is_empty()) else {
            return Checked { cell: cell.clone(), came: Came::Missing, now: "—".into() };
        };
        let values: Vec<(u64, Option<f64>)> = found
            .iter()
            .map(|run| {
                let mut subject = run.subject();
                let shelf = &shelves[&run.manifest.stream.hash[..]];
                let of_run =
                    references.entry(&run.manifest.run).or_insert_with(|| shelf.references(run, &subject.matrix));
                subject.references = of_run.clone();
                let value = if run.manifest.diverged.is_some() { None } else { (cell.metric.of)(&subject) };
                (run.manifest.seed, value)
            })
            .collect();
        compare(cell, values)
    };
    cells.iter().map(check).collect()
}

fn compare(cell: &Cell, mut values: Vec<(u64, Option<f64>)>) -> Checked {
    values.sort_by_key(|(seed, _)| *seed);
    let all: Option<Vec<f64>> = values.iter().map(|(_, value)| *value).collect();
    let estimate = all.as_deref().and_then(Estimate::of);
    let now = estimate.map_or("—".into(), |estimate| shown(cell.metric, estimate));
    let came = match &cell.said {
        Said::Exactly { mean, half, by_seed } => {
            let bits = |values: &[(u64, f64)]| values.iter().map(|(s, v)| (*s, v.to_bits())).collect::<Vec<_>>();
            let again: Vec<(u64, f64)> = values.iter().filter_map(|(seed, value)| Some((*seed, (*value)?))).collect();
            // A diverged seed takes the row's score; its table lists no seed at all.
            let none = mean.is_none() && by_seed.is_empty() && all.is_none();
            let same = mean.map(f64::to_bits) == estimate.map(|estimate| estimate.mean.to_bits());
            if none || (same && bits(&again) == bits(by_seed)) { Came::Same } else { near(estimate, *mean, *half) }
        }
        Said::Shown(text) if *text == now => Came::Same,
        Said::Shown(text) => {
            let scale = if cell.metric.is_percent() { 100.0 } else { 1.0 };
            let mut numbers = text.split('±').map(|part| part.trim().parse::<f64>().ok().map(|value| value / scale));
            near(estimate, numbers.next().flatten(), numbers.next().flatten())
        }
    };
    Checked { cell: cell.clone(), came, now }
}

fn near(now: Option<Estimate>, mean: Option<f64>, half: Option<f64>) -> Came {
    match (now, mean, half) {
        (Some(now), Some(mean), Some(half)) if (now.mean - mean).abs() <= half => Came::Within,
        _ => Came::Different,
    }
}

/// A number as a table shows it.
fn shown(metric: &Metric, estimate: Estimate) -> String {
    match measured(metric, estimate) {
        (mean, Some(half)) => format!("{mean} ±{half}"),
        (mean, None) => mean,
    }
}

/// Whether two runs recorded the same, bit for bit.
pub fn same_records(a: &RunDir, b: &RunDir) -> bool {
    let bits = |run: &RunDir| {
        let row = |record: &crate::record::Record| {
            let numbers = [record.accuracy, record.loss, record.brier, record.confidence].map(f64::to_bits);
            let place = (record.at, record.experience, record.step, record.task, record.split, record.sample);
            (place, record.preference.clone(), numbers, record.n)
        };
        run.records.iter().map(row).collect::<Vec<_>>()
    };
    bits(a) == bits(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use crate::table::{Format, TableOptions, table};

    fn runs() -> Vec<RunDir> {
        let er = (0..3).map(|seed| example::run("er", seed, [0.6 + 0.01 * seed as f64, 0.85, 0.7]));
        er.chain((0..3).map(|seed| example::run("si", seed, [0.5 + 0.02 * seed as f64, 0.8, 0.7]))).collect()
    }

    fn came(text: &str, runs: &[RunDir]) -> BTreeMap<Came, usize> {
        let published = read_published(text).unwrap();
        let mut counts = BTreeMap::new();
        recompute(&published.cells, runs).iter().for_each(|checked| *counts.entry(checked.came).or_default() += 1);
        counts
    }

    fn written(format: Format) -> String {
        table(&runs(), &TableOptions { format, footnotes: true, ..TableOptions::default() }).unwrap()
    }

    #[test]
    fn a_table_comes_out_of_its_own_runs() {
        for format in [Format::Json, Format::Markdown] {
            assert_eq!(came(&written(format), &runs()), BTreeMap::from([(Came::Same, 12)]), "{format:?}");
        }
    }

    #[test]
    fn a_number_that_moved_is_found_and_so_is_a_run_that_is_gone() {
        for (format, within) in [(Format::Json, 3), (Format::Markdown, 3)] {
            let mut moved = runs();
            // A little in one seed, within the interval; much in all seeds of the other method.
            let last = moved[0].records.len() - 1;
            moved[0].records[last].accuracy += 0.01;
            for run in &mut moved[3..] {
                let first = run.records.len() - 3;
                run.records[first].accuracy = 0.0;
            }
            let counts = came(&written(format), &moved);
            assert_eq!(counts.get(&Came::Missing), None, "{counts:?}");
            assert!(counts[&Came::Different] >= within && counts.contains_key(&Came::Within), "{format:?} {counts:?}");
            moved.remove(5);
            assert_eq!(came(&written(format), &moved)[&Came::Missing], 6);
        }
    }

    #[test]
    fn what_was_typed_by_hand_is_found() {
        let typed = written(Format::Markdown).replacen("72.0 ±", "73.0 ±", 1);
        assert_ne!(typed, written(Format::Markdown));
        assert_eq!(came(&typed, &runs()).get(&Came::Same), Some(&11));
    }
}
