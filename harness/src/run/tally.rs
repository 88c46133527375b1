//! What comes of questions: right answers, losses, probabilities.

use crate::{
    network::predictor::{answer, is_right},
    primitives::scope::OUT,
};

/// Sums over one split.
#[derive(Default)]
pub(super) struct Tally {
    pub hits: u64,
    pub loss: f64,
    pub brier: f64,
    pub confidence: f64,
    pub margin: f64,
    /// Questions with another class in scope.
    pub rivalled: u64,
}

impl Tally {
    /// Adds one answer; gives the answered label and the probability of the right one.
    ///
    /// Loss is the negative logarithm of that probability; the Brier score is the sum over classes of (p − y)² (Brier
    /// 1950, eq. 2).
    pub fn add(&mut self, scores: &[f32], label: usize) -> (usize, f64) {
        let top = scores.iter().copied().reduce(|top, score| if score > top { score } else { top }).unwrap_or(f32::NAN);
        let top = f64::from(top);
        let weights: Vec<f64> = scores.iter().map(|score| (f64::from(*score) - top).exp()).collect();
        let sum: f64 = weights.iter().sum();
        let confidence = weights[label] / sum;
        self.hits += u64::from(is_right(scores, label));
        self.loss += sum.ln() + top - f64::from(scores[label]);
        let squares: f64 = weights.iter().map(|w| (w / sum) * (w / sum)).sum();
        self.brier += squares - 2.0 * confidence + 1.0;
        self.confidence += confidence;
        let rival = (0..scores.len()).filter(|c| *c != label && scores[*c] > OUT / 2.0).map(|c| scores[c]);
        if let Some(rival) = rival.reduce(f32::max) {
            self.margin += f64::from(scores[label]) - f64::from(rival);
            self.rivalled += 1;
        }
        (answer(scores, label), confidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_tallied_as_by_hand() {
        let mut tally = Tally::default();
        // softmax(ln 2, ln 1, ln 1) = (1/2, 1/4, 1/4).
        let scores = [2.0_f32.ln(), 0.0, 0.0];
        assert_eq!(tally.add(&scores, 0).0, 0);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        assert!(near(tally.loss, 2.0_f64.ln()) && near(tally.confidence, 0.5));
        assert!(near(tally.brier, 0.25 + 2.0 / 16.0) && tally.hits == 1);
        assert!(near(tally.margin, 2.0_f64.ln()) && tally.rivalled == 1);
        tally.add(&scores, 2);
        // 0 − ln 2 takes back what the first gave.
        assert!(near(tally.margin, 0.0) && tally.rivalled == 2);
        assert!(near(tally.loss, 3.0 * 2.0_f64.ln()) && near(tally.confidence, 0.75));
        assert!(near(tally.brier, 0.375 + (0.25 + 1.0 / 16.0 + 9.0 / 16.0)) && tally.hits == 1);
    }

    #[test]
    fn what_is_out_of_scope_has_no_share() {
        let mut tally = Tally::default();
        tally.add(&[0.0, OUT, 0.0], 0);
        assert!((tally.confidence - 0.5).abs() < 1e-12 && tally.loss.is_finite());
        assert!((tally.margin, tally.rivalled) == (0.0, 1));
        tally.add(&[0.0, OUT, OUT], 0);
        assert_eq!((tally.margin, tally.rivalled), (0.0, 1), "there is no other class");
    }
}
