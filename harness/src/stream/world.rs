//! What a stream is made with: orderings, alterations, arrivals and environments, and what they may use.
//!
//! A stream is built in this order: a *kind* makes tasks out of a universe of concepts, which an *ordering* ranks;
//! *alterations* change the tasks' training examples; an *arrival* says how the tasks' examples come, in experiences;
//! an *environment* says which of them come back later. Each is one file with one entry in a catalogue.

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::{
    catalogue::{Entry, Made, Settings, part},
    data::{Universe, files::Files},
    primitives::{draws::Draws, hex::hex, stored::Stored},
    stream::{Experience, Part, Plan, Task, View},
};

/// How units are ranked.
pub type Ordering = Entry<fn(toml::Table) -> Made<Box<dyn Rank>>>;
/// How training examples are changed.
pub type Alteration = Entry<fn(toml::Table) -> Made<Box<dyn Alter>>>;
/// How examples come.
pub type Arrival = Entry<fn(toml::Table) -> Made<Box<dyn Arrive>>>;
/// Which examples come back.
pub type Environment = Entry<fn(toml::Table) -> Made<Box<dyn Revisit>>>;

/// What the parts of a stream may use while it is made.
pub struct Ground<'a> {
    /// Concepts, and the examples that show them.
    pub universe: &'a Universe,
    /// Number of concepts that the stream itself may show; those of the pretraining pool come after.
    pub own: usize,
    /// Draws of the stream's seed.
    pub draws: Draws,
    /// Ranks what the kind asks to have ranked.
    pub(crate) ordering: &'a dyn Rank,
    /// Finds files that the stream file names.
    pub(crate) files: Cow<'a, Files>,
    /// SHA-256 of each file that the parts have read.
    pub(crate) digests: RefCell<Vec<String>>,
    /// What the parts say of themselves.
    pub(crate) notes: RefCell<Vec<String>>,
    /// Names of the concepts as they were ranked.
    pub(crate) ranking: RefCell<Vec<String>>,
}

impl<'a> Ground<'a> {
    /// All of a universe, ranked as it is given, with paths relative to `folder`.
    pub fn new(universe: &'a Universe, draws: Draws, folder: &'a Path) -> Self {
        let own = universe.concepts.len();
        let (notes, ranking) = (RefCell::default(), RefCell::default());
        let files = Cow::Owned(Files::beside(folder));
        Self { universe, own, draws, ordering: &Nothing {}, files, digests: RefCell::default(), notes, ranking }
    }
    /// The units in the order that the stream asks for; some may be left out.
    pub fn rank(&self, units: &[Unit]) -> Result<Vec<usize>> {
        let ranking = self.ordering.rank(units, self)?;
        let mut there = vec![false; units.len()];
        for unit in &ranking {
            let name = units.get(*unit).map(|unit| &unit.name).context("an ordering ranks what is not there")?;
            ensure!(!std::mem::replace(&mut there[*unit], true), "the ordering ranks `{name}` twice");
        }
        ensure!(!ranking.is_empty(), "the ordering leaves nothing");
        Ok(ranking)
    }
    /// All concepts of the stream as units, and their training examples by number of the concept.
    pub fn concepts(&self) -> Vec<Unit> {
        let views = crate::stream::View::of_each_concept(&self.universe.train, self.universe.concepts.len());
        let unit = |(concept, train)| Unit {
            name: self.universe.name(concept),
            dataset: self.universe.concepts[concept].dataset,
            train,
        };
        views.into_iter().take(self.own).enumerate().map(unit).collect()
    }
    /// Each concept of the stream with its own number as its label; those of a pretraining pool have none.
    pub fn own_labels(&self) -> Vec<Option<usize>> {
        (0..self.universe.concepts.len()).map(|concept| Some(concept).filter(|at| *at < self.own)).collect()
    }
    /// Names of the stream's concepts.
    pub fn own_classes(&self) -> Vec<String> {
        (0..self.own).map(|concept| self.universe.label(concept)).collect()
    }
    /// Concepts in the order that the stream asks for.
    pub fn ranked_concepts(&self) -> Result<Vec<usize>> {
        let ranked = self.rank(&self.concepts())?;
        *self.ranking.borrow_mut() = ranked.iter().map(|concept| self.universe.name(*concept)).collect();
        Ok(ranked)
    }
    /// Puts tasks that share their classes into the order that the stream asks for.
    pub fn ranked_tasks(&self, tasks: Vec<Task>) -> Result<Vec<Task>> {
        let concept = |task: &Task| task.train.indices().first().map_or(0, |_| task.train.concept(0));
        let unit = |task: &Task| Unit {
            name: task.name.clone(),
            dataset: self.universe.concepts[concept(task)].dataset,
            train: task.train.clone(),
        };
        let units: Vec<Unit> = tasks.iter().map(unit).collect();
        Ok(self.rank(&units)?.into_iter().map(|unit| tasks[unit].clone()).collect())
    }
    /// Where a file that the stream names lies: beside the stream file, else in the current folder.
    ///
    /// # Errors
    /// When it may not lie there; see [`Files`].
    pub fn path(&self, file: &str) -> Result<PathBuf> {
        self.files.find(file, &[])
    }
    /// The content of a file of at most `most` bytes that the stream names.
    pub fn read(&self, file: &str, most: u64) -> Result<Vec<u8>> {
        let path = self.path(file)?;
        let within = || format!("cannot read {}", path.display());
        let mut bytes = Vec::new();
        fs::File::open(&path).with_context(within)?.take(most + 1).read_to_end(&mut bytes).with_context(within)?;
        ensure!(bytes.len() as u64 <= most, "{} is larger than {most} bytes", path.display());
        self.digests.borrow_mut().push(hex(&Sha256::digest(&bytes)));
        Ok(bytes)
    }
    /// The same as text.
    pub fn read_text(&self, file: &str, most: u64) -> Result<String> {
        String::from_utf8(self.read(file, most)?).map_err(|_| anyhow::anyhow!("{file} is no UTF-8 text"))
    }
    /// Notes where something came from or what was left out; shown with the stream and kept in its runs' manifests.
    pub fn note(&self, note: String) {
        self.notes.borrow_mut().push(note);
    }
    /// What was noted so far.
    pub fn notes(&self) -> Vec<String> {
        self.notes.borrow().clone()
    }
}

