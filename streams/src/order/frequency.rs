//! The rarest names first, or the most frequent: concepts by how often texts name them.
//!
//! FoMo-in-Flux, Roth et al. 2024, <https://arxiv.org/abs/2408.14471>, "concept frequency", counts class names in the
//! C4 corpus. Concepts of one count go by name.
//!
//! **Deviation:** the counts come from a CSV file with the columns `word,count`, else from a small table for the
//! datasets that ship (counts per 10⁹ words of English, from wordfreq, <https://doi.org/10.5281/zenodo.7199437>; see
//! LICENSE-DATA). Names and words are compared in lower case, with one blank for whatever is no letter or digit. A
//! name of several words that the table does not hold as a whole counts as its rarest word; an unknown word counts 0.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use clbench::{
    catalogue::{Settings, part},
    stream::{Ground, Ordering, Rank, Unit},
};

use crate::shared::{
    listing::{self, Listing, stamped},
    roster::{Roster, by_value},
};

/// The entry of the catalogue.
pub const ORDER: Ordering = Ordering {
    name: "frequency",
    about: "rare names first or frequent names first, by counts of words",
    citation: "https://arxiv.org/abs/2408.14471",
    settings: Frequency::SETTINGS,
    make: |table| part(table, |frequency: Frequency| Box::new(frequency) as Box<dyn Rank>),
};

/// Largest share of names that the embedded counts may not know.
const MOST_UNKNOWN: f64 = 0.2;
/// What `scripts/word-counts.py` made.
const COUNTS: &str = include_str!("../../data/word-counts.csv");

clbench::choice! {
    /// Which end comes first.
    #[derive(Default)]
    pub enum Direction {
        /// From rare to frequent.
        #[default]
        RareFirst = "rare-first",
        /// From frequent to rare.
        FrequentFirst = "frequent-first",
    }
}

clbench::settings! {
    /// Settings of the ordering by frequency.
    #[derive(Clone, Debug)]
    pub struct Frequency {
        /// Which end comes first.
        pub direction: Direction = Direction::RareFirst;
        /// The counts; those of the datasets that ship where not set.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub file: Option<String> = None;
    }
}

impl Settings for Frequency {}

impl Rank for Frequency {
    fn rank(&self, units: &[Unit], ground: &Ground) -> Result<Vec<usize>> {
        let roster = Roster::new(units, ground)?;
        let classes = roster.classes("frequency of names", "choose another stream.order")?;
        let listing = match &self.file {
            Some(file) => listing::read(ground, file, "word", Some("count"))?,
            None => embedded()?,
        };
        let table = Table::new(&listing).with_context(|| listing.source.clone())?;
        let counts: Vec<f64> = classes.into_iter().map(|class| table.count(class)).collect();
        let unknown = counts.iter().filter(|count| **count == 0.0).count();
        ensure!(
            unknown < units.len(),
            "{} counts no name of the {} concepts; set stream.order.file to a CSV file with the columns word,count",
            listing.source,
            units.len()
        );
        let few = (units.len() as f64 * MOST_UNKNOWN) as usize;
        ensure!(
            self.file.is_some() || unknown <= few,
            "{} know {unknown} of the {} names not, which would come in alphabetical order; set stream.order.file to a \
             CSV file with the columns word,count",
            listing.source,
            units.len()
        );
        ground.note(format!("frequency of names in {}; {unknown} of {} count 0", listing.source, units.len()));
        Ok(by_value(units, &counts, self.direction == Direction::FrequentFirst))
    }
}

/// The counts that ship.
fn embedded() -> Result<Listing> {
    let bytes = COUNTS.as_bytes();
    let rows = listing::parse(bytes, "word", Some("count"))?;
    Ok(Listing { rows, source: stamped("the embedded counts of words", bytes) })
}

/// Counts of words and of names.
struct Table(HashMap<String, f64>);

impl Table {
    fn new(listing: &Listing) -> Result<Self> {
        let mut counts = HashMap::new();
        for (word, count) in &listing.rows {
            ensure!(count[0] >= 0.0, "the count of `{}` is {}", word.escape_debug(), count[0]);
            let again = counts.insert(plain(word), count[0]).is_some();
            ensure!(!again, "`{}` is there twice", word.escape_debug());
        }
        Ok(Self(counts))
    }
    /// The count of a name, else the smallest of its words'.
    fn count(&self, name: &str) -> f64 {
        let name = plain(name);
        let word = |word: &str| self.0.get(word).copied().unwrap_or(0.0);
        self.0.get(&name).copied().unwrap_or_else(|| name.split(' ').map(word).fold(f64::INFINITY, f64::min))
    }
}

/// Lower case, with one blank between words.
fn plain(name: &str) -> String {
    let letters: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    letters.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::toy;

    fn table(rows: &[(&str, f64)]) -> Result<Table> {
        let rows = rows.iter().map(|(word, count)| ((*word).to_owned(), vec![*count])).collect();
        Table::new(&Listing { rows, source: String::new() })
    }

    #[test]
    fn a_name_counts_as_a_whole_or_as_its_rarest_word() {
        let table = table(&[("lawn", 7.0), ("mower", 3.0), ("hot dog", 5.0), ("hot", 1.0), ("T-Shirt", 2.0)]).unwrap();
        let names = ["Lawn_mower", "mower", "hot-dog", "hot lawn", "lawn chair", "t shirt", "", "?"];
        assert_eq!(names.map(|name| table.count(name) as u64), [3, 3, 5, 1, 0, 2, 0, 0]);
    }

    #[test]
    fn rare_names_come_first_and_equal_ones_by_name() {
        let universe = toy::bare(&[("b", &["cat", "axolotl", "dog"]), ("a", &["cat"])]);
        let (_keep, path) = toy::file("word,count\ncat,9\ndog,5\n");
        let rank = |more: &str| toy::rank(ORDER.make, &format!("file = {path:?}\n{more}"), &universe, 0).unwrap();
        assert_eq!(rank(""), [1, 2, 3, 0]);
        assert_eq!(rank("direction = \"frequent-first\""), [3, 0, 2, 1]);
    }

    #[test]
    fn the_table_that_ships_knows_the_datasets_that_ship() {
        let table = Table::new(&embedded().unwrap()).unwrap();
        for name in ["7", "Ankle boot", "T-shirt/top", "airplane", "lawn_mower", "willow_tree", "streetcar"] {
            assert!(table.count(name) > 0.0, "{name}");
        }
        assert!(table.count("flatfish") < table.count("automobile"));
        assert!(table.count("automobile") < table.count("dog"));
    }

    #[test]
    fn counts_that_say_nothing_are_refused() {
        assert!(table(&[("a", -1.0)]).is_err());
        assert_eq!(table(&[("a-b", 1.0), ("A b", 2.0)]).err().unwrap().to_string(), "`A b` is there twice");
        let universe = toy::bare(&[("a", &["xyzzy"])]);
        let error = toy::refusal(ORDER.make, "", &universe);
        assert!(error.contains("counts no name of the 1 concepts; set stream.order.file"), "{error}");
    }
}
