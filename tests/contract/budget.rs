//! A cap is never overrun, nearly used up, and known before the first step.

use anyhow::Result;
use burn::tensor::Device;
use clbench::{
    batch::Feed,
    budget::{Meter, Phase, Spent},
    catalogue::Settings,
    config::{Setup, Shelf},
    method::{Carrier, Contribution, Ctx, Make, Method, Plain, carrier, contribution},
    network::pass::{Mode, Pass},
    primitives::{draws::Draws, scope::Count},
    run::Run,
};
use serde::{Deserialize, Serialize};

use crate::support::{self, Heard, setup};

/// Every method, with what makes budgets hard: a Fisher at the end, steps that grow dearer, statistics to re-estimate,
/// adapters to fold or to carry along.
const STACKS: [&str; 20] = [
    "method=finetune",
    "method=joint",
    "method=ewc ewc.samples=60",
    "method=ewc ewc.fisher=\"true\" ewc.samples=20",
    "method=replay replay.capacity=80 replay.batch=32",
    "method=replay+ewc replay.capacity=2000 ewc.samples=60 ewc.fisher=batch",
    "method=ema net.batch_norm=true",
    "method=ewc+ema ewc.samples=60 net.batch_norm=true",
    "method=lora lora.rank=2 lora.per=task lora.end=fold",
    "method=lora+replay lora.rank=2 lora.per=task lora.end=keep",
    "method=time-all-unrolled net.batch_norm=true",
    "method=ema-merge ema-merge.rule=fisher ema-merge.samples=60",
    "method=time-ft-all time-ft-all.rule=regmean time-ft-all.samples=20",
    "method=paint paint.samples=20 paint.search=4",
    "method=paint+dora paint.samples=40 paint.search=4 dora.rank=2",
    "method=vcl+coreset coreset.size=10 coreset.steps=5",
    "method=ibcl ibcl.priors=[0.2,0.3]",
    "method=per-preference+gem gem.capacity=20 gem.rehearse=true eval.random_preferences=2",
    "method=gem gem.form=average gem.capacity=20",
    "method=hypernet hypernet.widths=[4] hypernet.chunk=100 stream.kind=task-incremental stream.tasks=3 \
     stream.classes_per_task=2 stream.partial=true",
];

/// What of all that was spent a cap is for.
type Read = fn(Spent) -> u64;

/// The unit, its cap, and how it is read. Thirty to a hundred steps of the dearest stack.
const CAPS: [(&str, &str, Read); 4] = [
    ("flops", "1e7", |spent| spent.flops),
    ("maf", "4e7", |spent| spent.maf),
    ("examples", "2000", |spent| spent.examples),
    ("steps", "40", |spent| spent.steps),
];

/// Runs to the end; what each experience was charged, what it could have been, and what bound it.
fn spent(setup: &Setup, unit: Read) -> (Vec<u64>, Vec<String>) {
    let mut run = Run::new(setup, 0, &support::shelf()).unwrap();
    run.finish(&mut Heard::default()).unwrap();
    assert_eq!(run.state.diverged, None);
    let experiences = setup.stream.experiences.len();
    let spent = (0..experiences).map(|at| unit(run.state.ledger.charged(Some(at)))).collect();
    (spent, run.state.horizons.iter().map(|horizon| horizon.bound_by.clone()).collect())
}

#[test]
fn a_cap_per_experience_is_never_overrun_and_nearly_used_up() {
    for stack in STACKS {
        for (name, cap, unit) in CAPS {
            let setup = setup(&format!("{stack} optim.rate=0.01 budget.{name}={cap}"));
            let cap = cap.parse::<f64>().unwrap() as u64;
            let (spent, bound_by) = spent(&setup, unit);
            for (spent, experience) in spent.iter().zip(&setup.stream.experiences) {
                let cap = cap * experience.span as u64;
                let used = *spent as f64 / cap as f64;
                assert!((0.9..=1.0).contains(&used), "{stack} used {used} of budget.{name}={cap}");
            }
            assert!(bound_by.iter().all(|by| *by == format!("budget.{name}")), "{stack}: {bound_by:?}");
        }
    }
}

