//! What a run says of itself: its manifest and its resolved configuration.

use std::fs;

use clbench_results::{Conditions, FORMAT, LedgerRow, Manifest, Plan, Spend, StreamInfo, record::limits};

use super::Run;
use crate::{
    config::Setup,
    primitives::scope::Count,
    stream::{Experience, Role, Stream},
};

/// What the files of `run` come to, whose ledger has these rows.
pub(crate) fn manifest(run: &Run, rows: &[LedgerRow]) -> Manifest {
    let (setup, seed) = (run.setup, run.seed);
    let Setup { config, stream, .. } = setup;
    let plans =
        run.state.horizons.iter().map(|h| Plan { steps: h.steps, bound_by: h.bound_by.clone(), networks: h.networks });
    Manifest {
        format: FORMAT,
        run: setup.seeded(seed).id(&stream.hash),
        family: config.family(&stream.hash),
        stream: shown(stream),
        method: config.method.clone(),
        overrides: setup.overrides.clone(),
        seed,
        conditions: conditions(setup),
        device: config.device.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        revision: setup.revision.into(),
        machine: machine(),
        experiences: plans.collect(),
        spent: spent(run.state.reference, rows),
        diverged: run.state.diverged.clone(),
    }
}

/// The sum of a ledger's rows.
fn spent(reference: u64, rows: &[LedgerRow]) -> Spend {
    let (mut spent, mut maf) = (Spend { reference_bytes: Some(reference), ..Spend::default() }, 0);
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
    Spend { maf: Some(maf), ..spent }
}

/// What results know of a stream.
fn shown(stream: &Stream) -> StreamInfo {
    let probes = (stream.tasks.len()..).zip(&stream.probes);
    StreamInfo {
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
        pool: probes.filter(|(_, probe)| probe.role == Role::Pool).map(|(task, _)| task).collect(),
        covers: stream.settings.part(),
    }
}

/// Under which conditions a run's accuracy was reached; runs that differ in them are not ranked together.
fn conditions(setup: &Setup) -> Conditions {
    let config = &setup.config;
    Conditions {
        start: config.start.words(setup),
        head: config.head.kind.name().into(),
        train_logits: config.head.train.name().into(),
        test_logits: config.head.test.name().into(),
        task_identity: config.head.test == Count::Task,
        recipe: config.recipe(),
        mixture: config.mixture.words(&config.buffer),
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
