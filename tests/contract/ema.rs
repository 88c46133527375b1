//! The moving average, by hand.

use clbench::{
    budget::{Phase, Spent},
    method::{Carrier, Plain},
    network::pass::Weights,
    primitives::{scope::Scope, theta::Theta},
    run::Run,
};
use clbench_methods::merging::ema;

use crate::{
    host,
    support::{self, Heard, setup},
};

fn flat(theta: &Theta) -> Vec<f64> {
    theta.paths().flat_map(|path| host::values(theta, path)).collect()
}

/// The first step's weights start it, each further step takes its share.
#[test]
fn the_average_is_that_of_every_step() {
    let setup = setup("method=ema ema.keep=0.9");
    let mut run = Run::new(&setup, 0, &support::shelf()).unwrap();
    let (mut heard, mut average) = (Heard::default(), Vec::new());
    while !run.is_over() {
        run.advance(&mut heard).unwrap();
        let theta = flat(&run.state.weights.theta);
        if average.is_empty() {
            average = theta;
        } else {
            average.iter_mut().zip(theta).for_each(|(average, new)| *average = 0.9 * *average + 0.1 * new);
        }
    }
    let (_, kept): (ema::Config, Theta) = support::state(&run, "ema");
    host::close("ema", &flat(&kept), &average, 1e-5);
    // And it is what answers, in place of the weights that are trained.
    let plain = Plain(setup.net.clone());
    let by = |theta: &Theta| {
        let weights = Weights { theta: theta.clone(), ..run.state.weights.clone() };
        support::scores(&*plain.predictor(&weights), &setup, Scope::All, 4)
    };
    let given = support::scores(&*run.predictor().unwrap(), &setup, Scope::All, 4);
    assert_eq!(given, by(&kept));
    assert_ne!(given, by(&run.state.weights.theta));
}

/// Running statistics are re-estimated for the average: the plain average over the batches, so that the deployed
/// network's first layer sees unit variance; and that is charged.
#[test]
fn an_averages_statistics_are_its_own_and_charged() {
    let net = "net.batch_norm=true net.dropout=0 method=ema ema.keep=0.99";
    let trace = support::trace(net);
    let calibrated = trace.ledger.on(Phase::Calibrate);
    // 16 batches of 16 after each of three experiences; forward through 64-24-6.
    let examples = 3 * 16 * 16;
    assert_eq!((calibrated.examples, calibrated.flops), (examples, examples * 2 * (64 * 24 + 24 * 6)));
    assert_eq!(support::trace("method=ema").ledger.on(Phase::Calibrate), Spent::default());
}
