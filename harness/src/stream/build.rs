//! From the `[stream]` table to a stream: universe, ordering, kind, alterations, arrival, environment, hash.

use std::{borrow::Cow, cell::RefCell, path::Path, sync::Arc};

use anyhow::{Context, Result, bail, ensure};
use toml::{Table, Value};

use super::{
    Course, Experience, Plan, Settings, Stream, Task,
    content::content,
    held::{hold_out, leaks},
    metadata, missing,
    parted::Parted,
};
use crate::{
    dataset::{Dataset, Element, Load, Origin},
    draws::Draws,
    files::Files,
    registry::{Entry, Made, Shelf, UnknownKey, find, typed},
    universe::{BETWEEN, Unit, Universe},
    world::{Ground, Ordering, Rank, World},
};

/// Keys of `[stream]` that belong to every kind.
pub(crate) const COMMON: [&str; 17] = [
    "kind",
    "dataset",
    "seed",
    "val_fraction",
    "normalise",
    "joint",
    "upto",
    "only",
    "shape",
    "fit",
    "pool",
    "held_out",
    "pool_share",
    "held_out_share",
    "most_train",
    "most_test",
    "hash",
];
/// What stays when the command line names another kind.
pub(crate) const KIND: [&str; 18] = [
    "dataset",
    "seed",
    "val_fraction",
    "normalise",
    "joint",
    "upto",
    "only",
    "shape",
    "fit",
    "pool",
    "held_out",
    "pool_share",
    "held_out_share",
    "most_train",
    "most_test",
    "order",
    "arrival",
    "environment",
];
/// Parts of a stream that are chosen by name.
pub(crate) const PARTS: [&str; 3] = ["order", "arrival", "environment"];

/// Datasets of a user's own, by name.
pub(crate) type Own = Vec<(String, Box<dyn Load>)>;

/// Where things are looked for.
pub(crate) struct Places<'a> {
    /// The folder of datasets.
    pub data: &'a Path,
    /// Finds what the stream file names.
    pub files: &'a Files,
    /// The file's `[data]` tables: datasets of a user's own.
    pub own: &'a Own,
}

/// The keys of a table that are in `keys`, and the others.
fn split(table: Table, keys: &[&str]) -> (Table, Table) {
    table.into_iter().partition(|(key, _)| keys.contains(&key.as_str()))
}

/// An unknown key of a table that also has the keys `common`.
fn besides(error: anyhow::Error, common: &[&str]) -> anyhow::Error {
    error.downcast::<UnknownKey>().map_or_else(|error| error, |key| key.besides(common).into())
}

/// The entry of a part that makes a `P`.
type Part<P> = Entry<fn(Table) -> Made<P>>;

/// The part that is named by `stream.KEY = "name"` or by `kind` in a table, else the usual one. Its table goes into
/// `parts` unless it is the usual one.
fn named<P>(key: &str, chosen: &mut Table, parts: &mut Table, catalogue: &[Part<P>]) -> Result<P> {
    let usual = catalogue.first().map_or("", |entry| entry.name);
    let mut table = match chosen.remove(key) {
        None => Table::from_iter([("kind".to_owned(), usual.into())]),
        Some(Value::String(kind)) => Table::from_iter([("kind".to_owned(), kind.into())]),
        Some(Value::Table(table)) => table,
        Some(other) => bail!("stream.{key} = {other} is neither a name nor a table"),
    };
    let Some(Value::String(kind)) = table.remove("kind") else {
        let names = catalogue.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ");
        bail!("stream.{key}.kind is missing; there are {names}");
    };
    let entry = find(key, &kind, catalogue)?;
    let common: &[&str] = if key == "order" { &["kind", "reverse"] } else { &["kind"] };
    let made = (entry.make)(table).map_err(|error| besides(error, common));
    let (mut table, part) = made.with_context(|| format!("in [stream.{key}]"))?;
    if kind != usual {
        table.insert("kind".into(), kind.into());
        parts.insert(key.into(), table.into());
    }
    Ok(part)
}

/// The ordering, turned around where `stream.order.reverse = true`. That key belongs to every ordering.
fn ordering(chosen: &mut Table, parts: &mut Table, catalogue: &[Ordering]) -> Result<Box<dyn Rank>> {
    let reverse = match chosen.get_mut("order").and_then(Value::as_table_mut).and_then(|table| table.remove("reverse"))
    {
        None => false,
        Some(Value::Boolean(reverse)) => reverse,
        Some(other) => bail!("stream.order.reverse = {other} is neither true nor false"),
    };
    let kind = catalogue.first().map_or("", |usual| usual.name);
    let ordering = named("order", chosen, parts, catalogue)?;
    if !reverse {
        return Ok(ordering);
    }
    let usual = || Table::from_iter([("kind".to_owned(), kind.into())]).into();
    let table = parts.entry("order").or_insert_with(usual).as_table_mut().expect("parts are tables");
    table.insert("reverse".into(), true.into());
    Ok(Box::new(Reversed(ordering)))
}

/// The last first.
struct Reversed(Box<dyn Rank>);

