//! What runs cost: the memory of a step, memory-adjusted operations, and what is foretold of both.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;
mod support;

use std::{collections::BTreeMap, fs, sync::atomic::AtomicBool};

use burn::tensor::{Device, Tensor, TensorData};
use clbench::{
    batch::Batch,
    budget::{
        Meter, Phase,
        published::{clip, fomo},
    },
    method::{Carrier, Contribution, Family, Plain},
    network::{
        net::{Body, Net},
        pass::{Mode, Pass, Weights},
    },
    primitives::{
        array::Array,
        draws::Draws,
        scope::{HeadKind, Heads, Scope, Scopes},
    },
    run::Run,
};
use program::Place;
use serde::Deserialize;
use support::{Heard, setup};

/// A run's states at its end.
fn finished(settings: &str, look: impl FnOnce(&Run)) {
    let setup = setup(settings);
    let mut run = Run::new(&setup, 0, &support::shelf()).unwrap();
    run.finish(&mut Heard::default()).unwrap();
    assert_eq!(run.state.diverged, None, "{settings}");
    look(&run);
}

/// Steps of all experiences.
fn steps(settings: &str) -> u64 {
    let mut steps = 0;
    finished(settings, |run| steps = run.state.ledger.on(Phase::Train).steps);
    steps
}

#[test]
fn full_fine_tuning_is_what_memory_is_relative_to() {
    // 64·24 + 24 and 24·6 + 6 weights, as many gradients, no number of plain SGD; inputs and hidden units of 16
    // examples, logarithms of the softmax over 6 classes, and labels.
    let by_hand = 4 * 2 * (64 * 24 + 24 + 24 * 6 + 6) + 16 * (4 * (64 + 24 + 6) + 8);
    for net in ["", "net.batch_norm=true", "optim.rule=adamw"] {
        finished(&format!("method=finetune net.dropout=0.0 optim.rate=0.01 {net}"), |run| {
            let reference = run.state.reference;
            assert!(run.state.peaks.iter().all(|peak| *peak == reference), "{:?}, {reference}", run.state.peaks);
            let spent = run.state.ledger.charged(None);
            assert_eq!(spent.maf, spent.flops);
            // Adam's two moments; a batch norm's γ and β with gradients, two statistics, x, its mean and deviation.
            let more = match net {
                "" => 0,
                "optim.rule=adamw" => 4 * 2 * (64 * 24 + 24 + 24 * 6 + 6),
                _ => 4 * (2 * 48 + 48) + 4 * (16 * 24 + 48),
            };
            assert_eq!(reference, by_hand + more, "{net}");
        });
    }
}

#[test]
fn an_adapter_gets_more_steps_for_the_same_memory_adjusted_operations_than_for_the_same_operations() {
    let lora = "method=lora lora.rank=2 net.widths=[256,256] optim.rule=adamw optim.rate=0.001";
    let (flops, maf) = (steps(&format!("{lora} budget.flops=2e9")), steps(&format!("{lora} budget.maf=2e9")));
    finished(&format!("{lora} budget.maf=2e9"), |run| {
        let (peak, reference) = (run.state.peaks[0], run.state.reference);
        assert!(peak < reference / 2, "{peak} of {reference}");
        let (gained, less) = (maf as f64 / flops as f64, reference as f64 / peak as f64);
        assert!((gained / less - 1.0).abs() < 0.02, "{gained} times the steps, {less} times less memory");
        for experience in 0..run.setup().stream.experiences.len() {
            let spent = run.state.ledger.charged(Some(experience));
            // An epoch's last batch is smaller than those that the number of steps was reckoned by.
            assert!((1_800_000_000..=2_000_000_000).contains(&spent.maf), "{spent:?}");
            // Each step and hook is rounded up by itself.
            let exact = spent.flops as f64 * peak as f64 / reference as f64;
            assert!(spent.maf as f64 >= exact && spent.maf as f64 <= exact + spent.steps as f64 + 8.0);
        }
    });
}

