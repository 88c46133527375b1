//! What comes back: mixtures of new, buffered and pretraining examples, and what an environment chooses on the way.

use std::sync::Arc;

use anyhow::Result;
use burn::tensor::Tensor;
use clbench::{
    batch::Batch,
    budget::{Phase, Spent},
    catalogue::{Settings, part},
    config::{Setup, Shelf},
    method::{Contribution, Ctx, Fit, Make, Method, contribution},
    network::pass::Pass,
    primitives::draws::Draws,
    run::Run,
    stream::{Course, Environment, Experience, Ground, Outcome, Policy, Revisit, Scratch, Task, World},
};
use serde::{Deserialize, Serialize};

use crate::{
    spy,
    support::{self, Heard, Trace, setup},
};

clbench::settings! {
    /// Half as many come back as are new; the arm whose examples cost most, and of the others a tenth.
    struct Picky {}
}

impl Settings for Picky {}

impl Revisit for Picky {
    fn revisit(&self, mut base: Vec<Experience>, _: &[Task], _: &Ground) -> Result<World> {
        base.iter_mut().skip(1).for_each(|experience| experience.chosen = experience.len() / 2);
        Ok(World { experiences: base, policy: Some(Arc::new(|| Box::new(Dearest::default()))) })
    }
}

/// Remembers what each arm's examples cost, and all that it was told.
#[derive(Default, Serialize, Deserialize)]
struct Dearest {
    cost: Vec<f64>,
    told: Vec<(usize, usize, f64, bool)>,
    chosen: usize,
}

impl Policy for Dearest {
    fn choose(&mut self, arms: &[usize], count: usize, draws: &Draws) -> Vec<(usize, usize)> {
        self.cost.resize(arms.len(), f64::INFINITY);
        let best = (0..arms.len()).max_by(|a, b| self.cost[*a].total_cmp(&self.cost[*b])).unwrap();
        self.chosen += count;
        let order = draws.order("picky", 0, arms[best]);
        (0..count).map(|at| (best, order[at % order.len()])).collect()
    }
    fn learn(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            self.cost[outcome.arm] = outcome.loss;
            self.told.push((outcome.arm, outcome.place, outcome.loss, outcome.hit));
            assert!((outcome.confidence - (-outcome.loss).exp()).abs() < 1e-12);
        }
    }
    fn shares(&self, arms: &[usize]) -> Vec<f64> {
        vec![1.0 / arms.len() as f64; arms.len()]
    }
}

/// What the spies are on, and the environment `picky`.
pub fn shelf() -> Shelf {
    spy::shelf().environments([Environment {
        name: "picky",
        about: "the dearest comes back",
        citation: "",
        settings: Picky::SETTINGS,
        make: |table| part(table, |picky: Picky| Box::new(picky) as Box<dyn Revisit>),
    }])
}

/// Whether each choice of `picky` was told to be right.
pub fn told(run: &Run) -> Vec<bool> {
    let policy: Dearest = rmp_serde::from_slice(&run.state.policy.as_ref().unwrap().save().unwrap()).unwrap();
    policy.told.into_iter().map(|(.., hit)| hit).collect()
}

fn picky(settings: &str) -> Setup {
    support::try_setup(&shelf(), &format!("stream.environment=picky train.epochs=2 {settings}")).unwrap()
}

#[test]
fn a_policy_is_told_what_became_of_its_choices_and_of_nothing_else() {
    let setup = picky("");
    let (run, _) = support::up_to(&setup, 0, 3, &shelf());
    let policy: Dearest = rmp_serde::from_slice(&run.state.policy.as_ref().unwrap().save().unwrap()).unwrap();
    let back: usize = setup.stream.experiences.iter().map(|experience| 2 * experience.chosen).sum();
    // Throw-away steps leave no trace.
    assert_eq!((policy.chosen, policy.told.len()), (back, back));
    let rehearsed: u64 = run.state.ledger.iter().map(|(_, _, spent)| spent.rehearsed).sum();
    let probed = run.state.ledger.on(Phase::Probe).rehearsed;
    assert_eq!(rehearsed - probed, back as u64);
    for (arm, place, ..) in &policy.told {
        assert!(*place < setup.stream.experiences[*arm].len());
    }
}

