//! A curriculum over the examples of the whole stream: ever harder ones are let in, at a pace.
//!
//! - Martinez et al. 2023, <https://arxiv.org/abs/2311.08886>, "data curriculum".
//! - Wu et al. 2021, <https://arxiv.org/abs/2012.03107>, pacing functions: of N examples, experience e of E sees the
//!   easiest N·(b + (1 - b)·x) at a linear pace and N·(b + (1 - b)·(1 + ln(x + e⁻¹⁰)/10)) at a logarithmic one, where
//!   x = e / (E - 1) for e = 0, 1, … and b is the share to begin with.
//!
//! A score says how hard an example is: its distance from the mean of its class in its task, or a number from a file
//! with the columns `dataset,index,score`, where `index` counts within a dataset's train split. Tasks do not count.
//!
//! **Deviation:** the pace is that of experiences, not of steps. **Deviation:** distance is between pictures reduced to
//! 8 × 8 pixels, where Martinez et al. ask language models.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use clbench::{
    catalogue::{Range, Settings, part},
    stream::{Arrival, Arrive, Experience, Ground, Scratch, Task},
};

use super::{Pair, numbers};

/// The entry of the catalogue.
pub const ARRIVAL: Arrival = Arrival {
    name: "curriculum",
    about: "from easy to hard over the whole stream, at a pace",
    citation: "https://arxiv.org/abs/2311.08886",
    settings: Curriculum::SETTINGS,
    make: |table| part(table, |curriculum: Curriculum| Box::new(curriculum) as Box<dyn Arrive>),
};

clbench::settings! {
    /// Settings.
    #[derive(Clone, Debug)]
    pub struct Curriculum {
        /// Where scores come from.
        pub source: Source = Source::Mean;
        /// CSV file with the columns `dataset,index,score`, for `source = "file"`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub file: Option<String> = None;
        /// What comes first; a low score is easy.
        pub direction: Direction = Direction::EasyFirst;
        /// How fast examples are let in.
        pub pacing: Pacing = Pacing::Linear;
        /// Share of the examples that the first experience sees, b.
        pub first: f64 = 0.2, Range::UpTo(0.0, 1.0);
        /// Number of experiences, E.
        pub experiences: usize = 5, Range::Whole(1, i64::MAX);
        /// Whether what came before comes again.
        pub keep: bool = true;
    }
}

clbench::choice! {
    /// Where scores come from.
    pub enum Source {
        /// Distance from the mean of the class.
        Mean = "mean",
        /// A file.
        File = "file",
    }
}

clbench::choice! {
    /// What comes first.
    pub enum Direction {
        /// Low scores.
        EasyFirst = "easy-first",
        /// High scores.
        HardFirst = "hard-first",
    }
}

clbench::choice! {
    /// How fast examples are let in.
    pub enum Pacing {
        /// As many in each experience.
        Linear = "linear",
        /// Most of them soon.
        Log = "log",
    }
}

impl Settings for Curriculum {
    fn check(&self) -> Result<()> {
        match (self.source, &self.file) {
            (Source::Mean, Some(file)) => {
                bail!("stream.arrival.file = \"{file}\" is not used; set stream.arrival.source = \"file\"")
            }
            (Source::File, None) => bail!("stream.arrival.file is missing; name a file of scores"),
            _ => Ok(()),
        }
    }
}

