//! What is evaluated: something that answers questions and cannot reach what is trained.

use burn::tensor::{Device, Tensor};

use crate::{
    draws::Draws,
    ledger::Meter,
    pass::{Mode, Pass, Weights},
    scope::{Heads, Scope},
    theta::Theta,
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

/// Negative logarithm of the label's share in the softmax of one example's scores, in nats.
pub(crate) fn loss(scores: &[f32], label: usize) -> f64 {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = scores.iter().map(|score| f64::from(score - top).exp()).sum();
    sum.ln() - f64::from(scores[label] - top)
}