#[test]
fn the_first_choice_is_told_with_the_loss_of_the_weights_before_the_step() {
    let setup = picky("net.dropout=0");
    let (mut run, _) = support::up_to(&setup, 0, 1, &shelf());
    let predictor = run.predictor().unwrap();
    run.advance(&mut Heard::default()).unwrap();
    let policy: Dearest = rmp_serde::from_slice(&run.state.policy.as_ref().unwrap().save().unwrap()).unwrap();
    assert!(!policy.told.is_empty());
    // Arm 0 is the first experience, whose examples the predictor can be asked about by their own numbers.
    let scores =
        support::scores(&*predictor, &setup, clbench::primitives::scope::Scope::All, setup.stream.experiences[0].len());
    let feed = clbench::batch::Feed::new(&setup.stream, 0, setup.config.head.train);
    for (arm, place, loss, hit) in policy.told {
        assert_eq!(arm, 0);
        let row: Vec<f64> = scores[place].iter().map(|score| f64::from(*score)).collect();
        let label = feed.label(place);
        let sum: f64 = row.iter().map(|score| score.exp()).sum();
        assert!((loss - (sum.ln() - row[label])).abs() < 1e-4, "{loss}");
        assert_eq!(hit, row.iter().enumerate().all(|(at, score)| at == label || *score < row[label]));
    }
}

#[test]
fn a_run_with_a_policy_resumes_bit_for_bit() {
    for settings in ["", "method=replay+ema replay.capacity=40", "method=ewc ewc.samples=20 budget.examples=400"] {
        let (setup, shelf) = (picky(settings), shelf());
        let straight = support::straight(&setup, 0, &shelf);
        let (mut run, mut heard) = (Run::new(&setup, 0, &shelf).unwrap(), Heard::default());
        while !run.is_over() {
            if run.state.position.total % 7 == 3 {
                let saved = run.save().unwrap();
                run = Run::resume(&setup, 0, &shelf, &saved).unwrap();
            }
            run.advance(&mut heard).unwrap();
        }
        assert_eq!(Trace::of(&run, heard).differences(&straight), Vec::<&str>::new(), "{settings}");
    }
}

/// What a policy chose is a stream: run again without the policy it gives the same bits, with other methods too.
#[test]
fn what_was_realised_can_be_run_again_to_the_same_bits() {
    for method in ["finetune", "replay", "ewc"] {
        let settings = format!("method={method}");
        let (setup, shelf) = (picky(&settings), shelf());
        let (mut run, mut heard) = (Run::new(&setup, 0, &shelf).unwrap(), Heard::default());
        run.finish(&mut heard).unwrap();
        let mut again = picky(&settings);
        again.stream.experiences = run.realised().unwrap();
        again.stream.policy = None;
        again.config.train.epochs = Some(1);
        let recorded =
            |experience: &Experience| matches!(&experience.course, Course::Recorded { steps, .. } if !steps.is_empty());
        assert!(again.stream.experiences.iter().all(recorded));
        let again = support::straight(&again, 0, &shelf);
        let first = Trace::of(&run, heard);
        assert_eq!(first.trained(&again), Vec::<&str>::new(), "{method}");
        assert_eq!(first.heard.records, again.heard.records, "{method}");
        let train = |trace: &Trace| trace.ledger.on(Phase::Train);
        assert_eq!(train(&first), train(&again), "{method}");
    }
}

#[test]
fn a_policy_needs_no_room_in_a_joint_run() {
    let setup = picky("method=joint");
    assert!(setup.stream.policy.is_none() && setup.stream.experiences.len() == 1);
    assert_eq!(setup.stream.hash, picky("").stream.hash);
}

/// Batches of a run by experience, as the spy sees them; throw-away steps are left out.
fn batches(setup: &Setup) -> Vec<Vec<Vec<usize>>> {
    spy::seen();
    support::straight(setup, 0, &spy::shelf());
    let mut batches = vec![Vec::new(); setup.stream.experiences.len()];
    for seen in spy::seen() {
        let of: &mut Vec<_> = &mut batches[seen.experience];
        // A step that was thrown away is taken again.
        of.truncate(seen.step as usize);
        of.push(seen.indices);
    }
    batches
}

fn spied(settings: &str) -> Setup {
    support::try_setup(&spy::shelf(), &format!("method=early {settings}")).unwrap()
}

const MIXED: &str = "mixture.update=0.5 mixture.buffer=0.5";

