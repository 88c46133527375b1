//! What accuracy does not show: how probable the right answers were held to be, after the last experience.
//!
//! - Brier 1950, <https://doi.org/10.1175/1520-0493(1950)078%3C0001:VOFEIT%3E2.0.CO;2>: the squared distance, summed
//!   over classes.
//! - Schaeffer et al. 2023, <https://arxiv.org/abs/2304.15004>: scores that move smoothly where accuracy jumps, and
//!   test sets too small to see what is rare.

use super::{Better, Metric, Subject, Unit, lack, subject::mean_over};
use crate::record::Answered;

/// All of this file.
pub static ALL: &[&Metric] = &[&NLL, &BRIER, &CONFIDENCE, &MARGIN, &RESOLUTION];

/// Negative log-likelihood.
pub static NLL: Metric = Metric {
    key: "nll.schaeffer23",
    short: "NLL",
    name: "negative log-likelihood",
    about: "mean of −ln p of the right class at the end, mean over tasks (Schaeffer et al. 2023)",
    formula: "(1/T) Σⱼ (1/nⱼ) Σₓ −ln p(y|x)",
    source: "Schaeffer et al. 2023, arXiv 2304.15004: a smooth score beside accuracy",
    range: (0.0, f64::INFINITY),
    unit: Unit::Nats,
    better: Better::Lower,
    needs: "",
    lacks: &[lack::trained, lack::answers],
    worked: "(2 * (1 - 0.6) + 2 * (1 - 0.85) + 2 * (1 - 0.7)) / 3",
    of: |subject| at_the_end(subject, |answered| Some(answered.loss)),
};

/// Brier score.
pub static BRIER: Metric = Metric {
    key: "brier.brier50",
    short: "Brier",
    name: "Brier score",
    about: "squared distance of the probabilities from the right class at the end, mean over tasks (Brier 1950)",
    formula: "(1/T) Σⱼ (1/nⱼ) Σₓ Σ_c (p(c|x) − [c = y])²",
    source: "Brier 1950, Monthly Weather Review 78, eq. 2: summed over classes, so 2 at most",
    range: (0.0, 2.0),
    unit: Unit::Number,
    better: Better::Lower,
    needs: "",
    lacks: &[lack::trained, lack::answers],
    worked: "((1 - 0.6) + (1 - 0.85) + (1 - 0.7)) / 3",
    of: |subject| at_the_end(subject, |answered| Some(answered.brier)),
};

/// Probability of the right class.
pub static CONFIDENCE: Metric = Metric {
    key: "confidence.schaeffer23",
    short: "p(y)",
    name: "probability of the right class",
    about: "mean probability of the right class at the end, mean over tasks (Schaeffer et al. 2023)",
    formula: "(1/T) Σⱼ (1/nⱼ) Σₓ p(y|x)",
    source: "Schaeffer et al. 2023, arXiv 2304.15004: a smooth score beside accuracy",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::trained, lack::answers],
    worked: "(0.6 + 0.85 + 0.7) / 3",
    of: |subject| at_the_end(subject, |answered| Some(answered.confidence)),
};

/// Margin of the right class.
pub static MARGIN: Metric = Metric {
    key: "margin.clbench",
    short: "margin",
    name: "margin of the right class",
    about: "score of the right class minus the largest other at the end, mean over tasks (ours)",
    formula: "(1/T) Σⱼ (1/nⱼ) Σₓ (z(y|x) − max_{c≠y} z(c|x)), z the logits",
    source: "clbench: how far answers are from changing; depends on the scale of the logits, so compare one network \
             only",
    range: (f64::NEG_INFINITY, f64::INFINITY),
    unit: Unit::Number,
    better: Better::Higher,
    needs: "questions with two classes or more in scope",
    lacks: &[lack::trained, lack::answers],
    worked: "((0.6 - 0.5) + (0.85 - 0.5) + (0.7 - 0.5)) / 3",
    of: |subject| at_the_end(subject, |answered| answered.margin),
};

/// The smallest difference in accuracy that the test sets can show.
pub static RESOLUTION: Metric = Metric {
    key: "resolution.schaeffer23",
    short: "1/n",
    name: "resolution",
    about: "what one test example changes in accuracy, mean over tasks (Schaeffer et al. 2023)",
    formula: "(1/T) Σⱼ 1/nⱼ",
    source: "Schaeffer et al. 2023, arXiv 2304.15004: what is right less often than once in n reads as 0",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Neither,
    needs: "",
    lacks: &[lack::trained, lack::answers],
    worked: "(1 / 200 + 1 / 100 + 1 / 50) / 3",
    of: |subject| at_the_end(subject, |answered| (answered.n > 0).then(|| 1.0 / answered.n as f64)),
};

