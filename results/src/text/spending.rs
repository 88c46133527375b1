//! What was spent in each experience, a row for each configuration: the median over seeds, out of the ledgers.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::{
    record::{LedgerRow, RunDir},
    summary::{Entry, Grouping, SummaryError, summarise},
    table::{Format, markdown_grid},
    words::{
        columns::{Side, grid},
        prefixed, short,
    },
};

/// Experiences that have a column, at most.
const MOST: usize = 20;

/// What a ledger counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// Bytes held beside the weights in training.
    State,
    /// Charged optimizer steps.
    Steps,
    /// Charged operations.
    Operations,
    /// Examples processed.
    Examples,
}

impl FromStr for Spent {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "state" => Ok(Self::State),
            "steps" => Ok(Self::Steps),
            "operations" => Ok(Self::Operations),
            "examples" => Ok(Self::Examples),
            _ => Err(format!("a ledger has no `{}`; there are state, steps, operations and examples", short(name))),
        }
    }
}

impl Spent {
    fn title(self) -> &'static str {
        match self {
            Self::State => "bytes held beside the weights in training, by experience (median over seeds)",
            Self::Steps => "optimizer steps, by experience (median over seeds)",
            Self::Operations => "charged operations, by experience (median over seeds)",
            Self::Examples => "examples processed, by experience (median over seeds)",
        }
    }

    /// What a row of a ledger adds to its experience.
    fn of(self, row: &LedgerRow) -> u64 {
        match self {
            Self::State if row.phase == "train" => row.state_bytes,
            _ if !row.charged || self == Self::State => 0,
            Self::Steps => row.steps,
            Self::Operations => row.flops,
            _ => row.examples,
        }
    }

    fn shown(self, value: u64) -> String {
        let unit = if self == Self::State { "B" } else { "" };
        format!("{}{unit}", prefixed(value)).trim().into()
    }
}

/// The spending of `runs` in Markdown or as text; none without a run.
///
/// # Errors
/// When a seed is there twice.
pub fn spending_text(runs: &[RunDir], spent: Spent, format: Format) -> Result<Option<String>, SummaryError> {
    let grouping = Grouping { mix_streams: true, mix_versions: true, ..Grouping::default() };
    let Some(summary) = summarise(runs, &grouping)?.pop() else { return Ok(None) };
    let entries = summary.brief().entries;
    let by_id: BTreeMap<&str, &RunDir> = runs.iter().map(|run| (&run.manifest.run[..], run)).collect();
    let medians: Vec<Vec<u64>> = entries.iter().map(|entry| medians(entry, &by_id, spent)).collect();
    let last = medians.iter().map(Vec::len).max().unwrap_or(0).min(MOST);
    let header: Vec<String> = std::iter::once("method".into()).chain((1..=last).map(|at| at.to_string())).collect();
    let several = entries.iter().any(|entry| entry.stream != entries[0].stream);
    let row = |(entry, values): (&Entry, &Vec<u64>)| {
        let cells = (0..last).map(|at| values.get(at).map_or("—".into(), |value| spent.shown(*value)));
        std::iter::once(name(entry, several)).chain(cells).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = entries.iter().zip(&medians).map(row).collect();
    Ok(Some(match format {
        Format::Markdown => markdown_grid(spent.title(), &header, &rows),
        _ => format!("{}\n\n{}", spent.title(), grid(&header, &rows, &[Side::Left])),
    }))
}

fn name(entry: &Entry, several: bool) -> String {
    let stream = several.then(|| short(&entry.stream));
    let settings = entry.overrides.iter().map(|setting| short(setting));
    stream.into_iter().chain([short(&entry.name())]).chain(settings).collect::<Vec<_>>().join(" ")
}

/// Of each experience the median over the seeds that have it.
fn medians(entry: &Entry, runs: &BTreeMap<&str, &RunDir>, spent: Spent) -> Vec<u64> {
    let mut by_experience: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for run in entry.runs.iter().filter_map(|id| runs.get(&id[..])) {
        let mut sums: BTreeMap<usize, u64> = BTreeMap::new();
        for row in run.ledger.iter().filter(|row| row.experience > 0) {
            let sum = sums.entry(row.experience).or_default();
            *sum = sum.saturating_add(spent.of(row));
        }
        sums.into_iter().for_each(|(experience, sum)| by_experience.entry(experience).or_default().push(sum));
    }
    by_experience.into_values().map(median).collect()
}

/// The middle value, of two the lower and upper mean.
fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    match values.len() {
        0 => 0,
        odd if odd % 2 == 1 => values[odd / 2],
        even => u64::midpoint(values[even / 2 - 1], values[even / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example::{self, MIXED};

    #[test]
    fn the_median_over_seeds_stands_in_a_column_for_each_experience() {
        let run = |seed: u64, bytes: u64| {
            let mut run = example::run("er", seed, MIXED[3]);
            run.ledger.iter_mut().filter(|row| row.phase == "train").for_each(|row| row.state_bytes = bytes);
            run
        };
        let runs = [run(0, 10), run(1, 20), run(2, 900)];
        let text = spending_text(&runs, Spent::State, Format::Markdown).unwrap().unwrap();
        assert!(text.contains("| er     | 20 B |"), "{text}");
        assert_eq!(spending_text(&[], Spent::State, Format::Markdown).unwrap(), None);
        assert_eq!((median(vec![3, 1, 2]), median(vec![4, 1]), median(vec![])), (2, 2, 0));
        assert!("weights".parse::<Spent>().unwrap_err().contains("there are state, steps"));
    }
}