#[test]
fn a_mixture_shows_what_came_before_and_counts_it_as_replayed() {
    let setup = spied(&format!("{MIXED} train.batch=10 train.steps=20"));
    let batches = batches(&setup);
    let sizes: Vec<usize> = setup.stream.experiences.iter().map(Experience::len).collect();
    for (at, of) in batches.iter().enumerate() {
        let before: usize = sizes[..at].iter().sum();
        for batch in of {
            assert_eq!(batch.len(), 10);
            let new = batch.iter().filter(|index| **index < sizes[at]).count();
            assert_eq!(new, if at == 0 { 10 } else { 5 });
            assert!(batch.iter().all(|index| *index < sizes[at] + before));
        }
    }
    let trace = support::straight(&setup, 0, &spy::shelf());
    let spent = |at: usize| trace.ledger.iter().filter(move |(of, phase, _)| *of == at && *phase == Phase::Train);
    for at in 0..3 {
        let sum: u64 = spent(at).map(|(_, _, spent)| spent.replayed).sum();
        assert_eq!(sum, if at == 0 { 0 } else { 100 });
    }
}

#[test]
fn an_epoch_of_a_mixture_shows_each_new_example_at_least_once() {
    let setup = spied(&format!("{MIXED} train.batch=10"));
    for (at, of) in batches(&setup).iter().enumerate() {
        let len = setup.stream.experiences[at].len();
        assert_eq!(of.len(), len.div_ceil(if at == 0 { 10 } else { 5 }));
        let mut new: Vec<usize> = of.concat().into_iter().filter(|index| *index < len).collect();
        new.sort_unstable();
        new.dedup();
        assert_eq!(new.len(), len);
    }
}

#[test]
fn a_bounded_buffer_is_charged_for_its_choice_and_its_room() {
    let bytes = 64;
    for keep in ["reservoir", "ring", "class-balanced", "herding", "loss"] {
        let settings = format!("{MIXED} buffer.keep={keep} buffer.capacity=24 budget.examples=400");
        let setup = setup(&settings);
        let (run, _) = support::up_to(&setup, 0, 3, &support::shelf());
        let buffer = run.state.buffer.as_ref().unwrap();
        assert!((20..=24).contains(&buffer.len()), "{keep}: {}", buffer.len());
        let tasks: std::collections::BTreeSet<u32> = buffer.held().map(|(task, _)| *task).collect();
        // What was learned well costs nothing, so that a memory by losses may forget it.
        assert!(tasks.len() == 3 || keep == "loss", "{keep}");
        assert!(run.state.state_bytes.iter().all(|held| *held <= 24 * bytes), "{keep}");
        let look = run.state.ledger.on(Phase::TaskEnd);
        let looked = matches!(keep, "herding" | "loss");
        assert_eq!(look.examples > 0 && look.flops > 0, looked, "{keep}: {look:?}");
        for at in 0..3 {
            assert!(run.state.ledger.charged(Some(at)).examples <= 400, "{keep}");
        }
    }
}

#[test]
fn a_mixture_resumes_bit_for_bit() {
    let shelf = support::shelf();
    for settings in ["", "buffer.keep=reservoir buffer.capacity=30", "buffer.keep=herding buffer.bytes=2000"] {
        let setup = setup(&format!("{MIXED} train.steps=12 {settings}"));
        let straight = support::straight(&setup, 0, &shelf);
        let (mut run, mut heard) = (Run::new(&setup, 0, &shelf).unwrap(), Heard::default());
        while !run.is_over() {
            let saved = run.save().unwrap();
            run = Run::resume(&setup, 0, &shelf, &saved).unwrap();
            run.advance(&mut heard).unwrap();
        }
        assert_eq!(Trace::of(&run, heard).differences(&straight), Vec::<&str>::new(), "{settings}");
    }
}

#[test]
fn a_pretraining_pool_has_classes_of_its_own_and_is_shown_from_the_beginning() {
    let mixed = "mixture.update=0.34 mixture.buffer=0.33 mixture.pretraining=0.33 train.batch=50 train.steps=4";
    let setup = spied(&format!("stream.pool=fashion-mnist-small {mixed}"));
    let stream = &setup.stream;
    // 2 of digits' ten classes in each of three tasks, and the ten of the pool after them.
    assert_eq!((stream.classes.len(), stream.tasks.len(), stream.input), (16, 3, [1, 28, 28]));
    assert_eq!(stream.classes[6], "fashion-mnist-small+++T-shirt/top");
    assert!(stream.task(3).train.len() == 8000 && stream.task(3).classes == (6..16).collect::<Vec<_>>());
    let batches = batches(&setup);
    let first: Vec<usize> = batches[0][0].clone();
    let new = first.iter().filter(|index| **index < stream.experiences[0].len()).count();
    // 17, 16 and 16 of 50, one left over to the pool; of the buffer's 16 each of the two gets eight.
    assert_eq!((first.len(), new), (50, 25));
    let setup = support::refusal(&support::shelf(), "stream.pool=fashion-mnist-small");
    assert!(setup.contains("never used"), "{setup}");
}

