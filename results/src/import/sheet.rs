//! Cells in rows, before it is known what they mean.

use std::borrow::Cow;

use super::{
    MAX_SIDE,
    literal::{Value, all},
};
use crate::words::short;

/// A row by its number in the file.
pub(super) type Line<'a> = (usize, Vec<Cow<'a, str>>);

/// Rows of cells.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    /// What a row is called in messages.
    pub(super) unit: &'static str,
    /// Whether blanks part the cells, so that an empty one cannot be seen.
    pub(super) spaced: bool,
    pub(super) lines: Vec<Line<'a>>,
}

impl<'a> Sheet<'a> {
    /// The rows of printed lists: of one list of lists, or of several lists.
    pub(super) fn lists(text: &'a str) -> Result<Self, String> {
        let mut values = all(text)?;
        let mut levels = 0;
        // A matrix may be wrapped, as in `([[…]],)` of a tuple.
        while values.len() == 1 && levels < 8 && inner(&values).is_some_and(|rows| rows.iter().any(is_list)) {
            let Some(Value::List(rows)) = values.pop() else { break };
            values = rows;
            levels += 1;
        }
        if !values.is_empty() && values.iter().all(|row| matches!(row, Value::List(cells) if cells.iter().any(is_list)))
        {
            return Err(format!(
                "{} matrices; keep one per file, such as one seed or one kind of accuracy",
                values.len()
            ));
        }
        let lines = values.into_iter().enumerate().map(|(index, value)| Ok((index + 1, row(index + 1, value)?)));
        Ok(Self { unit: "row", spaced: false, lines: lines.collect::<Result<_, String>>()? })
    }

    /// A message about a row.
    pub(super) fn place(&self, number: usize, why: &str) -> String {
        format!("{} {number}: {why}", self.unit)
    }

    /// Makes all rows equally long: those of a lower triangle end early, those of a spreadsheet late.
    ///
    /// `labels` is the number of columns that are no tasks, `head` whether the first row has names.
    pub(super) fn square(&mut self, head: bool, labels: usize) -> Result<(), String> {
        if head && labels > 0 && self.spaced && self.lines.len() > 1 {
            let longest = self.lines[1..].iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
            if self.lines[0].1.len() + 1 == longest {
                self.lines[0].1.insert(0, Cow::from(""));
            }
        }
        let width = self.lines.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
        let full = self.lines.iter().map(|(_, cells)| cells.len()).sum::<usize>();
        // A row alone must not make a file of few bytes a matrix of many.
        if width * self.lines.len() > 1000 + 100 * full {
            return Err(format!(
                "{} rows of up to {width} cells, and {full} cells in all: no matrix",
                self.lines.len()
            ));
        }
        self.grows(head, labels, width)?;
        if !head && labels == 0 {
            self.begins_with_one()?;
        }
        if head && self.lines[0].1.len() < width {
            let names = self.lines[0].1.len();
            let why = format!("{names} names for {width} columns; names with blanks need tabs or commas between them");
            return Err(self.place(self.lines[0].0, &why));
        }
        self.lines.iter_mut().for_each(|(_, cells)| cells.resize(width, Cow::from("")));
        self.trim();
        Ok(())
    }
    /// Of experience i there are at least the tasks up to i, or nothing at all.
    fn grows(&self, head: bool, labels: usize, width: usize) -> Result<(), String> {
        let mut before = 0;
        for (index, (number, cells)) in self.lines.iter().enumerate().skip(usize::from(head)) {
            let least = (index + 1 - usize::from(head) + labels).min(width).max(before);
            if cells.len() <= labels {
                continue;
            }
            if cells.len() < least {
                let why = format!(
                    "{} where {least} were expected; leave cells that were not evaluated empty, or write nan",
                    cell_count(cells.len())
                );
                return Err(self.place(*number, &why));
            }
            before = cells.len();
        }
        Ok(())
    }
    /// Rows that grow by one cell each are a triangle, whose first row has one.
    fn begins_with_one(&self) -> Result<(), String> {
        let grown = |pair: &[(usize, Vec<Cow<'_, str>>)]| pair[1].1.len() == pair[0].1.len() + 1;
        if self.lines.len() > 1 && self.lines.windows(2).all(grown) {
            let (number, cells) = &self.lines[0];
            if cells.len() > 1 {
                let why = format!(
                    "{} where a triangle begins with 1; put a line before it for each experience that is missing, nan \
                     if it was not evaluated",
                    cell_count(cells.len())
                );
                return Err(self.place(*number, &why));
            }
        }
        Ok(())
    }

    /// Leaves out columns at the end in which nothing stands.
    fn trim(&mut self) {
        while self.lines.iter().all(|(_, cells)| cells.len() > 1 && cells.last().is_some_and(|cell| cell.is_empty())) {
            if self.lines.is_empty() {
                return;
            }
            self.lines.iter_mut().for_each(|(_, cells)| drop(cells.pop()));
        }
    }

    /// Makes rows of the columns.
    pub(super) fn transpose(&mut self) {
        let width = self.lines.first().map_or(0, |(_, cells)| cells.len());
        let column = |index: usize| self.lines.iter().map(|(_, cells)| cells[index].clone()).collect();
        let lines: Vec<Line> = (0..width).map(|index| (index + 1, column(index))).collect();
        self.lines = lines;
        self.unit = "column";
    }
}

/// A number of cells in words.
fn cell_count(cells: usize) -> String {
    if cells == 1 { "1 cell".into() } else { format!("{cells} cells") }
}

fn is_list(value: &Value) -> bool {
    matches!(value, Value::List(_))
}

/// The items of the only value.
fn inner<'a, 'b>(values: &'b [Value<'a>]) -> Option<&'b [Value<'a>]> {
    match values {
        [Value::List(rows)] => Some(rows),
        _ => None,
    }
}

