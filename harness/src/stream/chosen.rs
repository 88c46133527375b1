//! The parts of a stream that are chosen by name: an ordering, an arrival, an environment.

use anyhow::{Context, Result, bail};
use toml::{Table, Value};

use super::{Ground, Ordering, Rank, Unit};
use crate::catalogue::{Entry, Made, Range, Setting, besides, find, keys};

/// The keys of a table that are in `keys`, and the others.
pub(super) fn split(table: Table, keys: &[&str]) -> (Table, Table) {
    table.into_iter().partition(|(key, _)| keys.contains(&key.as_str()))
}

/// The entry of a part that makes a `P`.
type Part<P> = Entry<fn(Table) -> Made<P>>;

/// The parts of a stream that are chosen by name, as they are read one after the other.
pub(super) struct Chosen {
    /// What the file says of those that are still to be read.
    pub asked: Table,
    /// Tables of those that were read, with defaults; without those that are usual.
    pub read: Table,
}

/// What every part has that is chosen by name.
const KIND: Setting =
    Setting::new("kind", "Which it is, by name; the name alone may stand for the table.", Range::Text("a name"));
/// What every ordering has.
const ORDER: &[Setting] =
    &[KIND, Setting::new("reverse", "Whether the last comes first.", Range::Flag).or(|| Some(false.into()))];

/// The settings that all parts called `stream.KEY` have.
pub(crate) fn common(key: &str) -> &'static [Setting] {
    if key == "order" { ORDER } else { &[KIND] }
}

impl Chosen {
    /// The part that is named by `stream.KEY = "name"` or by `kind` in a table, else the usual one.
    pub fn named<P>(&mut self, key: &str, catalogue: &[Part<P>]) -> Result<P> {
        let usual = catalogue.first().map_or("", |entry| entry.name);
        let mut table = match self.asked.remove(key) {
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
        let common: Vec<&str> = keys(common(key)).collect();
        let made = (entry.make)(table).map_err(|error| besides(error, &common));
        let (mut table, part) = made.with_context(|| format!("in [stream.{key}]"))?;
        if kind != usual {
            table.insert("kind".into(), kind.into());
            self.read.insert(key.into(), table.into());
        }
        Ok(part)
    }

    /// The ordering, turned around where `stream.order.reverse = true`. That key belongs to every ordering.
    pub fn ordering(&mut self, catalogue: &[Ordering]) -> Result<Box<dyn Rank>> {
        let reverse =
            match self.asked.get_mut("order").and_then(Value::as_table_mut).and_then(|table| table.remove("reverse")) {
                None => false,
                Some(Value::Boolean(reverse)) => reverse,
                Some(other) => bail!("stream.order.reverse = {other} is neither true nor false"),
            };
        let kind = catalogue.first().map_or("", |usual| usual.name);
        let ordering = self.named("order", catalogue)?;
        if !reverse {
            return Ok(ordering);
        }
        let usual = || Table::from_iter([("kind".to_owned(), kind.into())]).into();
        let table = self.read.entry("order").or_insert_with(usual).as_table_mut().expect("parts are tables");
        table.insert("reverse".into(), true.into());
        Ok(Box::new(Reversed(ordering)))
    }
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
