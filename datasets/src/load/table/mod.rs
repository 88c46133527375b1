//! A table in text: features or texts, with a label, and a caption and a time where there are such columns.
//!
//! ```toml
//! [data.flowers]
//! format = "csv"                    # or "tsv", with tabs between cells
//! train = "train.csv"               # and test = "test.csv"; or path = "all.csv"
//! test_share = 0.2                  # of `path`; every fifth row of a class without
//! label = "species"
//! features = ["length", "width"]    # or "rest": all columns that are nothing else and do not only count rows
//! keep_index = false                # with "rest": whether columns that only count rows are features
//! text = "description"              # in place of features: read by WordLlama
//! tfidf = { components = 64 }       # or as counts of words, see `crate::text::tfidf`
//! caption = "description"
//! time = "found"                    # RFC 3339, or seconds since 1970
//! separator = ","
//! memory = 1024                     # MiB that all that is kept may take
//! ```
//!
//! Classes are the labels for training in the order of the alphabet, or in that of numbers where all are whole numbers.
//! Which columns only count rows is told in `index.rs`. Rows are read one by one and only what is asked for is kept, 4
//! bytes for each feature; for a moment, when all is read, it takes about three times as much. Ten million rows of 20
//! features are 800 MB; set `memory` to match. Each text becomes 256 features or `tfidf.components`, see
//! [`crate::text`], and its beginning is its caption where no column is.

mod rest;

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, bail, ensure};
use clbench::{
    catalogue::{Range, Settings, part},
    data::{Dataset, Format, Load, MOST_CAPTION, Origin, Split},
};
use serde::{Deserialize, Serialize};

use self::rest::Rest;
use super::{MEBIBYTE, MOST_CLASSES};
use crate::{
    format::{cells::Cells, share, when},
    text::{
        self, Reads,
        tfidf::{Reader, Tfidf},
    },
};

/// The loader with commas.
pub const CSV: Format = Format {
    name: "csv",
    about: "a table with commas: columns of features or of text, and a label",
    citation: "https://www.rfc-editor.org/rfc/rfc4180",
    settings: Table::SETTINGS,
    make: |table| part(table, |table: Table| Box::new(table) as Box<dyn Load>),
};

/// The loader with tabs.
pub const TSV: Format = Format {
    name: "tsv",
    about: "the same with tabs",
    citation: "https://www.iana.org/assignments/media-types/text/tab-separated-values",
    settings: Table::SETTINGS,
    make: |mut table| {
        table.entry("separator").or_insert("\t".into());
        part(table, |table: Table| Box::new(table) as Box<dyn Load>)
    },
};

/// Columns of features.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Features {
    Named(Vec<String>),
    /// The word `rest`.
    Rest(String),
}

clbench::settings! {
    /// Settings of the loader.
    #[derive(Clone, Debug)]
    pub struct Table {
        /// The file, where one has all rows.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<String> = None;
        /// The file of rows to train on.
        #[serde(skip_serializing_if = "Option::is_none")]
        train: Option<String> = None;
        /// The file of rows to test on.
        #[serde(skip_serializing_if = "Option::is_none")]
        test: Option<String> = None;
        /// Share of the rows of `path` that are for testing; every fifth of a class where not set.
        #[serde(skip_serializing_if = "Option::is_none")]
        test_share: Option<f64> = None, share::RANGE;
        /// The column of labels.
        label: String;
        /// Columns of features, or `rest` for all that are nothing else and do not only count rows.
        #[serde(skip_serializing_if = "Option::is_none")]
        features: Option<Features> = None, Range::Text("a list of columns, or `rest`");
        /// Whether columns that only count rows are among the `rest`.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        keep_index: bool = false;
        /// The column of texts, in place of features.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String> = None;
        /// How texts are read as counts of words; by word vectors where it is left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        tfidf: Option<Tfidf> = None;
        /// The column of captions.
        #[serde(skip_serializing_if = "Option::is_none")]
        caption: Option<String> = None;
        /// The column of times: RFC 3339, or seconds since 1970.
        #[serde(skip_serializing_if = "Option::is_none")]
        time: Option<String> = None;
        /// What stands between cells; a tab in `tsv`.
        separator: String = ",".into(), Range::Text("one ASCII character");
        /// Most that all that is kept may take, in MiB.
        memory: u64 = 1024;
    }
}

