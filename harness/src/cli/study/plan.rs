//! A study and where everything of it lies.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use clbench_results::{
    store::bundle::BUNDLE,
    study::{Row, Study, check_claims, list_rows},
    words::short,
};

use super::Words;
use crate::{
    catalogue::unknown,
    cli::{Usage, claims},
    config::{Asked, Setup, Shelf, resolve},
};

/// Keys that the command line takes.
const KEYS: [&str; 4] = ["seeds", "jobs", "runs", "data"];

/// A study, ready to be worked on.
pub(super) struct Plan {
    pub study: Study,
    /// Name of its file, for the page.
    pub file: String,
    /// The same without the ending, for page, bundle and folders.
    pub name: String,
    pub rows: Vec<Row>,
    pub runs: PathBuf,
    pub out: PathBuf,
    /// The folder of the study's file.
    folder: PathBuf,
    /// Settings of the program.
    asked: Vec<String>,
}

impl Plan {
    pub fn of(words: &Words) -> Result<Self> {
        let study = claims::read(&words.study)?;
        let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let (file, name) = (part(words.study.file_name()), part(words.study.file_stem()));
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let named = !name.is_empty() && name.chars().all(plain) && file.ends_with(".toml");
        ensure!(named, Usage(anyhow!("{}: a study is called NAME.toml, of letters, digits, - and _", short(&file))));
        let mut asked = vec![format!("seeds={}", study.seeds), format!("jobs={}", study.jobs)];
        // What is wrong in the file is said of the file.
        let within = || words.study.display().to_string();
        Asked::parse(&asked).with_context(within).map_err(Usage)?;
        for setting in &words.settings {
            let key = setting.split_once('=').map_or("", |(key, _)| key).trim();
            ensure!(
                KEYS.contains(&key),
                Usage(anyhow!("{}; what is trained is said in the study", unknown("key", key, &KEYS)))
            );
            asked.push(setting.clone());
        }
        let parsed = Asked::parse(&asked).map_err(Usage)?;
        let given = words.settings.iter().any(|setting| setting.trim_start().starts_with("runs="));
        let runs = if given { parsed.runs } else { Path::new("runs").join(&name) };
        let rows = list_rows(&study, parsed.seeds.len()).map_err(|why| anyhow!("{why}"));
        let rows = rows.with_context(within).map_err(Usage)?;
        // Runs that are there already may have been written otherwise.
        if !words.page && !words.verify {
            check_claims(&study, &rows).map_err(|why| anyhow!("{why}")).with_context(within).map_err(Usage)?;
        }
        let folder = words.study.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self { study, file, name, rows, runs, out: words.out.clone(), folder, asked })
    }

    /// The page.
    pub fn page(&self) -> PathBuf {
        self.out.join(format!("{}.md", self.name))
    }

    /// Name of the bundle beside the page.
    pub fn bundle(&self) -> String {
        format!("{}{BUNDLE}", self.name)
    }

    /// The file of a stream: in `streams` beside the study's folder, or beside the study.
    pub fn stream(&self, name: &str) -> Result<PathBuf> {
        let file = format!("{name}.toml");
        let above = match (self.folder.file_name(), self.folder.parent()) {
            (Some(_), Some(above)) => above.join("streams"),
            _ => self.folder.join("../streams"),
        };
        let places = [above.join(&file), self.folder.join(&file)];
        let found = places.iter().find(|path| path.is_file()).cloned();
        found.with_context(|| format!("no stream file {}, nor one beside the study", places[0].display()))
    }

    /// What is asked for a row.
    pub fn settings(&self, row: &Row) -> Vec<String> {
        let runs = row.folder.as_ref().map_or_else(|| self.runs.clone(), |folder| self.runs.join(folder));
        [&row.settings[..], &self.asked, &[format!("runs={}", runs.display())]].concat()
    }

    /// A row, resolved and checked.
    pub fn resolve(&self, row: &Row, shelf: &Shelf) -> Result<(Asked, Setup)> {
        let asked = Asked::parse(&self.settings(row))?;
        let setup = resolve(&self.stream(&row.stream)?, &asked, shelf)?;
        Ok((asked, setup))
    }
}
