//! Memories in runs: what a look at an experience sees, which stacks can have one, and what features take.

use std::{collections::BTreeSet, panic, sync::atomic::AtomicUsize, sync::atomic::Ordering, thread};

use anyhow::Result;
use clbench::{
    batch::{
        Example,
        memory::{Keep, Memory},
    },
    budget::Spent,
    catalogue::{Declared, Ranged, Setting, Settings},
    config::{Asked, Setup, Shelf, resolve},
    method::{Contribution, Ctx, Make, Method, contribution},
    run::Run,
    stream::Scratch,
};
use serde::{Deserialize, Serialize};

use crate::{
    host::{self, Head, LINEAR},
    support::{self, setup},
};

/// Looks at each experience when it ends, and remembers what that was foretold to cost and did.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Looker {
    keep: Keep,
    losses: Vec<Vec<(usize, f64)>>,
    widths: Vec<usize>,
    prices: Vec<Spent>,
    costs: Vec<Spent>,
}

impl Default for Looker {
    fn default() -> Self {
        Self { keep: Keep::Loss, losses: Vec::new(), widths: Vec::new(), prices: Vec::new(), costs: Vec::new() }
    }
}

// What it remembers is written with its one setting.
impl Declared for Looker {
    const SETTINGS: &'static [Setting] = &[Setting::new("keep", "Which examples are kept.", Keep::RANGE)];
}

impl Settings for Looker {}

impl Contribution for Looker {
    fn task_end(&mut self, cx: &mut Ctx) -> Result<()> {
        self.prices.push(cx.survey_price(self.keep)?);
        let before = cx.meter().read();
        let seen = cx.survey(self.keep)?;
        let after = cx.meter().read();
        let (flops, examples) = (after.flops - before.flops, after.examples - before.examples);
        self.costs.push(Spent { flops, examples, ..Spent::default() });
        self.widths.extend(seen.iter().map(|(_, seen)| seen.features.len()));
        self.losses.push(seen.into_iter().map(|(index, seen)| (index, seen.loss)).collect());
        Ok(())
    }
}

fn shelf() -> Shelf {
    let make = |table| contribution(table, |looker: Looker| looker);
    support::shelf().methods([Method::new("looker", Make::Contribution(make))])
}

fn looked(settings: &str) -> (Setup, Vec<Looker>, clbench::primitives::theta::Theta) {
    let (shelf, settings) = (shelf(), settings.to_owned());
    let setup = support::try_setup(&shelf, &settings).unwrap_or_else(|error| panic!("{settings}: {error:#}"));
    let (run, _) = support::up_to(&setup, 0, 1, &shelf);
    let (looker, theta) = (support::state(&run, "looker"), run.state.weights.theta.clone());
    drop(run);
    (setup, vec![looker], theta)
}

const TOLD: &str = "stream.kind=task-incremental stream.tasks=3 stream.classes_per_task=2 stream.partial=true";

/// By hand, with weights as the experience left them: of classes that do not count none has a share in the loss.
#[test]
fn a_look_at_an_experience_goes_by_the_classes_that_count_in_training() {
    for (scope, own) in [
        ("", "all"),
        ("head.train=\"seen\"", "own"),
        ("head.train=\"task\" head.test=\"task\"", "own"),
        (TOLD, "heads"),
        // Several tasks at once, each among its own classes.
        ("head.train=\"task\" head.test=\"task\" method=joint+looker", "own"),
        (format!("{TOLD} method=joint+looker").as_str(), "heads"),
    ] {
        let method = if scope.contains("joint") { "" } else { "method=looker" };
        let (setup, lookers, theta) = looked(&format!("{LINEAR} {method} {scope}"));
        let losses = &lookers[0].losses[0];
        let feed = clbench::batch::Feed::new(&setup.stream, 0, setup.config.head.train);
        assert!(losses.iter().map(|(index, _)| *index).eq(0..feed.len()), "{scope}");
        let mut expected = Vec::new();
        for (index, _) in losses {
            let example = feed.example(*index);
            let (x, label) = host::input(&setup, &example);
            let first = if own == "all" { 0 } else { 2 * example.task };
            let logits = match own {
                "heads" => Head::of(&theta, &format!("head.{}", example.task)).logits(&x),
                "all" => Head::of(&theta, "head").logits(&x),
                _ => Head::of(&theta, "head").logits(&x)[first..first + 2].to_vec(),
            };
            expected.push(-host::softmax(&logits)[label - first].ln());
        }
        let found: Vec<f64> = losses.iter().map(|(_, loss)| *loss).collect();
        host::close(scope, &found, &expected, 1e-4);
    }
}

