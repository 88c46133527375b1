//! Who may be compared with whom, and the order among them.

use serde::{Deserialize, Serialize};

use crate::metric::accuracy::AVERAGE;
use crate::stats::paired;
use crate::summary::Entry;

/// How much more than the cheapest of its group an entry may spend.
const TOLERANCE: f64 = 1.05;

/// Which entries are ranked together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ranking {
    /// Those of equal conditions and comparable spending.
    #[default]
    Comparable,
    /// All, whatever they were allowed to know or to spend.
    All,
}

impl Ranking {
    /// The rule in a sentence, to stand under a table.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Comparable => {
                "Ranked by ACC among rows of one group (A, B, …): the same start, head, logits and task identity, \
                 and charged operations at most 5 % above the cheapest row of the group."
            }
            Self::All => "Ranked by ACC among all rows, although conditions and spending may differ.",
        }
    }
}

/// The rank of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The group, counted from 0; none if all ranked entries form one group.
    pub group: Option<usize>,
    /// The place in the group, from 1; entries with the same average accuracy share one.
    pub place: usize,
    /// Whether the entry is the first of its group, or clearly different from it: the 95 % interval of the
    /// difference, paired over common seeds, excludes zero.
    pub clear: bool,
}

impl Place {
    /// The rank as it stands in a table, such as `2`, `≈B2` (not clearly different from `B1`).
    pub fn text(&self) -> String {
        let about = if self.clear { "" } else { "≈" };
        match self.group {
            None => format!("{about}{}", self.place),
            Some(group @ 0..26) => format!("{about}{}{}", char::from(b'A' + group as u8), self.place),
            Some(group) => format!("{about}{}.{}", group + 1, self.place),
        }
    }
}

/// Sets the place of every entry and puts the entries in a table's order.
pub(crate) fn rank(entries: &mut [Entry], ranking: Ranking) {
    let groups: Vec<Vec<usize>> = groups(entries, ranking).into_iter().filter(|group| group.len() > 1).collect();
    let several = groups.len() > 1;
    for (index, group) in groups.iter().enumerate() {
        let best = group.iter().copied().max_by(|&a, &b| score(&entries[a]).total_cmp(&score(&entries[b])));
        let best = entries[best.expect("a group has two entries or more")].clone();
        for &member in group {
            let better = group.iter().filter(|&&other| score(&entries[other]) > score(&entries[member])).count();
            let clear = better == 0 || is_clear(&entries[member], &best);
            let group = several.then_some(index);
            entries[member].place = Some(Place { group, place: better + 1, clear });
        }
    }
    entries.sort_by(|a, b| {
        order(a).cmp(&order(b)).then(score(b).total_cmp(&score(a))).then(spelling(a).cmp(&spelling(b)))
    });
}

/// Splits the entries that can be ranked; each group starts at its cheapest entry.
fn groups(entries: &[Entry], ranking: Ranking) -> Vec<Vec<usize>> {
    let rankable = |entry: &Entry| !entry.joint && entry.estimate(&AVERAGE).is_some();
    let mut ranked: Vec<usize> = (0..entries.len()).filter(|&index| rankable(&entries[index])).collect();
    if ranking == Ranking::All {
        return vec![ranked];
    }
    ranked.sort_by_key(|&index| (&entries[index].conditions, entries[index].spent.flops, &entries[index].family));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for index in ranked {
        match groups.last_mut() {
            Some(group) if comparable(&entries[group[0]], &entries[index]) => group.push(index),
            _ => groups.push(vec![index]),
        }
    }
    groups
}

fn comparable(cheapest: &Entry, other: &Entry) -> bool {
    cheapest.conditions == other.conditions && other.spent.flops as f64 <= TOLERANCE * cheapest.spent.flops as f64
}

fn is_clear(entry: &Entry, best: &Entry) -> bool {
    let [a, b] = [entry, best].map(|entry| entry.values(&AVERAGE));
    paired(&a, &b).is_some_and(|difference| difference.excludes_zero())
}

/// The mean average accuracy; below everything if there is none.
fn score(entry: &Entry) -> f64 {
    entry.estimate(&AVERAGE).map_or(f64::NEG_INFINITY, |estimate| estimate.mean)
}