#[derive(Deserialize)]
struct Held {
    batch: usize,
    classes: usize,
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Case {
    net: toml::Table,
    trained: String,
    input: [usize; 3],
    bytes: u64,
}

/// Moves what is not trained to the frozen weights.
fn freeze(weights: &mut Weights, trained: &str, device: &Device) {
    let frozen = |path: &str| match trained {
        "head" => path.starts_with("body"),
        "lora" | "biases" => path.starts_with("body") && path.ends_with(".weight"),
        _ => false,
    };
    let paths: Vec<String> = weights.theta.paths().filter(|path| frozen(path)).map(str::to_owned).collect();
    for path in paths {
        let weight = weights.theta.remove(&path).unwrap();
        if trained == "lora" {
            let at = |part: &str| format!("{}.lora0.{part}", path.strip_suffix(".weight").unwrap());
            let draws = Draws::of(1);
            weights.theta.insert(at("a"), draws.gaussian(&at("a"), &[weight.shape[0], 2], 0.1, device));
            weights.theta.insert(at("b"), draws.gaussian(&at("b"), &[2, weight.shape[1]], 0.1, device));
            weights.frozen.insert(at("scale"), Array::filled(&[1], 0.5, device));
        }
        weights.frozen.insert(path, weight);
    }
}

#[test]
fn what_a_backward_pass_needs_is_what_pytorch_packs_for_it() {
    let golden: Held = serde_json::from_str(include_str!("golden/held.json")).unwrap();
    let device = Device::flex();
    assert_eq!(golden.cases.len(), 6);
    for (name, case) in golden.cases {
        let body: Body = case.net.try_into().unwrap();
        let classes = golden.classes;
        let heads = Heads { kind: HeadKind::Shared, classes, tasks: vec![(0..classes).collect()], seen: vec![vec![0]] };
        let plain = Plain(Net { body, heads, input: case.input });
        let mut weights = plain.init(&Draws::of(0), &device);
        freeze(&mut weights, &case.trained, &device);
        let [channels, height, width] = case.input;
        let shape = [golden.batch, channels, height, width];
        let inputs = Draws::of(2).gaussian("inputs", &shape, 1.0, &device).tensor::<4>();
        let targets: Vec<usize> = (0..golden.batch).map(|row| (3 * row + 1) % classes).collect();
        let mut pass = Pass::tracked(&weights, Mode::Train(Draws::of(3)), &Meter::default()).holding();
        let labels: Vec<i64> = targets.iter().map(|label| *label as i64).collect();
        let batch = Batch {
            inputs,
            labels: Tensor::from_data(TensorData::new(labels, [golden.batch]), &device),
            targets,
            indices: Vec::new(),
            tasks: Vec::new(),
            texts: Vec::new(),
            scopes: Scopes::One(Scope::All),
        };
        plain.loss(&mut pass, &batch);
        // PyTorch's cross-entropy also packs the sum of its weights, one number.
        assert_eq!(pass.held_bytes() + 4, case.bytes, "{name}");
        let silent = Pass::tracked(&weights, Mode::Eval, &Meter::default());
        assert_eq!(silent.held_bytes(), 0);
    }
}

#[test]
fn what_a_method_remembers_is_paid_for() {
    let peaks = |method: &str| {
        let mut peaks = Vec::new();
        finished(&format!("method={method} train.steps=20"), |run| peaks.clone_from(&run.state.peaks));
        peaks
    };
    let (plain, ewc, replay) =
        (peaks("finetune"), peaks("ewc ewc.samples=10"), peaks("replay replay.capacity=50 replay.batch=16"));
    // Before the first anchor there is next to nothing, afterwards an anchor and a Fisher.
    let weights = 4 * (64 * 24 + 24 + 24 * 6 + 6);
    assert!(ewc[0] < plain[0] + 300, "{} beside {}", ewc[0], plain[0]);
    assert!((2 * weights..2 * weights + 1000).contains(&(ewc[1] - plain[1])), "{} beside {}", ewc[1], plain[1]);
    // A step on twice as many examples holds twice as much for its backward pass.
    assert!(replay[1] > plain[1] + 16 * (4 * (64 + 24 + 6) + 8), "{} beside {}", replay[1], plain[1]);
}

/// Bytes of graphs and gradients that a step of each experience holds at once: its peak less weights, the optimizer's
/// numbers and what it reads of states.
fn held(settings: &str) -> Vec<u64> {
    let setup = setup(&format!("{settings} net.dropout=0 train.steps=2"));
    let read = |run: &Run| -> u64 {
        let part = |(_, part): &(String, Box<dyn Contribution>)| {
            (part.save().unwrap().len().saturating_sub(part.aside().unwrap())) as u64
        };
        run.stack().contributions.iter().map(part).sum()
    };
    let shelf = support::shelf();
    let (mut run, mut heard) = (Run::new(&setup, 0, &shelf).unwrap(), Heard::default());
    let (born, mut found) = (read(&run), Vec::new());
    while !run.is_over() {
        run.advance(&mut heard).unwrap();
        if run.state.position.step == 1 {
            let numbers = run.state.weights.elements() + run.state.optim.elements();
            let states = read(&run) - born;
            found.push(run.state.peaks.last().unwrap() - 4 * numbers as u64 - states);
        }
    }
    assert_eq!(run.state.diverged, None, "{settings}");
    found
}

#[derive(Deserialize)]
struct Steps {
    cases: BTreeMap<String, Vec<u64>>,
}

/// Each family of methods, as PyTorch does the same: graphs one after another, and what stays beside them.
#[test]
fn a_step_holds_what_the_same_step_holds_in_pytorch() {
    let golden: Steps = serde_json::from_str(include_str!("golden/steps.json")).unwrap();
    let found: BTreeMap<&str, Vec<u64>> = golden.cases.keys().map(|settings| (&**settings, held(settings))).collect();
    let apart = |settings: &&String| {
        let pairs = found[&***settings].iter().zip(&golden.cases[*settings]);
        // A state's count may grow by a digit.
        found[&***settings].len() != 3 || pairs.into_iter().any(|(ours, theirs)| ours.abs_diff(*theirs) > 8)
    };
    let wrong: Vec<_> = golden.cases.keys().filter(apart).map(|of| (of, &found[&**of], &golden.cases[of])).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    // A case of each method, or of one that differs from it only in what it merges or where it is trained.
    let methods = |settings: &String| -> Vec<String> {
        let named = settings.split(' ').find_map(|word| word.strip_prefix("method=")).unwrap();
        named.split('+').map(str::to_owned).collect()
    };
    let tried: Vec<String> = golden.cases.keys().flat_map(methods).collect();
    for method in clbench_methods::catalogue() {
        let alike = method.family == Family::Merging || ["joint", "norms"].contains(&method.name);
        assert!(alike || tried.iter().any(|tried| tried == method.name), "no case of {}", method.name);
    }
}

/// The tide of a step's hooks is paid for: under a cap in memory-adjusted operations each experience takes as many
/// steps as its own peak lets it.
#[test]
fn hooks_that_hold_more_get_fewer_steps() {
    let told = "stream.kind=task-incremental stream.tasks=3 stream.classes_per_task=2 stream.partial=true";
    for settings in [
        "method=gem gem.capacity=60",
        "method=gem gem.form=average",
        "method=vcl",
        "method=ibcl",
        &format!("{told} method=hypernet hypernet.widths=[4] hypernet.chunk=100"),
    ] {
        finished(&format!("{settings} optim.rate=0.01 budget.maf=1e8"), |run| {
            let state = &run.state;
            for (experience, peak) in state.peaks.iter().enumerate() {
                let spent = state.ledger.charged(Some(experience));
                let exact = spent.flops as f64 * *peak as f64 / state.reference as f64;
                assert!(
                    spent.maf as f64 >= exact && spent.maf as f64 <= exact + spent.steps as f64 + 8.0,
                    "{settings}"
                );
                assert!((90_000_000..=100_000_000).contains(&spent.maf), "{settings}: {spent:?}");
            }
            // What is constrained or kept grows with the tasks.
            let grows = ["hypernet", "capacity", "ibcl"].iter().any(|word| settings.contains(word));
            assert_eq!(grows, state.peaks[2] > state.peaks[1], "{settings}: {:?}", state.peaks);
            assert!(state.peaks[1] > state.reference, "{settings}: {:?} {}", state.peaks, state.reference);
        });
    }
}

#[test]
fn fomo_in_fluxs_steps_follow_from_its_columns() {
    for row in fomo::ROWS {
        assert_eq!(row.computed(), row.steps, "{}", row.name);
        // In 10⁻⁴, as it is printed.
        let adjusted = row.operations * row.multiplier / 10_000;
        // The last digit is cut off, and of EWC's line there is one digit less.
        assert!(row.adjusted.abs_diff(adjusted) < 5, "{}: {adjusted}", row.name);
        let ratio = row.memory as f64 / fomo::ROWS[0].memory as f64 * 1e4;
        assert!((ratio - row.multiplier as f64).abs() < 1.0, "{}: {ratio}", row.name);
    }
    assert_eq!(fomo::ROWS.iter().flat_map(|row| row.steps).count(), 52);
}

#[test]
fn elastic_weight_consolidation_is_not_fourteen_steps_when_it_is_charged_once() {
    let [full, ewc] = [0, 10].map(|at: usize| fomo::ROWS[at]);
    // 6276081.094 is 99 · 63394.7585 as it was printed.
    let times = ewc.operations as f64 / full.operations as f64;
    assert!((times - (1 + fomo::FISHER_BATCHES) as f64).abs() < 1e-6, "{times}");
    assert_eq!(ewc.computed(), [14, 6, 3, 1]);
    assert_eq!(fomo::ewc_charged_once(), [1303, 462, 182, 42]);
}

#[test]
fn a_clips_operations_follow_from_its_shape() {
    // By hand: 2 · (196·768·768 + 197·12·12·768² + 768·512) + 2·12·2·197²·768.
    assert_eq!(clip::IMAGE.forward(), 35_126_906_880);
    assert_eq!(clip::TEXT.forward(), 5_959_540_736);
    let all = clip::forms()[0];
    for (name, form, ours, row) in clip::forms() {
        let apart = ours as f64 / 1e9 / clip::theirs(row) - 1.0;
        assert!(apart.abs() < 0.02, "{name}, {form}: {apart}");
        let shares = ours as f64 / all.2 as f64 / (clip::theirs(row) / clip::theirs(all.3)) - 1.0;
        assert!(shares.abs() < 0.02, "{name}, {form}: {shares}");
    }
    assert!((0.5..0.7).contains(&clip::written_out()), "{}", clip::written_out());
}

#[test]
fn what_is_foretold_comes_to_pass() {
    let stacks = [
        "method=finetune train.epochs=3",
        "method=joint",
        "method=ewc ewc.samples=30 budget.flops=2e7",
        "method=lora lora.rank=2 lora.per=task lora.end=keep budget.maf=2e7",
        "method=ema net.batch_norm=true budget.flops=5e7 budget.per=stream",
        "method=finetune optim.rule=galore optim.rank=2 optim.gap=20 train.epochs=10",
        "method=finetune optim.rule=galore optim.rank=2 budget.maf=2e7",
        "method=replay replay.capacity=2000 replay.batch=16 train.steps=40",
    ];
    for settings in stacks {
        let setup = setup(&format!("{settings} optim.rate=0.01"));
        let run = Run::new(&setup, 0, &support::shelf()).unwrap();
        let told = run.foretell(&AtomicBool::new(false)).unwrap().unwrap();
        finished(&format!("{settings} optim.rate=0.01"), |run| {
            let state = &run.state;
            let near = |told: u64, was: u64| (told as f64 / was as f64 - 1.0).abs() < 0.02;
            let steps: Vec<u64> = state.horizons.iter().map(|horizon| horizon.steps).collect();
            assert!(near(told.steps.iter().sum(), steps.iter().sum()), "{settings}: {:?}, {steps:?}", told.steps);
            let spent = state.ledger.charged(None);
            assert!(near(told.flops, spent.flops), "{settings}: {} of {}", told.flops, spent.flops);
            let (peak, held) = (*state.peaks.iter().max().unwrap(), *state.state_bytes.iter().max().unwrap());
            // A count that grows by a digit is a byte more, and few steps are a small sample of many.
            let within = |[least, most]: [u64; 2], was: u64| {
                (0.98..=1.02).contains(&(was as f64 / was.clamp(least, most).max(1) as f64))
                    || was.abs_diff(least) < 100
            };
            assert!(within(told.maf, spent.maf), "{settings}: {:?} of {}", told.maf, spent.maf);
            assert!(within(told.peak_bytes, peak), "{settings}: {:?}, {peak}", told.peak_bytes);
            assert!(within(told.state_bytes, held), "{settings}: {:?}, {held}", told.state_bytes);
            assert!(told.seconds[0] > 0.0 && told.seconds[0] <= told.seconds[1]);
        });
        let stopped = Run::new(&setup, 0, &support::shelf()).unwrap().foretell(&AtomicBool::new(true));
        assert_eq!(stopped.unwrap(), None);
    }
}

#[test]
fn the_command_foretells_and_judges_and_fits_eighty_columns() {
    let place = Place::small();
    let fits = |text: &str| text.lines().all(|line| line.chars().count() <= 80);
    let said = place.run("cost small.toml method=lora");
    assert_eq!(said.code, Some(0), "{}", said.err);
    for word in ["train ", "maf ", "160 in 5 experiences, by steps", "5×32", "of full fine-tuning", "alone on this"] {
        assert!(said.out.contains(word), "{word}: {}", said.out);
    }
    assert!(fits(&said.out), "{}", said.out);
    assert!(!place.path("runs").exists(), "nothing is written");
    let fomo = place.run("cost --fomo");
    assert!(fomo.out.contains("52 of 52") && fomo.out.contains("1303") && fits(&fomo.out), "{}", fomo.out);

    let run = place.run("run small.toml method=lora");
    assert!(run.err.contains("foretold: steps exact, operations "), "{}", run.err);
    let folder = fs::read_dir(place.path("runs/small/lora")).unwrap().next().unwrap().unwrap().path();
    let judged = place.run(&format!("cost {}", folder.display()));
    assert!(judged.out.contains("foretold: steps exact, operations ") && fits(&judged.out), "{}", judged.out);

    let wrong = |words: &str| {
        let said = place.run(&format!("cost {words}"));
        assert_eq!(said.code, Some(2), "{words}: {}", said.err);
        said.err
    };
    assert!(wrong("small.toml method=lorra").contains("did you mean `lora`?"));
    assert!(wrong("small.toml budget.maf=1").contains("budget.maf buys not one step"));
    assert!(wrong("nothing.toml").contains("nothing.toml"));
    assert!(wrong("small.toml --fomo").contains("cannot be used with"));
    fs::remove_file(folder.join("foretold.json")).unwrap();
    assert!(wrong(&folder.display().to_string()).contains("nothing was foretold of"));
}
