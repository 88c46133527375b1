//! What a block of a page holds: the output of a command, over the runs beside the page.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use clbench_results::{Found, RunDir, proof::Block, study::Study, words::short};

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

/// What the command of a block prints now, and the ids of the runs that it had.
pub(super) fn made(block: &Block, place: &Place, runs: &[RunDir]) -> Result<(String, Vec<String>)> {
    let within = || format!("in the block `{}`", short(&block.command));
    let split = words_of(&block.command).with_context(within).map_err(Usage)?;
    let made = Made::try_parse_from(split).map_err(|error| anyhow!("{error}")).with_context(within).map_err(Usage)?;
    let paths = match &made {
        Made::Table(of) => &of.finished.paths,
        Made::Phases(of) => &of.finished.paths,
        Made::Statistics(of) => &of.finished.paths,
        Made::Compare(of) => &of.paths,
        Made::Claims(of) => &of.finished.paths,
        Made::Spending(of) => &of.finished.paths,
    };
    let there = below(paths, place, runs).with_context(within).map_err(Usage)?;
    let ids = there.iter().map(|run| run.manifest.run.clone()).collect();
    let text = match &made {
        Made::Table(of) => table::text(of, "text", there)?.unwrap_or_default(),
        Made::Phases(of) => phases::text(of, there)?.unwrap_or_default(),
        Made::Statistics(of) => statistics::text(of, there)?.unwrap_or_default(),
        // Both sides are methods or filters: a page names no folders but its own.
        Made::Compare(of) => compare::text(of, &|_| Ok(Found { runs: there.clone(), ..Found::default() }))?.0,
        Made::Claims(of) => {
            let own = place.study.as_ref().filter(|(file, _)| of.study == Path::new(file));
            let study = match own {
                Some((_, study)) => study.clone(),
                None => claims::beside(&of.study, &place.folder).with_context(within).map_err(Usage)?,
            };
            claims::text(of, &study, &there).with_context(within)?
        }
        Made::Spending(of) => spending::text(of, there)?.unwrap_or_default(),
    };
    Ok((text, ids))
}

/// The runs at or below `paths`, which are the page's bundle or folders in it, wherever these runs were found.
fn below(paths: &[PathBuf], place: &Place, runs: &[RunDir]) -> Result<Vec<RunDir>> {
    let mut found = Vec::new();
    for path in paths {
        let inside = path.strip_prefix(&place.bundle);
        let inside: &Path = inside.map_err(|_| anyhow!("{} is not in {}", path.display(), place.bundle))?;
        let fits = |run: &&RunDir| place.roots.iter().any(|root| run.path.starts_with(root.join(inside)));
        found.extend(runs.iter().filter(fits).cloned());
    }
    Ok(found)
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
