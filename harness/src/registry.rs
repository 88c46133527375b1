//! What there is, by name: explicit ordered lists of datasets, kinds of stream, methods and optimizers.

mod typed;

use anyhow::{Context, Result, bail};
use clbench_results::text::remark;
use serde::{Serialize, de::DeserializeOwned};
use toml::Table;

pub use self::typed::{UnknownKey, typed};
use crate::{
    catalogue::{Family, Need, Setting},
    dataset::{Load, Source},
    method::{Carrier, Contribution},
    net::Net,
    optim::Optimizer,
    stream::Plan,
    world::{Alteration, Arrival, Environment, Ground, Ordering, USUAL},
};

/// Everything that a program knows by name.
pub struct Shelf {
    /// Datasets.
    pub datasets: Vec<&'static dyn Source>,
    /// Pretrained weights, which are fetched and verified like datasets; to open one as such is an error.
    pub models: Vec<&'static dyn Source>,
    /// Ways to open a user's own data; those of the harness stand here from the start.
    pub formats: Vec<Format>,
    /// Kinds of stream.
    pub kinds: Vec<Kind>,
    /// Ways to rank concepts.
    pub orderings: Vec<Ordering>,
    /// Ways to change training examples.
    pub alterations: Vec<Alteration>,
    /// Ways in which examples come.
    pub arrivals: Vec<Arrival>,
    /// Ways in which examples come back.
    pub environments: Vec<Environment>,
    /// Methods; the first is run where a stream file names none.
    pub methods: Vec<Method>,
    /// Optimizers; those of the harness stand here from the start.
    pub rules: Vec<Rule>,
    /// What reads a stream that is written as files.
    pub written: WrittenParts,
    /// Source revision of the program, for results to name; empty if unknown.
    pub revision: &'static str,
}

/// Names of the parts that read a stream from files, as `clbench stream export` writes them; empty for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrittenParts {
    /// The kind that makes tasks from a list of concepts.
    pub kind: &'static str,
    /// The ordering that reads a list of concepts from its `file`.
    pub order: &'static str,
    /// The arrival that reads experiences from its `file`; `once` says whether each example may be seen only once.
    pub arrival: &'static str,
}

/// What streams are made of.
#[derive(Clone, Default)]
pub struct StreamParts {
    /// Kinds of stream.
    pub kinds: Vec<Kind>,
    /// Ways to rank concepts.
    pub orderings: Vec<Ordering>,
    /// Ways to change training examples.
    pub alterations: Vec<Alteration>,
    /// Ways in which examples come.
    pub arrivals: Vec<Arrival>,
    /// Ways in which examples come back.
    pub environments: Vec<Environment>,
    /// Which of these read a stream that is written as files.
    pub written: WrittenParts,
}

impl Default for Shelf {
    fn default() -> Self {
        let (given, whole, none) = USUAL;
        Self {
            datasets: Vec::new(),
            models: Vec::new(),
            formats: vec![crate::features::FORMAT],
            kinds: Vec::new(),
            orderings: vec![given],
            alterations: Vec::new(),
            arrivals: vec![whole],
            environments: vec![none],
            methods: Vec::new(),
            rules: crate::optim::catalogue(),
            written: WrittenParts::default(),
            revision: "",
        }
    }
}

