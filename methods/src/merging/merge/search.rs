//! The share of new weights by search: the one of a grid whose merge has the least loss.
//!
//! Ilharco et al. 2022 (PAINT), <https://arxiv.org/abs/2208.05592>, section 2: the mixing coefficient is chosen on
//! held-out examples of the new task and of the tasks that are to be kept.
//!
//! **Deviation:** the examples are drawn out of the experience's training examples, which is all that a stream grants
//! to a method; those that the environment brings back among them stand for earlier tasks, with half of the say. The
//! least mean loss is chosen and not the highest accuracy, and the smallest share of equals. Layers that normalise
//! batches do so by the batch at hand.

use anyhow::Result;
use clbench::{
    budget::Spent,
    method::Ctx,
    network::pass::{Mode, Pass, Weights},
};

use super::{
    flat::whole,
    kept::Trained,
    rules::Parts,
    settings::{Config, Rule},
};

/// The share.
pub(super) fn share(parts: &Parts, new: &Trained, config: &Config, cx: &Ctx) -> Result<f64> {
    let plain = Config { rule: Rule::Interpolation, ..config.clone() };
    let groups = groups(config, cx);
    let mut best = (f64::INFINITY, 1.0);
    for at in 0..=config.search {
        let share = at as f64 / config.search as f64;
        let mut parts = parts.clone();
        (parts.parts[0].share, parts.parts[1].share) = (1.0 - share, share);
        let mut theta = new.theta.clone();
        theta.extend(whole(&parts.merged(&plain, &mut |_| Vec::new())?, &parts.spans, cx.device));
        let weights = Weights { theta, ..cx.weights.clone() };
        let losses = groups.iter().map(|indices| loss(&weights, indices, cx));
        let loss = losses.sum::<f64>() / groups.len() as f64;
        if loss < best.0 {
            best = (loss, share);
        }
    }
    Ok(best.1)
}

/// What a search will cost.
pub(super) fn price(config: &Config, cx: &Ctx) -> Result<Spent> {
    let mut all = Spent::default();
    for group in groups(config, cx) {
        all += cx.price_of_batches(group.len(), cx.batch_size, |indices| Ok(loss(cx.weights, indices, cx)))?;
    }
    Ok(all.times(config.search as u64 + 1))
}

/// New examples, then those that came back, each drawn, where there are some.
fn groups(config: &Config, cx: &Ctx) -> Vec<Vec<usize>> {
    // One order for all steps of an experience, so that a price is that of what will be done.
    let order = clbench::primitives::draws::Draws { step: 0, ..cx.draws }.order("merge search", 0, cx.feed.len());
    let (new, back): (Vec<usize>, Vec<usize>) = order.into_iter().partition(|index| cx.feed.is_new(*index));
    let cut = |mut all: Vec<usize>| {
        all.truncate(config.samples);
        all
    };
    [new, back].map(cut).into_iter().filter(|group| !group.is_empty()).collect()
}

/// Mean loss of the experience's examples at `indices`.
fn loss(weights: &Weights, indices: &[usize], cx: &Ctx) -> f64 {
    let batches = indices.chunks(cx.batch_size);
    let sum: f64 = batches
        .map(|indices| {
            let mut pass = Pass::plain(weights, Mode::Calibrate(0), cx.meter());
            let loss = cx.carrier.loss(&mut pass, &cx.batch(indices)).loss;
            cx.meter().count(Spent { examples: indices.len() as u64, ..Spent::default() });
            f64::from(loss.into_scalar::<f32>()) * indices.len() as f64
        })
        .sum();
    sum / indices.len() as f64
}
