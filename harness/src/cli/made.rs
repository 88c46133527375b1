//! What a block of a page holds: the output of a command, over the runs beside the page.

use std::path::{Component, Path, PathBuf};

use anyhow::{Result, anyhow, ensure};
use clap::{Parser, error::ErrorKind};
use clbench_results::{
    Found, RunDir,
    proof::{Block, COMMANDS},
    study::Study,
    words::{remark, short},
};

use super::{Usage, claims, compare, phases, spending, statistics, table};

/// A page as its blocks see it.
pub(super) struct Place {
    /// Name of the bundle, as blocks name it.
    pub bundle: String,
    /// Where its runs were found: folders or bundles.
    pub roots: Vec<PathBuf>,
    /// The folder of the page.
    pub folder: PathBuf,
    /// The study that makes the page, with the name of its file.
    pub study: Option<(String, Study)>,
}

/// A command whose output a page holds.
#[derive(clap::Parser)]
#[command(name = "clbench", no_binary_name = true)]
enum Made {
    Table(table::Words),
    Phases(phases::Words),
    Statistics(statistics::Words),
    Compare(compare::Words),
    Claims(claims::Words),
    Spending(spending::Words),
}

/// What the command of a block prints now, and the ids of the runs that it had. A block that says nothing is a mistake
/// of the page.
pub(super) fn made(block: &Block, place: &Place, runs: &[RunDir]) -> Result<(String, Vec<String>)> {
    let split = words_of(&block.command).map_err(Usage)?;
    let made = Made::of(&split).map_err(Usage)?;
    let there = below(made.paths(), place, runs).map_err(Usage)?;
    let ids = there.iter().map(|run| run.manifest.run.clone()).collect();
    let text = match &made {
        Made::Table(of) => table::text(of, "text", there)?.unwrap_or_default(),
        Made::Phases(of) => phases::text(of, there)?.unwrap_or_default(),
        Made::Statistics(of) => statistics::text(of, there)?.unwrap_or_default(),
        // Both sides are methods or filters: a page names no folders but its own.
        Made::Compare(of) => compare::text(of, &|_| Ok(Found { runs: there.clone(), ..Found::default() }))?.0,
        Made::Claims(of) => claims::text(of, &Made::study(of, place).map_err(Usage)?, &there)?,
        Made::Spending(of) => spending::text(of, there)?.unwrap_or_default(),
    };
    ensure!(!text.trim().is_empty(), Usage(made.says_nothing(&split)));
    Ok((text, ids))
}

/// Refuses what is wrong with the command of a block whatever the runs are.
pub(super) fn check(block: &Block, place: &Place) -> Result<()> {
    let made = Made::of(&words_of(&block.command)?)?;
    made.paths().iter().try_for_each(|path| inside(path, place).map(drop))?;
    match &made {
        Made::Table(of) => table::check(of),
        Made::Phases(of) => phases::check(of),
        Made::Statistics(of) => statistics::check(of),
        Made::Compare(of) => compare::check(of),
        Made::Spending(of) => spending::check(of),
        Made::Claims(of) => {
            claims::check(of)?;
            let study = Made::study(of, place)?;
            ensure!(!study.claims.is_empty(), made.says_nothing(&[]));
            Ok(())
        }
    }
}

impl Made {
    fn of(words: &[String]) -> Result<Self> {
        Self::try_parse_from(words).map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp => anyhow!("--help says nothing about runs; leave it out"),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                anyhow!("no command; there are {}", COMMANDS.join(", "))
            }
            _ => anyhow!("{}", mistake(&error.to_string())),
        })
    }

    fn paths(&self) -> &[PathBuf] {
        match self {
            Self::Table(of) => &of.finished.paths,
            Self::Phases(of) => &of.finished.paths,
            Self::Statistics(of) => &of.finished.paths,
            Self::Compare(of) => &of.paths,
            Self::Claims(of) => &of.finished.paths,
            Self::Spending(of) => &of.finished.paths,
        }
    }

    /// The study whose claims a block holds: the page's own, or one beside it.
    fn study(of: &claims::Words, place: &Place) -> Result<Study> {
        match place.study.as_ref().filter(|(file, _)| of.study == Path::new(file)) {
            Some((_, study)) => Ok(study.clone()),
            None => claims::beside(&of.study, &place.folder),
        }
    }

    /// Why nothing came out of a command of these words.
    fn says_nothing(&self, words: &[String]) -> anyhow::Error {
        let chooses = |word: &str| ["--only", "--without"].iter().any(|name| word.starts_with(name));
        let after = |at: usize| if words[at].contains('=') { at } else { (at + 1).min(words.len() - 1) };
        let filters = (0..words.len()).filter(|&at| chooses(&words[at])).map(|at| words[at..=after(at)].join(" "));
        let filters: Vec<String> = filters.map(|filter| format!("`{}`", short(&filter))).collect();
        match self {
            Self::Claims(_) => anyhow!("the study claims nothing; add [[claims]], or leave the block out"),
            Self::Compare(_) => anyhow!("the two sides share no stream with two common seeds"),
            Self::Phases(_) if !filters.is_empty() => anyhow!("too few sequential runs fit {}", filters.join(" and ")),
            _ if !filters.is_empty() => anyhow!("no run fits {}", filters.join(" and ")),
            _ => anyhow!("nothing can be said of these runs"),
        }
    }
}

/// What a parser of command lines says, without what stands there for a terminal: how the command is used.
fn mistake(said: &str) -> String {
    let about = |line: &&str| !line.starts_with("Usage:") && !line.starts_with("For more information");
    let lines: Vec<&str> = said.lines().map(str::trim).take_while(about).filter(|line| !line.is_empty()).collect();
    remark(lines.join("; ").replace(":; ", ": ").trim_start_matches("error: "))
}

/// The runs at or below `paths`, which are the page's bundle or folders in it, wherever these runs were found.
fn below(paths: &[PathBuf], place: &Place, runs: &[RunDir]) -> Result<Vec<RunDir>> {
    let mut found: Vec<RunDir> = Vec::new();
    for path in paths {
        let inside = inside(path, place)?;
        let fits = |run: &&RunDir| place.roots.iter().any(|root| run.path.starts_with(root.join(inside)));
        let before = runs.iter().filter(fits).count();
        ensure!(before > 0, "no run is in {}", short(&path.display().to_string()));
        // A folder that is named twice, or beside one that holds it, has its runs once.
        let more = runs.iter().filter(fits).filter(|run| found.iter().all(|known| known.path != run.path));
        let more: Vec<RunDir> = more.cloned().collect();
        found.extend(more);
    }
    Ok(found)
}

/// Where `path` leads within the page's bundle.
fn inside<'a>(path: &'a Path, place: &Place) -> Result<&'a Path> {
    let inside = path.strip_prefix(&place.bundle).ok();
    let inside = inside.filter(|inside| inside.components().all(|part| matches!(part, Component::Normal(_))));
    inside.ok_or_else(|| {
        let path = short(&path.display().to_string());
        anyhow!("{path} is not in {}; a block is about the runs beside its page", place.bundle)
    })
}

/// The words of a command, of which those in quotation marks are one.
fn words_of(command: &str) -> Result<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in command.chars() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    ensure!(quote.is_none(), "a quotation mark has no end");
    words.extend(word);
    Ok(words)
}
