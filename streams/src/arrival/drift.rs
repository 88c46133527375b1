//! Gradual drift without boundaries: tasks fade into one another.
//!
//! - Shanahan et al. 2021, <https://arxiv.org/abs/2105.13327>: a class's probability rises and falls as a Gaussian.
//! - Aljundi et al. 2019, <https://arxiv.org/abs/1812.03596>: task-free continual learning.
//!
//! An example of task t, counted from 0, has the time t + ½ + `width`·z, where z is standard normal or uniform between
//! -1 and 1; examples come in the order of their times. At a time there are so the more examples of a task the nearer
//! its middle is, as the Gaussian schedule has it. Uniform noise of width ½ only just fills each task's own time.
//!
//! **Deviation:** Shanahan et al. schedule the probability with which a class is drawn; here each example has a time
//! and comes exactly once.

use anyhow::Result;
use clbench::{
    catalogue::{Range, Settings, part},
    stream::{Arrival, Arrive, Experience, Ground, Task},
};
use rand::RngExt;

use super::{Pair, cut};

/// The entry of the catalogue.
pub const ARRIVAL: Arrival = Arrival {
    name: "drift",
    about: "tasks fade into one another, without boundaries",
    citation: "https://arxiv.org/abs/2105.13327",
    settings: Drift::SETTINGS,
    make: |table| part(table, |drift: Drift| Box::new(drift) as Box<dyn Arrive>),
};

clbench::settings! {
    /// Settings.
    #[derive(Clone, Debug)]
    pub struct Drift {
        /// How far examples stray from the middle of their task, in tasks.
        pub width: f64 = 0.5, Range::Within(0.0, 1e6);
        /// How they stray.
        pub noise: Noise = Noise::Gaussian;
        /// Experiences into which the examples are cut; as many as there are tasks unless set.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub experiences: Option<usize> = None, Range::Whole(1, i64::MAX);
        /// Whether each example may be seen only once.
        pub once: bool = true;
    }
}

clbench::choice! {
    /// How examples stray from the middle of their task.
    pub enum Noise {
        /// Standard normal.
        Gaussian = "gaussian",
        /// Uniform between -1 and 1.
        Uniform = "uniform",
    }
}

impl Settings for Drift {}

impl Arrive for Drift {
    fn arrive(&self, tasks: &[Task], ground: &Ground) -> Result<Vec<Experience>> {
        let mut timed: Vec<(f64, Pair)> = Vec::new();
        for (index, task) in tasks.iter().enumerate() {
            let noise = self.noise(index, task.train.len(), ground);
            let time = |z: f64| index as f64 + 0.5 + self.width * z;
            timed.extend(noise.into_iter().zip(0..).map(|(z, place)| (time(z), (index as u32, place))));
        }
        timed.sort_by(|a, b| a.0.total_cmp(&b.0));
        let pairs: Vec<Pair> = timed.into_iter().map(|(_, pair)| pair).collect();
        let experiences = cut(&pairs, self.experiences.unwrap_or(tasks.len()), "stream.arrival.experiences")?;
        Ok(experiences.into_iter().map(Experience::in_order).collect())
    }
    fn is_once(&self) -> bool {
        self.once
    }
}

impl Drift {
    /// The noise of each example of a task.
    fn noise(&self, task: usize, count: usize, ground: &Ground) -> Vec<f64> {
        if self.noise == Noise::Gaussian {
            return ground.draws.normal("drift", task as u64, count).into_iter().map(f64::from).collect();
        }
        let mut rng = ground.draws.rng("uniform drift", task as u64);
        (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{
        super::tests::{course, dots, ground, tasks},
        *,
    };

    /// The tasks of the examples in the order in which they come; 200 examples of each of three tasks.
    fn come(drift: &Drift) -> Vec<u32> {
        let labels: Vec<u16> = (0..600).map(|at| at / 200).collect();
        let universe = dots(&labels, &[0; 600]);
        let experiences = drift.arrive(&tasks(&universe), &ground(&universe, Path::new(""))).unwrap();
        let pairs: Vec<Pair> = experiences.iter().flat_map(course).collect();
        let mut sorted = pairs.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 600, "an example is missing or there twice");
        pairs.into_iter().map(|pair| pair.0).collect()
    }

    #[test]
    fn without_width_the_boundaries_are_sharp_and_examples_keep_their_order() {
        let universe = dots(&[0, 0, 1, 1, 1], &[0; 5]);
        let drift = Drift { width: 0.0, ..Drift::default() };
        let experiences = drift.arrive(&tasks(&universe), &ground(&universe, Path::new(""))).unwrap();
        let courses: Vec<Vec<Pair>> = experiences.iter().map(course).collect();
        assert_eq!(courses, [&[(0, 0), (0, 1), (1, 0)][..], &[(1, 1), (1, 2)]]);
    }

    #[test]
    fn uniform_noise_of_half_a_task_only_shuffles_within_tasks() {
        let uniform = |width| come(&Drift { width, noise: Noise::Uniform, ..Drift::default() });
        assert!(uniform(0.5).is_sorted());
        // At width 1 times reach from t - 1/2 to t + 3/2: the neighbours mix, the first and the third task just not.
        let wide = uniform(1.0);
        let last = |task| wide.iter().rposition(|of| *of == task).unwrap();
        let first = |task| wide.iter().position(|of| *of == task).unwrap();
        assert!(first(1) < last(0) && first(2) > last(0), "{wide:?}");
    }

    #[test]
    fn tasks_overlap_as_normal_distributions_do() {
        // Of task 0 with times 1/2 + z/2, the share Φ(-1) = 15.87 % comes after 1, four standard errors being 10.4 %.
        let order = come(&Drift::default());
        let middle = order[200..].iter().filter(|task| **task == 0).count();
        assert!((10..=53).contains(&middle), "{middle}");
        let far = order[400..].iter().filter(|task| **task == 0).count();
        assert!(far <= 4, "Φ(-3) of 200 is 0.3, and {far} came");
    }

    #[test]
    fn settings_are_checked() {
        let checked = |drift: Drift| clbench::catalogue::checked(&drift).unwrap_err().to_string();
        for width in [-0.1, f64::NAN, f64::INFINITY] {
            let message = checked(Drift { width, ..Drift::default() });
            assert!(message.starts_with("width = "), "{message}");
        }
        assert!(checked(Drift { experiences: Some(0), ..Drift::default() }).contains("experiences = 0 is not"));
    }
}
