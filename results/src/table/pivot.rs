//! Methods down, streams across: the table of a paper that compares methods on several streams.

use std::collections::BTreeMap;

use super::{
    Format, NONE, TableOptions, html, latex, markdown,
    sentence::sentences,
    sheet::{Cell, Sheet},
};
use crate::{
    metric::{Metric, measured},
    record::RunDir,
    summary::{
        Entry, Grouping, StreamSummary, SummaryError,
        contest::{Mark, marks},
        summarise,
    },
    words::{
        clean,
        columns::{Side, WIDTH, grid},
        cut, short, wrap,
    },
};

/// Makes one table of all `runs`: a row for each method with its settings, a column for each stream hash and metric.
///
/// Ranks and marks are those within each stream. CSV and JSON are those of [`super::table`]: they hold all streams.
///
/// # Errors
/// When runs contradict each other.
pub fn across(runs: &[RunDir], options: &TableOptions) -> Result<String, SummaryError> {
    let grouping = Grouping { metrics: options.metrics.clone(), ..options.grouping.clone() };
    let mut summaries = summarise(runs, &grouping)?;
    if matches!(options.format, Format::Csv | Format::Json) {
        return Ok(super::render(&summaries, options));
    }
    if options.brief {
        summaries = summaries.into_iter().map(StreamSummary::brief).collect();
    }
    let sheet = sheet(&summaries, options);
    Ok(match options.format {
        Format::Markdown => markdown::page(&sheet),
        Format::Latex => latex::page(&sheet),
        Format::Html => html::page(&sheet),
        _ => text(&sheet),
    })
}

fn sheet(summaries: &[StreamSummary], options: &TableOptions) -> Sheet {
    let mut rows: BTreeMap<(u8, String), Vec<Cell>> = BTreeMap::new();
    let mut header = vec!["method".to_owned()];
    for summary in summaries {
        for metric in &options.metrics {
            let head = if options.metrics.len() == 1 { metric.arrow().into() } else { metric.head() };
            header.push(format!("{} {head}", named(summary, summaries)));
            for (entry, mark) in summary.entries.iter().zip(marks(&summary.entries, metric)) {
                let row = rows.entry(key(entry)).or_default();
                // Two conditions of one method have one name; the first, which ranks higher, stands in the table.
                if row.len() < header.len() - 1 {
                    row.resize(header.len() - 2, Cell::plain(NONE));
                    row.push(cell(entry, metric, mark));
                }
            }
        }
    }
    let width = header.len() - 1;
    let rows = rows.into_iter().map(|((_, name), mut cells)| {
        cells.resize(width, Cell::plain(NONE));
        std::iter::once(Cell::plain(name)).chain(cells).collect()
    });
    let names: Vec<String> = options.metrics.iter().map(|metric| format!("{} {}", metric.short, metric.name)).collect();
    let notes = vec![
        format!("{}; shares in percent, ± half the 95 % interval of the mean over seeds.", names.join(", ")),
        "Marks are those within a stream, among rows of equal conditions, recipe and spending: bold or * is the best, \
         ≈ is not clearly different from it."
            .into(),
    ];
    Sheet {
        title: format!("{} on {} streams", names.join(", "), summaries.len()),
        header,
        rows: rows.collect(),
        notes,
        footnotes: Vec::new(),
        sentences: summaries.iter().flat_map(|summary| sentences(summary, options.grouping.by)).collect(),
    }
}

/// The stream's name, with the beginning of its hash where two streams share the name.
fn named(summary: &StreamSummary, all: &[StreamSummary]) -> String {
    let name = short(&summary.stream.name);
    let twice = all.iter().filter(|other| other.stream.name == summary.stream.name).count() > 1;
    if twice { format!("{name} {}", cut(&clean(&summary.stream.hash), 8)) } else { name }
}

/// Fine-tuning first, joint training last; in between by name.
fn key(entry: &Entry) -> (u8, String) {
    let section = if entry.joint { 2 } else { u8::from(!entry.is_finetune()) };
    let words = std::iter::once(short(&entry.name())).chain(entry.overrides.iter().map(|setting| short(setting)));
    (section, words.collect::<Vec<_>>().join(" "))
}

fn cell(entry: &Entry, metric: &Metric, mark: Mark) -> Cell {
    if !entry.diverged.is_empty() {
        return Cell::plain("diverged");
    }
    let (text, half) = entry.estimate(metric).map_or((NONE.into(), None), |estimate| measured(metric, estimate));
    Cell { text, half: half.map(|half| format!("±{half}")), mark }
}

/// As many columns a grid as fit a terminal.
fn text(sheet: &Sheet) -> String {
    const AT_ONCE: usize = 3;
    let part = |from: usize| {
        let upto = (from + AT_ONCE).min(sheet.header.len());
        let pick = |row: &Vec<Cell>| {
            let cells = row[from..upto].iter().map(|cell| format!("{}{}", cell.mark.sign(), cell.line()));
            // Settings below the method, each on a line of its own.
            std::iter::once(row[0].text.replace(' ', "\n")).chain(cells).collect::<Vec<_>>()
        };
        let heads = std::iter::once(&sheet.header[0]).chain(&sheet.header[from..upto]);
        let header: Vec<String> = heads.map(|head| wrap(head, 14)).collect();
        grid(&header, &sheet.rows.iter().map(pick).collect::<Vec<_>>(), &[Side::Left])
    };
    let mut text = (1..sheet.header.len()).step_by(AT_ONCE).map(part).collect::<Vec<_>>().join("\n");
    text += "\n";
    sheet.notes.iter().chain(&sheet.sentences).for_each(|line| text += &(wrap(line, WIDTH) + "\n"));
    text
}
