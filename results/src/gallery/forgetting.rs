//! Forgetting of each task, method beside method.
//!
//! - Chaudhry et al. 2018, <https://arxiv.org/abs/1801.10112>, eq. 3, by task.

use super::{
    Sketch,
    cast::{Cast, LINES, Member, in_percent, mean_of},
};
use crate::{
    metric::forgetting::lost,
    picture::{Columns, Mean},
};

/// Bars for each task that the last experience does not train.
pub(super) fn draw(cast: &Cast) -> Result<Sketch, String> {
    let earlier: Vec<usize> = first(cast).map(|subject| subject.earlier().collect()).unwrap_or_default();
    if earlier.is_empty() {
        return Err("every task is trained by the last experience, so that none can be forgotten".into());
    }
    let bars = |member: &Member| -> Option<Vec<Option<Mean>>> {
        let bar = |&task: &usize| Some(mean_of(in_percent(member.over_seeds(|subject| lost(subject, task))?)));
        let bars: Vec<Option<Mean>> = earlier.iter().map(bar).collect();
        bars.iter().any(Option::is_some).then_some(bars)
    };
    let shown = cast.shown(LINES, bars);
    if shown.rows.is_empty() {
        let why = "no method was evaluated on earlier tasks after every experience; run it with the default evaluation";
        return Err(format!("{why}{}", cast.absent()));
    }
    let title = format!("Forgetting of each task on {}", cast.stream());
    let (groups, across) = cast.tasks(&earlier);
    let columns = Columns {
        title: title.clone(),
        across,
        up: "forgetting in points".into(),
        groups,
        series: shown.rows.iter().map(|(member, bars)| (member.name.clone(), bars.clone())).collect(),
    };
    let what = "The best accuracy from a task's first training on minus that at the end (Chaudhry et al. 2018, eq. 3, \
                task by task); negative where later tasks helped. Tasks of the last experience cannot be forgotten \
                yet.";
    Ok(Sketch { of: None, title, caption: shown.caption(cast, what, &[]), picture: columns.draw() })
}

fn first<'b>(cast: &'b Cast) -> Option<&'b crate::metric::Subject> {
    cast.members.first()?.subjects.first()
}
