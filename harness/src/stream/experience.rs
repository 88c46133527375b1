//! What arrives at once, and in which order its examples come.

use std::sync::Arc;

use anyhow::{Result, ensure};
use rand::RngExt;

use crate::{
    primitives::draws::Draws,
    stream::{Task, by_task},
};

/// Examples of one task that arrive in an experience.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The task that they belong to.
    pub task: usize,
    /// Places in the task's train view.
    pub indices: Arc<[u32]>,
    /// Whether the environment brings them back, as against what is new.
    pub rehearsed: bool,
}

/// In which order an experience's examples come.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Course {
    /// In an order that the run draws, another one in each epoch.
    #[default]
    Drawn,
    /// In this order of the examples, in each epoch.
    Given(Arc<[u32]>),
    /// In these batches: what a run has recorded.
    Recorded {
        /// Examples that come back beside the experience's own: task, and place in its train view.
        back: Arc<[(u32, u32)]>,
        /// Examples of each step; those that come back are counted on from the experience's own.
        steps: Arc<[Vec<u32>]>,
    },
}

/// What arrives at once: trained on until the budget or the stopping rule ends it.
#[derive(Clone, Debug, PartialEq)]
pub struct Experience {
    /// Examples by task; what is new stands before what is brought back.
    pub parts: Vec<Part>,
    /// How many experiences of the sequential stream it stands for: 1, or all of them when tasks arrive jointly.
    pub span: usize,
    /// In which order they come.
    pub course: Course,
    /// How many more examples of earlier experiences come back in an epoch, chosen while the run goes on.
    pub chosen: usize,
}

impl Experience {
    /// Parts that come as the run draws them.
    pub fn new(parts: Vec<Part>) -> Self {
        Self { parts, span: 1, course: Course::Drawn, chosen: 0 }
    }
    /// Examples of tasks, new, in an order to be drawn; `pairs` are tasks and places in their train views.
    pub fn of(pairs: &[(u32, u32)]) -> Self {
        Self::new(by_task(pairs, false))
    }
    /// The same examples, coming in the order of `pairs`.
    pub fn in_order(pairs: &[(u32, u32)]) -> Self {
        let mut experience = Self::of(pairs);
        let mut sorted: Vec<usize> = (0..pairs.len()).collect();
        // Parts keep the order of the pairs within each task, so a stable sort by task finds each one's place.
        sorted.sort_by_key(|at| pairs[*at].0);
        let mut order = vec![0; pairs.len()];
        sorted.into_iter().enumerate().for_each(|(place, at)| order[at] = place as u32);
        experience.course = Course::Given(order.into());
        experience
    }
    /// Number of examples, less those that are chosen while the run goes on.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.indices.len()).sum()
    }
    /// Number of new examples.
    pub fn new_examples(&self) -> usize {
        self.parts.iter().filter(|part| !part.rehearsed).map(|part| part.indices.len()).sum()
    }
    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The tasks that have examples in it.
    pub fn tasks(&self) -> Vec<usize> {
        self.tasks_of(|_| true)
    }
    /// The tasks that have new examples in it.
    pub fn new_tasks(&self) -> Vec<usize> {
        self.tasks_of(|part| !part.rehearsed)
    }
    fn tasks_of(&self, counts: impl Fn(&Part) -> bool) -> Vec<usize> {
        let parts = self.parts.iter().filter(|part| !part.indices.is_empty() && counts(part));
        let mut tasks: Vec<usize> = parts.map(|part| part.task).collect();
        tasks.sort_unstable();
        tasks.dedup();
        tasks
    }
    /// All examples as tasks and places in their train views, in the order of the parts.
    pub fn pairs(&self) -> Vec<(u32, u32)> {
        let pairs = |part: &Part| {
            let task = part.task as u32;
            part.indices.iter().map(move |place| (task, *place)).collect::<Vec<_>>()
        };
        self.parts.iter().flat_map(pairs).collect()
    }
    /// New examples as tasks and places in their train views.
    pub fn new_pairs(&self) -> Vec<(u32, u32)> {
        let mut pairs = self.pairs();
        pairs.truncate(self.new_examples());
        pairs
    }
    /// The examples at ascending `places`.
    pub(crate) fn at(&self, places: &[usize]) -> Vec<(u32, u32)> {
        let pairs = self.pairs();
        places.iter().map(|place| pairs[*place]).collect()
    }
    /// Adds what the environment brings back; where the order is given, between the others at drawn positions.
    pub(crate) fn add_rehearsed(&mut self, back: &[(u32, u32)], draws: &Draws, phase: usize) {
        let new = self.len();
        self.parts.extend(by_task(back, true));
        if let Course::Given(order) = &self.course {
            let mut rng = draws.rng("rehearsal order", phase as u64);
            let more = draws.order("rehearsal within", phase as u64, back.len());
            let (mut new_left, mut more) = (order.iter().copied(), more.into_iter().map(|at| (new + at) as u32));
            let all = (0..new + back.len()).map(|_| {
                let from_new = rng.random_range(0..new_left.len() + more.len()) < new_left.len();
                if from_new { new_left.next() } else { more.next() }.expect("one of those that are left")
            });
            self.course = Course::Given(all.collect());
        }
    }
}

/// Refuses experiences that are empty or name examples that are not there.
pub(super) fn check(experiences: &[Experience], tasks: &[Task]) -> Result<()> {
    ensure!(!experiences.is_empty(), "there is no experience");
    for (index, experience) in experiences.iter().enumerate() {
        let experience_name = index + 1;
        ensure!(!experience.is_empty(), "experience {experience_name} is empty");
        let there = |task: usize, place: u32| {
            let task = tasks.get(task);
            task.is_some_and(|task| (place as usize) < task.train.len())
        };
        let mut parts = experience.parts.iter().flat_map(|part| part.indices.iter().map(|at| (part.task, *at)));
        ensure!(
            parts.all(|(task, place)| there(task, place)),
            "experience {experience_name} names an example that is not there"
        );
        let fits = match &experience.course {
            Course::Drawn => true,
            Course::Given(order) => {
                let mut sorted = order.to_vec();
                sorted.sort_unstable();
                sorted.into_iter().eq(0..experience.len() as u32)
            }
            Course::Recorded { back, steps } => {
                let most = experience.len() + back.len();
                !steps.is_empty()
                    && back.iter().all(|(task, place)| there(*task as usize, *place))
                    && steps.iter().all(|step| !step.is_empty() && step.iter().all(|at| (*at as usize) < most))
            }
        };
        ensure!(fits, "the order of experience {experience_name} does not fit its examples");
    }
    Ok(())
}

/// Everything that comes, at once.
pub(super) fn joined(experiences: &[Experience]) -> Experience {
    let mut all: Vec<(u32, u32)> = experiences.iter().flat_map(Experience::pairs).collect();
    // An example that comes back is one example.
    all.sort_unstable();
    all.dedup();
    let span = experiences.iter().map(|experience| experience.span).sum();
    Experience { span, ..Experience::of(&all) }
}
