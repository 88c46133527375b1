//! The oldest first: concepts by when their dataset came out, or by times of their own.
//!
//! FoMo-in-Flux, Roth et al. 2024, <https://arxiv.org/abs/2408.14471>, "time-incremental": datasets are put into
//! buckets by their release, and the concepts of a bucket are shuffled together. Without `buckets`, each year in which
//! datasets came out is a bucket. With `stamps`, a CSV file with the columns `concept,time`, units go by time, where
//! time is any number that grows; those of one time are shuffled.

use anyhow::{Context, Result, bail, ensure};
use clbench::{
    catalogue::{Range, Settings, part},
    stream::{Ground, Ordering, Rank, Unit},
};

use crate::shared::{
    listing::{self, some},
    roster::{Roster, by_dataset, by_value, shuffled},
};

/// The entry of the catalogue.
pub const ORDER: Ordering = Ordering {
    name: "time",
    about: "oldest first, by datasets' release, given buckets of datasets, or a file's times",
    citation: "https://arxiv.org/abs/2408.14471",
    settings: Time::SETTINGS,
    make: |table| part(table, |time: Time| Box::new(time) as Box<dyn Rank>),
};

clbench::settings! {
    /// Settings of the ordering by time.
    #[derive(Clone, Debug)]
    pub struct Time {
        /// Names of datasets that came out together, oldest first.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub buckets: Option<Vec<Vec<String>>> = None, Range::Text("a list of lists of names");
        /// The file of times.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub stamps: Option<String> = None;
    }
}

impl Settings for Time {
    fn check(&self) -> Result<()> {
        ensure!(
            self.buckets.is_none() || self.stamps.is_none(),
            "stream.order.buckets and stream.order.stamps contradict each other; leave one out"
        );
        let buckets = self.buckets.iter().flatten();
        ensure!(
            buckets.clone().all(|bucket| !bucket.is_empty()) && self.buckets.as_ref().is_none_or(|all| !all.is_empty()),
            "stream.order.buckets has an empty bucket"
        );
        let mut names: Vec<&String> = buckets.flatten().collect();
        names.sort_unstable();
        if let Some([name, _]) = names.array_windows().find(|[name, next]| name == next) {
            bail!("stream.order.buckets names `{name}` twice");
        }
        Ok(())
    }
}

impl Rank for Time {
    fn rank(&self, units: &[Unit], ground: &Ground) -> Result<Vec<usize>> {
        if let Some(file) = &self.stamps {
            return by_stamps(units, ground, file);
        }
        let datasets = by_dataset(units, ground)?;
        let shown: Vec<usize> = (0..datasets.len()).filter(|dataset| !datasets[*dataset].is_empty()).collect();
        let buckets = match &self.buckets {
            Some(buckets) => as_given(buckets, &shown, ground)?,
            None => by_year(&shown, ground)?,
        };
        let name = |dataset: &usize| ground.universe.datasets[*dataset].name.as_str();
        let listed = |bucket: &Vec<usize>| bucket.iter().map(name).collect::<Vec<_>>().join(", ");
        let all = buckets.iter().map(listed).collect::<Vec<_>>().join("; ");
        let from = if self.buckets.is_some() { "given buckets" } else { "years of release" };
        ground.note(format!("time: {} {from}: {all}", buckets.len()));
        let of = |bucket: &Vec<usize>| bucket.iter().flat_map(|dataset| datasets[*dataset].clone()).collect();
        Ok(shuffled(&buckets.iter().map(of).collect::<Vec<_>>(), ground, "time order"))
    }
}

/// The datasets that are shown, bucket by bucket.
fn as_given(buckets: &[Vec<String>], shown: &[usize], ground: &Ground) -> Result<Vec<Vec<usize>>> {
    let datasets = &ground.universe.datasets;
    let mut found = Vec::new();
    for bucket in buckets {
        let place = |name: &String| {
            let place = shown.iter().copied().find(|dataset| datasets[*dataset].name == *name);
            place.with_context(|| format!("stream.order.buckets names `{name}`, and stream.dataset does not"))
        };
        found.push(bucket.iter().map(place).collect::<Result<Vec<_>>>()?);
    }
    let left = shown.iter().filter(|dataset| !found.iter().flatten().any(|there| there == *dataset));
    let left: Vec<&str> = left.map(|dataset| &datasets[*dataset].name[..]).collect();
    ensure!(left.is_empty(), "stream.order.buckets does not name {}", some(left.iter().copied()));
    Ok(found)
}