#[test]
fn a_look_costs_what_was_kept_back_for_it_and_no_more_than_it_needs() {
    for settings in ["", TOLD, &format!("{TOLD} method=joint+looker"), &format!("{TOLD} method=hypernet+looker")] {
        for keep in ["loss", "herding"] {
            let method = if settings.contains("looker") { "" } else { "method=looker" };
            let (setup, lookers, _) = looked(&format!("net.widths=[8] looker.keep={keep} {method} {settings}"));
            let Looker { prices, costs, losses, widths, .. } = &lookers[0];
            assert_eq!(prices, costs, "{keep} {settings}");
            assert_eq!(costs[0].examples, setup.stream.experiences[0].len() as u64, "each is looked at once");
            // Either what the head sees or what it says is asked for: one pass.
            assert!(losses[0].iter().all(|(_, loss)| loss.is_finite() == (keep == "loss")), "{settings}");
            assert!(widths.iter().all(|width| *width == if keep == "loss" { 0 } else { 8 }), "{settings}");
        }
    }
}

/// Heads and whether the task is told.
const HEADS: [&str; 4] = [
    "head.kind=shared head.train=all head.test=all",
    "head.kind=shared head.train=task head.test=task",
    "head.kind=multi head.train=seen head.test=seen",
    "head.kind=multi head.train=task head.test=task",
];

/// What a memory of a method or a buffer can keep; the last two ask the model.
const KEEPS: [&str; 5] = ["reservoir", "ring", "class-balanced", "herding", "loss"];

/// Of what every refusal says one: both parts that do not go together, the part and what it lacks, or the setting and
/// what to do about it.
const REASONS: [&str; 5] = [
    "does not go with ",
    "` needs ",
    " both say what is trained; ",
    "only the task's identity says which head answers; ",
    " new examples of experience 1; set it lower",
];

/// A tiny stream, so that thousands of stacks can be checked.
const TINY: &str = "net.widths=[4] net.dropout=0 stream.tasks=2 stream.classes_per_task=2 stream.most_train=8 \
                    stream.most_test=2 train.batch=8 train.steps=2";

/// What `clbench check` does with a stack: it passes, or says why not; and then the first experience is gone through.
fn checked(settings: &str, shelf: &Shelf, goes_on: bool) -> Result<bool, String> {
    let tried = panic::catch_unwind(panic::AssertUnwindSafe(|| {
        let setup = support::try_setup(shelf, settings)?;
        let mut run = Run::new(&setup, 0, shelf)?;
        run.rehearse()?;
        if goes_on {
            let mut run = Run::new(&setup, 0, shelf)?;
            while !run.is_over() {
                run.advance(&mut clbench::run::Nowhere)?;
            }
        }
        anyhow::Ok(())
    }));
    match tried {
        Ok(Ok(())) => Ok(true),
        Ok(Err(why)) if REASONS.iter().any(|words| format!("{why:#}").contains(words)) => Ok(false),
        Ok(Err(why)) => Err(format!("{settings}: refused without a reason: {why:#}")),
        Err(_) => Err(format!("{settings}: a panic")),
    }
}

/// Checks all on two threads; what went wrong, and how many passed.
fn all_checked(settings: &[(String, bool)]) -> (Vec<String>, usize) {
    let (next, passed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let (shelf, mut wrong) = (support::shelf(), Vec::new());
        while let Some((settings, goes_on)) = settings.get(next.fetch_add(1, Ordering::Relaxed)) {
            match checked(settings, &shelf, *goes_on) {
                Ok(true) => {
                    passed.fetch_add(1, Ordering::Relaxed);
                }
                Ok(false) => {}
                Err(why) => wrong.push(why),
            }
        }
        wrong
    };
    let wrong = thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    (wrong, passed.into_inner())
}

