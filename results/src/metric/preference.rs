//! Accuracy of answers to stated preferences over tasks, after the last experience.
//!
//! - Lu et al. 2023 (IBCL), <https://arxiv.org/abs/2305.14782>: average and peak accuracy, several models to a
//!   preference, and the hypervolume of what they reach.
//! - <https://github.com/ibcl-anon/ibcl>: a task's accuracy is a mean over preferences, weighted by how much each
//!   cares.
//!
//! Of the models that answer one preference, the authors count the best on each task; the mean and the worst are keys
//! of their own. A task that no preference gives a weight is left out.
//!
//! **Deviation:** what the authors' code calls backward transfer, a difference between neighbouring tasks of one row,
//! is not here: it is not backward transfer.

use super::{Better, Metric, Subject, Unit, hypervolume::hypervolume, subject::mean_over};
use crate::{record::Preferred, statistics::estimate::mean};

/// All of this file.
pub static ALL: &[&Metric] = &[
    &AVERAGE,
    &AVERAGE_MEAN,
    &AVERAGE_MIN,
    &PEAK,
    &PEAK_MEAN,
    &PEAK_MIN,
    &WORST,
    &WORST_MEAN,
    &WORST_MIN,
    &BACKWARD,
    &BACKWARD_MEAN,
    &BACKWARD_MIN,
    &HYPERVOLUME,
];

const NEEDS: &str = "a method that answers preferences, and eval.preferences";
const SOURCE: &str = "Lu et al. 2023 (IBCL), arXiv 2305.14782, as github.com/ibcl-anon/ibcl computes it";

/// Average accuracy under preferences, the best model counted.
pub static AVERAGE: Metric = Metric {
    key: "preferred.ibcl23",
    short: "PAVG",
    name: "average accuracy under preferences",
    about: "preference-weighted accuracy of each task, the best model counted, mean over tasks (Lu et al. 2023)",
    formula: "(1/T) Σₗ Ā[l], Ā[l] = Σⱼ (wⱼ[l] / Σᵢ wᵢ[l]) · max over models m of aⱼₘ[l]",
    source: SOURCE,
    range: (0.0, 1.0),
    unit: Unit::Share,
    better: Better::Higher,
    needs: NEEDS,
    lacks: &[],
    worked: "((0.5 * 0.8 + 0.1 * 0.5) / 0.6 + (0.3 * 0.7 + 0.1 * 0.6) / 0.4 + (0.2 * 0.6 + 0.8 * 0.9) / 1) / 3",
    of: |subject| mean(&by_task(subject, best)?),
};

/// The same, the mean over models counted.
pub static AVERAGE_MEAN: Metric = Metric {
    key: "preferred.ibcl23-mean",
    short: "PAVGmean",
    name: "average under preferences, mean of models",
    about: "as preferred.ibcl23, with the mean over models (Lu et al. 2023)",
    formula: "as preferred.ibcl23, with the mean over models for their maximum",
    worked: "((0.5 * 0.75 + 0.1 * 0.45) / 0.6 + (0.3 * 0.65 + 0.1 * 0.55) / 0.4 + (0.2 * 0.55 + 0.8 * 0.85) / 1) / 3",
    of: |subject| mean(&by_task(subject, mean)?),
    ..AVERAGE
};

/// The same, the worst model counted.
pub static AVERAGE_MIN: Metric = Metric {
    key: "preferred.ibcl23-min",
    short: "PAVGmin",
    name: "average under preferences, worst model",
    about: "as preferred.ibcl23, with the worst model (Lu et al. 2023)",
    formula: "as preferred.ibcl23, with the minimum over models for their maximum",
    worked: "((0.5 * 0.7 + 0.1 * 0.4) / 0.6 + (0.3 * 0.6 + 0.1 * 0.5) / 0.4 + (0.2 * 0.5 + 0.8 * 0.8) / 1) / 3",
    of: |subject| mean(&by_task(subject, worst)?),
    ..AVERAGE
};

/// Accuracy on the task that fares best.
pub static PEAK: Metric = Metric {
    key: "peak.ibcl23",
    short: "PEAK",
    name: "peak accuracy under preferences",
    about: "as preferred.ibcl23, of the task that fares best (Lu et al. 2023)",
    formula: "maxₗ Ā[l], Ā as in preferred.ibcl23",
    worked: "max((0.5 * 0.8 + 0.1 * 0.5) / 0.6, (0.3 * 0.7 + 0.1 * 0.6) / 0.4, (0.2 * 0.6 + 0.8 * 0.9) / 1)",
    of: |subject| best(&by_task(subject, best)?),
    ..AVERAGE
};

