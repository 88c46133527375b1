//! A claim of a study: one row above another by a score, or no difference within a margin.

use serde::Deserialize;

use super::file::Words;
use crate::{
    metric::{Metric, find},
    words::short,
};

/// Claims of a study once lists in it are crossed, and rows of a grid: at most so many.
const MOST: usize = 1_000;

/// Values of scores without an end, at most.
const MOST_VALUE: f64 = 1e9;
/// Rows of which the best is compared with, at most.
const MOST_RIVALS: usize = 100;

/// What is claimed; lists in `row` and `by` make a claim of each.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The claim in words, with its source.
    pub text: String,
    /// On which streams; on each of the study's where none is named.
    #[serde(default)]
    pub streams: Vec<String>,
    /// The row that is spoken of: a name of the study, or method and settings.
    pub row: Option<Words>,
    /// The row whose score is lower; of several, the one with the best mean.
    pub above: Option<Words>,
    /// The row whose score is higher; of several, the one with the best mean.
    pub below: Option<Words>,
    /// The row whose score is another.
    pub unlike: Option<String>,
    /// The row whose score differs by less than `within`.
    pub like: Option<String>,
    /// The value from which the score differs by less than `within`.
    pub near: Option<f64>,
    /// The margin, in the unit of the table: points for what is in percent.
    pub within: Option<f64>,
    /// Two choices that are crossed, of which the first moves the score more than the second.
    pub grid: Option<Grid>,
    /// The score.
    pub by: Words,
    /// The score by which the best of several rows is found; `by` without.
    pub best_by: Option<String>,
    /// Settings that all rows of the claim have besides.
    #[serde(default)]
    pub with: String,
    /// Scores whose differences are shown beside, without a test.
    #[serde(default)]
    pub beside: Vec<String>,
}

/// Two choices crossed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// A row with `$1` for the first choice and `$2` for the second.
    pub row: String,
    /// The choice that is said to matter more.
    pub more: Vec<String>,
    /// The other.
    pub than: Vec<String>,
}

/// How the score of a row is said to stand.
#[derive(Clone, Debug, PartialEq)]
pub enum Relation {
    /// Higher than the best of these rows.
    Above(Vec<String>),
    /// Lower than the best of these rows.
    Below(Vec<String>),
    /// Another than that of this row.
    Unlike(String),
    /// Nearer to that of this row than the margin.
    Like(String, f64),
    /// Nearer to a value than the margin.
    Near(f64, f64),
    /// Moved more by the first index of these rows than by the second.
    Grid(Vec<Vec<String>>),
}

/// A claim of one row by one score.
#[derive(Clone, Debug)]
pub struct One<'a> {
    /// The claim it is one of.
    pub claim: &'a Claim,
    /// The stream.
    pub stream: &'a str,
    /// The row; empty for a grid.
    pub row: &'a str,
    /// The score.
    pub by: &'static Metric,
    /// How it is said to stand.
    pub relation: Relation,
}

impl Claim {
    /// All its texts, whose number and length are bounded.
    pub(super) fn texts(&self) -> impl Iterator<Item = &String> {
        let lists = [self.row.as_ref(), self.above.as_ref(), self.below.as_ref(), Some(&self.by)];
        let lists = lists.into_iter().flatten().flat_map(Words::all);
        let single = self.unlike.iter().chain(&self.like).chain(&self.best_by).chain([&self.text, &self.with]);
        let grid = self.grid.iter().flat_map(|grid| std::iter::once(&grid.row).chain(&grid.more).chain(&grid.than));
        lists.chain(single).chain(grid).chain(&self.streams).chain(&self.beside)
    }
    /// Refuses what says nothing, or two things.
    pub(super) fn check(&self) -> Result<(), String> {
        self.by()?.into_iter().try_for_each(|by| self.relation(by).map(drop))?;
        self.beside.iter().chain(&self.best_by).try_for_each(|name| find(name).map(drop))?;
        match (&self.row, &self.grid) {
            (None, None) => Err("`row` is missing".into()),
            (Some(_), Some(_)) => Err("a `grid` names its rows itself; leave out `row`".into()),
            (Some(row), None) if row.all().is_empty() => Err("`row` is empty".into()),
            _ => Ok(()),
        }
    }

