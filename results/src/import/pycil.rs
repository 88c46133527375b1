//! Logs of PyCIL and of PILOT, which descends from it: accuracies of groups of classes after each experience.
//!
//! - `trainer.py` and `utils/toolkit.py` at 04d2e8a, <https://github.com/G-U-N/PyCIL>, and at 17a8ea4,
//!   <https://github.com/sun-hailong/LAMDA-PILOT>: `CNN: {'total': …, '00-09': …, 'old': …, 'new': …}` in percent, in
//!   older versions as shares and without `CNN:`. At the end `Accuracy Matrix (CNN):` follows, whose rows are tasks.

use super::{
    Imported, Training,
    cells::Cells,
    literal::{Value, first},
};
use crate::words::short;

const GROUPS: &str = "{'total':";
const MATRIX: &str = "Accuracy Matrix";

/// Whether a text is of this kind.
pub(super) fn speaks(text: &str) -> bool {
    text.contains(GROUPS) || text.contains(MATRIX) || text.contains("curve: [") || text.contains("Curve: [")
}

/// Accuracies of groups of classes, and of all classes so far.
#[derive(Default)]
struct Groups {
    total: Option<f64>,
    each: Vec<(String, f64)>,
}

/// A classifier's accuracies, by experience.
struct Run {
    name: String,
    rows: Vec<Groups>,
}

/// Reads all runs; that of the network itself (CNN) stands last.
pub(super) fn lines(text: &str) -> Result<Vec<Imported>, String> {
    let mut runs: Vec<Run> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some(at) = line.find(GROUPS) else { continue };
        let place = |why: String| format!("line {}: {}", index + 1, why.replacen("line 1: ", "", 1));
        let groups = groups(&line[at..]).map_err(place)?;
        if groups.each.is_empty() {
            return Err(place("no groups of classes such as '00-09'; scores need the accuracy on each".into()));
        }
        let name = line[..at].trim_end().trim_end_matches(':');
        let name = name.rsplit([' ', '>']).next().unwrap_or_default().trim_matches(['[', ']']);
        let last = runs.iter_mut().rfind(|run| run.name == name);
        match last.filter(|run| run.rows.last().is_some_and(|row| row.each.len() < groups.each.len())) {
            Some(run) => run.rows.push(groups),
            None => runs.push(Run { name: name.into(), rows: vec![groups] }),
        }
    }
    if runs.is_empty() {
        return if text.contains(MATRIX) { tables(text) } else { Err(curve(text)) };
    }
    divides(text)?;
    let mut found = runs.iter().map(matrix).collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(|one| one.name == "CNN");
    numbered(&mut found);
    Ok(found)
}

/// The accuracies of groups of classes, which are called `00-09`.
fn groups(text: &str) -> Result<Groups, String> {
    let Value::Dict(pairs) = first(text)?.0 else { return Err("not a dictionary".into()) };
    let (mut groups, mut seen) = (Groups::default(), std::collections::BTreeSet::new());
    for (key, value) in pairs {
        let number = value.number().filter(|number| (0.0..=100.0).contains(number));
        if key == "total" {
            groups.total = number;
        }
        if classes(&key).is_none() {
            continue;
        }
        if !seen.insert(key.clone()) {
            return Err(format!("`{}` appears twice", short(&key)));
        }
        groups.each.push((key, number.ok_or_else(|| format!("`{}` is not an accuracy", value.shown()))?));
    }
    Ok(groups)
}

/// How many classes a group has, by its name.
fn classes(group: &str) -> Option<u64> {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok())?;
    let (from, to) = group.split_once('-')?;
    Some(u64::from(number(to)?.checked_sub(number(from)?)?) + 1)
}

/// The classes of each group, if the accuracy on all classes so far is the mean over classes.
fn sizes(run: &Run) -> Vec<u64> {
    let of = |groups: &Groups| groups.each.iter().filter_map(|(group, _)| classes(group)).collect::<Vec<_>>();
    let fits = |groups: &Groups| {
        let sizes = of(groups);
        let sum: f64 = groups.each.iter().zip(&sizes).map(|((_, value), &size)| value * size as f64).sum();
        // Each number is rounded to two decimals, or to three as a share.
        groups.total.is_some_and(|total| {
            (sum / sizes.iter().sum::<u64>() as f64 - total).abs() < if total > 1.0 { 0.011 } else { 0.0011 }
        })
    };
    run.rows.last().filter(|_| run.rows.iter().all(fits)).map(of).unwrap_or_default()
}

