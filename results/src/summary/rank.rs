//! Who may be compared with whom, and the order among them.

use serde::{Deserialize, Serialize};

use crate::{
    metric::{Better, Metric},
    summary::{
        Entry,
        contest::{Contest, Mark},
    },
};

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
    /// The rule, to stand under a table after "Ranked by …".
    pub fn rule(self) -> &'static str {
        match self {
            Self::Comparable => {
                "among rows of one group (A, B, …): the same stream, start, network, optimizer, batch, mixture, head, \
                 logits and task identity, and charged operations at most 5 % above the cheapest row of the group."
            }
            Self::All => "among all rows, although conditions and spending may differ.",
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
    /// Whether the entry is the first of its group, or clearly different from it: paired t test over common seeds,
    /// p at most 0.05 after Holm's adjustment over the group.
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

/// Sets the place of every entry by `metric` and puts the entries in a table's order.
pub(crate) fn rank(entries: &mut [Entry], ranking: Ranking, metric: &Metric) {
    let groups: Vec<Vec<usize>> =
        groups(entries, ranking, metric).into_iter().filter(|group| group.len() > 1).collect();
    let several = groups.len() > 1;
    for (index, group) in groups.iter().enumerate() {
        let Some(contest) = Contest::of(entries, group, metric) else { continue };
        for &member in group {
            let score_of = |other: usize| score(&entries[other], metric);
            let better = group.iter().filter(|&&other| score_of(other) > score_of(member)).count();
            let clear = better == 0 || contest.mark(member) == Mark::None;
            let group = several.then_some(index);
            entries[member].place = Some(Place { group, place: better + 1, clear });
        }
    }
    entries.sort_by(|a, b| {
        let by_score = score(b, metric).total_cmp(&score(a, metric));
        order(a).cmp(&order(b)).then(by_score).then(spelling(a).cmp(&spelling(b)))
    });
}

/// Splits the entries that can be ranked; each group starts at its cheapest entry.
fn groups(entries: &[Entry], ranking: Ranking, metric: &Metric) -> Vec<Vec<usize>> {
    let rankable = |entry: &Entry| !entry.joint && entry.estimate(metric).is_some();
    let mut ranked: Vec<usize> = (0..entries.len()).filter(|&index| rankable(&entries[index])).collect();
    if ranking == Ranking::All {
        return vec![ranked];
    }
    ranked.sort_by_key(|&index| {
        (&entries[index].hash, &entries[index].conditions, entries[index].spent.flops, &entries[index].family)
    });
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
    let alike = cheapest.hash == other.hash && cheapest.conditions == other.conditions;
    alike && other.spent.flops as f64 <= TOLERANCE * cheapest.spent.flops as f64
}

/// The mean of `metric`, turned around where less is better; below everything if there is none.
fn score(entry: &Entry, metric: &Metric) -> f64 {
    let sign = if metric.better == Better::Lower { -1.0 } else { 1.0 };
    entry.estimate(metric).map_or(f64::NEG_INFINITY, |estimate| sign * estimate.mean)
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
    use crate::record::RunDir;
    use crate::record::example;
    use crate::summary::{Grouping, summarise};

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
        let summaries = summarise(&runs.concat(), &Grouping { ranking, ..Grouping::default() }).unwrap();
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
