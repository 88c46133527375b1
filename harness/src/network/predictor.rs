//! What is evaluated: something that answers questions and cannot reach what is trained.

use burn::tensor::{Device, Tensor};

use crate::{
    budget::Meter,
    network::pass::{Mode, Pass, Weights},
    primitives::{
        draws::Draws,
        scope::{Heads, Scope},
        theta::Theta,
    },
};

/// Answers questions. It has no way to what is trained.
pub trait Predictor {
    /// Scores whose largest is the answer and whose softmax is the confidence; classes out of scope far below.
    /// Inputs have shape `[batch, channels, height, width]`, scores `[batch, classes]`.
    fn scores(&self, inputs: Tensor<4>, ask: &Ask) -> Tensor<2>;
    /// How many samples can be asked alone; each gives rows of its own in `records.csv`.
    fn samples(&self) -> u32 {
        0
    }
    /// The weights of the plain network that answers `ask`, where one can be made for any preference and sample.
    fn model(&self, _ask: &Ask) -> Option<Theta> {
        None
    }
    /// Representations, where there are any. Shape `[batch, features]`.
    fn features(&self, _inputs: Tensor<4>, _ask: &Ask) -> Option<Tensor<2>> {
        None
    }
    /// Scores against classes that it knows by their names alone, where it can read them. Shape `[batch, names]`.
    fn named(&self, _inputs: Tensor<4>, _names: &[String], _ask: &Ask) -> Option<Tensor<2>> {
        None
    }
    /// Representations of texts beside those of [`Predictor::features`]: what belongs together has a large inner
    /// product. None where it reads no texts. Shape `[texts, features]`.
    fn texts(&self, _texts: &[&str], _device: &Device, _ask: &Ask) -> Option<Tensor<2>> {
        None
    }
}

/// What may be known of a question, and what counts the work of answering it.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Which classes count; `Scope::Task` only where the stream tells the task.
    pub scope: Scope,
    /// The same for each class of the stream.
    pub counts: Vec<bool>,
    /// A preference over tasks, for predictors that can honour one.
    pub preference: Option<Vec<f64>>,
    /// Which of the predictor's samples answers; none for all of them together.
    pub sample: Option<u32>,
    /// For predictors that sample: always the same draws, so that asking twice gives the same answer.
    pub draws: Draws,
    /// Counts the work.
    pub meter: Meter,
}

impl Ask {
    /// A question to all samples together, without a preference.
    pub fn new(scope: Scope, heads: &Heads, draws: Draws, meter: &Meter) -> Self {
        let counts = heads.columns(scope);
        Self { scope, counts, preference: None, sample: None, draws, meter: meter.clone() }
    }
    /// A pass for answering: no graph, nothing dropped, nothing moved, its work counted.
    pub fn pass(&self, weights: &Weights) -> Pass {
        Pass::plain(weights, Mode::Eval, &self.meter)
    }
}

/// Whether `label` is what `scores` answer: its score lies above every other. A tie for the top answers nothing, and
/// neither does a score that is not a number. All that counts right answers asks here.
pub fn is_right<T: PartialOrd>(scores: &[T], label: usize) -> bool {
    let own = &scores[label];
    own.partial_cmp(own).is_some() && scores.iter().enumerate().all(|(at, other)| at == label || other < own)
}

/// The class that `scores` answer to a question whose right answer is `label`: `label` where [`is_right`], else the
/// first of the largest of the others, so that an answer is `label` only where it is right.
pub fn answer(scores: &[f32], label: usize) -> usize {
    if is_right(scores, label) {
        return label;
    }
    let others = (0..scores.len()).filter(|class| *class != label);
    // A NaN is never above a number.
    let above = |a: usize, b: usize| scores[a] > scores[b] || (scores[b].is_nan() && !scores[a].is_nan());
    others.reduce(|best, class| if above(class, best) { class } else { best }).unwrap_or(label)
}

/// The share of rows of `scores`, each of `classes`, that are right.
pub(crate) fn share_right(scores: &[f32], classes: usize, labels: &[usize]) -> f64 {
    let right = scores.chunks(classes).zip(labels).filter(|(row, label)| is_right(row, **label));
    right.count() as f64 / labels.len() as f64
}

/// Negative logarithm of the label's share in the softmax of one example's scores, in nats.
pub(crate) fn loss(scores: &[f32], label: usize) -> f64 {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = scores.iter().map(|score| f64::from(score - top).exp()).sum();
    sum.ln() - f64::from(scores[label] - top)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f32 = f32::NAN;

    /// Scores, a label, whether it is right, and the answer.
    const CASES: [(&[f32], usize, bool, usize); 13] = [
        (&[0.0, 0.0, 0.0], 0, false, 1),
        (&[0.0, 0.0, 0.0], 2, false, 0),
        (&[1.0, 2.0, 2.0], 1, false, 2),
        (&[1.0, 2.0, 2.0], 2, false, 1),
        (&[1.0, 2.0, 2.0], 0, false, 1),
        (&[1.0, 3.0, 2.0], 1, true, 1),
        (&[1.0, 3.0, 2.0], 2, false, 1),
        (&[NAN, 3.0, 2.0], 1, false, 2),
        (&[NAN, 3.0, 2.0], 0, false, 1),
        (&[NAN, NAN, NAN], 0, false, 1),
        (&[f32::INFINITY, f32::INFINITY], 0, false, 1),
        (&[f32::NEG_INFINITY, crate::primitives::scope::OUT], 1, true, 1),
        (&[0.5], 0, true, 0),
    ];

    #[test]
    fn a_tie_for_the_top_is_right_for_nobody() {
        for (scores, label, right, class) in CASES {
            assert_eq!((is_right(scores, label), answer(scores, label)), (right, class), "{scores:?} {label}");
            assert_eq!(share_right(scores, scores.len(), &[label]) > 0.5, right, "{scores:?} {label}");
            assert_eq!(class == label, right, "an answer is the label only where it is right");
        }
        assert!(!is_right(&[NAN], 0), "one class alone");
        assert_eq!(share_right(&[1.0, 0.0, 0.0, 0.0, 0.0, 1.0], 2, &[0, 0, 1]).to_bits(), (2.0_f64 / 3.0).to_bits());
    }
}
