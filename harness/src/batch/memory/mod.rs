//! Memories of a fixed size: what is kept of the examples that have come.
//!
//! A memory holds items with their labels and knows nothing else of them, so that the harness keeps places of a stream
//! in it and a method keeps examples. Examples are kept as the task shows them, never augmented.

mod herding;

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

pub use self::herding::herd;
use crate::{catalogue::Choice, primitives::draws::Draws};

crate::catalogue::choice! {
    /// Which examples are kept.
    #[derive(Default)]
    pub enum Keep {
        /// Every one, as FoMo-in-Flux does (Roth et al. 2024, <https://arxiv.org/abs/2408.14471>).
        Unlimited = "unlimited",
        /// Each that was offered with the same probability: Vitter 1985, <https://doi.org/10.1145/3147.3165>, algorithm
        /// R.
        #[default]
        Reservoir = "reservoir",
        /// The last ones of each class, in equal shares of the capacity: Chaudhry et al. 2019,
        /// <https://arxiv.org/abs/1902.10486>, section 4, "ring buffer".
        Ring = "ring",
        /// A reservoir that makes room by what the largest class holds: Chrysakis & Moens 2020,
        /// <https://proceedings.mlr.press/v119/chrysakis20a.html>, algorithm 1.
        ClassBalanced = "class-balanced",
        /// For each class those whose mean feature stays nearest to the class's, in equal shares: Rebuffi et al. 2017,
        /// <https://arxiv.org/abs/1611.07725>, algorithms 4 and 5. Chosen at the end of an experience.
        ///
        /// **Deviation:** what a class does not fill, and what is left when the capacity is shared out, goes to the
        /// others; with fewer places than classes the classes that came first have one each. There classes do not come
        /// back; here what comes anew is herded by itself, and the class's two lists become one in which each takes
        /// turns as its number of examples that were offered says, so that the first of it stand for all that has come.
        Herding = "herding",
        /// Each with a probability that grows with its loss at the end of its experience: Efraimidis & Spirakis 2006,
        /// <https://doi.org/10.1016/j.ipl.2005.11.003>, algorithm A-Res with the loss as weight.
        Loss = "loss",
    }
}

impl Keep {
    /// Whether the model has to look at an experience's examples before they are kept.
    pub fn needs_model(self) -> bool {
        matches!(self, Self::Herding | Self::Loss)
    }
    /// Whether it goes by what the head sees of them, and not by their losses.
    pub fn needs_features(self) -> bool {
        self == Self::Herding
    }
    /// Its name in stream files and tables.
    pub fn name(self) -> &'static str {
        self.word()
    }
}

/// An item with what the memory has to know of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Slot<T> {
    item: T,
    label: usize,
    /// Herding: its place among its class's. Loss: its key, of which the largest are kept.
    rank: f64,
}

/// How often a label was offered, and whether its class was ever the largest held of a full memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Class {
    seen: usize,
    full: bool,
}

/// What the model says of an example that is offered at the end of an experience.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its loss, in nats; not a number where that is not asked for.
    pub loss: f64,
    /// What the head sees of it; empty where that is not asked for.
    pub features: Vec<f32>,
}

/// A memory of items of type `T`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memory<T> {
    keep: Keep,
    capacity: usize,
    /// Number of classes among which a ring shares its capacity.
    classes: usize,
    seen: usize,
    of: Vec<Class>,
    held: Vec<Slot<T>>,
}

