//! What scores are computed from, out of an imported matrix.

use super::Imported;
use crate::matrix::Matrix;
use crate::metric::Subject;

impl Imported {
    /// The matrix with one task per experience, in order, and what was assumed beyond that.
    ///
    /// Tasks that come after the last experience count as held out.
    ///
    /// # Errors
    /// When there are more experiences than tasks, because a file does not say which tasks came back.
    pub fn subject(&self) -> Result<(Subject, Vec<String>), String> {
        let (rows, tasks) = (self.rows.len(), self.tasks.len());
        if rows > tasks {
            return Err(format!(
                "{rows} experiences and {tasks} tasks; one task per experience, in order, is what scores of a bare \
                 matrix assume: leave out rows, or transpose the matrix if its rows are tasks"
            ));
        }
        let baseline = self.baseline.clone().unwrap_or_else(|| vec![None; tasks]);
        let cells = std::iter::once(baseline).chain(self.rows.iter().cloned()).collect();
        let matrix = Matrix::new(cells, (0..rows).map(|task| vec![task]).collect(), false);
        let notes = if rows < tasks {
            vec![format!("{tasks} tasks and {rows} experiences: the tasks from {} on count as held out", rows + 1)]
        } else {
            Vec::new()
        };
        Ok((Subject::of_matrix(matrix), notes))
    }
}

#[cfg(test)]
mod tests {
    use super::super::import;
    use crate::metric::find;

    #[test]
    fn one_task_per_experience_is_assumed_and_no_more() {
        let of = |text: &str| import(text).unwrap().subject();
        let (subject, notes) = of("a,b\n0.9,0.1\n0.8,0.7\n").unwrap();
        assert_eq!((find("acc.gem17").unwrap().of)(&subject), Some(0.75));
        assert!(((find("bwt.gem17").unwrap().of)(&subject).unwrap() + 0.1).abs() < 1e-12);
        assert_eq!((find("fwt.gem17").unwrap().of)(&subject), None);
        assert!(notes.is_empty());
        let (subject, notes) = of("a,b\n0.9,0.1\n").unwrap();
        assert_eq!(subject.held_out().collect::<Vec<_>>(), [1]);
        assert_eq!(notes.len(), 1);
        assert!(of("a\n0.9\n0.8\n").unwrap_err().starts_with("2 experiences and 1 tasks"));
    }
}
