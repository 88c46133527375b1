//! Entries of catalogues, and what is said where a name is none of them.

use anyhow::{Result, bail};
use clbench_results::words::remark;
use toml::Table;

use super::Setting;

/// Settings with defaults, and what was made of them.
pub type Made<T> = Result<(Table, T)>;

/// Something that a catalogue knows by name.
#[derive(Clone, Copy)]
pub struct Entry<F> {
    /// Its name in stream files, in kebab case.
    pub name: &'static str,
    /// One line: what it is.
    pub about: &'static str,
    /// Where it comes from.
    pub citation: &'static str,
    /// What may be set.
    pub settings: &'static [Setting],
    /// Reads its settings; gives them back with defaults, and what they describe.
    pub make: F,
}

/// The entry called `name`, or what there is.
pub(crate) fn find<'a, F>(what: &str, name: &str, catalogue: &'a [Entry<F>]) -> Result<&'a Entry<F>> {
    pick(what, name, catalogue, |entry| entry.name)
}

/// The item called `name`, or an error that lists what there is and the nearest.
pub(crate) fn pick<'a, T>(what: &str, name: &str, items: &'a [T], name_of: impl Fn(&T) -> &str) -> Result<&'a T> {
    match items.iter().find(|item| name_of(item) == name) {
        Some(item) => Ok(item),
        None => bail!("{}", unknown(what, name, &items.iter().map(name_of).collect::<Vec<_>>())),
    }
}

/// Says that `name` is unknown, what is nearest and what there is.
pub fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    // Whoever wrote it may have written a megabyte, or what moves the cursor.
    let name = &remark(name);
    let near = known.iter().map(|known| (strsim::damerau_levenshtein(name, known), *known)).min();
    let hint = match near {
        Some((distance, near)) if distance <= 1 + near.len() / 4 => format!("; did you mean `{near}`?"),
        _ => ";".into(),
    };
    format!("unknown {what} `{name}`{hint} there are {}", known.join(", "))
}
