//! Settings: what may be set, within which ranges, and how tables become what a part is made of.

use anyhow::{Context, Result, bail, ensure};
use clbench_results::words::remark;
use serde::{Serialize, de::DeserializeOwned};
use toml::{Table, Value};

use super::{Declared, Made, Range, ranges::word, typed, unknown};

/// One key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The key.
    pub key: &'static str,
    /// What it is, with the paper's symbol, as whole sentences.
    pub about: &'static str,
    /// What it may be.
    pub range: Range,
    /// What it is where it is not set; none where it is not there then.
    pub default: fn() -> Option<Value>,
    /// Whether it has to be set.
    pub required: bool,
}

impl Setting {
    /// A setting without a default, which may be left out.
    pub const fn new(key: &'static str, about: &'static str, range: Range) -> Self {
        Self { key, about, range, default: || None, required: false }
    }
    /// The same with this default.
    pub const fn or(self, default: fn() -> Option<Value>) -> Self {
        Self { default, ..self }
    }
    /// The same where it has to be set.
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// Keys of settings, in their order.
pub(crate) fn keys(settings: &'static [Setting]) -> impl Iterator<Item = &'static str> + Clone {
    settings.iter().map(|setting| setting.key)
}

/// Refuses a value of a table that is out of its setting's range. `name` is the table's; without one, keys stand alone.
pub(crate) fn check(name: &str, settings: &[Setting], table: &Table) -> Result<()> {
    for Setting { key, range, .. } in settings {
        let Some(value) = table.get(*key) else { continue };
        let path = if name.is_empty() { (*key).to_owned() } else { format!("{name}.{key}") };
        if let (Range::Table(inner), Some(table)) = (range, value.as_table()) {
            check(&path, inner, table)?;
        }
        if range.holds(value) {
            continue;
        }
        if let (Range::Choice(words), Some(word)) = (range, word(value)) {
            bail!("{path}: {}", unknown("value", &word, words));
        }
        ensure!(!matches!(range, Range::Flag), "{path} = {value} is neither true nor false");
        bail!("{path} = {} is not {}", remark(&value.to_string()), range.words());
    }
    Ok(())
}

/// Settings that can say what is wrong with them.
pub trait Settings: Serialize + DeserializeOwned + Declared {
    /// Refuses settings that contradict each other; each by itself is in its range.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Reads a table, without a look at ranges. What has to be set and is not is refused.
pub(crate) fn read<C: Settings>(table: Table) -> Result<C> {
    let missing = C::SETTINGS.iter().find(|setting| setting.required && !table.contains_key(setting.key));
    let config = typed(table)?;
    match missing {
        Some(setting) => bail!("missing field `{}`", setting.key),
        None => Ok(config),
    }
}

/// Reads and checks the section `name`; what is wrong is told with its path.
pub(crate) fn section<C: Settings>(name: &str, table: Table) -> Result<C> {
    let given = table.clone();
    let config: C = read(table).with_context(|| format!("in [{name}]"))?;
    check(name, C::SETTINGS, &given)?;
    config.check()?;
    Ok(config)
}

/// Reads and checks settings; gives them back as a table with defaults.
pub fn settings<C: Settings>(table: Table) -> Made<C> {
    let given = table.clone();
    let config: C = read(table)?;
    check("", C::SETTINGS, &given)?;
    config.check()?;
    Ok((Table::try_from(&config).context("settings are a table")?, config))
}

/// Refuses settings that are out of range or contradict each other, however they were made.
pub fn checked<C: Settings>(config: &C) -> Result<()> {
    check("", C::SETTINGS, &Table::try_from(config).context("settings are a table")?)?;
    config.check()
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
            Setting::new("rank", "", Range::Whole(1, 64)),
            Setting::new("rule", "", Range::Choice(&["slerp", "ties"])),
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
