use super::*;

fn filled(keep: Keep, capacity: usize, labels: impl IntoIterator<Item = usize>, seed: u64) -> Memory<usize> {
    let mut memory = Memory::new(keep, capacity, 4).expect("a memory");
    let mut rng = Draws::of(seed).rng("memory", 0);
    labels.into_iter().enumerate().for_each(|(item, label)| memory.offer(&mut rng, label, || item));
    memory
}

fn counts(memory: &Memory<usize>) -> [usize; 4] {
    let mut counts = [0; 4];
    memory.held.iter().for_each(|slot| counts[slot.label] += 1);
    counts
}

#[test]
fn each_item_is_kept_with_the_same_probability() {
    let (offered, capacity, runs) = (20, 5, 4000);
    let mut kept = vec![0_u32; offered];
    for run in 0..runs {
        let memory = filled(Keep::Reservoir, capacity, vec![0; offered], run);
        assert_eq!(memory.len(), capacity);
        memory.held().for_each(|item| kept[*item] += 1);
    }
    // Binomial with n = 4000, p = 1/4: mean 1000, standard deviation 27.4; five of them.
    assert!(kept.iter().all(|kept| kept.abs_diff(1000) < 137), "{kept:?}");
}

#[test]
fn a_memory_without_room_takes_nothing() {
    for keep in [Keep::Reservoir, Keep::Ring, Keep::ClassBalanced] {
        let mut memory: Memory<()> = Memory::new(keep, 0, 4).expect("a memory");
        memory.offer(&mut Draws::of(0).rng("memory", 0), 1, || unreachable!("nobody asked for it"));
        assert!(memory.recall(&Draws::of(0), "recall", 3).is_empty());
    }
}

#[test]
fn a_ring_holds_the_last_of_each_class() {
    let memory = filled(Keep::Ring, 8, [0, 0, 0, 1, 0, 3, 1, 1], 0);
    assert_eq!(memory.held().copied().collect::<Vec<_>>(), [2, 4, 5, 6, 7]);
    assert!(Memory::<()>::new(Keep::Ring, 3, 4).is_err(), "less than one place for each class");
}

#[test]
fn an_unlimited_memory_holds_all() {
    assert_eq!(filled(Keep::Unlimited, 0, vec![1; 50], 0).len(), 50);
}

