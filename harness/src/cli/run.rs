//! `clbench run`: trains, side by side for several seeds, and says what came out.

use std::{
    fmt::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Result, anyhow};
use clbench_results::{
    Matrix, RunDir, TableOptions, matrix_text,
    metric::{Metric, preference, usual},
    scores_text, spend_text,
    store::discover,
    table, verdict,
    words::clean,
};

use super::{Ending, STOP, Target, Usage, cost, listen, print, progress::Progress, tell};
use crate::{
    config::{Asked, Setup, Shelf, resolve},
    execute::{Outcome, execute},
    primitives::threads::together,
    run::{Forecast, Job, Run},
};

/// What `run` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    #[command(flatten)]
    target: Target,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    /// Print manifests and scores as JSON, one run a line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(words: &Words, shelf: &Shelf) -> Result<Ending> {
    let asked = Asked::parse(&words.target.settings).map_err(Usage)?;
    let setup = resolve(&words.target.stream, &asked, shelf).map_err(Usage)?;
    let seeds = if asked.seeds.is_empty() { vec![setup.config.seed] } else { asked.seeds.clone() };
    listen();
    // A run that somebody looks at says beforehand what it will cost, and afterwards how far off that was.
    let mut forecast = None;
    let open = |seed: &&u64| !setup.place(&asked.runs, **seed).join(clbench_results::MANIFEST_FILE).exists();
    if let Some(seed) = seeds.iter().find(open) {
        if let (Some(start), false) = (setup.config.start.told(), words.quiet) {
            tell(&format!("starts from {start}"));
        }
        // What cannot work is refused before anything is written.
        Run::new(&setup, *seed, shelf)?.rehearse().map_err(Usage)?;
        if !words.quiet {
            forecast = cost::foretell(&setup, *seed, shelf)?;
        }
    }
    let new: Vec<u64> = seeds.iter().filter(open).copied().collect();
    let progress = Progress::new(words.quiet, seeds.len());
    if !words.quiet {
        tell(&format!("{} on {}, results go to {}", setup.config.method, setup.config.name, asked.runs.display()));
        setup.stream.notes.iter().for_each(|note| tell(&format!("note: {}", clean(note))));
    }
    let outcomes = all(&setup, &seeds, &asked, shelf, &progress);
    progress.clear();
    let Told { wrong, interrupted } = tell_outcomes(&setup, &seeds, &outcomes, &asked.runs);
    if interrupted {
        return Ok(Ending::Interrupted);
    }
    if let Some(forecast) = forecast {
        say_how_far_off(&setup, &new, &asked.runs, &forecast)?;
    }
    report(&setup, &seeds, &outcomes, &asked.runs, words.json)?;
    Ok(match wrong {
        0 => Ending::Done,
        wrong if wrong == seeds.len() => Ending::Failed,
        _ => Ending::Partly,
    })
}

/// Leaves what was foretold with the runs that are done, and says how far off it was.
fn say_how_far_off(setup: &Setup, seeds: &[u64], runs: &Path, forecast: &Forecast) -> Result<()> {
    for seed in seeds {
        let place = setup.place(runs, *seed);
        let Ok(run) = RunDir::open(&place) else { continue };
        cost::keep(&place, forecast)?;
        if let Some(sentence) = cost::told(&run) {
            let of = if seeds.len() > 1 { format!("seed {seed}, ") } else { String::new() };
            tell(&format!("{of}{sentence}"));
        }
    }
    Ok(())
}

/// How several seeds ended.
pub(super) struct Told {
    /// Seeds that failed or diverged.
    pub wrong: usize,
    /// Whether some are not done.
    pub interrupted: bool,
}

/// Tells of every seed that did not end well.
pub(super) fn tell_outcomes(setup: &Setup, seeds: &[u64], outcomes: &[Result<Outcome>], runs: &Path) -> Told {
    let mut told = Told { wrong: 0, interrupted: false };
    for (seed, outcome) in seeds.iter().zip(outcomes) {
        match outcome {
            Ok(Outcome::Complete) => {}
            Ok(Outcome::Diverged(reason)) => {
                told.wrong += 1;
                tell(&format!(
                    "error: seed {seed} diverged: {reason}; recorded in {}; lower optim.rate or the method's strength, \
                     or set optim.clip",
                    setup.place(runs, *seed).display()
                ));
            }
            Ok(Outcome::Interrupted) => {
                told.interrupted = true;
                tell(&format!("seed {seed} is not done; the same command goes on"));
            }
            Err(error) => {
                told.wrong += 1;
                tell(&format!("error: seed {seed}: {error:#}"));
            }
        }
    }
    told
}

