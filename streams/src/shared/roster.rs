//! The units that are to be ranked, by the names under which users' files have them.

use std::collections::HashMap;

use anyhow::{Result, bail, ensure};
use clbench::{
    data::{BETWEEN, Index},
    stream::{Ground, Unit},
};

use crate::shared::listing::some;

/// Units by name.
pub(crate) struct Roster<'a> {
    units: &'a [Unit],
    ground: &'a Ground<'a>,
    exact: HashMap<&'a str, usize>,
    index: Index,
    /// The unit that is each concept of the universe.
    unit_of: Vec<Option<usize>>,
    /// Whether the units are concepts, as against tasks.
    concepts: bool,
}

impl<'a> Roster<'a> {
    pub(crate) fn new(units: &'a [Unit], ground: &'a Ground<'a>) -> Result<Self> {
        let universe = ground.universe;
        let mut exact = HashMap::new();
        for (at, unit) in units.iter().enumerate() {
            let again = exact.insert(&unit.name[..], at).is_some();
            ensure!(!again, "two things to rank are called `{}`", unit.name.escape_debug());
        }
        let unit_of = (0..universe.concepts.len()).map(|concept| exact.get(&universe.name(concept)[..]).copied());
        let unit_of: Vec<Option<usize>> = unit_of.collect();
        let concepts = unit_of.iter().flatten().count() == units.len();
        Ok(Self { units, ground, exact, index: universe.index()?, unit_of, concepts })
    }

    /// The unit called `name`; the name of a class is enough where there is one dataset.
    ///
    /// # Errors
    /// When units are concepts and `name` can be none's.
    pub(crate) fn find(&self, name: &str) -> Result<Option<usize>> {
        if let Some(unit) = self.exact.get(name) {
            return Ok(Some(*unit));
        }
        if !self.concepts {
            return Ok(None);
        }
        let concept = match &self.ground.universe.datasets[..] {
            [only] if !name.contains(BETWEEN) && !name.is_empty() => {
                self.index.find(&format!("{}{BETWEEN}{name}", only.name))?
            }
            _ => self.index.find(name)?,
        };
        Ok(concept.and_then(|concept| self.unit_of[concept]))
    }

    /// The value of each unit, and how many rows belong to none.
    ///
    /// # Errors
    /// When a unit has two rows, or none.
    pub(crate) fn gather<T>(&self, rows: impl IntoIterator<Item = (String, T)>) -> Result<(Vec<T>, usize)> {
        let mut found: Vec<Option<T>> = self.units.iter().map(|_| None).collect();
        let mut others = 0;
        for (name, value) in rows {
            match self.find(&name)? {
                Some(unit) => {
                    let again = found[unit].replace(value).is_some();
                    ensure!(!again, "`{}` is there twice", self.units[unit].name.escape_debug());
                }
                None => others += 1,
            }
        }
        let missing = self.units.iter().zip(&found).filter(|(_, value)| value.is_none());
        let missing: Vec<&str> = missing.map(|(unit, _)| &unit.name[..]).collect();
        if !missing.is_empty() {
            bail!("{} of {} have no row: {}", missing.len(), self.units.len(), some(missing.iter().copied()));
        }
        Ok((found.into_iter().flatten().collect(), others))
    }

    /// The name of each unit's class.
    ///
    /// # Errors
    /// When units are tasks, which `what` cannot rank.
    pub(crate) fn classes(&self, what: &str, remedy: &str) -> Result<Vec<&'a str>> {
        if !self.concepts {
            let names = some(self.units.iter().map(|unit| &unit.name[..]));
            bail!("{what} is for classes, and this kind of stream has whole tasks ranked, {names}; {remedy}");
        }
        let mut classes = vec![""; self.units.len()];
        for (concept, unit) in self.unit_of.iter().enumerate() {
            unit.iter().for_each(|unit| classes[*unit] = self.ground.universe.class(concept));
        }
        Ok(classes)
    }

    /// Whether units are concepts, as against tasks.
    pub(crate) fn are_concepts(&self) -> bool {
        self.concepts
    }
}

