//! Progress on standard error: bars on a terminal, plain lines elsewhere.

use std::{collections::BTreeMap, io::IsTerminal, sync::Mutex, thread, time::Duration};

use clbench_results::words::printable;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::tell;
use crate::run::{Run, Watch};

/// What is shown.
pub(super) struct Progress {
    shown: Shown,
    /// Whether seeds have to be told apart.
    several: bool,
    /// Experiences finished, by seed.
    finished: Mutex<BTreeMap<u64, usize>>,
}

enum Shown {
    Nothing,
    Lines,
    Bars(MultiProgress, Mutex<BTreeMap<u64, ProgressBar>>),
}

impl Progress {
    pub(super) fn new(quiet: bool, seeds: usize) -> Self {
        let shown = match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Shown::Nothing,
            (_, false) => Shown::Lines,
            (_, true) => Shown::Bars(MultiProgress::new(), Mutex::default()),
        };
        Self { shown, several: seeds > 1, finished: Mutex::default() }
    }

    /// Takes the bars away.
    pub(super) fn clear(&self) {
        if let Shown::Bars(all, _) = &self.shown {
            let _ = all.clear();
        }
    }

    fn line(&self, seed: u64, what: &str) {
        let line = if self.several { format!("seed {seed}: {what}") } else { what.to_owned() };
        match &self.shown {
            Shown::Nothing => {}
            Shown::Lines => tell(&line),
            Shown::Bars(all, _) => {
                let _ = all.println(printable(&line));
            }
        }
    }
}

fn bar(all: &MultiProgress, seed: u64) -> ProgressBar {
    let bar = all.add(ProgressBar::new(1));
    let style = ProgressStyle::with_template("seed {prefix} {bar:30} {pos}/{len} steps, {msg}, {elapsed}");
    bar.set_style(style.expect("the template is right").progress_chars("=> "));
    bar.set_prefix(seed.to_string());
    // It ticks on a thread of its own, and would panic where there is none to be had.
    if thread::Builder::new().spawn(|| {}).is_ok() {
        bar.enable_steady_tick(Duration::from_millis(500));
    }
    bar
}

impl Watch for Progress {
    fn at(&self, seed: u64, run: &Run) {
        let (position, experiences) = (run.state.position, run.setup.stream.experiences.len());
        let before = self.finished.lock().expect("no panic").insert(seed, position.experience).unwrap_or(0);
        if let Shown::Bars(all, bars) = &self.shown {
            let mut bars = bars.lock().expect("no panic");
            let bar = bars.entry(seed).or_insert_with(|| bar(all, seed));
            if let Some(horizon) = run.horizon() {
                bar.set_length(horizon.steps);
            }
            bar.set_position(position.step);
            bar.set_message(format!("experience {} of {experiences}", (position.experience + 1).min(experiences)));
        } else if position.experience > before {
            let steps = run.state.horizons.last().map_or(0, |horizon| horizon.steps);
            self.line(seed, &format!("experience {} of {experiences} done, {steps} steps", position.experience));
        }
    }
    fn note(&self, seed: u64, what: &str) {
        self.line(seed, what);
    }
}