/// The same, the mean over models counted.
pub static PEAK_MEAN: Metric = Metric {
    key: "peak.ibcl23-mean",
    short: "PEAKmean",
    name: "peak under preferences, mean of models",
    about: "as preferred.ibcl23-mean, of the task that fares best (Lu et al. 2023)",
    formula: "maxₗ Ā[l], Ā as in preferred.ibcl23-mean",
    worked: "max((0.5 * 0.75 + 0.1 * 0.45) / 0.6, (0.3 * 0.65 + 0.1 * 0.55) / 0.4, (0.2 * 0.55 + 0.8 * 0.85) / 1)",
    of: |subject| best(&by_task(subject, mean)?),
    ..AVERAGE
};

/// The same, the worst model counted.
pub static PEAK_MIN: Metric = Metric {
    key: "peak.ibcl23-min",
    short: "PEAKmin",
    name: "peak under preferences, worst model",
    about: "as preferred.ibcl23-min, of the task that fares best (Lu et al. 2023)",
    formula: "maxₗ Ā[l], Ā as in preferred.ibcl23-min",
    worked: "max((0.5 * 0.7 + 0.1 * 0.4) / 0.6, (0.3 * 0.6 + 0.1 * 0.5) / 0.4, (0.2 * 0.5 + 0.8 * 0.8) / 1)",
    of: |subject| best(&by_task(subject, worst)?),
    ..AVERAGE
};

/// Accuracy on the task that fares worst.
pub static WORST: Metric = Metric {
    key: "worst.ibcl23",
    short: "PLOW",
    name: "worst accuracy under preferences",
    about: "as preferred.ibcl23, of the task that fares worst (Lu et al. 2023)",
    formula: "minₗ Ā[l], Ā as in preferred.ibcl23",
    worked: "min((0.5 * 0.8 + 0.1 * 0.5) / 0.6, (0.3 * 0.7 + 0.1 * 0.6) / 0.4, (0.2 * 0.6 + 0.8 * 0.9) / 1)",
    of: |subject| worst(&by_task(subject, best)?),
    ..AVERAGE
};

/// The same, the mean over models counted.
pub static WORST_MEAN: Metric = Metric {
    key: "worst.ibcl23-mean",
    short: "PLOWmean",
    name: "worst under preferences, mean of models",
    about: "as preferred.ibcl23-mean, of the task that fares worst (Lu et al. 2023)",
    formula: "minₗ Ā[l], Ā as in preferred.ibcl23-mean",
    worked: "min((0.5 * 0.75 + 0.1 * 0.45) / 0.6, (0.3 * 0.65 + 0.1 * 0.55) / 0.4, (0.2 * 0.55 + 0.8 * 0.85) / 1)",
    of: |subject| worst(&by_task(subject, mean)?),
    ..AVERAGE
};

/// The same, the worst model counted.
pub static WORST_MIN: Metric = Metric {
    key: "worst.ibcl23-min",
    short: "PLOWmin",
    name: "worst under preferences, worst model",
    about: "as preferred.ibcl23-min, of the task that fares worst (Lu et al. 2023)",
    formula: "minₗ Ā[l], Ā as in preferred.ibcl23-min",
    worked: "min((0.5 * 0.7 + 0.1 * 0.4) / 0.6, (0.3 * 0.6 + 0.1 * 0.5) / 0.4, (0.2 * 0.5 + 0.8 * 0.8) / 1)",
    of: |subject| worst(&by_task(subject, worst)?),
    ..AVERAGE
};

/// Backward transfer of what is answered to preferences.
pub static BACKWARD: Metric = Metric {
    key: "bwt.ibcl23",
    short: "PBT",
    name: "backward transfer under preferences",
    about: "preferred accuracy of a task at the end minus after its experience, the best model counted (Lu et al. \
            2023)",
    formula: "(1/(T−1)) Σ_{l<T} (Ā_T[l] − Ā_l[l]), Ā_i[l] as in preferred.ibcl23 after experience i",
    range: (-1.0, 1.0),
    worked: "(((0.5 * 0.8 + 0.1 * 0.5) / 0.6 - 0.9) + ((0.3 * 0.7 + 0.1 * 0.6) / 0.4 - 0.8)) / 2",
    of: |subject| backward(subject, best),
    ..AVERAGE
};

