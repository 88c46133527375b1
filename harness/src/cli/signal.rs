//! What a signal to end does: running runs are saved and left.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use super::{STOP, tell};

/// How long a run that was interrupted may take to come to where it can be saved: it ends within ten seconds.
const PATIENCE: Duration = Duration::from_secs(9);

/// Whether there is something to save.
static SAVES: AtomicBool = AtomicBool::new(false);

/// To be called before anything starts a thread: from now on SIGINT, SIGTERM and SIGHUP, or what the system has in
/// their place, are waited for. Until [`listen`] they end the program as if nobody had waited.
///
/// A signal that was ignored when the program began stays ignored: under `nohup` a terminal that is closed must not end
/// a run, and in a script's background job an interrupt must not. Which these are is read from `/proc`; where there is
/// none, all three are heard.
pub(super) fn await_signals() {
    if let Err(error) = heard() {
        // Then an interrupt kills the process, and the run goes on from its last checkpoint.
        tell(&format!("interrupts are not heard, and end a run at its last checkpoint: {error}"));
    }
}

/// From now on the first interrupt asks running runs to save and stop; the second stops at once, and so does the
/// program itself when a hook lets it wait.
pub(super) fn listen() {
    SAVES.store(true, Ordering::Relaxed);
}

/// One interrupt has come.
fn interrupt() {
    if !SAVES.load(Ordering::Relaxed) || STOP.swap(true, Ordering::Relaxed) {
        std::process::exit(130);
    }
    tell("interrupted: saving; once more to stop at once");
    // The last checkpoint is whole at any instant, so ending in the middle of a step is as safe as a kill.
    let late = || {
        std::thread::sleep(PATIENCE);
        tell("a step goes on for too long: stopped without it; the same command goes on from the last checkpoint");
        std::process::exit(130);
    };
    // Without it, an interrupt waits for the step.
    let _ = std::thread::Builder::new().spawn(late);
}

#[cfg(unix)]
fn heard() -> std::io::Result<()> {
    use nix::sys::signal::{SigSet, Signal};

    let ignored = ignored(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
    let mut wanted = SigSet::empty();
    let all = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];
    all.into_iter().filter(|signal| ignored & 1 << (*signal as i32 - 1) == 0).for_each(|signal| wanted.add(signal));
    // Held back from all threads that come, and taken by one that waits for them: nothing is interrupted anywhere.
    wanted.thread_block()?;
    let wait = move || {
        while wanted.wait().is_ok() {
            interrupt();
        }
    };
    match std::thread::Builder::new().name("signals".into()).spawn(wait) {
        Ok(_) => Ok(()),
        Err(error) => {
            wanted.thread_unblock()?;
            Err(error)
        }
    }
}

#[cfg(not(unix))]
fn heard() -> std::io::Result<()> {
    ctrlc::set_handler(interrupt).map_err(std::io::Error::other)
}

/// The mask of ignored signals in `/proc/self/status`, bit 0 for signal 1; 0 where there is none.
#[cfg(unix)]
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_status() {
        assert_eq!(ignored("Name:\tclbench\nSigBlk:\tffff\nSigIgn:\t0000000000001001\nSigCgt:\t0\n"), 0x1001);
        assert_eq!(ignored("SigIgn:\n"), 0);
        assert_eq!(ignored(""), 0);
    }
}
