//! The dictionaries that `eval` returns, one per evaluation, and those of all metrics that the plugin collects.

use std::collections::{BTreeMap, BTreeSet};

use super::{Evaluation, counted, experience, matrix};
use crate::{
    import::{
        Imported,
        literal::{Value, all},
    },
    words::short,
};

type Pairs<'a> = [(String, Value<'a>)];

/// Reads dictionaries as JSON or as Python prints them: one per evaluation after an experience, or one of all.
pub(in super::super) fn dictionaries(text: &str) -> Result<Vec<Imported>, String> {
    let mut values = all(text)?;
    if let [Value::List(_)] = &values[..] {
        let Some(Value::List(inner)) = values.pop() else { return Err("no dictionary in it".into()) };
        values = inner;
    }
    let mut dictionaries = Vec::new();
    for (index, value) in values.into_iter().enumerate() {
        match value {
            Value::Dict(pairs) => dictionaries.push(pairs),
            other => {
                return Err(format!("evaluation {}: `{}` is not a dictionary of metrics", index + 1, other.shown()));
            }
        }
    }
    let mut notes = Vec::new();
    let names = dictionaries.iter().flatten().filter_map(|(name, _)| Some(experience(name)?.0));
    let stream = counted(names.collect(), &mut notes)?;
    let series = dictionaries.len() == 1 && dictionaries[0].iter().any(|(_, value)| matches!(value, Value::List(_)));
    let mut found =
        if series { collected(&dictionaries[0], stream)? } else { returned(&dictionaries, stream, &mut notes)? };
    found.notes.splice(0..0, notes);
    Ok(vec![found])
}

/// The accuracies of a dictionary on a stream, with the names of their metrics.
fn accuracies<'a>(pairs: &'a Pairs<'a>, stream: &str) -> Result<Vec<(usize, &'a str, f64)>, String> {
    let (mut found, mut tasks) = (Vec::new(), BTreeSet::new());
    for (name, value) in pairs {
        let Some((_, task)) = experience(name).filter(|(of, _)| *of == stream) else { continue };
        let value = value.number().ok_or_else(|| format!("`{}` is not a number", short(name)))?;
        if !(0.0..=1.0).contains(&value) {
            return Err(format!("accuracy {value} is out of range; it lies between 0 and 1"));
        }
        if !tasks.insert(task) {
            return Err(format!("experience {task} appears twice; remove one"));
        }
        found.push((task, name.as_str(), value));
    }
    Ok(found)
}

/// The matrix of what `eval` returned each time.
fn returned(dictionaries: &[Vec<(String, Value)>], stream: &str, notes: &mut Vec<String>) -> Result<Imported, String> {
    let mut evaluations = Vec::new();
    let (mut left_out, mut doubtful) = (0, 0);
    let mut before = Facts::new();
    for (index, pairs) in dictionaries.iter().enumerate() {
        let found = accuracies(pairs, stream).map_err(|why| format!("evaluation {}: {why}", index + 1))?;
        let now = facts(pairs);
        let again = |name: &str, value| {
            let about = about(name);
            // An accuracy of nothing or all may well come twice; a loss does not.
            let telling = now.get(about).is_some_and(|facts| facts.len() > 1) || value > 0.0 && value < 1.0;
            telling && now.get(about) == before.get(about)
        };
        let repeated: BTreeSet<usize> = found.iter().filter(|one| again(one.1, one.2)).map(|one| one.0).collect();
        before = now;
        let stale = stale(pairs, stream, &found, &repeated);
        match stale {
            Some(true) => left_out += repeated.len(),
            None => doubtful += repeated.len(),
            Some(false) => {}
        }
        let kept = |task: usize| stale != Some(true) || !repeated.contains(&task);
        let accuracies = found.iter().filter(|one| kept(one.0)).map(|one| (one.0, one.2)).collect();
        evaluations.push(Evaluation { phases: index + 1, accuracies });
    }
    if left_out > 0 {
        notes.push(format!(
            "left out: {left_out} accuracies that repeat the evaluation before to the last digit and are not in the \
             stream's average: their experiences were not evaluated again"
        ));
    }
    if doubtful > 0 {
        notes.push(format!(
            "{doubtful} accuracies are those of the evaluation before to the last digit: Avalanche repeats what was \
             not evaluated again, and then backward transfer and forgetting are too good; evaluate all experiences \
             each time"
        ));
    }
    let tasks = evaluations.iter().flat_map(|one| &one.accuracies).map(|one| one.0 + 1).max().unwrap_or(0);
    if tasks > 1 && evaluations.len() == tasks + 1 && evaluations[0].accuracies.len() == tasks {
        notes.push("one evaluation more than tasks, so the first is read as the one before training".into());
        let baseline = evaluations.remove(0).accuracies;
        evaluations.iter_mut().for_each(|one| one.phases -= 1);
        return matrix(&baseline, &evaluations);
    }
    matrix(&[], &evaluations)
}

