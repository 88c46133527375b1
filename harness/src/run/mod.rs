//! The life of a run: experiences, steps, hooks, optimizer, ledger, evaluation.

mod answer;
mod checkpoint;
mod come_back;
pub mod evaluate;
mod extent;
mod foretell;
mod job;
pub(crate) mod manifest;
mod means;
mod reference;
pub(crate) mod retrieval;
mod sink;
mod start;
mod state;
mod step;
mod tally;

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Result};
use burn::tensor::Device;
use clbench_results::At;

pub use self::{
    foretell::Forecast,
    job::Job,
    sink::{Logged, Nowhere, Sink, Watch},
    state::{Position, Seconds, State},
};

use self::checkpoint::Saved;
use crate::{
    batch::{
        Feed,
        course::{Orders, Stock},
        memory::Memory,
    },
    budget::{Footprint, Horizon, Ledger, Meter, Offer, Phase, Spent},
    config::{Setup, Shelf},
    method::{Ctx, Part, Stack, Within},
    network::predictor::Ask,
    optim::Optimizer,
    primitives::{device, draws::Draws},
};

/// A run in progress.
pub struct Run<'a> {
    pub(crate) setup: &'a Setup,
    pub(crate) seed: u64,
    pub(crate) stack: Stack,
    pub(crate) device: Device,
    /// The optimizer as it is before its first step.
    pub(crate) fresh: Box<dyn Optimizer>,
    /// Elements of the plain network's weights.
    plain: usize,
    /// Bytes of the methods' states before they have seen anything: their settings.
    born: usize,
    /// All of a run that changes; with the contributions' own states it is the checkpoint.
    pub state: State,
    /// What can come back beside the examples of the experience in progress.
    stock: Stock,
    /// The experience that the stock belongs to.
    stocked: Option<usize>,
    orders: Orders,
    /// The step at which each new example of the experience is met for the first time.
    met: Vec<u64>,
}

impl<'a> Run<'a> {
    /// A run of `setup` with `seed`, before its first step.
    pub fn new(setup: &'a Setup, seed: u64, shelf: &Shelf) -> Result<Self> {
        let device = device::open(&setup.config.device)?;
        let (stack, fresh) = (setup.stack(shelf)?, setup.optimizer(shelf)?);
        let weights = stack.carrier.init(&Draws::of(seed), &device);
        let plain = if setup.dual.is_some() { weights.elements() } else { setup.net.zeros(&device).elements() };
        let state = State {
            weights,
            optim: fresh.clone(),
            ledger: Ledger::default(),
            position: Position::default(),
            horizons: Vec::new(),
            price: Spent::default(),
            reserve: Spent::default(),
            buffer: come_back::buffer(setup)?,
            policy: setup.stream.policy.as_ref().map(|make| make()),
            taken: Vec::new(),
            state_bytes: Vec::new(),
            peaks: Vec::new(),
            reference: 0,
            diverged: None,
            seconds: BTreeMap::new(),
        };
        let (stock, orders) = (Stock::default(), Orders::default());
        let born = stack.read_bytes()?;
        Ok(Self {
            setup,
            seed,
            stack,
            device,
            fresh,
            plain,
            born,
            state,
            stock,
            stocked: None,
            orders,
            met: Vec::new(),
        })
    }

    /// The run that [`Run::save`] left.
    pub fn resume(setup: &'a Setup, seed: u64, shelf: &Shelf, saved: &[u8]) -> Result<Self> {
        let mut run = Self::new(setup, seed, shelf)?;
        Saved::restore(&mut run, saved)?;
        Ok(run)
    }

    /// The run as bytes.
    pub fn save(&self) -> Result<Vec<u8>> {
        Saved::of(self)
    }

    /// Whether there is nothing more to do.
    pub fn is_over(&self) -> bool {
        self.state.diverged.is_some() || self.state.position.experience == self.setup.stream.experiences.len()
    }

    /// Steps of the experience in progress, once they are fixed.
    pub fn horizon(&self) -> Option<&Horizon> {
        self.state.horizons.get(self.state.position.experience)
    }

    /// Goes on to the end.
    pub fn finish(&mut self, sink: &mut dyn Sink) -> Result<()> {
        while !self.is_over() {
            self.advance(sink)?;
        }
        Ok(())
    }

