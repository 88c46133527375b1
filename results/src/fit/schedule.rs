//! When to probe what remains of a task.
//!
//! - Orhan 2023, <https://arxiv.org/abs/2303.17557>: probes after 1 to 10 updates, then ever more sparsely.
//!
//! **Deviation:** every decade has its nine steps, the hundreds too, and 0, the moment before the first update, is not
//! in the list.

/// Updates after which to probe: 1 to 10, 20 to 100 by 10, 200 to 1000 by 100 and so on, up to and with `limit`.
pub fn probes(limit: u64) -> Vec<u64> {
    let decades = std::iter::successors(Some(1_u64), |decade| decade.checked_mul(10));
    let steps = decades.flat_map(|decade| (1..=9).filter_map(move |digit: u64| decade.checked_mul(digit)));
    steps.take_while(|step| *step <= limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_grow_with_their_decade() {
        let expected = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 200];
        assert_eq!(probes(250), expected);
        assert_eq!(probes(200), expected);
        assert!(probes(0).is_empty());
        assert_eq!(probes(10_000).len(), 37);
        assert!(probes(u64::MAX).is_sorted());
    }
}
