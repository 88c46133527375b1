//! What a run's files must satisfy before anything is computed from them: they may come from anywhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::{
    At, LedgerRow, Manifest, Record, Spend, StreamInfo,
    limits::{self, EXPERIENCES, NAME, TASKS, TEXT},
};

/// What probabilities averaged in single precision may miss their range by.
const ROUNDING: f64 = 1e-5;

/// Checks a manifest on its own.
pub(crate) fn manifest(manifest: &Manifest) -> Result<(), String> {
    let m = manifest;
    let named = [("run", &m.run), ("family", &m.family), ("method", &m.method), ("stream.hash", &m.stream.hash)];
    for (key, value) in named {
        if value.trim().is_empty() {
            return Err(format!("`{key}` is empty"));
        }
    }
    words(m)?;
    texts(m)?;
    stream(&m.stream)?;
    let planned = m.experiences.len();
    if planned > m.stream.experiences || (planned < m.stream.experiences && m.diverged.is_none()) {
        return Err(format!("{planned} experiences are planned, but the stream has {}", m.stream.experiences));
    }
    Ok(())
}

/// Words that stand in commands, comments and file names are letters, digits and a few signs, and never long.
fn words(m: &Manifest) -> Result<(), String> {
    let c = &m.conditions;
    let bound_by = m.experiences.iter().map(|plan| ("experiences.bound_by", &plan.bound_by));
    let words = [
        ("run", &m.run),
        ("family", &m.family),
        ("method", &m.method),
        ("device", &m.device),
        ("version", &m.version),
        ("revision", &m.revision),
        ("stream.kind", &m.stream.kind),
        ("stream.hash", &m.stream.hash),
        ("conditions.head", &c.head),
        ("conditions.train_logits", &c.train_logits),
        ("conditions.test_logits", &c.test_logits),
        ("conditions.recipe", &c.recipe),
    ];
    for (key, word) in words.into_iter().chain(bound_by) {
        if word.len() > NAME {
            return Err(format!("`{key}` is longer than {NAME} bytes"));
        }
        if !word.chars().all(is_plain) {
            return Err(format!("`{key}` holds other characters than letters, digits and `{SIGNS}`"));
        }
    }
    Ok(())
}

/// Signs that a word may hold beside letters and digits.
const SIGNS: &str = "+-_.:=/ ";

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || SIGNS.contains(c)
}

/// Texts that people choose may hold anything but control characters, where a line is made of them, and are bounded.
fn texts(m: &Manifest) -> Result<(), String> {
    if m.machine.len() > NAME || m.stream.name.len() > NAME {
        return Err(format!("the name of the machine or the stream is longer than {NAME} bytes"));
    }
    let c = &m.conditions;
    let lines = m.overrides.iter().map(|text| ("overrides", text)).chain([
        ("stream.name", &m.stream.name),
        ("conditions.start", &c.start),
        ("conditions.mixture", &c.mixture),
    ]);
    for (key, line) in lines {
        if line.chars().any(char::is_control) {
            return Err(format!("`{key}` holds a line break or another control character"));
        }
    }
    let s = &m.stream;
    let lists = [&m.overrides, &s.tasks, &s.classes, &s.notes, &s.datasets];
    let single = [&c.start, &c.mixture].into_iter().chain(&m.diverged);
    if lists.into_iter().flatten().chain(single).any(|text| text.len() > TEXT) {
        return Err(format!("a setting, a reason or the name of a class or task is longer than {TEXT} bytes"));
    }
    Ok(())
}

fn stream(stream: &StreamInfo) -> Result<(), String> {
    let tasks = stream.tasks.len();
    if tasks == 0 || tasks > TASKS || stream.experiences == 0 || stream.experiences > EXPERIENCES {
        return Err(format!("a stream has 1 to {TASKS} tasks and 1 to {EXPERIENCES} experiences"));
    }
    if stream.trained.len() != stream.experiences {
        let listed = stream.trained.len();
        return Err(format!("`stream.trained` lists {listed} experiences of {}", stream.experiences));
    }
    if !stream.datasets.is_empty() && stream.datasets.len() != tasks {
        return Err(format!("`stream.datasets` names {} of {tasks} tasks", stream.datasets.len()));
    }
    if stream.covers.is_some_and(|(first, last)| !stream.joint || first == 0 || last < first || last > EXPERIENCES) {
        return Err("`stream.covers` is no part of a stream, or the run is not joint".into());
    }
    if stream.pool.iter().any(|task| *task >= tasks || stream.trained.iter().any(|trained| trained.contains(task))) {
        return Err("`stream.pool` names a task that is trained or that the stream has not".into());
    }
    for (index, trained) in stream.trained.iter().enumerate() {
        let distinct: BTreeSet<_> = trained.iter().collect();
        if distinct.len() != trained.len() || trained.iter().any(|&task| task >= tasks) {
            return Err(format!("experience {} trains a task twice or one that the stream has not", index + 1));
        }
    }
    Ok(())
}

