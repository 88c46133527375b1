//! Optimizers over a whole [`Theta`], so that global scalars (a distance, a clipped norm) need no tricks.
//!
//! A path without a gradient is not touched: no decay, no momentum, no step counted.

mod adamw;
mod galore;
pub mod schedule;
mod sgd;

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use toml::Table;

pub use self::{adamw::Adamw, galore::Galore, sgd::Sgd};
use crate::{
    budget::Meter,
    catalogue::{Entry, Made, Settings, settings},
    primitives::{array::Array, stored::Stored, theta::Theta},
};

/// Moves weights along gradients. Its state is serde; cloning it is how to look ahead.
pub trait Optimizer: Stored + Send + Sync {
    /// Takes one step along `grads` with the learning rate `rate`. `theta` may have paths that `grads` lacks; they
    /// stay as they are. Matrix products, where there are some, are counted by `meter`.
    fn step(&mut self, theta: &mut Theta, grads: Theta, rate: f64, meter: &Meter);
    /// How many numbers it holds.
    fn elements(&self) -> usize;
    /// Operations that its next step on `theta` may need beyond those of most steps; they are kept back.
    fn due(&self, _theta: &Theta) -> u64 {
        0
    }
    /// Operations of its last step that most steps do not need.
    fn once(&self) -> u64 {
        0
    }
    /// Steps after which such operations are needed again; 0 where they never are.
    fn every(&self) -> u64 {
        0
    }
    /// Forgets what belongs to paths that `theta` lacks or holds in another shape.
    fn keep_to(&mut self, theta: &Theta);
    /// A copy that shares nothing that can change.
    fn boxed(&self) -> Box<dyn Optimizer>;
}

impl Clone for Box<dyn Optimizer> {
    fn clone(&self) -> Self {
        self.boxed()
    }
}

/// The rules that the harness brings.
pub fn catalogue() -> Vec<Rule> {
    vec![
        Rule {
            name: "sgd",
            about: "stochastic gradient descent; momentum, nesterov, decay",
            citation: "https://proceedings.mlr.press/v28/sutskever13.html",
            settings: sgd::Config::SETTINGS,
            make: |table| optimizer(table, Sgd::new),
        },
        Rule {
            name: "adamw",
            about: "Adam with decoupled weight decay; beta1, beta2, epsilon, decay",
            citation: "https://arxiv.org/abs/1711.05101",
            settings: adamw::Config::SETTINGS,
            make: |table| optimizer(table, Adamw::new),
        },
        Rule {
            name: "galore",
            about: "AdamW on gradients of low rank; rank, gap, scale, and AdamW's",
            citation: "https://arxiv.org/abs/2403.03507",
            settings: galore::Config::SETTINGS,
            make: |table| optimizer(table, Galore::new),
        },
    ]
}

/// What an optimizer remembers, by path: vectors under names, and a count of steps.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Memory {
    slots: BTreeMap<String, Theta>,
    steps: BTreeMap<String, i32>,
}

impl Memory {
    /// Counts one more step for each path of `grads`.
    pub fn count(&mut self, grads: &Theta) {
        for path in grads.paths() {
            *self.steps.entry(path.to_owned()).or_default() += 1;
        }
    }
    /// Steps taken by `path`.
    pub fn steps(&self, path: &str) -> i32 {
        self.steps.get(path).copied().unwrap_or(0)
    }
    /// The vector of this name.
    pub fn slot(&mut self, slot: &str) -> &mut Theta {
        self.slots.entry(slot.to_owned()).or_default()
    }
    /// `slot ← keep · slot + take · new` for the paths of `new`, a path that is met first starting at zero;
    /// returns those.
    pub fn blend(&mut self, slot: &str, new: &Theta, keep: f32, take: f32) -> Theta {
        let slot = self.slot(slot);
        let blended = new.map_at(|path, new| match slot.remove(path) {
            Some(old) => old.flat * keep + new * take,
            None => new * take,
        });
        slot.extend(blended.clone());
        blended
    }
    /// Numbers in all vectors together.
    pub fn elements(&self) -> usize {
        self.slots.values().map(Theta::len).sum()
    }
    /// Forgets what belongs to paths that `theta` lacks or holds in another shape.
    pub fn keep_to(&mut self, theta: &Theta) {
        let known = |path: &str, array: &Array| theta.get(path).is_some_and(|new| new.shape == array.shape);
        // The steps of a path go with its vectors.
        let fits = |slot: &Theta, path: &str| slot.get(path).is_none_or(|array| known(path, array));
        self.steps.retain(|path, _| theta.has(path) && self.slots.values().all(|slot| fits(slot, path)));
        self.slots.values_mut().for_each(|slot| slot.retain(known));
    }
}

/// `w − rate · u`, in place where nobody shares `w`, after `w ← (1 − rate · decay) · w` where w is not [`UNDECAYED`].
pub fn descend(theta: &mut Theta, direction: Theta, rate: f32, decay: f32) {
    let keep = 1.0 - rate * decay;
    let still = |path: &str| decay == 0.0 || path.ends_with(UNDECAYED);
    theta.update_at(direction, |path, w, u| if still(path) { w - u * rate } else { w * keep - u * rate });
}

/// Scales `grads` down to the global norm `limit`; returns them with the norm that they had.
///
/// Pascanu et al. 2013, <https://arxiv.org/abs/1211.5063>, algorithm 1, over all paths at once.
pub fn clip(grads: Theta, limit: f64) -> (Theta, f64) {
    let norm = grads.norm();
    // As in PyTorch's `clip_grad_norm_`, 1e-6 keeps the division harmless.
    let factor = limit / (norm + 1e-6);
    if factor < 1.0 { (grads.scale(factor as f32), norm) } else { (grads, norm) }
}

/// [`clip`] for each of the parts of `grads` below the prefixes `apart`, as if it were alone, and for what is below
/// none of them; the norm that all had together.
pub fn clip_apart(grads: Theta, limit: f64, apart: &[String]) -> (Theta, f64) {
    if apart.is_empty() {
        return clip(grads, limit);
    }
    let (mut rest, mut all, mut squares) = (grads, Theta::default(), 0.0);
    for prefix in apart {
        let mut part = rest.clone();
        part.retain(|path, _| path.starts_with(prefix));
        rest.retain(|path, _| !path.starts_with(prefix));
        let (part, norm) = clip(part, limit);
        all.extend(part);
        squares += norm * norm;
    }
    let (rest, norm) = clip(rest, limit);
    all.extend(rest);
    (all, (squares + norm * norm).sqrt())
}

/// End of the paths of what a standard deviation is made of, in which zero is no place of rest: it never decays.
pub const UNDECAYED: &str = ".rho";

/// Square of each element.
pub fn square(x: Tensor<1>) -> Tensor<1> {
    x.clone() * x
}

/// An optimizer's entry in a catalogue.
pub type Rule = Entry<fn(Table) -> Made<Box<dyn Optimizer>>>;

/// Makes an optimizer out of its table.
pub fn optimizer<C, M>(table: Table, new: impl FnOnce(C) -> M) -> Made<Box<dyn Optimizer>>
where
    C: Settings,
    M: Optimizer + 'static,
{
    let (table, config) = settings(table)?;
    Ok((table, Box::new(new(config))))
}
