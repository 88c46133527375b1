//! Environments and carriers: what `check` lets through is a run to the end.

use std::collections::BTreeSet;

use clbench::{method::Make, run::Run};

use crate::support::{self, Heard, shelf};

/// Every carrier, and those of its choices that train several networks or one.
const CARRIERS: [&str; 8] = [
    "method=finetune",
    "method=bbb",
    "method=vcl",
    "method=vcl vcl.per=preference eval.random_preferences=2",
    "method=ibcl ibcl.samples=2",
    "method=ibcl ibcl.priors=[0.2]",
    "method=hypernet head.train=task head.test=task",
    "method=per-preference",
];

/// Two experiences of three steps.
const TINY: &str = "stream.tasks=2 net.dropout=0 train.steps=3 train.batch=8";

/// As `clbench check` does it, or why not.
fn check(settings: &str) -> Result<clbench::config::Setup, String> {
    let shelf = shelf();
    let setup = support::try_setup(&shelf, settings).map_err(|error| format!("{error:#}"))?;
    let mut run = Run::new(&setup, 0, &shelf).map_err(|error| format!("{error:#}"))?;
    run.rehearse().map_err(|error| format!("{error:#}"))?;
    drop(run);
    Ok(setup)
}

#[test]
fn every_carrier_is_asked() {
    let shelf = shelf();
    let carriers = shelf.methods.iter().filter(|method| matches!(method.make, Make::Carrier(_)) && !method.joint);
    let named: BTreeSet<&str> =
        CARRIERS.iter().map(|settings| settings["method=".len()..].split(' ').next().unwrap()).collect();
    assert_eq!(carriers.map(|method| method.name).collect::<BTreeSet<_>>(), named);
}

/// A policy that goes by answers is refused where several networks answer, before the run; all else runs.
#[test]
fn what_check_lets_through_runs_to_its_end() {
    let (mut ran, mut refused) = (0, BTreeSet::new());
    for environment in clbench_streams::environment::catalogue() {
        for carrier in CARRIERS {
            let settings = format!("{TINY} stream.environment={} {carrier}", environment.name);
            let setup = match check(&settings) {
                Ok(setup) => setup,
                Err(said) => {
                    assert!(said.contains("several networks answer at once"), "{settings}: {said}");
                    refused.insert((environment.name, carrier));
                    continue;
                }
            };
            let shelf = shelf();
            let mut run = Run::new(&setup, 0, &shelf).unwrap();
            run.finish(&mut Heard::default()).unwrap_or_else(|error| panic!("{settings}: {error:#}"));
            assert_eq!(run.state.diverged, None, "{settings}");
            assert_eq!(run.state.position.experience, setup.stream.experiences.len(), "{settings}");
            ran += 1;
        }
    }
    // Six policies that learn from answers, and three methods in which several networks give them.
    let asking = ["loss-proportional", "sec", "exp3", "ucb", "successive-elimination", "gain-rl"];
    let several: Vec<&str> = [3, 4, 7].map(|at| CARRIERS[at]).to_vec();
    let expected = asking.iter().flat_map(|name| several.iter().map(move |carrier| (*name, *carrier)));
    assert_eq!(refused, expected.collect());
    assert_eq!(ran, clbench_streams::environment::catalogue().len() * CARRIERS.len() - 18);
}