#[test]
fn replay_is_offered_what_is_new_and_no_more() {
    let setup = setup(&format!("method=replay replay.capacity=100000 {MIXED} train.batch=10 train.epochs=2"));
    let (run, _) = support::up_to(&setup, 0, 3, &support::shelf());
    let (_, memory): (
        clbench_methods::replay::replay::Config,
        Option<clbench::batch::memory::Memory<clbench::batch::Example>>,
    ) = support::state(&run, "replay");
    let new: usize = setup.stream.experiences.iter().map(Experience::len).sum();
    // In a mixture the last step of an epoch runs on into the next order: what it meets again is not offered again.
    let memory = memory.unwrap();
    let held: std::collections::BTreeSet<&[u8]> = memory.held().map(|example| &example.pixels[..]).collect();
    assert_eq!((memory.len(), held.len()), (new, new));
}

#[test]
fn contradictions_between_mixture_and_stream_are_refused() {
    let refused = |settings: &str| support::refusal(&shelf(), settings);
    assert!(
        refused(&format!("stream.environment=picky {MIXED}")).contains("[mixture] does not go with stream.environment")
    );
    assert!(refused("mixture.update=0.5").contains("sum to 0.5"));
    assert!(refused("buffer.capacity=10").contains("never used"));
    assert!(refused(&format!("{MIXED} buffer.keep=ring buffer.capacity=3")).contains("each of 6 classes"));
}

#[test]
fn switched_off_a_mixture_is_what_it_was() {
    let plain = support::trace("");
    assert_eq!(plain.differences(&support::trace("mixture.update=1.0")), Vec::<&str>::new());
    let spent = |spent: Spent| (spent.replayed, spent.rehearsed);
    assert!(plain.ledger.iter().all(|(_, _, of)| spent(of) == (0, 0)));
}

/// Asks for inputs without labels at each step, and remembers how many came.
#[derive(Serialize, Deserialize)]
struct Asker {
    count: usize,
    came: Vec<usize>,
    sums: Vec<f32>,
}

clbench::settings! {
    struct Count {
        /// How many are asked for.
        count: usize = 0;
    }
}

impl Settings for Count {}

impl Contribution for Asker {
    fn loss(&mut self, cx: &mut Ctx, _: &mut Pass, _: &Batch, _: &Fit) -> Result<Option<Tensor<1>>> {
        if let Some(inputs) = cx.unlabelled(self.count) {
            let [rows, ..] = inputs.dims();
            let inputs: Vec<f32> = inputs.into_data().try_to_vec_as()?;
            self.came.push(rows);
            self.sums.extend(inputs.chunks(inputs.len() / rows).map(|input| input.iter().sum::<f32>()));
        }
        Ok(None)
    }
}

#[test]
fn inputs_without_labels_come_when_asked_for_and_are_counted() {
    let make = |table| contribution(table, |Count { count }| Asker { count, came: Vec::new(), sums: Vec::new() });
    let asker = Method::new("asker", Make::Contribution(make));
    let shelf = support::shelf().methods([asker]);
    let settings = "method=asker stream.partially-labelled.share=0.25 stream.tasks=1 train.steps=5";
    let setup = |count: usize| support::try_setup(&shelf, &format!("{settings} asker.count={count}")).unwrap();
    let (with, without) = (setup(6), setup(0));
    let task = &with.stream.tasks[0];
    assert!(task.unlabelled.len() > 2 * task.train.len(), "a quarter of the labels is told");
    let (run, _) = support::up_to(&with, 0, 1, &shelf);
    let asker: Asker = support::state(&run, "asker");
    assert_eq!(asker.came, [6; 5]);
    // They are the task's own, scaled as all inputs are, and other ones at each step.
    let (factor, summand) = with.stream.scaling[0];
    let sum = |place: usize| {
        let pixels = task.unlabelled.pixels(place, &mut Scratch::default(), <[u8]>::to_vec);
        pixels.iter().map(|byte| f32::from(*byte) * factor + summand).sum::<f32>()
    };
    let known: Vec<f32> = (0..task.unlabelled.len()).map(sum).collect();
    assert!(asker.sums.iter().all(|sum| known.iter().any(|known| (sum - known).abs() < 1e-3)));
    assert_ne!(asker.sums[..6], asker.sums[6..12]);
    let examples = |setup: &Setup| {
        let (run, _) = support::up_to(setup, 0, 1, &shelf);
        run.state.ledger.on(Phase::Train).examples
    };
    assert_eq!(examples(&with) - examples(&without), 30);
}
