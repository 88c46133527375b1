//! Tables as settings: what is wrong with one is said with the key that it is about.

use anyhow::Result;
use clbench_results::words::remark;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::unknown;

/// Most keys of a table, below one another included, that are tried in search of the wrong one.
const MOST_TRIED: usize = 500;

/// Reads a table; what it does not know is refused with what there is, and what is of another type with its key.
pub fn typed<C: DeserializeOwned>(table: Table) -> Result<C> {
    let whole = table.clone();
    table.try_into().map_err(|error: toml::de::Error| {
        let message = error.message();
        let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        match names.split_first() {
            Some((wrong, known)) if message.starts_with("unknown variant") && !known.is_empty() => {
                anyhow::anyhow!("{}{}", unknown("value", &remark(wrong), known), key::<C>(&whole, message))
            }
            Some((wrong, known)) if message.starts_with("unknown field") => {
                let known = known.iter().map(ToString::to_string).collect();
                UnknownKey { key: remark(wrong), known }.into()
            }
            _ if message.starts_with("missing field") => anyhow::anyhow!("{}", remark(message)),
            _ => anyhow::anyhow!("{}{}", remark(message), key::<C>(&whole, message)),
        }
    })
}

/// In which key of `table` something is wrong, as the end of a sentence; empty where that cannot be told.
///
/// Serde forgets keys where it tries one form after another, as it does for what is tagged or has several forms. So
/// keys are left out one by one: without the wrong one there is another complaint, or none.
fn key<C: DeserializeOwned>(table: &Table, message: &str) -> String {
    let mut paths = Vec::new();
    list(table, &mut Vec::new(), &mut paths);
    let complains = |path: &[String]| {
        let mut rest = table.clone();
        take(&mut rest, path);
        let error = rest.try_into::<C>().err();
        (error.as_ref().is_none_or(|error| error.message() != message), error.is_some())
    };
    let mut found: Vec<(&Vec<String>, bool)> = Vec::new();
    for path in paths.iter().take(MOST_TRIED) {
        let (other, fails) = complains(path);
        if other && get(table, path).is_some_and(|value| may_be(value, message)) {
            found.push((path, fails));
        }
    }
    // The innermost; a key without which nothing is wrong before one that may not be missing, such as a tag.
    let found = found.into_iter().max_by_key(|(path, fails)| (path.len(), !fails));
    found.map_or_else(String::new, |(path, _)| format!(", in `{}`", remark(&path.join("."))))
}

/// Whether a value may be what a message complains of: it begins with what was found in place of what was expected.
fn may_be(value: &Value, message: &str) -> bool {
    let Some((_, found)) = message.split_once(": ").filter(|(what, _)| what.starts_with("invalid ")) else {
        return true;
    };
    // What a choice among words finds where there is no word.
    if found.starts_with("unit variant") {
        return !matches!(value, Value::String(_));
    }
    match value {
        Value::String(text) => found.starts_with("string") && found.contains(&text.escape_debug().to_string()),
        Value::Integer(_) => found.starts_with("integer"),
        Value::Float(_) => found.starts_with("floating point"),
        Value::Boolean(_) => found.starts_with("boolean"),
        // What is wrong may be an element.
        Value::Array(_) => true,
        Value::Table(_) | Value::Datetime(_) => found.starts_with("map"),
    }
}

/// The paths of all keys, outer before inner.
fn list(table: &Table, above: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    for (key, value) in table {
        above.push(key.clone());
        paths.push(above.clone());
        if let Value::Table(inner) = value {
            list(inner, above, paths);
        }
        above.pop();
    }
}

fn get<'a>(table: &'a Table, path: &[String]) -> Option<&'a Value> {
    let (last, above) = path.split_last()?;
    let table = above.iter().try_fold(table, |table, key| table.get(key)?.as_table())?;
    table.get(last)
}

fn take(table: &mut Table, path: &[String]) {
    let Some((last, above)) = path.split_last() else { return };
    let inner = above.iter().try_fold(table, |table, key| table.get_mut(key)?.as_table_mut());
    if let Some(inner) = inner {
        inner.remove(last);
    }
}

/// A key that a table does not have, and those that it has.
#[derive(Debug)]
pub struct UnknownKey {
    key: String,
    known: Vec<String>,
}

impl std::error::Error for UnknownKey {}

impl std::fmt::Display for UnknownKey {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
        match &known[..] {
            [] => write!(out, "unknown key `{}`; there are no keys here", self.key),
            known => out.write_str(&unknown("key", &self.key, known)),
        }
    }
}

/// An unknown key of a table that also has the keys `common`.
pub fn besides(error: anyhow::Error, common: &[&str]) -> anyhow::Error {
    let known = |mut key: UnknownKey| {
        key.known.splice(0..0, common.iter().map(ToString::to_string));
        key.into()
    };
    error.downcast::<UnknownKey>().map_or_else(|error| error, known)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(tag = "body", rename_all = "kebab-case")]
    #[allow(dead_code, reason = "only its errors are looked at")]
    enum Tagged {
        Plain { widths: Vec<usize>, share: Option<f64>, inner: Option<Inner>, name: Option<String> },
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only its errors are looked at")]
    struct Inner {
        size: Size,
        on: Option<bool>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "only its errors are looked at")]
    enum Size {
        One(usize),
        Two([usize; 2]),
    }

    fn refused(text: &str) -> String {
        format!("{:#}", typed::<Tagged>(text.parse().expect("TOML")).expect_err("it is refused"))
    }

    #[test]
    fn a_wrong_value_is_told_with_its_key_also_behind_a_tag() {
        let cases = [
            ("body = \"plain\"\nwidths = \"x\"", "in `widths`"),
            ("body = \"plain\"\nwidths = \"plain\"", "in `widths`"),
            ("body = \"plain\"\nwidths = [1, \"x\"]", "in `widths`"),
            ("body = \"plain\"\nwidths = [1, -2]", "in `widths`"),
            ("body = \"plain\"\nwidths = 3", "in `widths`"),
            ("body = \"plain\"\nwidths = []\nshare = \"half\"", "in `share`"),
            ("body = \"plain\"\nwidths = []\nshare = true\nname = \"share\"", "in `share`"),
            ("body = \"plain\"\nwidths = []\nname = 1", "in `name`"),
            ("body = \"plain\"\nwidths = []\ninner = 1", "in `inner`"),
            ("body = \"plain\"\nwidths = []\n[inner]\nsize = \"x\"", "in `inner.size`"),
            ("body = \"plain\"\nwidths = []\n[inner]\nsize = [1, 2]\non = 1", "in `inner.on`"),
            ("body = 7\nwidths = []", "in `body`"),
            ("body = \"plane\"\nwidths = []", "did you mean `plain`?"),
            ("body = \"plane\"\nwidths = []", "in `body`"),
            ("widths = []", "missing field `body`"),
            ("body = \"plain\"", "missing field `widths`"),
        ];
        for (text, told) in cases {
            let refused = refused(text);
            assert!(refused.contains(told), "{text}\n{refused}");
        }
    }

    #[test]
    fn a_value_of_any_length_is_told_in_a_line() {
        let long = "\\u001b[2J".repeat(100_000);
        for text in [
            format!("body = \"plain\"\nwidths = \"{long}\""),
            format!("body = \"{long}\"\nwidths = []"),
            format!("body = \"plain\"\nwidths = []\n[inner]\nsize = \"{long}\""),
        ] {
            let refused = refused(&text);
            assert!(refused.len() < 2_000 && !refused.contains('\u{1b}') && !refused.contains('\n'), "{refused}");
        }
    }
}
