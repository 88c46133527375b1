//! A table in Markdown with footnotes: what it was made of is read from its heads, notes and footnotes, and it is made
//! again.

use std::collections::BTreeMap;

use super::{
    Tally,
    tally::{cells, compare},
};
use crate::{
    metric::{Metric, all},
    record::RunDir,
    summary::{Grouping, rank::Ranking},
    table::{Column, Format, TableOptions, table},
};

/// A table as it stands on a page.
#[derive(Debug)]
pub struct Table {
    /// Its lines: title, head, rows, footnotes, notes, sentence.
    lines: Vec<String>,
    /// Cells of its head.
    heads: Vec<String>,
    rows: usize,
    /// The line after it.
    pub(super) end: usize,
}

impl Table {
    /// Reads the table whose head is line `head`.
    pub(super) fn read(lines: &[&str], title: Option<usize>, head: usize) -> Self {
        let is_row = |line: &str| line.starts_with('|');
        let mut end = (head..lines.len()).find(|&at| !is_row(lines[at])).unwrap_or(lines.len());
        let mut taken: Vec<usize> = title.into_iter().chain(head..end).collect();
        let rows = (end - head).saturating_sub(2);
        let next = |end: usize| (end..lines.len()).find(|&at| !lines[at].is_empty());
        let mut take = |fits: &dyn Fn(&str) -> bool| {
            let found = next(end).filter(|&at| fits(lines[at]));
            taken.extend(found);
            end = found.map_or(end, |at| at + 1);
            found.is_some()
        };
        let mut noted = false;
        while take(&|line| line.starts_with("<sup>")) {
            noted = true;
        }
        // Notes and the sentence stand below footnotes; without these it is no table that can be made again.
        if noted && take(&|line| !line.starts_with(['#', '|', '<', '!', '*'])) {
            take(&|line| line.starts_with("**"));
        }
        let heads = cells(lines[head]).unwrap_or_default();
        Self { lines: taken.into_iter().map(|at| lines[at].into()).collect(), heads, rows, end }
    }

    /// Rows below the head.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The ids of the runs that its footnotes name.
    pub(super) fn runs(&self) -> Vec<String> {
        footnotes(&self.lines.join("\n")).into_iter().flatten().collect()
    }

    /// Makes it again from `runs` and compares all that it says.
    pub(super) fn check(&self, runs: &[RunDir]) -> Tally {
        let said = self.lines.join("\n");
        let chosen = match chosen(&self.runs(), runs) {
            Ok(chosen) => chosen,
            Err(why) => return Tally::missing(&said, &why),
        };
        let made = |options: &TableOptions| match table(&chosen, options) {
            Ok(now) => compare(&said, &now),
            Err(error) => compare(&said, &error.to_string()),
        };
        made(&self.options(&said))
    }

    /// The options that it was made with, as far as it says.
    fn options(&self, said: &str) -> TableOptions {
        let by_head = |head: &String| {
            let name = head.trim_end_matches(['↑', '↓', ' ']);
            all().find(|metric| metric.short == name).filter(|metric| metric.head() == *head)
        };
        let metrics: Vec<&'static Metric> = self.heads.iter().filter_map(by_head).collect();
        let mut columns: Vec<Column> = Vec::new();
        for head in self.heads.iter().skip(1) {
            let named = Column::ALL.into_iter().find(|column| column.head() == head);
            let column = named.or(by_head(head).map(|_| Column::Scores));
            columns.extend(column.filter(|column| !columns.contains(column)));
        }
        let by = said.split_once("Ranked by ").and_then(|(_, rest)| rest.split(' ').next());
        let by = by.and_then(|name| all().find(|metric| metric.short == name));
        let usual = Grouping::default();
        let grouping = Grouping {
            ranking: if said.contains(Ranking::All.rule()) { Ranking::All } else { Ranking::Comparable },
            by: by.unwrap_or(usual.by),
            metrics: metrics.clone(),
            mix_streams: said.starts_with("**several streams**"),
            mix_versions: said.contains("more than one version"),
        };
        let brief = said.contains(crate::table::SHARED);
        TableOptions { format: Format::Markdown, grouping, metrics, columns: Some(columns), footnotes: true, brief }
    }
}

/// Of `runs` those that are named, and the references that are in no table; or which is missing.
pub(super) fn chosen(named: &[String], runs: &[RunDir]) -> Result<Vec<RunDir>, String> {
    let by_id: BTreeMap<&str, &RunDir> = runs.iter().map(|run| (&run.manifest.run[..], run)).collect();
    let mut found: BTreeMap<&str, &RunDir> = BTreeMap::new();
    for id in named {
        let run = by_id.get(&id[..]).ok_or_else(|| format!("the run {} is missing", crate::words::short(id)))?;
        found.insert(id, run);
    }
    let hashes: Vec<&str> = found.values().map(|run| &run.manifest.stream.hash[..]).collect();
    let reference =
        |run: &&RunDir| run.manifest.stream.covers.is_some() && hashes.contains(&&run.manifest.stream.hash[..]);
    let references = runs.iter().filter(reference).filter(|run| !found.contains_key(&run.manifest.run[..]));
    Ok(references.chain(found.values().copied()).cloned().collect())
}

/// The runs of each footnote, from `<sup>1</sup> ewc: runs a b c; clbench run …`.
pub(super) fn footnotes(text: &str) -> Vec<Vec<String>> {
    let runs = |line: &str| {
        let (_, rest) = line.strip_prefix("<sup>")?.split_once("</sup>")?;
        let (runs, _) = rest.split_once(": runs ")?.1.split_once(';')?;
        Some(runs.split_whitespace().map(String::from).collect())
    };
    text.lines().filter_map(|line| runs(line.trim())).collect()
}