/// The same, the mean over models counted.
pub static BACKWARD_MEAN: Metric = Metric {
    key: "bwt.ibcl23-mean",
    short: "PBTmean",
    name: "backward transfer under preferences, mean of models",
    about: "as bwt.ibcl23, with the mean over models (Lu et al. 2023)",
    formula: "as bwt.ibcl23, with the mean over models for their maximum",
    worked: "(((0.5 * 0.75 + 0.1 * 0.45) / 0.6 - 0.85) + ((0.3 * 0.65 + 0.1 * 0.55) / 0.4 - 0.75)) / 2",
    of: |subject| backward(subject, mean),
    ..BACKWARD
};

/// The same, the worst model counted.
pub static BACKWARD_MIN: Metric = Metric {
    key: "bwt.ibcl23-min",
    short: "PBTmin",
    name: "backward transfer under preferences, worst model",
    about: "as bwt.ibcl23, with the worst model (Lu et al. 2023)",
    formula: "as bwt.ibcl23, with the minimum over models for their maximum",
    worked: "(((0.5 * 0.7 + 0.1 * 0.4) / 0.6 - 0.8) + ((0.3 * 0.6 + 0.1 * 0.5) / 0.4 - 0.7)) / 2",
    of: |subject| backward(subject, worst),
    ..BACKWARD
};

/// Volume of what can be reached.
pub static HYPERVOLUME: Metric = Metric {
    key: "hypervolume.ibcl23",
    short: "HV",
    name: "hypervolume under preferences",
    about: "volume of accuracies that some model of some preference reaches or exceeds (Zitzler & Thiele 1999)",
    formula: "volume of the union over preferences j and models m of [0, aⱼₘ[1]] × … × [0, aⱼₘ[T]]",
    source: "Lu et al. 2023 (IBCL), arXiv 2305.14782; Zitzler & Thiele 1999, doi 10.1109/4235.797969; reference point \
             0",
    unit: Unit::Number,
    needs: "as preferred.ibcl23; 6 tasks at most",
    worked: "0.5 * (0.8 * 0.6 + 0.7 * (0.7 - 0.6)) + 0.1 * 0.7 * 0.7 + 0.2 * (0.4 * 0.6 + 0.1 * 0.5) + 0.1 * 0.4 * 0.6",
    of: |subject| {
        let tasks: Vec<usize> = subject.trained().collect();
        let models = subject.history.preferred.iter().flat_map(|preferred| &preferred.models);
        let point = |model: &Vec<Option<f64>>| tasks.iter().map(|&task| model.get(task).copied()?).collect();
        hypervolume(&models.map(point).collect::<Option<Vec<Vec<f64>>>>()?)
    },
    ..AVERAGE
};

fn best(values: &[f64]) -> Option<f64> {
    values.iter().copied().reduce(f64::max)
}

fn worst(values: &[f64]) -> Option<f64> {
    values.iter().copied().reduce(f64::min)
}

/// What several models reach together.
type Reduce = fn(&[f64]) -> Option<f64>;

/// Weight of `task` under a preference.
fn weight(preferred: &Preferred, task: usize) -> f64 {
    preferred.weights.get(task).copied().unwrap_or(0.0)
}

/// Whether all weights are finite and none below 0.
fn are_weights(preferred: &[&Preferred]) -> bool {
    preferred.iter().flat_map(|preferred| &preferred.weights).all(|weight| weight.is_finite() && *weight >= 0.0)
}

/// Ā of `task`; none where no preference weighs it, or an accuracy that counts was not recorded.
fn of_task(preferred: &[&Preferred], task: usize, reduce: Reduce) -> Option<f64> {
    let (mut sum, mut total) = (0.0, 0.0);
    for preferred in preferred.iter().filter(|preferred| weight(preferred, task) > 0.0) {
        let models = preferred.models.iter().map(|model| model.get(task).copied()?);
        sum += weight(preferred, task) * reduce(&models.collect::<Option<Vec<f64>>>()?)?;
        total += weight(preferred, task);
    }
    (total > 0.0).then(|| sum / total)
}

