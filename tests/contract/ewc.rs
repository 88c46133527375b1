//! Elastic weight consolidation against softmax regression by hand.

use burn::tensor::Device;
use clbench::{
    batch::Feed,
    budget::Meter,
    config::Setup,
    method::{Carrier, Plain},
    network::pass::{Mode, Pass},
    primitives::{draws::Draws, scope::Count, theta::Theta},
    run::Run,
};
use clbench_methods::regularisation::ewc;
use rand::RngExt;

use crate::{
    host::{self, Head, LINEAR},
    spy,
    support::{self, Heard, setup},
};

/// Anchors and Fishers of a run with `ewc`.
fn anchors(run: &Run) -> Vec<(Theta, Theta)> {
    let (_, anchors): (ewc::Config, Vec<(Theta, Theta)>) = support::state(run, "ewc");
    anchors
}

/// All elements of the head, weight first, as [`Head::gradient`] has them.
fn flat(theta: &Theta) -> Vec<f64> {
    [host::values(theta, "head.weight"), host::values(theta, "head.bias")].concat()
}

fn mean(terms: &[Vec<f64>]) -> Vec<f64> {
    let mut sum = vec![0.0; terms[0].len()];
    terms.iter().for_each(|term| sum.iter_mut().zip(term).for_each(|(sum, x)| *sum += x / terms.len() as f64));
    sum
}

fn squared(gradient: &[f64]) -> Vec<f64> {
    gradient.iter().map(|g| g * g).collect()
}

/// The Fisher's diagonal by its definition, at `theta`, over the examples that the run draws at the end of
/// `experience`.
fn fisher(kind: &str, setup: &Setup, run: &Run, theta: &Theta, experience: usize, samples: usize) -> Vec<f64> {
    let head = Head::of(theta, "head");
    let draws = Draws { seed: 0, experience: experience as u64, step: run.state.horizons[experience].steps };
    let order = draws.order("ewc", 0, setup.stream.experiences[experience].len());
    let examples = host::examples(setup, experience, &order[..samples]);
    let square = |(call, (x, label)): (usize, &(Vec<f64>, usize))| match kind {
        "empirical" => squared(&head.gradient(x, *label)),
        "true" => {
            let p = head.softmax(x);
            let over_labels = (0..p.len()).map(|y| squared(&head.gradient(x, y)).iter().map(|g| p[y] * g).collect());
            let terms: Vec<Vec<f64>> = over_labels.collect();
            mean(&terms).into_iter().map(|m| m * p.len() as f64).collect()
        }
        "sampled" => {
            let (p, mut rest) = (head.softmax(x), f64::from(draws.rng("ewc label", call as u64).random::<f32>()));
            let drawn = p.iter().position(|p| {
                rest -= p;
                rest < 0.0
            });
            squared(&head.gradient(x, drawn.unwrap()))
        }
        other => panic!("{other}"),
    };
    if kind == "batch" {
        let gradient = |batch: &[(Vec<f64>, usize)]| {
            squared(&mean(&batch.iter().map(|(x, label)| head.gradient(x, *label)).collect::<Vec<_>>()))
        };
        return mean(&examples.chunks(setup.config.train.batch).map(gradient).collect::<Vec<_>>());
    }
    mean(&examples.iter().enumerate().map(square).collect::<Vec<_>>())
}

const KINDS: [&str; 4] = ["true", "sampled", "empirical", "batch"];

/// Single precision through a softmax and a square: 1e-4 of the largest element.
const TOLERANCE: f64 = 1e-4;

#[test]
fn every_fisher_is_the_one_of_its_definition() {
    for kind in KINDS {
        let setup = setup(&format!("{LINEAR} method=ewc ewc.fisher=\"{kind}\" ewc.samples=100"));
        let (run, _) = support::up_to(&setup, 0, 1, &support::shelf());
        let [(anchor, found)] = &anchors(&run)[..] else { panic!("one anchor") };
        assert_eq!(anchor.bits(), run.state.weights.theta.bits());
        host::close(kind, &flat(found), &fisher(kind, &setup, &run, anchor, 0, 100), TOLERANCE);
    }
}

/// At the same weights, which no Fisher has pulled yet. A batch's is smaller by about the size of a batch.
#[test]
fn the_fishers_of_one_network_differ() {
    let of = |kind: &str| {
        let setup = setup(&format!("{LINEAR} method=ewc ewc.fisher=\"{kind}\" ewc.samples=100"));
        let (run, _) = support::up_to(&setup, 0, 1, &support::shelf());
        (run.state.weights.theta.bits(), flat(&anchors(&run)[0].1).iter().sum::<f64>())
    };
    let all = KINDS.map(of);
    for (at, (theta, trace)) in all.iter().enumerate() {
        assert_eq!(*theta, all[0].0);
        assert!(all[..at].iter().all(|(_, other)| (trace / other - 1.0).abs() > 0.01), "{}", KINDS[at]);
    }
    assert!(4.0 * all[3].1 < all[2].1, "{all:?}", all = all.map(|(_, trace)| trace));
}

