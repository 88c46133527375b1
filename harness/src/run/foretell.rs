//! What a run will cost, before it is run: each experience with a few steps in place of all.
//!
//! Hooks are called whole and steps are tried on throw-away weights, so that operations, memory and states are those of
//! the methods as they are, grown as they grow. All other steps are taken to cost what the dearest tried one did, less
//! what the last batch of an epoch is short of. Time is between the fastest and the slowest tried step for all of them,
//! with hooks and one evaluation as they took.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use anyhow::Result;
use clbench_results::At;
use serde::{Deserialize, Serialize};

use super::{Nowhere, Position, Run};
use crate::{
    budget::{Footprint, Meter, Phase, Spent},
    run::State,
};

/// Steps that are tried in each experience.
const TRIED: u64 = 6;

/// What a run is expected to cost. Of two numbers the first is the least and the second the most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// Steps of each experience.
    pub steps: Vec<u64>,
    /// What sets them.
    pub bound_by: Vec<String>,
    /// Operations by phase, in the order of a run; those that are not charged, too.
    pub phases: Vec<(String, u64)>,
    /// Operations that are charged.
    pub flops: u64,
    /// Memory-adjusted operations that are charged; the most where memories go on filling as they begin.
    pub maf: [u64; 2],
    /// Bytes that a step holds at its peak; the most where memories go on filling as they begin.
    pub peak_bytes: [u64; 2],
    /// Bytes that a step of full fine-tuning holds.
    pub reference_bytes: u64,
    /// Bytes of states at the end, alike.
    pub state_bytes: [u64; 2],
    /// Seconds, alone on this computer.
    pub seconds: [f64; 2],
}

/// What is gathered on the way.
#[derive(Default)]
struct Gathered {
    seconds: [f64; 2],
    /// Evaluations so far.
    asked: u64,
    /// Most bytes by which states can have outgrown what was tried.
    growth: u64,
    peak: [u64; 2],
    maf: [u64; 2],
}

impl Gathered {
    fn took(&mut self, least: f64, most: f64) {
        self.seconds[0] += least;
        self.seconds[1] += most;
    }
}

