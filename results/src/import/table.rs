//! A matrix as a table: a row per experience, a column per task, names of both if wanted.

use std::borrow::Cow;

use super::{
    Imported, Training, Wish,
    cell::{Cell, Shares, shares},
    labels::{Placed, names_in_order, place},
    sheet::Sheet,
};
use crate::words::short;

/// Heads of the column that says after which experience a row was evaluated.
const CORNERS: [&str; 32] = [
    "",
    "#",
    "after",
    "after task",
    "after training",
    "after training on",
    "experience",
    "exp",
    "step",
    "row",
    "trained",
    "trained on",
    "trained task",
    "train",
    "training",
    "training exp",
    "training task",
    "task",
    "tasks",
    "task id",
    "index",
    "idx",
    "id",
    "epoch",
    "session",
    "stage",
    "phase",
    "time",
    "round",
    "model",
    "checkpoint",
    "unnamed: 0",
];
/// Heads and labels of what is computed from the others.
const MEANS: [&str; 9] =
    ["avg", "avg.", "average", "mean", "acc", "aa", "overall", "average accuracy", "mean accuracy"];

/// Reads a matrix. The first row names the tasks if it has words, begins with one of [`CORNERS`] or counts. The first
/// column labels the rows if its head is one of these, or if it has words or counts.
pub(super) fn table(mut sheet: Sheet, wish: Wish) -> Result<Imported, String> {
    let mut notes = Vec::new();
    if wish.transpose == Some(true) {
        let head = has_head(&sheet, &mut Vec::new());
        sheet.square(head, usize::from(has_labels(&sheet, head, &mut Vec::new())?))?;
        sheet.transpose();
    }
    let head = has_head(&sheet, &mut notes);
    let labelled = has_labels(&sheet, head, &mut notes)?;
    sheet.square(head, usize::from(labelled))?;
    let names = head.then(|| sheet.lines.remove(0).1);
    let labels = labelled.then(|| sheet.lines.iter_mut().map(|(_, cells)| cells.remove(0)).collect::<Vec<_>>());
    let mut names: Option<Vec<Cow<str>>> = names.map(|mut names| names.split_off(usize::from(labelled)));
    let labels = without_means(&mut sheet, &mut names, labels, &mut notes);
    let (values, assumed) = shares(&sheet)?;
    notes.extend(assumed);
    let width = values.first().map_or(0, Vec::len);
    if width == 0 || values.is_empty() {
        return Err("no row of accuracies; give one per experience".into());
    }
    if let Some(names) = &names {
        names_in_order(names)?;
    }
    let mut placed = place(values, labels.as_deref(), names.as_deref())?;
    if placed.rows.is_empty() {
        return Err("no row of accuracies; give one per experience".into());
    }
    notes.append(&mut placed.notes);
    if wish.transpose.is_none() {
        upright(&placed, names.as_deref(), labels.as_deref())?;
    }
    notes.extend(zeros(&placed));
    let tasks = match &names {
        Some(names) => names.iter().map(|name| short(name)).collect(),
        None => (1..=width).map(|task| format!("task {task}")).collect(),
    };
    let Placed { baseline, rows, training, .. } = placed;
    Ok(Imported { tasks, baseline, rows, training, notes, ..Imported::default() })
}

/// A head or label as it is compared.
fn plain(text: &str) -> String {
    text.trim().to_lowercase().replace(['_', '-'], " ").trim().into()
}

fn is_corner(text: &str) -> bool {
    CORNERS.contains(&&*plain(text)) || text.contains(['\\', '/'])
}

fn word(cell: &str) -> bool {
    Cell::of(cell) == Cell::Word
}

/// Whether a cell is a number that counts nothing.
fn fraction(cell: &str) -> bool {
    matches!(Cell::of(cell), Cell::Number { .. }) && Cell::of(cell).integer().is_none()
}

/// The number that cells end with, if they count by one from 0 or 1; a mark or −1 before stands for the start.
fn counts<'a>(cells: impl Iterator<Item = &'a Cow<'a, str>>) -> Option<i64> {
    let mut cells = cells.map(|cell| &**cell).skip_while(|cell| !cell.is_empty() && Cell::of(cell) == Cell::Missing);
    let first = Cell::of(cells.next()?).integer().filter(|first| matches!(first, 0 | 1))?;
    cells.try_fold(first, |last, cell| (Cell::of(cell).integer()? == last + 1).then_some(last + 1))
}

/// Whether the first row has names; accuracies are all below 2, or are not likely to count.
fn has_head(sheet: &Sheet, notes: &mut Vec<String>) -> bool {
    let Some((_, cells)) = sheet.lines.first().filter(|(_, cells)| !cells.is_empty()) else { return false };
    // A row of accuracies with one broken cell is no row of names.
    if cells.iter().any(|cell| fraction(cell)) {
        return false;
    }
    let named = |cell: &&Cow<str>| word(cell) && !MEANS.contains(&&*plain(cell));
    if cells.iter().skip(1).any(|cell| Cell::of(cell).integer().is_some()) && cells.iter().skip(1).any(|c| named(&c)) {
        return false;
    }
    if cells.iter().skip(1).any(|cell| word(cell)) || word(&cells[0]) && cells.len() == 1 {
        return true;
    }
    let named = !cells[0].is_empty() && word(&cells[0]) && is_corner(&cells[0]);
    let counted = |skip: usize| counts(cells.iter().skip(skip)).is_some_and(|last| last > 1);
    if !named && sheet.lines.len() > 1 && (counted(0) || cells[0].is_empty() && counted(1)) {
        notes.push("the first row counts, so it is read as numbers of tasks".into());
        return true;
    }
    named || cells[0] == "#"
}

