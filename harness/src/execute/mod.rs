//! Runs one seed into its directory: found complete, resumed, or from the beginning.

mod folder;

use std::{
    fmt::Write,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clbench_results::LedgerRow;

pub use self::folder::Busy;
use self::folder::{Folder, Found};
use crate::{
    budget::Phase,
    config::Start,
    network::weights,
    run::{
        Job, Run,
        manifest::{manifest, resolved},
    },
};

/// Time between checkpoints where no number of steps is set.
const CHECKPOINT_TIME: Duration = Duration::from_secs(30);

/// Where a run leaves what its environment chose; `clbench stream export --run` makes a stream of it.
pub const REALISED: &str = "artifact/experiences.json";

/// How one seed ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is complete, now or from before.
    Complete,
    /// It diverged, for this reason; that is recorded.
    Diverged(String),
    /// It was interrupted and can go on.
    Interrupted,
}

/// Runs one seed into its directory. When it is to stop, the run is saved and left.
pub fn execute(job: &Job) -> Result<Outcome> {
    let Job { setup, seed, runs, shelf, .. } = *job;
    let path = setup.place(runs, seed);
    let stack = setup.stack(shelf)?;
    let penalty = stack.carrier.penalises().then(|| "penalty".to_owned());
    let names: Vec<String> = penalty.into_iter().chain(stack.contributions.into_iter().map(|(name, _)| name)).collect();
    let kept = [true, true, setup.config.keep.predictions, setup.dual.is_some()];
    let (mut folder, saved) = match Folder::open(&path, &names, kept)? {
        Found::Complete => return finished(&path, job),
        Found::Open(folder, saved, notes) => {
            notes.iter().for_each(|note| job.note(note));
            (folder, saved)
        }
    };
    let mut run = match &saved {
        Some(saved) => Run::resume(setup, seed, shelf, saved)
            .with_context(|| format!("cannot go on in {}; remove it to start anew", path.display()))?,
        None => match begun(job)? {
            Some(run) => run,
            None => return Ok(Outcome::Interrupted),
        },
    };
    run.state.seconds.clone_from(&folder.seconds);
    match saved {
        Some(_) => job.note(&format!("goes on after step {}", run.state.position.total)),
        None => folder.write("config.toml", resolved(setup, seed).as_bytes())?,
    }
    if drive(&mut run, &mut folder, job)? == Outcome::Interrupted {
        return Ok(Outcome::Interrupted);
    }
    let diverged = run.state.diverged.clone();
    // What answers preferences can be asked about others once the run is over.
    if setup.config.keep.weights || run.stack.prefers() {
        folder.write("artifact/weights.safetensors", &weights::to_safetensors(&run.state.weights)?)?;
    }
    if let Some(experiences) = run.realised() {
        folder.write(REALISED, &setup.stream.write_schedule(&experiences))?;
    }
    let rows = ledger(&run);
    folder.finish(&rows, &timing(&run), &manifest(&run, &rows), setup.config.keep.checkpoint)?;
    Ok(diverged.map_or(Outcome::Complete, Outcome::Diverged))
}

/// A run before its first step, with the weights that it starts from; none when it was stopped on the way there.
fn begun<'a>(job: &Job<'a>) -> Result<Option<Run<'a>>> {
    let start = &job.setup.config.start;
    let given = start.weights(job)?;
    if given.is_none() && *start != Start::Random {
        return Ok(None);
    }
    let mut run = Run::new(job.setup, job.seed, job.shelf)?;
    if let Some(given) = given {
        given.put(&mut run.state.weights, job.setup)?;
    }
    Ok(Some(run))
}

/// Takes steps and saves now and then.
fn drive(run: &mut Run, folder: &mut Folder, job: &Job) -> Result<Outcome> {
    let mut saved = Instant::now();
    while !run.is_over() {
        let experience = run.state.position.experience;
        run.advance(folder)?;
        job.watch.at(job.seed, run);
        let step = run.state.position.step;
        let due = match run.setup.config.checkpoint.every {
            Some(every) => step > 0 && step.is_multiple_of(every),
            None => saved.elapsed() >= CHECKPOINT_TIME,
        };
        let stopped = job.is_stopped();
        if run.is_over() {
            break;
        }
        if due || stopped || run.state.position.experience != experience {
            folder.save(run)?;
            saved = Instant::now();
        }
        if stopped {
            return Ok(Outcome::Interrupted);
        }
    }
    Ok(Outcome::Complete)
}

/// How a run that is complete from before ended.
fn finished(path: &Path, job: &Job) -> Result<Outcome> {
    let run = clbench_results::RunDir::open(path)
        .with_context(|| format!("{} is spoilt; remove it to run anew", path.display()))?;
    let there = run.manifest.revision;
    job.note("complete from before");
    if !job.setup.config.keep.checkpoint {
        // A kill between manifest and tidying leaves checkpoints; they are of no more use.
        let _ = fs::remove_dir_all(path.join("checkpoint"));
    }
    if there != job.setup.revision {
        let note =
            format!("made by source revision {there}, this is {}; remove {} to", job.setup.revision, path.display());
        job.note(&format!("{note} run it again"));
    }
    Ok(run.manifest.diverged.map_or(Outcome::Complete, Outcome::Diverged))
}

fn ledger(run: &Run) -> Vec<LedgerRow> {
    let bytes = |experience: usize| run.state.state_bytes.get(experience).copied().unwrap_or(0);
    let row = |(experience, phase, spent): (usize, Phase, crate::budget::Spent)| LedgerRow {
        experience: experience + 1,
        phase: phase.name().into(),
        charged: phase.is_charged(),
        steps: spent.steps,
        examples: spent.examples,
        replayed: spent.replayed,
        rehearsed: spent.rehearsed,
        flops: spent.flops,
        state_bytes: if phase == Phase::Train { bytes(experience) } else { 0 },
        maf: Some(spent.maf),
        peak_bytes: run.state.peaks.get(experience).copied().filter(|_| phase == Phase::Train),
    };
    run.state.ledger.iter().map(row).collect()
}

fn timing(run: &Run) -> String {
    let mut text = String::from("experience,phase,seconds\n");
    for ((experience, phase), seconds) in &run.state.seconds {
        let _ = writeln!(text, "{},{},{seconds:.6}", experience + 1, phase.name());
    }
    text
}
