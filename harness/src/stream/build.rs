//! From the `[stream]` table to a stream: universe, ordering, kind, alterations, arrival, environment, hash.

use std::{borrow::Cow, cell::RefCell, sync::Arc};

use anyhow::{Context, Result, bail, ensure};
use toml::{Table, Value};

use super::{
    Ground, Plan, Settings, Stream, StreamParts, Task, World,
    chosen::{Chosen, split},
    content::content,
    experience::{check, joined},
    held::{hold_out, leaks},
    missing,
    open::{Places, open},
    parted::Parted,
};
use crate::{
    catalogue::{besides, keys, section},
    data::{BETWEEN, Element, Universe},
    primitives::draws::Draws,
};

/// Keys of `[stream]` that belong to every kind.
fn common_keys() -> Vec<&'static str> {
    keys(Settings::SETTINGS).collect()
}

/// What stays when the command line names another kind.
pub(crate) fn kept_keys() -> Vec<&'static str> {
    keys(Settings::SETTINGS).filter(|key| !["kind", "hash"].contains(key)).chain(PARTS).collect()
}

/// Parts of a stream that are chosen by name.
pub(crate) const PARTS: [&str; 3] = ["order", "arrival", "environment"];

/// Builds the stream that `table` describes; gives the table back with defaults.
pub(crate) fn build(name: &str, table: Table, joint: bool, places: &Places) -> Result<(Table, Stream)> {
    let (mut settings, rest) = common(table)?;
    settings.joint |= joint;
    let known = places.parts;
    let kind = known.kind(&settings.kind)?;
    let (asked, rest) = split(rest, &PARTS);
    let alterations: Vec<&str> = known.alterations.iter().map(|entry| entry.name).collect();
    let (altered, own) = split(rest, &alterations);
    let mut chosen = Chosen { asked, read: Table::new() };
    let ordering = chosen.ordering(&known.orderings)?;
    let draws = Draws::of(settings.seed);
    let notes = RefCell::default();
    let universe = Universe::new(open(&settings, places, &notes)?, settings.shape, settings.fit);
    let (universe, parted) = Parted::of(universe.context("in [stream]")?, &settings, &draws).context("in [stream]")?;
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
    let keys: Vec<&str> = [&common_keys()[..], &PARTS, &alterations].concat();
    let made = (kind.make)(own, &ground).map_err(|error| besides(error, &keys));
    let (mut own, mut plan) = made.context("in [stream]")?;
    let (own_classes, titles) = (plan.classes.len(), titles(&plan.classes, parted, &universe));
    let mut pool = parted.pool(&universe, &mut plan)?;
    let probes = parted.probes(&universe, own_classes)?;
    check_element(&universe, &plan.tasks, &settings.kind)?;
    change(&altered, &mut plan, pool.as_mut(), &settings, &mut chosen, (&ground, known))?;
    let (world, once) = experiences(&mut chosen, &plan.tasks, &ground, known)?;
    let policy = world.policy.is_some().then(|| rule(&chosen.read, &ground));
    let hash = content(&settings, &universe, &plan, pool.as_ref(), &probes, &world.experiences, policy);
    settings.demands(&hash)?;
    let (mut experiences, mut policy) = (world.experiences, world.policy);
    if let Some((first, last)) = settings.covers(experiences.len())? {
        (experiences, policy) = (vec![joined(&experiences[first - 1..last])], None);
    }
    own.extend(Table::try_from(&settings).context("settings are a table")?);
    own.extend(chosen.read.clone());
    let (notes, ranking) = (ground.notes.take(), ground.ranking.take());
    let stream = Stream {
        name: name.into(),
        titles,
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
        parts: chosen.read,
    };
    Ok((own, stream))
}

/// The settings that belong to every kind, and the rest of the table.
fn common(mut table: Table) -> Result<(Settings, Table)> {
    for key in ["dataset", "pool", "held_out"] {
        if let Some(Value::String(one)) = table.get(key) {
            let list = Value::Array(vec![one.clone().into()]);
            table.insert(key.into(), list);
        }
    }
    for key in ["kind", "dataset"] {
        ensure!(table.contains_key(key), "stream.{key} is missing; `clbench list` shows what there is");
    }
    let (common, rest) = split(table, &common_keys());
    Ok((section("stream", common)?, rest))
}

/// Alters the tasks' training examples, holds some of them out, and notes what is missing then.
fn change(
    altered: &Table,
    plan: &mut Plan,
    pool: Option<&mut Task>,
    settings: &Settings,
    chosen: &mut Chosen,
    (ground, known): (&Ground, &StreamParts),
) -> Result<()> {
    let untouched = altered.is_empty() && settings.val_fraction == 0.0;
    let before = if untouched { Vec::new() } else { missing::shown(&plan.tasks) };
    alter(altered, plan, &mut chosen.read, ground, known)?;
    hold_out(&mut plan.tasks, pool, ground.universe, settings.val_fraction, &ground.draws)?;
    leaks(ground.universe, &settings.held_out).into_iter().for_each(|note| ground.note(note));
    for (index, task) in plan.tasks.iter().enumerate() {
        ensure!(
            !task.train.is_empty() && !task.test.is_empty(),
            "task {index} (`{}`) is left without examples to train or to test on; lower stream.val_fraction or choose \
             other classes",
            task.name
        );
    }
    missing::note(&before, plan, ground);
    Ok(())
}

/// Makes the alterations that are asked for, in the order of the catalogue; their tables with defaults go into `parts`.
fn alter(altered: &Table, plan: &mut Plan, parts: &mut Table, ground: &Ground, known: &StreamParts) -> Result<()> {
    for entry in &known.alterations {
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

/// How the tasks arrive and what comes back.
fn experiences(chosen: &mut Chosen, tasks: &[Task], ground: &Ground, known: &StreamParts) -> Result<(World, bool)> {
    let arrival = chosen.named("arrival", &known.arrivals)?;
    let base = arrival.arrive(tasks, ground).and_then(|base| check(&base, tasks).map(|()| base));
    let base = base.context("in [stream.arrival]")?;
    let environment = chosen.named("environment", &known.environments)?;
    // What other parts have read shows in the content.
    ground.digests.borrow_mut().clear();
    ensure!(
        !arrival.is_whole() || !chosen.read.contains_key("environment"),
        "stream.environment does not go with this stream.arrival: both say what comes back; leave one of them out"
    );
    let world = environment.revisit(base, tasks, ground);
    let world = world.and_then(|world| check(&world.experiences, tasks).map(|()| world));
    Ok((world.context("in [stream.environment]")?, arrival.is_once()))
}