impl Arrive for Curriculum {
    fn arrive(&self, tasks: &[Task], ground: &Ground) -> Result<Vec<Experience>> {
        let mut scored = match &self.file {
            Some(file) => numbers::read(tasks, ground, file, "score")?,
            None => distances(tasks, ground)?,
        };
        match self.direction {
            Direction::EasyFirst => scored.sort_by(|a, b| a.0.total_cmp(&b.0)),
            Direction::HardFirst => scored.sort_by(|a, b| b.0.total_cmp(&a.0)),
        }
        let ranked: Vec<Pair> = scored.into_iter().map(|(_, pair)| pair).collect();
        ensure!(
            self.experiences <= ranked.len(),
            "stream.arrival.experiences = {} is more than the {} examples that there are",
            self.experiences,
            ranked.len()
        );
        // The run draws the order within an experience, so here it is that of the tasks.
        let experience = |pairs: &[Pair]| {
            let mut pairs = pairs.to_vec();
            pairs.sort_unstable();
            Experience::of(&pairs)
        };
        let (mut all, mut before) = (Vec::new(), 0);
        for (index, until) in self.paces(ranked.len()).into_iter().enumerate() {
            ensure!(
                until > before,
                "experience {} of the curriculum would bring nothing new of the {} examples; lower \
                 stream.arrival.experiences or stream.arrival.first",
                index + 1,
                ranked.len()
            );
            let mut allowed = experience(&ranked[before..until]);
            if self.keep {
                let mut back = experience(&ranked[..before]).parts;
                back.iter_mut().for_each(|part| part.rehearsed = true);
                allowed.parts.extend(back);
            }
            all.push(allowed);
            before = until;
        }
        Ok(all)
    }
    fn is_whole(&self) -> bool {
        self.keep
    }
}

impl Curriculum {
    /// How many examples each experience sees.
    fn paces(&self, examples: usize) -> Vec<usize> {
        let share = |index: usize| {
            let x = if self.experiences == 1 { 1.0 } else { index as f64 / (self.experiences - 1) as f64 };
            let risen = match self.pacing {
                Pacing::Linear => x,
                Pacing::Log => (1.0 + (x + (-10.0_f64).exp()).ln() / 10.0).clamp(0.0, 1.0),
            };
            self.first + (1.0 - self.first) * risen
        };
        (0..self.experiences).map(|index| (share(index) * examples as f64).round() as usize).collect()
    }
}

/// Most rows and columns of a picture between which distances are taken.
const SIDE: usize = 8;

/// Each training example with its distance from the mean of the examples that have its label in its task.
fn distances(tasks: &[Task], ground: &Ground) -> Result<Vec<(f64, Pair)>> {
    if let Some(bare) = ground.universe.datasets.iter().find(|dataset| dataset.train.is_bare()) {
        bail!("`{}` has no pictures to take distances between; set stream.arrival.source = \"file\"", bare.name);
    }
    let (shape, mut scratch) = (ground.universe.shape, Scratch::default());
    let mut scored = Vec::new();
    for (index, task) in tasks.iter().enumerate() {
        let view = &task.train;
        let mut small = |place| view.pixels(place, &mut scratch, |pixels| reduced(pixels, shape));
        let mut means: BTreeMap<usize, (f64, Vec<f64>)> = BTreeMap::new();
        for place in 0..view.len() {
            let (count, sum) = means.entry(view.label(place)).or_default();
            let pixels = small(place);
            sum.resize(pixels.len(), 0.0);
            sum.iter_mut().zip(pixels).for_each(|(sum, pixel)| *sum += pixel);
            *count += 1.0;
        }
        for place in 0..view.len() {
            let (count, sum) = &means[&view.label(place)];
            let square = |(pixel, sum): (f64, &f64)| (pixel - sum / count).powi(2);
            let distance = small(place).into_iter().zip(sum).map(square).sum::<f64>().sqrt();
            scored.push((distance, (index as u32, place as u32)));
        }
    }
    Ok(scored)
}

