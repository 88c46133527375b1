//! Smoothing of a learning curve: a window slides over the curve and its reflection beyond both ends.
//!
//! - The cookbook of `scipy`, "Smoothing of a 1D signal",
//!   <https://scipy-cookbook.readthedocs.io/items/SignalSmooth.html>: the reflection and the windows; `l2metrics` cuts
//!   the result to the length of the curve.

use std::f64::consts::PI;

/// The shape of a smoothing window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Smoothing {
    /// Constant: a moving average.
    #[default]
    Flat,
    /// Half a wave that ends in zeros.
    Hanning,
    /// Half a wave that ends above zero.
    Hamming,
    /// A triangle that ends in zeros.
    Bartlett,
    /// Two waves that end in zeros.
    Blackman,
}

impl Smoothing {
    /// The weight at position `n` of a window of `length` ≥ 3.
    fn weight(self, n: usize, length: usize) -> f64 {
        let x = n as f64 / (length - 1) as f64;
        match self {
            Self::Flat => 1.0,
            Self::Hanning => 0.5 - 0.5 * (2.0 * PI * x).cos(),
            Self::Hamming => 0.54 - 0.46 * (2.0 * PI * x).cos(),
            Self::Bartlett => 1.0 - (2.0 * x - 1.0).abs(),
            Self::Blackman => 0.42 - 0.5 * (2.0 * PI * x).cos() + 0.08 * (4.0 * PI * x).cos(),
        }
    }
}

/// The smoothed curve, as long as `curve`.
///
/// The window has `window` experiences if the curve is at least as long, else a fifth of the curve and at most 100.
/// Windows of fewer than 3 leave the curve as it is.
pub(super) fn smooth(curve: &[f64], window: Option<usize>, shape: Smoothing) -> Vec<f64> {
    let n = curve.len();
    let length = window.filter(|&length| length <= n).unwrap_or(((n as f64 * 0.2) as usize).min(100));
    if length < 3 {
        return curve.to_vec();
    }
    let weights: Vec<f64> = (0..length).map(|position| shape.weight(position, length)).collect();
    let sum: f64 = weights.iter().sum();
    let weights: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
    let before = curve[1..length].iter().rev();
    let after = curve[n - length..n - 1].iter().rev();
    let reflected: Vec<f64> = before.chain(curve).chain(after).copied().collect();
    let blur = |part: &[f64]| part.iter().zip(&weights).map(|(value, weight)| value * weight).sum();
    // The reference takes ⌊L/2 − 1⌋ from the front; L ≥ 3, so that this is no less than 0.
    reflected.windows(length).skip(length / 2 - 1).take(n).map(blur).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_curves_stay_as_they_are() {
        let curve: Vec<f64> = (0..14).map(|x| f64::from(x * x)).collect();
        assert_eq!(smooth(&curve, None, Smoothing::Flat), curve);
        assert_eq!(smooth(&[1.0], Some(2), Smoothing::Flat), [1.0]);
    }

    #[test]
    fn a_window_of_three_averages_neighbours_and_reflects_at_the_ends() {
        // By hand: the reflection of 0 3 6 9 is 6 3 | 0 3 6 9 | 6 3, of which the first four windows are kept.
        assert_eq!(smooth(&[0.0, 3.0, 6.0, 9.0], Some(3), Smoothing::Flat), [3.0, 2.0, 3.0, 6.0]);
    }

    #[test]
    fn windows_end_as_their_names_say() {
        let ends = [
            (Smoothing::Hanning, 0.0),
            (Smoothing::Hamming, 0.08),
            (Smoothing::Bartlett, 0.0),
            (Smoothing::Blackman, 0.0),
        ];
        for (shape, end) in ends {
            assert!((shape.weight(0, 5) - end).abs() < 1e-12 && (shape.weight(4, 5) - end).abs() < 1e-12, "{shape:?}");
            assert!((shape.weight(2, 5) - 1.0).abs() < 1e-12, "{shape:?}");
        }
    }

    #[test]
    fn a_window_longer_than_the_curve_is_not_used() {
        let curve: Vec<f64> = (0..15).map(f64::from).collect();
        assert_eq!(smooth(&curve, Some(16), Smoothing::Flat), smooth(&curve, Some(3), Smoothing::Flat));
        assert_eq!(smooth(&curve, Some(15), Smoothing::Flat).len(), 15);
    }
}
