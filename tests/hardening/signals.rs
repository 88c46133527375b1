//! Signals that were ignored when the program began stay ignored, as `nohup` wants it; the others end a run.

use std::{process::Command, thread::sleep, time::Duration};

use crate::program::{Place, Said, same};

const RUN: &str = "run small.toml train.steps=200 --quiet";

/// A shell that starts a run under `before`, waits until it trains, sends `signal`, and waits for its end.
fn signalled(place: &Place, before: &str, signal: &str, runs: &str) -> Said {
    place.shell(&format!(
        "{before} $CLBENCH {RUN} runs={runs} >told 2>&1 &
        pid=$!
        until ls {runs}/small/finetune/*/train.csv >seen 2>&1; do sleep 0.02; done
        kill -{signal} $pid
        ls {runs}/small/finetune/*/manifest.json >seen 2>&1 || echo in time
        wait $pid
        echo ended by $?"
    ))
}

#[test]
fn ignored_signals_stay_ignored_and_the_run_ends_as_if_none_had_come() {
    let place = Place::small();
    place.done(&format!("{RUN} runs=straight"));
    // A shell that is no terminal's ignores interrupts in what it starts in the background, without being asked.
    let cases =
        [("trap '' HUP;", "HUP"), ("trap '' TERM;", "TERM"), ("trap '' INT;", "INT"), ("", "INT"), ("nohup", "HUP")];
    for (at, (before, signal)) in cases.into_iter().enumerate() {
        let runs = format!("runs{at}");
        let said = signalled(&place, before, signal, &runs);
        assert_eq!(said.out, "in time\nended by 0\n", "{before} {signal}: {said}");
        same(&place.bits("straight"), &place.bits(&runs), &format!("{before} {signal}"));
    }
}

#[test]
fn signals_that_are_not_ignored_save_a_run_and_end_it() {
    let place = Place::small();
    for signal in ["HUP", "TERM", "INT"] {
        let mut child = place.start(&format!("{RUN} runs={signal}"));
        while place.runs(signal).is_empty() {
            assert_eq!(child.try_wait().unwrap(), None);
            sleep(Duration::from_millis(1));
        }
        let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        Said::of(child.wait_with_output().unwrap()).fails(130, &["interrupted: saving", "the same command goes on"]);
    }
    // One is ignored and the other is not.
    let said = signalled(&place, "trap '' HUP;", "TERM", "mixed");
    assert_eq!(said.out, "in time\nended by 130\n", "{said}");
}