/// A picture as the means of at most [`SIDE`] × [`SIDE`] cells of each channel.
fn reduced(pixels: &[u8], [_, height, width]: [usize; 3]) -> Vec<f64> {
    let cells = |side: usize| {
        let count = side.min(SIDE);
        (0..count).map(move |at| at * side / count..(at + 1) * side / count)
    };
    let mut means = Vec::new();
    for plane in pixels.chunks_exact(height * width) {
        for rows in cells(height) {
            for columns in cells(width) {
                let line = |row: usize| plane[row * width..][columns.clone()].iter().map(|pixel| u32::from(*pixel));
                let sum: u32 = rows.clone().flat_map(line).sum();
                means.push(f64::from(sum) / (rows.len() * columns.len()) as f64);
            }
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{
        super::tests::{dots, ground, tasks},
        *,
    };

    #[test]
    fn paces_are_those_of_the_formulas() {
        let paces =
            |pacing, first, experiences| Curriculum { pacing, first, experiences, ..Curriculum::default() }.paces(1000);
        assert_eq!(paces(Pacing::Linear, 0.2, 5), [200, 400, 600, 800, 1000]);
        // 1 + ln(1/4)/10 = 0.8614, 1 + ln(1/2)/10 = 0.9307, 1 + ln(3/4)/10 = 0.9712.
        assert_eq!(paces(Pacing::Log, 0.5, 5), [500, 931, 965, 986, 1000]);
        assert_eq!(paces(Pacing::Linear, 0.2, 1), [1000]);
    }

    #[test]
    fn cells_are_means_and_small_pictures_stay() {
        assert_eq!(reduced(&[1, 2, 3, 4], [2, 1, 2]), [1.0, 2.0, 3.0, 4.0]);
        // Nine columns in eight cells: the last takes two.
        assert_eq!(reduced(&[1, 2, 3, 4, 5, 6, 7, 8, 10], [1, 1, 9]), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 9.0]);
    }

    /// New and rehearsed examples of each experience. The pixels of class 0 are 10, 20 and 60 with the mean 30, those
    /// of class 1 are 5 and 15 with the mean 10: distances 20, 10, 30, 5 and 5.
    fn come(curriculum: &Curriculum) -> Vec<(Vec<Pair>, usize)> {
        let universe = dots(&[0, 0, 0, 1, 1], &[10, 20, 60, 5, 15]);
        let experiences = curriculum.arrive(&tasks(&universe), &ground(&universe, Path::new(""))).unwrap();
        experiences.iter().map(|of| (of.new_pairs(), of.len() - of.new_examples())).collect()
    }

    #[test]
    fn what_is_near_its_mean_comes_first_and_may_stay() {
        let two = Curriculum { experiences: 2, first: 0.4, ..Curriculum::default() };
        let (easy, hard) = (vec![(1, 0), (1, 1)], vec![(0, 0), (0, 1), (0, 2)]);
        assert_eq!(come(&two), [(easy.clone(), 0), (hard.clone(), 2)]);
        assert_eq!(come(&Curriculum { keep: false, ..two.clone() }), [(easy, 0), (hard, 0)]);
        let hard_first = Curriculum { direction: Direction::HardFirst, keep: false, ..two };
        let (hard, easy) = (vec![(0, 0), (0, 2)], vec![(0, 1), (1, 0), (1, 1)]);
        assert_eq!(come(&hard_first), [(hard, 0), (easy, 0)]);
    }

    #[test]
    fn scores_of_a_file_count() {
        let universe = dots(&[0, 0, 1], &[0; 3]);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("s.csv"), "dataset,index,score\ndots,0,3\ndots,1,1\ndots,2,2\n").unwrap();
        let (source, file) = (Source::File, Some("s.csv".to_owned()));
        let curriculum = Curriculum { source, file, experiences: 3, first: 0.3, keep: false, ..Curriculum::default() };
        let experiences = curriculum.arrive(&tasks(&universe), &ground(&universe, folder.path())).unwrap();
        let pairs: Vec<Vec<Pair>> = experiences.iter().map(Experience::new_pairs).collect();
        assert_eq!(pairs, [[(0, 1)], [(1, 0)], [(0, 0)]]);
    }

    #[test]
    fn settings_that_make_no_curriculum_are_refused() {
        let error = |settings: &str| (ARRIVAL.make)(settings.parse().unwrap()).err().unwrap().to_string();
        for first in ["0.0", "-0.1", "1.1", "nan"] {
            let message = error(&format!("first = {first}"));
            assert!(message.contains("is not above 0 and at most 1"), "{message}");
        }
        assert!(error("experiences = 0").contains("experiences = 0 is not"));
        assert!(error("file = \"a.csv\"").contains("is not used; set stream.arrival.source"));
        assert!(error("source = \"file\"").contains("file is missing"));
        assert!(error("pacing = \"root\"").contains("there are linear, log"));
        let universe = dots(&[0, 0], &[0; 2]);
        let two = Curriculum { experiences: 2, ..Curriculum::default() };
        let refused = two.arrive(&tasks(&universe), &ground(&universe, Path::new("")));
        let message = refused.unwrap_err().to_string();
        assert!(message.starts_with("experience 1 of the curriculum would bring nothing new"), "{message}");
    }
}