#[test]
fn a_cap_per_stream_is_never_overrun_and_nearly_used_up() {
    for stack in STACKS {
        for (name, cap, unit) in CAPS {
            let cap = 3 * cap.parse::<f64>().unwrap() as u64;
            let setup = setup(&format!("{stack} optim.rate=0.01 budget.{name}={cap} budget.per=stream"));
            let (spent, _) = spent(&setup, unit);
            let used = spent.iter().sum::<u64>() as f64 / cap as f64;
            assert!((0.9..=1.0).contains(&used), "{stack} used {used} of budget.{name}={cap} per stream");
            // No experience eats what belongs to those that come.
            let shares = spent.iter().scan(cap, |left, spent| {
                *left -= spent;
                Some(*left)
            });
            let ahead = shares.zip((0..setup.stream.experiences.len()).rev());
            assert!(ahead.into_iter().all(|(left, ahead)| left >= cap / 3 * ahead as u64), "{stack}: {spent:?}");
        }
    }
}

#[test]
fn the_tightest_binds_and_is_named() {
    for (settings, steps, by) in [
        ("", 19, "epochs"),
        ("train.steps=7", 7, "steps"),
        ("train.steps=7 budget.steps=8", 7, "steps"),
        ("train.steps=9 budget.steps=8", 8, "budget.steps"),
        ("train.steps=9 budget.examples=100 budget.steps=8", 6, "budget.examples"),
        // A step: 64·24 twice (its input wants no gradient) and 24·6 three times, 16 examples, 2 operations each.
        ("train.steps=9 budget.examples=100 budget.flops=560639", 4, "budget.flops"),
        ("train.steps=9 budget.examples=100 budget.flops=560640", 5, "budget.flops"),
    ] {
        let trace = support::trace(settings);
        let horizon = &trace.horizons[0];
        assert_eq!((horizon.steps, horizon.bound_by.as_str()), (steps, by), "{settings}");
        assert_eq!(trace.heard.rows.iter().filter(|row| row.experience == 1).count() as u64, steps);
    }
}

/// So a schedule under a cap ends where it should: its curve is that of the steps that were really taken.
#[test]
fn the_horizon_is_known_before_the_first_step() {
    for stack in ["method=finetune", "method=ewc ewc.samples=60", "method=ewc+ema ewc.samples=60 net.batch_norm=true"] {
        let setup = setup(&format!("{stack} budget.flops=8e6 schedule.shape=cosine schedule.warmup=0.2"));
        let (mut run, mut heard) = (Run::new(&setup, 0, &support::shelf()).unwrap(), Heard::default());
        let rehearsed = Run::new(&setup, 0, &support::shelf()).unwrap().rehearse().unwrap();
        run.advance(&mut heard).unwrap();
        assert_eq!(*run.horizon().unwrap(), rehearsed, "{stack}");
        run.finish(&mut heard).unwrap();
        let steps = rehearsed.steps;
        let curve = (0..steps).map(|step| 0.1 * setup.config.schedule.factor(step, steps));
        assert!(heard.rows.iter().filter(|row| row.experience == 1).map(|row| row.rate).eq(curve), "{stack}");
    }
}

#[test]
fn a_cap_that_buys_not_one_step_is_refused() {
    let error = |settings: &str| {
        let setup = setup(settings);
        format!("{:#}", Run::new(&setup, 0, &support::shelf()).unwrap().rehearse().unwrap_err())
    };
    assert!(error("budget.flops=1000").contains("budget.flops buys not one step of the experience"));
    // A Fisher of 200 examples leaves nothing of what buys 50 steps.
    let said = error("method=ewc ewc.samples=250 budget.flops=1.2e6");
    assert!(said.contains("raise the cap") && said.contains("experience 1"), "{said}");
}

/// Takes forty gradients at the end of a task, and reserves them if it is honest.
#[derive(Serialize, Deserialize)]
struct Late(Config);

clbench::settings! {
    #[derive(Clone)]
    struct Config {
        /// Whether it reserves what it takes.
        honest: bool;
    }
}

impl Settings for Config {}

impl Late {
    fn work(cx: &Ctx) {
        (0..40).for_each(|at| drop(cx.gradient(&cx.batch(&[at]))));
    }
}

impl Contribution for Late {
    fn reserve(&self, cx: &Ctx) -> Result<Spent> {
        if self.0.honest {
            return cx.price_of(|| {
                Self::work(cx);
                Ok(())
            });
        }
        Ok(Spent::default())
    }
    fn task_end(&mut self, cx: &mut Ctx) -> Result<()> {
        Self::work(cx);
        Ok(())
    }
}

/// Shows so many examples more at every step from the tenth on.
#[derive(Serialize, Deserialize)]
struct Growing(Growth);

clbench::settings! {
    #[derive(Clone)]
    struct Growth {
        /// Examples more.
        more: usize;
    }
}

impl Settings for Growth {}

