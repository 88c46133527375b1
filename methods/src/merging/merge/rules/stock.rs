//! Model stock: towards the mean of the weights as far as their angles from the start say.
//!
//! Jang et al. 2024, <https://arxiv.org/abs/2403.19522>, eq. 3 and section 4.2 for N weights: for each tensor
//! θ = t·mean + (1−t)·θ₀ with t = N·cosφ / (1 + (N−1)·cosφ), φ the mean angle between task vectors by its cosine.
//!
//! **Deviation:** t is 0 for cosφ below 0, where the paper's geometry does not hold and t would run away, to −∞ at cosφ
//! = −1/(N−1); the authors' code and mergekit's let it be negative. A pair with a task vector of zeros has no angle and
//! counts as 0. One set of weights alone is itself.

use super::{super::flat::Span, Part, means::cosine};

pub(super) fn stock(parts: &[Part], start: &[f64], spans: &[Span]) -> Vec<f64> {
    let n = parts.len() as f64;
    let merge = |span: &Span| {
        let start = &start[span.at.clone()];
        let tau = |part: &Part| -> Vec<f64> {
            part.values[span.at.clone()].iter().zip(start).map(|(value, start)| value - start).collect()
        };
        let taus: Vec<Vec<f64>> = parts.iter().map(tau).collect();
        let t = match mean_cosine(&taus) {
            None => 1.0,
            Some(cos) if cos <= 0.0 => 0.0,
            Some(cos) => n * cos / (1.0 + (n - 1.0) * cos),
        };
        (0..start.len()).map(|at| start[at] + t * taus.iter().map(|tau| tau[at]).sum::<f64>() / n).collect::<Vec<_>>()
    };
    spans.iter().flat_map(merge).collect()
}

/// Mean over pairs; none where there is no pair.
fn mean_cosine(taus: &[Vec<f64>]) -> Option<f64> {
    let pairs = (0..taus.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
    let cosines: Vec<f64> = pairs.map(|(a, b)| cosine(&taus[a], &taus[b]).unwrap_or(0.0)).collect();
    (!cosines.is_empty()).then(|| cosines.iter().sum::<f64>() / cosines.len() as f64)
}
