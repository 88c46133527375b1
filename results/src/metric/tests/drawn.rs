//! Properties of every score on drawn runs: evaluations at every step, tasks that return or are held out, preferences.

use crate::{
    metric::{
        tests::{Numbers, close},
        *,
    },
    record::{Answered, At, History, Matrix, Moment, Preferred},
};

/// A run on `tasks` tasks of two datasets, evaluated at every one of 12 steps of each experience, in drawn numbers.
///
/// Its first task comes back at the end, its last is never trained.
fn drawn(numbers: &mut Numbers, tasks: usize) -> Subject {
    let mut trained: Vec<Vec<usize>> = (0..tasks - 1).map(|task| vec![task]).collect();
    trained.push(vec![0]);
    let experiences = trained.len();
    let mut answer = |n: u64| {
        let accuracy = numbers.next();
        Answered { accuracy, loss: numbers.next(), brier: 0.5, confidence: accuracy, margin: Some(-accuracy), n }
    };
    let moments: Vec<Moment> = (0..=12 * experiences)
        .map(|step| Moment {
            at: if step == 0 { At::Start } else { [At::End, At::Step][usize::from(!step.is_multiple_of(12))] },
            experience: step.div_ceil(12),
            step: step as u64,
            answers: (0..tasks).map(|task| (task, answer(10 + task as u64))).collect(),
        })
        .collect();
    let rows = moments.iter().filter(|moment| moment.at != At::Step);
    let rows = rows.map(|moment| (0..tasks).map(|task| moment.accuracy(task)).collect()).collect();
    let mut values = |count: usize| (0..count).map(|_| numbers.next()).collect::<Vec<f64>>();
    let mut preferred = || Preferred {
        weights: values(tasks),
        models: (0..2).map(|_| values(tasks).into_iter().map(Some).collect()).collect(),
    };
    let earlier = (1..experiences).map(|experience| (experience, preferred())).collect();
    let preferred = (0..3).map(|_| preferred()).collect();
    Subject {
        matrix: Matrix::new(rows, trained, false),
        history: History { moments, preferred, earlier },
        references: References {
            joint: values(tasks).into_iter().map(Some).collect(),
            upto: values(tasks).into_iter().map(Some).collect(),
            single: values(tasks).into_iter().map(Some).collect(),
        },
        datasets: (0..tasks).map(|task| ["even", "odd"][task % 2].into()).collect(),
        steps: vec![12; experiences],
        pool: Vec::new(),
        sizes: Vec::new(),
    }
}

/// `items` with that of task `j` in place `names[j]`.
fn moved<T: Clone>(items: &[T], names: &[usize]) -> Vec<T> {
    let mut other = items.to_vec();
    names.iter().zip(items).for_each(|(&name, item)| other[name] = item.clone());
    other
}

fn relabelled(subject: &Subject, names: &[usize]) -> Subject {
    let mut other = subject.clone();
    other.matrix = subject.matrix.relabelled(names);
    for moment in &mut other.history.moments {
        moment.answers = moment.answers.iter().map(|(task, answered)| (names[*task], *answered)).collect();
    }
    let earlier = other.history.earlier.iter_mut().map(|(_, preferred)| preferred);
    for preferred in other.history.preferred.iter_mut().chain(earlier) {
        preferred.weights = moved(&preferred.weights, names);
        preferred.models.iter_mut().for_each(|model| *model = moved(model, names));
    }
    let References { joint, upto, single } = &mut other.references;
    [joint, upto, single].into_iter().for_each(|reference| *reference = moved(reference, names));
    other.datasets = moved(&other.datasets, names);
    other
}

#[test]
fn whole_runs_score_the_same_under_other_names_and_within_their_ranges() {
    let mut numbers = Numbers(4);
    for round in 0..60 {
        let tasks = 3 + round % 4;
        let subject = drawn(&mut numbers, tasks);
        let names: Vec<usize> = (0..tasks).map(|task| (task + 1 + round % (tasks - 1)) % tasks).collect();
        let other = relabelled(&subject, &names);
        for metric in all() {
            let (a, b) = ((metric.of)(&subject), (metric.of)(&other));
            // A hundred steps after the last but one task there is no evaluation in twelve, and there is no pool.
            let is_lacking = ["retention-100.clbench", "pool.clbench"].contains(&metric.key);
            assert_eq!(a.is_none(), is_lacking, "{}", metric.key);
            assert!(a.is_none_or(|a| close(b, a)), "{}: {a:?} {b:?}", metric.key);
            let (low, high) = metric.range;
            assert!(a.is_none_or(|a| (low - 1e-12..=high + 1e-12).contains(&a)), "{}: {a:?}", metric.key);
        }
        let value = |name: &str| (find(name).unwrap().of)(&subject).unwrap();
        assert!(value("wc-acc.delange23") <= value("acc.gem17") + 1e-12);
        assert!(value("wf10.delange23") <= value("wf100.delange23"));
        assert!(value("wp10.delange23") <= value("wp100.delange23"));
        assert!(value("peak.ibcl23") >= value("preferred.ibcl23"));
        assert!(value("preferred.ibcl23") >= value("preferred.ibcl23-mean"));
    }
}
