//! `clbench export`: finished runs in the formats of other tools.

mod card;
mod peft;
mod scenarios;

use std::path::PathBuf;

use anyhow::Result;
use clbench_results::{
    Filter, RunDir, TRAIN_FILE, WholeFile,
    export::{CsvRows, EVENT_FILE, ParquetRows, WholeFolder, stream_folder, tensorboard, tensorboard_folder},
    read_train,
    store::{atomic::WriteError, list},
    write_whole,
};

use super::{Ending, Finished, tell};

/// What `export` takes.
#[derive(clap::Subcommand)]
pub(super) enum Words {
    /// Event files for TensorBoard, a folder per run
    Tensorboard(Common),
    /// All records of all runs as one Parquet file
    Parquet(Common),
    /// The same as one CSV file
    Csv(Common),
    /// Rows of tables as metadata of a card on the Hugging Face Hub
    ModelIndex(card::Words),
    /// Scenarios for L2Metrics: lifetimes, and single-task experts
    L2logger(scenarios::Words),
    /// Adapters of one run for Hugging Face's peft
    Peft(peft::Words),
}

/// What every format takes.
#[derive(clap::Args)]
pub(super) struct Common {
    #[command(flatten)]
    finished: Finished,
    /// File or folder to write; a folder must be new or
    /// empty
    #[arg(short, long, value_name = "PATH", verbatim_doc_comment)]
    out: PathBuf,
    /// Only runs that fit, such as method=ewc,lora* or
    /// stream=split-*; several must all fit
    #[arg(long, value_name = "KEY=PATTERN", verbatim_doc_comment)]
    only: Vec<Filter>,
    /// No runs that fit
    #[arg(long, value_name = "KEY=PATTERN")]
    without: Vec<Filter>,
}

impl Common {
    fn fits(&self, run: &RunDir) -> bool {
        let fits = |filter: &Filter| filter.fits(&run.manifest);
        self.only.iter().all(fits) && !self.without.iter().any(fits)
    }

    /// Hands over the wanted runs one by one, so that one is in memory at a time, and says how many there were.
    ///
    /// References, which scores need, are wanted in any case if `references` says so.
    fn each(&self, references: bool, mut take: impl FnMut(RunDir) -> Result<()>) -> Result<usize> {
        let mut runs = list(&self.finished.paths)?;
        let mut count = 0;
        for run in runs.by_ref() {
            if self.fits(&run) || references && run.manifest.stream.covers.is_some() {
                take(run)?;
                count += 1;
            }
        }
        runs.left_out.notes().iter().for_each(|note| tell(note));
        Ok(count)
    }

    /// Says what was written.
    fn told(&self, what: &str) -> Ending {
        tell(&format!("wrote {what} to {}", self.out.display()));
        Ending::Done
    }
}

pub(super) fn export(words: &Words) -> Result<Ending> {
    match words {
        Words::Tensorboard(common) => events(common),
        Words::Parquet(common) => parquet(common),
        Words::Csv(common) => csv(common),
        Words::ModelIndex(words) => card::card(words),
        Words::L2logger(words) => scenarios::scenarios(words),
        Words::Peft(words) => peft::peft(words),
    }
}

fn events(words: &Common) -> Result<Ending> {
    let folder = WholeFolder::create(&words.out)?;
    let count = words.each(false, |run| {
        // Runs need not have logged their steps.
        let logged = run.path.join(TRAIN_FILE);
        let train = if logged.exists() { read_train(&logged)? } else { Vec::new() };
        let place = folder.growing().join(stream_folder(&run.manifest.stream)).join(tensorboard_folder(&run));
        Ok(write_whole(&place.join(EVENT_FILE), &tensorboard(&run, &train))?)
    })?;
    if count == 0 {
        return Ok(words.finished.none("run"));
    }
    folder.finish()?;
    Ok(words.told(&format!("{count} runs")))
}

fn parquet(words: &Common) -> Result<Ending> {
    let fail = |source| WriteError::Failed { path: words.out.clone(), source };
    let mut rows = ParquetRows::new(WholeFile::create(&words.out)?).map_err(fail)?;
    let count = words.each(false, |run| Ok(rows.append(&run).map_err(fail)?))?;
    if count == 0 {
        return Ok(words.finished.none("run"));
    }
    rows.finish().map_err(fail)?.finish()?;
    Ok(words.told(&format!("{count} runs")))
}

fn csv(words: &Common) -> Result<Ending> {
    let fail = |source| WriteError::Failed { path: words.out.clone(), source };
    let mut rows = CsvRows::new(WholeFile::create(&words.out)?).map_err(fail)?;
    let count = words.each(false, |run| Ok(rows.append(&run).map_err(fail)?))?;
    if count == 0 {
        return Ok(words.finished.none("run"));
    }
    rows.finish().map_err(fail)?.finish()?;
    Ok(words.told(&format!("{count} runs")))
}
