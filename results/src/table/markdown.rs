//! A table for a README: one wide table, with the notes below it.

use comfy_table::{Table, presets};

use super::{
    TableOptions,
    sheet::{Cell, Sheet},
};
use crate::summary::{StreamSummary, contest::Mark};

pub(super) fn table(summary: &StreamSummary, options: &TableOptions) -> String {
    page(&Sheet::of(summary, options))
}

/// A sheet with its notes.
pub(super) fn page(sheet: &Sheet) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(sheet.header.iter().map(|head| escape(head)));
    for (index, row) in sheet.rows.iter().enumerate() {
        let mut cells: Vec<String> = row.iter().map(cell).collect();
        if !sheet.footnotes.is_empty() {
            cells[0] += &format!("<sup>{}</sup>", index + 1);
        }
        table.add_row(cells);
    }
    let mut text = format!("**{}**\n\n{}\n", escape(&sheet.title), table.trim_fmt());
    for (index, note) in sheet.footnotes.iter().enumerate() {
        text += &format!("{}<sup>{}</sup> {}", if index == 0 { "\n" } else { "<br>\n" }, index + 1, escape(note));
    }
    if !sheet.footnotes.is_empty() {
        text.push('\n');
    }
    text += &format!("\n{}\n\n**{}**\n", escape(&sheet.notes.join(" ")), escape(&sheet.sentences.join(" ")));
    text
}

fn cell(cell: &Cell) -> String {
    let line = escape(&cell.line());
    match cell.mark {
        Mark::None => line,
        Mark::Best => format!("**{line}**"),
        Mark::Tie => format!("≈{line}"),
    }
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
