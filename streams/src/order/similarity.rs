//! Neighbours next to each other: a greedy path from unit to the most similar unit that is left.
//!
//! FoMo-in-Flux, Roth et al. 2024, <https://arxiv.org/abs/2408.14471>, "concept similarity": from every start, the
//! nearest unvisited concept is taken until none is left; the path of the smallest total weight (1 − cosine) is kept.
//!
//! **Deviation:** vectors are those that `source` names, see there for what they know; and beyond 200 units only
//! `starts` starts are tried, which are drawn.

use anyhow::{Context, Result, ensure};
use clbench::{
    catalogue::{Range, Settings, part},
    stream::{Ground, Ordering, Rank, Unit},
};

use crate::shared::{
    embedding::{Source, check, embed},
    path::lightest,
};

/// The entry of the catalogue.
pub const ORDER: Ordering = Ordering {
    name: "similarity",
    about: "a greedy path to the most similar that is left, by names, mean pictures or a file's vectors",
    citation: "https://arxiv.org/abs/2408.14471",
    settings: Similarity::SETTINGS,
    make: |table| part(table, |similarity: Similarity| Box::new(similarity) as Box<dyn Rank>),
};

/// Up to so many units, every start is tried.
const EVERY_START: usize = 200;
/// Most units: comparing all of them takes their square.
const MOST_UNITS: usize = 50_000;

clbench::settings! {
    /// Settings of the ordering by similarity.
    #[derive(Clone, Debug)]
    pub struct Similarity {
        /// Where vectors come from.
        pub source: Source = Source::Names;
        /// The file of `source = "file"`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub file: Option<String> = None;
        /// How many starts are tried where there are too many units to try all.
        pub starts: usize = 32, Range::Whole(1, 1_000);
    }
}

impl Settings for Similarity {
    fn check(&self) -> Result<()> {
        check(self.source, self.file.as_deref())
    }
}

impl Rank for Similarity {
    fn rank(&self, units: &[Unit], ground: &Ground) -> Result<Vec<usize>> {
        let count = units.len();
        ensure!(
            count <= MOST_UNITS,
            "{count} units are more than the {MOST_UNITS} that can be compared with each other"
        );
        let (rows, from) = embed(self.source, self.file.as_deref(), units, ground)?;
        let starts: Vec<usize> = if count <= EVERY_START {
            (0..count).collect()
        } else {
            ground.draws.order("similarity's starts", 0, count).into_iter().take(self.starts).collect()
        };
        let path = lightest(&rows, &starts).context("there is nothing to rank")?;
        ground.note(format!(
            "similarity of {from}; the lightest of the greedy paths from {} of {count} starts weighs {:.4} and starts \
             at {}",
            starts.len(),
            path.weight,
            units[path.order[0]].name.escape_debug()
        ));
        Ok(path.order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::toy;

    #[test]
    fn alike_names_stand_together() {
        let universe = toy::bare(&[("a", &["oak tree", "pickup truck", "pine tree", "fire truck", "palm tree"])]);
        let ranking = toy::rank(ORDER.make, "", &universe, 0).unwrap();
        let trees: Vec<bool> = ranking.iter().map(|unit| unit % 2 == 0).collect();
        assert_eq!(trees.windows(2).filter(|pair| pair[0] != pair[1]).count(), 1, "{ranking:?}");
    }

    #[test]
    fn vectors_of_a_file_are_followed() {
        let universe = toy::bare(&[("a", &["p", "q", "r", "s"])]);
        // At 0°, 90°, 45° and 30° or so.
        let (_keep, path) = toy::file("concept,x,y\np,2,0\nq,0,9\nr,1,1\ns,0.9,0.5\nother,1,1\n");
        let settings = format!("source = \"file\"\nfile = {path:?}");
        assert_eq!(toy::rank(ORDER.make, &settings, &universe, 0).unwrap(), [0, 3, 2, 1]);
    }

    #[test]
    fn starts_are_drawn_where_there_are_many_units() {
        let names: Vec<String> = (0..300).map(|at| format!("w{}x{at}", at * at % 301)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let universe = toy::bare(&[("a", &names)]);
        let rank = |seed| toy::rank(ORDER.make, "starts = 1", &universe, seed).unwrap();
        let (first, second) = (rank(1), rank(2));
        assert_ne!(first, second);
        assert_eq!(rank(1), first);
        let mut sorted = first;
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..300));
    }

    #[test]
    fn broken_vectors_are_refused() {
        let universe = toy::bare(&[("a", &["p", "q"])]);
        let refused = |text: &str| {
            let (_keep, path) = toy::file(text);
            toy::refusal(ORDER.make, &format!("source = \"file\"\nfile = {path:?}"), &universe)
        };
        assert!(refused("concept,x\np,1\nq,0\n").contains("the vector of `a+++q` is all zeros"));
        assert!(refused("concept,x\np,1\nq,NaN\n").contains("`NaN` of `q` is no finite number"));
        assert!(refused("concept,x,y\np,1,2\nq,1\n").contains("fields"));
        assert!(refused("concept,x\np,1\n").contains("1 of 2 have no row: `a+++q`"));
        let refused = |settings| toy::refusal(ORDER.make, settings, &universe);
        assert_eq!(refused("source = \"file\""), "stream.order.source = \"file\" needs stream.order.file");
        assert!(refused("file = \"x\"").starts_with("stream.order.file is not used"));
        assert_eq!(refused("starts = 0"), "starts = 0 is not a whole number between 1 and 1000");
    }
}
