//! Lines of text into cells: what parts them is told from the text.

use std::borrow::Cow;

use super::{
    MAX_SIDE,
    cell::Cell,
    sheet::{Line, Sheet},
};

/// What parts cells.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Parts {
    /// This character.
    Mark(char),
    /// Any number of blanks.
    Blanks,
}

/// In the order in which they are tried.
const PARTS: [Parts; 5] = [Parts::Mark('\t'), Parts::Mark(';'), Parts::Mark('|'), Parts::Mark(','), Parts::Blanks];

/// Reads the lines of a table; comments, rules and empty lines are left out.
pub(super) fn split(text: &str) -> Result<Sheet<'_>, String> {
    let lines = lines(text);
    let parts = choose(&lines);
    let mut sheet = Sheet { unit: "line", spaced: parts == Parts::Blanks, lines: Vec::new() };
    for (number, line) in lines {
        let mut row: Line = (number, Vec::new());
        if quoted(line) {
            return Err(format!("line {number}: a quote opens and does not close"));
        }
        for cell in cells(line, parts) {
            row.1.push(Cow::from(cell));
            if sheet.lines.len() > MAX_SIDE || row.1.len() > MAX_SIDE {
                return Err(format!("line {number}: more than {MAX_SIDE} rows or columns"));
            }
        }
        sheet.lines.push(row);
    }
    if parts == Parts::Mark(',') {
        commas(&sheet)?;
    }
    Ok(sheet)
}

/// The lines that may hold cells, by number.
fn lines(text: &str) -> Vec<(usize, &str)> {
    // Old spreadsheets end lines with a carriage return alone.
    let end = if text.contains('\n') { '\n' } else { '\r' };
    let lines = text.split(end).enumerate().map(|(index, line)| (index + 1, line.trim_end_matches('\r')));
    let kept = lines.filter(|(_, line)| !line.trim().is_empty() && !comment(line) && !rule(line));
    kept.map(|(number, line)| (number, bare(line))).collect()
}

/// Whether a line is a remark; `#` alone may be the name of a column.
fn comment(line: &str) -> bool {
    let line = line.trim_start();
    match line.strip_prefix('#') {
        Some(rest) => !rest.trim_start_matches(' ').starts_with([',', ';', '\t', '|']),
        None => line.starts_with('%') || line.starts_with("//"),
    }
}

/// Whether a line is drawn to part others, as in Markdown.
fn rule(line: &str) -> bool {
    let drawn = |c: char| matches!(c, '-' | '=' | '─' | '━' | '|' | '+' | ':' | ' ' | '\t' | '┼');
    let strokes = ["---", "===", "─", "━", ":-", "-:"];
    strokes.iter().any(|stroke| line.contains(stroke)) && line.chars().all(drawn)
}

/// A line without the remark behind its numbers.
fn bare(line: &str) -> &str {
    let Some(at) = line.find(" #").or_else(|| line.find("\t#")) else { return line };
    let before = line[..at].trim_end();
    let mut cells = before.split([',', ';', '\t', ' ', '|']).skip(1);
    let numbers = cells.clone().any(|cell| matches!(Cell::of(cell), Cell::Number { .. }));
    if (numbers || Cell::of(before).fits()) && cells.all(|cell| Cell::of(cell).fits()) { before } else { line }
}

/// The cells of a line, without quotes around them.
fn cells(line: &str, parts: Parts) -> Cells<'_> {
    // Markdown draws the frame, too.
    let framed = parts == Parts::Mark('|') && line.trim_start().starts_with('|');
    let line = if framed { line.trim().trim_start_matches('|').trim_end_matches('|') } else { line };
    Cells { rest: Some(if parts == Parts::Blanks { line.trim() } else { line }), parts }
}

struct Cells<'a> {
    rest: Option<&'a str>,
    parts: Parts,
}

impl<'a> Iterator for Cells<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let start = rest.len() - rest.trim_start_matches(' ').len();
        // A quoted cell ends behind its quote; what parts cells may stand in it.
        let quoted = rest[start..].strip_prefix('"').and_then(|inner| Some(start + 2 + inner.find('"')?));
        let from = quoted.unwrap_or(0);
        let end = match self.parts {
            Parts::Mark(mark) => rest[from..].find(mark),
            Parts::Blanks => rest[from..].find(char::is_whitespace),
        };
        let Some(end) = end.map(|end| end + from) else {
            self.rest = None;
            return Some(plain(rest));
        };
        self.rest = Some(match self.parts {
            Parts::Mark(mark) => &rest[end + mark.len_utf8()..],
            Parts::Blanks => rest[end..].trim_start(),
        });
        Some(plain(&rest[..end]))
    }
}

