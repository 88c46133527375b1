//! How many classes each task gets, for kinds that deal a ranking of classes out.
//!
//! - `tasks` alone: as many each.
//! - `classes_per_task`: one number for all tasks, or a list with one for each.
//! - `base` and `increment`: so many in the first task, then so many in each; the last gets what is left. As `init_cls`
//!   and `increment` of PyCIL (Zhou et al. 2023, <https://arxiv.org/abs/2112.12533>, and its `utils/data_manager.py`);
//!   without `base` the first task is like the others.
//! - `base` and `tasks`: so many in the first task, the rest evenly over the others, of which the earlier ones get one
//!   more where it does not come out even. As `nc_first_task` and `num_tasks` of FACIL (Masana et al. 2022,
//!   <https://arxiv.org/abs/2010.15277>, and its `src/datasets/memory_dataset.py`).
//!
//! **Deviation:** classes that do not split evenly over `tasks` alone are refused, where FACIL gives the first tasks
//! one more; the message has FACIL's numbers. Classes that no task gets are refused unless `partial` allows them.

use std::fmt;

use anyhow::{Context, Result, bail, ensure};
use clbench::{
    catalogue::{Range, Ranged},
    stream::Ground,
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use toml::Value;

use crate::shared::listing::some;

/// The setting `classes_per_task`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Each {
    /// As many in each task.
    All(usize),
    /// So many in each, task by task.
    List(Vec<usize>),
}

impl Ranged for Each {
    const RANGE: Range = Range::Text("a whole number of at least 1, or a list of them");
}

impl<'de> Deserialize<'de> for Each {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let number = |value: &Value| {
            let number =
                value.as_integer().and_then(|number| usize::try_from(number).ok()).filter(|number| *number > 0);
            number.with_context(|| {
                format!(
                    "stream.classes_per_task: {value} is no number of classes; write one of at least 1, or a list such \
                         as [4, 3, 3]"
                )
            })
        };
        let read = match &value {
            Value::Array(items) => items.iter().map(number).collect::<Result<Vec<_>>>().map(Self::List),
            one => number(one).map(Self::All),
        };
        read.map_err(|error| D::Error::custom(format!("{error:#}")))
    }
}

/// What a stream file says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shares {
    pub tasks: Option<usize>,
    pub each: Option<Each>,
    pub base: Option<usize>,
    pub increment: Option<usize>,
    pub partial: bool,
}

/// A list of numbers as a stream file has it, cut where it is long.
struct Listed<'a>(&'a [usize]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        const MOST: usize = 12;
        let first: Vec<String> = self.0.iter().take(MOST).map(usize::to_string).collect();
        let more = if self.0.len() > MOST { ", …" } else { "" };
        write!(out, "[{}{more}]", first.join(", "))
    }
}

