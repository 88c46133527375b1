//! What is gained on trained datasets and kept on all others.
//!
//! - Roth et al. 2024 (FoMo-in-Flux), <https://arxiv.org/abs/2408.14471>: knowledge accumulation, zero-shot retention
//!   and their geometric mean, each a mean over datasets.
//!
//! A dataset counts once, however many tasks it was split into; within it, tasks weigh by their test examples.
//!
//! **Deviation:** the paper's plots follow both scores over the stream; here they are those after the last experience,
//! which is what its program prints. Recall of retrieval datasets enters [`macro_average`] alone: no stream has them.

use std::collections::BTreeMap;

use super::{Better, Metric, Subject, Unit, lack};
use crate::statistics::estimate::mean;

/// All of this file.
pub static ALL: &[&Metric] = &[&ACCUMULATION, &RETENTION, &GEOMETRIC, &POOL];

/// Knowledge accumulation.
pub static ACCUMULATION: Metric = Metric {
    key: "ka.fomo24",
    short: "KA",
    name: "knowledge accumulation",
    about: "accuracy at the end on trained tasks, mean over datasets (Roth et al. 2024)",
    formula: "(1/D) Σ_d Σ_{j∈d} nⱼ R[T][j] / Σ_{j∈d} nⱼ over the D datasets of trained tasks",
    source: "Roth et al. 2024 (FoMo-in-Flux), arXiv 2408.14471",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "",
    lacks: &[lack::trained, lack::end],
    worked: "((200 * 0.6 + 100 * 0.85) / 300 + 0.7) / 2",
    of: |subject| over_datasets(subject, subject.trained()),
};

/// Zero-shot retention.
pub static RETENTION: Metric = Metric {
    key: "zs.fomo24",
    short: "ZS",
    name: "zero-shot retention",
    about: "accuracy at the end on tasks that are never trained, mean over datasets (Roth et al. 2024)",
    formula: "as ka.fomo24, over the datasets of tasks that no experience trains",
    source: "Roth et al. 2024 (FoMo-in-Flux), arXiv 2408.14471",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "held-out tasks: tasks that no experience trains",
    lacks: &[lack::held_out],
    worked: "(0.5 + 0.3) / 2",
    of: |subject| over_datasets(subject, subject.held_out()),
};

/// The geometric mean of both.
pub static GEOMETRIC: Metric = Metric {
    key: "gm.fomo24",
    short: "GM",
    name: "geometric mean of accumulation and retention",
    about: "geometric mean of ka.fomo24 and zs.fomo24 (Roth et al. 2024)",
    formula: "√(KA · ZS)",
    source: "Roth et al. 2024 (FoMo-in-Flux), arXiv 2408.14471",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "held-out tasks: tasks that no experience trains",
    lacks: &[lack::trained, lack::end, lack::held_out],
    worked: "sqrt(((200 * 0.6 + 100 * 0.85) / 300 + 0.7) / 2 * ((0.5 + 0.3) / 2))",
    of: |subject| Some(geometric((ACCUMULATION.of)(subject)?, (RETENTION.of)(subject)?)),
};

/// Retention of the pretraining pool.
pub static POOL: Metric = Metric {
    key: "pool.clbench",
    short: "POOL",
    name: "retention of the pretraining pool",
    about: "accuracy at the end on the pretraining pool's test split, mean over datasets (clbench)",
    formula: "as ka.fomo24, over the datasets of the pretraining pool",
    source: "clbench; Roth et al. 2024 (FoMo-in-Flux), arXiv 2408.14471, ask about held-out datasets alone",
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: "a pretraining pool whose concepts are evaluated",
    lacks: &[],
    worked: "0.3",
    of: |subject| over_datasets(subject, subject.pool.iter().copied()),
};

/// The macro average over all datasets: accuracies of classification datasets, and of retrieval datasets the mean of
/// the recalls in both directions.
///
/// With 40 accuracies and one pair of recalls, this is FoMo-in-Flux's (40·mean accuracy + R@5)/41. None where there is
/// no dataset, or a value is no finite number.
pub fn macro_average(accuracies: &[f64], recalls: &[[f64; 2]]) -> Option<f64> {
    let both = recalls.iter().map(|[to_image, to_text]| f64::midpoint(*to_image, *to_text));
    mean(&accuracies.iter().copied().chain(both).collect::<Vec<_>>())
}

/// √(KA · ZS), both in the same unit.
pub fn geometric(accumulation: f64, retention: f64) -> f64 {
    (accumulation * retention).sqrt()
}

/// The mean over the datasets of `tasks`; where datasets are not known, each task is one of its own.
fn over_datasets(subject: &Subject, tasks: impl Iterator<Item = usize>) -> Option<f64> {
    let mut datasets: BTreeMap<(usize, &str), (f64, f64)> = BTreeMap::new();
    for task in tasks {
        let dataset = subject.datasets.get(task).map_or((task, ""), |name| (0, name.as_str()));
        // Without a count, as in a bare matrix, tasks weigh alike.
        let n = subject.end().map_or(Some(1), |end| Some(end.answers.get(&task)?.n))?;
        let (right, asked) = datasets.entry(dataset).or_default();
        *right += n as f64 * subject.kept(task)?;
        *asked += n as f64;
    }
    macro_average(&datasets.values().map(|(right, asked)| right / asked).collect::<Vec<_>>(), &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::EXAMPLE;
    use crate::record::Matrix;

    #[test]
    fn the_anchor_of_the_program_is_met() {
        // Zero-shot ViT-B/32 in FoMo-in-Flux's table: KA 38.47, ZS 67.93, GM 51.12.
        assert!((geometric(38.47, 67.93) - 51.12).abs() < 0.005);
    }

    #[test]
    fn a_retrieval_dataset_counts_as_one_of_forty_one() {
        let accuracies: Vec<f64> = (1..=40).map(|index| f64::from(index) / 100.0).collect();
        // Mean accuracy 0.205, R@5 = 0.5.
        let expected = (40.0 * 0.205 + 0.5) / 41.0;
        assert!((macro_average(&accuracies, &[[0.4, 0.6]]).unwrap() - expected).abs() < 1e-12);
        let expected = (20.0 * 0.105 + 2.0 * 0.7) / 22.0;
        let value = macro_average(&accuracies[..20], &[[0.6, 0.8], [0.5, 0.9]]).unwrap();
        assert!((value - expected).abs() < 1e-12);
        assert_eq!((macro_average(&[], &[]), macro_average(&[f64::NAN], &[])), (None, None));
    }

    #[test]
    fn without_datasets_each_task_is_its_own() {
        let mut subject = EXAMPLE.clone();
        subject.datasets.clear();
        assert!(((ACCUMULATION.of)(&subject).unwrap() - 2.15 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn without_held_out_tasks_there_is_no_retention() {
        assert_eq!([&RETENTION, &GEOMETRIC].map(|metric| (metric.of)(&EXAMPLE)), [None; 2]);
    }

    #[test]
    fn a_bare_matrix_weighs_tasks_alike_and_knows_what_is_held_out() {
        let matrix = Matrix::sequential(&[0.1; 3], &[&[0.9, 0.2, 0.3], &[0.5, 0.8, 0.25]]).training(&[&[0], &[1]]);
        let subject = Subject::of_matrix(matrix);
        assert!(((ACCUMULATION.of)(&subject).unwrap() - 0.65).abs() < 1e-12);
        assert_eq!((RETENTION.of)(&subject), Some(0.25));
    }
}