fn plain(cell: &str) -> &str {
    let cell = cell.trim();
    let within = |quote: char| cell.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    within('"').or_else(|| within('\'')).unwrap_or(cell).trim()
}

/// Whether a quote is left open.
fn quoted(line: &str) -> bool {
    line.matches('"').count() % 2 == 1
}

/// What parts the cells: the first that leaves nothing but numbers behind names, or else the first that occurs.
fn choose(lines: &[(usize, &str)]) -> Parts {
    let occurs = |parts: &Parts| lines.iter().any(|(_, line)| cells(line, *parts).nth(1).is_some());
    let numbers = |parts: &Parts| {
        let rows = if lines.len() > 1 { &lines[1..] } else { lines };
        rows.iter().all(|(_, line)| cells(line, *parts).skip(1).all(|cell| Cell::of(cell).fits()))
    };
    let there: Vec<Parts> = PARTS.into_iter().filter(occurs).collect();
    let found = there.iter().find(|parts| numbers(parts)).or(there.first());
    found.copied().unwrap_or(Parts::Blanks)
}

/// Refuses a table in which commas part the cells and, by all appearances, the digits of each number.
fn commas(sheet: &Sheet) -> Result<(), String> {
    let digits = |cell: &str| cell.len() > 1 && cell.bytes().all(|byte| byte.is_ascii_digit());
    let halves = |(_, cells): &&Line| {
        cells.len() % 2 == 0
            && cells.chunks(2).all(|pair| matches!(&*pair[0], "0" | "1") && (digits(&pair[1]) || pair[1] == "0"))
    };
    let numbers: Vec<&Line> =
        sheet.lines.iter().filter(|(_, cells)| cells.iter().all(|cell| Cell::of(cell).fits())).collect();
    let fractions = numbers.iter().any(|(_, cells)| cells.iter().any(|cell| digits(cell)));
    match numbers.first() {
        Some((line, _)) if fractions && numbers.iter().all(halves) => Err(format!(
            "line {line}: commas seem to part both cells and digits; put `;` between cells, or write numbers with a \
             decimal point"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        let sheet = split(text).unwrap();
        sheet.lines.into_iter().map(|(_, cells)| cells.into_iter().map(String::from).collect()).collect()
    }

    #[test]
    fn what_parts_cells_is_told_from_the_text() {
        let wanted = [["after", "a", "b"], ["1", "0.9", ""], ["2", "0.6", "0.8"]];
        for text in [
            "after,a,b\n1,0.9,\n2,0.6,0.8\n",
            "after\ta\tb\n1\t0.9\t\n2\t0.6\t0.8\n",
            "after;a;b\r\n1;0.9;\r\n2;0.6;0.8\r\n",
            "| after | a | b |\n|---|---|---|\n| 1 | 0.9 | |\n| 2 | 0.6 | 0.8 |\n",
            "\"after\", \"a\", \"b\"\r1, 0.9, \r2, 0.6, 0.8\r",
            "# a remark\n\nafter,a,b\n1,0.9, # another\n2,0.6,0.8\n",
        ] {
            assert_eq!(rows(text), wanted, "{text}");
        }
        assert_eq!(rows("  a  b\n0.9 nan\n0.6  0.8"), [["a", "b"], ["0.9", "nan"], ["0.6", "0.8"]]);
        assert_eq!(rows("0,9 0,1\n0,6 0,8"), [["0,9", "0,1"], ["0,6", "0,8"]]);
        assert_eq!(rows("\"0,9\",\"0,1\"\n\"0,6\",\"0,8\""), [["0,9", "0,1"], ["0,6", "0,8"]]);
        assert_eq!(rows("#,\"a, b\",c\n1,0.9,0.1\n")[0], ["#", "a, b", "c"]);
    }

    #[test]
    fn lines_keep_their_numbers() {
        let sheet = split("# x\n\n0.9,0.1\n\n0.6,0.8\n").unwrap();
        assert_eq!(sheet.lines.iter().map(|line| line.0).collect::<Vec<_>>(), [3, 5]);
    }

    #[test]
    fn commas_that_part_cells_and_digits_are_refused() {
        assert!(split("0,95,0,10\n0,60,0,93\n").unwrap_err().contains("put `;` between cells"));
        assert!(split("0.5,\"0.1\n0.6,0.1\n").unwrap_err().starts_with("line 1: a quote opens"));
        // Zeros and ones alone may be accuracies.
        assert_eq!(rows("0,1\n1,0\n"), [["0", "1"], ["1", "0"]]);
    }
}
