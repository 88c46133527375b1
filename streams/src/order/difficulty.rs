//! The easiest first, or the hardest: as a probe, an earlier run or a file has scored the units.
//!
//! FoMo-in-Flux, Roth et al. 2024, <https://arxiv.org/abs/2408.14471>, "easy to hard"; curriculum learning, Bengio et
//! al. 2009, <https://doi.org/10.1145/1553374.1553380>. Units of one score go by name.
//!
//! **Deviation:** the paper ranks by its base model, in a way that the release does not tell. Here the scores come
//! from a linear probe on small pictures (`source = "probe"`), from the answers of a finished run
//! (`source = "run"`, which kept its predictions), or from a CSV file with the columns `concept,score`.

use anyhow::{Context, Result, bail};
use clbench::{
    catalogue::{Range, Settings, part},
    stream::{Ground, Ordering, Rank, Unit},
};

use crate::shared::{
    listing, past_run,
    probe::probe,
    roster::{Roster, by_value},
};

/// The entry of the catalogue.
pub const ORDER: Ordering = Ordering {
    name: "difficulty",
    about: "easy first or hard first, by a probe's, an earlier run's or a file's scores",
    citation: "https://arxiv.org/abs/2408.14471",
    settings: Difficulty::SETTINGS,
    make: |table| part(table, |difficulty: Difficulty| Box::new(difficulty) as Box<dyn Rank>),
};

clbench::choice! {
    /// Where scores come from.
    #[derive(Default)]
    pub enum Source {
        /// A linear classifier on small pictures.
        #[default]
        Probe = "probe",
        /// The directory of a finished run.
        Run = "run",
        /// A CSV file with the columns `concept,score`.
        File = "file",
    }
}

clbench::choice! {
    /// What a score is.
    #[derive(Default)]
    pub enum Measure {
        /// Low where it is easy.
        #[default]
        Loss = "loss",
        /// High where it is easy.
        Accuracy = "accuracy",
    }
}

clbench::choice! {
    /// Which end comes first.
    #[derive(Default)]
    pub enum Direction {
        /// From easy to hard.
        #[default]
        EasyFirst = "easy-first",
        /// From hard to easy.
        HardFirst = "hard-first",
    }
}

clbench::settings! {
    /// Settings of the ordering by difficulty.
    #[derive(Clone, Debug)]
    pub struct Difficulty {
        /// Which end comes first.
        pub direction: Direction = Direction::EasyFirst;
        /// What a score is.
        pub measure: Measure = Measure::Loss;
        /// Where scores come from.
        pub source: Source = Source::Probe;
        /// The file of `source = "file"`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub file: Option<String> = None;
        /// The directory of `source = "run"`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub run: Option<String> = None;
        /// Most examples of each unit that the probe takes, half of them to be scored.
        pub examples: usize = 100, Range::Whole(2, 10_000);
    }
}

impl Settings for Difficulty {
    fn check(&self) -> Result<()> {
        for (key, wanted, set) in [("file", Source::File, &self.file), ("run", Source::Run, &self.run)] {
            if self.source == wanted && set.is_none() {
                bail!("stream.order.source = \"{key}\" needs stream.order.{key}");
            }
            if self.source != wanted && set.is_some() {
                bail!("stream.order.{key} is not used; set source = \"{key}\" or leave it out");
            }
        }
        Ok(())
    }
}

impl Rank for Difficulty {
    fn rank(&self, units: &[Unit], ground: &Ground) -> Result<Vec<usize>> {
        let (scores, from) = self.scores(units, ground)?;
        if let Some(at) = scores.iter().position(|score| !score.is_finite()) {
            bail!("the score of `{}` is {}, which has no rank", units[at].name.escape_debug(), scores[at]);
        }
        let measure = match self.measure {
            Measure::Loss => "loss",
            Measure::Accuracy => "accuracy",
        };
        ground.note(format!("difficulty: {measure} of {from}"));
        let easy_first = self.direction == Direction::EasyFirst;
        Ok(by_value(units, &scores, easy_first == (self.measure == Measure::Accuracy)))
    }
}

