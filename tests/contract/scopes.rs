//! Heads and masks: which classes count, and what does not count stays as it is.

use clbench::{
    primitives::{
        draws::Draws,
        scope::{OUT, Scope},
    },
    run::Run,
};

use crate::{
    host::{self, Head, LINEAR},
    spy,
    support::{self, Heard, setup},
};

const TOLD: &str = "stream.kind=task-incremental stream.tasks=3 stream.classes_per_task=2 stream.partial=true";

/// With momentum and decay, a zero in place of an absent gradient would move it.
#[test]
fn an_unused_head_gets_no_gradient_and_does_not_decay() {
    let shelf = spy::shelf();
    for rule in ["optim.rule=adamw optim.decay=0.5", "optim.momentum=0.9 optim.decay=0.1"] {
        let setup = support::try_setup(&shelf, &format!("{TOLD} {rule} optim.reset=false method=late")).unwrap();
        let first = Run::new(&setup, 0, &shelf).unwrap().state.weights.theta.bits();
        spy::seen();
        let (run, _) = support::up_to(&setup, 0, 1, &shelf);
        let then = run.state.weights.theta.bits();
        let moved: Vec<&str> = first.keys().filter(|path| first[*path] != then[*path]).map(String::as_str).collect();
        assert_eq!(moved, ["body.0.bias", "body.0.weight", "head.0.bias", "head.0.weight"], "{rule}");
        assert!(spy::seen().iter().all(|seen| seen.grads.paths().eq(moved.iter().copied())), "{rule}");
        // Nor does the first head move once its task is over.
        let (run, _) = support::up_to(&setup, 0, 2, &shelf);
        let later = run.state.weights.theta.bits();
        assert_eq!(
            (&later["head.0.weight"], &later["head.2.weight"]),
            (&then["head.0.weight"], &then["head.2.weight"])
        );
        assert_ne!(later["head.1.weight"], then["head.1.weight"]);
    }
}

/// One head or several: what is in scope keeps its logit, what is not falls out of every softmax.
#[test]
fn masks_take_out_what_does_not_count_and_nothing_else() {
    for kind in ["stream.kind=class-incremental stream.tasks=3 stream.classes_per_task=2 stream.partial=true", TOLD] {
        let setup = setup(kind);
        let (run, _) = support::up_to(&setup, 0, 2, &support::shelf());
        let predictor = run.predictor().unwrap();
        let scores = |scope| support::scores(&*predictor, &setup, scope, 30);
        let all = scores(Scope::All);
        for (scope, classes) in [
            (Scope::Task(1), 2..4),
            (Scope::Task(2), 4..6),
            (Scope::Seen(0), 0..2),
            (Scope::Seen(1), 0..4),
            (Scope::Seen(2), 0..6),
        ] {
            for (masked, whole) in scores(scope).iter().zip(&all) {
                for class in 0..6 {
                    if classes.contains(&class) {
                        assert_eq!(masked[class].to_bits(), whole[class].to_bits(), "{scope:?} of {kind}");
                    } else {
                        assert!(masked[class] < OUT / 2.0, "{scope:?} of {kind}: {}", masked[class]);
                    }
                }
            }
        }
    }
}

/// With masks in training the loss is that of a softmax over what counts.
#[test]
fn training_scopes_are_those_of_the_stream_file() {
    for (count, classes) in [("all", 0..6), ("seen", 0..4), ("task", 2..4)] {
        let setup = setup(&format!("{LINEAR} head.train=\"{count}\""));
        let (mut run, _) = support::up_to(&setup, 0, 1, &support::shelf());
        let head = Head::of(&run.state.weights.theta, "head");
        let order =
            Draws { seed: 0, experience: 1, step: 0 }.order("batch order", 0, setup.stream.experiences[1].len());
        let mut heard = Heard::default();
        run.advance(&mut heard).unwrap();
        let losses = host::examples(&setup, 1, &order[..16]).into_iter().map(|(x, label)| {
            let counts = &head.logits(&x)[classes.clone()];
            -host::softmax(counts)[label - classes.start].ln()
        });
        host::close(count, &[heard.rows[0].loss], &[losses.sum::<f64>() / 16.0], 1e-5);
    }
}

/// Answers are counted among the classes that the stream grants, at the end as in between.
#[test]
fn answers_stay_within_what_counts() {
    for (count, last) in [("seen", [1, 3, 5]), ("all", [5, 5, 5])] {
        let setup = setup(&format!("head.test=\"{count}\" keep.predictions=true"));
        let (_, heard) = support::up_to(&setup, 0, 3, &support::shelf());
        for (experience, last) in (1..).zip(last) {
            let answers = heard.answers.iter().filter(|answer| answer.experience == experience);
            assert_eq!(answers.map(|answer| answer.answer).max().unwrap().max(last), last);
        }
        // Of a task that is still to come, nothing counts among what was seen, so it is not asked.
        let asked =
            heard.records.iter().filter(|row| row.at == clbench_results::At::End && row.experience == 1).count();
        assert_eq!(asked, if count == "seen" { 1 } else { 3 });
    }
    let trace = support::trace("head.test=\"task\" keep.predictions=true");
    assert!(trace.heard.answers.iter().all(|answer| answer.answer / 2 == answer.task));
}