/// Checks the evaluations against the manifest.
pub(crate) fn records(records: &[Record], manifest: &Manifest) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let mut sizes = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        let line = index + 2;
        one_record(record, manifest).map_err(|why| format!("line {line}: {why}"))?;
        let step = if record.at == At::Step { record.step } else { 0 };
        let moment = (record.at, record.experience, step);
        let question = (record.task, record.split, &record.preference, record.sample);
        if !seen.insert((moment, question)) {
            return Err(format!("line {line} evaluates the same task at the same moment again"));
        }
        let size = *sizes.entry((record.at, record.task, record.split)).or_insert(record.n);
        if size != record.n {
            return Err(format!("line {line}: {} examples, where the same task had {size} before", record.n));
        }
    }
    Ok(())
}

fn one_record(record: &Record, manifest: &Manifest) -> Result<(), String> {
    let stream = &manifest.stream;
    if record.task >= stream.tasks.len() {
        return Err(format!("task {} of a stream with {}, counted from 0", record.task, stream.tasks.len()));
    }
    let possible = match record.at {
        At::Start => record.experience == 0 && record.step == 0,
        At::Step | At::End => (1..=stream.experiences).contains(&record.experience),
    };
    if !possible || record.step > manifest.spent.steps {
        return Err(format!("there is no experience {} with step {}", record.experience, record.step));
    }
    let most = limits::preference(stream.tasks.len());
    if record.preference.len() > most {
        return Err(format!("the preference is longer than {most} bytes"));
    }
    if !record.preference.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        return Err("the preference holds what no preference does".into());
    }
    if record.n == 0 {
        return Err("no examples were evaluated".into());
    }
    let values = [
        ("accuracy", record.accuracy, 0.0, 1.0),
        ("loss", record.loss, -ROUNDING, f64::MAX),
        ("brier", record.brier, -ROUNDING, 2.0 + ROUNDING),
        ("confidence", record.confidence, -ROUNDING, 1.0 + ROUNDING),
        ("margin", record.margin.unwrap_or(0.0), f64::MIN, f64::MAX),
    ];
    for (name, value, low, high) in values {
        let excused = manifest.diverged.is_some() && !value.is_finite();
        if !excused && !(low..=high).contains(&value) {
            return Err(format!("{name} {value} is out of range, and the run is not marked as diverged"));
        }
    }
    Ok(())
}

/// Checks the ledger against the manifest: the charged rows must add up to what the run says that it spent.
pub(crate) fn ledger(ledger: &[LedgerRow], manifest: &Manifest) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for (index, row) in ledger.iter().enumerate() {
        let line = index + 2;
        if !(1..=manifest.stream.experiences).contains(&row.experience) {
            return Err(format!("line {line}: there is no experience {}", row.experience));
        }
        if row.phase.is_empty() || row.phase.len() > NAME || !row.phase.chars().all(is_plain) {
            return Err(format!("line {line}: a phase has a name of 1 to {NAME} plain characters"));
        }
        if row.replayed.saturating_add(row.rehearsed) > row.examples {
            return Err(format!("line {line}: more examples replayed and rehearsed than processed"));
        }
        if !seen.insert((row.experience, &row.phase, row.charged)) {
            return Err(format!("line {line} repeats a phase of experience {}", row.experience));
        }
    }
    let spent = Spend {
        state_bytes: manifest.spent.state_bytes,
        reference_bytes: manifest.spent.reference_bytes,
        ..total(ledger).ok_or("the rows overflow when added")?
    };
    if spent == manifest.spent {
        Ok(())
    } else {
        Err(format!("the rows do not add up to `spent` in the manifest, but to {spent:?}"))
    }
}

/// The ledger, added up; nothing if a sum does not fit.
pub(crate) fn total(ledger: &[LedgerRow]) -> Option<Spend> {
    let mut spent = Spend::default();
    for row in ledger {
        spent.state_bytes = spent.state_bytes.max(row.state_bytes);
        spent.peak_bytes = spent.peak_bytes.max(row.peak_bytes);
        if row.charged {
            spent.steps = spent.steps.checked_add(row.steps)?;
            spent.flops = spent.flops.checked_add(row.flops)?;
            if let Some(maf) = row.maf {
                spent.maf = Some(spent.maf.unwrap_or(0).checked_add(maf)?);
            }
            spent.examples = spent.examples.checked_add(row.examples)?;
            spent.replayed = spent.replayed.checked_add(row.replayed)?;
            spent.rehearsed = spent.rehearsed.checked_add(row.rehearsed)?;
        } else {
            spent.evaluation_flops = spent.evaluation_flops.checked_add(row.flops)?;
        }
    }
    Some(spent)
}
