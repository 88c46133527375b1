//! What a run hands over while it runs, and who is told of it.

use anyhow::Result;
use clbench_results::{Record, Retrieval};

use super::{Run, evaluate::Answer};

/// One row of `train.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// The experience, from 1.
    pub experience: usize,
    /// Steps taken in all, this one included.
    pub step: u64,
    /// The loss with all its terms.
    pub loss: f64,
    /// The carrier's own loss, its penalty where it is one that [penalises](crate::method::Carrier::penalises), then
    /// each contribution's term: what it added to the loss, and the value of what it added as gradients.
    pub terms: Vec<Option<f64>>,
    /// The learning rate.
    pub rate: f64,
    /// Global norm of the gradients before clipping.
    pub gradient: f64,
    /// Share of the batch that was right before the step, among the logits that the loss saw; none where the method
    /// gives no logits.
    pub accuracy: Option<f64>,
}

/// What a run hands over while it runs.
pub trait Sink {
    /// One evaluation's rows.
    fn records(&mut self, records: &[Record]) -> Result<()>;
    /// One logged step.
    fn logged(&mut self, row: &Logged) -> Result<()>;
    /// One evaluation's rows of retrieval, where there are texts.
    fn retrieved(&mut self, _rows: &[Retrieval]) -> Result<()> {
        Ok(())
    }
    /// Every answer of the evaluation after an experience.
    fn answers(&mut self, answers: &[Answer]) -> Result<()>;
}

/// Keeps nothing.
pub struct Nowhere;

impl Sink for Nowhere {
    fn records(&mut self, _: &[Record]) -> Result<()> {
        Ok(())
    }
    fn logged(&mut self, _: &Logged) -> Result<()> {
        Ok(())
    }
    fn answers(&mut self, _: &[Answer]) -> Result<()> {
        Ok(())
    }
}

/// Told of each step.
pub trait Watch: Sync {
    /// Where the run of `seed` stands.
    fn at(&self, seed: u64, run: &Run);
    /// What happened to `seed`, in words.
    fn note(&self, seed: u64, what: &str);
}