    /// The scores, one at least.
    fn by(&self) -> Result<Vec<&'static Metric>, String> {
        let found: Vec<_> = self.by.all().iter().map(|name| find(name)).collect::<Result<_, _>>()?;
        if found.is_empty() { Err("`by` is empty; name a score".into()) } else { Ok(found) }
    }

    /// What is said of the row; a margin is in the unit of the table.
    fn relation(&self, by: &Metric) -> Result<Relation, String> {
        let unit = if by.is_percent() { 100.0 } else { 1.0 };
        let several = |words: &Words| match words.all() {
            [] => Err("no row is named".to_owned()),
            rows if rows.len() > MOST_RIVALS => Err(format!("more than {MOST_RIVALS} rows are named beside `row`")),
            rows => Ok(rows.to_vec()),
        };
        let margin = || match self.within {
            Some(within) if within > 0.0 && within.is_finite() => Ok(within / unit),
            Some(within) => Err(format!("`within` is {within}; it is above 0")),
            None => Err("`within` is missing: the largest difference that counts as none".into()),
        };
        let mut said = Vec::new();
        said.extend(self.above.as_ref().map(|rows| several(rows).map(Relation::Above)));
        said.extend(self.below.as_ref().map(|rows| several(rows).map(Relation::Below)));
        said.extend(self.unlike.clone().map(|row| Ok(Relation::Unlike(row))));
        said.extend(self.like.clone().map(|row| margin().map(|within| Relation::Like(row, within))));
        said.extend(self.near.map(|value| near(value, by).and_then(|v| Ok(Relation::Near(v, margin()?)))));
        said.extend(self.grid.as_ref().map(Grid::rows));
        let needs_margin = self.like.is_some() || self.near.is_some();
        if self.within.is_some() && !needs_margin {
            return Err("`within` goes with `like` or `near`".into());
        }
        let count = said.len();
        said.pop().filter(|_| count == 1).unwrap_or_else(|| {
            Err(format!("{count} of above, below, unlike, like, near and grid are given; a claim has one"))
        })
    }

    /// The claims that this one stands for, on `streams` where it names none.
    pub(super) fn each<'a>(&'a self, streams: &'a [String]) -> Result<Vec<One<'a>>, String> {
        let streams = if self.streams.is_empty() { streams } else { &self.streams };
        let rows = self.row.as_ref().map_or(&[][..], Words::all);
        let mut all = Vec::new();
        let by = self.by()?;
        if streams.len().saturating_mul(rows.len().max(1)).saturating_mul(by.len()) > MOST {
            return Err(format!("more than {MOST} claims are made of \"{}\"", short(&self.text)));
        }
        for stream in streams {
            for by in &by {
                let one =
                    |row: &'a str| Ok::<_, String>(One { claim: self, stream, row, by, relation: self.relation(by)? });
                if rows.is_empty() {
                    all.push(one("")?);
                }
                rows.iter().try_for_each(|row| one(row).map(|one| all.push(one)))?;
            }
        }
        Ok(all)
    }
}

/// A value that a score can have, in its own unit; it is given in that of the table.
fn near(value: f64, by: &Metric) -> Result<f64, String> {
    let unit = if by.is_percent() { 100.0 } else { 1.0 };
    let [low, high] = [by.range.0, by.range.1].map(|end| (end * unit).clamp(-MOST_VALUE, MOST_VALUE));
    if (low..=high).contains(&value) {
        return Ok(value / unit);
    }
    Err(format!("`near` is {value:?}; {} is between {low} and {high}", by.key))
}

impl Grid {
    /// The rows, the first choice first.
    fn rows(&self) -> Result<Relation, String> {
        if self.more.len() < 2 || self.than.len() < 2 {
            return Err("`grid` needs two alternatives of each choice".into());
        }
        if self.more.len().saturating_mul(self.than.len()) > MOST {
            return Err(format!("`grid` has more than {MOST} rows"));
        }
        if ["$1", "$2"].iter().any(|place| !(1..=4).contains(&self.row.matches(place).count())) {
            return Err("`grid.row` needs $1 and $2, up to four times each, in the places of the two choices".into());
        }
        let of = |first: &String, second: &String| self.row.replace("$1", first).replace("$2", second);
        let row = |first: &String| self.than.iter().map(|second| of(first, second)).collect();
        Ok(Relation::Grid(self.more.iter().map(row).collect()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_that_the_score_cannot_have_is_refused_with_its_range() {
        let said = |near: f64, by: &[&str]| {
            let claim = json!({ "text": "t", "row": "a", "within": 1.0, "by": by });
            let claim = Claim { near: Some(near), ..serde_json::from_value(claim).unwrap() };
            claim.check()
        };
        for good in [0.0, 57.0, 100.0] {
            assert_eq!(said(good, &["acc"]), Ok(()));
        }
        assert_eq!(said(-3.0, &["bwt.gem17"]), Ok(()));
        let refused = |value: &str, range: &str| Err(format!("`near` is {value}; {range}"));
        assert_eq!(said(1e308, &["acc"]), refused("1e308", "acc.gem17 is between 0 and 100"));
        assert_eq!(said(-1.0, &["acc"]), refused("-1.0", "acc.gem17 is between 0 and 100"));
        assert_eq!(said(f64::NAN, &["acc"]), refused("NaN", "acc.gem17 is between 0 and 100"));
        assert_eq!(said(-3.0, &["bwt.gem17", "acc"]), refused("-3.0", "acc.gem17 is between 0 and 100"));
        assert_eq!(said(-101.0, &["bwt.gem17"]), refused("-101.0", "bwt.gem17 is between -100 and 100"));
    }
}
