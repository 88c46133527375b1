//! What `features = "rest"` comes to: the columns that are nothing else and do not only count rows.

use anyhow::{Result, bail, ensure};
use clbench::data::Origin;

use super::{
    super::index::{self, Counts},
    Rows,
};
use crate::format::cells::Cells;

/// The columns that are nothing else, in the order of the first file.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// Names of the columns that are features.
    names: Vec<String>,
    /// Where they are in the first file.
    pub columns: Vec<usize>,
    /// Those that may count rows, by place among them.
    pub counts: Vec<usize>,
    /// Whether columns that count rows stay.
    keep: bool,
    /// Columns without a name that were left out, as they are to be told of.
    unnamed: Vec<String>,
}

impl Rest {
    /// All columns but `others` and those without a name.
    pub fn of(cells: &Cells, others: &[Option<usize>], keep: bool) -> Self {
        let mut rest = Self { keep, ..Self::default() };
        for (column, name) in cells.names().iter().enumerate().filter(|(column, _)| !others.contains(&Some(*column))) {
            let counts = if keep { Counts::No } else { index::by_name(name) };
            match counts {
                Counts::Yes => {
                    let called =
                        if name.trim().is_empty() { String::new() } else { format!(" (`{}`)", name.escape_debug()) };
                    rest.unnamed.push(format!("column {}{called}, which has no name", column + 1));
                    continue;
                }
                Counts::Maybe => rest.counts.push(rest.names.len()),
                Counts::No => {}
            }
            rest.names.push(name.clone());
            rest.columns.push(column);
        }
        rest
    }

    /// The same columns in another file.
    ///
    /// # Errors
    /// When it lacks one or has another.
    pub fn again(&self, cells: &Cells, others: &[Option<usize>]) -> Result<Vec<usize>> {
        let there = Self::of(cells, others, self.keep);
        if there.names == self.names {
            return Ok(there.columns);
        }
        if let Some(more) = there.names.iter().find(|name| !self.names.contains(name)) {
            bail!("column `{}` is not in the file for training; name the columns in `features`", more.escape_debug());
        }
        self.names.iter().map(|name| cells.column("features", name)).collect()
    }

    /// Leaves out of all files the columns that count rows, and tells of what was left out.
    pub fn leave_out(&self, name: &str, files: &mut [&mut Rows], origin: &Origin) -> Result<()> {
        let counts = |at: &usize| {
            let columns: Vec<&[f64]> = files.iter().map(|rows| &rows.counts[*at][..]).collect();
            index::are_consecutive(&columns)
        };
        let out: Vec<usize> = (0..self.counts.len()).filter(counts).map(|at| self.counts[at]).collect();
        let named =
            out.iter().map(|place| format!("column `{}`, which counts rows", self.names[*place].escape_debug()));
        let told: Vec<String> = self.unnamed.iter().cloned().chain(named).collect();
        ensure!(
            out.len() < self.names.len(),
            "no column is left for features; {} only counts rows (keep_index = true keeps it)",
            told.join(", ")
        );
        files.iter_mut().for_each(|rows| rows.without(self.names.len(), &out));
        if !told.is_empty() {
            origin.note(format!("{name}: left out as no feature: {}; keep_index = true keeps it", told.join("; ")));
        }
        Ok(())
    }
}