#[test]
fn online_keeps_one_decayed_fisher_and_per_task_keeps_all() {
    let fishers = |form: &str, keep: f64| {
        let setting = format!("{LINEAR} method=ewc ewc.form={form} ewc.keep={keep} ewc.fisher=\"true\" ewc.samples=50");
        let setup = setup(&setting);
        let (mut run, mut heard) = support::up_to(&setup, 0, 1, &support::shelf());
        let first = run.state.weights.theta.clone();
        while run.state.position.experience < 2 {
            run.advance(&mut heard).unwrap();
        }
        let second = run.state.weights.theta.clone();
        let expected = [fisher("true", &setup, &run, &first, 0, 50), fisher("true", &setup, &run, &second, 1, 50)];
        (anchors(&run), [first, second], expected)
    };
    let (online, [_, second], [f1, f2]) = fishers("online", 0.25);
    let [(anchor, found)] = &online[..] else { panic!("online has one anchor, not {}", online.len()) };
    assert_eq!(anchor.bits(), second.bits());
    let sum: Vec<f64> = f1.iter().zip(&f2).map(|(old, new)| 0.25 * old + new).collect();
    host::close("online", &flat(found), &sum, TOLERANCE);

    let (each, [first, second], expected) = fishers("per-task", 1.0);
    assert_eq!(each.len(), 2);
    for ((anchor, found), (at, expected)) in each.iter().zip([first, second].iter().zip(&expected)) {
        assert_eq!(anchor.bits(), at.bits());
        host::close("per task", &flat(found), expected, TOLERANCE);
    }
}

/// With dropout and batch-norm, the Fisher is that of the network that answers: nothing is dropped, and single
/// examples are normalised by the running statistics.
#[test]
fn a_fisher_is_taken_in_evaluation() {
    let setup = setup("net.batch_norm=true net.dropout=0.5 method=ewc ewc.fisher=empirical ewc.samples=20");
    let (run, _) = support::up_to(&setup, 0, 1, &support::shelf());
    let (weights, feed) = (&run.state.weights, Feed::new(&setup.stream, 0, Count::All));
    let draws = Draws { seed: 0, experience: 0, step: run.state.horizons[0].steps };
    let square = |index: &usize| {
        let mut pass = Pass::tracked(weights, Mode::Eval, &Meter::default());
        let loss = Plain(setup.net.clone()).loss(&mut pass, &feed.batch(&[*index], &Device::flex())).loss;
        squared(&host::values(&pass.gradients(loss), "body.0.weight"))
    };
    let order = draws.order("ewc", 0, feed.len());
    let expected = mean(&order[..20].iter().map(square).collect::<Vec<_>>());
    host::close("fisher", &host::values(&anchors(&run)[0].1, "body.0.weight"), &expected, TOLERANCE);
}

#[test]
fn taking_a_fisher_moves_no_statistics() {
    let buffers = |method: &str| {
        let setup = setup(&format!("net.batch_norm=true {method}"));
        support::up_to(&setup, 0, 1, &support::shelf()).0.state.weights.buffers.bits()
    };
    assert_eq!(buffers("method=ewc ewc.samples=20"), buffers("method=finetune"));
}

/// λ Σ F (θ − θ*), as λ/2 Σ F (θ − θ*)² has it, and with one running Fisher γ times that, seen from both sides of the
/// method.
#[test]
fn the_pull_is_the_penaltys_gradient() {
    let shelf = spy::shelf();
    for (form, keep) in [("online", 1.0), ("online", 0.25), ("per-task", 1.0)] {
        let own = format!("ewc.form={form} ewc.keep={keep} ewc.strength=30 ewc.fisher=empirical");
        let settings = format!("{LINEAR} method=early+ewc+late {own}");
        let setup = support::try_setup(&shelf, &settings).unwrap();
        let (mut run, mut heard) = support::up_to(&setup, 0, 2, &shelf);
        let anchors = anchors(&run);
        assert_eq!(anchors.len(), if form == "online" { 1 } else { 2 });
        spy::seen();
        (0..5).for_each(|_| run.advance(&mut heard).unwrap());
        let seen = spy::seen();
        let [early, late] = &seen[seen.len() - 2..] else { unreachable!("the slice has two") };
        assert_eq!((early.who, late.who, early.step, early.experience), ("early", "late", 4, 2));
        let theta = flat(&late.theta);
        let mut pull = vec![0.0; theta.len()];
        for (anchor, fisher) in &anchors {
            let terms = flat(anchor).into_iter().zip(flat(fisher)).zip(&theta);
            pull.iter_mut()
                .zip(terms)
                .for_each(|(pull, ((anchor, f), theta))| *pull += 30.0 * keep * f * (theta - anchor));
        }
        let found: Vec<f64> = flat(&late.grads).iter().zip(flat(&early.grads)).map(|(a, b)| a - b).collect();
        // The difference of two gradients loses digits to the larger of the two.
        host::close(form, &found, &pull, 1e-3);
    }
}

/// Where a task starts the drift is zero, and so is the pull.
#[test]
fn the_first_step_after_an_anchor_is_not_pulled() {
    let after = |method: &str, steps: usize| {
        let setup = setup(&format!("{LINEAR} {method}"));
        let (mut run, _) = support::up_to(&setup, 0, 1, &support::shelf());
        (0..steps).for_each(|_| run.advance(&mut Heard::default()).unwrap());
        run.state.weights.theta.bits()
    };
    assert_eq!(after("method=ewc", 1), after("method=finetune", 1));
    assert_ne!(after("method=ewc", 2), after("method=finetune", 2));
}
