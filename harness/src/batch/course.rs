//! Which examples the batch of each step holds.
//!
//! Examples of an experience have numbers from 0; what can come back beside them (a buffer, a pretraining pool, the
//! arms of a policy, what was recorded) is counted on from there.

use crate::{
    batch::mixture::{Counts, Mixture},
    primitives::draws::Draws,
    stream::{Course, Experience, Policy},
};

/// What can come back beside an experience's own examples.
#[derive(Clone, Debug, Default)]
pub struct Stock {
    /// Task, and place in its train view, of each.
    pub(crate) places: Vec<(u32, u32)>,
    /// How many of them, from the first, the buffer holds; the pretraining pool comes after.
    pub(crate) buffer: usize,
    /// How many of them each arm of the policy holds.
    pub(crate) arms: Vec<usize>,
    /// Whether the environment brings them back, as against a buffer.
    pub(crate) rehearsed: bool,
}

/// What decides the batches of an experience.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'a> {
    pub experience: &'a Experience,
    /// Examples in a full batch.
    pub batch: usize,
    pub mixture: &'a Mixture,
    pub stock: &'a Stock,
    /// Draws of the run's seed and the experience; the step is set to what is drawn for.
    pub draws: Draws,
}

/// Orders of the epochs in progress: one for each place that examples come from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orders(Vec<(&'static str, Draws, Vec<usize>)>);

impl Orders {
    /// The order of `count` examples in the epoch of `draws`.
    fn of(&mut self, purpose: &'static str, draws: Draws, count: usize) -> &[usize] {
        let known = self.0.iter().position(|(of, at, order)| *of == purpose && *at == draws && order.len() == count);
        let at = known.unwrap_or_else(|| {
            self.0.retain(|(of, ..)| *of != purpose);
            self.0.push((purpose, draws, draws.order(purpose, 0, count)));
            self.0.len() - 1
        });
        &self.0[at].2
    }
}

