//! Which examples are for testing where the data do not say.
//!
//! Without a share it is every fifth example of each class, in order, and the last one of a class of two to four. With
//! a share it is that share of each class, rounded, at least one and never all, drawn with the seed 0, so that it is
//! the same everywhere and in every run.

use anyhow::Result;
use clbench::{catalogue::Range, primitives::draws::Draws};

/// Every which example is for testing where no share is given.
const EVERY: usize = 5;

/// What a share of each class may be.
pub(crate) const RANGE: Range = Range::Between(0.0, 1.0);

/// For each example whether it is for testing, from the class of each and the classes' names.
///
/// # Errors
/// When a class has one example: it would be missing on one side.
pub(crate) fn tests(share: Option<f64>, labels: &[u16], classes: &[String]) -> Result<Vec<bool>> {
    let mut counts = vec![0; classes.len()];
    labels.iter().for_each(|label| counts[usize::from(*label)] += 1);
    if let Some(class) = counts.iter().position(|count| *count < 2) {
        let name = &classes[class];
        anyhow::bail!("class `{name}` has one example, but one is needed for training and one for testing");
    }
    let mut places: Vec<std::vec::IntoIter<bool>> =
        counts.iter().enumerate().map(|(class, count)| of_class(share, class, *count).into_iter()).collect();
    let one = |label: &u16| places[usize::from(*label)].next().expect("as many as were counted");
    Ok(labels.iter().map(one).collect())
}

/// The same within one class of `count` examples, at least two.
fn of_class(share: Option<f64>, class: usize, count: usize) -> Vec<bool> {
    let mut tests = vec![false; count];
    match share {
        None if count < EVERY => tests[count - 1] = true,
        None => tests.iter_mut().skip(EVERY - 1).step_by(EVERY).for_each(|test| *test = true),
        Some(share) => {
            let wanted = ((share * count as f64).round() as usize).clamp(1, count - 1);
            let order = Draws::of(0).order("test-share", class as u64, count);
            order[..wanted].iter().for_each(|place| tests[*place] = true);
        }
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|class| format!("c{class}")).collect()
    }

    #[test]
    fn every_fifth_of_each_class_is_for_testing() {
        let labels = [0, 1, 0, 0, 0, 0, 1, 0];
        let found = super::tests(None, &labels, &names(2)).unwrap();
        assert_eq!(found, [false, false, false, false, false, true, true, false]);
    }

    #[test]
    fn a_share_is_drawn_once_and_for_all() {
        let labels = vec![0; 100];
        let found = super::tests(Some(0.3), &labels, &names(1)).unwrap();
        assert_eq!(found.iter().filter(|test| **test).count(), 30);
        assert_eq!(found, super::tests(Some(0.3), &labels, &names(1)).unwrap());
        assert!(found[..30].iter().any(|test| *test) && !found[70..].iter().all(|test| *test));
    }

    #[test]
    fn no_share_takes_all_or_nothing() {
        for (share, wanted) in [(0.001, 1), (0.999, 9)] {
            let found = super::tests(Some(share), &[0; 10], &names(1)).unwrap();
            assert_eq!(found.iter().filter(|test| **test).count(), wanted, "{share}");
        }
        for share in [0.0, 1.0, -1.0, f64::NAN] {
            assert!(!RANGE.holds(&share.into()), "{share}");
        }
    }

    #[test]
    fn a_class_of_one_is_refused_by_name() {
        let error = super::tests(None, &[0, 0, 1], &names(2)).unwrap_err().to_string();
        assert!(error.starts_with("class `c1` has one example"), "{error}");
    }
}