impl<T> Memory<T> {
    /// Empty, for up to `capacity` items of labels below `classes`.
    ///
    /// # Errors
    /// When a ring has less than one place for each class.
    pub fn new(keep: Keep, capacity: usize, classes: usize) -> Result<Self> {
        ensure!(
            keep != Keep::Ring || capacity == 0 || capacity >= classes,
            "a ring of {capacity} examples has not one place for each of {classes} classes"
        );
        Ok(Self { keep, capacity, classes, seen: 0, of: Vec::new(), held: Vec::new() })
    }
    /// Which examples are kept.
    pub fn keep(&self) -> Keep {
        self.keep
    }
    /// Number of items held.
    pub fn len(&self) -> usize {
        self.held.len()
    }
    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
    /// What is held, in the order of its places.
    pub fn held(&self) -> impl ExactSizeIterator<Item = &T> {
        self.held.iter().map(|slot| &slot.item)
    }
    /// Up to `count` different items, drawn.
    pub fn recall(&self, draws: &Draws, purpose: &str, count: usize) -> Vec<&T> {
        let order = draws.order(purpose, 0, self.held.len());
        order.into_iter().take(count).map(|index| &self.held[index].item).collect()
    }

    /// Offers one more item, which is made only if it is taken. Not for what [`Keep::needs_model`].
    pub fn offer(&mut self, rng: &mut impl Rng, label: usize, item: impl FnOnce() -> T) {
        self.note(label, 1);
        let place = match self.keep {
            Keep::Unlimited => Some(self.held.len()),
            Keep::Ring => self.ring(label),
            _ if self.held.len() < self.capacity => Some(self.held.len()),
            Keep::ClassBalanced => self.balanced(rng, label),
            _ => Some(rng.random_range(0..self.seen)).filter(|place| *place < self.held.len()),
        };
        let Some(place) = place else { return };
        // A ring's places are in the order of their coming.
        let slot = |item| Slot { item, label, rank: 0.0 };
        if place == self.held.len() {
            self.held.push(slot(item()));
        } else if self.keep == Keep::Ring {
            self.held.remove(place);
            self.held.push(slot(item()));
        } else {
            self.held[place] = slot(item());
        }
    }

    /// The place of a class's oldest item, once the class has its share.
    fn ring(&self, label: usize) -> Option<usize> {
        let share = self.capacity / self.classes.max(1);
        let mut of_class = self.places(label);
        let oldest = of_class.next();
        if share == 0 {
            None
        } else if usize::from(oldest.is_some()) + of_class.count() < share {
            Some(self.held.len())
        } else {
            oldest
        }
    }

    /// Algorithm 1 of Chrysakis & Moens, from line 5: the memory is full.
    fn balanced(&mut self, rng: &mut impl Rng, label: usize) -> Option<usize> {
        if self.held.is_empty() {
            return None;
        }
        let mut counts = vec![0_usize; self.of.len()];
        self.held.iter().for_each(|slot| counts[slot.label] += 1);
        let largest = counts.iter().copied().max().unwrap_or(0);
        counts.iter().zip(&mut self.of).for_each(|(count, class)| class.full |= *count == largest);
        let from = if self.of[label].full {
            let share = counts[label] as f64 / self.of[label].seen as f64;
            if rng.random::<f64>() > share {
                return None;
            }
            self.places(label).collect::<Vec<_>>()
        } else {
            (0..self.held.len()).filter(|place| counts[self.held[*place].label] == largest).collect()
        };
        (!from.is_empty()).then(|| from[rng.random_range(0..from.len())])
    }

    fn places(&self, label: usize) -> impl Iterator<Item = usize> {
        self.held.iter().enumerate().filter(move |(_, slot)| slot.label == label).map(|(place, _)| place)
    }

    /// Offers all new items of an experience together with what the model says of each; for what
    /// [`Keep::needs_model`].
    pub fn settle(&mut self, rng: &mut impl Rng, items: Vec<(T, usize, Seen)>) {
        match self.keep {
            Keep::Herding => self.settle_by_herding(items),
            _ => self.settle_by_loss(rng, items),
        }
    }

    fn settle_by_loss(&mut self, rng: &mut impl Rng, items: Vec<(T, usize, Seen)>) {
        for (item, label, Seen { loss, .. }) in items {
            // u^(1/w), as its logarithm; what has no loss comes last.
            let weight = if loss.is_finite() { loss.max(1e-12) } else { 1e-12 };
            let rank = (1.0 - rng.random::<f64>()).ln() / weight;
            self.held.push(Slot { item, label, rank });
        }
        self.held.sort_by(|a, b| b.rank.total_cmp(&a.rank));
        self.held.truncate(self.capacity);
    }