/// Ā of every trained task that some preference weighs; none if there is none of them.
fn by_task(subject: &Subject, reduce: Reduce) -> Option<Vec<f64>> {
    let preferred: Vec<&Preferred> = subject.history.preferred.iter().collect();
    if !are_weights(&preferred) {
        return None;
    }
    let cares = |task: &usize| preferred.iter().any(|preferred| weight(preferred, *task) > 0.0);
    let accuracies = subject.trained().filter(cares).map(|task| of_task(&preferred, task, reduce));
    let accuracies: Vec<f64> = accuracies.collect::<Option<_>>()?;
    (!accuracies.is_empty()).then_some(accuracies)
}

/// Mean over the tasks before the last experience of Ā at the end minus Ā after the last experience that trained them.
fn backward(subject: &Subject, reduce: Reduce) -> Option<f64> {
    let last: Vec<&Preferred> = subject.history.preferred.iter().collect();
    let all: Vec<&Preferred> =
        subject.history.earlier.iter().map(|(_, preferred)| preferred).chain(last.clone()).collect();
    if !are_weights(&all) {
        return None;
    }
    mean_over(subject.earlier(), |task| {
        let learned = subject.matrix.last_trained(task)?;
        let then = subject.history.earlier.iter().filter(|(experience, _)| *experience == learned);
        let then: Vec<&Preferred> = then.map(|(_, preferred)| preferred).collect();
        Some(of_task(&last, task, reduce)? - of_task(&then, task, reduce)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::EXAMPLE;

    fn changed(change: impl Fn(&mut Vec<Preferred>)) -> Subject {
        let mut subject = EXAMPLE.clone();
        change(&mut subject.history.preferred);
        subject
    }

    #[test]
    fn without_preferences_there_is_no_score() {
        let none = changed(Vec::clear);
        assert!(ALL.iter().all(|metric| (metric.of)(&none).is_none()));
    }

    #[test]
    fn a_task_that_nobody_cares_for_is_left_out() {
        let two = changed(|all| all.iter_mut().for_each(|preferred| preferred.weights[2] = 0.0));
        assert!(((AVERAGE.of)(&two).unwrap() - f64::midpoint(0.75, 0.675)).abs() < 1e-12);
        assert!(((PEAK.of)(&two).unwrap() - 0.75).abs() < 1e-12);
    }

    #[test]
    fn a_missing_accuracy_counts_where_its_weight_does() {
        let gone = changed(|all| all[0].models[0][0] = None);
        assert_eq!([&AVERAGE, &PEAK, &HYPERVOLUME].map(|metric| (metric.of)(&gone)), [None; 3]);
        let unweighed = changed(|all| (all[0].models[0][0], all[0].weights[0]) = (None, 0.0));
        // The first task is now as under the second preference alone.
        assert!(((AVERAGE.of)(&unweighed).unwrap() - (0.5 + 0.675 + 0.84) / 3.0).abs() < 1e-12);
    }

    #[test]
    fn weights_that_are_none_give_no_score() {
        for weight in [f64::NAN, f64::INFINITY, -0.5] {
            assert_eq!((AVERAGE.of)(&changed(|all| all[1].weights[1] = weight)), None);
        }
    }

    #[test]
    fn the_best_model_is_no_worse_than_the_mean_and_the_peak_than_the_average() {
        for family in
            [[&PEAK, &PEAK_MEAN, &PEAK_MIN], [&AVERAGE, &AVERAGE_MEAN, &AVERAGE_MIN], [&WORST, &WORST_MEAN, &WORST_MIN]]
        {
            let [best, mean, worst] = family.map(|metric| (metric.of)(&EXAMPLE).unwrap());
            assert!(best > mean && mean > worst);
        }
        for (peak, average) in [(&PEAK, &AVERAGE), (&PEAK_MEAN, &AVERAGE_MEAN), (&PEAK_MIN, &AVERAGE_MIN)] {
            assert!((peak.of)(&EXAMPLE) >= (average.of)(&EXAMPLE));
        }
        assert!((WORST.of)(&EXAMPLE) < (AVERAGE.of)(&EXAMPLE));
    }

    #[test]
    fn backward_transfer_needs_what_was_answered_before() {
        let mut subject = EXAMPLE.clone();
        subject.history.earlier.retain(|(experience, _)| *experience == 1);
        assert_eq!((BACKWARD.of)(&subject), None);
        assert!((AVERAGE.of)(&subject).is_some());
    }
}
