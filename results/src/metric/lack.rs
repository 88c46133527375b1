//! Why a score has no value: what it needs of a run, and what of that is missing, in words.
//!
//! A score lists its needs in the order in which they are worth telling: that a run is joint says more than that a cell
//! is empty. Tasks are named by their number, counted from 1.

use super::Subject;

/// Says what is missing; nothing where all is there.
pub type Lack = fn(&Subject) -> Option<String>;

/// A cell: the experience, 0 for before the first step, and the task.
type Cell = (usize, usize);

/// All tasks at once have no order.
pub(super) fn sequence(subject: &Subject) -> Option<String> {
    subject.matrix.joint().then(|| "all tasks were trained at once".into())
}

/// Some task is trained.
pub(super) fn trained(subject: &Subject) -> Option<String> {
    subject.trained().next().is_none().then(|| "no experience trains a task".into())
}

/// Some task is trained, and not by the last experience.
pub(super) fn earlier(subject: &Subject) -> Option<String> {
    if subject.earlier().next().is_some() {
        return None;
    }
    Some(match subject.trained().count() {
        0 => "no experience trains a task".into(),
        1 => "there is only one task, and no other is trained after it".into(),
        _ => "the last experience trains every task, so that none could be forgotten".into(),
    })
}

/// Some task is followed by a further experience.
pub(super) fn followed(subject: &Subject) -> Option<String> {
    let last = subject.matrix.experiences();
    let is_followed = |task| subject.matrix.first_trained(task).is_some_and(|first| first < last);
    (!subject.trained().any(is_followed)).then(|| "no experience follows the training of a task".into())
}

/// Some task is trained after the first experience.
pub(super) fn to_come(subject: &Subject) -> Option<String> {
    if subject.later().next().is_some() {
        return None;
    }
    Some(match subject.trained().count() {
        0 => "no experience trains a task".into(),
        1 => "there is only one task".into(),
        _ => "the first experience trains every task, so that none is left to come".into(),
    })
}

/// A task is trained by the first experience.
pub(super) fn begins(subject: &Subject) -> Option<String> {
    if subject.matrix.experiences() < 2 {
        return Some("there is only one experience".into());
    }
    let first = (0..subject.matrix.tasks()).any(|task| subject.matrix.trains(1, task));
    (!first).then(|| "the first experience trains no task".into())
}

/// Each experience has tasks that were trained so far.
pub(super) fn known(subject: &Subject) -> Option<String> {
    let known = |experience: &usize| subject.seen(*experience).next().is_some();
    let empty = (1..=subject.matrix.experiences()).find(|experience| !known(experience));
    empty.map(|experience| format!("no task is trained up to experience {experience}"))
}

/// Accuracies before the first step, of tasks to come.
pub(super) fn baseline(subject: &Subject) -> Option<String> {
    let is_there = (0..subject.matrix.tasks()).any(|task| subject.matrix.after(0, task).is_some());
    if is_there || subject.later().next().is_none() {
        return unseen(subject, subject.later().map(|task| (0, task)));
    }
    Some("it needs accuracies before training: a first row called `start`".into())
}

/// Accuracies on tasks in the row before they are trained.
pub(super) fn before(subject: &Subject) -> Option<String> {
    let cells = subject.later().filter_map(|task| Some((subject.matrix.first_trained(task)? - 1, task)));
    unseen(subject, cells)
}

/// Accuracies on tasks in all rows before they are trained.
pub(super) fn upper(subject: &Subject) -> Option<String> {
    let first = |task| subject.matrix.first_trained(task).unwrap_or(1);
    unseen(subject, subject.trained().flat_map(|task| (1..first(task)).map(move |row| (row, task))))
}

/// Accuracies on all trained tasks at the end.
pub(super) fn end(subject: &Subject) -> Option<String> {
    empty(subject, subject.trained().map(|task| (subject.matrix.experiences(), task)))
}

/// Accuracies at the end on tasks that the last experience does not train.
pub(super) fn kept(subject: &Subject) -> Option<String> {
    empty(subject, subject.earlier().map(|task| (subject.matrix.experiences(), task)))
}

/// Accuracies on all trained tasks right after their training.
pub(super) fn diagonal(subject: &Subject) -> Option<String> {
    empty(subject, subject.trained().filter_map(|task| Some((subject.matrix.last_trained(task)?, task))))
}