impl Contribution for Growing {
    fn after_step(&mut self, cx: &mut Ctx) -> Result<()> {
        if cx.step >= 10 {
            let all: Vec<usize> = (0..self.0.more).collect();
            cx.gradient(&cx.batch(&all));
        }
        Ok(())
    }
}

fn shelf() -> Shelf {
    let entry = |name, make| Method::new(name, Make::Contribution(make));
    let late = entry("late-work", |table| contribution(table, Late));
    support::shelf().methods([late, entry("growing", |table| contribution(table, Growing))])
}

/// A run of steps that show 16 examples, and from the tenth on `more`.
fn growing(more: usize, cap: u64) -> Result<Vec<u64>> {
    let settings = format!("method=growing growing.more={more} budget.examples={cap}");
    let setup = support::try_setup(&shelf(), &settings).unwrap();
    let mut run = Run::new(&setup, 0, &shelf()).unwrap();
    run.finish(&mut Heard::default())?;
    Ok(run.state.horizons.iter().map(|horizon| horizon.steps).collect())
}

/// Wherever the cap lies around the step at which they do, though no step before it told: up to four times as dear.
#[test]
fn steps_that_suddenly_grow_dearer_do_not_overrun() {
    for (cap, steps) in [(159, 9), (160, 10), (223, 10), (224, 11), (250, 11), (288, 12)] {
        assert_eq!(growing(48, cap).unwrap(), [steps; 3], "{cap}");
    }
}

/// Near a cap only the next few steps of the old price are priced anew, so what jumps further can overrun it; it
/// fails then, and no number comes of it.
#[test]
fn steps_that_jump_further_fail_rather_than_overrun() {
    assert_eq!(growing(64, 240).unwrap(), [11; 3]);
    assert!(format!("{:#}", growing(64, 239).unwrap_err()).contains("spent 240 of a budget.examples of 239"));
}

#[test]
fn a_method_that_reserves_too_little_fails() {
    for (unit, cap) in [("flops", "2e6"), ("examples", "300")] {
        let run = |honest: bool| {
            let settings = format!("method=late-work late-work.honest={honest} budget.{unit}={cap}");
            let setup = support::try_setup(&shelf(), &settings).unwrap();
            Run::new(&setup, 0, &shelf()).unwrap().finish(&mut Heard::default())
        };
        run(true).unwrap();
        let error = format!("{:#}", run(false).unwrap_err());
        assert!(error.contains("a method reserved less than it used") && error.contains("experience 1"), "{error}");
        assert!(error.contains(&format!("budget.{unit}")), "{error}");
    }
}

/// What a hook's probe does is thrown away: the work is recorded under its own phase and charged to nobody.
#[test]
fn finding_out_a_price_is_not_charged() {
    let trace = support::trace("method=replay+ewc replay.capacity=40 ewc.samples=20");
    assert!(trace.ledger.on(Phase::Probe).steps >= 2 * 3 && !Phase::Probe.is_charged());
    let steps: u64 = trace.horizons.iter().map(|horizon| horizon.steps).sum();
    assert_eq!((trace.ledger.charged(None).steps, trace.ledger.on(Phase::Train).steps), (steps, steps));
}

/// The projections of `galore`, which few steps need, are kept back and no part of what a step costs.
#[test]
fn rare_work_of_an_optimizer_does_not_starve_it() {
    let of = |rule: &str| {
        let trace = support::trace(&format!(
            "method=finetune optim.rate=0.001 optim.rule={rule} train.epochs=40 budget.flops=2e7"
        ));
        let steps: u64 = trace.horizons.iter().map(|horizon| horizon.steps).sum();
        assert!(trace.horizons.iter().all(|horizon| horizon.bound_by == "budget.flops"), "{:?}", trace.horizons);
        steps
    };
    let (galore, adamw) = (of("galore optim.rank=2"), of("adamw"));
    assert!(2 * galore > adamw && galore < adamw, "{galore} of {adamw}");
}

/// Work of all passes that went through [`Counted`].
mod counted {
    use std::cell::Cell;

    use burn::tensor::{Device, Tensor};
    use clbench::{
        batch::Batch,
        budget::Meter,
        method::{Carrier, Fit, Plain},
        network::{
            pass::{Pass, Weights},
            predictor::{Ask, Predictor},
        },
        primitives::draws::Draws,
    };

    thread_local! {
        static DONE: Cell<u64> = const { Cell::new(0) };
    }

    /// Operations so far, leaving none.
    pub fn done() -> u64 {
        DONE.take()
    }

    fn noted<T>(meter: &Meter, work: impl FnOnce() -> T) -> T {
        let before = meter.read().flops;
        let made = work();
        DONE.set(DONE.get() + meter.read().flops - before);
        made
    }

