//! Directions of what a layer sees, without those of a space, and spaces that grow by them.
//!
//! What a layer sees is H, the mean of xxᵀ; its directions without a space M of orthonormal rows are the left singular
//! vectors of (I − Mᵀ·M)·H. Where fewer x were seen than an x has elements they are found out of the x, on the smaller
//! side: with X = U·S·Vᵀ, of which U and S come from X·Xᵀ, (I − Mᵀ·M)·H = W·Vᵀ/n with W = (I − Mᵀ·M)·V·S², and W·Wᵀ has
//! the eigenvalues of Wᵀ·W.

use clbench::{
    network::pass::Sight,
    primitives::{
        array::Array,
        linalg::{eigen, eigen_flops, product, product_flops},
    },
};

/// In double precision nothing below this share of the energy is more than rounding.
const LEAST: f64 = 1e-14;

/// What is left of H outside of a space.
pub(super) struct Rest {
    /// ‖H‖², Frobenius.
    pub energy: f64,
    /// Squared singular values, from the largest on.
    pub values: Vec<f64>,
    /// The left singular vectors of those that are not zero, in rows; of each the element of largest size is positive.
    /// Shape `[m, d]`.
    pub vectors: Vec<f64>,
}

/// Directions of `sight` without those of the space of rows `[k, d]`.
pub(super) fn rest(sight: &Sight, space: &[f64]) -> Rest {
    let [n, d] = sight.shape();
    match sight {
        Sight::Inputs(x) => of_inputs(&doubles(x), [n, d], space),
        Sight::Moments(h) => of_moments(&doubles(h), d, space),
    }
}

fn doubles(array: &Array) -> Vec<f64> {
    array.values().into_iter().map(f64::from).collect()
}

/// Shape of X `[n, d]`, n being the smaller.
fn of_inputs(x: &[f64], [n, d]: [usize; 2], space: &[f64]) -> Rest {
    let count = (n * n) as f64;
    let gram = square(x, [n, d]);
    let energy = gram.iter().map(|x| x * x).sum::<f64>() / count;
    let (squares, u) = eigen(&gram, n);
    let there = squares.iter().take_while(|s| **s > 0.0 && *s * *s / count > LEAST * energy).count();
    // Row j of U·X is sⱼ·vⱼ, and of Wᵀ sⱼ²·vⱼ, before the space is taken away.
    let mut rows = product(&u[..there * n], [there, n], false, x, [n, d]);
    if space.is_empty() {
        scale(&mut rows, d, |_, length| 1.0 / length);
        return Rest { energy, values: squares.iter().map(|s| s * s / count).collect(), vectors: rows };
    }
    scale(&mut rows, d, |at, _| squares[at].sqrt());
    without(&mut rows, d, space);
    let (values, q) = eigen(&square(&rows, [there, d]), there);
    let values: Vec<f64> = values.iter().map(|value| value / count).collect();
    let left = values.iter().take_while(|value| **value > LEAST * energy).count();
    let mut vectors = product(&q[..left * there], [left, there], false, &rows, [there, d]);
    scale(&mut vectors, d, |_, length| 1.0 / length);
    Rest { energy, values, vectors }
}

/// Shape of H `[d, d]`.
fn of_moments(h: &[f64], d: usize, space: &[f64]) -> Rest {
    let energy: f64 = h.iter().map(|x| x * x).sum();
    // H is symmetric, so that its rows without the space are the columns of (I − Mᵀ·M)·H.
    let mut rows = h.to_vec();
    without(&mut rows, d, space);
    let (values, vectors) = eigen(&product(&rows, [d, d], true, &rows, [d, d]), d);
    let there = values.iter().take_while(|value| **value > LEAST * energy).count();
    Rest { energy, values, vectors: vectors[..there * d].to_vec() }
}

/// A·Aᵀ. Shape of A `[m, d]`.
fn square(a: &[f64], [m, d]: [usize; 2]) -> Vec<f64> {
    let turned = transposed(a, [m, d]);
    product(&turned, [d, m], true, &turned, [d, m])
}

fn transposed(a: &[f64], [m, d]: [usize; 2]) -> Vec<f64> {
    (0..m * d).map(|at| a[(at % m) * d + at / m]).collect()
}

/// Takes away what of each row lies in the space.
fn without(rows: &mut [f64], d: usize, space: &[f64]) {
    if space.is_empty() || rows.is_empty() {
        return;
    }
    let (m, k) = (rows.len() / d, space.len() / d);
    let within = product(rows, [m, d], false, &transposed(space, [k, d]), [d, k]);
    let within = product(&within, [m, k], false, space, [k, d]);
    rows.iter_mut().zip(within).for_each(|(x, within)| *x -= within);
}

/// Multiplies each row by what `factor` makes of its place and length, and by the sign that makes its element of
/// largest size positive.
fn scale(rows: &mut [f64], d: usize, factor: impl Fn(usize, f64) -> f64) {
    for (at, row) in rows.chunks_exact_mut(d).enumerate() {
        let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
        let top = row.iter().fold(0.0_f64, |top, x| if x.abs() > top.abs() { *x } else { top });
        let factor = factor(at, length).copysign(top);
        row.iter_mut().for_each(|x| *x *= factor);
    }
}

/// Operations of [`rest`] for a layer's sight of this shape and a space of `k` directions.
pub(super) fn rest_flops([n, d]: [usize; 2], k: usize) -> u64 {
    let held = if k > 0 { 2 * product_flops(n, d, k) } else { 0 };
    if n == d {
        return held + product_flops(d, d, d) + eigen_flops(d);
    }
    let second = if k > 0 { 2 * product_flops(n, d, n) + eigen_flops(n) } else { 0 };
    held + 2 * product_flops(n, d, n) + eigen_flops(n) + second
}

/// Adds to the space the directions that H has most energy in.
///
/// At first these are as many as hold less than the share `share` of the energy together, and one at least: the
/// authors' code (`update_DualGPM`) counts so. Later it is as many as it takes until the space holds that share.
pub(super) fn grow(sight: &Sight, space: &mut Vec<f64>, share: f64) {
    let d = sight.shape()[1];
    let Rest { energy, values, vectors } = rest(sight, space);
    if space.is_empty() {
        let total: f64 = values.iter().sum();
        let mut held = 0.0;
        let below = values.iter().take_while(|value| {
            held += **value;
            held < share * total
        });
        let count = below.count().max(1);
        space.extend(vectors.iter().take(count * d));
        return;
    }
    let mut held = 1.0 - values.iter().map(|value| value.max(0.0)).sum::<f64>() / energy;
    for (value, vector) in values.iter().zip(vectors.chunks(d)) {
        if held >= share {
            break;
        }
        space.extend(vector);
        held += value / energy;
    }
}

#[cfg(test)]
mod tests;