impl Plan<'_> {
    /// The step at which each new example is met for the first time, by whatever rule batches are made; the largest
    /// number for one that a recording leaves out.
    pub fn first_met(&self) -> Vec<u64> {
        let mut first = vec![u64::MAX; self.experience.new_examples()];
        let (mut left, mut orders) = (first.len(), Orders::default());
        for step in 0..self.epoch() {
            if left == 0 {
                break;
            }
            // What a policy chooses is not new, so nobody needs to choose.
            for index in self.indices(step, &mut orders, None) {
                if let Some(met) = first.get_mut(index).filter(|met| **met == u64::MAX) {
                    *met = step;
                    left -= 1;
                }
            }
        }
        first
    }

    /// Steps of one pass through the experience: until each new example was seen once, or all that was recorded.
    pub fn epoch(&self) -> u64 {
        match &self.experience.course {
            Course::Recorded { steps, .. } => steps.len() as u64,
            _ if !self.mixture.is_plain() => self.experience.len().div_ceil(self.counts().update) as u64,
            _ => (self.experience.len() + self.experience.chosen).div_ceil(self.batch) as u64,
        }
    }

    /// Examples of a batch by where they come from.
    fn counts(&self) -> Counts {
        self.mixture.counts(self.batch, self.stock.buffer == 0)
    }

    /// The examples of the batch of `step`; `policy` chooses those that come back by choice.
    pub fn indices(&self, step: u64, orders: &mut Orders, policy: Option<&mut (dyn Policy + '_)>) -> Vec<usize> {
        let len = self.experience.len();
        if let Course::Recorded { steps, .. } = &self.experience.course {
            return steps[(step % self.epoch()) as usize].iter().map(|at| *at as usize).collect();
        }
        if !self.mixture.is_plain() {
            return self.mixed(step, orders);
        }
        let (epoch, all) = (self.epoch(), len + self.experience.chosen);
        let (epoch, within) = (step / epoch, (step % epoch) as usize);
        let slots = within * self.batch..all.min((within + 1) * self.batch);
        let draws = Draws { step: epoch, ..self.draws };
        if let Course::Given(order) = &self.experience.course
            && self.experience.chosen == 0
        {
            return order[slots].iter().map(|at| *at as usize).collect();
        }
        let mut indices = match &self.experience.course {
            Course::Given(order) => between(order, self.experience.chosen, draws)[slots].to_vec(),
            _ => orders.of("batch order", draws, all)[slots].to_vec(),
        };
        self.choose(&mut indices, step, policy);
        indices
    }

    /// Puts what the policy chooses into the slots beyond the experience's own examples.
    fn choose(&self, indices: &mut [usize], step: u64, policy: Option<&mut (dyn Policy + '_)>) {
        let len = self.experience.len();
        let count = indices.iter().filter(|index| **index >= len).count();
        let (Some(policy), true) = (policy, count > 0) else { return };
        let arms = &self.stock.arms;
        let starts: Vec<usize> = std::iter::once(0)
            .chain(arms.iter().scan(0, |sum, arm| {
                *sum += arm;
                Some(*sum)
            }))
            .collect();
        let chosen = policy.choose(arms, count, &Draws { step, ..self.draws });
        assert_eq!(chosen.len(), count, "a policy chooses as many examples as it is asked for");
        let slots = indices.iter_mut().filter(|index| **index >= len);
        for (slot, (arm, place)) in slots.zip(chosen) {
            assert!(place < arms[arm], "a policy chooses among the arm's examples");
            *slot = len + starts[arm] + place;
        }
    }

    /// A batch out of new examples, buffer and pool: each is gone through in drawn orders, again and again.
    fn mixed(&self, step: u64, orders: &mut Orders) -> Vec<usize> {
        let (len, stock) = (self.experience.len(), self.stock);
        let Counts { pretraining, update, buffer } = self.counts();
        let pool = stock.places.len() - stock.buffer;
        let from = [
            ("mixture pretraining", pretraining, len + stock.buffer, pool),
            ("mixture update", update, 0, len),
            ("mixture buffer", buffer, len, stock.buffer),
        ];
        let mut indices = Vec::with_capacity(self.batch);
        for (purpose, count, first, size) in from {
            let mut at = step * count as u64;
            let end = at + count as u64;
            while at < end {
                let (epoch, within) = (at / size as u64, (at % size as u64) as usize);
                let upto = size.min(within + (end - at) as usize);
                let draws = Draws { step: epoch, ..self.draws };
                // New examples whose order is given come in it.
                match &self.experience.course {
                    Course::Given(order) if first == 0 => {
                        indices.extend(order[within..upto].iter().map(|place| *place as usize));
                    }
                    _ => {
                        let order = orders.of(purpose, draws, size);
                        indices.extend(order[within..upto].iter().map(|place| first + place));
                    }
                }
                at += (upto - within) as u64;
            }
        }
        indices
    }
}

/// A given order with `chosen` more slots at drawn positions.
fn between(order: &[u32], chosen: usize, draws: Draws) -> Vec<usize> {
    let all = order.len() + chosen;
    let mut is_chosen = vec![false; all];
    draws.order("batch order", 0, all).into_iter().take(chosen).for_each(|slot| is_chosen[slot] = true);
    let mut own = order.iter().map(|at| *at as usize);
    let mut more = order.len()..all;
    let slot = |chosen| if chosen { more.next() } else { own.next() };
    is_chosen.into_iter().map(slot).map(|slot| slot.expect("as many slots as examples")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan<'a>(experience: &'a Experience, mixture: &'a Mixture, stock: &'a Stock) -> Plan<'a> {
        Plan { experience, batch: 4, mixture, stock, draws: Draws::of(3) }
    }
    fn experience(count: u32) -> Experience {
        Experience::of(&(0..count).map(|place| (0, place)).collect::<Vec<_>>())
    }
    fn batches(plan: &Plan, steps: u64) -> Vec<Vec<usize>> {
        let mut orders = Orders::default();
        (0..steps).map(|step| plan.indices(step, &mut orders, None)).collect()
    }

    #[test]
    fn an_epoch_shows_each_example_once() {
        let (experience, mixture, stock) = (experience(10), Mixture::default(), Stock::default());
        let plan = plan(&experience, &mixture, &stock);
        assert_eq!(plan.epoch(), 3);
        let batches = batches(&plan, 6);
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 2, 4, 4, 2]);
        for epoch in batches.chunks(3) {
            let mut all = epoch.concat();
            all.sort_unstable();
            assert_eq!(all, (0..10).collect::<Vec<_>>());
        }
        assert_ne!(batches[..3], batches[3..]);
    }

    #[test]
    fn a_mixture_goes_through_each_of_its_sources_evenly() {
        let experience = experience(6);
        let mixture = Mixture { update: 0.5, buffer: 0.25, pretraining: 0.25 };
        let stock = Stock { places: vec![(1, 0); 8], buffer: 3, ..Stock::default() };
        let plan = plan(&experience, &mixture, &stock);
        assert_eq!(plan.epoch(), 3);
        let batches = batches(&plan, 15);
        let mut seen = [0; 14];
        for batch in &batches {
            let count = |range: std::ops::Range<usize>| batch.iter().filter(|at| range.contains(at)).count();
            assert_eq!([count(0..6), count(6..9), count(9..14)], [2, 1, 1]);
            batch.iter().for_each(|at| seen[*at] += 1);
        }
        // 30 draws among 6, 15 among 3 and 15 among 5.
        assert_eq!(seen, [5, 5, 5, 5, 5, 5, 5, 5, 5, 3, 3, 3, 3, 3]);
        // A batch is the same whether or not the ones before it were made.
        assert_eq!(plan.indices(7, &mut Orders::default(), None), batches[7]);
    }

    /// Steps at which each new example is met first, found out by taking them.
    fn taken(plan: &Plan, steps: u64) -> Vec<u64> {
        let batches = batches(plan, steps);
        let first = |index| batches.iter().position(|batch| batch.contains(&index)).expect("it comes") as u64;
        (0..plan.experience.new_examples()).map(first).collect()
    }

    #[test]
    fn each_new_example_is_met_first_at_one_step_however_batches_are_made() {
        let (plain, stock) = (Mixture::default(), Stock { places: vec![(1, 0); 8], buffer: 8, ..Stock::default() });
        let half = Mixture { update: 0.5, buffer: 0.5, pretraining: 0.0 };
        // Seven examples, two at each step: the fourth step runs on into the next order.
        for (mixture, epoch) in [(&plain, 2), (&half, 4)] {
            let experience = experience(7);
            let plan = plan(&experience, mixture, &stock);
            assert_eq!((plan.epoch(), plan.first_met()), (epoch, taken(&plan, 3 * epoch)));
        }
        let mut given = Experience::in_order(&[(1, 0), (0, 0), (0, 1), (1, 1)]);
        given.chosen = 5;
        let of = plan(&given, &plain, &stock);
        assert_eq!(of.first_met(), taken(&of, 3));
        let steps = vec![vec![1, 4], vec![1, 0], vec![2, 1, 2], vec![0]];
        let course = Course::Recorded { back: vec![(0, 0)].into(), steps: steps.into() };
        let recorded = Experience { course, ..experience(4) };
        // The last is left out.
        assert_eq!(plan(&recorded, &plain, &stock).first_met(), [1, 0, 2, u64::MAX]);
    }

    #[test]
    fn a_given_order_is_kept_also_between_what_comes_back() {
        let mut experience = Experience::in_order(&[(1, 0), (0, 0), (0, 1), (1, 1)]);
        let (mixture, stock) = (Mixture::default(), Stock::default());
        assert_eq!(batches(&plan(&experience, &mixture, &stock), 2), [[2, 0, 1, 3], [2, 0, 1, 3]]);
        experience.chosen = 5;
        let plan = plan(&experience, &mixture, &stock);
        assert_eq!(plan.epoch(), 3);
        let all = batches(&plan, 3).concat();
        assert_eq!(all.iter().filter(|at| **at < 4).collect::<Vec<_>>(), [&2, &0, &1, &3]);
        assert_eq!(all.len(), 9);
    }
}
