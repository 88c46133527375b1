//! `KEY=VALUE` on the command line: settings by dotted path, and what is asked of the program itself.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use toml::{Table, Value};

use super::Optim;
use crate::{
    catalogue::keys,
    stream::build::{PARTS, kept_keys},
};

/// One setting from the command line.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// Dotted path.
    pub path: String,
    /// Its value.
    pub value: Value,
    /// As it was written.
    pub text: String,
}

impl Override {
    /// Parses `a.b=value`. What is not TOML is a string, so `method=lora` needs no quotes.
    pub fn parse(text: &str) -> Result<Self> {
        let Some((path, value)) = text.split_once('=') else {
            bail!("`{text}` is no setting; write KEY=VALUE, such as method=lora")
        };
        let path = path.trim();
        let named =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        ensure!(path.split('.').all(named), "`{path}` is no key; write a dotted path, such as optim.rate");
        let parsed = format!("value = {value}").parse::<Table>();
        let value = parsed.ok().and_then(|mut table| table.remove("value")).unwrap_or_else(|| value.trim().into());
        Ok(Self { path: path.to_owned(), value, text: text.trim().to_owned() })
    }

    /// Puts the value into `table`, making tables on the way.
    pub fn apply(&self, table: &mut Table) -> Result<()> {
        let mut parts: Vec<&str> = self.path.split('.').collect();
        let last = parts.pop().expect("a path has a part");
        let mut at = table;
        let mut so_far = String::new();
        for part in parts {
            if !so_far.is_empty() {
                so_far.push('.');
            }
            so_far.push_str(part);
            let next = at.entry(part).or_insert_with(|| Table::new().into());
            // `stream.order=similarity stream.order.starts=5`: a name stands for the table that has it as its kind.
            if let (Value::String(kind), true) = (&*next, is_part(&so_far)) {
                *next = Table::from_iter([("kind".to_owned(), kind.clone().into())]).into();
            }
            at = next.as_table_mut().with_context(|| format!("`{}`: `{part}` is no table", self.path))?;
        }
        // A body or a rule other than the file's starts from its own defaults.
        let common: Vec<&str> = match self.path.as_str() {
            "optim.rule" => keys(Optim::SETTINGS).collect(),
            "stream.kind" => kept_keys(),
            "net.body" => Vec::new(),
            kind if kind.strip_suffix(".kind").is_some_and(is_part) => Vec::new(),
            part if is_part(part) && names(at.get(last), &self.value) => return Ok(()),
            _ => {
                at.insert(last.to_owned(), self.value.clone());
                return Ok(());
            }
        };
        if at.get(last) != Some(&self.value) {
            at.retain(|key, _| common.contains(&key));
        }
        at.insert(last.to_owned(), self.value.clone());
        Ok(())
    }
}

impl Override {
    /// Whether it chooses a kind, a part, a rule or a body, and so makes the file forget its settings of another.
    fn chooses(&self) -> bool {
        let path = &self.path[..];
        ["stream.kind", "optim.rule", "net.body"].contains(&path) || is_part(path.strip_suffix(".kind").unwrap_or(path))
    }
}

/// Whether a part of a stream file that is chosen by name stands at this path: the name alone is short for a table with
/// that name as its `kind`.
fn is_part(path: &str) -> bool {
    path == "start" || path.strip_prefix("stream.").is_some_and(|part| PARTS.contains(&part))
}

/// Whether a part is there with settings and has this name: then its settings stay.
fn names(there: Option<&Value>, name: &Value) -> bool {
    there.and_then(Value::as_table).and_then(|table| table.get("kind")) == Some(name)
}

/// What the command line asks: settings of the run, and of the program itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Settings of the run, in the order in which they stand; where two have a path, the later wins.
    pub overrides: Vec<Override>,
    /// Seeds to run; none for the file's.
    pub seeds: Vec<u64>,
    /// Runs at once.
    pub jobs: usize,
    /// Where results go.
    pub runs: PathBuf,
    /// Where datasets lie.
    pub data: PathBuf,
    /// Where alone, but for `data`, the files may lie that the stream file names: it came from elsewhere.
    pub fence: Option<PathBuf>,
}