impl Difficulty {
    /// A score for each unit, and where it came from.
    fn scores(&self, units: &[Unit], ground: &Ground) -> Result<(Vec<f64>, String)> {
        let loss = self.measure == Measure::Loss;
        match (&self.file, &self.run) {
            (Some(file), _) => {
                let listing = listing::read(ground, file, "concept", Some("score"))?;
                let rows = listing.rows.into_iter().map(|(name, score)| (name, score[0]));
                let (scores, others) = Roster::new(units, ground)?.gather(rows).context(listing.source.clone())?;
                Ok((scores, format!("{}, {others} rows not used", listing.source)))
            }
            (None, Some(run)) => {
                let roster = Roster::new(units, ground)?;
                let (outcomes, from) = past_run::outcomes(ground, run, !roster.are_concepts())?;
                let score = |outcome: past_run::Outcome| if loss { outcome.loss } else { outcome.accuracy };
                let rows = outcomes.into_iter().map(|(name, outcome)| (name, score(outcome)));
                Ok((roster.gather(rows).with_context(|| from.clone())?.0, from))
            }
            (None, None) => {
                let scores = probe(units, ground, self.examples)?;
                let from = format!("a linear probe on at most {} examples each, half of them held out", self.examples);
                Ok((if loss { scores.loss } else { scores.accuracy }, from))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::toy;

    fn by_file(text: &str, more: &str) -> Result<Vec<usize>> {
        let universe = toy::bare(&[("a", &["p", "q", "r"])]);
        let (_keep, path) = toy::file(text);
        toy::rank(ORDER.make, &format!("source = \"file\"\nfile = {path:?}\n{more}"), &universe, 0)
    }

    #[test]
    fn losses_rise_and_accuracies_fall() {
        let text = "concept,score\np,0.5\nq,0.1\nr,0.9\n";
        assert_eq!(by_file(text, "").unwrap(), [1, 0, 2]);
        assert_eq!(by_file(text, "direction = \"hard-first\"").unwrap(), [2, 0, 1]);
        assert_eq!(by_file(text, "measure = \"accuracy\"").unwrap(), [2, 0, 1]);
        assert_eq!(by_file(text, "measure = \"accuracy\"\ndirection = \"hard-first\"").unwrap(), [1, 0, 2]);
    }

    #[test]
    fn scores_that_are_missing_or_no_numbers_are_refused() {
        let refused = |text: &str| format!("{:#}", by_file(text, "").unwrap_err());
        assert!(refused("concept,score\np,1\nq,2\n").contains("1 of 3 have no row: `a+++r`"));
        assert!(refused("concept,score\np,nan\nq,2\nr,1\n").contains("`nan` of `p` is no finite number"));
        assert!(refused("concept,score\np,1\nP,2\nq,1\nr,1\n").contains("`a+++p` is there twice"));
    }

    #[test]
    fn a_source_and_its_setting_belong_together() {
        let universe = toy::bare(&[("a", &["p"])]);
        let refused = |settings| toy::refusal(ORDER.make, settings, &universe);
        assert_eq!(refused("source = \"file\""), "stream.order.source = \"file\" needs stream.order.file");
        assert_eq!(refused("source = \"run\""), "stream.order.source = \"run\" needs stream.order.run");
        assert!(refused("file = \"x\"").starts_with("stream.order.file is not used"));
        assert!(refused("source = \"file\"\nfile = \"x\"\nrun = \"y\"").starts_with("stream.order.run is not used"));
        assert_eq!(refused("examples = 1"), "examples = 1 is not a whole number between 2 and 10000");
        assert!(refused("").contains("needs pictures"));
        assert!(
            refused("source = \"run\"\nrun = \"/nowhere/at/all\"").starts_with("/nowhere/at/all is no finished run")
        );
    }

    #[test]
    fn the_probe_ranks_what_looks_alike_last_and_repeats() {
        let of = |picture: [u8; 4]| (0..20).map(|at| picture.map(|p| p ^ (at % 4))).map(Vec::from).collect();
        let classes = [of([240, 0, 240, 0]), of([0; 4]), of([240, 0, 240, 0]), of([240; 4])];
        let universe = toy::pictures(2, &classes);
        let ranking = toy::rank(ORDER.make, "", &universe, 3).unwrap();
        let mut first = ranking[..2].to_vec();
        first.sort_unstable();
        assert_eq!(first, [1, 3]);
        assert_eq!(toy::rank(ORDER.make, "", &universe, 3).unwrap(), ranking);
    }
}