/// Runs every seed, up to `jobs` at once.
pub(super) fn all(
    setup: &Setup,
    seeds: &[u64],
    asked: &Asked,
    shelf: &Shelf,
    progress: &Progress,
) -> Vec<Result<Outcome>> {
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(&seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
            // Seeds that have not begun when the user interrupts need not begin.
            if STOP.load(Ordering::Relaxed) {
                outcomes.lock().expect("nobody panics with the lock").push((seed, Ok(Outcome::Interrupted)));
                continue;
            }
            let one = || execute(&Job { setup, seed, runs: &asked.runs, shelf, watch: progress, stop: &STOP });
            // A panic is our mistake; the other seeds need not suffer for it.
            let outcome = catch_unwind(AssertUnwindSafe(one));
            let outcome = outcome.unwrap_or_else(|_| Err(anyhow!("a panic, which is a bug; the message stands above")));
            outcomes.lock().expect("nobody panics with the lock").push((seed, outcome));
        }
    };
    if let Err((jobs, error)) = together(asked.jobs.min(seeds.len()), work) {
        tell(&format!("{jobs} of jobs={} ran at once: a thread cannot be started: {error}", asked.jobs));
    }
    let mut outcomes = outcomes.into_inner().expect("nobody panics with the lock");
    outcomes.sort_by_key(|(seed, _)| seeds.iter().position(|of| of == seed));
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Prints what came out: the whole story of one seed, or a table over several.
fn report(setup: &Setup, seeds: &[u64], outcomes: &[Result<Outcome>], runs: &Path, json: bool) -> Result<()> {
    let mut done = Vec::new();
    for (seed, outcome) in seeds.iter().zip(outcomes) {
        if outcome.is_ok() {
            done.push(RunDir::open(setup.place(runs, *seed))?);
        }
    }
    if json {
        return done.iter().try_for_each(|run| print(&line(run)?));
    }
    let mut text = String::new();
    match &done[..] {
        [] => return Ok(()),
        [one] if seeds.len() == 1 => {
            let matrix = Matrix::of(&one.manifest.stream, &one.records);
            text += &matrix_text(&matrix, &one.manifest.stream.tasks);
            text += "\n";
            let mut metrics = shown(one);
            // The others are in tables and in JSON.
            let few =
                [&preference::AVERAGE, &preference::AVERAGE_MEAN, &preference::WORST_MEAN, &preference::BACKWARD_MEAN];
            metrics.retain(|metric| !preference::ALL.contains(metric) || few.contains(metric));
            text += &scores_text(&one.scores(&metrics), &metrics);
            text += "\n";
            text += &spend_text(&one.ledger);
        }
        several => {
            let metrics = usual(several.iter().map(|run| &run.manifest.stream)).to_vec();
            text += &table(several, &TableOptions { metrics, ..TableOptions::default() })?;
        }
    }
    let folder = match &done[..] {
        [one] => one.path.display().to_string(),
        _ => runs.join(&setup.config.name).join(&setup.config.method).display().to_string(),
    };
    let _ = writeln!(text, "\nresults: {folder}");
    let others = discover(&[runs.join(&setup.config.name)])?;
    if let Some(sentence) = verdict(&done, &others.runs)? {
        let _ = writeln!(text, "{sentence}");
    }
    print(&text)
}

/// The usual scores, and those under preferences where some were answered.
fn shown(run: &RunDir) -> Vec<&'static Metric> {
    let mut metrics = usual([&run.manifest.stream]).to_vec();
    let preferred = run.scores(preference::ALL);
    metrics.extend(preference::ALL.iter().filter(|metric| preferred.get(metric).is_some()));
    metrics
}

/// One run as a line of JSON.
fn line(run: &RunDir) -> Result<String> {
    let metrics = shown(run);
    let scores = run.scores(&metrics);
    let scores: serde_json::Map<String, serde_json::Value> =
        metrics.iter().map(|metric| (metric.key.to_owned(), scores.get(metric).into())).collect();
    let line = serde_json::json!({ "path": run.path, "manifest": run.manifest, "scores": scores });
    Ok(serde_json::to_string(&line)? + "\n")
}
