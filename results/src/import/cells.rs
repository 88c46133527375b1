//! Cells by row and column, filled in any order.

use super::{Imported, MAX_SIDE, Training};

/// Cells of a log; row 0 is the baseline.
#[derive(Default)]
pub(super) struct Cells {
    cells: std::collections::BTreeMap<(usize, usize), f64>,
    /// How often a cell was set again.
    again: usize,
}

impl Cells {
    /// Sets a cell, in the place of what was there.
    pub(super) fn set(&mut self, row: usize, column: usize, value: f64) -> Result<(), String> {
        if row > MAX_SIDE || column >= MAX_SIDE {
            return Err(format!("more than {MAX_SIDE} experiences or tasks"));
        }
        if !(0.0..=1.0).contains(&value) {
            return Err(format!("accuracy {value} is out of range; it lies between 0 and 1"));
        }
        self.again += usize::from(self.cells.insert((row, column), value).is_some());
        Ok(())
    }

    /// The matrix. What was trained is told from its shape, unless it is `known`: one experience that was evaluated on
    /// several tasks trained all of them.
    pub(super) fn done(self, known: Option<Training>) -> Result<Imported, String> {
        let rows = self.cells.keys().map(|&(row, _)| row).max().unwrap_or(0);
        let columns = self.cells.keys().map(|&(_, column)| column + 1).max().unwrap_or(0);
        // Numbers alone must not make a file of few bytes a matrix of many.
        if rows == 0 || rows * columns > 1000 + 100 * self.cells.len() {
            return Err(format!(
                "{} accuracies do not make a matrix of {rows} experiences and {columns} tasks",
                self.cells.len()
            ));
        }
        let mut notes = match self.again {
            0 => Vec::new(),
            times => vec![format!("accuracies given several times: {times}; the last of each counts")],
        };
        let training = known.unwrap_or_else(|| told(rows, columns, &mut notes));
        let row = |row| (0..columns).map(|column| self.cells.get(&(row, column)).copied()).collect::<Vec<_>>();
        Ok(Imported {
            tasks: (1..=columns).map(|task| format!("task {task}")).collect(),
            baseline: self.cells.keys().any(|&(row, _)| row == 0).then(|| row(0)),
            rows: (1..=rows).map(row).collect(),
            training,
            notes,
            ..Imported::default()
        })
    }
}

/// What was trained, by the shape of a matrix.
fn told(rows: usize, columns: usize, notes: &mut Vec<String>) -> Training {
    match (rows, columns) {
        (1, 2..) => {
            notes.push(format!(
                "one training and {columns} tasks: read as joint training on all of them; for scores after the first \
                 task alone, give the matrix as a table"
            ));
            Training::Joint
        }
        (2.., 1) => {
            notes.push(format!("one test set for {rows} experiences, so nothing is known of single tasks"));
            Training::OneTest
        }
        _ => Training::InOrder,
    }
}