impl Asked {
    /// Applies all settings of the run. What chooses is applied first, so that it makes the file forget its settings
    /// and the command line none: in whatever order they stand, `stream.tasks=3 stream.kind=permuted` are both taken.
    pub(crate) fn apply(&self, file: &mut Table) -> Result<()> {
        let first = self.overrides.iter().filter(|setting| setting.chooses());
        first.chain(&self.overrides).try_for_each(|setting| setting.apply(file))
    }
    /// Sorts settings: `seeds`, `jobs`, `runs` and `data` are the program's own.
    pub fn parse(settings: &[String]) -> Result<Self> {
        let mut asked = Self {
            overrides: Vec::new(),
            seeds: Vec::new(),
            jobs: 1,
            runs: "runs".into(),
            data: PathBuf::new(),
            fence: None,
        };
        let mut data = None;
        for text in settings {
            let setting = Override::parse(text)?;
            let word = || text.split_once('=').map_or("", |(_, value)| value).trim().trim_matches('"').to_owned();
            match setting.path.as_str() {
                "seeds" => asked.seeds = seeds(&word())?,
                "jobs" => {
                    let jobs = setting.value.as_integer().filter(|jobs| (1..=1024).contains(jobs));
                    asked.jobs = jobs.with_context(|| format!("{text}: jobs is between 1 and 1024"))? as usize;
                }
                "runs" => asked.runs = word().into(),
                "data" => data = Some(word().into()),
                _ => asked.overrides.push(setting),
            }
        }
        asked.data = data.map_or_else(crate::data::place::folder, Ok)?;
        let seed = asked.overrides.iter().any(|setting| setting.path == "seed");
        ensure!(!seed || asked.seeds.is_empty(), "seed and seeds contradict each other; set one of them");
        Ok(asked)
    }
}

