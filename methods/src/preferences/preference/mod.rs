//! A network for each preference over tasks: where they lie, what they weigh, which of them answers.
//!
//! The networks lie in `theta` below `n0.`, `n1.` and so on, the preferences that they are trained for in `frozen` at
//! `preference.0` and so on, shape of each `[tasks]`. At each experience a network goes on with the preference of the
//! same number among those that will be asked after it; where none are asked there is one network, for which all tasks
//! that have come weigh the same.

use anyhow::{Result, ensure};
use burn::tensor::{Device, Tensor};
use clbench::{
    batch::Batch,
    method::Ctx,
    network::{
        net::Net,
        pass::{Pass, Weights},
        predictor::Ask,
    },
    primitives::{array::Array, theta::Theta},
};

/// Where the experience's own tasks are noted, as 0 or 1 for each task. Shape `[tasks]`.
const NOW: &str = "now";

/// Where network `p` lies.
pub(crate) fn prefix(p: usize) -> String {
    format!("n{p}.")
}

/// Where the networks of `theta` lie.
pub(crate) fn prefixes(theta: &Theta) -> Vec<String> {
    (0..theta.paths().count())
        .map(prefix)
        .take_while(|prefix| theta.paths().any(|path| path.starts_with(prefix)))
        .collect()
}

/// Refuses a network with running statistics, which several sets of weights would share.
///
/// # Errors
/// When the network has some.
pub(crate) fn without_statistics(net: &Net, what: &str) -> Result<()> {
    ensure!(
        net.zeros(&Device::flex()).buffers.is_empty(),
        "{what} cannot share running statistics; choose a network without batch normalisation, such as \
         net.batch_norm=false"
    );
    Ok(())
}

/// Notes the experience's preferences, and makes as many networks: new ones begin as the first.
pub(crate) fn begin(cx: &mut Ctx) {
    let (tasks, seen) = (cx.heads().tasks.len(), cx.heads().seen[cx.experience].clone());
    let mut wishes = cx.preferences();
    if wishes.is_empty() {
        let share = 1.0 / seen.len() as f64;
        wishes.push((0..tasks).map(|task| if seen.contains(&task) { share } else { 0.0 }).collect());
    }
    let first = cx.weights.theta.below(&prefix(0));
    for (p, wish) in wishes.iter().enumerate() {
        // Weights on tasks that are to come wait for them.
        let total: f64 = seen.iter().map(|task| wish[*task]).sum();
        let share = |task: usize| if seen.contains(&task) && total > 0.0 { wish[task] / total } else { 0.0 };
        let shares = (0..tasks).map(|task| share(task) as f32).collect();
        cx.weights.frozen.insert(format!("preference.{p}"), Array::new(&[tasks], shares, cx.device));
        if !cx.weights.theta.paths().any(|path| path.starts_with(&prefix(p))) {
            cx.weights.theta.extend(first.clone().under(&prefix(p)));
        }
    }
    let own = cx.feed.tasks();
    let now = (0..tasks).map(|task| if own.contains(&task) { 1.0 } else { 0.0 }).collect();
    cx.weights.frozen.insert(NOW, Array::new(&[tasks], now, cx.device));
}

/// Notes that the experience is over: from here on remembered examples of its tasks have their weight, too.
pub(crate) fn end(cx: &mut Ctx) {
    let tasks = cx.heads().tasks.len();
    cx.weights.frozen.insert(NOW, Array::filled(&[tasks], 0.0, cx.device));
}

/// What preference `p` weighs each task.
fn shares(frozen: &Theta, p: usize) -> Option<Vec<f32>> {
    frozen.get(&format!("preference.{p}")).map(Array::values)
}

/// Σ over tasks k of wₖ times the mean loss of the batch's examples of k, for network `p`; the plain mean before the
/// first experience began. Logits have shape `[batch, classes]`, the loss `[1]`.
///
/// A remembered example of a task that is being trained has no weight: the task's new examples stand for it.
///
/// **Deviation:** a task without an example in a batch has no term in that batch's loss.
pub(crate) fn weighed(pass: &mut Pass, logits: Tensor<2>, batch: &Batch, p: usize) -> Tensor<1> {
    let each = -pass.log_likelihoods(logits, batch.labels.clone());
    let frozen = &pass.weights.frozen;
    let (Some(shares), false) = (shares(frozen, p), batch.tasks.is_empty()) else { return each.mean() };
    let now = frozen.get(NOW).expect("noted with the preferences").values();
    let remembered = batch.indices.is_empty();
    let weight = |task: usize| if remembered && now[task] > 0.0 { 0.0 } else { shares[task] };
    let mut counts = vec![0_u32; shares.len()];
    batch.tasks.iter().for_each(|task| counts[*task] += 1);
    let weights = batch.tasks.iter().map(|task| weight(*task) / counts[*task] as f32).collect();
    let weights = Array::new(&[batch.len(), 1], weights, &each.device().inner());
    pass.hold_numbers(if each.is_autodiff() { batch.len() } else { 0 });
    (each * weights.tensor()).sum()
}

/// The network whose preference is nearest to what is asked, or to equal shares of the tasks that have come.
pub(crate) fn nearest(weights: &Weights, ask: &Ask) -> usize {
    let known: Vec<Vec<f32>> = (0..).map_while(|p| shares(&weights.frozen, p)).collect();
    let Some(first) = known.first() else { return 0 };
    let come = |task: usize| known.iter().any(|shares| shares[task] > 0.0);
    let equal = || (0..first.len()).map(|task| if come(task) { 1.0 } else { 0.0 }).collect();
    let mut wish: Vec<f64> = ask.preference.clone().unwrap_or_else(equal);
    // Tasks that are to come say nothing of those that have come.
    (0..wish.len()).filter(|task| !come(*task)).for_each(|task| wish[task] = 0.0);
    let total: f64 = wish.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let apart = |shares: &Vec<f32>| -> f64 {
        shares.iter().zip(&wish).map(|(share, wish)| (f64::from(*share) - wish / total).abs()).sum()
    };
    let gaps: Vec<f64> = known.iter().map(apart).collect();
    (0..gaps.len()).min_by(|a, b| gaps[*a].total_cmp(&gaps[*b])).unwrap_or(0)
}

#[cfg(test)]
mod tests;
