//! Merging: what each experience starts from and what is deployed, by hand; what is stored; what is refused.

use std::collections::BTreeMap;

use clbench::{
    budget::{Phase, Spent},
    method::{Carrier, Plain},
    network::pass::Weights,
    primitives::{draws::Draws, scope::Scope, theta::Theta},
};
use clbench_methods::merging::merge;
use serde::de::IgnoredAny;

use crate::{
    host, spy,
    support::{self, Trace, refusal, setup, trace},
};

fn flat(theta: &Theta) -> Vec<f64> {
    theta.paths().flat_map(|path| host::values(theta, path)).collect()
}

/// A theta in the layout of `like`.
fn shaped(values: &[f64], like: &Theta) -> Theta {
    let mut values = values.iter().map(|value| *value as f32);
    like.iter()
        .map(|(path, array)| {
            let flat = values.by_ref().take(array.len()).collect();
            (path.to_owned(), clbench::primitives::array::Array::new(&array.shape, flat, &array.flat.device()))
        })
        .collect()
}

/// What a run of three experiences started each from, trained in each, and answered with at the end.
struct Life {
    starts: Vec<Vec<f64>>,
    trained: Vec<Vec<f64>>,
    answers: Vec<Vec<Vec<f32>>>,
    layout: Theta,
}

fn live(settings: &str) -> Life {
    let (shelf, mut heard) = (spy::shelf(), support::Heard::default());
    let setup = support::try_setup(&shelf, &format!("{settings} net.dropout=0")).unwrap();
    let mut run = clbench::run::Run::new(&setup, 0, &shelf).unwrap();
    let (mut trained, mut answers) = (Vec::new(), Vec::new());
    spy::seen();
    while !run.is_over() {
        run.advance(&mut heard).unwrap();
        if run.state.position.step == 0 {
            trained.push(flat(&run.state.weights.theta));
            answers.push(support::scores(&*run.predictor().unwrap(), &setup, Scope::All, 8));
        }
    }
    let seen = spy::seen();
    let first = |experience| seen.iter().find(|seen| seen.experience == experience && seen.step == 0).unwrap();
    Life {
        starts: (0..3).map(|experience| flat(&first(experience).theta)).collect(),
        trained,
        answers,
        layout: run.state.weights.theta.clone(),
    }
}

fn half(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| f64::midpoint(*a, *b)).collect()
}

fn mean(all: &[Vec<f64>]) -> Vec<f64> {
    (0..all[0].len()).map(|at| all.iter().map(|one| one[at]).sum::<f64>() / all.len() as f64).collect()
}

/// Each choice by hand, out of what was trained: interpolation by halves, and the mean of all.
fn chosen(policy: &str, life: &Life, after: usize) -> Vec<f64> {
    let (start, trained) = (&life.starts[0], &life.trained[..after]);
    match policy {
        "start" => start.clone(),
        "last" => trained[after - 1].clone(),
        "with-start" => half(&trained[after - 1], start),
        "all" => mean(trained),
        "running" => trained.iter().fold(start.clone(), |running, new| half(new, &running)),
        other => panic!("{other}"),
    }
}

/// Single precision, rounded once per merge.
const TOLERANCE: f64 = 1e-6;