impl Settings for Table {
    fn check(&self) -> Result<()> {
        let files = (self.path.is_some(), self.train.is_some(), self.test.is_some());
        ensure!(
            matches!(files, (true, false, false) | (false, true, true)),
            "a table needs either `path`, or `train` and `test`"
        );
        ensure!(
            self.test_share.is_none() || self.path.is_some(),
            "test_share makes no sense with `test`; leave it out"
        );
        ensure!(self.features.is_some() != self.text.is_some(), "a table needs either `features` or `text`");
        if self.tfidf.is_some() {
            ensure!(
                self.text.is_some(),
                "tfidf says how a text is read, and there is none; name its column: text = ..."
            );
        }
        match &self.features {
            Some(Features::Rest(word)) => ensure!(word == "rest", "features = {word:?} is neither a list nor \"rest\""),
            Some(Features::Named(names)) => ensure!(!names.is_empty(), "features = [] names no column"),
            None => {}
        }
        ensure!(
            !self.keep_index || matches!(self.features, Some(Features::Rest(_))),
            "keep_index says what is among the rest, and features are not \"rest\"; leave it out"
        );
        let separator = self.separator.as_bytes();
        ensure!(
            separator.len() == 1 && separator[0] != b'"',
            "separator = {:?} is not one ASCII character",
            self.separator
        );
        Ok(())
    }
}

impl Load for Table {
    fn load(&self, name: &str, origin: &Origin) -> Result<Dataset> {
        self.load_with(name, origin, &|texts| match &self.tfidf {
            Some(tfidf) => Ok(Box::new(Reader::new(tfidf, texts))),
            None => text::open(origin.data),
        })
    }
}

/// Rows as they are kept.
#[derive(Default)]
struct Rows {
    /// Index into the names in the order in which they were seen.
    labels: Vec<u32>,
    values: Vec<f32>,
    /// What stands in the columns that may count rows, column by column.
    counts: Vec<Vec<f64>>,
    texts: Vec<String>,
    captions: Vec<String>,
    times: Vec<i64>,
}

/// Names of the classes in the order in which they were seen, and bytes that are kept.
#[derive(Default)]
struct Seen {
    names: BTreeMap<String, u32>,
    bytes: u64,
}

/// Where a row's cells are.
struct Columns {
    label: usize,
    features: Vec<usize>,
    /// Those of the features that may count rows, by place among them.
    counts: Vec<usize>,
    text: Option<usize>,
    caption: Option<usize>,
    time: Option<usize>,
}

