//! The rows of finished runs as a study's claims speak of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    claim::One,
    file::{Study, words},
};
use crate::{
    metric::{Better, Metric, accuracy, find},
    record::RunDir,
    summary::{Entry, Grouping, guess::Guess, summarise},
    words::short,
};

/// The rows of a study by stream, method and settings.
pub(super) struct Table<'a> {
    study: &'a Study,
    chance: &'static Metric,
    entries: Vec<Entry>,
    /// Settings that all rows of a stream share; claims need not name them.
    common: BTreeMap<String, BTreeSet<String>>,
    runs: BTreeMap<&'a str, &'a RunDir>,
}

impl<'a> Table<'a> {
    /// Of `runs`, with all scores that `claims` need.
    pub fn of(study: &'a Study, claims: &[One], runs: &'a [RunDir]) -> Result<Self, String> {
        let chance = find(&study.chance)?;
        let mut metrics = vec![chance];
        for one in claims {
            metrics.push(one.by);
            let more = one.claim.beside.iter().chain(&one.claim.best_by);
            metrics.extend(more.map(|name| find(name)).collect::<Result<Vec<_>, _>>()?);
        }
        let grouping = Grouping { metrics, mix_streams: true, mix_versions: true, ..Grouping::default() };
        let summaries = summarise(runs, &grouping).map_err(|error| error.to_string())?;
        let entries: Vec<Entry> = summaries.into_iter().flat_map(|summary| summary.entries).collect();
        let mut common: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for entry in &entries {
            let own: BTreeSet<String> = entry.overrides.iter().cloned().collect();
            let shared = common.entry(entry.stream.clone()).or_insert_with(|| own.clone());
            shared.retain(|setting| own.contains(setting));
        }
        let runs = runs.iter().map(|run| (&run.manifest.run[..], run)).collect();
        Ok(Self { study, chance, entries, common, runs })
    }

    /// The row that a claim calls `name`.
    pub fn row(&self, one: &One, name: &str) -> Result<&Entry, String> {
        let mut first = None;
        for named in self.study.ways(name) {
            match self.written(one, named) {
                Ok(entry) => return Ok(entry),
                Err(why) => drop(first.get_or_insert(why)),
            }
        }
        Err(first.unwrap_or_default())
    }

    /// The row that is written so.
    fn written(&self, one: &One, named: &str) -> Result<&Entry, String> {
        let mut settings = words(named);
        let missing = || format!("there is no row {}", short(named));
        if settings.is_empty() {
            return Err(missing());
        }
        let method = settings.remove(0);
        let method = method.strip_prefix("method=").unwrap_or(&method);
        let common = self.common.get(one.stream).ok_or_else(missing)?;
        let own = |settings: &mut dyn Iterator<Item = String>| -> BTreeSet<String> {
            settings.filter(|setting| !common.contains(setting)).collect()
        };
        let wanted = own(&mut settings.into_iter().chain(words(&one.claim.with)));
        let fits = |entry: &&Entry| {
            entry.stream == one.stream && entry.method == method && own(&mut entry.overrides.iter().cloned()) == wanted
        };
        match self.entries.iter().filter(fits).collect::<Vec<_>>()[..] {
            [entry] => Ok(entry),
            [] => Err(missing()),
            _ => Err(format!("several rows are called {}", short(named))),
        }
    }

    /// Of `rows` that are there the one with the best mean; `otherwise` says what is best of a score without a
    /// direction.
    pub fn best(&self, one: &One, rows: &[String], otherwise: Better) -> Result<String, String> {
        let by = one.claim.best_by.as_ref().map_or(Ok(one.by), |name| find(name))?;
        let lower = match by.better {
            Better::Neither => otherwise == Better::Lower,
            better => better == Better::Lower,
        };
        let [single] = rows else {
            let value = |name: &String| Some((self.row(one, name).ok()?.estimate(by)?.mean, name.clone()));
            let by_mean = |a: &(f64, String), b: &(f64, String)| {
                let order = a.0.total_cmp(&b.0);
                if lower { order.reverse() } else { order }
            };
            let best = rows.iter().filter_map(value).max_by(by_mean);
            return best.map(|(_, name)| name).ok_or_else(|| "none of its rows is there".into());
        };
        Ok(single.clone())
    }

    /// Whether a row knows more than chance; also where what chance is cannot be told.
    pub fn knows(&self, entry: &Entry) -> bool {
        let run = entry.runs.first().and_then(|id| self.runs.get(&id[..]));
        let accuracy = entry.estimate(self.chance).or_else(|| entry.estimate(&accuracy::AVERAGE));
        run.and_then(|run| Guess::of(run))
            .is_none_or(|guess| accuracy.is_some_and(|accuracy| guess.is_beaten(accuracy)))
    }
}