#[test]
fn each_choice_is_what_it_says() {
    for (method, init, deploy) in [
        ("merge merge.init=start merge.deploy=with-start", "start", "with-start"),
        ("merge merge.init=start merge.deploy=all", "start", "all"),
        ("ema-merge", "running", "running"),
        ("ft-merge", "with-start", "with-start"),
        ("zs-merge", "start", "running"),
        ("wise-ft", "last", "with-start"),
        ("time-all-all", "all", "all"),
        ("time-all-ft", "all", "last"),
        ("time-all-unrolled", "all", "running"),
        ("time-ft-all", "last", "all"),
        ("time-ft-unrolled", "last", "running"),
        ("time-unrolled-all", "running", "all"),
        ("time-unrolled-ft", "running", "last"),
        ("time-zs-unrolled", "start", "running"),
    ] {
        let (name, settings) = method.split_once(' ').unwrap_or((method, ""));
        let life = live(&format!("method={name}+late {settings}"));
        let setup = setup("net.dropout=0");
        let plain = Plain(setup.net.clone());
        for after in 1..=3 {
            if after < 3 {
                host::close(method, &life.starts[after], &chosen(init, &life, after), TOLERANCE);
            }
            let theta = shaped(&chosen(deploy, &life, after), &life.layout);
            let weights = Weights { theta, ..Weights::default() };
            let expected = support::scores(&*plain.predictor(&weights), &setup, Scope::All, 8);
            let pairs = life.answers[after - 1].iter().flatten().zip(expected.iter().flatten());
            let gap = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(gap < 1e-4, "{method} answers {gap} away after {after}");
        }
        assert_ne!(life.trained[0], life.starts[0]);
    }
}

fn bytes(settings: &str) -> Vec<u64> {
    let setup = setup(settings);
    support::up_to(&setup, 0, 3, &support::shelf()).0.state.state_bytes
}

#[test]
fn a_running_merge_is_stored_in_one_size_and_all_weights_are_not() {
    let [model] = bytes("method=ema-merge")[..1] else { unreachable!("a slice of one") };
    for method in ["ema-merge", "zs-merge", "ft-merge", "wise-ft", "time-ft-unrolled", "time-unrolled-ft"] {
        let bytes = bytes(&format!("method={method}"));
        assert!(bytes.windows(2).all(|pair| pair[0] == pair[1]), "{method}: {bytes:?}");
        let models = bytes[0] as f64 / model as f64;
        let expected = if ["zs-merge", "ft-merge", "wise-ft"].contains(&method) { 2.0 } else { 1.0 };
        assert!((models - expected).abs() < 0.1, "{method}: {models} times as much as ema-merge");
    }
    for method in ["time-all-all", "time-ft-all", "time-all-ft", "magmax"] {
        let bytes = bytes(&format!("method={method}"));
        let steps: Vec<f64> = bytes.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / model as f64).collect();
        assert!(steps.iter().all(|step| (step - 1.0).abs() < 0.1), "{method}: {steps:?}");
    }
    assert!(bytes("method=merge merge.init=last merge.deploy=last").iter().all(|bytes| *bytes < model / 10));
}

const RULES: [&str; 14] = [
    "merge.rule=interpolation",
    "merge.rule=slerp",
    "merge.rule=task-arithmetic merge.scale=0.4",
    "merge.rule=ties",
    "merge.rule=ties merge.combine=max merge.consensus=2",
    "merge.rule=dare merge.density=0.8 merge.scale=0.4",
    "merge.rule=dare-ties merge.density=0.8 merge.scale=0.5",
    "merge.rule=breadcrumbs merge.scale=0.4",
    "merge.rule=magmax",
    "merge.rule=model-stock",
    "merge.rule=fisher merge.samples=20",
    "merge.rule=regmean merge.samples=40",
    "merge.rule=random",
    "merge.lines=linear",
];

#[test]
fn every_rule_merges_and_none_like_another() {
    let plain = trace("method=finetune").ends();
    let mut seen = vec![plain];
    for net in ["", "net.body=cnn net.channels=[4] net.hidden=16 net.batch_norm=true"] {
        for rule in RULES {
            let trace = trace(&format!("{net} method=merge {rule}"));
            let finite = trace.theta.values().flatten().all(|bits| f32::from_bits(*bits).is_finite());
            let ends = trace.ends();
            assert!(finite && ends.iter().all(|row| row.loss.is_finite()), "{rule} on {net:?}");
            assert!(!seen.contains(&ends), "{rule} on {net:?} answers like another");
            seen.push(ends);
        }
    }
}