    fn settle_by_herding(&mut self, items: Vec<(T, usize, Seen)>) {
        let mut new = BTreeMap::<usize, Vec<(Option<T>, Seen)>>::new();
        items.into_iter().for_each(|(item, label, seen)| new.entry(label).or_default().push((Some(item), seen)));
        let most = self.most(&new);
        for (label, mut of) in new {
            let features: Vec<&[f32]> = of.iter().map(|(_, seen)| &seen.features[..]).collect();
            let chosen = herd(&features, most);
            let list = chosen.into_iter().map(|at| of[at].0.take().expect("an example is chosen once")).collect();
            self.join(label, list, of.len());
        }
        self.shorten();
    }

    /// Most places that a class can have once the items of `new` have come.
    fn most<U>(&self, new: &BTreeMap<usize, Vec<U>>) -> usize {
        let mut there: BTreeMap<usize, usize> = new.iter().map(|(label, of)| (*label, of.len())).collect();
        self.held.iter().for_each(|slot| *there.entry(slot.label).or_default() += 1);
        let taken = |level: usize| there.values().map(|count| level.min(*count)).sum::<usize>();
        // Up to this level there is room for all; one class or the other has a place above it.
        let (mut low, mut high) = (0, there.values().copied().max().unwrap_or(0));
        while low < high {
            let level = (low + high).div_ceil(2);
            if taken(level) <= self.capacity { low = level } else { high = level - 1 }
        }
        low + 1
    }

    /// Joins the list that stands for `count` new examples of a class to the one that is held.
    fn join(&mut self, label: usize, list: Vec<T>, count: usize) {
        let before = self.note(label, count);
        let first = self.places(label).next().unwrap_or(self.held.len());
        let (mut held, mut others): (Vec<Slot<T>>, Vec<Slot<T>>) =
            self.held.drain(..).partition(|slot| slot.label == label);
        held.sort_by(|a, b| a.rank.total_cmp(&b.rank));
        let turn = |at: usize, of: usize| (at as f64 + 0.5) / of.max(1) as f64;
        let old = held.into_iter().enumerate().map(|(at, slot)| (turn(at, before), slot.item));
        let new = list.into_iter().enumerate().map(|(at, item)| (turn(at, count), item));
        let mut joint: Vec<(f64, T)> = old.chain(new).collect();
        // Of equals what is held comes first.
        joint.sort_by(|a, b| a.0.total_cmp(&b.0));
        let slot = |(rank, (_, item)): (usize, (f64, T))| Slot { item, label, rank: rank as f64 };
        // Where the class was: classes stay in the order of their coming.
        let after = others.split_off(first);
        self.held = others;
        self.held.extend(joint.into_iter().enumerate().map(slot));
        self.held.extend(after);
    }

    /// Algorithm 5: each class keeps the first of its list, all as many while they have them.
    fn shorten(&mut self) {
        let mut order: Vec<usize> = (0..self.held.len()).collect();
        order.sort_by(|a, b| self.held[*a].rank.total_cmp(&self.held[*b].rank));
        let mut stays = vec![false; order.len()];
        order.into_iter().take(self.capacity).for_each(|place| stays[place] = true);
        let mut stays = stays.into_iter();
        self.held.retain(|_| stays.next().unwrap_or(false));
    }

    /// Notes that `count` more of a class were offered; gives how many were before.
    fn note(&mut self, label: usize, count: usize) -> usize {
        self.seen += count;
        if self.of.len() <= label {
            self.of.resize(label + 1, Class::default());
        }
        let before = self.of[label].seen;
        self.of[label].seen += count;
        before
    }
}

#[cfg(test)]
mod tests;