    /// Takes one step, with all that is due before and after it. Between two calls a run can be saved.
    pub fn advance(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.restock();
        if !self.state.position.begun {
            self.evaluate(At::Start, sink)?;
            self.state.position.begun = true;
        }
        if self.state.position.step == 0 {
            self.begin()?;
        }
        self.reprice()?;
        let steps = self.horizon().expect("the experience has begun").steps;
        if self.state.position.step < steps {
            self.train(steps, sink)?;
        }
        // Repricing may have shortened the experience to what it has.
        let Position { step, .. } = self.state.position;
        let steps = self.horizon().expect("the experience has begun").steps;
        if self.state.diverged.is_some() {
            return Ok(());
        }
        if step >= steps {
            self.end(sink)?;
        } else if self.setup.config.eval.is_due(step) {
            self.evaluate(At::Step, sink)?;
        }
        Ok(())
    }

    /// Everything of the first experience but training: hooks, throw-away steps, one deployment and one answer.
    pub fn rehearse(&mut self) -> Result<Horizon> {
        self.restock();
        self.begin()?;
        let predictor = self.predictor()?;
        let Setup { config, stream, .. } = self.setup;
        let meter = Meter::default();
        let scope = config.head.test.scope(0, 0);
        let preference = self.examiner(At::End, &meter).preferences().first().cloned();
        let ask = Ask { preference, ..Ask::new(scope, &self.setup.net.heads, Draws::of(self.seed), &meter) };
        let batch = Feed::new(stream, 0, config.head.train).batch(&[0], &self.device);
        predictor.scores(batch.inputs, &ask);
        self.check_extent(predictor.samples())?;
        Ok(self.horizon().expect("the experience has begun").clone())
    }

    /// Starts an experience: hooks, then its price and its steps.
    fn begin(&mut self) -> Result<()> {
        if self.setup.optim.reset {
            self.state.optim = self.fresh.clone();
        }
        self.hooks(Phase::TaskStart, |cx, parts| {
            cx.carrier.task_start(cx)?;
            parts.iter_mut().try_for_each(|(_, part)| part.task_start(cx))
        })?;
        let reserve = self.reserve()?;
        if self.state.reference == 0 {
            let started = Instant::now();
            let (reference, spent) = self.reference();
            self.state.reference = reference;
            self.charge(Phase::Probe, spent, started);
        }
        let (price, peak) = self.probe(2)?;
        self.state.peaks.push(peak);
        let footprint = self.footprint();
        self.state.ledger.weigh(self.state.position.experience, footprint);
        self.state.reserve = footprint.weigh_reserve(reserve);
        self.state.price = Spent { maf: footprint.weigh(price.flops), ..price };
        let horizon = self.offer().horizon(self.state.price).with_context(|| self.place())?;
        let networks = self.stack.carrier.parts(&self.state.weights.theta).len() as u64;
        self.state.horizons.push(Horizon { networks, ..horizon });
        Ok(())
    }

    /// What the end of the experience will need; what is done to find it out is recorded.
    fn reserve(&mut self) -> Result<Spent> {
        let (survey, started, meter) = (come_back::surveys(self.setup), Instant::now(), Meter::default());
        let (cx, parts) = self.split(0, 0.0, &meter);
        let mut reserve = cx.carrier.reserve(&cx)?;
        for (_, part) in parts.iter() {
            reserve += part.reserve(&cx)?;
        }
        if let Some(keep) = survey {
            reserve += cx.survey_price(keep)?;
        }
        meter.count(cx.pricing.take());
        self.charge(Phase::Probe, meter.take(), started);
        Ok(reserve)
    }

    /// Near a cap, finds out what the next step really costs, and shortens the experience if it has grown dearer.
    fn reprice(&mut self) -> Result<()> {
        const NEAR: u64 = 4;
        if self.offer().is_near(self.state.price, NEAR) && self.state.position.step > 0 {
            let (price, peak) = self.probe(1)?;
            let known = self.state.peaks.last_mut().expect("the experience has begun");
            *known = peak.max(*known);
            let maf = self.footprint().weigh(price.flops.max(self.state.price.flops));
            self.state.price = Spent { maf, ..self.state.price.max(price) };
            self.state.reserve = self.footprint().weigh_reserve(self.state.reserve);
        }
        let horizon = self.offer().horizon(self.state.price).with_context(|| self.place())?;
        let current = self.state.horizons.last_mut().expect("the experience has begun");
        if horizon.steps < current.steps {
            *current = Horizon { networks: current.networks, ..horizon };
        }
        Ok(())
    }

