//! One honest sentence about a run, or about several seeds of it.

use crate::{
    metric::{accuracy::AVERAGE, forgetting::CHAUDHRY},
    record::RunDir,
    statistics::{Estimate, estimate::paired, percent},
    summary::{Entry, SummaryError, entries, guess::Guess, settings},
    table::sentence::called,
    words::short,
};

/// Says how well the runs `subject` (one configuration, one seed or several) did, what they forgot, and how they
/// compare with fine-tuning and joint training where `others` holds these on the same stream, under the same
/// conditions and settings, with common seeds.
///
/// A difference is called one only if its 95 % interval, paired over common seeds, excludes zero. Of runs that know no
/// more than chance ([`Guess`]) neither forgetting nor a difference is told. None if `subject` is empty; an error if
/// its runs are of several configurations or repeat a seed.
pub fn verdict(subject: &[RunDir], others: &[RunDir]) -> Result<Option<String>, SummaryError> {
    let mut subjects = entries(&subject.iter().collect::<Vec<_>>(), &[])?;
    let Some(entry) = subjects.pop() else { return Ok(None) };
    if let Some(other) = subjects.pop() {
        return Err(SummaryError::Several(short(&entry.family), short(&other.family)));
    }
    let first = &subject[0];
    let name = format!("{} on {}", called(&entry), short(&first.manifest.stream.name));
    if !entry.diverged.is_empty() {
        let (lost, all) = (entry.diverged.len(), entry.seeds.len());
        let seeds = if all == 1 { "its only seed".into() } else { format!("{lost} of {all} seeds") };
        return Ok(Some(format!("{name} diverged on {seeds} and has no score.")));
    }
    let Some(accuracy) = entry.estimate(&AVERAGE) else {
        return Ok(Some(format!("{name} was not evaluated on every task at its end and has no average accuracy.")));
    };
    let mut parts = vec![format!("{name} reached an average accuracy of {} %", interval(accuracy))];
    if let Some(guess) = Guess::of(first).filter(|guess| !guess.is_beaten(accuracy)) {
        parts.push(guesses(guess));
    } else {
        parts.extend(entry.estimate(&CHAUDHRY).map(forgot));
        for joint in [false, true] {
            parts.extend(reference(first, &entry, others, joint)?);
        }
    }
    let seeds = match entry.seeds.len() {
        1 => "one seed proves little".into(),
        n => format!("± is the 95 % interval over {n} seeds"),
    };
    Ok(Some(format!("{} ({seeds}).", parts.join("; "))))
}

fn interval(estimate: Estimate) -> String {
    match percent(estimate) {
        (mean, Some(half)) => format!("{mean} ± {half}"),
        (mean, None) => mean,
    }
}

fn forgot(forgetting: Estimate) -> String {
    let size = Estimate { mean: forgetting.mean.abs(), ..forgetting };
    if forgetting.half_width.is_some() && !forgetting.excludes_zero() {
        format!("no clear forgetting ({} points per earlier task)", interval(forgetting))
    } else if forgetting.mean > 0.0 {
        format!("it forgot {} points per earlier task", interval(size))
    } else {
        format!("it forgot nothing: earlier tasks ended {} points above their best", interval(size))
    }
}

fn guesses(guess: Guess) -> String {
    let share = interval(Estimate { mean: guess.share, deviation: None, half_width: None, n: 1 });
    format!("that is no more than chance, {share} %, and says nothing of forgetting or of differences")
}