impl Shares {
    /// Refuses numbers that contradict each other whatever there is to deal out.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.each.is_none() || self.base.or(self.increment).is_none(),
            "stream.classes_per_task says how many classes each task gets, and so do stream.base and stream.increment; \
             leave one out"
        );
        ensure!(
            self.base.is_none() || self.increment.or(self.tasks).is_some(),
            "stream.base says what the first task gets; set stream.increment for the others, or stream.tasks to share \
             the rest evenly"
        );
        Ok(())
    }

    /// How many classes of `all` each task gets, `usual` tasks where nothing is said.
    ///
    /// # Errors
    /// When the settings contradict each other or what there is; the message has numbers that would fit.
    pub fn sizes(&self, all: usize, usual: usize) -> Result<Vec<usize>> {
        let sizes = match (&self.each, self.base, self.increment) {
            (Some(Each::List(list)), ..) => self.listed(list, all)?,
            (Some(Each::All(each)), ..) => self.alike(*each, all)?,
            (None, base, Some(increment)) => self.growing(base.unwrap_or(increment), increment, all)?,
            (None, Some(base), None) => after(base, self.tasks.unwrap_or(usual), all)?,
            (None, None, None) => {
                let sizes = spread(all, self.tasks.unwrap_or(usual))?;
                ensure!(
                    all.is_multiple_of(sizes.len()),
                    "{all} classes do not split into {} equal tasks; set stream.classes_per_task, such as to {}",
                    sizes.len(),
                    Listed(&sizes)
                );
                sizes
            }
        };
        let dealt: usize = sizes.iter().sum();
        let fits = match self.each {
            Some(Each::All(each)) if all.is_multiple_of(each) => format!("stream.tasks = {}", all / each),
            _ => format!("stream.classes_per_task to numbers that add up to {all}"),
        };
        ensure!(
            dealt == all || self.partial,
            "{} tasks get {dealt} of the {all} classes, and {} would be left out; set {fits}, or stream.partial = true \
             to leave them out",
            sizes.len(),
            all - dealt
        );
        Ok(sizes)
    }

    fn listed(&self, list: &[usize], all: usize) -> Result<Vec<usize>> {
        ensure!(!list.is_empty(), "stream.classes_per_task is an empty list; give a number of classes for each task");
        let sum = list.iter().try_fold(0_usize, |sum, size| sum.checked_add(*size)).filter(|sum| *sum <= all);
        ensure!(
            sum.is_some(),
            "stream.classes_per_task = {} adds up to more than the {all} classes that there are",
            Listed(list)
        );
        ensure!(
            self.tasks.is_none_or(|tasks| tasks == list.len()),
            "stream.classes_per_task has numbers for {} tasks, and stream.tasks is {}; leave stream.tasks out, or set \
             it to {0}",
            list.len(),
            self.tasks.unwrap_or(0)
        );
        Ok(list.to_vec())
    }

    fn alike(&self, each: usize, all: usize) -> Result<Vec<usize>> {
        let Some(tasks) = self.tasks else {
            ensure!(each <= all, "stream.classes_per_task = {each} is more than the {all} classes that there are");
            let (tasks, rest) = (all / each, all % each);
            ensure!(
                rest == 0 || self.partial,
                "{all} classes do not split into tasks of {each}; set stream.increment = {each} in place of \
                 stream.classes_per_task for a last task of {rest}, or stream.partial = true to leave {rest} out"
            );
            return Ok(vec![each; tasks]);
        };
        ensure!(
            tasks.checked_mul(each).is_some_and(|classes| classes <= all),
            "stream.tasks = {tasks} with {each} classes each is more than the {all} classes that there are"
        );
        Ok(vec![each; tasks])
    }

    fn growing(&self, base: usize, increment: usize, all: usize) -> Result<Vec<usize>> {
        ensure!(base <= all, "stream.base = {base} is more than the {all} classes that there are; lower it");
        let rest = all - base;
        let mut sizes = vec![base];
        sizes.resize(1 + rest / increment, increment);
        sizes.extend(Some(rest % increment).filter(|last| *last > 0));
        ensure!(
            self.tasks.is_none_or(|tasks| tasks == sizes.len()),
            "of {all} classes, {base} and then {increment} each make {} tasks, and stream.tasks is {}; leave it out, \
             or set it to {0}",
            sizes.len(),
            self.tasks.unwrap_or(0)
        );
        Ok(sizes)
    }
}

/// All classes over `tasks`, of which the earlier ones get one more where it does not come out even.
///
/// # Errors
/// When there are more tasks than classes, or none.
pub(crate) fn spread(all: usize, tasks: usize) -> Result<Vec<usize>> {
    ensure!((1..=all).contains(&tasks), "stream.tasks = {tasks} is more than the {all} classes that there are");
    let (each, longer) = (all / tasks, all % tasks);
    Ok((0..tasks).map(|task| each + usize::from(task < longer)).collect())
}

/// `base` classes, then the rest over the other tasks.
fn after(base: usize, tasks: usize, all: usize) -> Result<Vec<usize>> {
    let rest = all.checked_sub(base).filter(|rest| *rest > 0);
    let Some(rest) = rest else {
        bail!("stream.base = {base} leaves nothing of the {all} classes for the other tasks; lower it")
    };
    ensure!(
        tasks >= 2 && tasks - 1 <= rest,
        "stream.base = {base} leaves {rest} of the {all} classes, which do not go into stream.tasks = {tasks}: the \
         first task and {} others",
        tasks - 1
    );
    Ok([vec![base], spread(rest, tasks - 1)?].concat())
}

/// The list as short as it can be said: one number where all are the same.
pub(crate) fn said(sizes: &[usize]) -> Each {
    match sizes {
        [first, rest @ ..] if rest.iter().all(|size| size == first) => Each::All(*first),
        _ => Each::List(sizes.to_vec()),
    }
}

/// The ranking cut into tasks of these sizes; what is left over is noted.
pub(crate) fn cut<'a>(ranked: &'a [usize], sizes: &[usize], ground: &Ground) -> Vec<&'a [usize]> {
    let mut rest = ranked;
    let chunks = sizes.iter().map(|size| {
        let (chunk, others) = rest.split_at(*size);
        rest = others;
        chunk
    });
    let chunks = chunks.collect();
    if !rest.is_empty() {
        let names: Vec<String> = rest.iter().map(|concept| ground.universe.name(*concept)).collect();
        let named = some(names.iter().map(String::as_str));
        ground.note(format!("{} of {} classes are in no task: {named}", rest.len(), ranked.len()));
    }
    chunks
}

#[cfg(test)]
mod tests;
