//! The command line: what stands after `clbench`.

mod check;
mod claims;
mod company;
mod compare;
mod cost;
mod curves;
mod data;
mod export;
mod keys;
mod list;
mod made;
mod methods;
mod metrics;
mod new_method;
mod pack;
mod phases;
mod picture;
mod prefer;
mod progress;
mod references;
mod report;
mod repro;
mod run;
mod score;
mod signal;
mod spending;
mod statistics;
mod stream;
mod study;
mod table;
mod verify;

use std::{
    ffi::OsString,
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::AtomicBool,
};

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use clbench_results::{
    RunDir,
    store::discover,
    words::{harmless, printable},
};

use self::signal::{await_signals, listen};
use crate::config::Shelf;

/// Continual-learning benchmarks under an enforced compute budget.
#[derive(Parser)]
#[command(name = "clbench", version, max_term_width = 80)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train and evaluate a method on a stream, for one seed or several
    ///
    /// Examples:
    ///   clbench run streams/split-fashion.toml method=lora
    ///   clbench run streams/split-digits.toml method=ewc seeds=0..5 jobs=2
    #[command(verbatim_doc_comment)]
    Run(run::Words),
    /// Do everything but train: resolve, check, price one step, deploy once
    Check(check::Words),
    /// Say what a run will cost before it is run, or how far off that was
    Cost(cost::Words),
    /// Look at streams, draw, export, import and compare them
    #[command(subcommand)]
    Stream(stream::Words),
    /// List datasets, kinds of stream, networks, methods and optimizers
    List,
    /// List methods by family, or explain some: settings, needs, what they stack with
    Methods(methods::Words),
    /// List every key of a stream file: range, default, what it is
    Keys(keys::Words),
    /// Write a crate with a method of your own, a binary that knows it, and a test
    NewMethod(new_method::Words),
    /// List, fetch and verify datasets
    #[command(subcommand)]
    Data(data::Words),
    /// Train references for intransigence: joint training on parts of a stream
    References(references::Words),
    /// List all scores, or explain some: formula, source, a worked example
    Metrics(metrics::Words),
    /// Tables of finished runs
    Table(table::Words),
    /// Two methods side by side: differences, tests, equivalence
    Compare(compare::Words),
    /// What is noise: seed variance, item intervals, ranks with Friedman and Nemenyi
    Statistics(statistics::Words),
    /// Learning and retention curves with their fits, and when training could stop
    Curves(curves::Words),
    /// One page of HTML with tables, pictures and every run's configuration
    Report(report::Words),
    /// The commands that make runs again
    Repro(repro::Words),
    /// Put what runs left behind into one file, to publish beside a table
    Pack(pack::Words),
    /// Check a published table: compute it again, and train its runs again
    Verify(verify::Words),
    /// Make a published page from a study: train what is missing, pack, write
    ///
    /// Examples:
    ///   clbench study studies/parts.toml --dry-run
    ///   clbench study studies/parts.toml jobs=2
    ///   clbench study studies/parts.toml --page
    #[command(verbatim_doc_comment)]
    Study(study::Words),
    /// Test what a study claims on finished runs
    Claims(claims::Words),
    /// What each experience cost: state, steps, operations or examples
    Spending(spending::Words),
    /// Accuracy from phase to phase: after each, by lag, while tasks come
    Phases(phases::Words),
    /// Make models for a preference over tasks from a finished run, untrained
    ///
    /// Example:
    ///   clbench prefer runs/…/ibcl/4f1d02ab77c9 w=0.2,0.8
    #[command(verbatim_doc_comment)]
    Prefer(prefer::Words),
    /// Draw finished runs: matrices, lines, fronts, ranks
    Picture(picture::Words),
    /// Scores of a matrix, of another tool's log, of a lifetime or of a run
    Score(score::Words),
    /// Write finished runs in the formats of other tools
    #[command(subcommand)]
    Export(export::Words),
}

/// What every command about one stream takes.
#[derive(clap::Args)]
struct Target {
    /// Stream file, such as streams/split-fashion.toml
    stream: PathBuf,
    /// Settings: method=lora, optim.rate=0.1, seeds=0..5, jobs=2,
    /// runs=FOLDER, data=FOLDER, …
    #[arg(value_name = "KEY=VALUE", verbatim_doc_comment)]
    settings: Vec<String>,
}

/// What every command about finished runs takes.
#[derive(clap::Args)]
struct Finished {
    /// Folders with runs, at any depth
    #[arg(default_value = "runs", value_name = "FOLDER")]
    paths: Vec<PathBuf>,
}