impl Table {
    /// The same with texts read by `reads`.
    fn load_with(&self, name: &str, origin: &Origin, reads: Reads) -> Result<Dataset> {
        let mut seen = Seen::default();
        let mut rest = None;
        let mut read = |path: &Option<String>| {
            path.as_ref().map(|path| self.read(&origin.path(path)?, &mut seen, &mut rest)).transpose()
        };
        let (mut all, mut train, mut test) = (read(&self.path)?, read(&self.train)?, read(&self.test)?);
        if let Some(rest) = &rest {
            let mut files: Vec<&mut Rows> = [&mut all, &mut train, &mut test].into_iter().flatten().collect();
            rest.leave_out(name, &mut files, origin)?;
        }
        let classes = Classes::of(&seen.names);
        let (train, test) = match (all, train, test) {
            (Some(all), ..) => {
                let labels = classes.number(&all.labels);
                let tests = share::tests(self.test_share, &labels, &classes.names);
                all.parted(&tests.with_context(|| self.path.clone().unwrap_or_default())?)
            }
            (_, Some(train), Some(test)) => (train, test),
            _ => bail!("a table needs either `path`, or `train` and `test`"),
        };
        if let Some(name) = classes.missing(&train.labels).or_else(|| classes.missing(&test.labels)) {
            bail!("{name:?} is a label for training only, or for testing only; each needs both");
        }
        let embed = self.text.is_some().then(|| reads(&train.texts)).transpose()?;
        let mut shape = [1, 1, 0];
        let mut split = |rows: Rows| -> Result<Split> {
            let labels = classes.number(&rows.labels);
            let values = match &embed {
                Some(embed) => text::embedded(&origin.cache(), &**embed, &rows.texts)?,
                None => rows.values,
            };
            shape[2] = values.len() / labels.len();
            let mut split = Split::floats(shape, values, labels, classes.names.len())?;
            if !rows.captions.is_empty() {
                split = split.captions(rows.captions)?;
            }
            if rows.times.is_empty() { Ok(split) } else { split.times(rows.times) }
        };
        let (train, test) = (split(train)?, split(test)?);
        Ok(Dataset::new(name, shape, classes.names.clone(), train, test))
    }

    /// Features that a text becomes.
    fn embedded(&self) -> usize {
        self.tfidf.as_ref().map_or(text::WIDTH, |tfidf| tfidf.components)
    }

    /// Where what is asked for stands. What the `rest` is, the first file says.
    fn columns(&self, cells: &Cells, rest: &mut Option<Rest>) -> Result<Columns> {
        let column = |key: &str, name: &Option<String>| name.as_ref().map(|name| cells.column(key, name)).transpose();
        let label = cells.column("label", &self.label)?;
        let (text, caption, time) =
            (column("text", &self.text)?, column("caption", &self.caption)?, column("time", &self.time)?);
        let features = match &self.features {
            None => Vec::new(),
            Some(Features::Named(names)) => {
                names.iter().map(|name| cells.column("features", name)).collect::<Result<_>>()?
            }
            Some(Features::Rest(_)) => {
                let others = [Some(label), text, caption, time];
                if let Some(rest) = rest {
                    rest.again(cells, &others)?
                } else {
                    rest.insert(Rest::of(cells, &others, self.keep_index)).columns.clone()
                }
            }
        };
        ensure!(self.features.is_none() || !features.is_empty(), "no column is left for features");
        ensure!(!features.contains(&label), "the label `{}` stands among the features too", self.label);
        let counts = rest.as_ref().map_or_else(Vec::new, |rest| rest.counts.clone());
        Ok(Columns { label, features, counts, text, caption, time })
    }

    /// Reads a file row by row.
    fn read(&self, path: &Path, seen: &mut Seen, rest: &mut Option<Rest>) -> Result<Rows> {
        ensure!(path.is_file(), "{} is no file that can be read", path.display());
        let mut cells = Cells::open(path, self.separator.as_bytes()[0])?;
        let columns = self.columns(&cells, rest).with_context(|| path.display().to_string())?;
        let mut rows = Rows { counts: vec![Vec::new(); columns.counts.len()], ..Rows::default() };
        while cells.next()? {
            seen.bytes += rows.push(&cells, &columns, &mut seen.names)?;
            seen.bytes += columns.text.map_or(0, |_| 4 * self.embedded() as u64);
            ensure!(
                seen.bytes <= self.memory.saturating_mul(MEBIBYTE),
                "{}, line {}: more than the {} MiB that `memory` allows; raise it, or name fewer columns",
                path.display(),
                cells.line(),
                self.memory
            );
        }
        ensure!(!rows.labels.is_empty(), "{} has no rows below its names", path.display());
        Ok(rows)
    }
}

