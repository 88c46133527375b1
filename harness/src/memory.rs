//! Memory of a fixed size for methods that rehearse.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::draws::Draws;

/// Holds each item that was offered with the same probability: Vitter 1985, <https://doi.org/10.1145/3147.3165>,
/// algorithm R.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reservoir<T> {
    held: Vec<T>,
    capacity: usize,
    seen: usize,
}

impl<T> Reservoir<T> {
    /// Empty, for up to `capacity` items.
    pub fn new(capacity: usize) -> Self {
        Self { held: Vec::new(), capacity, seen: 0 }
    }
    /// Offers one more item, which is made only if it is taken.
    pub fn offer(&mut self, rng: &mut impl Rng, item: impl FnOnce() -> T) {
        self.seen += 1;
        if self.held.len() < self.capacity {
            self.held.push(item());
        } else if let Some(place) = self.held.get_mut(rng.random_range(0..self.seen)) {
            *place = item();
        }
    }
    /// Up to `count` different items, drawn.
    pub fn recall(&self, draws: &Draws, purpose: &str, count: usize) -> Vec<&T> {
        let order = draws.order(purpose, 0, self.held.len());
        order.into_iter().take(count).map(|index| &self.held[index]).collect()
    }
    /// What is held.
    pub fn held(&self) -> &[T] {
        &self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_kept_with_the_same_probability() {
        let (offered, capacity, runs) = (20, 5, 4000);
        let mut kept = vec![0_u32; offered];
        for run in 0..runs {
            let mut rng = Draws::of(run).rng("reservoir", 0);
            let mut reservoir = Reservoir::new(capacity);
            (0..offered).for_each(|item| reservoir.offer(&mut rng, || item));
            assert_eq!(reservoir.held().len(), capacity);
            reservoir.held().iter().for_each(|item| kept[*item] += 1);
        }
        // Binomial with n = 4000, p = 1/4: mean 1000, standard deviation 27.4; five of them.
        assert!(kept.iter().all(|kept| kept.abs_diff(1000) < 137), "{kept:?}");
    }

    #[test]
    fn a_reservoir_without_room_takes_nothing() {
        let mut reservoir = Reservoir::new(0);
        reservoir.offer(&mut Draws::of(0).rng("reservoir", 0), || unreachable!("nobody asked for it"));
        let _: &Vec<()> = &reservoir.held;
        assert!(reservoir.recall(&Draws::of(0), "recall", 3).is_empty());
    }
}