    /// The plain carrier.
    pub struct Counted(pub Plain);

    impl Carrier for Counted {
        fn init(&self, draws: &Draws, device: &Device) -> Weights {
            self.0.init(draws, device)
        }
        fn loss(&self, pass: &mut Pass, batch: &Batch) -> Fit {
            let meter = pass.meter().clone();
            noted(&meter, || self.0.loss(pass, batch))
        }
        fn predictor(&self, weights: &Weights) -> Box<dyn Predictor> {
            Box::new(Answers(self.0.predictor(weights)))
        }
    }

    struct Answers(Box<dyn Predictor>);

    impl Predictor for Answers {
        fn scores(&self, inputs: Tensor<4>, ask: &Ask) -> Tensor<2> {
            noted(&ask.meter, || self.0.scores(inputs, ask))
        }
        fn features(&self, inputs: Tensor<4>, ask: &Ask) -> Option<Tensor<2>> {
            noted(&ask.meter, || self.0.features(inputs, ask))
        }
    }
}

/// A step of full fine-tuning, which memory is relative to, is taken once by the harness itself.
fn reference(setup: &Setup) -> u64 {
    let plain = Plain(setup.net.clone());
    let (weights, meter) = (plain.init(&Draws::of(0), &Device::flex()), Meter::default());
    let batch = Feed::new(&setup.stream, 0, Count::All).batch(&[0; 16], &Device::flex());
    plain.loss(&mut Pass::tracked(&weights, Mode::Train(Draws::of(0)), &meter), &batch);
    meter.read().flops
}

/// Steps, hooks, prices, answers: whatever pass is run stands in the ledger, once.
#[test]
fn the_ledger_sums_up_to_all_passes_that_were_run() {
    clbench::settings! {
        struct Nothing {}
    }
    impl Settings for Nothing {}
    let make = Make::Carrier(|table, net| carrier(table, net, |Nothing {}, net| Ok(counted::Counted(Plain(net)))));
    let shelf = || support::shelf().methods([Method::new("counted", make)]);
    for stack in [
        "counted",
        "counted+ewc ewc.samples=30",
        "counted+ewc ewc.fisher=\"true\" ewc.samples=10 budget.flops=2e7",
        "counted+replay+ewc replay.keep=herding replay.capacity=40 ewc.samples=30 ewc.fisher=batch",
        "counted+ema net.batch_norm=true",
        "counted+coreset coreset.size=10 coreset.steps=5",
        "counted+gem gem.capacity=20 budget.maf=2e7",
        "counted+ema-merge ema-merge.rule=fisher ema-merge.samples=40 net.batch_norm=true",
        "counted+paint paint.samples=20 paint.search=4",
        "counted mixture.update=0.5 mixture.buffer=0.5 buffer.capacity=50 buffer.keep=loss",
    ] {
        let setup = support::try_setup(&shelf(), &format!("method={stack} eval.every=7")).unwrap();
        let mut run = Run::new(&setup, 0, &shelf()).unwrap();
        counted::done();
        run.finish(&mut Heard::default()).unwrap();
        let recorded: u64 = run.state.ledger.iter().map(|(_, _, spent)| spent.flops).sum();
        assert_eq!(recorded, counted::done() + reference(&setup), "{stack}");
        assert!(run.state.ledger.on(Phase::Probe).flops > reference(&setup), "{stack}");
    }
}

/// An example that is asked about each of ten labels is one example, whatever that costs.
#[test]
fn an_example_counts_once_however_many_labels_it_is_asked_about() {
    let end = |fisher: &str| {
        let trace = support::trace(&format!("method=ewc ewc.samples=20 ewc.fisher=\"{fisher}\""));
        let spent = trace.ledger.iter().find(|(of, phase, _)| (*of, *phase) == (0, Phase::TaskEnd)).unwrap().2;
        (spent.examples, spent.flops)
    };
    let [exact, sampled, empirical, batch] = ["true", "sampled", "empirical", "batch"].map(end);
    assert_eq!([exact.0, sampled.0, empirical.0, batch.0], [20; 4]);
    // A forward pass for the probabilities, then one for each of six labels with its backward pass. Forward it is 64·24
    // + 24·6 multiply-adds, for gradients 64·24 + 2·24·6.
    let (forward, backward) = (2 * (64 * 24 + 24 * 6), 2 * (64 * 24 + 2 * 24 * 6));
    assert_eq!(exact.1, 20 * (forward + 6 * (forward + backward)));
    assert_eq!(empirical.1, 20 * (forward + backward));
}
