//! Rules that ask what training data say of the weights.
//!
//! - Fisher merging: Matena & Raffel 2022, <https://arxiv.org/abs/2111.09832>, eq. 4: θ = Σ wᵢFᵢθᵢ / Σ wᵢFᵢ, with
//!   F of at least 1e-6, the floor of the authors' code.
//! - `RegMean`: Jin et al. 2023, <https://arxiv.org/abs/2212.09849>, eq. 2 and section 3.3: for a matrix `[in, out]`
//!   W = (Σ wᵢG̃ᵢ)⁻¹ Σ wᵢG̃ᵢWᵢ, with G the mean of xxᵀ and G̃ its off-diagonal elements times α; all else is averaged.
//!
//! **Deviation:** every set of weights has the floor, where the authors' code by default gives it to the first alone
//! and divides each Fisher by its norm.
//!
//! **Deviation:** 10⁻⁶ of the mean diagonal is added to that of each G̃, so that an input that is always zero, whose
//! weights no data determine, takes their average.

use std::ops::Range;

use anyhow::{Context, Result};
use clbench::primitives::linalg;

use super::{super::flat::Span, Part, means};

/// Least Fisher information of an element.
const FLOOR: f64 = 1e-6;
/// What is added to a diagonal, in means of that diagonal.
const RIDGE: f64 = 1e-6;

pub(super) fn fisher(parts: &[Part]) -> Vec<f64> {
    let value = |at: usize| {
        let weigh = |part: &Part| part.share * part.fisher[at].max(FLOOR);
        let sum: f64 = parts.iter().map(|part| weigh(part) * part.values[at]).sum();
        sum / parts.iter().map(weigh).sum::<f64>()
    };
    (0..parts[0].values.len()).map(value).collect()
}

pub(super) fn regmean(parts: &[Part], spans: &[Span], off_diagonal: f64) -> Result<Vec<f64>> {
    let mut merged = means::interpolation(parts);
    for span in spans {
        let Some((name, [n, columns])) = layer(span, parts) else { continue };
        let (mut left, mut right) = (vec![0.0; n * n], vec![0.0; n * columns]);
        for part in parts {
            let gram = tempered(&part.grams[name], n, off_diagonal);
            let matrix = rows(&part.values[span.at.clone()], [n, columns], span.shape.len() > 2);
            left.iter_mut().zip(&gram).for_each(|(left, g)| *left += part.share * g);
            for (row, gram) in gram.chunks_exact(n).enumerate() {
                for (g, matrix) in gram.iter().zip(matrix.chunks_exact(columns)) {
                    let right = &mut right[row * columns..][..columns];
                    right.iter_mut().zip(matrix).for_each(|(right, w)| *right += part.share * g * w);
                }
            }
        }
        let solved = linalg::solve(&left, n, &right, columns)
            .with_context(|| format!("the inputs of `{name}` have no regression mean; set another rule"))?;
        // Transposing is its own inverse, with the sides exchanged.
        let solved = if span.shape.len() > 2 { rows(&solved, [columns, n], true) } else { solved };
        merged[span.at.clone()].copy_from_slice(&solved);
    }
    Ok(merged)
}

/// Operations of a regression mean of `parts` sets of weights: products G̃W and one solution for each layer.
pub fn regmean_flops(spans: &[Span], parts: usize, width: impl Fn(&str) -> Option<usize>) -> u64 {
    let cost = |span: &Span| {
        let Some(n) = name(span).and_then(&width) else { return 0 };
        let columns = span.at.len() / n;
        2 * (parts * n * n * columns) as u64 + linalg::solve_flops(n, columns)
    };
    spans.iter().map(cost).sum()
}

/// A matrix's layer.
fn name(span: &Span) -> Option<&str> {
    span.path.strip_suffix(".weight")
}

/// Name, inputs and outputs of the layer at `span`, where every part has products of its inputs.
fn layer<'a>(span: &'a Span, parts: &[Part]) -> Option<(&'a str, [usize; 2])> {
    let name = name(span)?;
    let inputs = if span.shape.len() > 2 { span.shape[1..].iter().product() } else { span.shape[0] };
    let seen = parts.iter().all(|part| part.grams.get(name).is_some_and(|gram| gram.len() == inputs * inputs));
    seen.then(|| (name, [inputs, span.at.len() / inputs]))
}

/// G̃.
fn tempered(gram: &[f64], n: usize, off_diagonal: f64) -> Vec<f64> {
    let diagonal: f64 = gram.iter().step_by(n + 1).sum::<f64>() / n as f64;
    // Where nothing was seen at all, everything is averaged.
    let ridge = if diagonal > 0.0 { RIDGE * diagonal } else { 1.0 };
    let value = |(at, g): (usize, &f64)| if at % (n + 1) == 0 { g + ridge } else { off_diagonal * g };
    gram.iter().enumerate().map(value).collect()
}

/// A matrix with inputs in its rows; a kernel has them in its columns. Shape `[n, columns]`.
fn rows(values: &[f64], [n, columns]: [usize; 2], turned: bool) -> Vec<f64> {
    if !turned {
        return values.to_vec();
    }
    let column = |row: usize| Range { start: 0, end: columns }.map(move |column| values[column * n + row]);
    (0..n).flat_map(column).collect()
}
