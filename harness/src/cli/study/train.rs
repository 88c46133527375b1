//! The runs of a study: which are there, those that are missing, and all of them in one file.

use std::{
    collections::BTreeSet,
    fs::{self, File, TryLockError},
    path::PathBuf,
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clbench_results::{
    MANIFEST_FILE,
    store::{
        atomic::open_plain,
        bundle::{read_bundle, write_bundle},
        discover,
    },
    study::Row,
};

use super::plan::Plan;
use crate::{
    cli::{
        Ending, STOP, Target, Usage, listen,
        pack::place,
        print,
        progress::Progress,
        references,
        run::{all, tell_outcomes},
        tell,
    },
    config::Shelf,
    execute::Busy,
    run::Run,
};

/// How training went.
#[derive(Default)]
pub(super) struct Trained {
    /// Rows of which a seed failed or diverged, or that could not be begun.
    pub failed: Vec<String>,
    /// Whether another process is at work on a run of the study.
    pub busy: bool,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// Where the runs of the study lie.
    places: BTreeSet<PathBuf>,
}

/// Says of each row how many of its runs are there.
pub(super) fn list(plan: &Plan, shelf: &Shelf) -> Result<Ending> {
    let (mut there, mut all, mut wrong) = (0, 0, Vec::new());
    for row in &plan.rows {
        let (asked, setup) = match plan.resolve(row, shelf) {
            Ok(resolved) => resolved,
            Err(error) => {
                wrong.push(row.name());
                tell(&format!("error: {}: {error:#}", row.name()));
                continue;
            }
        };
        let done = |seed: &&u64| setup.place(&asked.runs, **seed).join(MANIFEST_FILE).exists();
        let count = asked.seeds.iter().filter(done).count();
        (there, all) = (there + count, all + asked.seeds.len());
        let word = if count == asked.seeds.len() { "there" } else { "missing" };
        print(&format!("{word:<7} {count:>4} of {:<4} {}\n", asked.seeds.len(), row.name()))?;
    }
    if all > 0 {
        let runs = plan.runs.display();
        print(&format!("{there} of {all} runs are in {runs}; {} are missing\n", all - there))?;
    }
    if wrong.is_empty() {
        return Ok(Ending::Done);
    }
    wrong.iter().try_for_each(|row| print(&format!("cannot be resolved   {row}\n")))?;
    Err(Usage(anyhow!("{} of {} rows cannot be resolved", wrong.len(), plan.rows.len())).into())
}

/// Holds the folder of the study's runs until the file is dropped: two processes that share its rows would each make a
/// page of what the other one leaves to it.
pub(super) fn lock(plan: &Plan) -> Result<File> {
    let file = plan.runs.join(".study.lock");
    let within = || format!("cannot write {}", file.display());
    fs::create_dir_all(&plan.runs).with_context(within)?;
    let lock = open_plain(&file).with_context(within)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            bail!(
                "a study is running already in {}; wait for it, or choose another folder with runs=FOLDER",
                plan.runs.display()
            )
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(within),
    }
}

/// Trains what is missing, row by row; a row that fails is named, and the rest goes on.
pub(super) fn train(plan: &Plan, quiet: bool, shelf: &Shelf) -> Result<Trained> {
    listen();
    let mut trained = Trained::default();
    for (index, row) in plan.rows.iter().enumerate() {
        if !quiet {
            tell(&format!("row {} of {}: {}", index + 1, plan.rows.len(), row.name()));
        }
        if let Err(error) = one(plan, row, quiet, shelf, &mut trained) {
            tell(&format!("error: {}: {error:#}", row.name()));
            trained.failed.push(row.name());
        }
        if trained.interrupted {
            return Ok(trained);
        }
    }
    if plan.study.references {
        references_of(plan, quiet, shelf, &mut trained)?;
    }
    Ok(trained)
}

fn one(plan: &Plan, row: &Row, quiet: bool, shelf: &Shelf, trained: &mut Trained) -> Result<()> {
    let (asked, setup) = plan.resolve(row, shelf)?;
    trained.places.extend(asked.seeds.iter().map(|seed| setup.place(&asked.runs, *seed)));
    let open = |seed: &&u64| !setup.place(&asked.runs, **seed).join(MANIFEST_FILE).exists();
    let missing = asked.seeds.iter().find(open);
    if let Some(seed) = missing {
        // What cannot work is refused before anything is written.
        Run::new(&setup, *seed, shelf)?.rehearse()?;
    }
    let progress = Progress::new(quiet || missing.is_none(), asked.seeds.len());
    let outcomes = all(&setup, &asked.seeds, &asked, shelf, &progress);
    progress.clear();
    trained.busy |= outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).any(anyhow::Error::is::<Busy>);
    let told = tell_outcomes(&setup, &asked.seeds, &outcomes, &asked.runs);
    trained.interrupted |= told.interrupted || STOP.load(std::sync::atomic::Ordering::Relaxed);
    if told.wrong > 0 {
        trained.failed.push(row.name());
    }
    Ok(())
}

/// The references of intransigence on every stream.
fn references_of(plan: &Plan, quiet: bool, shelf: &Shelf, trained: &mut Trained) -> Result<()> {
    for name in &plan.study.streams {
        let row = Row { stream: name.clone(), settings: plan.study.settings.clone(), folder: None };
        let target = Target { stream: plan.stream(name)?, settings: plan.settings(&row) };
        match references::references(&references::Words { target, quiet }, shelf) {
            Ok(Ending::Done) => {}
            Ok(Ending::Interrupted) => {
                trained.interrupted = true;
                return Ok(());
            }
            Ok(_) => trained.failed.push(format!("references of {name}")),
            Err(error) => {
                tell(&format!("error: references of {name}: {error:#}"));
                trained.failed.push(format!("references of {name}"));
            }
        }
    }
    Ok(())
}

/// Packs what is finished beside the page; how many runs there are.
pub(super) fn pack(plan: &Plan, trained: &Trained) -> Result<usize> {
    if !plan.runs.is_dir() {
        return Ok(0);
    }
    let paths = [plan.runs.clone()];
    let found = discover(&paths)?;
    found.notes().iter().for_each(|note| tell(note));
    let mut runs = found.runs;
    runs.retain(|run| {
        let reference = plan.study.references && run.manifest.stream.covers.is_some();
        reference || trained.places.contains(&run.path)
    });
    if runs.is_empty() {
        return Ok(0);
    }
    let directories: Vec<(String, PathBuf)> = runs.iter().map(|run| (place(run, &paths), run.path.clone())).collect();
    let bundle = plan.out.join(plan.bundle());
    let before = read_bundle(&bundle).map_or(0, |runs| runs.len());
    ensure!(
        directories.len() >= before,
        "{} has {before} runs, and {} are finished now; write elsewhere with --out, or remove it",
        bundle.display(),
        directories.len()
    );
    write_bundle(&bundle, &directories)?;
    Ok(runs.len())
}
