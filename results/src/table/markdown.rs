//! A table for a README: one wide table, with the notes below it.

use comfy_table::{Table, presets};

use crate::metric::Metric;
use crate::summary::StreamSummary;

pub(super) fn table(summary: &StreamSummary, metrics: &[&Metric]) -> String {
    let escaped = |cells: Vec<String>| cells.iter().map(|cell| escape(cell)).collect::<Vec<_>>();
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(escaped(super::header(metrics, summary.is_rehearsed())));
    for entry in &summary.entries {
        table.add_row(escaped(super::cells(entry, metrics, summary.is_rehearsed())));
    }
    let notes = escape(&super::notes(summary, metrics).join(" "));
    format!("**{}**\n\n{}\n\n{notes}\n", escape(&super::title(summary)), table.trim_fmt())
}

/// A titled table of any rows.
pub(crate) fn grid(title: &str, header: &[String], rows: &[Vec<String>]) -> String {
    let escaped = |cells: &[String]| cells.iter().map(|cell| escape(cell)).collect::<Vec<_>>();
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(escaped(header));
    for row in rows {
        table.add_row(escaped(row));
    }
    format!("**{}**\n\n{}\n", escape(title), table.trim_fmt())
}

/// Takes the meaning from characters that end a cell or start a link, a tag, code or emphasis.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '|' | '\\' | '[' | ']' | '*' | '`' | '~' => escaped.extend(['\\', c]),
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_cannot_leave_its_cell() {
        assert_eq!(super::escape("a|b<img>[x](y)`*&"), "a\\|b&lt;img>\\[x\\](y)\\`\\*&amp;");
    }
}
