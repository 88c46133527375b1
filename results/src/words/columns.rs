//! Plain columns for a terminal: a header, a line below it, and as little ink as possible.

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, TableStyle};

/// Columns of a terminal that every text must fit.
pub(crate) const WIDTH: usize = 80;

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Lays out `rows` below `header`; the first column gives way where the width does not suffice.
///
/// `sides` says where the first columns stand; all others stand at the right. Ends with a line break.
pub(crate) fn grid(header: &[String], rows: &[Vec<String>], sides: &[Side]) -> String {
    let cell = |(column, text): (usize, &String)| {
        let side = sides.get(column).copied().unwrap_or(Side::Right);
        let alignment = if side == Side::Left { CellAlignment::Left } else { CellAlignment::Right };
        Cell::new(text).set_alignment(alignment)
    };
    let line = |cells: &[String]| Row::from(cells.iter().enumerate().map(cell).collect::<Vec<_>>());
    let mut table = Table::new();
    table
        .load_style(TableStyle::new().header_separator(comfy_table::LineStyle::none().fill('─')))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH as u16)
        .set_header(line(header));
    for row in rows {
        table.add_row(line(row));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((u16::from(index > 0), 1));
        if index > 0 {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let mut text = table.trim_fmt();
    text.push('\n');
    text
}
