//! Accuracy matrices out of files that other tools leave behind; the kind of file is told from its content.
//!
//! Where a log has one accuracy twice because a model was evaluated twice, the last counts and a note says so; where
//! it could only have it twice by mistake, it is refused.

mod avalanche;
mod literal;
mod mammoth;
mod matrix;
mod subject;

#[cfg(test)]
mod properties;

/// Rows or columns of a matrix, at most.
const MAX_SIDE: usize = 10_000;

/// A matrix with a name of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedMatrix {
    /// What tells it from the others of the file.
    pub name: String,
    /// Accuracy, 0 to 1, on every task (column) after every experience (row).
    pub rows: Vec<Vec<Option<f64>>>,
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// Names of the tasks.
    pub tasks: Vec<String>,
    /// Accuracy before the first step, 0 to 1.
    pub baseline: Option<Vec<Option<f64>>>,
    /// Accuracy, 0 to 1, on every task (column) after every experience (row); empty where it was not evaluated.
    pub rows: Vec<Vec<Option<f64>>>,
    /// What was assumed.
    pub notes: Vec<String>,
    /// All matrices of the file, where it has several.
    pub named: Vec<NamedMatrix>,
}

/// Reads the text of a file: a matrix as CSV, a log of Avalanche, or a log of Mammoth.
///
/// # Errors
///
/// Names the line.
pub fn import(text: &str) -> Result<Imported, String> {
    // Spreadsheets begin their files with it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().find(|line| !line.trim().is_empty()).ok_or("the file is empty")?.trim();
    if first.starts_with("eval_exp,training_exp,") {
        return avalanche::csv(text);
    }
    if first.starts_with('[') && text.contains("Top1_Acc_Exp/") {
        return avalanche::json(text);
    }
    if first.starts_with('{') {
        return mammoth::logs(text);
    }
    if text.contains("Top1_Acc_Exp/") {
        return avalanche::text(text);
    }
    matrix::csv(text)
}

/// Cells by row and column, filled in any order; row 0 is the baseline.
#[derive(Default)]
struct Cells {
    cells: std::collections::BTreeMap<(usize, usize), f64>,
    /// How often a cell was set again.
    again: usize,
}

impl Cells {
    /// Sets a cell, in the place of what was there.
    fn set(&mut self, row: usize, column: usize, value: f64) -> Result<(), String> {
        if row > MAX_SIDE || column >= MAX_SIDE {
            return Err(format!("more than {MAX_SIDE} experiences or tasks"));
        }
        if !(0.0..=1.0).contains(&value) {
            return Err(format!("accuracy {value} is out of range; it lies between 0 and 1"));
        }
        self.again += usize::from(self.cells.insert((row, column), value).is_some());
        Ok(())
    }

    /// Sets a cell that was not set before.
    fn set_once(&mut self, row: usize, column: usize, value: f64) -> Result<(), String> {
        if self.cells.contains_key(&(row, column)) {
            return Err(format!("task {} after experience {row} stands here twice; remove one", column + 1));
        }
        self.set(row, column, value)
    }

    fn done(self) -> Result<Imported, String> {
        let rows = self.cells.keys().map(|&(row, _)| row).max().unwrap_or(0);
        let columns = self.cells.keys().map(|&(_, column)| column + 1).max().unwrap_or(0);
        // Numbers alone must not make a file of few bytes a matrix of many.
        if rows == 0 || rows * columns > 1000 + 100 * self.cells.len() {
            return Err(format!(
                "{} accuracies make no matrix of {rows} experiences and {columns} tasks",
                self.cells.len()
            ));
        }
        let notes = match self.again {
            0 => Vec::new(),
            times => vec![format!("accuracies that stand several times: {times}; of each, the last counts")],
        };
        let row = |row| (0..columns).map(|column| self.cells.get(&(row, column)).copied()).collect::<Vec<_>>();
        Ok(Imported {
            tasks: (1..=columns).map(|task| format!("task {task}")).collect(),
            baseline: self.cells.keys().any(|&(row, _)| row == 0).then(|| row(0)),
            rows: (1..=rows).map(row).collect(),
            notes,
            ..Imported::default()
        })
    }
}