impl Rows {
    /// Takes the row at which `cells` stands; the bytes that it takes.
    fn push(&mut self, cells: &Cells, columns: &Columns, names: &mut BTreeMap<String, u32>) -> Result<u64> {
        let name = cells.text(columns.label)?.trim();
        ensure!(!name.is_empty(), "{}: the label is empty", cells.at(columns.label));
        let label = if let Some(label) = names.get(name) {
            *label
        } else {
            ensure!(names.len() < MOST_CLASSES, "{}: more than {MOST_CLASSES} labels", cells.at(columns.label));
            names.insert(name.to_owned(), names.len() as u32);
            names.len() as u32 - 1
        };
        self.labels.push(label);
        for column in &columns.features {
            self.values.push(cells.number(*column)?);
        }
        for (counts, place) in self.counts.iter_mut().zip(&columns.counts) {
            counts.push(cells.precise(columns.features[*place]));
        }
        let mut bytes = 16 + 4 * columns.features.len() + 8 * columns.counts.len();
        if let Some(column) = columns.text {
            let whole = cells.text(column)?.trim();
            ensure!(!whole.is_empty(), "{}: the text is empty", cells.at(column));
            bytes += whole.len() + size_of::<String>();
            self.texts.push(whole.to_owned());
        }
        if let Some(column) = columns.caption.or(columns.text) {
            let whole = cells.text(column)?.trim();
            let caption = if columns.caption.is_some() { whole } else { text::beginning(whole) };
            ensure!(caption.len() <= MOST_CAPTION, "{}: longer than {MOST_CAPTION} bytes", cells.at(column));
            bytes += caption.len() + size_of::<String>();
            self.captions.push(caption.to_owned());
        }
        if let Some(column) = columns.time {
            self.times.push(when::seconds(cells.text(column)?).with_context(|| cells.at(column))?);
        }
        Ok(bytes as u64)
    }

    /// Takes columns out of rows of `width` features.
    fn without(&mut self, width: usize, columns: &[usize]) {
        self.counts.clear();
        if !columns.is_empty() {
            let mut place = 0;
            self.values.retain(|_| {
                place += 1;
                !columns.contains(&((place - 1) % width))
            });
        }
    }

    /// Those for training and those for testing.
    fn parted(self, tests: &[bool]) -> (Self, Self) {
        let width = self.values.len() / tests.len();
        let (mut train, mut test) = (Self::default(), Self::default());
        let (mut texts, mut captions) = (self.texts.into_iter(), self.captions.into_iter());
        for (at, is_test) in tests.iter().enumerate() {
            let half = if *is_test { &mut test } else { &mut train };
            half.labels.push(self.labels[at]);
            half.values.extend(&self.values[at * width..(at + 1) * width]);
            half.texts.extend(texts.next());
            half.captions.extend(captions.next());
            half.times.extend(self.times.get(at));
        }
        (train, test)
    }
}

/// The classes in their order, and which label is which.
struct Classes {
    names: Vec<String>,
    /// The class of each label, in the order in which labels were seen.
    order: Vec<u16>,
}

impl Classes {
    fn of(seen: &BTreeMap<String, u32>) -> Self {
        let mut names: Vec<&String> = seen.keys().collect();
        if names.iter().all(|name| name.parse::<i64>().is_ok()) {
            names.sort_by_key(|name| name.parse::<i64>().unwrap_or(0));
        }
        let mut order = vec![0; names.len()];
        names.iter().enumerate().for_each(|(class, name)| order[seen[*name] as usize] = class as u16);
        Self { names: names.into_iter().cloned().collect(), order }
    }

    fn number(&self, labels: &[u32]) -> Vec<u16> {
        labels.iter().map(|label| self.order[*label as usize]).collect()
    }

    /// A class that no label stands for.
    fn missing(&self, labels: &[u32]) -> Option<&str> {
        let mut there = vec![false; self.names.len()];
        self.number(labels).iter().for_each(|class| there[usize::from(*class)] = true);
        there.iter().position(|there| !there).map(|class| &self.names[class][..])
    }
}

#[cfg(test)]
mod tests;
