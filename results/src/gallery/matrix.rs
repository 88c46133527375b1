//! The accuracy matrix of each method as a heat map, mean over seeds.

use super::{
    Sketch,
    cast::{Cast, DOTS, Member},
};
use crate::picture::Shares;

/// Rows and columns that a picture has room for.
const MOST: usize = 300;

/// A picture per method.
pub(super) fn draw(cast: &Cast) -> Result<Vec<Sketch>, String> {
    let (tasks, experiences) = (cast.summary.stream.tasks.len(), cast.summary.stream.experiences);
    if tasks.max(experiences) > MOST {
        return Err(format!(
            "a picture has room for {MOST} tasks and experiences, and there are {tasks} and {experiences}; `clbench \
             score` and `clbench export csv` write all of them"
        ));
    }
    let shown = cast.shown(DOTS, |member| {
        let cells = cells(member);
        cells.iter().flatten().any(Option::is_some).then_some(cells)
    });
    if shown.rows.is_empty() {
        return Err(format!("no sequential method has an evaluation after an experience{}", cast.absent()));
    }
    let sketch = |(member, cells): &(&Member, Vec<Vec<Option<f64>>>)| {
        let title = format!("Accuracy of {} on {}", member.name, cast.stream());
        let picture = picture(cast, member, &title, cells).draw();
        let what = "Accuracy on each task (column) after each experience (row), before the first step in the row \
                    `start`; a frame marks what an experience trains, a dash what was not evaluated on every seed.";
        let seeds = match member.entry.seeds.len() {
            1 => "One seed.".to_owned(),
            count => format!("Means over {count} seeds."),
        };
        Sketch {
            of: Some(member.name.clone()),
            title,
            caption: format!("{what} {seeds}{}{}", shown.more(), cast.absent()),
            picture,
        }
    };
    Ok(shown.rows.iter().map(sketch).collect())
}

/// Means over the seeds in percent; row 0 is before the first step.
pub(super) fn cells(member: &Member) -> Vec<Vec<Option<f64>>> {
    let Some(first) = member.subjects.first() else { return Vec::new() };
    let cell = |row: usize, task: usize| {
        member.over_seeds(|subject| subject.matrix.after(row, task)).map(|estimate| 100.0 * estimate.mean)
    };
    let row = |row: usize| (0..first.matrix.tasks()).map(|task| cell(row, task)).collect();
    (0..=first.matrix.experiences()).map(row).collect()
}

fn picture(cast: &Cast, member: &Member, title: &str, cells: &[Vec<Option<f64>>]) -> Shares {
    let tasks = cells.first().map_or(0, Vec::len);
    let trains =
        |row: usize, task: usize| member.subjects.first().is_some_and(|subject| subject.matrix.trains(row, task));
    // The row before the first step is left out where nothing was evaluated.
    let skipped = usize::from(cells.first().is_some_and(|row| row.iter().all(Option::is_none)));
    let rows = skipped..cells.len();
    let (columns, column_title) = cast.tasks(&(0..tasks).collect::<Vec<_>>());
    let trained = rows.clone().flat_map(|row| (0..tasks).map(move |task| (row, task)));
    Shares {
        title: title.into(),
        row_title: "after experience".into(),
        column_title,
        unit: match member.entry.seeds.len() {
            1 => "accuracy in %, one seed".into(),
            count => format!("accuracy in %, mean of {count} seeds"),
        },
        rows: rows.clone().map(|row| if row == 0 { "start".into() } else { row.to_string() }).collect(),
        columns,
        cells: cells[rows].to_vec(),
        trained: trained.filter(|&(row, task)| trains(row, task)).map(|(row, task)| (row - skipped, task)).collect(),
    }
}
