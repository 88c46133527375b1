//! Whether a study's claims speak of its rows, told from the file alone, before anything is trained.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    claim::{One, Relation},
    file::{Study, words},
    rows::Row,
};
use crate::words::short;

/// Settings that tables do not name.
const ASIDE: [&str; 3] = ["seed", "device", "checkpoint.every"];

/// Refuses claims of rows that the study does not have, and those that hold a row against itself.
///
/// # Errors
/// When there is such a claim, which is named.
pub fn check_claims(study: &Study, rows: &[Row]) -> Result<(), String> {
    let known = Known::of(study, rows);
    for claim in &study.claims {
        let within = |why: String| format!("{why}, in the claim \"{}\"", short(&claim.text));
        claim.each(&study.streams)?.iter().try_for_each(|one| known.check(one).map_err(within))?;
    }
    Ok(())
}

/// A row as claims name it: the method, where the study says it, and settings that are its own.
type Named = (Option<String>, BTreeSet<String>);

struct Known<'a> {
    study: &'a Study,
    /// By stream.
    rows: BTreeMap<&'a str, Vec<Named>>,
    /// Settings that all rows of a stream share; claims need not name them.
    common: BTreeMap<&'a str, BTreeSet<String>>,
}

impl<'a> Known<'a> {
    fn of(study: &'a Study, rows: &'a [Row]) -> Self {
        let (mut known, mut common) = (BTreeMap::<&str, Vec<Named>>::new(), BTreeMap::<&str, BTreeSet<String>>::new());
        for row in rows {
            let (method, own) = named(row.settings.iter().cloned());
            let shared = common.entry(&row.stream).or_insert_with(|| own.clone());
            shared.retain(|setting| own.contains(setting));
            known.entry(&row.stream).or_default().push((method, own));
        }
        for (stream, rows) in &mut known {
            rows.iter_mut().for_each(|(_, own)| own.retain(|setting| !common[stream].contains(setting)));
        }
        Self { study, rows: known, common }
    }

    fn check(&self, one: &One) -> Result<(), String> {
        match &one.relation {
            Relation::Above(rivals) | Relation::Below(rivals) => {
                rivals.iter().try_for_each(|rival| self.differ(one, rival))?;
                self.there(one, one.row)?;
                let [single] = &rivals[..] else { return self.some(one, rivals) };
                self.there(one, single)
            }
            Relation::Unlike(other) | Relation::Like(other, _) => {
                self.differ(one, other)?;
                self.there(one, one.row)?;
                self.there(one, other)
            }
            Relation::Near(..) => self.there(one, one.row),
            Relation::Grid(rows) => rows.iter().flatten().try_for_each(|row| self.there(one, row)),
        }
    }

    /// What a claim calls `name` on `stream`, in each way to write it.
    fn meant(&self, one: &One, stream: &str, name: &str) -> Vec<Named> {
        self.study.ways(name).into_iter().map(|written| self.written(one, stream, written)).collect()
    }

    fn written(&self, one: &One, stream: &str, written: &str) -> Named {
        let mut settings = words(written);
        if settings.first().is_some_and(|first| !first.contains('=')) {
            settings[0] = format!("method={}", settings[0]);
        }
        let (method, mut own) = named(settings.into_iter().chain(words(&one.claim.with)));
        if let Some(common) = self.common.get(stream) {
            own.retain(|setting| !common.contains(setting));
        }
        (method, own)
    }

    fn has(&self, one: &One, stream: &str, name: &str) -> bool {
        let meant = self.meant(one, stream, name);
        // A row without a method has the stream's, which is not told here.
        let is = |row: &Named, (method, own): &Named| row.1 == *own && (row.0.is_none() || row.0 == *method);
        let fits = |row: &Named| meant.iter().filter(|(method, _)| method.is_some()).any(|meant| is(row, meant));
        self.rows.get(stream).is_some_and(|rows| rows.iter().any(fits))
    }

    fn there(&self, one: &One, name: &str) -> Result<(), String> {
        if self.has(one, one.stream, name) {
            return Ok(());
        }
        Err(format!("no row of {} is `{}`; write method and settings as `rows` has them", one.stream, short(name)))
    }

