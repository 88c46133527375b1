use burn::tensor::Device;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Golden {
    diagonal: (Vec<f64>, Vec<usize>),
    cases: Vec<Case>,
}

/// See `tests/golden/make/inflora.py`.
#[derive(Deserialize)]
struct Case {
    n: usize,
    d: usize,
    #[serde(default)]
    twice: bool,
    space: Vec<f64>,
    values: Vec<f64>,
    vectors: Vec<f64>,
    shares: Vec<f64>,
    grown: Vec<usize>,
}

impl Case {
    fn inputs(&self) -> Vec<f32> {
        let count = if self.twice { self.n / 2 } else { self.n } * self.d;
        let value = |k: usize| (1024.0 * (0.7 * k as f64 + 0.05 * (k as f64).powf(1.5)).sin() + 0.5).floor() / 1024.0;
        let values: Vec<f32> = (0..count).map(|k| value(k) as f32).collect();
        if self.twice { values.repeat(2) } else { values }
    }
    /// What a layer is told of these inputs: themselves where they are few, else their moments.
    fn sight(&self) -> Sight {
        let (x, device) = (Array::new(&[self.n, self.d], self.inputs(), &Device::flex()), Device::flex());
        if self.n < self.d { Sight::Inputs(x) } else { moments(&x, &device) }
    }
}

fn moments(x: &Array, device: &Device) -> Sight {
    let [n, d] = [x.shape[0], x.shape[1]];
    let values = product(&doubles(x), [n, d], true, &doubles(x), [n, d]);
    Sight::Moments(Array::new(&[d, d], values.iter().map(|v| (v / n as f64) as f32).collect(), device))
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../../tests/golden/inflora.json")).expect("JSON")
}

/// Single precision of the moments, and double precision of the inputs, as seen from the largest value: how far a
/// value, and a direction of at least which value, may be off.
fn precision(sight: &Sight) -> [f64; 3] {
    if matches!(sight, Sight::Inputs(_)) { [1e-13, 1e-6, 1e-9] } else { [1e-6, 1e-3, 1e-3] }
}

#[test]
fn directions_are_those_of_a_singular_value_decomposition() {
    for case in golden().cases {
        let (sight, d) = (case.sight(), case.d);
        let found = rest(&sight, &case.space);
        let what = format!("{} of {d} without {}", case.n, case.space.len() / d);
        let [most, off, least] = precision(&sight);
        for (at, expected) in case.values.iter().enumerate() {
            let gap = (found.values[at] - expected).abs() / case.values[0];
            assert!(gap < most, "{what}: value {at} is {} and not {expected}", found.values[at]);
            if *expected < least * case.values[0] {
                continue;
            }
            let pairs = found.vectors[at * d..][..d].iter().zip(&case.vectors[at * d..][..d]);
            let gap = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(gap < off, "{what}: direction {at} is {gap} away");
        }
        if matches!(sight, Sight::Inputs(_)) {
            assert_eq!(found.vectors.len(), case.vectors.len(), "{what}");
        }
    }
}

/// What few inputs say and what their moments say is the same, up to the precision of the moments.
#[test]
fn inputs_and_their_moments_have_the_same_directions() {
    for case in golden().cases.iter().filter(|case| case.n < case.d) {
        let Sight::Inputs(x) = case.sight() else { unreachable!("they are few") };
        let [few, all] =
            [Sight::Inputs(x.clone()), moments(&x, &Device::flex())].map(|sight| rest(&sight, &case.space));
        assert!((few.energy / all.energy - 1.0).abs() < 1e-6);
        let gap = few.vectors[..case.d].iter().zip(&all.vectors).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(gap < 1e-4, "{gap}");
    }
}

#[test]
fn a_space_gets_as_many_directions_as_the_authors_code_gives_it() {
    for case in golden().cases {
        let grown = |share: f64| {
            let mut space = case.space.clone();
            grow(&case.sight(), &mut space, share);
            (space.len() - case.space.len()) / case.d
        };
        let found: Vec<usize> = case.shares.iter().map(|share| grown(*share)).collect();
        assert_eq!(found, case.grown, "{} of {} beside {}", case.n, case.d, case.space.len() / case.d);
    }
}

/// H = diag(4, 2, 1): energies 16, 4 and 1 of 21.
fn diagonal() -> Sight {
    Sight::Moments(Array::new(&[3, 3], vec![4.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0], &Device::flex()))
}

#[test]
fn directions_leave_out_the_earlier_ones() {
    let Rest { values, vectors, .. } = rest(&diagonal(), &[1.0, 0.0, 0.0]);
    assert!((values[0] - 4.0).abs() < 1e-12 && (values[1] - 1.0).abs() < 1e-12, "{values:?}");
    assert_eq!(vectors.len(), 6, "the earlier direction is not among them");
    assert!((vectors[1] - 1.0).abs() < 1e-12 && (vectors[5] - 1.0).abs() < 1e-12, "{vectors:?}");
    assert!(rest(&diagonal(), &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]).vectors.is_empty());
}

#[test]
fn the_first_space_holds_less_than_the_share_and_later_ones_at_least_that() {
    let grown = |from: &[f64], share: f64| {
        let mut space = from.to_vec();
        grow(&diagonal(), &mut space, share);
        space.len() / 3
    };
    let (shares, counts) = golden().diagonal;
    assert_eq!(shares.iter().map(|share| grown(&[], *share)).collect::<Vec<_>>(), counts);
    // 16 of 21 are less than 0.95 of all, and 20 of 21 are more. The paper's criterion takes both.
    assert_eq!(grown(&[], 0.95), 1);
    // The second direction is there already: 4 of 21 are held.
    assert_eq!([0.1, 0.5, 0.99].map(|share| grown(&[0.0, 1.0, 0.0], share)), [1, 2, 3]);
}

/// Spaces stay orthonormal as they grow.
#[test]
fn spaces_are_orthonormal() {
    for case in golden().cases {
        let mut space = case.space.clone();
        grow(&case.sight(), &mut space, 0.99);
        let k = space.len() / case.d;
        let gram = square(&space, [k, case.d]);
        let gap = (0..k * k).map(|at| (gram[at] - f64::from(u8::from(at / k == at % k))).abs()).fold(0.0, f64::max);
        assert!(gap < 1e-7, "{} of {}: {gap}", case.n, case.d);
    }
}