impl Run<'_> {
    /// What this run will cost; none when it was stopped. What was trained is thrown away.
    ///
    /// # Errors
    /// Whatever a run's first steps, hooks or deployment can fail with.
    pub fn foretell(mut self, stop: &AtomicBool) -> Result<Option<Forecast>> {
        let mut found = Gathered { asked: u64::from(self.setup.asks), ..Gathered::default() };
        for experience in 0..self.setup.stream.experiences.len() {
            self.restock();
            let started = Instant::now();
            self.begin()?;
            let took = started.elapsed().as_secs_f64();
            found.took(took, took);
            let Footprint { peak, reference } = self.footprint();
            let most = peak + found.growth;
            found.peak = [found.peak[0].max(peak), found.peak[1].max(most)];
            self.try_steps(&mut found, stop)?;
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let started = Instant::now();
            self.end_task()?;
            let (meter, calibration) = (Meter::default(), Meter::default());
            if self.setup.asks {
                self.stack.deploy(&self.deployment(&meter, &calibration), &self.state.weights)?;
            }
            let took = started.elapsed().as_secs_f64();
            found.took(took, took);
            self.charge(Phase::Deploy, meter.take(), started);
            self.charge(Phase::Calibrate, calibration.take(), started);
            let spent = self.state.ledger.charged(Some(experience));
            found.maf[0] += spent.maf;
            found.maf[1] += spent.maf.max(Footprint { peak: most, reference }.weigh(spent.flops));
            let bytes = self.states()?;
            self.state.state_bytes.push(bytes);
            self.state.position = Position { experience: experience + 1, step: 0, ..self.state.position };
        }
        self.evaluations(&mut found)?;
        Ok(Some(self.forecast(&found)))
    }

    /// Tries some of an experience's steps and charges all.
    fn try_steps(&mut self, found: &mut Gathered, stop: &AtomicBool) -> Result<()> {
        let steps = self.horizon().expect("the experience has begun").steps;
        let tried = steps.min(TRIED);
        let (mut first, mut once, mut seconds) = (0, 0, Vec::new());
        for at in 0..tried {
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let started = Instant::now();
            self.train(steps, &mut Nowhere)?;
            seconds.push(started.elapsed().as_secs_f64());
            once = self.state.optim.once().max(once);
            // What begins with the first step does not grow with the others.
            if at == 0 {
                first = self.states()?;
            }
        }
        let rest = steps - tried;
        let (experience, price, fill) = (self.state.position.experience, self.state.price, self.fill());
        let part = |amount: u64| (amount as f64 * fill).round() as u64;
        let flops = part(price.flops);
        let each = Spent { flops, maf: self.footprint().weigh(flops), examples: part(price.examples), ..price };
        self.state.ledger.charge(experience, Phase::Train, each.times(rest));
        let flops = once * self.again(tried, steps);
        let maf = self.footprint().weigh(flops);
        self.state.ledger.charge(experience, Phase::Train, Spent { flops, maf, ..Spent::default() });
        let grown = self.states()?.saturating_sub(first);
        // What is met again is not remembered twice.
        let new = self.plan().epoch().min(steps).saturating_sub(tried);
        found.growth += grown * new / (tried - 1).max(1);
        let least = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let (most, all) = (seconds.iter().copied().fold(0.0, f64::max), seconds.iter().sum::<f64>());
        let rest = rest as f64;
        found.took(all + rest * least.min(most), all + rest * most);
        if self.setup.asks {
            let eval = &self.setup.config.eval;
            // Nobody evaluates so often that counting would take long beside it.
            let within =
                if eval.every > 0 || eval.log_spaced { (1..steps).filter(|at| eval.is_due(*at)).count() } else { 0 };
            found.asked += 1 + within as u64;
        }
        self.state.position.step = steps;
        Ok(())
    }

    /// How many of the steps from `tried` to `steps` need what few steps need.
    fn again(&self, tried: u64, steps: u64) -> u64 {
        let times = |steps: u64| steps.div_ceil(self.state.optim.every().max(1));
        if self.state.optim.every() == 0 { 0 } else { times(steps) - times(tried) }
    }

    /// How full batches are, on average.
    fn fill(&self) -> f64 {
        let config = &self.setup.config;
        let experience = &self.setup.stream.experiences[self.state.position.experience];
        let plain = self.state.policy.is_none() && self.state.buffer.is_none();
        let room = self.plan().epoch() as f64 * config.train.batch as f64;
        if plain { (experience.len() as f64 / room).min(1.0) } else { 1.0 }
    }

    /// Charges all evaluations at what one costs.
    fn evaluations(&mut self, found: &mut Gathered) -> Result<()> {
        if !self.setup.asks {
            return Ok(());
        }
        let last = self.setup.stream.experiences.len() - 1;
        self.state.position.experience = last;
        let (meter, started) = (Meter::default(), Instant::now());
        let predictor =
            self.stack.deploy(&self.deployment(&Meter::default(), &Meter::default()), &self.state.weights)?;
        self.examiner(At::End, &meter).examine(&*predictor)?;
        let took = started.elapsed().as_secs_f64() * found.asked as f64;
        found.took(took, took);
        self.state.ledger.charge(last, Phase::Evaluate, meter.take().times(found.asked));
        Ok(())
    }

    fn forecast(&self, found: &Gathered) -> Forecast {
        let State { ledger, horizons, reference, state_bytes, .. } = &self.state;
        let charged = ledger.charged(None);
        let mut phases = BTreeMap::new();
        ledger.iter().for_each(|(_, phase, spent)| *phases.entry(phase).or_default() += spent.flops);
        let state = state_bytes.iter().copied().max().unwrap_or(0);
        Forecast {
            steps: horizons.iter().map(|horizon| horizon.steps).collect(),
            bound_by: horizons.iter().map(|horizon| horizon.bound_by.clone()).collect(),
            phases: phases.into_iter().map(|(phase, flops): (Phase, u64)| (phase.name().into(), flops)).collect(),
            flops: charged.flops,
            maf: found.maf,
            peak_bytes: found.peak,
            reference_bytes: *reference,
            state_bytes: [state, state + found.growth],
            seconds: found.seconds,
        }
    }
}