/// The mean of `value` over the trained tasks after the last experience.
fn at_the_end(subject: &Subject, value: impl Fn(&Answered) -> Option<f64>) -> Option<f64> {
    let end = subject.end()?;
    mean_over(subject.trained(), |task| value(end.answers.get(&task)?))
}

/// The Brier score of one answer: the squared distance of `probabilities` from certainty in class `label`.
///
/// None where there is no such class or a probability is no finite number.
pub fn brier(probabilities: &[f64], label: usize) -> Option<f64> {
    let class = |(class, p): (usize, &f64)| (p - f64::from(u8::from(class == label))).powi(2);
    let score: f64 = probabilities.iter().enumerate().map(class).sum();
    (label < probabilities.len() && score.is_finite()).then_some(score)
}

/// The negative log-likelihood of one answer in nats; infinite where class `label` was held to be impossible.
///
/// None where there is no such class or its probability is negative or no number.
pub fn nll(probabilities: &[f64], label: usize) -> Option<f64> {
    let p = *probabilities.get(label)?;
    (p >= 0.0 && p.is_finite()).then(|| -p.ln())
}

/// The score of class `label` minus the largest other; none where there is no such class or no other.
pub fn margin(scores: &[f64], label: usize) -> Option<f64> {
    let others = scores.iter().enumerate().filter(|(class, _)| *class != label).map(|(_, &score)| score);
    let margin = scores.get(label)? - others.reduce(f64::max)?;
    margin.is_finite().then_some(margin)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::metric::EXAMPLE;

    #[derive(Deserialize)]
    struct Golden {
        labels: Vec<usize>,
        scores: Vec<Vec<f64>>,
        probabilities: Vec<Vec<f64>>,
        brier: f64,
        log_loss: f64,
        margins: Vec<f64>,
    }

    #[test]
    fn single_answers_agree_with_scikit_learn() {
        let golden: Golden = serde_json::from_str(include_str!("../../tests/golden/calibration.json")).unwrap();
        let mean = |score: fn(&[f64], usize) -> Option<f64>| {
            let all = golden.probabilities.iter().zip(&golden.labels).map(|(p, &label)| score(p, label).unwrap());
            all.sum::<f64>() / golden.labels.len() as f64
        };
        assert_eq!(golden.labels.len(), 20);
        assert!((mean(brier) - golden.brier).abs() < 1e-12);
        assert!((mean(nll) - golden.log_loss).abs() < 1e-12);
        for ((scores, &label), expected) in golden.scores.iter().zip(&golden.labels).zip(&golden.margins) {
            assert!((margin(scores, label).unwrap() - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn single_answers_by_hand() {
        // 0.25 + 0.09 + 0.04
        assert!((brier(&[0.5, 0.3, 0.2], 0).unwrap() - 0.38).abs() < 1e-12);
        assert!((nll(&[0.5, 0.5], 1).unwrap() - std::f64::consts::LN_2).abs() < 1e-12);
        assert_eq!(margin(&[1.0, 3.0, 2.5], 2), Some(-0.5));
        assert_eq!(nll(&[1.0, 0.0], 1), Some(f64::INFINITY));
    }

    #[test]
    fn answers_without_the_class_or_with_no_numbers_have_no_score() {
        assert_eq!([brier(&[1.0], 1), nll(&[1.0], 1), margin(&[1.0, 2.0], 2), margin(&[1.0], 0)], [None; 4]);
        assert_eq!([brier(&[f64::NAN, 0.0], 1), nll(&[f64::NAN], 0), nll(&[-0.1], 0)], [None; 3]);
        assert_eq!(margin(&[f64::INFINITY, f64::INFINITY], 0), None);
    }

    #[test]
    fn one_task_without_an_answer_or_a_margin_takes_the_mean_away() {
        let mut subject = EXAMPLE.clone();
        let end = subject.history.moments.last_mut().unwrap();
        end.answers.get_mut(&1).unwrap().margin = None;
        assert_eq!((MARGIN.of)(&subject), None);
        assert!((NLL.of)(&subject).is_some());
        subject.history.moments.last_mut().unwrap().answers.remove(&1);
        assert_eq!((NLL.of)(&subject), None);
    }

    #[test]
    fn a_run_that_did_not_reach_its_end_has_no_end() {
        let mut subject = EXAMPLE.clone();
        subject.history.moments.pop();
        assert_eq!([&NLL, &BRIER, &RESOLUTION].map(|metric| (metric.of)(&subject)), [None; 3]);
    }
}
