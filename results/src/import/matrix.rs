//! A matrix as CSV: a row per experience, a column per task, names of both if wanted.

use super::{Imported, MAX_SIDE};
use crate::text::short;

/// Heads of the column that says after which experience a row was evaluated.
const CORNERS: [&str; 7] = ["", "after", "experience", "exp", "step", "row", "trained"];

/// A line of the file by its number.
type Line = (u64, Vec<String>);

/// Reads a matrix. The first line names the tasks if it has words, begins with one of [`CORNERS`] or counts. The first
/// column labels the rows if its head is one of these, or if it has words or counts. A first row called `start` or `0`
/// is the baseline.
pub(super) fn csv(text: &str) -> Result<Imported, String> {
    let mut lines = lines(text)?;
    let mut notes = Vec::new();
    let head = if has_head(&lines, &mut notes) { Some(lines.remove(0).1) } else { None };
    let labelled = has_labels(head.as_deref(), &lines, &mut notes)?;
    let skip = usize::from(labelled);
    let mut values = lines.iter().map(|(line, cells)| row(*line, &cells[skip..])).collect::<Result<Vec<_>, _>>()?;
    if values.iter().flatten().flatten().any(|&value| value > 1.0) {
        values.iter_mut().flatten().flatten().for_each(|value| *value /= 100.0);
        notes.push("some values are larger than 1, so all are read as percentages".into());
    }
    let width = values.first().map_or(0, Vec::len);
    let first = lines.first().filter(|_| labelled).map(|(_, cells)| cells[0].to_lowercase());
    let baseline = first.is_some_and(|label| matches!(label.as_str(), "start" | "0")).then(|| values.remove(0));
    if values.is_empty() || width == 0 {
        return Err("no row of accuracies; give one per experience".into());
    }
    let tasks = match head {
        Some(head) => head.iter().skip(skip).map(|name| short(name)).collect(),
        None => (1..=width).map(|task| format!("task {task}")).collect(),
    };
    Ok(Imported { tasks, baseline, rows: values, notes, named: Vec::new() })
}

/// The lines of the file, all of one length.
fn lines(text: &str) -> Result<Vec<Line>, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut lines: Vec<Line> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| e.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        if lines.len() > MAX_SIDE || record.len() > MAX_SIDE {
            return Err(format!("line {line}: more than {MAX_SIDE} rows or columns"));
        }
        lines.push((line, record.iter().map(String::from).collect()));
    }
    Ok(lines)
}

fn word(cell: &str) -> bool {
    !cell.is_empty() && cell.parse::<f64>().is_err()
}

/// The number that cells end with, if they count by one from 0 or 1.
fn counts<'a>(mut cells: impl Iterator<Item = &'a str>) -> Option<usize> {
    let first: usize = cells.next()?.parse().ok().filter(|first| *first < 2)?;
    cells.try_fold(first, |last, cell| (cell.parse::<usize>().ok()? == last + 1).then_some(last + 1))
}

/// Whether the first line is no row; accuracies are all below 2, or are not likely to count.
fn has_head(lines: &[Line], notes: &mut Vec<String>) -> bool {
    let Some((_, cells)) = lines.first() else { return false };
    if cells.iter().skip(1).any(|cell| word(cell)) || word(&cells[0]) && cells.len() == 1 {
        return true;
    }
    let named = CORNERS[1..].contains(&&*cells[0].to_lowercase());
    let counted = |skip: usize| counts(cells.iter().skip(skip).map(String::as_str)).is_some_and(|last| last > 1);
    if !named && lines.len() > 1 && (counted(0) || cells[0].is_empty() && counted(1)) {
        notes.push("the first line counts, so it is read as numbers of tasks".into());
        return true;
    }
    named
}

