//! `clbench claims`: what a study claims, held against finished runs.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clbench_results::{
    Format, RunDir,
    study::{Study, claims_text, judge},
};

use super::{Ending, Finished, Usage, print, read_text, tell};
use crate::catalogue::typed;

/// Bytes of a study's file, at most.
const MOST_BYTES: usize = 1 << 20;
/// Folders above a page in which its study is looked for.
const ABOVE: usize = 4;

/// What `claims` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    /// The study, such as studies/bayes.toml
    pub(super) study: PathBuf,
    #[command(flatten)]
    pub(super) finished: Finished,
    /// text or md
    #[arg(long, default_value = "text")]
    format: String,
}

pub(super) fn claims(words: &Words) -> Result<Ending> {
    let study = read(&words.study)?;
    format(words)?;
    let runs = words.finished.runs()?;
    if runs.is_empty() {
        return Ok(words.finished.none("run"));
    }
    let text = text(words, &study, &runs)?;
    if text.is_empty() {
        tell(&format!("error: {} claims nothing; add [[claims]]", words.study.display()));
        return Ok(Ending::Failed);
    }
    print(&text)?;
    Ok(Ending::Done)
}

/// Refuses what cannot be asked, whatever the runs are.
pub(super) fn check(words: &Words) -> Result<()> {
    format(words).map(drop)
}

fn format(words: &Words) -> Result<Format> {
    let format: Format = words.format.parse().map_err(|error| Usage(anyhow!("{error}")))?;
    if !matches!(format, Format::Text | Format::Markdown) {
        bail!(Usage(anyhow!("claims are written as text or md")));
    }
    Ok(format)
}

/// The claims of `study`, judged by `runs`.
pub(super) fn text(words: &Words, study: &Study, runs: &[RunDir]) -> Result<String> {
    let judged = judge(study, runs).map_err(|why| anyhow!("{why}"))?;
    claims_text(&judged, format(words)?).map_err(|why| anyhow!("{why}"))
}

/// Reads and checks a study.
pub(super) fn read(path: &Path) -> Result<Study> {
    let text = read_text(path)?;
    let within = || path.display().to_string();
    ensure!(text.len() <= MOST_BYTES, Usage(anyhow!("{} is larger than {MOST_BYTES} bytes", path.display())));
    let table =
        text.parse::<toml::Table>().map_err(|error| anyhow!("{}", clbench_results::words::remark(&error.to_string())));
    let study: Study = table.and_then(typed).with_context(within).map_err(Usage)?;
    study.check().map_err(|why| anyhow!("{why}")).with_context(within).map_err(Usage)?;
    Ok(study)
}

/// The study that a page in `folder` names: a file beside it, or in `studies` below a folder above it. A page from
/// elsewhere names no other files.
pub(super) fn beside(name: &Path, folder: &Path) -> Result<Study> {
    let plain = name.components().count() == 1 && matches!(name.components().next(), Some(Component::Normal(_)));
    let is_file = plain && name.extension().is_some_and(|ending| ending == "toml");
    ensure!(
        is_file,
        "{} is not the name of a study; a page names one without folders, such as core.toml",
        name.display()
    );
    let found = find(name, folder)?;
    read(&found.with_context(|| format!("no study {} beside the page, or in `studies` above it", name.display()))?)
}

/// The file that [`beside`] reads, where there is one.
pub(super) fn find(name: &Path, folder: &Path) -> Result<Option<PathBuf>> {
    // A page without a folder lies in the current one.
    let folder = std::path::absolute(Path::new(".").join(folder))?;
    let above = folder.ancestors().take(ABOVE).map(|folder| folder.join("studies").join(name));
    Ok(std::iter::once(folder.join(name)).chain(above).find(|path| path.is_file()))
}
