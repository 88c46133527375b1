//! Examples in the order of their time stamps.
//!
//! - Cai et al. 2021, <https://arxiv.org/abs/2108.09020>: examples come as they were taken.
//! - Lin et al. 2021, <https://arxiv.org/abs/2201.06289>: times are cut into buckets.
//!
//! Times stand in a CSV file with the columns `dataset,index,time`; `index` counts within a dataset's train split, and
//! a time is any number, such as a year or seconds. Examples of one time keep the order of tasks and datasets.

use anyhow::{Result, ensure};
use clbench::{
    catalogue::{Range, Settings, part},
    stream::{Arrival, Arrive, Experience, Ground, Task},
};

use super::{Pair, cut, numbers};

/// The entry of the catalogue.
pub const ARRIVAL: Arrival = Arrival {
    name: "timeline",
    about: "in the order of the time stamps in a file",
    citation: "https://arxiv.org/abs/2108.09020",
    settings: Timeline::SETTINGS,
    make: |table| part(table, |timeline: Timeline| Box::new(timeline) as Box<dyn Arrive>),
};

clbench::settings! {
    /// Settings.
    #[derive(Clone, Debug)]
    pub struct Timeline {
        /// CSV file with the columns `dataset,index,time`.
        pub file: String;
        /// Experiences of equal size into which the examples are cut; as many as there are tasks unless set.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub experiences: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// Times at which a new experience begins, ascending; in place of `experiences`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub at: Option<Vec<f64>> = None, Range::Text("a list of ascending times");
        /// Whether each example may be seen only once.
        pub once: bool = false;
    }
}

impl Settings for Timeline {
    fn check(&self) -> Result<()> {
        let Some(at) = &self.at else { return Ok(()) };
        ensure!(self.experiences.is_none(), "stream.arrival.experiences contradicts stream.arrival.at; leave out one");
        ensure!(
            !at.is_empty() && at.iter().all(|time| time.is_finite()) && at.windows(2).all(|pair| pair[0] < pair[1]),
            "stream.arrival.at = {at:?} is no list of ascending times"
        );
        Ok(())
    }
}

impl Arrive for Timeline {
    fn arrive(&self, tasks: &[Task], ground: &Ground) -> Result<Vec<Experience>> {
        let mut timed = numbers::read(tasks, ground, &self.file, "time")?;
        timed.sort_by(|a, b| a.0.total_cmp(&b.0));
        let runs = match &self.at {
            Some(at) => between(&timed, at)?,
            None => cut(&timed, self.experiences.unwrap_or(tasks.len()), "stream.arrival.experiences")?,
        };
        let pairs = |run: &&[(f64, Pair)]| run.iter().map(|(_, pair)| *pair).collect::<Vec<_>>();
        Ok(runs.iter().map(|run| Experience::in_order(&pairs(run))).collect())
    }
    fn is_once(&self) -> bool {
        self.once
    }
}

/// What comes before the first time, from there up to the next, and so on.
fn between<'a>(timed: &'a [(f64, Pair)], at: &[f64]) -> Result<Vec<&'a [(f64, Pair)]>> {
    let (mut runs, mut rest) = (Vec::new(), timed);
    for time in at {
        let (run, after) = rest.split_at(rest.partition_point(|(of, _)| of < time));
        ensure!(!run.is_empty(), "no example comes in the experience that ends at stream.arrival.at = {time}");
        runs.push(run);
        rest = after;
    }
    ensure!(!rest.is_empty(), "no example comes from the last time of stream.arrival.at = {at:?} on");
    runs.push(rest);
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{
        super::tests::{course, dots, ground, tasks},
        *,
    };

    /// Comes of five examples, those at even places of class 0, which were taken in the years 2003, 2001, 2001, 2002
    /// and 2001.
    fn come(settings: &str) -> Result<Vec<Vec<Pair>>> {
        let universe = dots(&[0, 1, 0, 1, 0], &[0; 5]);
        let folder = tempfile::tempdir().unwrap();
        let rows = "dots,0,2003\ndots,1,2001\ndots,2,2001\ndots,3,2002\ndots,4,2001\n";
        fs::write(folder.path().join("times.csv"), format!("dataset,index,time\n{rows}")).unwrap();
        let table = format!("file = \"times.csv\"\n{settings}").parse().unwrap();
        let (_, arrival) = (ARRIVAL.make)(table)?;
        let experiences = arrival.arrive(&tasks(&universe), &ground(&universe, folder.path()))?;
        Ok(experiences.iter().map(course).collect())
    }

    #[test]
    fn examples_come_in_time_and_ties_keep_their_order() {
        // Task 0 holds the examples 0, 2 and 4, task 1 holds 1 and 3.
        let [a, b, c, d, e] = [(0, 1), (0, 2), (1, 0), (1, 1), (0, 0)];
        assert_eq!(come("").unwrap(), [&[a, b, c][..], &[d, e]]);
        assert_eq!(come("experiences = 5").unwrap(), [[a], [b], [c], [d], [e]]);
        assert_eq!(come("at = [2002, 2002.5]").unwrap(), [&[a, b, c][..], &[d], &[e]]);
        assert_eq!(come("at = [2002]").unwrap(), [&[a, b, c][..], &[d, e]]);
    }

    #[test]
    fn times_that_cut_off_nothing_are_refused() {
        let cases = [
            ("at = [2001]", "ends at stream.arrival.at = 2001"),
            ("at = [2002, 2004]", "from the last time of stream.arrival.at"),
            ("at = [2002, 2002]", "is no list of ascending times"),
            ("at = [nan]", "is no list of ascending times"),
            ("at = []", "is no list of ascending times"),
            ("at = [2002]\nexperiences = 2", "contradicts stream.arrival.at"),
            ("experiences = 6", "stream.arrival.experiences = 6 is not between 1 and the 5"),
            ("experiences = 0", "experiences = 0 is not a whole number of at least 1"),
        ];
        for (settings, message) in cases {
            let error = format!("{:#}", come(settings).unwrap_err());
            assert!(error.contains(message), "{settings}: {error}");
        }
    }
}
