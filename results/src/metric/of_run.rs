//! The scores of a run.

use super::{Metric, Scores, Subject};
use crate::record::RunDir;

impl RunDir {
    /// The run as its scores see it, without references.
    pub fn subject(&self) -> Subject {
        let steps: Vec<u64> = self.manifest.experiences.iter().map(|plan| plan.steps).collect();
        Subject::of(&self.manifest.stream, &steps, &self.records)
    }

    /// The run's scores; a diverged run has none.
    pub fn scores(&self, metrics: &[&'static Metric]) -> Scores {
        if self.manifest.diverged.is_some() { Scores::default() } else { Scores::of(&self.subject(), metrics) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{metric::USUAL, record::example};

    #[test]
    fn a_diverged_run_may_lack_numbers_and_has_no_scores() {
        let root = tempfile::tempdir().unwrap();
        let mut run = example::run("er", 0, example::MIXED[3]);
        run.manifest.diverged = Some("the loss was NaN at step 250".into());
        run.manifest.experiences.truncate(2);
        run.records[11].loss = f64::NAN;
        let path = example::write(root.path(), &run);
        assert_eq!(RunDir::open(path).unwrap().scores(USUAL), Scores::default());
    }
}
