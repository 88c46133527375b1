//! `clbench stream`: looks at streams, draws them, writes them as files and compares them.

mod diff;
mod draw;
mod export;
mod import;
mod matrix;
mod show;

use std::path::Path;

use anyhow::Result;
use clap::Subcommand;

use super::{Ending, Target, Usage, print};
use crate::config::{Arriving, Asked, Described, Shelf, resolve_stream};

/// What `stream` takes.
#[derive(Subcommand)]
pub(super) enum Words {
    /// Print what a stream shows and when; draw it with --draw
    Show(show::Words),
    /// Write a stream as files: its order and its experiences
    Export(export::Words),
    /// Make a stream file for a list of concepts, such as FoMo's
    Import(import::Words),
    /// Say whether two streams are the same, and where they differ
    ///
    /// Ends with 0 where their content is the same and with 1 where not.
    Diff(diff::Words),
    /// Print the hash of a stream's content
    Hash(Target),
}

pub(super) fn stream(words: &Words, shelf: &Shelf) -> Result<Ending> {
    match words {
        Words::Show(words) => show::show(words, shelf),
        Words::Export(words) => export::export(words, shelf),
        Words::Import(words) => import::import(words, shelf),
        Words::Diff(words) => diff::diff(words, shelf),
        Words::Hash(target) => {
            let described = open(&target.stream, &target.settings, Arriving::InOrder, shelf)?;
            print(&format!("{}\n", described.stream.hash))?;
            Ok(Ending::Done)
        }
    }
}

/// The stream of a file or list with settings from the command line.
fn open(path: &Path, settings: &[String], arriving: Arriving, shelf: &Shelf) -> Result<Described> {
    let asked = Asked::parse(settings).map_err(Usage)?;
    Ok(resolve_stream(path, &asked, arriving, shelf).map_err(Usage)?)
}
