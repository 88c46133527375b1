//! Results as one page of HTML that needs nothing else: tables to sort and filter, pictures, and the numbers
//! themselves.
//!
//! The page loads nothing and runs nothing but its own script, whose hash it states in its policy
//! ([Content Security Policy, level 3](https://www.w3.org/TR/CSP3/)). The same runs give the same bytes.

use std::collections::BTreeMap;

use crate::{
    metric::{Metric, USUAL},
    record::RunDir,
    summary::{Grouping, StreamSummary, SummaryError, summarise},
    text::verdict::verdict,
};

mod board;
mod column;
mod data;
mod detail;
mod drawing;
mod file;
mod page;
mod policy;

/// How a page is made from runs.
#[derive(Clone, Debug)]
pub struct SiteOptions {
    /// Stands above.
    pub title: String,
    /// The metrics, in the order of their columns.
    pub metrics: Vec<&'static Metric>,
    /// What stands in one table and what is ranked with what.
    pub grouping: Grouping,
    /// Pictures below the tables, by stream hash.
    pub figures: BTreeMap<String, Vec<Figure>>,
}

impl Default for SiteOptions {
    fn default() -> Self {
        Self {
            title: "Continual learning results".into(),
            metrics: USUAL.to_vec(),
            grouping: Grouping::default(),
            figures: BTreeMap::new(),
        }
    }
}

/// A picture with its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    /// What is shown, in a few words.
    pub title: String,
    /// How it is read, in a sentence or two.
    pub caption: String,
    /// The drawing, as SVG. Shapes and words are taken over; scripts, styles, images and references to elsewhere are
    /// not. Colours may be variables: a drawing that names `--paper` is shown as it is, any other on a white card.
    pub svg: String,
}

/// What the page shows of one stream.
struct Section<'a> {
    summary: &'a StreamSummary,
    metrics: &'a [&'static Metric],
    /// The runs of each family, in the order of the seeds.
    families: BTreeMap<&'a str, Vec<&'a RunDir>>,
    /// What there is to say in short, with the letter of the group where there are several.
    sentences: Vec<(Option<String>, String)>,
    figures: &'a [Figure],
}

/// Makes the page of all `runs`; it reads each run's `config.toml`, where there is one.
///
/// # Errors
/// When runs cannot stand in one table.
pub fn site(runs: &[RunDir], options: &SiteOptions) -> Result<String, SummaryError> {
    let summaries = summarise(runs, &Grouping { metrics: options.metrics.clone(), ..options.grouping.clone() })?;
    let sections = summaries.iter().map(|summary| Section::new(summary, runs, options));
    Ok(page::page(&sections.collect::<Result<Vec<_>, _>>()?, options))
}

impl<'a> Section<'a> {
    fn new(summary: &'a StreamSummary, runs: &'a [RunDir], options: &'a SiteOptions) -> Result<Self, SummaryError> {
        let mut families: BTreeMap<&str, Vec<&RunDir>> = BTreeMap::new();
        for run in runs.iter().filter(|run| run.manifest.stream.hash == summary.stream.hash) {
            if run.manifest.stream.covers.is_none() {
                families.entry(&run.manifest.family).or_default().push(run);
            }
        }
        families.values_mut().for_each(|runs| runs.sort_by_key(|run| run.manifest.seed));
        Ok(Self {
            summary,
            metrics: &options.metrics,
            sentences: sentences(summary, &families)?,
            families,
            figures: options.figures.get(&summary.stream.hash).map_or(&[], Vec::as_slice),
        })
    }
}

/// The verdicts on the first of each group; on the first row where nothing is ranked.
fn sentences(
    summary: &StreamSummary,
    families: &BTreeMap<&str, Vec<&RunDir>>,
) -> Result<Vec<(Option<String>, String)>, SummaryError> {
    /// Groups that are spoken of, at most.
    const MOST: usize = 6;
    let mut firsts: Vec<_> =
        summary.entries.iter().filter(|entry| entry.place.is_some_and(|place| place.place == 1)).collect();
    firsts.sort_by_key(|entry| entry.place.and_then(|place| place.group));
    firsts.dedup_by_key(|entry| entry.place.and_then(|place| place.group));
    if firsts.is_empty() {
        firsts.extend(summary.entries.first());
    }
    let owned = |runs: &[&RunDir]| runs.iter().copied().cloned().collect::<Vec<RunDir>>();
    let references: Vec<RunDir> = families
        .values()
        .filter(|runs| ["finetune", "joint"].contains(&&*runs[0].manifest.method))
        .flat_map(|runs| owned(runs))
        .collect();
    let mut sentences = Vec::new();
    for first in firsts.into_iter().take(MOST) {
        let group = first.place.filter(|place| place.group.is_some()).map(|place| place.text());
        let group = group.map(|text| text.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('.').into());
        sentences.extend(verdict(&owned(&families[&*first.family]), &references)?.map(|sentence| (group, sentence)));
    }
    Ok(sentences)
}

#[cfg(test)]
mod tests;