    /// What decides the steps of the experience in progress.
    fn offer(&self) -> Offer<'a> {
        let Setup { config, stream, .. } = self.setup;
        let Position { experience, step, .. } = self.state.position;
        let spans: Vec<u64> = stream.experiences.iter().map(|experience| experience.span as u64).collect();
        let mut reserve = self.state.reserve;
        let due = self.state.optim.due(&self.state.weights.theta);
        reserve.flops += due;
        reserve.maf = reserve.maf.saturating_add(self.footprint().weigh(due));
        Offer {
            train: &config.train,
            span: spans[experience],
            epoch: self.plan().epoch(),
            share: config.budget.share(&self.state.ledger, &spans, experience),
            charged: self.state.ledger.charged(Some(experience)),
            reserve,
            done: step,
        }
    }

    /// Ends an experience: hooks, evaluation, and the check that nothing was overrun.
    fn end(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if !self.state.weights.theta.is_finite() {
            self.state.diverged = Some(format!("a weight is not a finite number at the end of {}", self.place()));
            return Ok(());
        }
        self.end_task()?;
        self.evaluate(At::End, sink)?;
        if self.state.diverged.is_some() {
            return Ok(());
        }
        let states = self.states()?;
        self.state.state_bytes.push(states);
        self.offer().settle().with_context(|| self.place())?;
        self.state.position.experience += 1;
        self.state.position.step = 0;
        Ok(())
    }

    /// Hooks after the last step, and the buffer.
    fn end_task(&mut self) -> Result<()> {
        self.hooks(Phase::TaskEnd, |cx, parts| {
            cx.carrier.task_end(cx)?;
            parts.iter_mut().try_for_each(|(_, part)| part.task_end(cx))
        })?;
        self.fill_buffer()
    }

    /// Bytes of what is held beside a plain network's weights.
    fn states(&self) -> Result<u64> {
        let parts: usize = self.stack.save()?.iter().map(Vec::len).sum();
        let beside = 4 * self.state.weights.elements().saturating_sub(self.plain);
        Ok((parts + beside + self.buffer_bytes()) as u64)
    }

    /// Bytes of what the buffer stands for: one for each pixel, four for each feature.
    fn buffer_bytes(&self) -> usize {
        self.state.buffer.as_ref().map_or(0, Memory::len) * self.setup.stream.input_bytes()
    }

    fn place(&self) -> String {
        format!("experience {}", self.state.position.experience + 1)
    }

    /// Calls hooks and charges what they do to `phase`.
    fn hooks(&mut self, phase: Phase, call: impl FnOnce(&mut Ctx, &mut [Part]) -> Result<()>) -> Result<()> {
        let (meter, started) = (Meter::default(), Instant::now());
        let step = self.state.position.step;
        let (mut cx, parts) = self.split(step, 0.0, &meter);
        call(&mut cx, parts)?;
        cx.optim.keep_to(&cx.weights.theta);
        let pricing = cx.pricing.take();
        self.charge(phase, meter.take(), started);
        self.charge(Phase::Probe, pricing, Instant::now());
        Ok(())
    }

    /// What a step of the experience in progress holds at its peak; before one was tried, that of full fine-tuning.
    pub fn footprint(&self) -> Footprint {
        let State { peaks, reference, position, .. } = &self.state;
        Footprint { peak: peaks.get(position.experience).copied().unwrap_or(*reference), reference: *reference }
    }

    fn charge(&mut self, phase: Phase, spent: Spent, started: Instant) {
        let experience = self.state.position.experience;
        let spent = Spent { maf: self.footprint().weigh(spent.flops), ..spent };
        self.state.ledger.charge(experience, phase, spent);
        *self.state.seconds.entry((experience, phase)).or_default() += started.elapsed().as_secs_f64();
    }

    /// What hooks may use at `step`, and the contributions whose hooks they are.
    fn split(&mut self, step: u64, rate: f64, meter: &Meter) -> (Ctx<'_>, &mut [Part]) {
        let Setup { config, stream, optim, .. } = self.setup;
        let experience = self.state.position.experience;
        let Stack { carrier, contributions, .. } = &mut self.stack;
        let cx = Ctx {
            carrier: &**carrier,
            weights: &mut self.state.weights,
            optim: &mut self.state.optim,
            draws: Draws { seed: self.seed, experience: experience as u64, step },
            feed: Feed::new(stream, experience, config.head.train).with(&self.stock),
            experience,
            step,
            met: &self.met,
            rate,
            batch_size: config.train.batch,
            device: &self.device,
            clip: optim.clip,
            preferences: config.eval.preferences(),
            net: &self.setup.net,
            meter: meter.clone(),
            pricing: Meter::default(),
            logs: false,
            penalty: None,
            within: Within::default(),
        };
        (cx, contributions)
    }

    /// What is run.
    pub fn setup(&self) -> &'a Setup {
        self.setup
    }

    /// The methods, whose states change with the run.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }
}
