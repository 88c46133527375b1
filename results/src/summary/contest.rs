//! Who is best in a column, and from whom the best cannot be told apart.
//!
//! The best of a group is compared with every other row of the group by a paired t test on common seeds; the p values
//! are adjusted after Holm 1979, <https://www.jstor.org/stable/4615733>, over the comparisons of that group and column.

use std::collections::BTreeMap;

use crate::{
    metric::{Better, Metric},
    statistics::{
        holm::holm,
        paired::{PairedTest, paired_test},
    },
    summary::Entry,
};

/// A p value above this, after Holm's adjustment, does not tell two rows apart.
pub(crate) const LEVEL: f64 = 0.05;

/// How a cell stands to the best of its column and group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Clearly not the best, or nothing to compare with.
    #[default]
    None,
    /// The best.
    Best,
    /// Not clearly different from the best.
    Tie,
}

impl Mark {
    /// Where bold is not to be had: `*` for the best, `≈` for a tie.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Best => "*",
            Self::Tie => "≈",
        }
    }
}

/// A row beside the best of its group.
#[derive(Clone, Debug)]
pub(crate) struct Beside {
    /// The row.
    pub entry: usize,
    /// The paired test of best minus this row; none without two common seeds.
    pub test: Option<PairedTest>,
    /// Its p value after Holm's adjustment.
    pub p: Option<f64>,
}

/// The best of some entries and how the others stand to it, nearest first.
#[derive(Clone, Debug)]
pub(crate) struct Contest {
    /// The best entry.
    pub best: usize,
    /// All others that have a value.
    pub others: Vec<Beside>,
}

impl Contest {
    /// The contest of `members` in `metric`; none unless two of them have a value and a direction is better.
    pub(crate) fn of(entries: &[Entry], members: &[usize], metric: &Metric) -> Option<Self> {
        let sign = match metric.better {
            Better::Higher => 1.0,
            Better::Lower => -1.0,
            Better::Neither => return None,
        };
        let value = |member: usize| Some(sign * entries[member].estimate(metric)?.mean);
        let mut ranked: Vec<(usize, f64)> =
            members.iter().filter_map(|&member| Some((member, value(member)?))).collect();
        // Stable: of equals the first row stays first.
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        let (&(best, _), others) = ranked.split_first()?;
        if others.is_empty() {
            return None;
        }
        let test = |&(other, _): &(usize, f64)| paired(&entries[best], &entries[other], metric);
        let tests: Vec<Option<PairedTest>> = others.iter().map(test).collect();
        let found: Vec<f64> = tests.iter().flatten().map(|test| test.p).collect();
        let mut adjusted = holm(&found).unwrap_or_default().into_iter();
        let beside = |(&(entry, _), test): (&(usize, f64), Option<PairedTest>)| {
            let p = test.as_ref().and_then(|_| adjusted.next());
            Beside { entry, test, p }
        };
        Some(Self { best, others: others.iter().zip(tests).map(beside).collect() })
    }

    /// The mark of `entry`.
    pub(crate) fn mark(&self, entry: usize) -> Mark {
        if entry == self.best {
            return Mark::Best;
        }
        match self.others.iter().find(|beside| beside.entry == entry) {
            Some(Beside { test: Some(test), .. }) if test.mean == 0.0 && test.deviation == 0.0 => Mark::Best,
            Some(beside) if beside.p.is_none_or(|p| p > LEVEL) => Mark::Tie,
            _ => Mark::None,
        }
    }
}

/// The paired test of two rows over their common seeds.
pub(crate) fn paired(a: &Entry, b: &Entry, metric: &Metric) -> Option<PairedTest> {
    let of_b: BTreeMap<u64, f64> = b.values(metric).into_iter().collect();
    let (a, b): (Vec<f64>, Vec<f64>) =
        a.values(metric).into_iter().filter_map(|(seed, value)| Some((value, *of_b.get(&seed)?))).unzip();
    paired_test(&a, &b, 1.0 - LEVEL).ok()
}

/// The entries that have a place, by group.
pub(crate) fn groups(entries: &[Entry]) -> BTreeMap<Option<usize>, Vec<usize>> {
    let mut groups: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some(place) = entry.place {
            groups.entry(place.group).or_default().push(index);
        }
    }
    groups
}

/// The marks of a column; none in a group whose rows are all equal.
pub(crate) fn marks(entries: &[Entry], metric: &Metric) -> Vec<Mark> {
    let mut marks = vec![Mark::None; entries.len()];
    for members in groups(entries).values() {
        let Some(contest) = Contest::of(entries, members, metric) else { continue };
        let group: Vec<Mark> = members.iter().map(|&member| contest.mark(member)).collect();
        // Where all are equal there is no best.
        if group.iter().any(|mark| *mark != Mark::Best) {
            members.iter().zip(group).for_each(|(&member, mark)| marks[member] = mark);
        }
    }
    marks
}