/// The same of tasks that the last experience does not train.
pub(super) fn learned(subject: &Subject) -> Option<String> {
    empty(subject, subject.earlier().filter_map(|task| Some((subject.matrix.last_trained(task)?, task))))
}

/// Accuracies on tasks in all rows from their first training on.
pub(super) fn lower(subject: &Subject) -> Option<String> {
    since(subject, subject.trained(), subject.matrix.experiences())
}

/// The same of tasks that the last experience does not train.
pub(super) fn since_first(subject: &Subject) -> Option<String> {
    since(subject, subject.earlier(), subject.matrix.experiences())
}

/// As [`lower`], the row next to the first training left out.
pub(super) fn lower_but_one(subject: &Subject) -> Option<String> {
    let last = subject.matrix.experiences();
    let cells = |task| {
        let first = subject.matrix.first_trained(task).unwrap_or(last);
        let learned = (first + 2 <= last).then_some((first, task));
        learned.into_iter().chain((first + 2..=last).map(move |row| (row, task)))
    };
    empty(subject, subject.trained().flat_map(cells))
}

/// Accuracies right after training and at the end on tasks that were left behind longest.
pub(super) fn settled(subject: &Subject) -> Option<String> {
    let last = subject.matrix.experiences();
    let learned = |task| Some((subject.matrix.last_trained(task)?, task));
    let cells = subject.settled().into_iter().filter_map(learned);
    empty(subject, cells.chain(subject.settled().into_iter().map(|task| (last, task))))
}

/// The same in all rows from the first training on but the last but one.
pub(super) fn settled_since(subject: &Subject) -> Option<String> {
    let last = subject.matrix.experiences();
    since(subject, subject.settled().into_iter(), last.saturating_sub(2))
        .or_else(|| empty(subject, subject.settled().into_iter().map(|task| (last, task))))
}

/// Accuracies on the tasks of the first experience, after it and at the end.
pub(super) fn first_tasks(subject: &Subject) -> Option<String> {
    let first = (0..subject.matrix.tasks()).filter(|&task| subject.matrix.trains(1, task));
    empty(subject, first.flat_map(|task| [(1, task), (subject.matrix.experiences(), task)]))
}

/// How many test examples each trained task has.
pub(super) fn sizes(subject: &Subject) -> Option<String> {
    let missing = subject.trained().find(|&task| subject.size(subject.matrix.experiences(), task).is_none());
    missing.map(|_| "it needs the number of test examples of each task; for a bare matrix, give --sizes".into())
}

/// More of each answer at the end than whether it is right.
pub(super) fn answers(subject: &Subject) -> Option<String> {
    let end = subject.end();
    let is_there = |task: usize| end.is_some_and(|end| end.answers.contains_key(&task));
    let why = "it needs the probabilities of answers at the end, which a matrix of accuracies does not hold";
    subject.trained().any(|task| !is_there(task)).then(|| why.into())
}

/// Tasks that nothing trains.
pub(super) fn held_out(subject: &Subject) -> Option<String> {
    subject.held_out().next().is_none().then(|| "no task is held out: experiences train all of them".into())
}

/// Evaluations within experiences.
pub(super) fn within(subject: &Subject) -> Option<String> {
    let why = "it needs evaluations within each experience: eval.every or eval.log_spaced";
    super::within::within(subject).is_none().then(|| why.into())
}

/// The cells of `tasks` from their first training to row `last`.
fn since(subject: &Subject, tasks: impl Iterator<Item = usize>, last: usize) -> Option<String> {
    let first = |task| subject.matrix.first_trained(task).unwrap_or(last);
    empty(subject, tasks.flat_map(|task| (first(task)..=last).map(move |row| (row, task))))
}

/// The first of `cells` that was not evaluated.
fn missing(subject: &Subject, mut cells: impl Iterator<Item = Cell>) -> Option<Cell> {
    cells.find(|&(row, task)| subject.matrix.after(row, task).is_none())
}

fn empty(subject: &Subject, cells: impl Iterator<Item = Cell>) -> Option<String> {
    let (row, task) = missing(subject, cells)?;
    Some(format!("it needs the accuracy on task {} after experience {row}, which is missing", task + 1))
}

fn unseen(subject: &Subject, cells: impl Iterator<Item = Cell>) -> Option<String> {
    let (row, task) = missing(subject, cells)?;
    let task = task + 1;
    let at = if row == 0 { "before the first step".into() } else { format!("after experience {row}") };
    Some(format!("it needs accuracies on tasks before they are trained, and that on task {task} {at} is missing"))
}
