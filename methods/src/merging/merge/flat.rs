//! Weights as one vector on the host, in double precision, so that a merge rounds once, at its end.

use std::ops::Range;

use burn::tensor::Device;
use clbench::primitives::{array::Array, theta::Theta};

/// One tensor's place in a flat vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its path.
    pub path: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Where its elements are.
    pub at: Range<usize>,
}

/// The tensors of `theta` for which `keep` holds, one after the other in the order of their paths.
pub fn spans(theta: &Theta, keep: impl Fn(&str) -> bool) -> Vec<Span> {
    let mut from = 0;
    let place = |(path, array): (&str, &Array)| {
        from += array.len();
        Span { path: path.to_owned(), shape: array.shape.clone(), at: from - array.len()..from }
    };
    theta.iter().filter(|(path, _)| keep(path)).map(place).collect()
}

/// The elements of `theta` at `spans`; what it lacks is `missing`.
pub fn flat(theta: &Theta, spans: &[Span], missing: f64) -> Vec<f64> {
    let values = |span: &Span| match theta.get(&span.path) {
        Some(array) => array.values().into_iter().map(f64::from).collect(),
        None => vec![missing; span.at.len()],
    };
    spans.iter().flat_map(values).collect()
}

/// The inverse of [`flat`], rounded to single precision.
pub fn whole(values: &[f64], spans: &[Span], device: &Device) -> Theta {
    let array = |span: &Span| {
        let values = values[span.at.clone()].iter().map(|value| *value as f32).collect();
        (span.path.clone(), Array::new(&span.shape, values, device))
    };
    spans.iter().map(array).collect()
}
