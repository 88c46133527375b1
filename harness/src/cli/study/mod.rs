//! `clbench study`: trains what a study lacks, packs its runs, draws and writes its page.

mod page;
mod plan;
mod train;

use std::path::PathBuf;

use anyhow::{Result, anyhow, ensure};

use self::plan::Plan;
use super::{Ending, Usage, print, tell};
use crate::config::Shelf;

/// What `study` takes.
#[derive(clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Words {
    /// The study, such as studies/parts.toml
    study: PathBuf,
    /// Settings of the program: seeds=0..5, jobs=2, runs=FOLDER,
    /// data=FOLDER; all others are the study's
    #[arg(value_name = "KEY=VALUE", verbatim_doc_comment)]
    settings: Vec<String>,
    /// Train nothing: write the page from the bundle beside it
    #[arg(long, conflicts_with = "dry_run")]
    page: bool,
    /// Write nothing: make the page again and compare, then train its
    /// runs again; with --page, without training
    #[arg(long, conflicts_with = "dry_run", verbatim_doc_comment)]
    verify: bool,
    /// List the runs that are there and those that are missing
    #[arg(long)]
    dry_run: bool,
    /// Where the page, its bundle and its pictures are
    #[arg(long, value_name = "FOLDER", default_value = "results/published")]
    out: PathBuf,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
}

pub(super) fn study(words: &Words, shelf: &Shelf) -> Result<Ending> {
    let plan = Plan::of(words)?;
    page::check(&plan)?;
    if words.dry_run {
        return train::list(&plan, shelf);
    }
    if words.verify {
        return page::verify(&plan, words, shelf);
    }
    page::writable(&plan)?;
    if words.page {
        ensure!(
            words.settings.is_empty(),
            Usage(anyhow!("--page trains nothing; leave out {}", words.settings.join(" ")))
        );
        page::write(&plan)?;
        return Ok(Ending::Done);
    }
    let _lock = train::lock(&plan)?;
    let trained = train::train(&plan, words.quiet, shelf)?;
    if trained.interrupted {
        tell("the study is not done; the same command goes on");
        return Ok(Ending::Interrupted);
    }
    if trained.busy {
        tell(
            "error: another process trains runs of this study, so its page is not written; wait for it, and ask again",
        );
        return Ok(Ending::Failed);
    }
    let packed = train::pack(&plan, &trained)?;
    if packed == 0 {
        tell("error: no run is finished, so there is no page");
        return Ok(Ending::Failed);
    }
    page::write(&plan)?;
    Ok(match &trained.failed[..] {
        [] => Ending::Done,
        failed => {
            print(&format!("{} of {} rows failed:\n", failed.len(), plan.rows.len()))?;
            failed.iter().try_for_each(|row| print(&format!("  {row}\n")))?;
            Ending::Partly
        }
    })
}
