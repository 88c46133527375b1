//! The file of a study, and what is wrong with one.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::claim::Claim;
use crate::{gallery::Kind, metric::find, store::Filter, table::Column, words::short};

/// Streams, rows of the file, pictures and claims before they are crossed: of each at most so many.
const MOST: usize = 1_000;
/// Settings of a row, axes, and scores or columns of a page, at most.
const MOST_SETTINGS: usize = 50;
/// Bytes of a text other than the page's, at most.
const MOST_TEXT: usize = 1 << 12;
/// Settings that are the program's own, or that a study says elsewhere.
const ELSEWHERE: [&str; 5] = ["seeds", "seed", "jobs", "runs", "data"];

/// A study, as its file says it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// What it is about, in one line.
    pub about: String,
    /// Names of stream files, without folder and ending.
    pub streams: Vec<String>,
    /// Seeds of every row, such as `0..5`.
    #[serde(default = "five")]
    pub seeds: String,
    /// Runs at once.
    #[serde(default = "one")]
    pub jobs: usize,
    /// Settings of every run, such as `train.epochs=1`.
    #[serde(default)]
    pub settings: Vec<String>,
    /// Whether the references of intransigence are trained, too.
    #[serde(default)]
    pub references: bool,
    /// What is run.
    pub rows: Vec<Rows>,
    /// What is drawn.
    #[serde(default)]
    pub pictures: Vec<Picture>,
    /// Short names for rows in claims; of several ways to write a row, as older runs have it, the first that is there.
    #[serde(default)]
    pub names: BTreeMap<String, Words>,
    /// The accuracy that tells whether models know more than chance.
    #[serde(default = "accuracy")]
    pub chance: String,
    /// What is claimed.
    #[serde(default)]
    pub claims: Vec<Claim>,
    /// What the page says.
    pub page: Page,
}

/// The page of a study.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Scores, for `$scores` in its commands.
    #[serde(default)]
    pub scores: Vec<String>,
    /// Columns, for `$columns` in its commands.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Markdown, with a line `<!-- clbench: COMMAND -->` for each block.
    pub text: String,
}

/// Some of a study's rows: axes that are crossed, on some streams.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// Of the study's streams these; all where none is named.
    #[serde(default)]
    pub streams: Vec<String>,
    /// Settings of all these rows.
    #[serde(default)]
    pub settings: Vec<String>,
    /// Axes, each with its alternatives; an alternative is one setting or several with spaces between, or empty.
    pub axes: Vec<Vec<String>>,
    /// Where the runs lie below the study's folder of runs.
    pub folder: Option<String>,
}

/// What is drawn into the folder beside the page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// Kinds, as `clbench picture` names them.
    pub kinds: Vec<String>,
    /// Name of the file, without an ending, where this is one picture; each picture's own without.
    pub file: Option<String>,
    /// Only runs that fit all of these.
    #[serde(default)]
    pub only: Vec<String>,
    /// No runs that fit one of these.
    #[serde(default)]
    pub without: Vec<String>,
    /// Whether rows stand together whose conditions or spending differ.
    #[serde(default)]
    pub rank_all: bool,
}

/// One text or several.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum Words {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Words {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

fn five() -> String {
    "0..5".into()
}

fn one() -> usize {
    1
}

fn accuracy() -> String {
    "acc".into()
}

