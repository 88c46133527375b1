//! Settings: what may be set, within which ranges, and how tables become what a part is made of.

use anyhow::{Context, Result, bail, ensure};
use serde::{Serialize, de::DeserializeOwned};
use toml::Table;

use super::{Made, Range, ranges::word, typed, unknown};

/// One key of a method's table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// The key.
    pub key: &'static str,
    /// One line: what it is, with the paper's symbol.
    pub about: &'static str,
    /// What it may be.
    pub range: Range,
}

/// Refuses a value of the table of `name` that is out of its setting's range.
pub(crate) fn check(name: &str, settings: &[Setting], table: &Table) -> Result<()> {
    for Setting { key, range, .. } in settings {
        let Some(value) = table.get(*key).filter(|value| !range.holds(value)) else { continue };
        if let (Range::Choice(words), Some(word)) = (range, word(value)) {
            bail!("{name}.{key}: {}", unknown("value", &word, words));
        }
        ensure!(!matches!(range, Range::Flag), "{name}.{key} = {value} is neither true nor false");
        bail!("{name}.{key} = {value} is not {}", range.words());
    }
    Ok(())
}

/// Settings that can say what is wrong with them.
pub trait Settings: Serialize + DeserializeOwned {
    /// Refuses what is out of range, naming key, value and range.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Reads and checks settings; gives them back as a table with defaults.
pub fn settings<C: Settings>(table: Table) -> Made<C> {
    let config: C = typed(table)?;
    config.check()?;
    Ok((Table::try_from(&config).context("settings are a table")?, config))
}

/// Makes an ordering, an alteration, an arrival or an environment out of its table; `part` puts it into its box.
pub fn part<C: Settings, P: ?Sized>(table: Table, part: impl FnOnce(C) -> Box<P>) -> Made<Box<P>> {
    let (table, config) = settings(table)?;
    Ok((table, part(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_named_with_its_range() {
        let settings = [
            Setting { key: "rank", about: "", range: Range::Whole(1, 64) },
            Setting { key: "rule", about: "", range: Range::Choice(&["slerp", "ties"]) },
        ];
        let said = |text: &str| check("merge", &settings, &text.parse().expect("TOML")).expect_err("bad").to_string();
        assert_eq!(said("rank = 0"), "merge.rank = 0 is not a whole number between 1 and 64");
        assert_eq!(
            said("rule = \"tie\""),
            "merge.rule: unknown value `tie`; did you mean `ties`? there are slerp, ties"
        );
        assert!(check("merge", &settings, &Table::new()).is_ok());
    }
}