/// Units by dataset.
///
/// # Errors
/// When a unit shows several datasets.
pub(crate) fn by_dataset(units: &[Unit], ground: &Ground) -> Result<Vec<Vec<usize>>> {
    let universe = ground.universe;
    let mut groups = vec![Vec::new(); universe.datasets.len()];
    for (at, unit) in units.iter().enumerate() {
        let of = |place| universe.concepts[unit.train.concept(place)].dataset;
        ensure!(
            (0..unit.train.len()).all(|place| of(place) == unit.dataset),
            "`{}` shows several datasets and has no place among them; choose another stream.order or stream.kind",
            unit.name.escape_debug()
        );
        groups[unit.dataset].push(at);
    }
    Ok(groups)
}

/// The units of each group in an order that is drawn, one group after the other.
pub(crate) fn shuffled(groups: &[Vec<usize>], ground: &Ground, purpose: &str) -> Vec<usize> {
    let group = |(at, group): (usize, &Vec<usize>)| {
        let order = ground.draws.order(purpose, at as u64, group.len());
        order.into_iter().map(|place| group[place]).collect::<Vec<_>>()
    };
    groups.iter().enumerate().flat_map(group).collect()
}

/// Units by their values, smallest first or last; those of one value by name.
pub(crate) fn by_value(units: &[Unit], values: &[f64], largest_first: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by(|a, b| {
        let (first, second) = if largest_first { (b, a) } else { (a, b) };
        let by_value = values[*first].total_cmp(&values[*second]);
        by_value.then_with(|| units[*a].name.cmp(&units[*b].name)).then(a.cmp(b))
    });
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::toy;

    #[test]
    fn units_are_found_as_files_write_them() {
        let universe = toy::bare(&[("cifar100", &["apple", "lawn_mower"]), ("b", &["apple"])]);
        let ground = toy::ground(&universe, 0);
        let units = ground.concepts();
        let roster = Roster::new(&units, &ground).unwrap();
        assert_eq!(roster.find("CIFAR100+++lawn mower").unwrap(), Some(1));
        assert_eq!(roster.find("b+++apple").unwrap(), Some(2));
        assert_eq!(roster.find("b+++pear").unwrap(), None);
        assert!(roster.find("apple").unwrap_err().to_string().contains("write dataset+++class"));
        assert_eq!(roster.classes("it", "").unwrap(), ["apple", "lawn_mower", "apple"]);
    }

    #[test]
    fn a_class_is_enough_where_there_is_one_dataset() {
        let universe = toy::bare(&[("a", &["p", "q r"])]);
        let ground = toy::ground(&universe, 0);
        let units = ground.concepts();
        let roster = Roster::new(&units, &ground).unwrap();
        assert_eq!([roster.find("Q-R").unwrap(), roster.find("s").unwrap()], [Some(1), None]);
    }

    #[test]
    fn rows_are_refused_when_a_unit_has_none_or_two() {
        let universe = toy::bare(&[("a", &["p", "q", "r", "s", "t", "u"])]);
        let ground = toy::ground(&universe, 0);
        let units = ground.concepts();
        let roster = Roster::new(&units, &ground).unwrap();
        let gather = |names: &[&str]| roster.gather(names.iter().enumerate().map(|(at, name)| ((*name).into(), at)));
        assert_eq!(gather(&["u", "t", "x", "s", "r", "q", "p"]).unwrap(), (vec![6, 5, 4, 3, 1, 0], 1));
        let error = gather(&["p", "q"]).unwrap_err().to_string();
        assert_eq!(error, "4 of 6 have no row: `a+++r`, `a+++s`, `a+++t` and 1 more");
        assert_eq!(gather(&["p", "a+++P"]).unwrap_err().to_string(), "`a+++p` is there twice");
    }

    #[test]
    fn equal_values_go_by_name_in_both_directions() {
        let universe = toy::bare(&[("a", &["z", "y", "x"])]);
        let units = toy::ground(&universe, 0).concepts();
        assert_eq!(by_value(&units, &[1.0, 2.0, 1.0], false), [2, 0, 1]);
        assert_eq!(by_value(&units, &[1.0, 2.0, 1.0], true), [1, 2, 0]);
    }
}