impl Study {
    /// Refuses what cannot be meant, naming the key.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn check(&self) -> Result<(), String> {
        let few = |key: &str, count: usize| match count {
            0 => Err(format!("`{key}` is empty; a study needs one")),
            count if count > MOST => Err(format!("`{key}` has {count} entries; the most is {MOST}")),
            _ => Ok(()),
        };
        self.is_small()?;
        few("streams", self.streams.len())?;
        few("rows", self.rows.len())?;
        few("claims", self.claims.len().max(1))?;
        few("pictures", self.pictures.len().max(1))?;
        self.streams.iter().try_for_each(|name| plain("streams", name))?;
        settings("settings", &self.settings)?;
        if !(1..=1024).contains(&self.jobs) {
            return Err(format!("`jobs` is {}; it is between 1 and 1024", self.jobs));
        }
        for name in self.page.scores.iter().chain([&self.chance]) {
            find(name)?;
        }
        self.page.columns.iter().try_for_each(|name| name.parse::<Column>().map(drop))?;
        self.rows.iter().try_for_each(|rows| self.check_rows(rows))?;
        self.pictures.iter().try_for_each(check_picture)?;
        if let Some((name, _)) = self.names.iter().find(|(_, row)| row.all().is_empty()) {
            return Err(format!("`names` has no row for {}; write method and settings", short(name)));
        }
        self.claims.iter().try_for_each(|claim| self.check_claim(claim))?;
        if self.page.text.trim().is_empty() {
            Err("`page.text` is empty; write what the page says".into())
        } else {
            Ok(())
        }
    }

    /// Refuses lists and texts that would grow beyond measure where they are crossed.
    fn is_small(&self) -> Result<(), String> {
        small("settings", &self.settings, MOST_SETTINGS)?;
        small("names", self.names.iter().flat_map(|(name, row)| std::iter::once(name).chain(row.all())), 2 * MOST)?;
        small("page.scores", &self.page.scores, MOST_SETTINGS)?;
        small("page.columns", &self.page.columns, MOST_SETTINGS)?;
        for rows in &self.rows {
            small("rows.settings", &rows.settings, MOST_SETTINGS)?;
            small("rows.streams", &rows.streams, MOST)?;
            if rows.axes.len() > MOST_SETTINGS {
                return Err(format!("`rows.axes` has {} axes; the most is {MOST_SETTINGS}", rows.axes.len()));
            }
            rows.axes.iter().try_for_each(|axis| small("rows.axes", axis, MOST))?;
        }
        self.claims.iter().try_for_each(|claim| small("claims", claim.texts(), 10 * MOST))
    }

    /// The ways to write the row that a claim calls `name`.
    pub(super) fn ways<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        self.names.get(name).map_or_else(|| vec![name], |row| row.all().iter().map(String::as_str).collect())
    }

    fn check_rows(&self, rows: &Rows) -> Result<(), String> {
        self.known_streams("rows.streams", &rows.streams)?;
        settings("rows.settings", &rows.settings)?;
        if rows.axes.is_empty() || rows.axes.iter().any(Vec::is_empty) {
            return Err("`rows.axes` needs an axis, and each axis an alternative, such as [[\"method=ewc\"]]".into());
        }
        for alternative in rows.axes.iter().flatten() {
            settings("rows.axes", &words(alternative))?;
        }
        rows.folder.iter().try_for_each(|folder| plain("rows.folder", folder))
    }

    fn check_claim(&self, claim: &Claim) -> Result<(), String> {
        self.known_streams("claims.streams", &claim.streams)?;
        claim.check().map_err(|why| format!("{why}, in the claim \"{}\"", short(&claim.text)))
    }

    fn known_streams(&self, key: &str, names: &[String]) -> Result<(), String> {
        match names.iter().find(|name| !self.streams.contains(name)) {
            Some(name) => {
                Err(format!("`{key}` names {}, which is not in `streams`: {}", short(name), self.streams.join(", ")))
            }
            None => Ok(()),
        }
    }
}

fn check_picture(picture: &Picture) -> Result<(), String> {
    if picture.kinds.is_empty() {
        return Err("`pictures.kinds` is empty; name a kind such as course, or all".into());
    }
    for kind in picture.kinds.iter().filter(|kind| *kind != "all") {
        kind.parse::<Kind>()?;
    }
    for filter in picture.only.iter().chain(&picture.without) {
        filter.parse::<Filter>()?;
    }
    picture.file.iter().try_for_each(|file| plain("pictures.file", file))
}

/// Settings as they stand in a row, apart.
pub(super) fn words(row: &str) -> Vec<String> {
    row.split_whitespace().map(String::from).collect()
}

/// Refuses a name that could lead out of its folder.
pub(super) fn plain(key: &str, name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if !name.is_empty() && name.len() <= 100 && name.chars().all(fits) {
        return Ok(());
    }
    Err(format!("`{key}` has `{}`; write a name of letters, digits, - and _", short(name)))
}

/// Refuses more than `most` texts, and a text that is too long.
fn small<'a>(key: &str, texts: impl IntoIterator<Item = &'a String>, most: usize) -> Result<(), String> {
    for (at, text) in texts.into_iter().enumerate() {
        if at >= most {
            return Err(format!("`{key}` has more than {most} entries"));
        }
        if text.len() > MOST_TEXT {
            return Err(format!("`{key}` has a text of {} bytes; the most is {MOST_TEXT}", text.len()));
        }
    }
    Ok(())
}

/// Refuses what is not KEY=VALUE, and keys that a study says elsewhere.
fn settings(key: &str, settings: &[String]) -> Result<(), String> {
    for setting in settings {
        let Some((name, _)) = setting.split_once('=') else {
            return Err(format!("`{key}` has `{}`; write KEY=VALUE, such as method=lora", short(setting)));
        };
        if name.trim() == "name" {
            return Err(format!("`{key}` has `{}`; a run is found by the name of its stream file", short(setting)));
        }
        if ELSEWHERE.contains(&name.trim()) {
            return Err(format!(
                "`{key}` has `{}`; seeds and jobs are keys of the study, runs and data are given on the command line",
                short(setting)
            ));
        }
    }
    Ok(())
}
