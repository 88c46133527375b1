//! A long tail: class after class has fewer training examples, exponentially.
//!
//! - Cui et al. 2019, <https://arxiv.org/abs/1901.05555>: class c keeps n·μᶜ of its n examples, and the imbalance
//!   factor ρ is the largest class's number over the smallest's.
//! - Liu et al. 2022, <https://arxiv.org/abs/2210.00266>: in streams, from head to tail ("ordered") or shuffled.
//!
//! Of C classes, class c along the tail keeps `⌊n·ρ^(-c/(C-1))⌋` examples and at least one, where n is the largest
//! class's number. A class has the examples that any task shows with its label. Which ones stay is drawn for each
//! example, so that a longer tail keeps only what a shorter one keeps.
//!
//! **Deviation:** datasets need not be balanced, so a class that has fewer examples than it may keep keeps all.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use clbench::{
    catalogue::{Range, Settings, part},
    stream::{Alter, Alteration, Ground, Task},
};

use super::{by_label, by_lot};

/// The entry of the catalogue.
pub const ALTERATION: Alteration = Alteration {
    name: "long-tailed",
    about: "class after class has fewer training examples",
    citation: "https://arxiv.org/abs/2210.00266",
    settings: LongTailed::SETTINGS,
    make: |table| part(table, |tail: LongTailed| Box::new(tail) as Box<dyn Alter>),
};

clbench::settings! {
    /// Settings.
    #[derive(Clone, Debug)]
    pub struct LongTailed {
        /// Examples of the first class over those of the last, ρ.
        pub factor: f64 = 100.0, Range::Within(1.0, 1e9);
        /// Which class stands where along the tail.
        pub order: Order = Order::Given;
    }
}

clbench::choice! {
    /// Which class stands where along the tail.
    pub enum Order {
        /// As the tasks bring them.
        Given = "given",
        /// Drawn.
        Shuffled = "shuffled",
    }
}

impl Settings for LongTailed {}

impl Alter for LongTailed {
    fn alter(&self, tasks: &mut [Task], ground: &Ground) -> Result<()> {
        let (mut classes, mut members) = (Vec::new(), BTreeMap::<usize, BTreeSet<u32>>::new());
        for task in &*tasks {
            for (label, places) in by_label(&task.train) {
                let examples = places.into_iter().map(|place| task.train.indices()[place]);
                let class = members.entry(label).or_insert_with(|| {
                    classes.push(label);
                    BTreeSet::new()
                });
                class.extend(examples);
            }
        }
        if self.order == Order::Shuffled {
            let order = ground.draws.order("long tail of classes", 0, classes.len());
            classes = order.into_iter().map(|at| classes[at]).collect();
        }
        let most = members.values().map(BTreeSet::len).max().unwrap_or(0);
        for (class, count) in classes.iter().zip(counts(most, classes.len(), self.factor)) {
            let all = members.remove(class).unwrap_or_default().into_iter().collect();
            let kept = by_lot(&ground.draws, "long tail", all, |example| *example);
            members.insert(*class, kept.into_iter().take(count).collect());
        }
        for task in tasks {
            let train = &task.train;
            let stays = |place: &usize| members[&train.label(*place)].contains(&train.indices()[*place]);
            task.train = train.select(&(0..train.len()).filter(stays).collect::<Vec<_>>());
        }
        Ok(())
    }
}

/// How many examples each of `classes` may keep along the tail.
fn counts(most: usize, classes: usize, factor: f64) -> impl Iterator<Item = usize> {
    let last = classes.saturating_sub(1).max(1) as f64;
    // What is a whole number but for rounding counts as that number.
    let count = move |class: usize| (most as f64 * factor.powf(-(class as f64) / last) + 1e-9) as usize;
    (0..classes).map(move |class| count(class).max(1))
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{altered, counted, counts as counts_of},
        *,
    };

    /// What is known as CIFAR-10-LT and, of 20 of its classes, CIFAR-100-LT.
    #[test]
    fn counts_are_those_of_the_long_tailed_cifars() {
        let ten: Vec<usize> = counts(5000, 10, 100.0).collect();
        assert_eq!(ten, [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]);
        let hundred: Vec<usize> = counts(500, 100, 100.0).collect();
        assert_eq!((hundred[0], hundred[1], hundred[50], hundred[99]), (500, 477, 48, 5));
        assert!(counts(4, 3, 100.0).eq([4, 1, 1]), "at least one stays");
        assert!(counts(7, 1, 100.0).eq([7]));
        assert!(counts(7, 2, 1.0).eq([7, 7]));
    }

    fn tail(factor: f64, order: Order) -> LongTailed {
        LongTailed { factor, order }
    }

    #[test]
    fn classes_thin_out_as_the_tasks_bring_them() {
        let universe = counted(&[16, 16, 16, 3]);
        let tasks = altered(&tail(8.0, Order::Given), &universe, &[&[1, 2], &[0, 3]], 0);
        // Label 1 is first and label 2 second; then 0; then 3, which may keep two of its three: 16, 8, 4, 2.
        assert_eq!([counts_of(&tasks[0].train), counts_of(&tasks[1].train)], [[16, 8], [4, 2]]);
        let poor = counted(&[16, 1]);
        let tasks = altered(&tail(2.0, Order::Given), &poor, &[&[0, 1]], 0);
        assert_eq!(counts_of(&tasks[0].train), [16, 1], "a class cannot keep more than it has");
    }

    #[test]
    fn a_shuffled_tail_has_the_same_counts_in_an_order_of_the_seed() {
        let universe = counted(&[64; 7]);
        let shuffled = |seed| {
            let tasks = altered(&tail(64.0, Order::Shuffled), &universe, &[&[0, 1, 2, 3, 4, 5, 6]], seed);
            counts_of(&tasks[0].train)
        };
        let mut sorted = shuffled(0);
        sorted.sort_unstable();
        assert_eq!(sorted, [1, 2, 4, 8, 16, 32, 64]);
        assert_ne!(shuffled(0), shuffled(1));
    }

    #[test]
    fn tasks_that_show_the_same_examples_lose_the_same_and_a_longer_tail_loses_more() {
        let universe = counted(&[30, 30]);
        let kept = |factor| {
            let tasks = altered(&tail(factor, Order::Given), &universe, &[&[0, 1], &[0, 1]], 5);
            assert_eq!(tasks[0].train.indices(), tasks[1].train.indices());
            tasks[0].train.indices().to_vec()
        };
        let (short, long) = (kept(3.0), kept(10.0));
        assert_eq!((short.len(), long.len()), (40, 33));
        assert!(long.iter().all(|example| short.contains(example)));
    }

    #[test]
    fn a_factor_below_one_is_refused() {
        for factor in [0.5, f64::NAN, f64::INFINITY] {
            let message = clbench::catalogue::checked(&tail(factor, Order::Given)).unwrap_err().to_string();
            assert!(message.starts_with("factor = "), "{message}");
        }
    }
}