/// Ranks units.
pub trait Rank {
    /// Numbers of the units in their order, each at most once.
    ///
    /// # Errors
    /// When what it needs is missing or does not fit the units.
    fn rank(&self, units: &[Unit], ground: &Ground) -> Result<Vec<usize>>;
}

/// Changes tasks: drops training examples, changes their labels, hides them.
pub trait Alter {
    /// Changes the tasks in place.
    fn alter(&self, tasks: &mut [Task], ground: &Ground) -> Result<()>;
}

/// Brings the tasks' training examples in experiences.
pub trait Arrive {
    /// The experiences in order.
    fn arrive(&self, tasks: &[Task], ground: &Ground) -> Result<Vec<Experience>>;
    /// Whether each example may be seen only once.
    fn is_once(&self) -> bool {
        false
    }
    /// Whether these are experiences to the last step, to which no environment can add.
    fn is_whole(&self) -> bool {
        false
    }
}

/// Lets examples come back.
pub trait Revisit {
    /// What becomes of the experiences in which everything is new.
    fn revisit(&self, base: Vec<Experience>, tasks: &[Task], ground: &Ground) -> Result<World>;
}

/// Experiences with all that comes back.
pub struct World {
    /// The experiences.
    pub experiences: Vec<Experience>,
    /// What chooses, while the run goes on, which examples come back.
    pub policy: Option<Maker>,
}

impl World {
    /// Nothing is chosen while the run goes on.
    pub fn fixed(experiences: Vec<Experience>) -> Self {
        Self { experiences, policy: None }
    }
}

/// Makes a policy as it is before the first step.
pub type Maker = Arc<dyn Fn() -> Box<dyn Policy> + Send + Sync>;

/// Chooses, while a run goes on, which examples come back: a bandit whose arms are the earlier experiences.
pub trait Policy: Stored + Send {
    /// Chooses `count` examples. `arms` says how many new examples each earlier experience brought; a choice is an arm
    /// and the place of one of its examples.
    fn choose(&mut self, arms: &[usize], count: usize, draws: &Draws) -> Vec<(usize, usize)>;
    /// Whether it goes by what the network answers. One that does not is told nothing and goes with every method.
    fn asks(&self) -> bool {
        true
    }
    /// Is told what became of the chosen examples of a step, before the weights moved.
    fn learn(&mut self, outcomes: &[Outcome]);
    /// Probability of each arm at the next choice, as far as that can be said.
    fn shares(&self, arms: &[usize]) -> Vec<f64>;
}