impl Rank for Reversed {
    fn rank(&self, units: &[Unit], ground: &Ground) -> Result<Vec<usize>> {
        let mut ranking = self.0.rank(units, ground)?;
        ranking.reverse();
        ground.note("the order is reversed".into());
        Ok(ranking)
    }
}

/// Builds the stream that `table` describes; gives the table back with defaults.
pub(crate) fn build(
    name: &str,
    mut table: Table,
    joint: bool,
    places: &Places,
    shelf: &Shelf,
) -> Result<(Table, Stream)> {
    for key in ["dataset", "pool", "held_out"] {
        if let Some(Value::String(one)) = table.get(key) {
            let list = Value::Array(vec![one.clone().into()]);
            table.insert(key.into(), list);
        }
    }
    for key in ["kind", "dataset"] {
        ensure!(table.contains_key(key), "stream.{key} is missing; `clbench list` shows what there is");
    }
    let (common, rest) = split(table, &COMMON);
    let mut settings: Settings = typed(common).context("in [stream]")?;
    settings.joint |= joint;
    ensure!((0.0..1.0).contains(&settings.val_fraction), "stream.val_fraction is not at least 0 and below 1");
    let kind = shelf.kind(&settings.kind)?;
    let (chosen, rest) = split(rest, &PARTS);
    let alterations: Vec<&str> = shelf.alterations.iter().map(|entry| entry.name).collect();
    let (altered, own) = split(rest, &alterations);
    let mut chosen = chosen;
    let mut parts = Table::new();
    let ordering = ordering(&mut chosen, &mut parts, &shelf.orderings)?;
    let draws = Draws::of(settings.seed);
    let notes = RefCell::default();
    let all: Vec<Dataset> = open(&settings, places, shelf, &notes)?;
    let universe = Universe::new(all, settings.shape, settings.fit).context("in [stream]")?;
    let (universe, parted) = Parted::of(universe, &settings, &draws).context("in [stream]")?;
    let ground = Ground {
        universe: &universe,
        own: parted.own,
        draws,
        ordering: &*ordering,
        files: Cow::Borrowed(places.files),
        digests: RefCell::default(),
        notes,
        ranking: RefCell::default(),
    };
    let known: Vec<&str> = [&COMMON[..], &PARTS, &alterations].concat();
    let made = (kind.make)(own, &ground).map_err(|error| besides(error, &known));
    let (mut own, mut plan) = made.context("in [stream]")?;
    let own_classes = plan.classes.clone();
    let mut pool = parted.pool(&universe, &mut plan)?;
    let probes = parted.probes(&universe, own_classes.len())?;
    check_element(&universe, &plan.tasks, &settings.kind)?;
    let before =
        if altered.is_empty() && settings.val_fraction == 0.0 { Vec::new() } else { missing::shown(&plan.tasks) };
    alter(&altered, &mut plan, &mut parts, &ground, shelf)?;
    hold_out(&mut plan.tasks, pool.as_mut(), &universe, settings.val_fraction, &draws)?;
    leaks(&universe, &settings.held_out).into_iter().for_each(|note| ground.note(note));
    for (index, task) in plan.tasks.iter().enumerate() {
        ensure!(
            !task.train.is_empty() && !task.test.is_empty(),
            "task {index} (`{}`) is left without examples to train or to test on; lower stream.val_fraction or choose \
             other classes",
            task.name
        );
    }
    missing::note(&before, &plan, &ground);
    let (world, once) = experiences(&mut chosen, &mut parts, &plan.tasks, &ground, shelf)?;
    let policy = world.policy.is_some().then(|| rule(&parts, &ground));
    let hash = content(&settings, &universe, &plan, pool.as_ref(), &probes, &world.experiences, policy);
    if let Some(wanted) = &settings.hash {
        ensure!(
            *wanted == hash,
            "the stream's content has hash {hash}, and stream.hash demands {wanted}: its data or settings differ"
        );
    }
    let (mut experiences, mut policy) = (world.experiences, world.policy);
    if let Some((first, last)) = settings.covers(experiences.len())? {
        (experiences, policy) = (vec![joined(&experiences[first - 1..last])], None);
    }
    own.extend(Table::try_from(&settings).context("settings are a table")?);
    own.extend(parts.clone());
    let (notes, ranking) = (ground.notes.take(), ground.ranking.take());
    let stream = Stream {
        name: name.into(),
        titles: titles(&own_classes, parted, &universe),
        probes,
        classes: plan.classes,
        input: universe.shape,
        scaling: scaling(&universe, settings.normalise),
        tasks: plan.tasks,
        pool,
        experiences,
        policy,
        once,
        head: plan.head,
        settings,
        hash,
        notes,
        ranking,
        universe,
        parts,
    };
    Ok((own, stream))
}

