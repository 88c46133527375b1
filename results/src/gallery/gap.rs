//! The stability gap: what becomes of earlier tasks in the first steps after a switch.
//!
//! - De Lange et al. 2023, <https://arxiv.org/abs/2205.13452>: accuracy drops after a switch and recovers in part,
//!   which evaluations at the ends of experiences do not see.
//!
//! **Deviation:** the paper shows the first task over the whole stream. Here all switches are laid over each other, as
//! differences from the accuracy before the switch, so that levels do not hide the drop.

use std::collections::BTreeMap;

use super::{
    Sketch,
    cast::Cast,
    course::ends,
    since::{self, LEAST, Words},
};
use crate::{
    metric::subject::{Subject, mean_over},
    record::At,
};

/// A line per method over the steps since a switch.
pub(super) fn draw(cast: &Cast) -> Result<Sketch, String> {
    let words = Words {
        title: format!("Earlier tasks after a switch on {}", cast.stream()),
        across: "steps since the switch",
        up: "change of accuracy in points",
    };
    let what = "Accuracy on the tasks trained before minus their accuracy right before the switch, mean over tasks and \
                switches (the stability gap of De Lange et al. 2023). Steps are counted from the switch, on a scale of \
                powers; only steps that were evaluated after every switch.";
    since::draw(cast, words, (differences, LEAST), |_| true, |_| what.into())
}

/// By steps since a switch, the mean change over all switches, as a share.
pub(super) fn differences(subject: &Subject) -> BTreeMap<u64, f64> {
    let matrix = &subject.matrix;
    let ends = ends(subject);
    let mut switches = 0;
    let mut changes: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for next in 2..=matrix.experiences() {
        let Some(&switch) = ends.get(&(next - 1)) else { continue };
        let known = |task: &usize| matrix.first_trained(*task).is_some_and(|first| first < next);
        let earlier: Vec<usize> =
            (0..matrix.tasks()).filter(known).filter(|&task| !matrix.trains(next, task)).collect();
        let before = mean_over(earlier.iter(), |&task| matrix.after(next - 1, task));
        let Some(before) = before else { continue };
        switches += 1;
        let inside =
            subject.history.moments.iter().filter(|moment| moment.experience == next && moment.at != At::Start);
        for moment in inside {
            let since = moment.step.saturating_sub(switch);
            let after = mean_over(earlier.iter(), |&task| moment.accuracy(task));
            if let Some(after) = after.filter(|_| since > 0) {
                let changes = changes.entry(since).or_default();
                // The last step of an experience may be evaluated twice: within it and after it.
                if changes.len() < switches {
                    changes.push(after - before);
                }
            }
        }
    }
    let whole = changes.into_iter().filter(|(_, changes)| changes.len() == switches);
    whole.map(|(since, changes)| (since, changes.iter().sum::<f64>() / changes.len() as f64)).collect()
}
