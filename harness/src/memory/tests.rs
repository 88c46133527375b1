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