/// Whether the first column is no task.
fn has_labels(sheet: &Sheet, head: bool, notes: &mut Vec<String>) -> Result<bool, String> {
    let rows = &sheet.lines[usize::from(head)..];
    let names = head.then(|| &sheet.lines[0].1);
    let first = || rows.iter().filter_map(|(_, cells)| cells.first());
    // Where blanks part the cells, the corner cannot be seen if nothing stands in it.
    let longest = rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    // Nor is a column of accuracies with one broken cell a column of labels.
    let numbers = first().any(|cell| fraction(cell));
    let hidden = sheet.spaced && names.is_some_and(|names| names.len() + 1 == longest);
    let words = hidden || first().any(|cell| word(cell));
    if names.and_then(|names| names.first()).is_some_and(|corner| is_corner(corner)) || words && !numbers {
        return Ok(true);
    }
    let others = || rows.iter().flat_map(|(_, cells)| cells.iter().skip(1)).map(|cell| Cell::of(cell));
    let small = |cell| !matches!(cell, Cell::Number { value, .. } if value > 1.0);
    let whole: Option<Vec<i64>> = first().map(|cell| Cell::of(cell).integer()).collect();
    let shares =
        others().all(small) && others().any(|cell| cell.fits() && cell != Cell::Missing && cell.integer().is_none());
    if longest > 1 && shares && whole.is_some_and(|whole| whole.iter().any(|&number| number > 1)) {
        notes.push("the first column has whole numbers and all others shares, so it is read as numbers of rows".into());
        return Ok(true);
    }
    let Some(last) = counts(first()) else { return Ok(false) };
    if last > 1 && longest > 1 {
        notes.push("the first column counts, so it is read as numbers of experiences".into());
        return Ok(true);
    }
    if rows.len() == 2 && longest == 3 {
        return Err(sheet.place(
            rows[0].0,
            "the first column is 0 and 1, accuracies or numbers of experiences; begin the file with a line of names, \
             such as `after,a,b`",
        ));
    }
    Ok(false)
}

/// Leaves out rows and columns of averages, and says so; gives back the labels of the others.
fn without_means<'a>(
    sheet: &mut Sheet,
    names: &mut Option<Vec<Cow<str>>>,
    labels: Option<Vec<Cow<'a, str>>>,
    notes: &mut Vec<String>,
) -> Option<Vec<Cow<'a, str>>> {
    let mean = |text: &str| MEANS.contains(&&*plain(text.trim_end_matches(':')));
    if let Some(names) = names.as_mut().filter(|names| names.iter().any(|name| !mean(name))) {
        let keep: Vec<bool> = names.iter().map(|name| !mean(name)).collect();
        for (name, _) in names.iter().zip(&keep).filter(|(_, keep)| !**keep).take(3) {
            notes.push(format!("the column `{}` is an average and left out", short(name)));
        }
        kept(names, &keep);
        sheet.lines.iter_mut().for_each(|(_, cells)| kept(cells, &keep));
    }
    let mut labels = labels?;
    let keep: Vec<bool> = labels.iter().map(|label| !mean(label)).collect();
    if keep.iter().any(|&keep| keep) {
        for (label, _) in labels.iter().zip(&keep).filter(|(_, keep)| !**keep).take(3) {
            notes.push(format!("the row `{}` is an average and left out", short(label)));
        }
        kept(&mut labels, &keep);
        kept(&mut sheet.lines, &keep);
    }
    Some(labels)
}

/// Leaves out what is not to be kept.
fn kept<T>(items: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    items.retain(|_| keep.next().copied().unwrap_or(true));
}

/// A note where zeros may stand for what was not evaluated.
fn zeros(placed: &Placed) -> Option<String> {
    let above = || placed.rows.iter().enumerate().flat_map(|(index, row)| row.iter().skip(index + 1));
    let zero = above().next().is_some() && above().all(|cell| *cell == Some(0.0));
    let why =
        "all cells above the diagonal are 0 and count as evaluated; write nan if tasks to come were not evaluated";
    (zero && placed.training == Training::InOrder).then(|| why.into())
}

/// Refuses a matrix whose rows are tasks by all appearances.
fn upright(placed: &Placed, names: Option<&[Cow<str>]>, labels: Option<&[Cow<str>]>) -> Result<(), String> {
    let rows = &placed.rows;
    let remedy = "give --transpose if its rows are tasks, or --transpose=no if they are experiences";
    let after = |texts: Option<&[Cow<str>]>| {
        texts.is_some_and(|texts| !texts.is_empty() && texts.iter().all(|text| plain(text).starts_with("after")))
    };
    if after(names) && !after(labels) {
        return Err(format!("transposed? its columns are called `after …`; {remedy}"));
    }
    let square = rows.len() > 1 && rows.iter().all(|row| row.len() == rows.len());
    if placed.training != Training::InOrder || !square || rows.iter().any(|row| row.iter().all(Option::is_none)) {
        return Ok(());
    }
    let below: Shares = rows.iter().enumerate().map(|(index, row)| row[..index].to_vec()).collect();
    let above = || rows.iter().enumerate().flat_map(|(index, row)| &row[index + 1..]);
    let known = above().filter(|cell| cell.is_some_and(|value| value > 0.0)).count();
    let nothing = |cell: &Option<f64>| cell.is_none_or(|value| value == 0.0);
    if below.iter().flatten().all(nothing) && 2 * known >= above().count() {
        return Err(format!("transposed? there is nothing below its diagonal, as if rows were tasks; {remedy}"));
    }
    Ok(())
}
