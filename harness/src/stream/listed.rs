//! Lists of concepts in place of data: what a stream looks like can be known without a single picture.
//!
//! A CSV file has the columns `concept,train,test` (`dataset+++class` and two counts of examples); a JSON file is a
//! list of concepts as FoMo-in-Flux ships it, with one example of each for training and one for testing.

use std::{fs, io::Read, path::Path};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::data::{BETWEEN, Dataset, Split};

/// Largest file, in bytes.
const MOST_BYTES: u64 = 1 << 28;
/// Most concepts of one list.
pub const MOST_CONCEPTS: usize = 1_000_000;
/// Most examples of one list.
const MOST_EXAMPLES: u64 = 100_000_000;

/// Whether a dataset's name is that of a list.
pub(crate) fn is_list(name: &str) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("csv") || extension.eq_ignore_ascii_case("json"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    concept: String,
    train: u64,
    test: u64,
}

/// A class with its numbers of training and test examples.
type Class = (String, u64, u64);

/// The datasets of a list, in the order in which it names them, without pixels.
pub(crate) fn open(path: &Path) -> Result<Vec<Dataset>> {
    let rows = rows(path).with_context(|| format!("cannot read the concepts of {}", path.display()))?;
    let mut datasets: Vec<(String, Vec<Class>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for Row { concept, train, test } in rows {
        let Some((dataset, class)) = concept.split_once(BETWEEN).filter(|(d, c)| !d.is_empty() && !c.is_empty()) else {
            bail!("{}: `{}` is no concept; write dataset{BETWEEN}class", path.display(), concept.escape_debug());
        };
        let place = *places.entry(dataset.to_owned()).or_insert(datasets.len());
        if place == datasets.len() {
            datasets.push((dataset.to_owned(), Vec::new()));
        }
        datasets[place].1.push((class.to_owned(), train, test));
    }
    datasets.into_iter().map(|(name, classes)| bare(&name, classes).with_context(|| name.clone())).collect()
}

fn bare(name: &str, classes: Vec<Class>) -> Result<Dataset> {
    ensure!(classes.len() <= 1 << 16, "{} classes are more than 65536", classes.len());
    let mut names: Vec<&str> = classes.iter().map(|(class, ..)| &class[..]).collect();
    names.sort_unstable();
    if let Some([twice, _]) = names.array_windows().find(|[a, b]| a == b) {
        bail!("the concept `{name}{BETWEEN}{twice}` is there twice");
    }
    let labels = |count: fn(&Class) -> u64| {
        let each = classes.iter().enumerate();
        let all = each.flat_map(|(label, class)| std::iter::repeat_n(label as u16, count(class) as usize));
        Split::bare(all.collect())
    };
    let (train, test) = (labels(|class| class.1)?, labels(|class| class.2)?);
    Ok(Dataset::new(name, [1, 1, 1], classes.into_iter().map(|(class, ..)| class).collect(), train, test))
}

fn rows(path: &Path) -> Result<Vec<Row>> {
    let mut text = String::new();
    fs::File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    ensure!(text.len() as u64 <= MOST_BYTES, "the file is larger than {MOST_BYTES} bytes");
    let rows = if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        let row = |concept| Row { concept, train: 1, test: 1 };
        concepts(&text)?.into_iter().map(row).collect()
    } else {
        let mut rows = Vec::new();
        for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
            ensure!(rows.len() < MOST_CONCEPTS, "there are more than {MOST_CONCEPTS} concepts");
            rows.push(row?);
        }
        rows
    };
    ensure!(!rows.is_empty(), "there is no concept");
    let examples = rows.iter().fold(0_u64, |sum, row: &Row| sum.saturating_add(row.train).saturating_add(row.test));
    ensure!(examples <= MOST_EXAMPLES, "there are {examples} examples, more than {MOST_EXAMPLES}");
    Ok(rows)
}

/// Refuses what is no JSON list of concepts.
pub(crate) fn check_list(path: &Path) -> Result<()> {
    let within = || format!("cannot read the concepts of {}", path.display());
    let mut text = String::new();
    fs::File::open(path).with_context(within)?.take(MOST_BYTES + 1).read_to_string(&mut text).with_context(within)?;
    ensure!(text.len() as u64 <= MOST_BYTES, "{} is larger than {MOST_BYTES} bytes", path.display());
    let concepts = concepts(&text).with_context(within)?;
    ensure!(!concepts.is_empty(), "{} names no concept", path.display());
    let wrong = concepts.iter().find(|concept| !concept.contains(BETWEEN));
    ensure!(
        wrong.is_none(),
        "{}: `{}` is no concept; write dataset{BETWEEN}class",
        path.display(),
        wrong.map_or("", |name| name).escape_debug()
    );
    Ok(())
}

/// The concepts of FoMo's JSON: a list of at most a million texts.
pub fn concepts(text: &str) -> Result<Vec<String>> {
    let list: Vec<String> = serde_json::from_str(text).context("it is no JSON list of concepts")?;
    ensure!(list.len() <= MOST_CONCEPTS, "{} concepts are more than {MOST_CONCEPTS}", list.len());
    Ok(list)
}
