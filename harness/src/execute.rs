//! Runs one seed into its directory: found complete, resumed, or from the beginning.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use clbench_results::{Conditions, FORMAT, LedgerRow, Manifest, Plan, Spend, StreamInfo, limits};

use crate::{
    config::{Config, Setup},
    folder::{Folder, Found},
    ledger::Phase,
    registry::Shelf,
    run::Run,
    scope::Count,
    start::Start,
    stream::{Experience, Role},
    weights,
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

/// Told of each step.
pub trait Watch: Sync {
    /// Where the run of `seed` stands.
    fn at(&self, seed: u64, run: &Run);
    /// What happened to `seed`, in words.
    fn note(&self, seed: u64, what: &str);
}

impl Setup {
    /// The configuration of one seed.
    pub fn seeded(&self, seed: u64) -> Config {
        Config { seed, ..self.config.clone() }
    }
    /// The directory of one seed: `<runs>/<stream>/<method>/<run id>`.
    pub fn place(&self, runs: &Path, seed: u64) -> PathBuf {
        let id = self.seeded(seed).id(&self.stream.hash);
        runs.join(&self.config.name).join(&self.config.method).join(id)
    }
}

/// Runs one seed into its directory below `runs`. When `stop` is set, the run is saved and left.
pub fn execute(
    setup: &Setup,
    seed: u64,
    runs: &Path,
    shelf: &Shelf,
    watch: &dyn Watch,
    stop: &AtomicBool,
) -> Result<Outcome> {
    let path = setup.place(runs, seed);
    let stack = setup.stack(shelf)?;
    let penalty = stack.carrier.penalises().then(|| "penalty".to_owned());
    let names: Vec<String> = penalty.into_iter().chain(stack.contributions.into_iter().map(|(name, _)| name)).collect();
    let kept = [true, true, setup.config.keep.predictions, setup.dual.is_some()];
    let (mut folder, saved) = match Folder::open(&path, &names, kept)? {
        Found::Complete => return finished(&path, setup, seed, watch),
        Found::Open(folder, saved, notes) => {
            notes.iter().for_each(|note| watch.note(seed, note));
            (folder, saved)
        }
    };
    let mut run = match &saved {
        Some(saved) => Run::resume(setup, seed, shelf, saved)
            .with_context(|| format!("cannot go on in {}; remove it to start anew", path.display()))?,
        None => match begun(setup, seed, runs, shelf, watch, stop)? {
            Some(run) => run,
            None => return Ok(Outcome::Interrupted),
        },
    };
    run.state.seconds.clone_from(&folder.seconds);
    match saved {
        Some(_) => watch.note(seed, &format!("goes on after step {}", run.state.position.total)),
        None => folder.write("config.toml", resolved(setup, seed).as_bytes())?,
    }
    if drive(&mut run, &mut folder, seed, watch, stop)? == Outcome::Interrupted {
        return Ok(Outcome::Interrupted);
    }
    let diverged = run.state.diverged.clone();
    // What answers preferences can be asked about others once the run is over.
    if setup.config.keep.weights || run.stack.carrier.prefers() {
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
fn begun<'a>(
    setup: &'a Setup,
    seed: u64,
    runs: &Path,
    shelf: &Shelf,
    watch: &dyn Watch,
    stop: &AtomicBool,
) -> Result<Option<Run<'a>>> {
    let start = &setup.config.start;
    let given = start.weights(setup, seed, runs, shelf, watch, stop)?;
    if given.is_none() && *start != Start::Random {
        return Ok(None);
    }
    let mut run = Run::new(setup, seed, shelf)?;
    if let Some(given) = given {
        given.put(&mut run.state.weights, setup)?;
    }
    Ok(Some(run))
}

/// Takes steps and saves now and then.
fn drive(run: &mut Run, folder: &mut Folder, seed: u64, watch: &dyn Watch, stop: &AtomicBool) -> Result<Outcome> {
    let mut saved = Instant::now();
    while !run.is_over() {
        let experience = run.state.position.experience;
        run.advance(folder)?;
        watch.at(seed, run);
        let step = run.state.position.step;
        let due = match run.setup.config.checkpoint.every {
            Some(every) => step > 0 && step.is_multiple_of(every),
            None => saved.elapsed() >= CHECKPOINT_TIME,
        };
        let stopped = stop.load(Ordering::Relaxed);
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
fn finished(path: &Path, setup: &Setup, seed: u64, watch: &dyn Watch) -> Result<Outcome> {
    let run = clbench_results::RunDir::open(path)
        .with_context(|| format!("{} is spoilt; remove it to run anew", path.display()))?;
    let there = run.manifest.revision;
    watch.note(seed, "complete from before");
    if !setup.config.keep.checkpoint {
        // A kill between manifest and tidying leaves checkpoints; they are of no more use.
        let _ = fs::remove_dir_all(path.join("checkpoint"));
    }
    if there != setup.revision {
        let note = format!("made by source revision {there}, this is {}; remove {} to", setup.revision, path.display());
        watch.note(seed, &format!("{note} run it again"));
    }
    Ok(run.manifest.diverged.map_or(Outcome::Complete, Outcome::Diverged))
}

fn ledger(run: &Run) -> Vec<LedgerRow> {
    let bytes = |experience: usize| run.state.state_bytes.get(experience).copied().unwrap_or(0);
    let row = |(experience, phase, spent): (usize, Phase, crate::ledger::Spent)| LedgerRow {
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

pub(crate) fn manifest(run: &Run, rows: &[LedgerRow]) -> Manifest {
    let (setup, seed) = (run.setup, run.seed);
    let Setup { config, stream, .. } = setup;
    let (mut spent, mut maf) = (Spend { reference_bytes: Some(run.state.reference), ..Spend::default() }, 0);
    for row in rows {
        if row.charged {
            spent.steps += row.steps;
            spent.flops += row.flops;
            maf += row.maf.unwrap_or(0);
            spent.examples += row.examples;
            spent.replayed += row.replayed;
            spent.rehearsed += row.rehearsed;
        } else {
            spent.evaluation_flops += row.flops;
        }
        spent.state_bytes = spent.state_bytes.max(row.state_bytes);
        spent.peak_bytes = spent.peak_bytes.max(row.peak_bytes);
    }
    spent.maf = Some(maf);
    let plans =
        run.state.horizons.iter().map(|h| Plan { steps: h.steps, bound_by: h.bound_by.clone(), networks: h.networks });
    Manifest {
        format: FORMAT,
        run: setup.seeded(seed).id(&stream.hash),
        family: config.family(&stream.hash),
        stream: StreamInfo {
            name: stream.name.clone(),
            kind: stream.settings.kind.clone(),
            hash: stream.hash.clone(),
            tasks: stream.evaluated().map(|task| task.name.clone()).collect(),
            experiences: stream.experiences.len(),
            joint: stream.settings.joint,
            trained: stream.experiences.iter().map(Experience::new_tasks).collect(),
            notes: kept(&stream.notes),
            classes: kept(&stream.classes),
            // Scores weigh datasets, so that none is left out.
            datasets: stream.evaluated().map(|task| stream.datasets(task)).collect(),
            pool: (stream.tasks.len()..)
                .zip(&stream.probes)
                .filter(|(_, probe)| probe.role == Role::Pool)
                .map(|(task, _)| task)
                .collect(),
            covers: stream.settings.part(),
        },
        method: config.method.clone(),
        overrides: setup.overrides.clone(),
        seed,
        conditions: Conditions {
            start: config.start.words(setup),
            head: config.head.kind.name().into(),
            train_logits: config.head.train.name().into(),
            test_logits: config.head.test.name().into(),
            task_identity: config.head.test == Count::Task,
            recipe: config.recipe(),
            mixture: config.mixture.words(&config.buffer),
        },
        device: config.device.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        revision: setup.revision.into(),
        machine: machine(),
        experiences: plans.collect(),
        spent,
        diverged: run.state.diverged.clone(),
    }
}

/// Names and notes as a manifest keeps them: all, or none where they are too long for a file that stays readable.
fn kept(classes: &[String]) -> Vec<String> {
    let fit = classes.iter().map(String::len).sum::<usize>() <= limits::LIST
        && classes.iter().all(|name| name.len() <= limits::TEXT);
    if fit { classes.to_vec() } else { Vec::new() }
}

/// The resolved configuration, with what it ran on.
pub(crate) fn resolved(setup: &Setup, seed: u64) -> String {
    let config = toml::to_string(&setup.seeded(seed)).expect("a configuration is TOML");
    format!(
        "# clbench {} ({}), {}\n# stream {}\n\n{config}",
        env!("CARGO_PKG_VERSION"),
        setup.revision,
        machine(),
        setup.stream.hash
    )
}

/// System, architecture, processor and number of threads.
fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let name = name.trim_start_matches([' ', '\t', ':']);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{} {}, {name}, {threads} threads", std::env::consts::OS, std::env::consts::ARCH)
}
