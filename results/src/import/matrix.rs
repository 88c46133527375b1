//! A matrix as CSV: a row per experience, a column per task, names of both if wanted.

use super::{Imported, MAX_SIDE};
use crate::text::short;

/// Reads a matrix. Words in the first line name the tasks; a column of labels comes first where its head is empty,
/// `after` or `experience`, or where the rows start with words. A first row called `start` or `0` is the baseline.
pub(super) fn csv(text: &str) -> Result<Imported, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut lines: Vec<(u64, Vec<String>)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| e.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        if lines.len() > MAX_SIDE || record.len() > MAX_SIDE {
            return Err(format!("line {line}: more than {MAX_SIDE} rows or columns"));
        }
        lines.push((line, record.iter().map(String::from).collect()));
    }
    let word = |cell: &String| !cell.is_empty() && cell.parse::<f64>().is_err();
    let header =
        lines.first().is_some_and(|(_, cells)| cells.iter().skip(1).any(word) || cells.len() == 1 && word(&cells[0]));
    let head = if header { Some(lines.remove(0).1) } else { None };
    let corner = head.as_ref().is_some_and(|head| matches!(head[0].as_str(), "" | "after" | "experience"));
    let labelled = corner || lines.iter().any(|(_, cells)| word(&cells[0]));
    let skip = usize::from(labelled);
    let mut values = Vec::new();
    for (line, cells) in &lines {
        let cell = |cell: &String| -> Result<Option<f64>, String> {
            if cell.is_empty() {
                return Ok(None);
            }
            let value = cell.parse::<f64>().ok().filter(|value| (0.0..=100.0).contains(value));
            value.map(Some).ok_or_else(|| format!("line {line}: `{}` is neither a share nor a percentage", short(cell)))
        };
        values.push(cells.iter().skip(skip).map(cell).collect::<Result<Vec<_>, _>>()?);
    }
    let mut found = Imported::default();
    if values.iter().flatten().flatten().any(|&value| value > 1.0) {
        values.iter_mut().flatten().flatten().for_each(|value| *value /= 100.0);
        found.notes.push("some values are larger than 1, so all are read as percentages".into());
    }
    let width = values.first().map_or(0, Vec::len);
    let first = lines.first().filter(|_| labelled).map(|(_, cells)| cells[0].to_lowercase());
    if first.is_some_and(|label| matches!(label.as_str(), "start" | "0")) {
        found.baseline = Some(values.remove(0));
    }
    if values.is_empty() || width == 0 {
        return Err("no row of accuracies; give one per experience".into());
    }
    found.tasks = match head {
        Some(head) => head.iter().skip(skip).map(|name| short(name)).collect(),
        None => (1..=width).map(|task| format!("task {task}")).collect(),
    };
    found.rows = values;
    Ok(found)
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
