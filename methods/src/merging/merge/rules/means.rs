//! Averages of weights: straight, round, and by lot.
//!
//! - Interpolation Σ wᵢθᵢ: Wortsman et al. 2022 (WiSE-FT), <https://arxiv.org/abs/2109.01903>, eq. 1; uniform over
//!   all: Wortsman et al. 2022 (model soups), <https://arxiv.org/abs/2203.05482>, table 2.
//! - Spherical interpolation: Shoemake 1985, <https://doi.org/10.1145/325334.325242>, section 3.3, for each tensor by
//!   itself. The angle is that of the directions, the ends keep their lengths.
//! - Random: each element is that of one of the parts, drawn by its share: Roth et al. 2024,
//!   <https://arxiv.org/abs/2408.14471>, section 4.3.

use super::{super::flat::Span, Part};

/// Cosine above which two directions are taken for one, and the arc for its chord.
const PARALLEL: f64 = 0.9995;

pub(super) fn interpolation(parts: &[Part]) -> Vec<f64> {
    let mut sum = vec![0.0; parts[0].values.len()];
    for part in parts {
        sum.iter_mut().zip(&part.values).for_each(|(sum, value)| *sum += part.share * value);
    }
    sum
}

/// From `a` towards `b` by the share of `b`. A tensor of zeros has no direction and goes straight; opposite
/// directions, between which no arc is shorter than another, do as well.
pub(super) fn slerp(a: &Part, b: &Part, spans: &[Span]) -> Vec<f64> {
    let arc = |span: &Span| {
        let (a, b, t) = (&a.values[span.at.clone()], &b.values[span.at.clone()], b.share);
        let cos = cosine(a, b);
        let [wa, wb] = match cos.filter(|cos| cos.abs() <= PARALLEL) {
            None => [1.0 - t, t],
            Some(cos) => {
                let angle = cos.acos();
                [((1.0 - t) * angle).sin() / angle.sin(), (t * angle).sin() / angle.sin()]
            }
        };
        a.iter().zip(b).map(move |(a, b)| wa * a + wb * b).collect::<Vec<_>>()
    };
    spans.iter().flat_map(arc).collect()
}

pub(super) fn random(parts: &[Part], lots: &[f64]) -> Vec<f64> {
    let value = |(at, lot): (usize, &f64)| {
        let mut rest = *lot;
        let drawn = parts.iter().find(|part| {
            rest -= part.share;
            rest < 0.0
        });
        // What rounding leaves over belongs to the last.
        drawn.unwrap_or(&parts[parts.len() - 1]).values[at]
    };
    lots.iter().enumerate().map(value).collect()
}

/// Cosine of the angle between two vectors; none where one of them is zero.
pub(super) fn cosine(a: &[f64], b: &[f64]) -> Option<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    (lengths > 0.0).then(|| dot(a, b) / lengths)
}