impl Shelf {
    /// Adds datasets.
    pub fn datasets(mut self, more: impl IntoIterator<Item = &'static dyn Source>) -> Self {
        self.datasets.extend(more);
        self
    }
    /// Adds pretrained weights.
    pub fn models(mut self, more: impl IntoIterator<Item = &'static dyn Source>) -> Self {
        self.models.extend(more);
        self
    }
    /// Adds ways to open a user's own data.
    pub fn formats(mut self, more: impl IntoIterator<Item = Format>) -> Self {
        self.formats.extend(more);
        self
    }
    /// Adds kinds of stream.
    pub fn kinds(mut self, more: impl IntoIterator<Item = Kind>) -> Self {
        self.kinds.extend(more);
        self
    }
    /// Adds orderings.
    pub fn orderings(mut self, more: impl IntoIterator<Item = Ordering>) -> Self {
        self.orderings.extend(more);
        self
    }
    /// Adds alterations.
    pub fn alterations(mut self, more: impl IntoIterator<Item = Alteration>) -> Self {
        self.alterations.extend(more);
        self
    }
    /// Adds arrivals.
    pub fn arrivals(mut self, more: impl IntoIterator<Item = Arrival>) -> Self {
        self.arrivals.extend(more);
        self
    }
    /// Adds environments.
    pub fn environments(mut self, more: impl IntoIterator<Item = Environment>) -> Self {
        self.environments.extend(more);
        self
    }
    /// Adds all that streams are made of.
    pub fn streams(self, more: StreamParts) -> Self {
        let shelf = self.kinds(more.kinds).orderings(more.orderings).alterations(more.alterations);
        let shelf = shelf.arrivals(more.arrivals).environments(more.environments);
        if more.written == WrittenParts::default() { shelf } else { Self { written: more.written, ..shelf } }
    }
    /// Adds methods.
    pub fn methods(mut self, more: impl IntoIterator<Item = Method>) -> Self {
        self.methods.extend(more);
        self
    }
    /// Adds optimizers.
    pub fn rules(mut self, more: impl IntoIterator<Item = Rule>) -> Self {
        self.rules.extend(more);
        self
    }
    /// Names the program's source revision.
    pub fn revision(self, revision: &'static str) -> Self {
        Self { revision, ..self }
    }
    /// The dataset called `name`, or what there is.
    pub fn dataset(&self, name: &str) -> Result<&'static dyn Source> {
        Ok(*pick("dataset", name, &self.datasets, |source| source.name())?)
    }
    /// What can be fetched: datasets, then models.
    pub fn fetched(&self) -> Vec<&'static dyn Source> {
        self.datasets.iter().chain(&self.models).copied().collect()
    }
    /// The dataset or the model called `name`, or what there is.
    pub fn fetched_as(&self, name: &str) -> Result<&'static dyn Source> {
        let all = self.fetched();
        Ok(*pick("dataset", name, &all, |source| source.name())?)
    }
    /// The kind of stream called `name`, or what there is.
    pub fn kind(&self, name: &str) -> Result<&Kind> {
        pick("kind of stream", name, &self.kinds, |kind| kind.name)
    }
    /// The method called `name`, or what there is.
    pub fn method(&self, name: &str) -> Result<&Method> {
        pick("method", name, &self.methods, |method| method.name)
    }
    /// The optimizer called `name`, or what there is.
    pub fn rule(&self, name: &str) -> Result<&Rule> {
        pick("optimizer", name, &self.rules, |rule| rule.name)
    }
}

/// Settings with defaults, and what was made of them.
pub type Made<T> = Result<(Table, T)>;

/// Something that a catalogue knows by name.
#[derive(Clone, Copy)]
pub struct Entry<F> {
    /// Its name in stream files, in kebab case.
    pub name: &'static str,
    /// One line: what it is.
    pub about: &'static str,
    /// Where it comes from.
    pub citation: &'static str,
    /// Reads its settings; gives them back with defaults, and what they describe.
    pub make: F,
}

/// How a universe of concepts becomes tasks.
pub type Kind = Entry<fn(Table, &Ground) -> Made<Plan>>;

/// How a user's own data are opened.
pub type Format = Entry<fn(Table) -> Made<Box<dyn Load>>>;

/// A part of a stack.
#[derive(Clone, Copy)]
pub struct Method {
    /// Its name in `method=` and of its table, in kebab case.
    pub name: &'static str,
    /// One line: what it does.
    pub about: &'static str,
    /// Where it comes from.
    pub citation: &'static str,
    /// How its settings become a part of a stack.
    pub make: Make,
    /// Wants all tasks at once: an upper bound.
    pub joint: bool,
    /// Under which heading lists show it.
    pub family: Family,
    /// Its settings, whose values are checked against their ranges before `make` sees them.
    pub settings: &'static [Setting],
    /// What it needs, whatever its settings.
    pub needs: &'static [Need],
}