    /// Of several rivals each stream may lack some, but no stream all.
    fn some(&self, one: &One, rivals: &[String]) -> Result<(), String> {
        let nowhere = |rival: &&String| !self.study.streams.iter().any(|stream| self.has(one, stream, rival));
        if let Some(stranger) = rivals.iter().find(nowhere) {
            return self.there(one, stranger);
        }
        if rivals.iter().any(|rival| self.has(one, one.stream, rival)) {
            return Ok(());
        }
        Err(format!("no row of {} is one of those that `{}` is held against", one.stream, short(one.row)))
    }

    fn differ(&self, one: &One, other: &str) -> Result<(), String> {
        let other = self.meant(one, one.stream, other);
        if self.meant(one, one.stream, one.row).iter().any(|row| other.contains(row)) {
            return Err(format!("`{}` is held against itself", short(one.row)));
        }
        Ok(())
    }
}

/// A row's method and its other settings, as far as tables name them.
fn named(settings: impl Iterator<Item = String>) -> Named {
    let (mut method, mut own) = (None, BTreeSet::new());
    for setting in settings {
        match setting.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
            Some(("method", value)) => method = Some(value.to_owned()),
            Some((key, _)) if ASIDE.contains(&key) => {}
            _ => drop(own.insert(setting.trim().to_owned())),
        }
    }
    (method, own)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::study::list_rows;

    /// What is said of a claim on two streams, of which the second lacks `c`.
    fn said(claim: Value) -> Result<(), String> {
        let study: Study = serde_json::from_value(json!({
            "about": "an example",
            "streams": ["s", "t"],
            "settings": ["train.epochs=1"],
            "rows": [
                { "axes": [["method=a", "method=b b.size=4", "b.size=5"]] },
                { "streams": ["s"], "axes": [["method=c"]] },
            ],
            "names": { "large b": ["b b.large=true", "b b.size=4"] },
            "claims": [claim],
            "page": { "text": "# An example\n" },
        }))
        .unwrap();
        study.check().unwrap();
        check_claims(&study, &list_rows(&study, 1).unwrap())
    }

    #[test]
    fn claims_of_rows_that_the_study_has_are_good() {
        for claim in [
            json!({ "text": "1", "row": "a", "above": "large b", "by": "acc" }),
            json!({ "text": "2", "row": "a train.epochs=1", "above": "b b.size=4", "by": "acc" }),
            json!({ "text": "3", "row": "method=a", "above": ["c", "large b"], "by": "acc" }),
            json!({ "text": "4", "row": "b", "with": "b.size=4", "near": 50.0, "within": 2.0, "by": "acc" }),
            json!({ "text": "5", "row": "c", "streams": ["s"], "near": 50.0, "within": 2.0, "by": "acc" }),
        ] {
            assert_eq!(said(claim.clone()), Ok(()), "{claim}");
        }
    }

    #[test]
    fn claims_of_other_rows_are_refused_with_the_row_and_the_claim() {
        let refused = |claim: Value, why: &str| {
            let error = said(claim).unwrap_err();
            assert!(error.contains(why) && error.ends_with("in the claim \"t\""), "{error}");
        };
        refused(json!({ "text": "t", "row": "d", "above": "a", "by": "acc" }), "no row of s is `d`");
        refused(json!({ "text": "t", "row": "a", "above": "b b.size=6", "by": "acc" }), "no row of s is `b b.size=6`");
        refused(json!({ "text": "t", "row": "c", "above": "a", "by": "acc" }), "no row of t is `c`");
        refused(json!({ "text": "t", "row": "a", "above": ["large b", "d"], "by": "acc" }), "no row of s is `d`");
        refused(json!({ "text": "t", "row": "a", "below": ["c", "c x=1"], "by": "acc" }), "no row of s is `c x=1`");
        refused(json!({ "text": "t", "row": "d", "near": 1.0, "within": 1.0, "by": "acc" }), "no row of s is `d`");
        refused(json!({ "text": "t", "row": "a", "unlike": "d", "by": "acc" }), "no row of s is `d`");
        let grid = json!({ "row": "$1 b.size=$2", "more": ["b", "a"], "than": ["4", "5"] });
        refused(json!({ "text": "t", "grid": grid, "by": "acc" }), "no row of s is");
        refused(
            json!({ "text": "t", "row": "b b.size=4", "above": ["a", "large b"], "by": "acc" }),
            "`b b.size=4` is held against itself",
        );
        refused(
            json!({ "text": "t", "row": "a", "like": "method=a train.epochs=1", "within": 1.0, "by": "acc" }),
            "`a` is held against itself",
        );
    }
}
