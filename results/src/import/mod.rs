//! Accuracy matrices out of files that other tools leave behind; the kind of file is told from its content.
//!
//! Where a log has one accuracy twice because a model was evaluated twice, the last counts and a note says so; where
//! it could only have it twice by mistake, it is refused. What a file does not say is assumed only where nothing else
//! is likely, and then noted.

mod avalanche;
mod cell;
mod cells;
mod console;
mod encoding;
mod labels;
mod literal;
mod mammoth;
mod pycil;
mod sheet;
mod split;
mod subject;
mod table;
#[cfg(test)]
mod tests;

pub use encoding::decode;

use self::sheet::Sheet;
use crate::words::short;

/// Rows or columns of a matrix, at most.
const MAX_SIDE: usize = 10_000;

/// What the experiences of a matrix trained.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Training {
    /// One task each, in the order of the columns.
    #[default]
    InOrder,
    /// One experience, all tasks at once.
    Joint,
    /// Any number of experiences, all evaluated on one test set, which is the only column.
    OneTest,
    /// These tasks each.
    Given(Vec<Vec<usize>>),
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// What tells the matrix from the others of the file; empty if it is the only one.
    pub name: String,
    /// Names of the tasks.
    pub tasks: Vec<String>,
    /// Accuracy before the first step, 0 to 1.
    pub baseline: Option<Vec<Option<f64>>>,
    /// Accuracy, 0 to 1, on every task (column) after every experience (row); empty where it was not evaluated.
    pub rows: Vec<Vec<Option<f64>>>,
    /// What each experience trained.
    pub training: Training,
    /// How the tasks weigh, such as by their classes; empty where it is not known.
    pub sizes: Vec<u64>,
    /// What was assumed.
    pub notes: Vec<String>,
    /// Why the matrix is taken only if it is asked for.
    doubt: Option<String>,
}

/// What is wanted of a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    /// Whether the rows of a table are tasks; where nothing is said, a table that looks like it is refused.
    pub transpose: Option<bool>,
    /// Which matrix of several, by its name or its number in the file, from 1.
    pub matrix: Option<&'a str>,
}

/// Reads the text of a file: a matrix as a table or as lists, or a log of Avalanche, Mammoth, PyCIL or PILOT.
///
/// # Errors
///
/// Names the line and the remedy.
pub fn import(text: &str, wish: Wish) -> Result<Imported, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err("the file is empty".into());
    }
    if let Some(found) = log(text) {
        if wish.transpose.is_some() {
            return Err("--transpose is for tables; a log says itself what its rows are".into());
        }
        return pick(found?, wish.matrix);
    }
    let sheet = match listed(text) {
        Some(lists) => Sheet::lists(lists)?,
        None => split::split(text)?,
    };
    pick(vec![table::table(sheet, wish)?], wish.matrix)
}

/// Reads a log, if it is one.
fn log(text: &str) -> Option<Result<Vec<Imported>, String>> {
    let first = text.trim_start();
    if first.starts_with("eval_exp") {
        Some(avalanche::csv(text))
    } else if first.starts_with("training_exp,epoch") {
        Some(Err("the training log of Avalanche; scores need eval_results.csv, which is in the same folder".into()))
    } else if avalanche::speaks(text) && first.starts_with(['[', '{', '(']) {
        Some(avalanche::dictionaries(text))
    } else if avalanche::speaks(text) {
        Some(avalanche::text(text))
    } else if console::speaks(text) {
        Some(console::lines(text))
    } else if pycil::speaks(text) {
        Some(pycil::lines(text))
    } else if first.starts_with('{') {
        Some(mammoth::logs(text))
    } else {
        None
    }
}

/// The lists in a text that holds nothing else, but for a name before them.
fn listed(text: &str) -> Option<&str> {
    let text = text.trim();
    let value = match text.split_once(['[', '(']) {
        Some((name, _)) if name.contains(['=', ':']) && !name.contains(['\n', ',']) => {
            text.split_once(['=', ':']).map_or(text, |(_, value)| value.trim())
        }
        _ => text,
    };
    let wrapped = ["array(", "np.array(", "numpy.array(", "tensor(", "torch.tensor("];
    (value.starts_with(['[', '(']) || wrapped.iter().any(|start| value.starts_with(start))).then_some(value)
}

/// The matrix that is wanted, or the last.
fn pick(mut found: Vec<Imported>, wanted: Option<&str>) -> Result<Imported, String> {
    let names = || found.iter().map(|one| short(&one.name)).collect::<Vec<_>>().join(", ");
    let index = match wanted {
        None => found.len().checked_sub(1),
        Some(wanted) => {
            let named = |one: &Imported| one.name.eq_ignore_ascii_case(wanted.trim());
            let number = wanted.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let index = found.iter().position(named).or(number.filter(|&index| index < found.len()));
            let all = if found.len() == 1 { "there is only one".into() } else { format!("there are {}", names()) };
            Some(index.ok_or_else(|| format!("there is no matrix `{}` in it; {all}", short(wanted)))?)
        }
    };
    let index = index.ok_or("no matrix in it")?;
    let note = (found.len() > 1).then(|| {
        format!(
            "{} matrices in it: {}; taken is {}; --matrix takes another",
            found.len(),
            crate::words::cut(&names(), 200),
            short(&found[index].name)
        )
    });
    if let (None, Some(doubt)) = (wanted, &found[index].doubt) {
        return Err(doubt.clone());
    }
    let mut one = found.swap_remove(index);
    one.notes.extend(note);
    Ok(one)
}