/// Refuses experiences that groups of classes do not fit into.
fn divides(text: &str) -> Result<(), String> {
    let setting = |name: &str| {
        let line = text.lines().find_map(|line| line.split_once(name).map(|(_, value)| value.trim()));
        line.and_then(|value| value.parse::<u32>().ok())
    };
    match (setting("init_cls: "), setting("increment: ")) {
        (Some(first), Some(step)) if step > 0 && first % step != 0 => Err(format!(
            "the first experience has {first} classes and the groups have {step}, so that no group is a task of its own"
        )),
        _ => Ok(()),
    }
}

/// The matrix of a run, in which each experience trains the groups that are new.
fn matrix(run: &Run) -> Result<Imported, String> {
    let tasks: Vec<String> =
        run.rows.last().into_iter().flat_map(|row| &row.each).map(|(group, _)| group.clone()).collect();
    let percent = run.rows.iter().flat_map(|row| &row.each).any(|&(_, value)| value > 1.0);
    let (mut cells, mut trained, mut seen) = (Cells::default(), Vec::new(), 0);
    for (index, row) in run.rows.iter().enumerate() {
        for (task, (group, value)) in row.each.iter().enumerate() {
            if tasks.get(task) != Some(group) {
                return Err(format!("group `{}` is in another place after experience {}", short(group), index + 1));
            }
            cells.set(index + 1, task, if percent { value / 100.0 } else { *value })?;
        }
        trained.push((seen..row.each.len()).collect::<Vec<_>>());
        seen = row.each.len();
    }
    let ordered = trained.iter().enumerate().all(|(index, tasks)| **tasks == [index]);
    let known = if trained.len() == 1 && tasks.len() > 1 {
        Training::Joint
    } else if ordered {
        Training::InOrder
    } else {
        Training::Given(trained.clone())
    };
    let mut one = cells.done(Some(known))?;
    one.notes.push(if percent { "the numbers are percentages" } else { "the numbers are shares" }.into());
    if !ordered {
        let groups: Vec<String> = trained.iter().map(|tasks| tasks.len().to_string()).collect();
        let groups = crate::words::cut(&groups.join(", "), 60);
        one.notes.push(format!("tasks are groups of classes, of which the experiences train {groups}"));
    }
    one.sizes = sizes(run);
    (one.tasks, one.name) = (tasks.iter().map(|task| short(task)).collect(), run.name.clone());
    Ok(one)
}

/// The matrices that stand below `Accuracy Matrix`, whose rows are tasks.
fn tables(text: &str) -> Result<Vec<Imported>, String> {
    let mut found = Vec::new();
    for part in text.split(MATRIX).skip(1) {
        let name = part.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(name, _)| name);
        let start = part.find('[').ok_or("no matrix below `Accuracy Matrix`")?;
        let (_, end) = first(&part[start..])?;
        let sheet = super::Sheet::lists(&part[start..start + end])?;
        let wish = super::Wish { transpose: Some(true), matrix: None };
        let mut one = super::table::table(sheet, wish)?;
        one.notes.retain(|note| !note.contains("above the diagonal"));
        // Zeros stand where an experience was not evaluated.
        for (index, row) in one.rows.iter_mut().enumerate() {
            row.iter_mut().skip(index + 1).filter(|cell| **cell == Some(0.0)).for_each(|cell| *cell = None);
        }
        one.notes
            .push("the rows of PyCIL's matrices are tasks; zeros of tasks to come are read as not evaluated".into());
        one.name = short(name);
        found.push(one);
    }
    found.sort_by_key(|one| one.name == "CNN");
    numbered(&mut found);
    Ok(found)
}

/// Tells matrices of one name apart.
fn numbered(found: &mut [Imported]) {
    let names: Vec<String> = found.iter().map(|one| one.name.clone()).collect();
    for (index, one) in found.iter_mut().enumerate() {
        if names.iter().filter(|name| **name == one.name).count() > 1 {
            let run = names[..=index].iter().filter(|name| **name == one.name).count();
            one.name = format!("{} run {run}", one.name).trim().into();
        }
    }
}

/// Why a log that has only curves has no scores.
fn curve(text: &str) -> String {
    let line = text.lines().rfind(|line| line.contains("urve: ["));
    let mean = || {
        let line = line?;
        let Value::List(items) = first(&line[line.find('[')?..]).ok()?.0 else { return None };
        let values: Vec<f64> = items.iter().map(Value::number).collect::<Option<_>>()?;
        Some(format!(", of which the mean is {:.2}", crate::statistics::estimate::mean(&values)?))
    };
    format!(
        "only curves of the accuracy on all classes so far{}; scores need the lines like `CNN: {{'total': …, '00-09': \
         …}}`",
        mean().unwrap_or_default()
    )
}