/// What the model answered to an example that came back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The arm that it came from.
    pub arm: usize,
    /// Its place among the arm's examples.
    pub place: usize,
    /// Negative logarithm of the right label's probability, in nats.
    pub loss: f64,
    /// Probability of the right label.
    pub confidence: f64,
    /// Whether the right label's score was above all others: [`is_right`](crate::network::predictor::is_right).
    pub hit: bool,
}

/// Experiences with examples of earlier ones added, drawn without replacement: `count(phase, earlier)` of the new
/// examples of experience `earlier` come back in experience `phase`.
///
/// # Errors
/// When more are asked for than an experience brought.
pub fn rehearse(
    base: Vec<Experience>,
    draws: &Draws,
    count: impl Fn(usize, usize) -> usize,
) -> Result<Vec<Experience>> {
    let mut all = base.clone();
    for (phase, experience) in all.iter_mut().enumerate() {
        let mut back = Vec::new();
        for (earlier, of) in base[..phase].iter().enumerate() {
            let (wanted, there) = (count(phase, earlier), of.len());
            if wanted > there {
                bail!("{wanted} examples of experience {} are to come back and it brought {there}", earlier + 1);
            }
            let call = (phase * base.len() + earlier) as u64;
            let mut places = if wanted == there { (0..there).collect() } else { draws.order("rehearsal", call, there) };
            places.truncate(wanted);
            places.sort_unstable();
            back.extend(of.at(&places));
        }
        experience.add_rehearsed(&back, draws, phase);
    }
    Ok(all)
}

/// Parts out of (task, place) pairs, by task.
pub(crate) fn by_task(pairs: &[(u32, u32)], rehearsed: bool) -> Vec<Part> {
    let mut by_task = BTreeMap::<u32, Vec<u32>>::new();
    pairs.iter().for_each(|(task, place)| by_task.entry(*task).or_default().push(*place));
    let part = |(task, indices): (u32, Vec<u32>)| Part { task: task as usize, indices: indices.into(), rehearsed };
    by_task.into_iter().map(part).collect()
}

/// Orderings, arrivals and environments that are there from the start: what is usual.
pub const USUAL: (Ordering, Arrival, Environment) = (
    Ordering {
        name: "given",
        about: "as datasets and kinds list them",
        citation: "https://arxiv.org/abs/2408.14471",
        settings: Nothing::SETTINGS,
        make: |table| part(table, |Nothing {}| Box::new(Nothing {}) as Box<dyn Rank>),
    },
    Arrival {
        name: "whole",
        about: "one task after the other, each whole",
        citation: "https://arxiv.org/abs/1706.08840",
        settings: Nothing::SETTINGS,
        make: |table| part(table, |Nothing {}| Box::new(Nothing {}) as Box<dyn Arrive>),
    },
    Environment {
        name: "none",
        about: "nothing comes back",
        citation: "https://arxiv.org/abs/2401.10393",
        settings: Nothing::SETTINGS,
        make: |table| part(table, |Nothing {}| Box::new(Nothing {}) as Box<dyn Revisit>),
    },
);

crate::catalogue::settings! {
    /// The usual: no settings, nothing done.
    struct Nothing {}
}

impl Settings for Nothing {}

impl Rank for Nothing {
    fn rank(&self, units: &[Unit], _: &Ground) -> Result<Vec<usize>> {
        Ok((0..units.len()).collect())
    }
}

impl Arrive for Nothing {
    fn arrive(&self, tasks: &[Task], _: &Ground) -> Result<Vec<Experience>> {
        let part =
            |(task, of): (usize, &Task)| Part { task, indices: (0..of.train.len() as u32).collect(), rehearsed: false };
        Ok(tasks.iter().enumerate().map(|task| Experience::new(vec![part(task)])).collect())
    }
}

impl Revisit for Nothing {
    fn revisit(&self, base: Vec<Experience>, _: &[Task], _: &Ground) -> Result<World> {
        Ok(World::fixed(base))
    }
}

/// How a universe of concepts becomes tasks.
pub type Kind = Entry<fn(toml::Table, &Ground) -> Made<Plan>>;

/// A thing that an ordering ranks: a concept, or a whole task of a kind whose tasks share their classes.
#[derive(Clone, Debug)]
pub struct Unit {
    /// `dataset+++class` for a concept, else the task's name.
    pub name: String,
    /// Index into the universe's datasets; the first of several.
    pub dataset: usize,
    /// Its training examples.
    pub train: View,
}
