//! Networks drawn from a distribution, and what they say together.

use std::{cell::RefCell, collections::BTreeMap};

use burn::tensor::{Tensor, activation};
use clbench::{
    network::{net::Net, pass::Weights, predictor::Ask},
    primitives::{scope::Scopes, theta::Theta},
};

/// Networks that were drawn before, by what they were drawn for.
#[derive(Default)]
pub(crate) struct Drawn(RefCell<BTreeMap<String, Vec<Theta>>>);

/// Things for which networks are kept at a time.
const MOST: usize = 16;

impl Drawn {
    /// The networks for what is `asked`, made where they are not there.
    pub fn get(&self, asked: &str, make: impl FnOnce() -> Vec<Theta>) -> Vec<Theta> {
        let mut known = self.0.borrow_mut();
        if known.len() >= MOST && !known.contains_key(asked) {
            known.clear();
        }
        known.entry(asked.to_owned()).or_insert_with(make).clone()
    }
}

/// Logarithms of the mean probabilities of the networks `models`; the scores of one alone are its logits. Shape
/// `[batch, classes]`.
pub(crate) fn together(net: &Net, weights: &Weights, models: &[Theta], inputs: &Tensor<4>, ask: &Ask) -> Tensor<2> {
    let mut pass = ask.pass(weights);
    let mut logits =
        |theta: &Theta| pass.under(theta.clone(), |pass| net.logits(pass, inputs.clone(), &Scopes::One(ask.scope)));
    if let [alone] = models {
        return logits(alone);
    }
    let share = -(models.len() as f64).ln();
    let answers = models.iter().map(|theta| activation::log_softmax(logits(theta), 1) + share);
    // The logarithm of a sum by pairs: what is out of scope stays far below and finite.
    let more = |sum: Tensor<2>, one: Tensor<2>| {
        let top = sum.clone().max_pair(one.clone());
        top.clone() + ((sum - top.clone()).exp() + (one - top).exp()).log()
    };
    answers.reduce(more).expect("there is a model")
}