/// Each method beside `replay` and beside a buffer, through a whole run, whatever is kept.
#[test]
fn every_method_goes_with_every_memory_or_says_why_not() {
    let shelf = support::shelf();
    let mut all = Vec::new();
    for heads in HEADS {
        for method in shelf.methods.iter().map(|method| method.name).filter(|name| *name != "replay") {
            for keep in KEEPS {
                all.push((format!("{TINY} {heads} method={method}+replay replay.keep={keep} replay.capacity=8"), true));
                let buffer = format!("mixture.update=0.5 mixture.buffer=0.5 buffer.keep={keep} buffer.capacity=8");
                all.push((format!("{TINY} {heads} method={method} {buffer}"), true));
            }
        }
    }
    let (wrong, passed) = all_checked(&all);
    assert!(wrong.is_empty(), "{} of {}, such as {}", wrong.len(), all.len(), wrong[0]);
    assert!(2 * passed > all.len(), "{passed} of {} pass", all.len());
}

/// Each pair of methods with `replay` beside them, through `clbench check`, whatever is kept.
#[test]
fn every_pair_of_methods_goes_with_every_memory_or_says_why_not() {
    let shelf = support::shelf();
    let names: Vec<&str> = shelf.methods.iter().map(|method| method.name).filter(|name| *name != "replay").collect();
    let mut all = Vec::new();
    for (at, first) in names.iter().enumerate() {
        for second in &names[at + 1..] {
            // What does not stack at all is not asked about again and again.
            let stack = format!("{first}+{second}+replay");
            if HEADS.iter().all(|heads| support::try_setup(&shelf, &format!("{TINY} {heads} method={stack}")).is_err())
            {
                continue;
            }
            for (at, heads) in HEADS.iter().enumerate() {
                // What asks no model knows no heads.
                for keep in if at == 0 { &KEEPS[..] } else { &KEEPS[3..] } {
                    all.push((format!("{TINY} {heads} method={stack} replay.keep={keep} replay.capacity=8"), false));
                }
            }
        }
    }
    let (wrong, passed) = all_checked(&all);
    assert!(wrong.is_empty(), "{} of {}, such as {}", wrong.len(), all.len(), wrong[0]);
    assert!(2 * passed > all.len(), "{passed} of {} pass", all.len());
}

/// A stream of 32 features in two tasks of two classes.
fn features(settings: &str) -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let columns: Vec<String> = (0..32).map(|column| format!("x{column}")).collect();
    let row = |at: usize| {
        let values: Vec<String> = (0..32).map(|column| format!("{}.5", (at * 31 + column * 7) % 97)).collect();
        format!("{},c{}\n", values.join(","), at % 4)
    };
    let table = |count: usize| format!("{},label\n{}", columns.join(","), (0..count).map(row).collect::<String>());
    std::fs::write(folder.path().join("train.csv"), table(120)).unwrap();
    std::fs::write(folder.path().join("test.csv"), table(20)).unwrap();
    let text = "[data.numbers]\nformat = \"csv\"\ntrain = \"train.csv\"\ntest = \"test.csv\"\nlabel = \"label\"\n\
                features = \"rest\"\n[stream]\nkind = \"class-incremental\"\ndataset = \"numbers\"\ntasks = 2\n\
                [net]\nwidths = [4]\n[optim]\nrate = 0.01\n[train]\nbatch = 8\nepochs = 1\n";
    let file = folder.path().join("numbers.toml");
    std::fs::write(&file, text).unwrap();
    let settings: Vec<String> = settings.split_whitespace().map(str::to_owned).collect();
    let shelf = support::shelf().formats(clbench_datasets::FORMATS.iter().copied());
    resolve(&file, &Asked::parse(&settings).unwrap(), &shelf).unwrap_or_else(|error| panic!("{error:#}"))
}