/// Fine-tuning first, joint training last; in between by group, those without a place at the end.
fn order(entry: &Entry) -> (u8, bool, Option<usize>) {
    let section = if entry.joint { 2 } else { u8::from(!entry.is_finetune()) };
    (section, entry.place.is_none(), entry.place.and_then(|place| place.group))
}

fn spelling(entry: &Entry) -> (&str, &[String], &str) {
    (&entry.method, &entry.overrides, &entry.family)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use crate::run::RunDir;
    use crate::summary::summarise;

    /// A method with two seeds whose average accuracy is `accuracy` ∓ `spread`.
    fn method(name: &str, accuracy: f64, spread: f64) -> Vec<RunDir> {
        [-spread, spread].iter().zip(0..).map(|(by, seed)| example::run(name, seed, [accuracy + by; 3])).collect()
    }

    fn with(mut runs: Vec<RunDir>, change: impl Fn(&mut RunDir)) -> Vec<RunDir> {
        runs.iter_mut().for_each(change);
        runs
    }

    /// Names and ranks, in the order of the table.
    fn ranked(runs: &[Vec<RunDir>], ranking: Ranking) -> Vec<String> {
        let summaries = summarise(&runs.concat(), ranking, &[]).unwrap();
        let line = |entry: &Entry| format!("{} {}", entry.name(), entry.place.map_or("-".into(), |place| place.text()));
        summaries[0].entries.iter().map(line).collect()
    }

    #[test]
    fn references_stand_first_and_last_and_joint_is_not_ranked() {
        let joint: Vec<RunDir> = (0..2).map(|seed| example::joint(seed, [0.95; 3])).collect();
        let runs = [method("er", 0.7, 0.0), joint, method("finetune", 0.3, 0.0), method("si", 0.8, 0.0)];
        for ranking in [Ranking::Comparable, Ranking::All] {
            assert_eq!(ranked(&runs, ranking), ["finetune 3", "si 1", "er 2", "joint -"]);
        }
    }

    #[test]
    fn other_conditions_are_another_group() {
        let told = |run: &mut RunDir| run.manifest.conditions.task_identity = true;
        let runs = [
            method("a", 0.5, 0.0),
            method("b", 0.6, 0.0),
            with(method("c", 0.9, 0.0), told),
            with(method("d", 0.8, 0.0), told),
        ];
        assert_eq!(ranked(&runs, Ranking::Comparable), ["b A1", "a A2", "c B1", "d B2"]);
        assert_eq!(ranked(&runs, Ranking::All), ["c 1", "d 2", "b 3", "a 4"]);
    }

    #[test]
    fn a_row_joins_a_group_up_to_five_percent_above_its_cheapest() {
        let spending =
            |name, accuracy, flops| with(method(name, accuracy, 0.0), move |run| run.manifest.spent.flops = flops);
        let runs = [spending("a", 0.5, 1000), spending("b", 0.6, 1050), spending("c", 0.7, 1051)];
        assert_eq!(ranked(&runs, Ranking::Comparable), ["b 1", "a 2", "c -"]);
    }

    #[test]
    fn equal_scores_share_a_place() {
        let runs = [method("a", 0.5, 0.0), method("b", 0.5, 0.0), method("c", 0.4, 0.0)];
        assert_eq!(ranked(&runs, Ranking::Comparable), ["a 1", "b 1", "c 3"]);
    }

    #[test]
    fn a_difference_that_seeds_do_not_show_is_marked() {
        // The seeds of `a` and `c` move together, those of `b` do not.
        let runs = [method("a", 0.6, 0.05), method("b", 0.59, -0.05), method("c", 0.58, 0.05)];
        assert_eq!(ranked(&runs, Ranking::Comparable), ["a 1", "b ≈2", "c 3"]);
        let one = [method("a", 0.6, 0.0)[..1].to_vec(), method("b", 0.1, 0.0)[..1].to_vec()];
        assert_eq!(ranked(&one, Ranking::Comparable), ["a 1", "b ≈2"]);
    }

    #[test]
    fn diverged_methods_have_no_rank() {
        let lost = with(method("a", 0.9, 0.0), |run| run.manifest.diverged = Some("NaN".into()));
        assert_eq!(ranked(&[lost, method("b", 0.5, 0.0), method("c", 0.4, 0.0)], Ranking::All), ["b 1", "c 2", "a -"]);
    }
}