#[test]
fn a_balanced_memory_holds_rare_classes_whole() {
    // 100 of class 0, then 5, 20 and 4 of the others: 12 places are 4 for the 4 rare ones and near 3 for each other.
    let labels = std::iter::repeat_n(0, 100).chain([vec![1; 5], vec![2; 20], vec![3; 4]].concat());
    let mut sums = [0; 4];
    for seed in 0..50 {
        let memory = filled(Keep::ClassBalanced, 12, labels.clone(), seed);
        assert_eq!(memory.len(), 12);
        let counts = counts(&memory);
        assert!(counts.iter().all(|count| (2..=4).contains(count)), "{counts:?}");
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    assert_eq!(sums.iter().sum::<usize>(), 600);
    assert!(sums.iter().all(|sum| (140..=160).contains(sum)), "{sums:?}");
    // A plain reservoir holds nine or ten of the common class.
    let plain: usize = (0..50).map(|seed| counts(&filled(Keep::Reservoir, 12, labels.clone(), seed))[0]).sum();
    assert!(plain > 420, "{plain}");
}

fn settled(keep: Keep, capacity: usize, experiences: &[&[(usize, usize, Seen)]], seed: u64) -> Memory<usize> {
    let mut memory = Memory::new(keep, capacity, 4).expect("a memory");
    let mut rng = Draws::of(seed).rng("memory", 0);
    experiences.iter().for_each(|items| memory.settle(&mut rng, items.to_vec()));
    memory
}

fn seen(loss: f64, features: &[f32]) -> Seen {
    Seen { loss, features: features.to_vec() }
}

#[test]
fn what_costs_more_is_kept_more_often() {
    let items: Vec<_> = (0..10).map(|item| (item, 0, seen(if item < 5 { 3.0 } else { 1.0 }, &[]))).collect();
    let mut kept = [0_u32; 10];
    for seed in 0..2000 {
        settled(Keep::Loss, 1, &[&items], seed).held().for_each(|item| kept[*item] += 1);
    }
    // With one place the probability is the weight's share: 3/20 and 1/20; five standard deviations.
    assert!(kept[..5].iter().all(|kept| kept.abs_diff(300) < 80), "{kept:?}");
    assert!(kept[5..].iter().all(|kept| kept.abs_diff(100) < 49), "{kept:?}");
}

#[test]
fn losses_that_are_no_numbers_poison_nothing() {
    let items = [(0, 0, seen(f64::NAN, &[])), (1, 0, seen(f64::INFINITY, &[])), (2, 0, seen(2.0, &[]))];
    for seed in 0..20 {
        assert_eq!(settled(Keep::Loss, 1, &[&items], seed).held().copied().collect::<Vec<_>>(), [2]);
    }
}

#[test]
fn herding_shares_its_places_among_the_classes_that_have_come() {
    let class = |label: usize, first: usize| -> Vec<(usize, usize, Seen)> {
        let rows: [&[f32]; 3] = [&[1.0, 0.0], &[0.0, 1.0], &[0.6, 0.8]];
        rows.iter().enumerate().map(|(at, row)| (first + at, label, seen(0.0, row))).collect()
    };
    let held = |experiences: &[&[(usize, usize, Seen)]]| {
        settled(Keep::Herding, 4, experiences, 0).held().copied().collect::<Vec<_>>()
    };
    let (a, b) = (class(0, 0), class(1, 10));
    assert_eq!(held(&[&a]), [2, 0, 1]);
    // Two classes share four places: the first keeps the first two of its list.
    assert_eq!(held(&[&a, &b]), [2, 0, 12, 10]);
}

/// Items of labels, with features drawn for each.
fn drawn(seed: u64, first: usize, labels: &[usize]) -> Vec<(usize, usize, Seen)> {
    let item = |(at, label): (usize, &usize)| {
        let features = Draws::of(seed).normal("features", (first + at) as u64, 3);
        (first + at, *label, Seen { loss: f64::from(features[0].abs()), features })
    };
    labels.iter().enumerate().map(item).collect()
}

/// What a memory of any kind holds after each of several experiences, as labels of its items.
fn after_each(keep: Keep, capacity: usize, experiences: &[Vec<usize>], seed: u64) -> Vec<Vec<usize>> {
    let mut memory = Memory::new(keep, capacity, 4).expect("a memory");
    let (mut rng, mut first) = (Draws::of(seed).rng("memory", 0), 0);
    let labels = experiences.concat();
    let mut held = Vec::new();
    for experience in experiences {
        let items = drawn(seed, first, experience);
        first += items.len();
        if keep.needs_model() {
            memory.settle(&mut rng, items);
        } else {
            items.into_iter().for_each(|(item, label, _)| memory.offer(&mut rng, label, || item));
        }
        let items: Vec<usize> = memory.held().copied().collect();
        let mut distinct = items.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), items.len(), "{keep:?} holds an item twice");
        assert!(memory.held.iter().all(|slot| labels[slot.item] == slot.label), "{keep:?} mixed up its labels");
        held.push(items.into_iter().map(|item| labels[item]).collect());
    }
    held
}

const ALL: [Keep; 6] = [Keep::Unlimited, Keep::Reservoir, Keep::Ring, Keep::ClassBalanced, Keep::Herding, Keep::Loss];

