//! Wrong labels for a share of the training examples.
//!
//! - Kim et al. 2021, <https://arxiv.org/abs/2110.07735>: streams with noisy labels.
//! - Han et al. 2018, <https://arxiv.org/abs/1804.06872>: symmetric noise draws any wrong label, pair noise
//!   takes the next class.
//!
//! Of each class in each task, round(`share`·n) examples are told wrongly. Wrong labels are those of the same task's
//! classes: a label of a class that has not come would give the future away, and one of a class that has gone would
//! ask for memory. Which examples and which labels is drawn for each example.
//!
//! **Deviation:** noise is exact in number for each class, not a probability for each example.

use anyhow::{Result, ensure};
use clbench::{
    catalogue::{Range, Settings, part},
    primitives::draws::Draws,
    stream::{Alter, Alteration, Ground, Task, View},
};
use rand::RngExt;

use super::{by_label, by_lot};

/// The entry of the catalogue.
pub const ALTERATION: Alteration = Alteration {
    name: "label-noise",
    about: "a share of the training labels is wrong",
    citation: "https://arxiv.org/abs/2110.07735",
    settings: LabelNoise::SETTINGS,
    make: |table| part(table, |noise: LabelNoise| Box::new(noise) as Box<dyn Alter>),
};

clbench::settings! {
    /// Settings.
    #[derive(Clone, Debug)]
    pub struct LabelNoise {
        /// Share of each class's examples that is told wrongly.
        pub share: f64 = 0.2, Range::Within(0.0, 1.0);
        /// Which label they are given.
        pub noise: Noise = Noise::Symmetric;
    }
}

clbench::choice! {
    /// Which wrong label an example is given.
    pub enum Noise {
        /// Any, with the same probability.
        Symmetric = "symmetric",
        /// That of the next class.
        Pair = "pair",
    }
}

impl Settings for LabelNoise {}

impl Alter for LabelNoise {
    fn alter(&self, tasks: &mut [Task], ground: &Ground) -> Result<()> {
        for task in tasks {
            ensure!(
                task.classes.len() > 1,
                "task `{}` has one class, so no label can be wrong; leave out stream.label-noise or let it have more",
                task.name
            );
            task.train = self.noisy(&task.train, &task.classes, &ground.draws);
        }
        Ok(())
    }
}

impl LabelNoise {
    /// The same examples, some of them with a wrong label of `classes`.
    fn noisy(&self, view: &View, classes: &[usize], draws: &Draws) -> View {
        let example = |place: usize| view.indices()[place];
        let mut told: Vec<usize> = (0..view.len()).map(|place| view.label(place)).collect();
        for (label, places) in by_label(view) {
            let right = classes.iter().position(|class| *class == label).expect("a task has its examples' classes");
            let wrong = (places.len() as f64 * self.share).round() as usize;
            let places = by_lot(draws, "label noise", places, |place| example(*place));
            for place in places.into_iter().take(wrong) {
                let away = match self.noise {
                    Noise::Pair => 1,
                    Noise::Symmetric => {
                        draws.rng("wrong label", u64::from(example(place))).random_range(1..classes.len())
                    }
                };
                told[place] = classes[(right + away) % classes.len()];
            }
        }
        view.relabelled(&told)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{altered, counted, tasks, told},
        *,
    };

    /// How many examples of each class are told as each class.
    fn table(view: &View, classes: usize) -> Vec<Vec<usize>> {
        let mut table = vec![vec![0; classes]; classes];
        (0..view.len()).for_each(|place| table[view.concept(place)][view.label(place)] += 1);
        table
    }

    fn noise(share: f64, noise: Noise) -> LabelNoise {
        LabelNoise { share, noise }
    }

    #[test]
    fn pair_noise_takes_the_next_class_of_the_task() {
        let universe = counted(&[10, 15, 6, 4]);
        let tasks = altered(&noise(0.3, Noise::Pair), &universe, &[&[0, 2, 3], &[1, 2]], 0);
        // 3 of 10, 1.8 of 6 and 1.2 of 4; then 4.5 of 15, halves up, and 1.8 of 6.
        assert_eq!(table(&tasks[0].train, 4), [[7, 0, 3, 0], [0, 0, 0, 0], [0, 0, 4, 2], [1, 0, 0, 3]]);
        assert_eq!(table(&tasks[1].train, 4), [[0, 0, 0, 0], [0, 10, 5, 0], [0, 2, 4, 0], [0, 0, 0, 0]]);
    }

    #[test]
    fn symmetric_noise_is_exact_in_number_and_spread_over_the_tasks_other_classes() {
        let universe = counted(&[1200, 30, 30, 30]);
        let tasks = altered(&noise(0.5, Noise::Symmetric), &universe, &[&[0, 1, 3]], 0);
        let counts = &table(&tasks[0].train, 4)[0];
        assert_eq!((counts[0], counts[1] + counts[3], counts[2]), (600, 600, 0));
        // Binomial of 600 and 1/2: four standard deviations are 49.
        assert!(counts[1].abs_diff(300) <= 49, "{counts:?}");
        let wrong = |seed| told(&altered(&noise(0.5, Noise::Symmetric), &universe, &[&[0, 1]], seed)[0].train);
        assert_ne!(wrong(0), wrong(1));
    }

    #[test]
    fn no_share_changes_nothing_and_all_of_it_everything() {
        let universe = counted(&[5, 5]);
        assert_eq!(
            table(&altered(&noise(0.0, Noise::Symmetric), &universe, &[&[0, 1]], 0)[0].train, 2),
            [[5, 0], [0, 5]]
        );
        assert_eq!(
            table(&altered(&noise(1.0, Noise::Symmetric), &universe, &[&[0, 1]], 0)[0].train, 2),
            [[0, 5], [5, 0]]
        );
    }

    #[test]
    fn tasks_that_show_the_same_examples_tell_the_same() {
        let universe = counted(&[20, 20, 20]);
        let tasks = altered(&noise(0.4, Noise::Symmetric), &universe, &[&[0, 1, 2], &[0, 1, 2]], 1);
        assert_eq!(told(&tasks[0].train), told(&tasks[1].train));
    }

    #[test]
    fn what_cannot_be_wrong_is_refused() {
        let universe = counted(&[4, 4]);
        let ground = Ground::new(&universe, Draws::of(0), std::path::Path::new(""));
        let error = LabelNoise::default().alter(&mut tasks(&universe, &[&[0, 1], &[1]]), &ground).unwrap_err();
        assert!(error.to_string().contains("has one class, so no label can be wrong"), "{error}");
        for share in [-0.1, 1.1, f64::NAN] {
            let message = clbench::catalogue::checked(&noise(share, Noise::Pair)).unwrap_err().to_string();
            assert!(message.contains("is not between 0 and 1"), "{message}");
        }
    }
}