/// The cells of a list.
fn row(number: usize, value: Value<'_>) -> Result<Vec<Cow<'_, str>>, String> {
    let Value::List(cells) = value else {
        return Err(format!("row {number}: `{}` is not a list of accuracies", value.shown()));
    };
    if number > MAX_SIDE || cells.len() > MAX_SIDE {
        return Err(format!("row {number}: more than {MAX_SIDE} rows or columns"));
    }
    let text = |cell| match cell {
        Value::Bare(text) => Ok(Cow::from(text)),
        Value::Text(text) => Ok(Cow::from(text)),
        other => Err(format!("row {number}: `{}` is not an accuracy", short(&other.shown()))),
    };
    cells.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(sheet: &Sheet) -> Vec<Vec<String>> {
        sheet.lines.iter().map(|(_, cells)| cells.iter().map(ToString::to_string).collect()).collect()
    }

    #[test]
    fn lists_of_lists_and_lists_below_each_other_are_rows() {
        let wanted = [["0.9", "null"], ["0.6", "0.8"]];
        for text in ["[[0.9, null], [0.6, 0.8]]", "[0.9, null]\n[0.6, 0.8]\n", "(array([[0.9 null]\n [0.6 0.8]]),)"] {
            assert_eq!(rows(&Sheet::lists(text).unwrap()), wanted, "{text}");
        }
        for (text, why) in [
            ("[[[0.9], [0.6]], [[0.9], [0.6]]]", "2 matrices"),
            ("[[0.9], 0.6]", "row 2: `0.6` is not a list"),
            ("[[0.9], [{}]]", "row 2: `{…}` is not an accuracy"),
            ("[[0.9], [0.6", "line 1: `]` is missing"),
        ] {
            let error = Sheet::lists(text).unwrap_err();
            assert!(error.starts_with(why), "{error}");
        }
    }

    #[test]
    fn triangles_are_filled_up_and_gaps_are_not() {
        let square = |text: &str, head, labels| {
            let mut sheet = super::super::split::split(text).unwrap();
            sheet.square(head, labels).map(|()| rows(&sheet))
        };
        assert_eq!(square("0.9\n0.6,0.8\n", false, 0).unwrap(), [["0.9", ""], ["0.6", "0.8"]]);
        assert_eq!(square("a b\n0 0.9\n1 0.6 0.8\n", true, 1).unwrap()[0], ["", "a", "b"]);
        assert_eq!(square("0.9,,\n0.6,0.8,\n", false, 0).unwrap(), [["0.9", ""], ["0.6", "0.8"]]);
        for (text, why) in [
            ("0.9,0.1\n0.6\n", "line 2: 1 cell where 2 were expected"),
            ("0.9\n0.6\n0.5,0.7,0.8\n", "line 2: 1 cell where 2 were expected"),
            ("0.9,0.1\n0.5,0.8,0.7\n", "line 1: 2 cells where a triangle begins with 1"),
        ] {
            assert!(square(text, false, 0).unwrap_err().starts_with(why), "{text}");
        }
        assert!(square("a,b\n0.9,0.1,0.2\n", true, 0).unwrap_err().starts_with("line 1: 2 names for 3 columns"));
    }

    #[test]
    fn a_long_row_makes_no_matrix() {
        let text = "0.5\n".repeat(5000) + &"0.5,".repeat(5000);
        assert!(super::super::split::split(&text).unwrap().square(false, 0).unwrap_err().contains("no matrix"));
    }
}