proptest::proptest! {
    #[test]
    fn a_memory_with_room_for_all_holds_all(
        experiences in proptest::collection::vec(proptest::collection::vec(0_usize..4, 1..12), 1..6),
        seed in 0_u64..1000,
        more in 0_usize..3,
    ) {
        let mut counts = [0; 4];
        experiences.concat().iter().for_each(|label| counts[*label] += 1);
        let all: usize = counts.iter().sum();
        for keep in ALL {
            // A ring has as much room for each class, whether it comes or not.
            let room = if keep == Keep::Ring { 4 * counts.iter().max().expect("four classes") } else { all };
            let held = after_each(keep, room + more, &experiences, seed);
            proptest::prop_assert_eq!(held.last().map(Vec::len), Some(all), "{:?}", keep);
        }
    }

    #[test]
    fn a_memory_never_outgrows_its_room_and_never_empties(
        experiences in proptest::collection::vec(proptest::collection::vec(0_usize..4, 1..12), 1..6),
        seed in 0_u64..1000,
        capacity in 1_usize..30,
    ) {
        for keep in ALL.into_iter().filter(|keep| *keep != Keep::Unlimited && (*keep != Keep::Ring || capacity >= 4)) {
            let held = after_each(keep, capacity, &experiences, seed);
            let mut seen = Vec::new();
            for (held, experience) in held.iter().zip(&experiences) {
                seen.extend(experience.iter().copied());
                proptest::prop_assert!(held.len() <= capacity, "{:?}: {:?}", keep, held);
                // A ring's places are its classes'; the others fill all there are.
                let least = if keep == Keep::Ring { 1 } else { capacity.min(seen.len()) };
                proptest::prop_assert!(held.len() >= least, "{:?}: {:?} of {:?}", keep, held, seen);
                // A reservoir and a memory by losses know no classes.
                if matches!(keep, Keep::Ring | Keep::ClassBalanced | Keep::Herding) {
                    let classes = |labels: &[usize]| (0..4).filter(|label| labels.contains(label)).count();
                    let wanted = classes(&seen).min(capacity);
                    proptest::prop_assert!(classes(held) >= wanted, "{:?}: {:?} of {:?}", keep, held, seen);
                }
            }
        }
    }
}

#[test]
fn herding_keeps_what_it_held_of_a_class_that_comes_back() {
    let class = |first: usize| -> Vec<(usize, usize, Seen)> {
        let rows: [&[f32]; 3] = [&[1.0, 0.0], &[0.0, 1.0], &[0.6, 0.8]];
        rows.iter().enumerate().map(|(at, row)| (first + at, 0, seen(0.0, row))).collect()
    };
    let held = |capacity: usize, experiences: &[&[(usize, usize, Seen)]]| {
        settled(Keep::Herding, capacity, experiences, 0).held().copied().collect::<Vec<_>>()
    };
    let (a, b, c) = (class(0), class(10), class(20));
    // Each list is 2, 0, 1 by hand. Both stand for three examples and take turns, what is held first.
    assert_eq!(held(9, &[&a, &b]), [2, 12, 0, 10, 1, 11]);
    assert_eq!(held(4, &[&a, &b]), [2, 12, 0, 10]);
    // Six have two turns for each of three: at 1/12, 3/12, 5/12, 7/12 and at 1/6, 3/6, 5/6.
    assert_eq!(held(4, &[&a, &b, &c]), [2, 22, 12, 0]);
    assert_eq!(held(7, &[&a, &b, &c]), [2, 22, 12, 0, 20, 10, 1]);
}

#[test]
fn herding_with_fewer_places_than_classes_keeps_the_first_that_came() {
    let one = |item: usize, label: usize| (item, label, seen(0.0, &[1.0]));
    let held = |experiences: &[&[(usize, usize, Seen)]]| {
        settled(Keep::Herding, 2, experiences, 0).held().copied().collect::<Vec<_>>()
    };
    assert_eq!(held(&[&[one(0, 3), one(1, 2)], &[one(2, 0), one(3, 1)]]), [1, 0]);
    // A class that comes back stays where it was, also when others come before it.
    assert_eq!(held(&[&[one(0, 3)], &[one(1, 2)], &[one(2, 0), one(3, 3)]]), [0, 1]);
}

#[test]
fn what_a_class_does_not_fill_goes_to_the_others() {
    let labels = [0, 0, 0, 0, 0, 1, 2, 2, 2, 2];
    let held = after_each(Keep::Herding, 8, &[labels.to_vec()], 0);
    let count = |label: usize| held[0].iter().filter(|of| **of == label).count();
    // One of class 1; seven places for the others, the odd one for the first.
    assert_eq!([count(0), count(1), count(2)], [4, 1, 3]);
}