impl Method {
    /// A method of no family, without a description, settings or needs.
    pub const fn new(name: &'static str, make: Make) -> Self {
        let (about, citation, joint, family) = ("", "", false, Family::Other);
        Self { name, about, citation, make, joint, family, settings: &[], needs: &[] }
    }
}

/// How settings become a part of a stack; each gives the settings back with defaults.
#[derive(Clone, Copy)]
pub enum Make {
    /// Says what is trained.
    Carrier(fn(Table, &Net) -> Made<Box<dyn Carrier>>),
    /// Adds to what a carrier does.
    Contribution(fn(Table) -> Made<Box<dyn Contribution>>),
}

/// An optimizer.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name in `optim.rule=`, in kebab case.
    pub name: &'static str,
    /// One line: what it is and what it asks.
    pub about: &'static str,
    /// Where it comes from.
    pub citation: &'static str,
    /// Reads its settings; gives them back with defaults.
    pub make: fn(Table) -> Made<Box<dyn Optimizer>>,
}

/// Settings that can say what is wrong with them.
pub trait Settings: Serialize + DeserializeOwned {
    /// Refuses what is out of range, naming key, value and range.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Makes a contribution out of its table.
pub fn contribution<C, M>(table: Table, new: impl FnOnce(C) -> M) -> Made<Box<dyn Contribution>>
where
    C: Settings,
    M: Contribution + 'static,
{
    let (table, config) = settings(table)?;
    Ok((table, Box::new(new(config))))
}

/// Makes a carrier out of its table and the network, which it may refuse.
pub fn carrier<C, M>(table: Table, net: &Net, new: impl FnOnce(C, Net) -> Result<M>) -> Made<Box<dyn Carrier>>
where
    C: Settings,
    M: Carrier + 'static,
{
    let (table, config) = settings(table)?;
    Ok((table, Box::new(new(config, net.clone())?)))
}

/// Makes an optimizer out of its table.
pub fn optimizer<C, M>(table: Table, new: impl FnOnce(C) -> M) -> Made<Box<dyn Optimizer>>
where
    C: Settings,
    M: Optimizer + 'static,
{
    let (table, config) = settings(table)?;
    Ok((table, Box::new(new(config))))
}

/// Reads and checks settings; gives them back as a table with defaults.
pub fn settings<C: Settings>(table: Table) -> Made<C> {
    let config: C = typed(table)?;
    config.check()?;
    Ok((Table::try_from(&config).context("settings are a table")?, config))
}

/// Makes an ordering, an alteration, an arrival or an environment out of its table; `part` puts it into its box.
pub fn part<C: Settings, P: ?Sized>(table: Table, part: impl FnOnce(C) -> Box<P>) -> Made<Box<P>> {
    let (table, config) = settings(table)?;
    Ok((table, part(config)))
}

/// The entry called `name`, or what there is.
pub(crate) fn find<'a, F>(what: &str, name: &str, catalogue: &'a [Entry<F>]) -> Result<&'a Entry<F>> {
    pick(what, name, catalogue, |entry| entry.name)
}

/// The item called `name`, or an error that lists what there is and the nearest.
fn pick<'a, T>(what: &str, name: &str, items: &'a [T], name_of: impl Fn(&T) -> &str) -> Result<&'a T> {
    match items.iter().find(|item| name_of(item) == name) {
        Some(item) => Ok(item),
        None => bail!("{}", unknown(what, name, &items.iter().map(name_of).collect::<Vec<_>>())),
    }
}

/// Says that `name` is unknown, what is nearest and what there is.
pub fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    // Whoever wrote it may have written a megabyte, or what moves the cursor.
    let name = &remark(name);
    let near = known.iter().map(|known| (strsim::damerau_levenshtein(name, known), *known)).min();
    let hint = match near {
        Some((distance, near)) if distance <= 1 + near.len() / 4 => format!("; did you mean `{near}`?"),
        _ => ";".into(),
    };
    format!("unknown {what} `{name}`{hint} there are {}", known.join(", "))
}
