//! `clbench export l2logger`: runs as lifetimes, and references on single experiences as single-task experts.

use std::{collections::BTreeSet, fs::File, path::Path};

use anyhow::{Context, Result, anyhow};
use clbench_results::{
    Conditions, RunDir, TRAIN_FILE,
    export::{WholeFolder, stream_folder, tensorboard_folder},
    lifetime::{LifetimeError, Scenario, learned_from_records, learned_from_train, scenario_of, write_scenario},
    words::clean,
};

use super::{
    super::{Ending, tell},
    Common,
};

/// What `export l2logger` takes.
#[derive(clap::Args)]
pub(in super::super) struct Words {
    #[command(flatten)]
    common: Common,
    /// How complex: 1-low, 2-intermediate or 3-high
    #[arg(long, value_name = "LEVEL", hide_possible_values = true)]
    #[arg(value_parser = ["1-low", "2-intermediate", "3-high"])]
    complexity: Option<String>,
    /// How difficult: 1-easy, 2-medium or 3-hard
    #[arg(long, value_name = "LEVEL", value_parser = ["1-easy", "2-medium", "3-hard"], hide_possible_values = true)]
    difficulty: Option<String>,
}

/// What a run is in a lifetime's terms.
enum Kind {
    Lifetime,
    Expert,
    /// Joint training on several tasks.
    Neither,
}

impl Kind {
    fn of(run: &RunDir) -> Self {
        let stream = &run.manifest.stream;
        match (stream.joint, stream.covers, &stream.trained[..]) {
            (false, _, _) => Self::Lifetime,
            (true, Some((first, last)), [only]) if first == last && only.len() == 1 => Self::Expert,
            _ => Self::Neither,
        }
    }
}

pub(super) fn scenarios(words: &Words) -> Result<Ending> {
    let folder = WholeFolder::create(&words.common.out)?;
    let (mut lifetimes, mut experts, mut joint, mut renamed) = (0, 0, 0, BTreeSet::new());
    let (mut unfit, mut trained) = (Vec::new(), BTreeSet::new());
    words.common.each(true, |run| {
        let (kind, count) = match Kind::of(&run) {
            Kind::Lifetime => ("lifetimes", &mut lifetimes),
            // The first experience alone, and all up to the first, are the same training.
            Kind::Expert if !trained.insert(expertise(&run)) => return Ok(()),
            Kind::Expert => ("experts", &mut experts),
            Kind::Neither => {
                joint += 1;
                return Ok(());
            }
        };
        match scenario(&run) {
            Ok(scenario) => {
                let place = folder.growing().join(stream_folder(&run.manifest.stream)).join(kind);
                *count += 1;
                renamed.extend(scenario.notes.iter().map(|note| format!("{}: {note}", run.manifest.stream.name)));
                words.write(&place.join(tensorboard_folder(&run)), scenario)
            }
            Err(error) => {
                unfit.push(format!("{}: {error:#}", run.path.display()));
                Ok(())
            }
        }
    })?;
    renamed.iter().for_each(|note| tell(&clean(note)));
    if joint > 0 {
        tell(&format!("runs of joint training on several tasks, which are no lifetimes, left out: {joint}"));
    }
    if let Some(first) = unfit.first() {
        tell(&format!("runs that make no lifetime left out: {}, such as {}", unfit.len(), clean(first)));
    }
    if lifetimes == 0 {
        return Ok(words.common.finished.none("run that makes a lifetime"));
    }
    folder.finish()?;
    Ok(words.common.told(&format!("{lifetimes} lifetimes and {experts} single-task experts")))
}

/// What makes two experts the same: stream, experience, seed and conditions.
fn expertise(run: &RunDir) -> (String, Option<(usize, usize)>, u64, Conditions) {
    let manifest = &run.manifest;
    (manifest.stream.hash.clone(), manifest.stream.covers, manifest.seed, manifest.conditions.clone())
}

/// The lifetime of a run: how tasks were learned is told by evaluations inside experiences or by logged batches.
fn scenario(run: &RunDir) -> Result<Scenario> {
    let why = match scenario_of(run, &learned_from_records(&run.records)) {
        Ok(scenario) => return Ok(scenario),
        Err(why) => why,
    };
    let logged = run.path.join(TRAIN_FILE);
    if !(matches!(why, LifetimeError::Unsuitable(_)) && logged.is_file()) {
        return Err(why.into());
    }
    let file = File::open(&logged).with_context(|| format!("cannot read {}", logged.display()))?;
    let learned = learned_from_train(file, &run.manifest.stream).map_err(|why| anyhow!("{TRAIN_FILE}: {why}"))?;
    // Where batches do not help, the first complaint names both ways.
    scenario_of(run, &learned).map_err(|_| why.into())
}

impl Words {
    fn write(&self, place: &Path, scenario: Scenario) -> Result<()> {
        let mut log = scenario.log;
        log.info.complexity.clone_from(&self.complexity);
        log.info.difficulty.clone_from(&self.difficulty);
        Ok(write_scenario(place, &log)?)
    }
}