#[test]
fn almost_off_is_close() {
    let plain = trace("method=finetune");
    let near = |settings: &str| trace(settings).distance(&plain);
    for settings in [
        "method=ema-merge ema-merge.weight=0.999999",
        "method=ft-merge ft-merge.rule=slerp ft-merge.weight=0.999999",
        "method=ft-merge ft-merge.rule=task-arithmetic",
        "method=ft-merge ft-merge.rule=ties ft-merge.density=1",
        "method=merge merge.lines=linear merge.shallow=1 merge.deeper=0 merge.weight=1",
    ] {
        assert!(near(settings) < 1e-4, "{settings} is {} away", near(settings));
    }
    for settings in ["method=ema-merge", "method=ft-merge ft-merge.rule=ties", "method=zs-merge"] {
        assert!(near(settings) > 1e-3, "{settings} is only {} away", near(settings));
    }
}

/// Once for each merge that is not the trained weights themselves, at the end of a task.
#[test]
fn statistics_are_estimated_anew_for_each_merge_and_charged() {
    let net = "net.batch_norm=true net.dropout=0";
    let end = |method: &str| trace(&format!("{net} method={method}")).ledger.on(Phase::TaskEnd);
    // 16 batches of 16 after each of three experiences; forward through 64-24-6.
    let once = |examples: u64| (examples, examples * 2 * (64 * 24 + 24 * 6));
    for (method, merges) in [
        ("ema-merge", 3),
        ("time-unrolled-ft", 3),
        ("time-all-unrolled", 5),
        ("merge merge.init=last merge.deploy=last", 0),
        ("ema-merge ema-merge.weight=1", 0),
    ] {
        let Spent { examples, flops, .. } = end(method);
        assert_eq!((examples, flops), once(merges * 256), "{method}");
    }
}

#[test]
fn what_grows_or_says_nothing_is_refused() {
    let shelf = support::shelf();
    for (settings, message) in [
        ("method=ema-merge ema-merge.rule=task-arithmetic", "would grow as 2.000^t however they are trained"),
        ("method=ema-merge ema-merge.rule=task-arithmetic", "set scale to at most 0.500"),
        ("method=time-all-ft time-all-ft.rule=task-arithmetic time-all-ft.scale=0.2", "1.200^t"),
        ("method=merge merge.rule=ties merge.combine=sum", "2.000^t"),
        ("method=merge merge.rule=dare merge.density=0.5 merge.scale=0.5", "1.225^t"),
        ("method=time-all-all time-all-all.rule=slerp", "slerp merges two sets of weights and all are more"),
        ("method=ft-merge ft-merge.rule=fisher", "the start was not; use running or all in place of with-start"),
        ("method=ema-merge ema-merge.init=last", "init is \"running\" by the method's name"),
        ("method=merge merge.rule=ties merge.weight=0.3", "weight changes nothing with rule = \"ties\""),
        ("method=merge merge.scale=0.3", "scale changes nothing"),
        ("method=merge merge.rule=tie", "unknown value `tie`; did you mean `ties`?"),
        ("method=merge merge.weight=1.5", "merge.weight = 1.5 is not between 0 and 1"),
        ("method=merge merge.deploy=start", "merge.deploy: unknown value `start`"),
        (
            "method=ema+merge",
            "`ema` does not go with `merge`: it needs to say which weights are deployed, and `merge` says so",
        ),
        ("method=ema-merge+zs-merge", "it needs to say which weights are deployed, and `zs-merge` says so itself"),
        ("method=lora+merge lora.per=task", "leave one of them out, or set lora.per=stream"),
    ] {
        let said = refusal(&shelf, settings);
        assert!(said.contains(message), "{settings}: {said}");
    }
    for settings in [
        "method=ema-merge ema-merge.rule=task-arithmetic ema-merge.scale=0.5",
        "method=zs-merge zs-merge.rule=task-arithmetic",
        "method=time-ft-all time-ft-all.rule=task-arithmetic time-ft-all.scale=3",
        "method=ema-merge ema-merge.rule=ties",
        "method=ema-merge ema-merge.rule=slerp",
    ] {
        support::try_setup(&shelf, settings).unwrap_or_else(|error| panic!("{settings}: {error:#}"));
    }
}