/// 32 features of four bytes each are 128 bytes.
#[test]
fn a_buffer_of_features_counts_four_bytes_for_each() {
    let mixed = "mixture.update=0.5 mixture.buffer=0.5 buffer.keep=reservoir";
    let held = |setup: &Setup| {
        let (run, _) = support::up_to(setup, 0, 2, &support::shelf());
        (run.state.buffer.as_ref().unwrap().len(), run.state.state_bytes.clone())
    };
    assert_eq!(held(&features(&format!("{mixed} buffer.bytes=1280"))), (10, vec![1280, 1280]));
    assert_eq!(held(&features(&format!("{mixed} buffer.bytes=1407"))), (10, vec![1280, 1280]));
    assert_eq!(held(&features(&format!("{mixed} buffer.capacity=10"))), (10, vec![1280, 1280]));
    // The digits are 64 pixels of one byte.
    let digits = setup(&format!("{mixed} buffer.bytes=1280"));
    assert_eq!(held(&digits), (20, vec![1280; 2]));
}

/// What the method `replay` holds are the bytes of its examples.
#[test]
fn what_replay_holds_of_features_are_their_bytes() {
    let setup = features("method=replay replay.capacity=10");
    let (run, _) = support::up_to(&setup, 0, 1, &support::shelf());
    let (_, memory): (clbench_methods::replay::replay::Config, Option<Memory<Example>>) =
        support::state(&run, "replay");
    assert!(memory.unwrap().held().all(|example| example.pixels.len() == 128));
    assert!(run.state.state_bytes[0] >= 1280, "{:?}", run.state.state_bytes);
}

/// In a mixture the last step of an epoch meets some examples again.
#[test]
fn gem_is_offered_each_new_example_once() {
    let setup =
        setup("method=gem gem.capacity=100000 mixture.update=0.5 mixture.buffer=0.5 train.batch=10 train.epochs=2");
    let (run, _) = support::up_to(&setup, 0, 2, &support::shelf());
    let (_, held): (clbench_methods::replay::gem::Config, std::collections::BTreeMap<usize, Vec<Example>>) =
        support::state(&run, "gem");
    for (task, of) in held {
        let own = &setup.stream.tasks[task].train;
        let inputs = |place: usize| own.pixels(place, &mut Scratch::default(), <[u8]>::to_vec);
        let different: BTreeSet<Vec<u8>> = of.iter().map(|example| example.pixels.clone()).collect();
        assert_eq!((of.len(), different), (own.len(), (0..own.len()).map(inputs).collect()), "task {task}");
    }
}

/// With room for all, whatever comes back: tasks that show the same classes again and again.
#[test]
fn with_room_for_all_replay_holds_all_that_was_new() {
    for keep in ["reservoir", "class-balanced", "herding", "loss"] {
        let setup = setup(&format!(
            "stream.kind=instance-incremental stream.tasks=3 stream.most_train=30 method=replay replay.keep={keep} \
             replay.capacity=100000 train.epochs=1"
        ));
        let (run, _) = support::up_to(&setup, 0, 3, &support::shelf());
        let (_, memory): (clbench_methods::replay::replay::Config, Option<Memory<Example>>) =
            support::state(&run, "replay");
        assert_eq!(memory.unwrap().len(), 300, "{keep}");
    }
}

/// Three places for ten classes.
#[test]
fn a_memory_smaller_than_the_number_of_classes_does_not_empty() {
    for keep in ["reservoir", "class-balanced", "herding", "loss"] {
        for [of, held] in [["method=replay replay", "replay"], ["mixture.update=0.5 mixture.buffer=0.5 buffer", ""]] {
            let setup =
                setup(&format!("{of}.keep={keep} stream.tasks=5 {}.capacity=3", of.rsplit(' ').next().unwrap()));
            let (run, _) = support::up_to(&setup, 0, 5, &support::shelf());
            let count = if held.is_empty() {
                run.state.buffer.as_ref().unwrap().len()
            } else {
                let (_, memory): (clbench_methods::replay::replay::Config, Option<Memory<Example>>) =
                    support::state(&run, "replay");
                memory.unwrap().len()
            };
            assert_eq!(count, 3, "{of} {keep}");
        }
    }
}