/// The comparison with fine-tuning or joint training; none where nothing comparable was run.
fn reference(subject: &RunDir, entry: &Entry, others: &[RunDir], joint: bool) -> Result<Option<String>, SummaryError> {
    let wanted = |run: &&RunDir| {
        let (a, b) = (&subject.manifest, &run.manifest);
        let plain = b.method == "finetune" || (joint && b.method == "joint");
        plain
            && b.stream.joint == joint
            && (&a.stream.hash, &a.conditions) == (&b.stream.hash, &b.conditions)
            && a.family != b.family
            && shared_settings(subject) == shared_settings(run)
    };
    let found = entries(&others.iter().filter(wanted).collect::<Vec<_>>(), &[])?;
    // With several candidates there is no saying which one is meant.
    let [reference] = &found[..] else { return Ok(None) };
    if entry.joint || (entry.is_finetune() && !joint) {
        return Ok(None);
    }
    let [a, b] = [entry, reference].map(|entry| entry.values(&AVERAGE));
    Ok(paired(&a, &b).map(|difference| compared(difference, &reference.name())))
}

fn compared(difference: Estimate, with: &str) -> String {
    let direction = if difference.mean < 0.0 { "below" } else { "above" };
    let size = interval(Estimate { mean: difference.mean.abs(), ..difference });
    match difference.half_width {
        None => format!("{size} points {direction} {with} on one common seed"),
        Some(_) if difference.excludes_zero() => {
            format!("{size} points {direction} {with} over {} seeds", difference.n)
        }
        Some(_) => {
            format!("no clear difference from {with} ({} points over {} seeds)", interval(difference), difference.n)
        }
    }
}