/// An adapter for the whole stream is merged like any weights, from its own first values on.
#[test]
fn one_adapter_for_the_stream_is_merged() {
    for order in ["lora+ema-merge", "ema-merge+lora"] {
        let with = |more: &str| trace(&format!("method={order} lora.per=stream lora.end=keep {more}"));
        let (merged, off) = (with(""), with("ema-merge.weight=1"));
        assert_eq!(off.trained(&trace("method=lora lora.per=stream lora.end=keep")), Vec::<&str>::new(), "{order}");
        assert!(merged.distance(&off) > 1e-3, "{order}");
    }
}

/// Settings, the start, all weights, the newest merges, and what data say of them.
type State = (merge::Config, Option<(Theta, Theta)>, IgnoredAny, BTreeMap<merge::Policy, (Theta, Theta)>, IgnoredAny);

/// With a head for each task, the one of an earlier task stays as that task left it.
#[test]
fn the_head_of_an_earlier_task_can_stay() {
    let settings =
        "stream.kind=task-incremental stream.tasks=3 stream.classes_per_task=2 stream.partial=true method=zs-merge";
    let after = |head: &str, experiences: usize| {
        let setup = setup(&format!("{settings} zs-merge.head={head}"));
        let (run, _) = support::up_to(&setup, 0, experiences, &support::shelf());
        let state: State = support::state(&run, "zs-merge");
        state.3[&merge::Policy::Running].0.below("head.0.").bits()
    };
    assert_eq!(after("last", 1), after("last", 3));
    assert_ne!(after("merge", 1), after("merge", 3));
}

/// Two runs differ in nothing that the names of their methods do not say.
#[test]
fn a_preset_is_merge_with_its_settings() {
    let same = |a: Trace, b: Trace| assert_eq!(a.differences(&b), Vec::<&str>::new());
    same(trace("method=ema-merge"), trace("method=merge"));
    same(trace("method=time-zs-unrolled"), trace("method=zs-merge"));
    same(
        trace("method=magmax"),
        trace("method=merge merge.init=last merge.deploy=all merge.rule=magmax merge.scale=0.5"),
    );
}

/// The share that PAINT takes, from its merge, is one of the grid, and no other of the grid has less loss.
#[test]
fn the_searched_share_has_the_least_loss() {
    let setup = setup(&format!("{} method=paint paint.search=5 paint.samples=40", host::LINEAR));
    let life = live(&format!("{} method=paint+late paint.search=5 paint.samples=40", host::LINEAR));
    for at in 1..3 {
        let (before, trained, merged) = (&life.starts[at - 1], &life.trained[at - 1], &life.starts[at]);
        let (length, way): (f64, f64) = (0..before.len())
            .map(|k| (trained[k] - before[k], merged[k] - before[k]))
            .fold((0.0, 0.0), |(length, way), (all, part)| (length + all * all, way + all * part));
        let share = way / length;
        let draws = Draws { seed: 0, experience: at as u64 - 1, step: 0 };
        let order = draws.order("merge search", 0, setup.stream.experiences[at - 1].len());
        let examples = host::examples(&setup, at - 1, &order[..40]);
        let loss = |share: f64| {
            let values: Vec<f64> = before.iter().zip(trained).map(|(a, b)| a + share * (b - a)).collect();
            let head = host::Head::of(&shaped(&values, &life.layout), "head");
            examples.iter().map(|(x, label)| -head.softmax(x)[*label].ln()).sum::<f64>() / 40.0
        };
        let best = (0..=5).map(|at| f64::from(at) / 5.0).min_by(|a, b| loss(*a).total_cmp(&loss(*b))).unwrap();
        assert!((share - best).abs() < 1e-5, "{share} and not {best}");
    }
}