/// Makes the alterations that are asked for, in the order of the catalogue; their tables with defaults go into `parts`.
fn alter(altered: &Table, plan: &mut Plan, parts: &mut Table, ground: &Ground, shelf: &Shelf) -> Result<()> {
    for entry in &shelf.alterations {
        let Some(value) = altered.get(entry.name) else { continue };
        let Value::Table(table) = value else {
            bail!("stream.{} = {value} is no table; write [stream.{}]", entry.name, entry.name)
        };
        let within = || format!("in [stream.{}]", entry.name);
        let (table, part) = (entry.make)(table.clone()).with_context(within)?;
        part.alter(&mut plan.tasks, ground).with_context(within)?;
        parts.insert(entry.name.into(), table.into());
    }
    Ok(())
}

/// Factor and summand of each channel that make an element of an input one of the network's.
fn scaling(universe: &Universe, normalise: bool) -> Vec<(f32, f32)> {
    let full = if universe.element() == Element::Byte { 255.0 } else { 1.0 };
    let (mean, std) = universe.moments();
    let channel =
        |(mean, std): (&f32, &f32)| if normalise { (1.0 / (full * std), -mean / std) } else { (1.0 / full, 0.0) };
    mean.iter().zip(&std).map(channel).collect()
}

/// Names of the classes without their datasets, those of the pool last.
fn titles(own: &[String], parted: Parted, universe: &Universe) -> Vec<Arc<str>> {
    let plain = own.iter().map(|name| name.split_once(BETWEEN).map_or(&name[..], |(_, class)| class));
    plain.chain(parted.of_pool().map(|concept| universe.class(concept))).map(Arc::from).collect()
}

/// Refuses to change features as if they were pictures.
fn check_element(universe: &Universe, tasks: &[Task], kind: &str) -> Result<()> {
    let is_changed = tasks.iter().any(|task| task.train.is_transformed());
    ensure!(
        !is_changed || universe.element() == Element::Byte,
        "stream.kind = \"{kind}\" changes pictures, and `{}` holds features",
        universe.datasets[0].name
    );
    Ok(())
}

/// The environment's settings, with the content of the files that it has read in place of their names.
fn rule(parts: &Table, ground: &Ground) -> String {
    let mut table = parts.get("environment").and_then(Value::as_table).cloned().unwrap_or_default();
    table.remove("file");
    format!("{table:?} {:?}", ground.digests.borrow())
}

/// Opens the stream's datasets, those of its pool and those that are held out. A name that ends in `.csv` or `.json` is
/// a list of concepts.
fn open(settings: &Settings, places: &Places, shelf: &Shelf, notes: &RefCell<Vec<String>>) -> Result<Vec<Dataset>> {
    let mut all = Vec::new();
    let parted = !(settings.pool.is_empty() && settings.held_out.is_empty());
    for name in settings.dataset.iter().chain(&settings.pool).chain(&settings.held_out) {
        let own = places.own.iter().find(|(own, _)| own == name);
        let opened = if let Some((_, loader)) = own {
            let origin = Origin { data: places.data, files: places.files, shelf, notes };
            loader.load(name, &origin)
        } else if metadata::is_list(name) {
            ensure!(
                !parted,
                "stream.pool and stream.held_out cannot stand beside a list of concepts, which has no data"
            );
            all.extend(metadata::open(&places.files.find(name, &[])?)?);
            continue;
        } else {
            shelf.dataset(name)?.open(places.data)
        };
        all.push(opened.with_context(|| format!("cannot open the dataset `{name}`"))?);
    }
    let (train, test) = (settings.most_train, settings.most_test);
    ensure!(train != Some(0) && test != Some(0), "stream.most_train and stream.most_test are at least 1");
    if train.is_some() || test.is_some() {
        all = all.iter().map(|dataset| dataset.limited(train, test)).collect();
    }
    Ok(all)
}

/// How the tasks arrive and what comes back.
fn experiences(
    chosen: &mut Table,
    parts: &mut Table,
    tasks: &[Task],
    ground: &Ground,
    shelf: &Shelf,
) -> Result<(World, bool)> {
    let arrival = named("arrival", chosen, parts, &shelf.arrivals)?;
    let base = arrival.arrive(tasks, ground).and_then(|base| check(&base, tasks).map(|()| base));
    let base = base.context("in [stream.arrival]")?;
    let environment = named("environment", chosen, parts, &shelf.environments)?;
    // What other parts have read shows in the content.
    ground.digests.borrow_mut().clear();
    ensure!(
        !arrival.is_whole() || !parts.contains_key("environment"),
        "stream.environment contradicts stream.arrival, which already says what comes back"
    );
    let world = environment.revisit(base, tasks, ground);
    let world = world.and_then(|world| check(&world.experiences, tasks).map(|()| world));
    Ok((world.context("in [stream.environment]")?, arrival.is_once()))
}

/// Refuses experiences that are empty or name examples that are not there.
fn check(experiences: &[Experience], tasks: &[Task]) -> Result<()> {
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
fn joined(experiences: &[Experience]) -> Experience {
    let mut all: Vec<(u32, u32)> = experiences.iter().flat_map(Experience::pairs).collect();
    // An example that comes back is one example.
    all.sort_unstable();
    all.dedup();
    let span = experiences.iter().map(|experience| experience.span).sum();
    Experience { span, ..Experience::of(&all) }
}
