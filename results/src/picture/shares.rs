//! An accuracy matrix: what was known of each task after each experience, as shades with numbers.

use std::ops::Range;

use super::{
    Picture,
    axis::{drawn, minus},
    canvas::{Anchor, Canvas, Stroke, width},
    colour::{EMPTY, FAINT, INK, MARK, Ramp},
    frame::{GAP, Head, LINE, TEXT, WIDE, fit, wide},
    group_label, groups,
};
use crate::words::fixed;

/// Most rows and columns; more are gathered into groups.
const MOST: usize = 30;
/// Width of the rows' labels, at most.
const LABELS: f64 = 120.0;
/// Height of the columns' labels, at most.
const RISE: f64 = 110.0;
/// Size of numbers that have no room at the size of other text: 5.9 points in print.
const SMALL: i32 = 12;
/// Size of a hundred where only two digits have room at that.
const LEAST: i32 = 10;
/// Width and height of the colour bar.
const BAR: (f64, f64) = (150.0, 12.0);
/// Shades of the colour bar.
const STEPS: i32 = 50;

/// A matrix of numbers from 0 to 100.
///
/// Above thirty rows or columns, neighbours are gathered: a cell is then the mean of those that are there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shares {
    /// Stands above.
    pub title: String,
    /// What the rows are, such as what was trained before.
    pub row_title: String,
    /// What the columns are.
    pub column_title: String,
    /// What the numbers are, below the colour bar.
    pub unit: String,
    /// Names of the rows, such as `start`, `1`, `2`.
    pub rows: Vec<String>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows of cells; a cell that is not there, or no finite number, has a dash.
    pub cells: Vec<Vec<Option<f64>>>,
    /// Row and column of cells that are marked: the row's experience trained the column's task.
    pub trained: Vec<(usize, usize)>,
}

/// Where things stand.
struct Layout {
    left: f64,
    top: f64,
    cell: (f64, f64),
    /// Whether the columns' labels run upwards.
    upright: bool,
    bottom: f64,
}

/// What is drawn in the place of a row and a column.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cell {
    share: Option<f64>,
    trained: bool,
}

impl Shares {
    /// Draws it.
    pub fn draw(&self) -> Picture {
        let (rows, columns) = (groups(self.rows.len(), MOST), groups(self.columns.len(), MOST));
        let label = |of: &[String], groups: &[_]| groups.iter().map(|group| group_label(of, group)).collect::<Vec<_>>();
        let (row_names, column_names) = (label(&self.rows, &rows), label(&self.columns, &columns));
        let cells = self.gathered(&rows, &columns);
        let head = Head::of(&self.title);
        let layout = layout(&head, &row_names, &column_names);
        let gathered = rows.len() < self.rows.len() || columns.len() < self.columns.len();
        let foot = layout.bottom + GAP;
        Canvas::fine(WIDE, foot + 2.0 * LINE + 2.0 * GAP, |canvas| {
            head.draw(canvas);
            self.titles(canvas, &layout, head.high());
            labels(canvas, &layout, &row_names, &column_names);
            for (row, cells) in cells.iter().enumerate() {
                for (column, cell) in cells.iter().enumerate() {
                    draw(canvas, &layout, (row, column), *cell);
                }
            }
            self.legend(canvas, foot, gathered, cells.iter().flatten().any(|cell| cell.trained));
        })
    }

    /// The mean of what is there in each place, and whether any of it is marked.
    fn gathered(&self, rows: &[Range<usize>], columns: &[Range<usize>]) -> Vec<Vec<Cell>> {
        let trained: std::collections::BTreeSet<(usize, usize)> = self.trained.iter().copied().collect();
        let cell = |row: &Range<usize>, column: &Range<usize>| {
            let there = || row.clone().flat_map(|row| column.clone().map(move |column| (row, column)));
            let value = |(row, column): (usize, usize)| self.cells.get(row)?.get(column).copied().flatten();
            let values: Vec<f64> = there().filter_map(value).filter(|value| drawn(*value, false)).collect();
            let mean = values.iter().map(|value| value / values.len() as f64).sum();
            Cell { share: (!values.is_empty()).then_some(mean), trained: there().any(|at| trained.contains(&at)) }
        };
        rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect()
    }