impl Finished {
    /// The runs that are there; what was left out is told.
    fn runs(&self) -> Result<Vec<RunDir>> {
        let found = discover(&self.paths)?;
        found.notes().iter().for_each(|note| tell(note));
        Ok(found.runs)
    }
    /// Says that there is none.
    fn none(&self, what: &str) -> Ending {
        tell(&format!("error: no finished {what} below {}; make one with `clbench run`", self.paths[0].display()));
        Ending::Failed
    }
}

/// How a command ended well.
enum Ending {
    /// All done.
    Done,
    /// It failed in a way that is already told.
    Failed,
    /// Some runs of several failed.
    Partly,
    /// Interrupted; it can go on.
    Interrupted,
}

/// A mistake in what was asked, as against a failure in doing it.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
struct Usage(anyhow::Error);

/// Set when the user wants to stop.
static STOP: AtomicBool = AtomicBool::new(false);

/// Runs the program over what `shelf` knows. Exit codes: 0 done, 1 failed, 2 usage, 3 some runs of several failed,
/// 130 interrupted.
pub fn main(shelf: &Shelf) -> ExitCode {
    main_with(shelf, std::env::args_os())
}

/// [`main`] with other words than the process was started with; the first is the program's name.
pub fn main_with(shelf: &Shelf, words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    if matches!(
        arguments.command,
        Command::Run(_) | Command::Cost(_) | Command::References(_) | Command::Verify(_) | Command::Study(_)
    ) {
        await_signals();
    }
    match done(arguments.command, shelf) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Failed) => ExitCode::from(1),
        Ok(Ending::Partly) => ExitCode::from(3),
        Ok(Ending::Interrupted) => ExitCode::from(130),
        Err(error) => {
            tell(&format!("error: {error:#}"));
            ExitCode::from(if error.is::<Usage>() { 2 } else { 1 })
        }
    }
}

/// Does what a command line asks for.
fn done(command: Command, shelf: &Shelf) -> Result<Ending> {
    match command {
        Command::Run(words) => run::run(&words, shelf),
        Command::Check(words) => check::check(&words, shelf),
        Command::Cost(words) => cost::cost(&words, shelf),
        Command::Stream(words) => stream::stream(&words, shelf),
        Command::List => list::list(shelf),
        Command::Methods(words) => methods::methods(&words, shelf),
        Command::Keys(words) => keys::keys(&words, shelf),
        Command::NewMethod(words) => new_method::new_method(&words, shelf),
        Command::Data(words) => data::data(&words, shelf),
        Command::References(words) => references::references(&words, shelf),
        Command::Metrics(words) => metrics::metrics(&words),
        Command::Table(words) => table::table(&words),
        Command::Compare(words) => compare::compare(&words),
        Command::Statistics(words) => statistics::statistics(&words),
        Command::Curves(words) => curves::curves(&words),
        Command::Report(words) => report::report(&words),
        Command::Repro(words) => repro::repro(&words),
        Command::Pack(words) => pack::pack(&words),
        Command::Verify(words) => verify::verify(&words, shelf),
        Command::Study(words) => study::study(&words, shelf),
        Command::Claims(words) => claims::claims(&words),
        Command::Spending(words) => spending::spending(&words),
        Command::Phases(words) => phases::phases(&words),
        Command::Prefer(words) => prefer::prefer(&words, shelf),
        Command::Picture(words) => picture::picture(&words),
        Command::Score(words) => score::score(&words),
        Command::Export(words) => export::export(&words),
    }
}

/// Reads a text file of at most 16 MiB.
fn read_text(path: &Path) -> Result<String> {
    const MOST: u64 = 16 << 20;
    let mut text = String::new();
    let within = || format!("cannot read {}", path.display());
    ensure!(path.is_file(), "{} is not a file", path.display());
    let file = File::open(path).with_context(within)?;
    file.take(MOST + 1).read_to_string(&mut text).with_context(within)?;
    ensure!(text.len() as u64 <= MOST, "{} is larger than {MOST} bytes", path.display());
    Ok(text)
}

/// Writes data to standard output, without anything that a terminal obeys. A reader that has gone away is no error.
fn print(text: &str) -> Result<()> {
    let written = std::io::stdout().write_all(harmless(text).as_bytes()).and_then(|()| std::io::stdout().flush());
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to standard output"),
    }
}

/// Writes a line to standard error, without what would move the cursor: it may quote any file. Where that cannot be
/// written to, `eprintln` would panic and end a run.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", printable(line));
}
