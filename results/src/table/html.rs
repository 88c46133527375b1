//! A table for a page: a fragment without style or script; names are text.

use maud::{Markup, html};

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
    let noted = !sheet.footnotes.is_empty();
    let markup = html! {
        table {
            caption { (sheet.title) }
            thead { tr { @for head in &sheet.header { th scope="col" { (head) } } } }
            tbody {
                @for (index, row) in sheet.rows.iter().enumerate() {
                    tr {
                        @for (column, one) in row.iter().enumerate() {
                            (cell(one, (noted && column == 0).then_some(index + 1)))
                        }
                    }
                }
            }
        }
        @if noted { ol { @for note in &sheet.footnotes { li { (note) } } } }
        p { (sheet.notes.join(" ")) }
        p { strong { (sheet.sentences.join(" ")) } }
    };
    markup.into_string() + "\n"
}

fn cell(cell: &Cell, footnote: Option<usize>) -> Markup {
    let class = match cell.mark {
        Mark::None => None,
        Mark::Best => Some("best"),
        Mark::Tie => Some("tie"),
    };
    html! {
        td class=[class] {
            @match cell.mark {
                Mark::None => { (cell.line()) }
                Mark::Best => { strong { (cell.line()) } }
                Mark::Tie => { "≈" (cell.line()) }
            }
            @if let Some(number) = footnote { sup { (number) } }
        }
    }
}