/// What is known, by what it is about and by metric: the bits of each number.
type Facts<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Option<u64>>>;

/// What a metric is about: phase, stream and experience.
fn about(name: &str) -> &str {
    name.split_once('/').map_or(name, |(_, about)| about)
}

/// What a dictionary says; forgetting is computed from evaluations that came before.
fn facts<'a>(pairs: &'a Pairs<'a>) -> Facts<'a> {
    let mut facts = Facts::new();
    for (name, value) in pairs.iter().filter(|(name, _)| !name.contains("Forgetting") && !name.contains("BWT")) {
        facts.entry(about(name)).or_default().insert(name, value.number().map(f64::to_bits));
    }
    facts
}

/// Whether repeated accuracies are of experiences that were not evaluated again, told from the average of the stream.
fn stale(pairs: &Pairs, stream: &str, found: &[(usize, &str, f64)], repeated: &BTreeSet<usize>) -> Option<bool> {
    if repeated.is_empty() {
        return Some(false);
    }
    let prefix = format!("Top1_Acc_Stream/eval_phase/{stream}");
    let average = |(name, value): &(String, Value)| {
        let rest = name.strip_prefix(&prefix)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| value.number()).flatten()
    };
    let averages: Vec<f64> = pairs.iter().filter_map(average).collect();
    let [average] = averages[..] else { return None };
    let mean = |again: bool| {
        let values = found.iter().filter(|one| again || !repeated.contains(&one.0)).map(|one| one.2);
        crate::statistics::estimate::mean(&values.collect::<Vec<_>>())
    };
    let near = |mean: Option<f64>| mean.is_some_and(|mean| (mean - average).abs() < 1e-6);
    match (near(mean(true)), near(mean(false))) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        _ => None,
    }
}

/// The matrix of all that the plugin collected: of each metric the iterations and the values.
fn collected(pairs: &Pairs, stream: &str) -> Result<Imported, String> {
    let mut moments: BTreeMap<u64, Vec<(usize, f64)>> = BTreeMap::new();
    for (name, value) in pairs {
        let Some((_, task)) = experience(name).filter(|(of, _)| *of == stream) else { continue };
        let wrong = || format!("`{}` is not a list of iterations and one of values", short(name));
        let Value::List(lists) = value else { return Err(wrong()) };
        let [Value::List(iterations), Value::List(values)] = &lists[..] else { return Err(wrong()) };
        if iterations.len() != values.len() {
            return Err(wrong());
        }
        for (at, value) in iterations.iter().zip(values) {
            let at = at.number().filter(|at| (0.0..1e15).contains(at) && at.fract() == 0.0).ok_or_else(wrong)?;
            let value = value.number().ok_or_else(wrong)?;
            if !(0.0..=1.0).contains(&value) {
                return Err(format!("accuracy {value} is out of range; it lies between 0 and 1"));
            }
            moments.entry(at as u64).or_default().push((task, value));
        }
    }
    let baseline = moments.remove(&0).unwrap_or_default();
    let evaluations: Vec<Evaluation> = moments
        .into_values()
        .enumerate()
        .map(|(index, accuracies)| Evaluation { phases: index + 1, accuracies })
        .collect();
    matrix(&baseline, &evaluations)
}