    fn titles(&self, canvas: &Canvas, layout: &Layout, top: f64) {
        let room = WIDE - layout.left - GAP;
        canvas.say(&fit(&self.column_title, room), (layout.left, top + LINE / 2.0), TEXT, INK, Anchor::Left);
        let name = fit(&self.row_title, layout.bottom - top);
        let middle = f64::midpoint(layout.top, layout.bottom).max(top + wide(&name) / 2.0);
        let middle = middle.min(layout.bottom - wide(&name) / 2.0);
        canvas.rise(&name, (GAP + LINE / 2.0 - 2.0, middle), TEXT, INK, Anchor::Middle);
    }

    /// The colour bar from 0 to 100, what it stands for, and what a mark means.
    fn legend(&self, canvas: &Canvas, top: f64, gathered: bool, trained: bool) {
        let y = top + LINE / 2.0;
        let from = GAP + wide("0") + 5.0;
        canvas.say("0", (GAP, y), TEXT, FAINT, Anchor::Left);
        let step = BAR.0 / f64::from(STEPS);
        for index in 0..STEPS {
            let at = (from + f64::from(index) * step, y - BAR.1 / 2.0);
            // A little wider than a step, so that no paper is seen between two.
            let across = if index + 1 < STEPS { step + 0.5 } else { step };
            canvas.cell(at, (across, BAR.1), Ramp::Blue.at(f64::from(index) / f64::from(STEPS - 1)));
        }
        canvas.say("100", (from + BAR.0 + 5.0, y), TEXT, FAINT, Anchor::Left);
        let x = from + BAR.0 + 5.0 + wide("100") + 2.0 * GAP;
        if trained {
            let side = 12.0;
            canvas.cell((x, y - side / 2.0), (side, side), Ramp::Blue.at(0.75));
            mark(canvas, (x, y - side / 2.0), (side, side));
            canvas.say("trained then", (x + side + 6.0, y), TEXT, INK, Anchor::Left);
        }
        let said = if gathered { format!("{}, means over groups", self.unit) } else { self.unit.clone() };
        canvas.say(&fit(&said, WIDE - 2.0 * GAP), (GAP, y + LINE + 2.0), TEXT, INK, Anchor::Left);
    }
}

fn layout(head: &Head, rows: &[String], columns: &[String]) -> Layout {
    let widest = |names: &[String]| names.iter().map(|name| wide(name)).fold(0.0, f64::max);
    let left = GAP + LINE + widest(rows).min(LABELS) + 6.0;
    let (across, down) = (columns.len().max(1) as f64, rows.len().max(1) as f64);
    let cell = (((WIDE - left - GAP) / across).min(76.0), (420.0 / down).clamp(14.0, 28.0));
    let upright = widest(columns) + 2.0 > cell.0;
    let rise = if upright { widest(columns).min(RISE) + 4.0 } else { LINE };
    let top = head.high() + LINE + rise + 4.0;
    Layout { left, top, cell, upright, bottom: top + down * cell.1 }
}

fn labels(canvas: &Canvas, layout: &Layout, rows: &[String], columns: &[String]) {
    // Labels nearer than a line's height would cover each other.
    let every = |size: f64| ((f64::from(TEXT) + 1.0) / size).ceil().max(1.0) as usize;
    for (row, name) in rows.iter().enumerate().step_by(every(layout.cell.1)) {
        let y = layout.top + (row as f64 + 0.5) * layout.cell.1;
        canvas.say(&fit(name, LABELS), (layout.left - 5.0, y), TEXT, INK, Anchor::Right);
    }
    let step = if layout.upright { every(layout.cell.0) } else { 1 };
    for (column, name) in columns.iter().enumerate().step_by(step) {
        let x = layout.left + (column as f64 + 0.5) * layout.cell.0;
        if layout.upright {
            canvas.rise(&fit(name, RISE), (x, layout.top - 4.0), TEXT, INK, Anchor::Left);
        } else {
            canvas.say(name, (x, layout.top - 2.0 - LINE / 2.0), TEXT, INK, Anchor::Middle);
        }
    }
}

