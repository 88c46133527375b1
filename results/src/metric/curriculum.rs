//! How good an order of tasks is: what is known at the end against what is lost of the first task.
//!
//! - Singh et al. 2023 (Curriculum Designer), <https://arxiv.org/abs/2211.15470>: α, β and F.
//!
//! **Deviation:** where the first experience trains several tasks, β is the mean over them.

use super::{Better, Metric, Subject, Unit, accuracy, lack, subject::mean_over};

/// All of this file.
pub static ALL: &[&Metric] = &[&ALPHA, &BETA, &EFFICACY];

/// Final average accuracy.
pub static ALPHA: Metric = Metric {
    key: "alpha.curriculum-designer23",
    short: "α",
    name: "final accuracy of a curriculum",
    about: "mean of the last row: acc.gem17 under the name that F uses (Singh et al. 2023)",
    formula: "α = (1/T) Σⱼ R[T][j]",
    source: "Singh et al. 2023, arXiv 2211.15470",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::trained, lack::end],
    worked: "(0.6 + 0.85 + 0.7) / 3",
    of: |subject| (accuracy::AVERAGE.of)(subject),
};

/// What is lost of the first task.
pub static BETA: Metric = Metric {
    key: "beta.curriculum-designer23",
    short: "β",
    name: "forgetting of the first task",
    about: "accuracy on the first task after it was trained minus at the end (Singh et al. 2023)",
    formula: "β = R[1][1] − R[T][1]",
    source: "Singh et al. 2023, arXiv 2211.15470",
    range: (-1.0, 1.0),
    unit: Unit::Share,
    better: Better::Lower,
    needs: "",
    lacks: &[lack::sequence, lack::begins, lack::first_tasks],
    worked: "0.9 - 0.6",
    of: first_lost,
};

/// Curriculum efficacy.
pub static EFFICACY: Metric = Metric {
    key: "f.curriculum-designer23",
    short: "F",
    name: "curriculum efficacy",
    about: "2α/(αβ + 1): high where much is known and little of the first task lost (Singh et al. 2023)",
    formula: "F = 2α / (αβ + 1); none where αβ = −1",
    source: "Singh et al. 2023, arXiv 2211.15470; above 2 only where the first task gains (β < 0)",
    range: (0.0, f64::INFINITY),
    unit: Unit::Number,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::sequence, lack::begins, lack::end, lack::first_tasks],
    worked: "2 * (2.15 / 3) / (2.15 / 3 * (0.9 - 0.6) + 1)",
    of: |subject| efficacy((ALPHA.of)(subject)?, first_lost(subject)?),
};

fn first_lost(subject: &Subject) -> Option<f64> {
    let matrix = &subject.matrix;
    if matrix.joint() || matrix.experiences() < 2 {
        return None;
    }
    let first = (0..matrix.tasks()).filter(|&task| matrix.trains(1, task));
    mean_over(first, |task| Some(matrix.after(1, task)? - subject.kept(task)?))
}

/// F of α and β; none where the denominator is 0.
pub fn efficacy(alpha: f64, beta: f64) -> Option<f64> {
    Some(2.0 * alpha / (alpha * beta + 1.0)).filter(|efficacy| efficacy.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Matrix;

    #[test]
    fn a_learner_that_keeps_only_the_last_of_five_classes_is_at_the_floor() {
        // α = 0.2, β = 1: 0.4 / 1.2.
        assert!((efficacy(0.2, 1.0).unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(efficacy(1.0, 0.0), Some(2.0));
        assert_eq!(efficacy(1.0, -1.0), None);
    }

    #[test]
    fn one_experience_is_no_curriculum() {
        let one = Subject::of_matrix(Matrix::sequential(&[0.5], &[&[0.9]]));
        assert_eq!([&BETA, &EFFICACY].map(|metric| (metric.of)(&one)), [None; 2]);
        assert_eq!((ALPHA.of)(&one), Some(0.9));
    }

    #[test]
    fn all_tasks_of_the_first_experience_count_and_returns_do_not() {
        let rows: [&[f64]; 3] = [&[0.9, 0.7, 0.0], &[0.5, 0.6, 0.8], &[0.8, 0.4, 0.5]];
        let matrix = Matrix::sequential(&[0.0; 3], &rows).training(&[&[0, 1], &[2], &[0]]);
        // (0.9 − 0.8 + 0.7 − 0.4) / 2
        assert!(((BETA.of)(&Subject::of_matrix(matrix)).unwrap() - 0.2).abs() < 1e-12);
    }
}