/// The settings that do not belong to the method: those that a reference must share.
fn shared_settings(run: &RunDir) -> Vec<String> {
    let parts: Vec<&str> = run.manifest.method.split('+').collect();
    let mut settings = settings(&run.manifest);
    settings.retain(|setting| {
        let key: Vec<&str> = setting.split('=').next().unwrap_or_default().trim().split('.').collect();
        key.last() != Some(&"joint") && !parts.contains(&key[0])
    });
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::example::{self, MIXED};

    /// Five seeds whose first task ends at `accuracy`, give or take two points times `scale`.
    fn seeds(method: &str, accuracy: f64, scale: f64) -> Vec<RunDir> {
        let run = |seed: u64| example::run(method, seed, [accuracy + scale * 0.01 * (seed as f64 - 2.0), 0.8, 0.7]);
        (0..5).map(run).collect()
    }

    fn say(subject: &[RunDir], others: &[RunDir]) -> String {
        verdict(subject, others).unwrap().unwrap()
    }

    #[test]
    fn one_seed_proves_little() {
        assert_eq!(
            say(&[example::run("er", 0, MIXED[3])], &[]),
            "er on split-digits reached an average accuracy of 71.7 %; it forgot 15.0 points per earlier task (one \
             seed proves little)."
        );
    }

    #[test]
    fn tasks_that_are_asked_about_only_once_seen_are_forgotten_as_much() {
        let whole = example::run("er", 0, MIXED[3]);
        let mut seen = whole.clone();
        seen.records.retain(|record| record.task < record.experience);
        assert_ne!(seen, whole);
        assert_eq!(say(&[seen], &[]), say(&[whole], &[]));
    }

    #[test]
    fn seeds_have_intervals_and_references_are_paired() {
        let mut others = seeds("finetune", 0.1, 1.0);
        others.extend((0..5).map(|seed| example::joint(seed, [0.9, 0.95, 0.97])));
        assert_eq!(
            say(&seeds("er", 0.6, 1.0), &others),
            "er on split-digits reached an average accuracy of 70.0 ± 0.7 %; it forgot 17.5 ± 1.0 points per earlier \
             task; 16.7 ± 0.0 points above finetune over 5 seeds; 24.0 ± 0.7 points below joint over 5 seeds (± is the \
             95 % interval over 5 seeds)."
        );
    }

    #[test]
    fn an_interval_that_holds_zero_is_no_clear_difference() {
        let others = seeds("finetune", 0.601, -1.0);
        let text = say(&seeds("er", 0.6, 1.0), &others);
        assert!(text.contains("; no clear difference from finetune (0.0 ± 1.3 points over 5 seeds)"), "{text}");
    }

    #[test]
    fn only_comparable_references_count() {
        let subject = seeds("er", 0.6, 1.0);
        let plain = say(&subject, &[]);
        let changed = |change: fn(&mut RunDir)| {
            let mut others = seeds("finetune", 0.1, 1.0);
            others.iter_mut().for_each(change);
            say(&subject, &others)
        };
        assert_ne!(changed(|_| ()), plain);
        assert_eq!(changed(|run| run.manifest.stream.hash = "another".into()), plain);
        assert_eq!(changed(|run| run.manifest.conditions.task_identity = true), plain);
        assert_eq!(changed(|run| run.manifest.overrides = vec!["optimizer.lr=0.1".into()]), plain);
        assert_eq!(changed(|run| run.manifest.seed += 5), plain);
        assert_eq!(changed(|run| run.manifest.diverged = Some("NaN".into())), plain);
    }

    #[test]
    fn settings_of_the_method_need_no_counterpart() {
        let mut subject = seeds("lora+ewc", 0.6, 1.0);
        for run in &mut subject {
            run.manifest.overrides = vec!["method=lora+ewc".into(), "lora.rank=8".into(), "ewc.lambda=10".into()];
        }
        let text = say(&subject, &seeds("finetune", 0.1, 1.0));
        assert!(text.starts_with("lora+ewc (ewc.lambda=10 lora.rank=8) on split-digits"), "{text}");
        assert!(text.contains("above finetune"), "{text}");
    }

    #[test]
    fn fine_tuning_is_not_compared_with_itself() {
        let runs = seeds("finetune", 0.1, 1.0);
        assert!(!say(&runs, &runs).contains("finetune over"));
        let joint = [example::joint(0, [0.9; 3])];
        assert_eq!(
            say(&joint, &runs),
            "joint on split-digits reached an average accuracy of 90.0 % (one seed proves little)."
        );
    }

    #[test]
    fn divergence_and_improvement_are_said() {
        let mut runs = seeds("er", 0.6, 1.0);
        runs[1].manifest.diverged = Some("the loss was NaN".into());
        assert_eq!(say(&runs, &[]), "er on split-digits diverged on 1 of 5 seeds and has no score.");
        let better = say(&[example::run("er", 0, [0.97, 0.9, 0.9])], &[]);
        assert!(better.contains("it forgot nothing: earlier tasks ended 6.0 points above their best"), "{better}");
    }

    /// Six classes: a sixth, and 3 points of luck on 600 questions.
    #[test]
    fn of_runs_that_guess_nothing_is_said_of_forgetting_and_differences() {
        let guessing = |method: &str| -> Vec<RunDir> {
            (0..5).map(|seed| example::run(method, seed, [0.17 + 0.001 * seed as f64; 3])).collect()
        };
        assert_eq!(
            say(&guessing("er"), &seeds("finetune", 0.6, 1.0)),
            "er on split-digits reached an average accuracy of 17.2 ± 0.2 %; that is no more than chance, 16.7 %, and \
             says nothing of forgetting or of differences (± is the 95 % interval over 5 seeds)."
        );
        // Where no more than two classes are in scope, three quarters are more than chance and a half is not.
        let told = |accuracy: f64| {
            let mut runs = seeds("er", accuracy, 0.1);
            runs.iter_mut().for_each(|run| {
                run.manifest.conditions.test_logits = "task".into();
                run.records.iter_mut().filter(|row| row.experience == 3).for_each(|row| row.accuracy = accuracy);
            });
            say(&runs, &[])
        };
        assert!(told(0.75).contains("it forgot") && told(0.52).contains("no more than chance, 50.0 %"));
    }

    #[test]
    fn several_configurations_have_no_verdict() {
        let runs = [seeds("er", 0.6, 1.0), seeds("si", 0.6, 1.0)].concat();
        assert!(verdict(&runs, &[]).unwrap_err().to_string().contains("no verdict in common"));
        assert_eq!(verdict(&[], &runs), Ok(None));
    }
}