fn draw(canvas: &Canvas, layout: &Layout, (row, column): (usize, usize), cell: Cell) {
    let at = (layout.left + column as f64 * layout.cell.0, layout.top + row as f64 * layout.cell.1);
    let size = (layout.cell.0 - 1.0, layout.cell.1 - 1.0);
    let middle = (at.0 + size.0 / 2.0, at.1 + size.1 / 2.0);
    let Some(share) = cell.share else {
        canvas.cell(at, size, EMPTY);
        canvas.stroke(&[(middle.0 - 3.0, middle.1), (middle.0 + 3.0, middle.1)], Stroke::solid(FAINT, 1.0));
        if cell.trained {
            mark(canvas, at, size);
        }
        return;
    };
    let shade = share / 100.0;
    canvas.cell(at, size, Ramp::Blue.at(shade));
    if cell.trained {
        mark(canvas, at, size);
    }
    if let Some((text, text_size)) = number(share, size) {
        canvas.say(&text, middle, text_size, Ramp::Blue.ink(shade), Anchor::Middle);
    }
}

/// A cell's number and its size, where two digits have room, so that either all cells have numbers or none.
fn number(share: f64, (across, down): (f64, f64)) -> Option<(String, i32)> {
    // What is written larger keeps some distance from its neighbours.
    let fits = |text: &str, size: i32| f64::from(width(text, size)) + f64::from(size - LEAST) + 1.0 <= across;
    if !fits("00", SMALL) || down < 13.0 {
        return None;
    }
    let decimals = usize::from(fits("100.0", TEXT));
    let text = minus(&fixed(share, decimals));
    [TEXT, SMALL, LEAST].into_iter().find(|size| fits(&text, *size) && fits("00", *size)).map(|size| (text, size))
}

/// A frame that is seen on every shade: orange with a rim of paper.
fn mark(canvas: &Canvas, at: (f64, f64), size: (f64, f64)) {
    let ring = |inset: f64| {
        let (left, top) = (at.0 + inset, at.1 + inset);
        let (right, bottom) = (at.0 + size.0 - inset, at.1 + size.1 - inset);
        [(left, top), (right, top), (right, bottom), (left, bottom), (left, top), (right, top)]
    };
    canvas.stroke(&ring(1.0), Stroke::solid(MARK, 2.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(rows: usize, columns: usize) -> Shares {
        let cell = |row: usize, column: usize| row.checked_sub(column).map(|since| 90.0 - since as f64);
        Shares {
            rows: (0..rows).map(|row| row.to_string()).collect(),
            columns: (0..columns).map(|column| format!("task {column}")).collect(),
            cells: (0..rows).map(|row| (0..columns).map(|column| cell(row, column)).collect()).collect(),
            trained: (0..rows).map(|row| (row, row)).collect(),
            ..Shares::default()
        }
    }

    #[test]
    fn numbers_stand_in_cells_that_have_room() {
        let few = shares(3, 3).draw().svg;
        assert!(few.contains("\n90.0\n") && few.contains("\n88.0\n"), "{few}");
        let more = shares(15, 15).draw().svg;
        assert!(more.contains("\n90\n") && !more.contains("\n90.0\n"));
    }

    #[test]
    fn gathered_cells_are_means_of_what_is_there() {
        let mut matrix = shares(2, 2);
        matrix.cells[1][1] = Some(f64::NAN);
        let all = 0..2;
        // 90 and 89; above the diagonal there is nothing, and on it no number.
        let cells = matrix.gathered(std::slice::from_ref(&all), std::slice::from_ref(&all));
        assert_eq!(cells, [[Cell { share: Some(89.5), trained: true }]]);
        assert!(shares(31, 31).draw().svg.contains("means over groups"));
        assert!(!shares(30, 30).draw().svg.contains("means over groups"));
    }

    #[test]
    fn rows_that_are_too_short_have_dashes() {
        let mut matrix = shares(2, 2);
        matrix.cells.pop();
        let dashes = matrix.draw().svg.matches("stroke-width=\"10\"").count();
        assert_eq!(dashes, 3);
    }
}