/// `0..5` (without 5), `0,2,4` or `[0, 2, 4]`.
fn seeds(text: &str) -> Result<Vec<u64>> {
    let wrong = || format!("seeds={text}: write a range such as 0..5 or a list such as 0,1,2");
    // TOML's numbers end at 2^63 - 1.
    let number = |text: &str| {
        let seed = text.trim().parse::<u64>().ok().filter(|seed| i64::try_from(*seed).is_ok());
        seed.with_context(wrong)
    };
    let seeds: Vec<u64> = if let Some((first, end)) = text.split_once("..") {
        let (first, end) = (number(first)?, number(end)?);
        ensure!(end.saturating_sub(first) <= 10_000, "seeds={text}: more than 10000 seeds");
        (first..end).collect()
    } else {
        let list = text.trim_start_matches('[').trim_end_matches(']');
        list.split(',').map(number).collect::<Result<_>>()?
    };
    ensure!(!seeds.is_empty(), "seeds={text} names no seed");
    let mut distinct = seeds.clone();
    distinct.sort_unstable();
    distinct.dedup();
    ensure!(distinct.len() == seeds.len(), "seeds={text} names a seed twice");
    Ok(seeds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_toml_or_else_strings() {
        let value = |text: &str| Override::parse(text).expect("a setting").value;
        assert_eq!(value("a=1"), Value::Integer(1));
        assert_eq!(value("a=1e3"), Value::Float(1000.0));
        assert_eq!(value("a=[1, 2]"), Value::Array(vec![1.into(), 2.into()]));
        assert_eq!(value("a=true"), Value::Boolean(true));
        assert_eq!(value("a=lora+ewc"), Value::String("lora+ewc".into()));
        assert_eq!(value("a=libtorch:cuda:0"), Value::String("libtorch:cuda:0".into()));
        // A value cannot smuggle in a second key.
        assert_eq!(value("a=1\nb = 2"), Value::Integer(1));
    }

    #[test]
    fn later_settings_win_and_a_new_rule_forgets_the_old_ones_keys() {
        let mut table: Table = "[optim]\nrule = \"sgd\"\nrate = 0.1\nmomentum = 0.9".parse().expect("TOML");
        for text in ["optim.rate=0.2", "optim.rate=0.3", "optim.rule=adamw", "train.batch=5"] {
            Override::parse(text).expect("a setting").apply(&mut table).expect("it applies");
        }
        assert_eq!(table, "train.batch = 5\n[optim]\nrule = \"adamw\"\nrate = 0.3".parse().expect("TOML"));
        assert!(Override::parse("optim.rate.x=1").expect("a setting").apply(&mut table).is_err());
    }

    #[test]
    fn a_name_stands_for_the_part_that_is_there_or_for_one_with_its_defaults() {
        let file = "[start]\nkind = \"file\"\npath = \"w.pth\"\n[stream.order]\nkind = \"time\"\nstamps = \"t.csv\"\n";
        let applied = |settings: &[&str]| {
            let mut table: Table = file.parse().expect("TOML");
            settings
                .iter()
                .for_each(|text| Override::parse(text).expect("a setting").apply(&mut table).expect("it applies"));
            table
        };
        let plain = applied(&[]);
        for same in ["start=file", "start.kind=file", "stream.order=time", "stream.order.kind=time"] {
            assert_eq!(applied(&[same]), plain, "{same}");
        }
        let other = applied(&["start=pretrain", "start.epochs=3", "stream.order=similarity", "stream.order.starts=5"]);
        let wanted = "[start]\nkind = \"pretrain\"\nepochs = 3\n[stream.order]\nkind = \"similarity\"\nstarts = 5";
        assert_eq!(other, wanted.parse().expect("TOML"));
        let short = applied(&["start=random", "stream.order=given"]);
        assert_eq!(short, "start = \"random\"\nstream.order = \"given\"".parse().expect("TOML"));
        // What is no part chosen by name is no table either.
        let mut table: Table = "stream.kind = \"permuted\"".parse().expect("TOML");
        assert!(Override::parse("stream.kind.tasks=2").expect("a setting").apply(&mut table).is_err());
    }

    #[test]
    fn no_setting_of_the_command_line_is_forgotten_for_where_it_stands() {
        let file =
            "[optim]\nrule = \"sgd\"\nrate = 0.1\nmomentum = 0.9\n[stream]\nkind = \"class-incremental\"\ntasks = 5\n";
        let applied = |settings: &[&str]| {
            let mut table: Table = file.parse().expect("TOML");
            let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
            Asked::parse(&settings).expect("settings").apply(&mut table).expect("they apply");
            table
        };
        for (setting, choice) in [
            ("optim.decay=0.1", "optim.rule=adamw"),
            ("stream.classes_per_task=[4,3,3]", "stream.kind=task-incremental"),
            ("stream.order.starts=5", "stream.order=similarity"),
            ("stream.arrival.parts=2", "stream.arrival.kind=online"),
            ("start.path=w.pth", "start=file"),
            ("net.width=2", "net.body=resnet18"),
        ] {
            let both = applied(&[choice, setting]);
            assert_eq!(applied(&[setting, choice]), both, "{setting} {choice}");
            assert_ne!(both, applied(&[choice]), "{setting} {choice}");
        }
        // Of two choices the later wins, and what stands between them goes with the first.
        let two = applied(&["optim.rule=adamw", "optim.beta1=0.5", "optim.rule=galore", "optim.rank=2"]);
        assert_eq!(two, applied(&["optim.rule=galore", "optim.rank=2"]));
    }

    #[test]
    fn seeds_are_ranges_or_lists() {
        assert_eq!(seeds("0..3").expect("seeds"), [0, 1, 2]);
        assert_eq!(seeds("4,2").expect("seeds"), [4, 2]);
        assert_eq!(seeds("[7]").expect("seeds"), [7]);
        for wrong in ["", "3..3", "1,1", "x", "0..99999999", "-1", "18446744073709551615"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_setting_is_refused() {
        for wrong in ["lora", "=1", "a..b=1", "a b=1", ".=1"] {
            assert!(Override::parse(wrong).is_err(), "{wrong}");
        }
        let asked = |settings: &[&str]| Asked::parse(&settings.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        assert!(asked(&["seed=1", "seeds=0..2"]).is_err() && asked(&["jobs=0"]).is_err());
        assert_eq!(asked(&["runs=/x/y", "jobs=2"]).expect("asked").runs, PathBuf::from("/x/y"));
    }
}
