//! A cell of a table: a number, a mark for what was not evaluated, or a word.

use std::borrow::Cow;

use super::sheet::Sheet;
use crate::words::short;

/// Marks for what was not evaluated, in lower case.
const MISSING: [&str; 19] = [
    "", "nan", "-nan", "nan%", "na", "n/a", "n.a.", "#n/a", "<na>", "none", "null", "nil", "-", "--", "---", "–", "—",
    "?", "_",
];

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell {
    /// It was not evaluated.
    Missing,
    /// A finite number as it is written.
    Number { value: f64, percent: bool, comma: bool },
    /// Anything else.
    Word,
}

impl Cell {
    pub(super) fn of(text: &str) -> Self {
        // Markdown and our own tables mark cells with stars.
        let text = text.trim().trim_matches('*');
        let lower = text.to_lowercase();
        if MISSING.contains(&&*lower) {
            return Self::Missing;
        }
        let (digits, percent) = match text.strip_suffix('%') {
            Some(rest) => (rest.trim_end(), true),
            None => (text, false),
        };
        let (digits, comma) = match digits.split_once(',') {
            Some((whole, rest)) if !whole.is_empty() && !rest.is_empty() && !rest.contains(['.', ',']) => {
                (Cow::from(format!("{whole}.{rest}")), !whole.contains('.'))
            }
            _ => (Cow::from(digits), false),
        };
        let plain = digits.replacen('−', "-", 1);
        if !plain.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return Self::Word;
        }
        match plain.parse::<f64>() {
            // No accuracy is negative, so that many programs write this where they have none.
            Ok(value) if value.to_bits() == (-1.0_f64).to_bits() => Self::Missing,
            Ok(value) if value.is_finite() => Self::Number { value, percent, comma },
            _ => Self::Word,
        }
    }

    /// Whether it may stand in a matrix.
    pub(super) fn fits(self) -> bool {
        self != Self::Word
    }

    /// The count that it is, if it has no fraction.
    pub(super) fn integer(self) -> Option<i64> {
        match self {
            Self::Number { value, percent: false, comma: false } if value.fract() == 0.0 && value.abs() < 1e9 => {
                Some(value as i64)
            }
            _ => None,
        }
    }
}

/// Accuracies, 0 to 1, by row and column; empty where they were not evaluated.
pub(super) type Shares = Vec<Vec<Option<f64>>>;

/// The cells of a sheet as shares, and what was assumed.
pub(super) fn shares(sheet: &Sheet) -> Result<(Shares, Vec<String>), String> {
    let mut seen = Seen::default();
    let mut rows = Vec::new();
    for (number, cells) in &sheet.lines {
        let row = cells.iter().map(|cell| seen.read(cell).map_err(|why| sheet.place(*number, &why)));
        rows.push(row.collect::<Result<Vec<_>, _>>()?);
    }
    let notes = seen.notes();
    if seen.percent > 0 || seen.above > 0 {
        rows.iter_mut().flatten().flatten().for_each(|value| *value /= 100.0);
    }
    Ok((rows, notes))
}

/// What cells had in common so far.
#[derive(Default)]
struct Seen {
    numbers: usize,
    percent: usize,
    above: usize,
    commas: usize,
    points: usize,
    marks: usize,
    minus: usize,
}

impl Seen {
    fn read(&mut self, text: &str) -> Result<Option<f64>, String> {
        let (value, percent, comma) = match Cell::of(text) {
            Cell::Missing => {
                let minus = text.trim_start_matches(['*', ' ']).starts_with(['-', '−']) && text.contains('1');
                self.minus += usize::from(minus);
                self.marks += usize::from(!minus && !text.trim().is_empty());
                return Ok(None);
            }
            Cell::Number { value, percent, comma } => (value, percent, comma),
            Cell::Word => return Err(word(text)),
        };
        if !(0.0..=100.0).contains(&value) {
            return Err(format!("`{}` is neither a share nor a percentage", short(text)));
        }
        self.numbers += 1;
        self.percent += usize::from(percent);
        self.above += usize::from(value > 1.0);
        self.commas += usize::from(comma);
        self.points += usize::from(text.contains('.'));
        if self.commas > 0 && self.points > 0 {
            let why = "some numbers have a decimal comma and some a decimal point; write all with a point";
            return Err(format!("`{}`: {why}", short(text)));
        }
        Ok(Some(value))
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.percent > 0 {
            notes.push("some numbers have a percent sign, so all are read as percentages".into());
        } else if self.above > 0 {
            notes.push("some values are larger than 1, so all are read as percentages".into());
        } else if self.numbers > 0 {
            notes.push("no value is larger than 1, so all are read as shares, 1 for all answers right".into());
        }
        if self.commas > 0 {
            notes.push("commas within numbers are read as decimal commas".into());
        }
        if self.marks > 0 {
            notes.push(format!("cells that hold no number and are read as not evaluated: {}", self.marks));
        }
        if self.minus > 0 {
            notes.push(format!("cells that hold -1 and are read as not evaluated: {}", self.minus));
        }
        notes
    }
}

/// What is wrong with a cell that is neither a number nor a mark.
fn word(text: &str) -> String {
    let hint = if text.contains(['±', '(']) || text.contains("+-") || text.contains("+/-") {
        "; leave the mean alone in its cell"
    } else if text.contains("...") || text.contains('…') {
        "; numbers were left out here: print the whole array, or save it with numpy.savetxt"
    } else {
        ""
    };
    format!("`{}` is neither a share nor a percentage{hint}", short(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_marks_and_words_are_told_apart() {
        let number = |value| Cell::Number { value, percent: false, comma: false };
        for (text, cell) in [
            ("0.95", number(0.95)),
            ("9.5e-01", number(0.95)),
            (".5", number(0.5)),
            ("1.", number(1.0)),
            ("**0.5**", number(0.5)),
            ("95.0%", Cell::Number { value: 95.0, percent: true, comma: false }),
            ("95 %", Cell::Number { value: 95.0, percent: true, comma: false }),
            ("0,95", Cell::Number { value: 0.95, percent: false, comma: true }),
            ("-0.5", number(-0.5)),
        ] {
            assert_eq!(Cell::of(text), cell, "{text}");
        }
        for text in ["", " ", "nan", "NaN", "NA", "None", "null", "-", "—", "-1", "-1.0", "−1", "nan%"] {
            assert_eq!(Cell::of(text), Cell::Missing, "{text}");
        }
        for text in ["inf", "-inf", "infinity", "a", "0.5±0.1", "1.2.3", "1,2,3", "1.000,5,", "1e999", "0x1", "..."] {
            assert_eq!(Cell::of(text), Cell::Word, "{text}");
        }
    }
}