/// Whether the first column is no task.
fn has_labels(head: Option<&[String]>, lines: &[Line], notes: &mut Vec<String>) -> Result<bool, String> {
    if head.is_some_and(|head| CORNERS.contains(&&*head[0].to_lowercase())) {
        return Ok(true);
    }
    if lines.iter().any(|(_, cells)| word(&cells[0])) {
        return Ok(true);
    }
    let (Some(last), None) = (counts(lines.iter().map(|(_, cells)| &*cells[0])), head) else { return Ok(false) };
    let width = lines[0].1.len();
    if last > 1 && width > 1 {
        notes.push("the first column counts, so it is read as numbers of experiences".into());
        return Ok(true);
    }
    if lines.len() == 2 && width == 3 {
        let line = lines[0].0;
        return Err(format!(
            "line {line}: the first column is 0 and 1, accuracies or numbers of experiences; begin the file with a \
             line of names, such as `after,a,b`"
        ));
    }
    Ok(false)
}

/// The cells of a row; empty ones were not evaluated.
fn row(line: u64, cells: &[String]) -> Result<Vec<Option<f64>>, String> {
    let cell = |cell: &String| -> Result<Option<f64>, String> {
        if cell.is_empty() {
            return Ok(None);
        }
        let value = cell.parse::<f64>().ok().filter(|value| (0.0..=100.0).contains(value));
        value.map(Some).ok_or_else(|| format!("line {line}: `{}` is neither a share nor a percentage", short(cell)))
    };
    cells.iter().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_labels_and_the_baseline_are_told_from_numbers() {
        let found = csv("after,a,b\nstart,0.5,0.4\n1,0.9,\n2,0.8,0.7\n").unwrap();
        assert_eq!(found.tasks, ["a", "b"]);
        assert_eq!(found.baseline, Some(vec![Some(0.5), Some(0.4)]));
        assert_eq!(found.rows, [[Some(0.9), None], [Some(0.8), Some(0.7)]]);
        assert_eq!(csv("0.9,0.1\n0.8,0.7\n").unwrap().tasks, ["task 1", "task 2"]);
    }

    #[test]
    fn numbers_that_count_are_names_and_labels() {
        let rows = [[Some(0.9), Some(0.1)], [Some(0.8), Some(0.7)]];
        for text in ["after,1,2\n1,.9,.1\n2,.8,.7", ",1,2\n1,.9,.1\n2,.8,.7", "1,2\n.9,.1\n.8,.7", "1,90,10\n2,80,70"] {
            let found = csv(text).unwrap();
            assert_eq!(found.rows, rows, "{text}");
            assert_eq!((found.tasks.len(), found.baseline), (2, None), "{text}");
        }
        let found = csv("0,.1,.2\n1,.9,.1\n2,.8,.7").unwrap();
        assert_eq!(
            (found.rows, found.baseline),
            (rows.map(|row| row.to_vec()).to_vec(), Some(vec![Some(0.1), Some(0.2)]))
        );
        // Two accuracies may well be 0 and 1.
        assert_eq!(csv("0,1\n1,0.5\n").unwrap().rows, [[Some(0.0), Some(1.0)], [Some(1.0), Some(0.5)]]);
        assert!(csv("0,.9,.1\n1,.8,.7\n").unwrap_err().contains("begin the file with a line of names"));
    }

    #[test]
    fn percentages_are_noted() {
        let found = csv("90,1\n80,70\n").unwrap();
        assert_eq!((found.rows[0][1], found.notes.len()), (Some(0.01), 1));
    }

    #[test]
    fn what_is_no_matrix_is_refused_with_its_line() {
        assert!(csv("0.9,0.1\n0.8\n").unwrap_err().contains("line: 2"));
        assert!(csv("0.9,0.1\n0.8,nan\n").unwrap_err().starts_with("line 2: `nan`"));
        assert!(csv("0.9,0.1\n0.8,101\n").unwrap_err().starts_with("line 2: `101`"));
        assert!(csv("a,b\n").unwrap_err().contains("no row"));
    }
}
