//! Units in the order of a file: the streams that FoMo-in-Flux ships, or one's own.
//!
//! Roth et al. 2024, <https://arxiv.org/abs/2408.14471>; `stream_construction/*.json` of its code. The file is a JSON
//! list of `DATASET+++class`, for kinds that rank whole tasks of their names. Case, blanks and punctuation count only
//! where names would else be the same. What the file does not name is left out.

use anyhow::{Context, Result, bail, ensure};
use clbench::{
    catalogue::{Settings, part},
    stream::{Ground, Ordering, Rank, Unit, concepts},
};

use crate::shared::{
    listing::{MOST_BYTES, some, stamped},
    roster::Roster,
};

/// The entry of the catalogue.
pub const ORDER: Ordering = Ordering {
    name: "explicit",
    about: "as a JSON list names them, such as those that FoMo-in-Flux ships",
    citation: "https://arxiv.org/abs/2408.14471",
    settings: Explicit::SETTINGS,
    make: |table| part(table, |explicit: Explicit| Box::new(explicit) as Box<dyn Rank>),
};

clbench::choice! {
    /// What becomes of names of which nothing is there.
    #[derive(Default)]
    pub enum Absent {
        /// They are refused.
        #[default]
        Error = "error",
        /// They are left out.
        Skip = "skip",
    }
}

clbench::settings! {
    /// Settings of the explicit ordering.
    #[derive(Clone, Debug)]
    pub struct Explicit {
        /// A JSON list of concepts.
        pub file: String;
        /// What becomes of names of which nothing is there.
        pub absent: Absent = Absent::Error;
    }
}

impl Settings for Explicit {
    fn check(&self) -> Result<()> {
        ensure!(!self.file.is_empty(), "stream.order.file is empty; name a JSON list of concepts");
        Ok(())
    }
}

impl Rank for Explicit {
    fn rank(&self, units: &[Unit], ground: &Ground) -> Result<Vec<usize>> {
        let text = ground.read_text(&self.file, MOST_BYTES)?;
        let names = concepts(&text).with_context(|| self.file.clone())?;
        ensure!(!names.is_empty(), "{} is an empty list", self.file);
        let roster = Roster::new(units, ground)?;
        let (mut ranking, mut there, mut absent) = (Vec::new(), vec![false; units.len()], Vec::new());
        for name in &names {
            match roster.find(name).with_context(|| self.file.clone())? {
                Some(unit) if std::mem::replace(&mut there[unit], true) => {
                    bail!("{} names `{}` twice", self.file, name.escape_debug())
                }
                Some(unit) => ranking.push(unit),
                None => absent.push(&name[..]),
            }
        }
        let missing =
            format!("{} of its {} are not there: ", absent.len(), names.len()) + &some(absent.iter().copied());
        if !absent.is_empty() && self.absent == Absent::Error {
            bail!("{}: {missing}; add their datasets to stream.dataset or set absent = \"skip\"", self.file);
        }
        ensure!(
            !ranking.is_empty() || !roster.are_concepts(),
            "none of the {} concepts of {} is in the stream's datasets, {}; add theirs to stream.dataset",
            names.len(),
            self.file,
            some(ground.universe.datasets.iter().map(|dataset| &dataset.name[..]))
        );
        ground.note(format!("order of {}", stamped(&self.file, text.as_bytes())));
        if !absent.is_empty() {
            ground.note(missing);
        }
        if ranking.len() < units.len() {
            let left = units.iter().zip(&there).filter(|(_, there)| !**there).map(|(unit, _)| &unit.name[..]);
            ground.note(format!("{} are not in the order and left out: {}", units.len() - ranking.len(), some(left)));
        }
        Ok(ranking)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::toy;

    fn ranked(text: &str, more: &str) -> Result<Vec<usize>> {
        let universe = toy::bare(&[("cifar100", &["apple", "lawn_mower"]), ("b", &["apple"])]);
        let (_keep, path) = toy::file(text);
        toy::rank(ORDER.make, &format!("file = {path:?}\n{more}"), &universe, 0)
    }

    #[test]
    fn the_files_order_is_taken_and_the_rest_left_out() {
        assert_eq!(ranked(r#"["B+++apple", "CIFAR100+++Lawn mower"]"#, "").unwrap(), [2, 1]);
    }

    #[test]
    fn what_is_not_there_is_refused_or_skipped() {
        let text = r#"["b+++apple", "b+++pear", "c+++d"]"#;
        let error = ranked(text, "").unwrap_err().to_string();
        assert!(error.contains("2 of its 3 are not there: `b+++pear`, `c+++d`; add"), "{error}");
        assert_eq!(ranked(text, "absent = \"skip\"").unwrap(), [2]);
        let none = ranked(r#"["c+++d", "c+++e"]"#, "absent = \"skip\"").unwrap_err().to_string();
        assert!(none.starts_with("none of the 2 concepts of") && none.contains("`cifar100`, `b`"), "{none}");
    }

    #[test]
    fn broken_lists_are_refused() {
        let refused = |text: &str| format!("{:#}", ranked(text, "").unwrap_err());
        let twice = refused(r#"["b+++apple", "B+++Apple"]"#);
        assert!(twice.ends_with("names `B+++Apple` twice"), "{twice}");
        assert!(refused(r#"["apple"]"#).contains("`apple` is no concept; write dataset+++class"));
        assert!(refused("[]").ends_with("is an empty list"));
        for text in [r#"{"a": 1}"#, "[1]", "[\"b+++apple\"", "", "[[\"b+++apple\"]]"] {
            assert!(refused(text).contains("it is no JSON list of concepts"), "{text}");
        }
        let many = format!("[{}\"a+++b\"]", "\"a+++b\",".repeat(1_000_000));
        assert!(refused(&many).contains("1000001 concepts are more than 1000000"));
    }
}
