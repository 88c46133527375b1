//! The same configuration gives the same bits: beside others, watched or not, whatever the device's generator holds.

use std::{path::PathBuf, sync::atomic::AtomicBool, thread};

use burn::tensor::{Device, Distribution, Tensor};
use clbench::{
    budget::Phase,
    config::Setup,
    execute::{Outcome, execute},
    primitives::scope::Scope,
    run::{Job, Run, Watch},
};

use crate::support::{self, Heard, Trace, setup};

/// Everything that draws: initial weights, batches, dropout, a Fisher's labels, a reservoir, an adapter, calibration.
const DRAWING: [&str; 4] = [
    "method=replay+ema replay.capacity=40",
    "method=lora+ewc ewc.samples=20",
    "net.body=vit net.patch=2 net.width=8 net.depth=1 net.heads=2 net.dropout=0.2 optim.rule=adamw optim.rate=0.01 \
     method=ewc ewc.samples=20",
    "net.body=cnn net.channels=[4] net.hidden=16 net.batch_norm=true net.dropout=0.2 method=ema optim.momentum=0.9",
];

#[test]
fn runs_beside_each_other_change_nothing() {
    let serial = DRAWING.map(support::trace);
    let beside: Vec<Trace> = thread::scope(|scope| {
        let threads = DRAWING.map(|settings| scope.spawn(move || support::trace(settings)));
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for ((settings, alone), beside) in DRAWING.iter().zip(&serial).zip(&beside) {
        assert_eq!(alone.differences(beside), Vec::<&str>::new(), "{settings}");
    }
}

#[test]
fn runs_that_take_turns_change_nothing() {
    let setups = DRAWING.map(setup);
    let shelf = support::shelf();
    let mut runs: Vec<(Run, Heard)> =
        setups.iter().map(|setup| (Run::new(setup, 0, &shelf).unwrap(), Heard::default())).collect();
    while runs.iter().any(|(run, _)| !run.is_over()) {
        for (run, heard) in runs.iter_mut().filter(|(run, _)| !run.is_over()) {
            run.advance(heard).unwrap();
        }
    }
    for ((run, heard), settings) in runs.into_iter().zip(DRAWING) {
        assert_eq!(Trace::of(&run, heard).differences(&support::trace(settings)), Vec::<&str>::new(), "{settings}");
    }
}

#[test]
fn seeds_differ() {
    let [a, b] = [0, 1].map(|seed| support::seeded(DRAWING[0], seed));
    assert_eq!(a.differences(&b), ["theta", "records", "rows"]);
}

/// Leaves the device's own generator, which belongs to the whole process, in a state that depends on `seed`.
#[allow(clippy::disallowed_methods, reason = "it is poisoned to show that nothing draws from it")]
fn poison(seed: u64) -> f32 {
    let device = Device::flex();
    device.seed(seed);
    Tensor::<1>::random([7], Distribution::Default, &device).sum().into_scalar()
}

#[test]
fn the_devices_own_generator_is_never_used() {
    assert_ne!(poison(1).to_bits(), poison(2).to_bits());
    for settings in DRAWING {
        let [a, b] = [1, 2].map(|seed| {
            poison(seed);
            support::trace(settings)
        });
        assert_eq!(a.differences(&b), Vec::<&str>::new(), "{settings}");
    }
}

/// Every third step or never, the same is learned and spent, and answered in the end.
#[test]
fn being_evaluated_changes_nothing() {
    for settings in DRAWING {
        let never = support::trace(settings);
        let mut often = support::trace(&format!("{settings} eval.every=3 eval.batch=7"));
        assert!(often.heard.records.len() > 3 * never.heard.records.len());
        assert_eq!(support::charged(&often), support::charged(&never), "{settings}");
        // A batch of another size may round a loss otherwise, but not change an answer.
        let ends = |trace: &Trace| trace.ends().into_iter().map(|row| (row.step, row.task, row.n, row.accuracy));
        assert!(ends(&often).eq(ends(&never)), "{settings}");
        (often.heard.records, often.ledger) = (never.heard.records.clone(), never.ledger.clone());
        assert_eq!(often.differences(&never), Vec::<&str>::new(), "{settings}");
    }
}

fn scores(run: &Run, setup: &Setup) -> Vec<Vec<u32>> {
    let scores = support::scores(&*run.predictor().unwrap(), setup, Scope::All, 5);
    scores.into_iter().map(|row| row.into_iter().map(f32::to_bits).collect()).collect()
}

#[test]
fn answering_drops_no_units_and_repeats() {
    for body in ["", "net.body=cnn net.channels=[4] net.hidden=16", "net.body=vit net.patch=2 net.width=8 net.heads=2"]
    {
        let [without, with] = ["0", "0.9"].map(|dropout| {
            let setup = setup(&format!("{body} net.dropout={dropout}"));
            let run = Run::new(&setup, 0, &support::shelf()).unwrap();
            assert_eq!(scores(&run, &setup), scores(&run, &setup));
            scores(&run, &setup)
        });
        assert_eq!(without, with, "{body}");
    }
}

/// And training does drop them, so that the claim above can fail.
#[test]
fn training_drops_units() {
    let [without, with] = ["0", "0.9"].map(|dropout| support::trace(&format!("net.dropout={dropout}")));
    assert_eq!(without.differences(&with), ["theta", "records", "rows"]);
}

struct Silent;

impl Watch for Silent {
    fn at(&self, _: u64, _: &Run) {}
    fn note(&self, _: u64, _: &str) {}
}

/// Into directories, as `jobs=` does: the files hold the same bytes, but for the seconds.
#[test]
fn jobs_write_the_same_files() {
    let folder = |name: &str| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let (setup, stop) = (setup(DRAWING[0]), AtomicBool::new(false));
    let write = |name: &str, seed: u64| {
        let outcome = execute(&Job {
            setup: &setup,
            seed,
            runs: &folder(name),
            shelf: &support::shelf(),
            watch: &Silent,
            stop: &stop,
        })
        .unwrap();
        assert_eq!(outcome, Outcome::Complete);
    };
    ["serial", "beside"].iter().for_each(|name| drop(std::fs::remove_dir_all(folder(name))));
    (0..2).for_each(|seed| write("serial", seed));
    thread::scope(|scope| (0..2).for_each(|seed| drop(scope.spawn(move || write("beside", seed)))));
    for seed in 0..2 {
        let [serial, beside] = ["serial", "beside"].map(|name| setup.place(&folder(name), seed));
        for file in ["config.toml", "records.csv", "train.csv", "ledger.csv", "manifest.json"] {
            let [a, b] = [&serial, &beside].map(|place| std::fs::read(place.join(file)).unwrap());
            assert!(a == b, "{file} of seed {seed} differs");
        }
    }
}

#[test]
fn evaluation_is_recorded_and_not_charged() {
    let [never, often] = ["", "eval.every=3"].map(support::trace);
    assert!(often.ledger.on(Phase::Evaluate).flops > 2 * never.ledger.on(Phase::Evaluate).flops);
    assert_eq!(often.ledger.charged(None), never.ledger.charged(None));
    // 355 test examples, 60 % of the ten classes, before the first step and after each of three experiences.
    let questions: usize = setup("").stream.tasks.iter().map(|task| task.test.len()).sum();
    assert_eq!(never.ledger.on(Phase::Evaluate).examples, 4 * questions as u64);
    assert_eq!(never.ledger.on(Phase::Evaluate).flops, 4 * questions as u64 * 2 * (64 * 24 + 24 * 6));
}
