//! What a weight and its adapters come to together.

use burn::tensor::Tensor;
use clbench::{
    budget::Meter,
    network::pass::{LEAST_NORM, SHARED_A, SHARED_B, Weights},
    primitives::array::Array,
};

use super::adaptable;

/// `W + s·A·B` (LoRA), `W + (A∘d)·B∘b` (VeRA), or that with each output's length set to m (DoRA), in place of every
/// adapter, trainable again.
pub fn fold(weights: &mut Weights, meter: &Meter) {
    let [shared_a, shared_b] = [SHARED_A, SHARED_B].map(|path| weights.frozen.remove(path));
    for (name, mut weight) in adaptable(weights) {
        let mut take = |path: String| weights.theta.remove(&path).or_else(|| weights.frozen.remove(&path));
        let mut magnitude = None;
        for index in 0.. {
            let mut part = |what: &str| take(format!("{name}.lora{index}.{what}"));
            let low = if let (Some(a), Some(b), Some(scale)) = (part("a"), part("b"), part("scale")) {
                product(rows(&a), rows(&b), weight.shape.len() == 2, meter) * scale.flat
            } else if let (Some(inner), Some(outer)) = (part("inner"), part("outer")) {
                let [a, b] = [&shared_a, &shared_b].map(|shared| shared.as_ref().expect("vectors have their matrices"));
                scaled(&weight, [a.tensor(), b.tensor()], inner.flat, outer.flat, meter)
            } else {
                break;
            };
            weight = weight.with(weight.flat.clone() + low);
            magnitude = part("magnitude").or(magnitude);
        }
        if let Some(length) = magnitude {
            weight = weight.with(turned(&weight, length.flat));
        }
        take(format!("{name}.weight"));
        weights.theta.insert(format!("{name}.weight"), weight);
    }
}

fn rows(array: &Array) -> Tensor<2> {
    let rows = array.shape[0];
    array.flat.clone().reshape([rows, array.len() / rows])
}

/// A·B of a matrix, or B·A of a kernel, whose outputs come first. Shape `[weight's elements]`.
fn product(a: Tensor<2>, b: Tensor<2>, matrix: bool, meter: &Meter) -> Tensor<1> {
    let (left, right) = if matrix { (a, b) } else { (b, a) };
    let ([rows, rank], [_, columns]) = (left.dims(), right.dims());
    meter.flops(2 * (rows * rank * columns) as u64);
    left.matmul(right).reshape([-1])
}

/// (A∘d)·B∘b with the part of the shared A `[r, longest]` and B `[most outputs, r]` that belongs to `weight`.
fn scaled(weight: &Array, [a, b]: [Tensor<2>; 2], d: Tensor<1>, out: Tensor<1>, meter: &Meter) -> Tensor<1> {
    let matrix = weight.shape.len() == 2;
    let outputs = out.dims()[0];
    let a = a.narrow(1, 0, weight.len() / outputs) * d.unsqueeze_dim(1);
    let b = b.narrow(0, 0, outputs) * out.unsqueeze_dim(1);
    let (a, b) = if matrix { (a.transpose(), b.transpose()) } else { (a, b) };
    product(a, b, matrix, meter)
}

/// Each output's weights scaled to the length that `target` `[outputs]` says. Shape `[weight's elements]`.
fn turned(weight: &Array, target: Tensor<1>) -> Tensor<1> {
    let factor = target / lengths(weight).clamp_min(LEAST_NORM);
    let dense = rows(weight);
    let factor: Tensor<2> = if weight.shape.len() == 2 { factor.unsqueeze_dim(0) } else { factor.unsqueeze_dim(1) };
    (dense * factor).reshape([-1])
}

/// Euclidean length of each output's weights. Shape `[outputs]`.
pub fn lengths(weight: &Array) -> Tensor<1> {
    let dense = rows(weight);
    let axis = usize::from(weight.shape.len() != 2);
    (dense.clone() * dense).sum_dim(axis).sqrt().reshape([-1])
}
