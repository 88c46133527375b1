//! What scores are computed from, out of an imported matrix.

use super::{Imported, Training};
use crate::{metric::Subject, record::Matrix};

impl Imported {
    /// The matrix with what its experiences trained, and what was assumed beyond that.
    ///
    /// Where nothing else is known, that is one task per experience, in order; tasks that come after the last
    /// experience then count as held out.
    ///
    /// # Errors
    /// When there are more experiences than tasks and nothing says which tasks came back.
    pub fn subject(&self) -> Result<(Subject, Vec<String>), String> {
        let (rows, tasks) = (self.rows.len(), self.tasks.len());
        if self.training == Training::InOrder && rows > tasks {
            return Err(format!(
                "{rows} experiences and {tasks} tasks; one task per experience, in order, is what scores of a bare \
                 matrix assume: leave out rows, give --transpose if its rows are tasks, or call each row like the task \
                 that was trained"
            ));
        }
        let baseline = self.baseline.clone().unwrap_or_else(|| vec![None; tasks]);
        let cells = std::iter::once(baseline).chain(self.rows.iter().cloned()).collect();
        let trained = match &self.training {
            Training::InOrder => (0..rows).map(|task| vec![task]).collect(),
            Training::Joint => vec![(0..tasks).collect(); rows],
            Training::OneTest => vec![vec![0]; rows],
            Training::Given(trained) => trained.clone(),
        };
        let matrix = Matrix::new(cells, trained, self.training == Training::Joint);
        let mut subject = Subject::of_matrix(matrix);
        subject.sizes.clone_from(&self.sizes);
        let notes = match subject.held_out().collect::<Vec<_>>()[..] {
            [] => Vec::new(),
            _ if self.training != Training::InOrder => {
                vec!["tasks that no experience trained count as held out".into()]
            }
            _ => {
                vec![format!("{tasks} tasks and {rows} experiences: the tasks from {} on count as held out", rows + 1)]
            }
        };
        Ok((subject, notes))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Wish, import};
    use crate::metric::find;

    #[test]
    fn one_task_per_experience_is_assumed_and_no_more() {
        let of = |text: &str| import(text, Wish::default()).unwrap().subject();
        let (subject, notes) = of("a,b\n0.9,0.1\n0.8,0.7\n").unwrap();
        assert_eq!((find("acc.gem17").unwrap().of)(&subject), Some(0.75));
        assert!(((find("bwt.gem17").unwrap().of)(&subject).unwrap() + 0.1).abs() < 1e-12);
        assert_eq!((find("fwt.gem17").unwrap().of)(&subject), None);
        assert!(notes.is_empty());
        let (subject, notes) = of("after,a,b\n1,0.9,0.1\n").unwrap();
        assert_eq!(subject.held_out().collect::<Vec<_>>(), [1]);
        assert_eq!(notes.len(), 1);
        assert!(of("a\n0.9\n0.8\n").unwrap_err().starts_with("2 experiences and 1 tasks"));
    }

    #[test]
    fn rows_that_are_called_like_tasks_say_what_came_back() {
        let text = "after,b,a\na,0.1,0.9\nb,0.8,0.6\na,0.7,0.95\n";
        let (subject, _) = import(text, Wish::default()).unwrap().subject().unwrap();
        assert_eq!((find("acc.gem17").unwrap().of)(&subject), Some(0.825));
        // Task b was trained in the second experience, and is the only one that the last one did not train.
        assert!(((find("bwt.gem17").unwrap().of)(&subject).unwrap() + 0.1).abs() < 1e-12);
    }
}
