//! The text side against PyTorch: values, gradients, operations.
//!
//! The golden values and the formula of the weights: `tests/golden/make/README.md`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::{
    budget::Meter,
    network::{
        pass::{Mode, Weights},
        text::loss::unit,
    },
};

#[derive(Deserialize)]
struct Golden {
    side: Case,
}

#[derive(Deserialize)]
struct Case {
    side: Shape,
    texts: Vec<String>,
    values: Vec<Vec<f64>>,
    grad_norm: BTreeMap<String, f64>,
    flops: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Shape {
    vocabulary: usize,
    length: usize,
    width: usize,
    depth: usize,
    heads: usize,
    ratio: usize,
    space: usize,
}

fn golden() -> Case {
    let golden: Golden = serde_json::from_str(include_str!("../../../../../tests/golden/pairs.json")).expect("golden");
    golden.side
}

impl Shape {
    fn reader(&self) -> Reader {
        let Self { length, width, depth, heads, ratio, .. } = *self;
        let tokens = Tokens { vocabulary: Vocabulary::Bytes, length, width, depth, heads, ratio, dropout: 0.0 };
        Reader { tokens: Some(tokens), words: None, space: self.space }
    }
}

/// sin(0.37 k + c), with c the sum of the bytes of the path, scaled by the kind.
fn weights(reader: &Reader) -> Weights {
    let mut spec = Spec::default();
    reader.weights(&mut spec);
    let device = Device::flex();
    let mut weights = spec.init(&crate::primitives::draws::Draws::of(0), &device);
    let made = weights.theta.iter().map(|(path, array)| {
        let shift: f64 = path.bytes().map(f64::from).sum();
        let value = |wave: f64| match path.rsplit('.').next().expect("a name") {
            "weight" => wave / (array.shape[0] as f64).sqrt(),
            "bias" | "beta" => 0.1 * wave,
            "gamma" => 1.0 + 0.1 * wave,
            _ => 0.02 * wave,
        };
        let values = (0..array.len()).map(|k| value((0.37 * k as f64 + shift).sin()) as f32).collect();
        (path.to_owned(), Array::new(&array.shape, values, &device))
    });
    weights.theta = made.collect();
    weights
}

fn read(case: &Case, tracked: bool, meter: &Meter) -> (Pass, Tensor<2>) {
    let reader = case.side.reader();
    let weights = weights(&reader);
    let mode = Mode::Eval;
    let mut pass = if tracked { Pass::tracked(&weights, mode, meter) } else { Pass::plain(&weights, mode, meter) };
    let texts: Vec<&str> = case.texts.iter().map(String::as_str).collect();
    let rows = unit(reader.read(&mut pass, &texts, &Device::flex()));
    (pass, rows)
}

/// Single precision in two blocks; vectors have length 1.
#[test]
fn vectors_of_texts_are_pytorchs() {
    let case = golden();
    assert_eq!(case.side.vocabulary, 257);
    let found: Vec<f32> = read(&case, false, &Meter::default()).1.into_data().try_to_vec().expect("floats");
    for (at, (value, golden)) in found.iter().zip(case.values.concat()).enumerate() {
        assert!((f64::from(*value) - golden).abs() < 3e-6, "element {at}: {value}, not {golden}");
    }
    assert_eq!(found.len(), 4 * case.side.space);
}

/// Vectors of tokens as small as 0.02 are divided by their spread, which multiplies rounding: PyTorch's own single
/// precision is up to 3e-4 from double, relative to a tensor's norm; seven times that here, for another order of
/// summation, and 1e-5 for what is zero but for rounding beside norms of 20.
#[test]
fn gradients_of_texts_are_pytorchs() {
    let case = golden();
    let (pass, rows) = read(&case, true, &Meter::default());
    let [count, space] = rows.dims();
    let weights = (0..count * space).map(|k| (0.5 * k as f64).sin() as f32).collect();
    let weights: Tensor<2> = Array::new(&[count, space], weights, &Device::flex()).tensor();
    let grads = pass.gradients((rows * weights).sum());
    assert!(grads.paths().eq(case.grad_norm.keys()), "other paths have gradients");
    for (path, grad) in grads.iter() {
        let norm = grad.values().into_iter().map(|g| f64::from(g) * f64::from(g)).sum::<f64>().sqrt();
        let golden = case.grad_norm[path];
        assert!((norm - golden).abs() <= 2e-3 * golden + 1e-5, "{path}: {norm}, not {golden}");
    }
}

#[test]
fn texts_cost_what_pytorch_counts() {
    let case = golden();
    for (what, tracked) in [("forward", false), ("step", true)] {
        let meter = Meter::default();
        read(&case, tracked, &meter);
        assert_eq!(meter.read().flops, case.flops[what], "{what}");
    }
}

#[test]
fn what_stands_beyond_the_length_or_beside_a_text_changes_nothing() {
    let case = golden();
    let reader = case.side.reader();
    let weights = weights(&reader);
    let vectors = |texts: &[&str]| {
        let mut pass = Pass::plain(&weights, Mode::Eval, &Meter::default());
        let rows: Vec<f32> = reader.read(&mut pass, texts, &Device::flex()).into_data().try_to_vec().expect("floats");
        rows.chunks(case.side.space).map(<[f32]>::to_vec).collect::<Vec<_>>()
    };
    let length = case.side.length;
    let long = "x".repeat(length - 1);
    let found = vectors(&[&long, &(long.clone() + "more"), "red", &long[1..]]);
    assert_eq!(found[0], found[1]);
    assert!(found[0] != found[3]);
    assert_eq!(vectors(&["red"])[0], found[2], "alone as among others");
}

#[test]
fn a_text_is_cut_between_characters() {
    let text = "ü".repeat(MOST_BYTES);
    assert_eq!(short(&text).len(), MOST_BYTES);
    let odd = format!("x{text}");
    assert_eq!(short(&odd).len(), MOST_BYTES - 1);
    assert_eq!(short("red"), "red");
}
