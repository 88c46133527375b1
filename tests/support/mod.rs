//! What the integration tests share: a small stream, runs of it, and what they leave behind.

#![allow(dead_code, reason = "each test program uses a part")]

use std::{collections::BTreeMap, path::Path};

use anyhow::Result;
use burn::tensor::Device;
use clbench::{
    batch::Feed,
    budget::{Horizon, Ledger, Meter, Phase, Spent},
    config::{Asked, Setup, Shelf, resolve},
    network::predictor::{Ask, Predictor},
    primitives::{
        draws::Draws,
        scope::{Count, Scope},
    },
    run::{Logged, Run, Sink, evaluate::Answer},
};
use clbench_results::{At, Record};
use serde::de::DeserializeOwned;

pub use clbench_cli::shelf;

/// The digits stream of `digits.toml` with `settings`, which are KEY=VALUE apart from each other by spaces.
pub fn try_setup(shelf: &Shelf, settings: &str) -> Result<Setup> {
    let settings: Vec<String> = settings.split_whitespace().map(str::to_owned).collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/digits.toml");
    resolve(&file, &Asked::parse(&settings)?, shelf)
}

/// [`try_setup`] where nothing is wrong.
pub fn setup(settings: &str) -> Setup {
    try_setup(&shelf(), settings).unwrap_or_else(|error| panic!("{settings}: {error:#}"))
}

/// Why [`try_setup`] refuses.
pub fn refusal(shelf: &Shelf, settings: &str) -> String {
    let error = try_setup(shelf, settings).err().unwrap_or_else(|| panic!("{settings}: not refused"));
    format!("{error:#}")
}

/// Keeps all that a run hands over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    pub records: Vec<Record>,
    pub rows: Vec<Logged>,
    pub answers: Vec<Answer>,
}

impl Sink for Heard {
    fn records(&mut self, records: &[Record]) -> Result<()> {
        self.records.extend_from_slice(records);
        Ok(())
    }
    fn logged(&mut self, row: &Logged) -> Result<()> {
        self.rows.push(row.clone());
        Ok(())
    }
    fn answers(&mut self, answers: &[Answer]) -> Result<()> {
        self.answers.extend_from_slice(answers);
        Ok(())
    }
}

/// Exact bits by path.
pub type Bits = BTreeMap<String, Vec<u32>>;

/// What a run leaves behind, to the last bit.
#[derive(Debug, PartialEq)]
pub struct Trace {
    pub theta: Bits,
    pub frozen: Bits,
    pub buffers: Bits,
    pub heard: Heard,
    pub ledger: Ledger,
    pub horizons: Vec<Horizon>,
}

impl Trace {
    pub fn of(run: &Run, heard: Heard) -> Self {
        let state = &run.state;
        Self {
            theta: state.weights.theta.bits(),
            frozen: state.weights.frozen.bits(),
            buffers: state.weights.buffers.bits(),
            heard,
            ledger: state.ledger.clone(),
            horizons: state.horizons.clone(),
        }
    }

    /// The parts in which two runs differ.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let mut parts = self.trained(other);
        parts.extend((self.heard.records != other.heard.records).then_some("records"));
        parts.extend((self.heard.rows != other.heard.rows).then_some("rows"));
        parts.extend((self.ledger != other.ledger).then_some("ledger"));
        parts.extend((self.horizons != other.horizons).then_some("horizons"));
        parts
    }

    /// Of the weights, the parts in which two runs differ.
    pub fn trained(&self, other: &Self) -> Vec<&'static str> {
        let parts = [
            ("theta", &self.theta, &other.theta),
            ("frozen", &self.frozen, &other.frozen),
            ("buffers", &self.buffers, &other.buffers),
        ];
        parts.into_iter().filter(|(_, a, b)| a != b).map(|(name, _, _)| name).collect()
    }

    /// Records of the evaluations after experiences.
    pub fn ends(&self) -> Vec<Record> {
        self.heard.records.iter().filter(|row| row.at == At::End).cloned().collect()
    }

    /// Largest distance between two weights of the same path.
    pub fn distance(&self, other: &Self) -> f32 {
        assert!(self.theta.keys().eq(other.theta.keys()), "other paths");
        let pairs = self.theta.values().flatten().zip(other.theta.values().flatten());
        pairs.map(|(a, b)| (f32::from_bits(*a) - f32::from_bits(*b)).abs()).fold(0.0, f32::max)
    }

    /// Mean accuracy over all tasks after the last experience.
    pub fn accuracy(&self) -> f64 {
        let last = self.heard.records.iter().map(|row| row.experience).max();
        let rows: Vec<f64> =
            self.ends().iter().filter(|row| Some(row.experience) == last).map(|row| row.accuracy).collect();
        rows.iter().sum::<f64>() / rows.len() as f64
    }
}

/// A run of `setup` without a break.
pub fn straight(setup: &Setup, seed: u64, shelf: &Shelf) -> Trace {
    let mut run = Run::new(setup, seed, shelf).expect("a run");
    let mut heard = Heard::default();
    run.finish(&mut heard).expect("it runs");
    assert_eq!(run.state.diverged, None);
    Trace::of(&run, heard)
}

/// A run of the digits stream with `settings`, on everything that ships.
pub fn trace(settings: &str) -> Trace {
    seeded(settings, 0)
}

/// [`trace`] with a seed.
pub fn seeded(settings: &str, seed: u64) -> Trace {
    straight(&setup(settings), seed, &shelf())
}

/// A run of `setup` up to the end of `experiences` experiences.
pub fn up_to<'a>(setup: &'a Setup, seed: u64, experiences: usize, shelf: &Shelf) -> (Run<'a>, Heard) {
    let mut run = Run::new(setup, seed, shelf).expect("a run");
    let mut heard = Heard::default();
    while run.state.position.experience < experiences {
        run.advance(&mut heard).expect("it runs");
        assert_eq!(run.state.diverged, None);
    }
    (run, heard)
}

/// The state of a run's contribution called `name`, read as a `T`.
pub fn state<T: DeserializeOwned>(run: &Run, name: &str) -> T {
    let parts = &run.stack().contributions;
    let (_, part) = parts.iter().find(|(of, _)| of == name).expect("a contribution of the stack");
    rmp_serde::from_slice(&part.save().expect("bytes")).expect("another state")
}

/// What `predictor` says of the first `count` examples of the first experience, class by class.
pub fn scores(predictor: &dyn Predictor, setup: &Setup, scope: Scope, count: usize) -> Vec<Vec<f32>> {
    let places: Vec<usize> = (0..count).collect();
    let inputs = Feed::new(&setup.stream, 0, Count::All).batch(&places, &Device::flex()).inputs;
    let ask = Ask::new(scope, &setup.net.heads, Draws::of(0), &Meter::default());
    let scores: Vec<f32> = predictor.scores(inputs, &ask).into_data().try_to_vec().expect("scores are f32");
    scores.chunks(setup.stream.classes.len()).map(<[f32]>::to_vec).collect()
}

/// What was spent and charged, without what evaluation and probing cost.
pub fn charged(trace: &Trace) -> Vec<(usize, Phase, Spent)> {
    trace.ledger.iter().filter(|(_, phase, _)| phase.is_charged()).collect()
}
