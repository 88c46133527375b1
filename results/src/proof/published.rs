//! Tables as they were published, read back: JSON as it is, Markdown by its heads and footnotes.

use serde_json::Value;

use super::{Cell, Said};
use crate::metric::{Metric, find};
use crate::text::short;

/// What was read of a published table.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// Every number whose runs are named.
    pub cells: Vec<Cell>,
    /// Rows of which no runs are named.
    pub unnamed: usize,
}

/// Reads a table that `clbench table` wrote as JSON or as Markdown with footnotes; a page may hold several.
///
/// # Errors
/// When there is no such table in `text`.
pub fn read_published(text: &str) -> Result<Published, String> {
    let published = if text.trim_start().starts_with('[') { json(text)? } else { markdown(text) };
    if published.cells.is_empty() {
        return Err(
            "no table with runs in it; make one with `clbench table --format json`, or `--format md` with its \
                    footnotes"
                .into(),
        );
    }
    Ok(published)
}

fn json(text: &str) -> Result<Published, String> {
    let tables: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut published = Published { cells: Vec::new(), unnamed: 0 };
    let rows = tables.as_array().into_iter().flatten().filter_map(|table| table["rows"].as_array()).flatten();
    for row in rows {
        let runs: Vec<String> = strings(&row["runs"]);
        let Some(scores) = row["scores"].as_object().filter(|_| !runs.is_empty()) else {
            published.unnamed += 1;
            continue;
        };
        let words =
            std::iter::once(row["name"].as_str().unwrap_or_default().to_owned()).chain(strings(&row["overrides"]));
        let name = words.map(|word| short(&word)).collect::<Vec<_>>().join(" ");
        for (key, score) in scores {
            let metric = find(key)?;
            let pair = |pair: &Value| Some((pair.get(0)?.as_u64()?, pair.get(1)?.as_f64()?));
            let by_seed = score["by_seed"].as_array().into_iter().flatten().filter_map(pair).collect();
            let said = Said::Exactly { mean: score["mean"].as_f64(), half: score["half_width_95"].as_f64(), by_seed };
            published.cells.push(Cell { row: name.clone(), metric, runs: runs.clone(), said });
        }
    }
    Ok(published)
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(String::from)).collect()
}

/// A row of a Markdown table: its name, its footnote, and what is shown in the columns of scores.
struct Row {
    name: String,
    note: String,
    shown: Vec<(&'static Metric, String)>,
}

fn markdown(text: &str) -> Published {
    let mut published = Published { cells: Vec::new(), unnamed: 0 };
    let mut heads: Vec<Option<&'static Metric>> = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    for line in text.lines().chain(["**"]) {
        if let Some(cells) = cells(line) {
            if cells[0].trim() == "method" {
                published.unnamed += rows.len();
                rows.clear();
                heads = cells.iter().map(|head| scored(head)).collect();
            } else if !cells[0].starts_with(['-', ':']) {
                rows.push(row(&cells, &heads));
            }
        } else if let Some((note, runs)) = footnote(line) {
            let Some(at) = rows.iter().position(|row| row.note == note) else { continue };
            let Row { name, shown, .. } = rows.remove(at);
            let cell = |(metric, text)| Cell { row: name.clone(), metric, runs: runs.clone(), said: Said::Shown(text) };
            published.cells.extend(shown.into_iter().map(cell));
        }
    }
    published.unnamed += rows.len();
    published
}

/// The cells of a line of a table; an escaped bar ends none.
fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let parts = inner.replace("\\|", "\u{1}");
    Some(parts.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect())
}

/// The metric of a head such as `ACC ↑`.
fn scored(head: &str) -> Option<&'static Metric> {
    let name = head.trim_end_matches(['↑', '↓', ' ']);
    find(name).ok().filter(|metric| metric.short == name)
}

fn row(cells: &[String], heads: &[Option<&'static Metric>]) -> Row {
    let (name, note) = cells[0].split_once("<sup>").unwrap_or((&cells[0], ""));
    let shown = cells.iter().zip(heads).filter_map(|(cell, metric)| {
        let text = cell.trim_start_matches(['≈', '*']).trim_end_matches('*');
        // A diverged method has no number.
        (!text.starts_with("diverged")).then_some(((*metric)?, text.to_owned()))
    });
    Row { name: name.into(), note: note.trim_end_matches("</sup>").into(), shown: shown.collect() }
}

/// The number of a footnote and its runs, from `<sup>1</sup> ewc: runs a b c; clbench run …`.
fn footnote(line: &str) -> Option<(String, Vec<String>)> {
    let (number, rest) = line.strip_prefix("<sup>")?.split_once("</sup>")?;
    let (runs, _) = rest.split_once(": runs ")?.1.split_once(';')?;
    // Where a note says that there are more, the row cannot be checked.
    let runs: Vec<String> = runs.split_whitespace().map(String::from).collect();
    (!runs.contains(&"more".into())).then(|| (number.into(), runs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_a_table_is_an_error() {
        for text in ["", "# Title\n", "[]", "[{\"rows\": [{}]}]", "| method | ACC ↑ |\n|---|---|\n| er | 1.0 |\n"] {
            assert!(read_published(text).unwrap_err().starts_with("no table with runs in it"), "{text}");
        }
        assert!(read_published("[").unwrap_err().contains("EOF"));
    }

    #[test]
    fn a_markdown_table_is_read_by_its_heads_and_footnotes() {
        let text = "| method | seeds | ACC ↑ | FGT ↓ | x |\n|---|---|---|---|---|\n| a\\|b<sup>1</sup> | 2 | **20.3 ±0.9** \
                    | ≈1.0 | 7 |\n| c | 1 | 5 | 6 | 7 |\n\n<sup>1</sup> a|b: runs r1 r2; clbench run x\n";
        let Published { cells, unnamed } = read_published(text).unwrap();
        assert_eq!(unnamed, 1);
        let said: Vec<_> = cells.iter().map(|cell| (&cell.row[..], cell.metric.key, cell.said.clone())).collect();
        let shown = |text: &str| Said::Shown(text.into());
        assert_eq!(said, [("a|b", "acc.gem17", shown("20.3 ±0.9")), ("a|b", "forgetting.chaudhry18", shown("1.0"))]);
        assert_eq!(cells[0].runs, ["r1", "r2"]);
    }
}