/// Datasets by the year of their release.
pub(super) fn by_year(shown: &[usize], ground: &Ground) -> Result<Vec<Vec<usize>>> {
    let datasets = &ground.universe.datasets;
    let unknown = shown.iter().map(|at| &datasets[*at]).filter(|dataset| dataset.released.is_none());
    let unknown: Vec<&str> = unknown.map(|dataset| &dataset.name[..]).collect();
    if !unknown.is_empty() {
        bail!("nobody knows when {} came out; set stream.order kind = \"time\" with buckets", some(unknown));
    }
    let mut sorted = shown.to_vec();
    sorted.sort_by_key(|at| datasets[*at].released);
    Ok(sorted.chunk_by(|a, b| datasets[*a].released == datasets[*b].released).map(<[usize]>::to_vec).collect())
}

/// Units by times of their own.
fn by_stamps(units: &[Unit], ground: &Ground, file: &str) -> Result<Vec<usize>> {
    let listing = listing::read(ground, file, "concept", Some("time"))?;
    let rows = listing.rows.into_iter().map(|(name, time)| (name, time[0]));
    let (times, others) = Roster::new(units, ground)?.gather(rows).with_context(|| listing.source.clone())?;
    let sorted = by_value(units, &times, false);
    let moments: Vec<Vec<usize>> =
        sorted.chunk_by(|a, b| times[*a].total_cmp(&times[*b]).is_eq()).map(<[usize]>::to_vec).collect();
    ground.note(format!("times of {}, {} different, {others} rows not used", listing.source, moments.len()));
    Ok(shuffled(&moments, ground, "time order"))
}

#[cfg(test)]
mod tests {
    use clbench::data::{Fit, Universe};

    use super::*;
    use crate::shared::toy;

    const THREE: [(&str, &[&str]); 3] =
        [("a", &["1", "2", "3", "4", "5"]), ("b", &["1", "2", "3"]), ("c", &["1", "2", "3", "4", "5", "6"])];

    fn sets(universe: &Universe, ranking: &[usize]) -> String {
        ranking.iter().map(|unit| &universe.datasets[universe.concepts[*unit].dataset].name[..]).collect()
    }

    #[test]
    fn a_bucket_is_shuffled_together() {
        let universe = toy::bare(&THREE);
        let rank = |seed| toy::rank(ORDER.make, "buckets = [[\"c\"], [\"a\", \"b\"]]", &universe, seed).unwrap();
        let ranking = rank(0);
        let (first, second) = ranking.split_at(6);
        assert_eq!(sets(&universe, first), "cccccc");
        assert!(!["aaaaabbb", "bbbaaaaa"].contains(&&sets(&universe, second)[..]), "{ranking:?}");
        assert_ne!(rank(1), ranking);
        assert_eq!(rank(0), ranking);
        let mut sorted = ranking;
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..14));
    }

    #[test]
    fn years_of_release_are_buckets() {
        let mut datasets = toy::bare(&THREE).datasets;
        datasets.iter_mut().zip([2009, 1998, 2009]).for_each(|(dataset, year)| dataset.released = Some(year));
        let universe = Universe::new(datasets, None, Fit::Resize).unwrap();
        let ranking = toy::rank(ORDER.make, "", &universe, 0).unwrap();
        assert_eq!(sets(&universe, &ranking[..3]), "bbb");
        assert!(sets(&universe, &ranking[3..]).contains("ac"));
    }

    #[test]
    fn stamps_rank_and_equal_ones_are_drawn() {
        let universe = toy::bare(&[("a", &["p", "q", "r", "s", "t", "u"])]);
        let (_keep, path) = toy::file("concept,time\np,3\nq,1e9\nr,3\ns,-1\nt,3\nu,3\n");
        let rank = |seed| toy::rank(ORDER.make, &format!("stamps = {path:?}"), &universe, seed).unwrap();
        let all: Vec<Vec<usize>> = (0..5).map(rank).collect();
        assert!(all.iter().all(|ranking| ranking[0] == 3 && ranking[5] == 1), "{all:?}");
        assert!(all[1..].iter().any(|ranking| *ranking != all[0]));
    }

    #[test]
    fn datasets_without_a_time_are_named() {
        let universe = toy::bare(&THREE);
        let refused = |settings| toy::refusal(ORDER.make, settings, &universe);
        assert!(refused("").starts_with("nobody knows when `a`, `b`, `c` came out"));
        assert_eq!(refused("buckets = [[\"a\"], [\"c\"]]"), "stream.order.buckets does not name `b`");
        assert!(refused("buckets = [[\"a\", \"x\"]]").contains("names `x`, and stream.dataset does not"));
        assert_eq!(refused("buckets = [[\"a\"], [\"a\"]]"), "stream.order.buckets names `a` twice");
        assert_eq!(refused("buckets = [[\"a\"], []]"), "stream.order.buckets has an empty bucket");
        assert!(refused("buckets = [[\"a\"]]\nstamps = \"x\"").contains("contradict each other"));
    }
}
