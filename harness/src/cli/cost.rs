//! `clbench cost`: what a run will cost, how far off that was, and FoMo-in-Flux's budgets.

use std::{
    fmt::Write,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
};

use anyhow::{Context, Result, anyhow, ensure};
use clbench_results::{RunDir, store::atomic::open_plain};

use super::{Ending, STOP, Usage, listen, print, read_text, tell};
use crate::{
    budget::published::{clip, fomo},
    config::{Asked, Setup, Shelf, resolve},
    run::{Forecast, Run},
};

/// Where a run keeps what was foretold of it; no part of what must repeat.
const FORETOLD: &str = "foretold.json";

/// What `cost` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    /// Stream file, or the folder of a finished run
    #[arg(required_unless_present = "fomo")]
    what: Option<PathBuf>,
    /// Settings: method=lora, optim.rate=0.1, data=FOLDER, …
    #[arg(value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// FoMo-in-Flux's table of budgets, computed again, beside a CLIP's closed forms
    #[arg(long, conflicts_with = "what")]
    fomo: bool,
    /// Print the forecast as JSON
    #[arg(long, conflicts_with = "fomo")]
    json: bool,
}

pub(super) fn cost(words: &Words, shelf: &Shelf) -> Result<Ending> {
    let Some(what) = &words.what else {
        print(&format!("{}\n{}", fomo::table(), clip::table()))?;
        return Ok(Ending::Done);
    };
    if what.is_dir() {
        return judged(what, words);
    }
    let asked = Asked::parse(&words.settings).map_err(Usage)?;
    let setup = resolve(what, &asked, shelf).map_err(Usage)?;
    listen();
    let seed = asked.seeds.first().copied().unwrap_or(setup.config.seed);
    let Some(forecast) = foretell(&setup, seed, shelf)? else { return Ok(Ending::Interrupted) };
    if asked.seeds.len() > 1 {
        tell(&format!("of seed {seed} alone; others cost about the same"));
    }
    if words.json {
        print(&(serde_json::to_string(&forecast)? + "\n"))?;
    } else {
        print(&format!("{} on {}\n\n{}", setup.config.method, setup.config.name, text(&forecast)))?;
    }
    Ok(Ending::Done)
}

/// What a run of `setup` will cost; none when the user interrupts.
pub(super) fn foretell(setup: &Setup, seed: u64, shelf: &Shelf) -> Result<Option<Forecast>> {
    Ok(Run::new(setup, seed, shelf)?.foretell(&STOP).map_err(Usage)?.filter(|_| !STOP.load(Ordering::Relaxed)))
}

/// Leaves what was foretold of it in a run's folder.
pub(super) fn keep(folder: &Path, forecast: &Forecast) -> Result<()> {
    let (path, text) = (folder.join(FORETOLD), serde_json::to_string_pretty(forecast)? + "\n");
    // The run is complete, and nobody would tidy up after a write that is whole or not at all.
    let mut file = open_plain(&path)?;
    let written = file.set_len(0).and_then(|()| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write {}; is the disk full or read-only?", path.display()))
}

/// How far off was what was foretold of a finished run.
fn judged(folder: &Path, words: &Words) -> Result<Ending> {
    if !words.settings.is_empty() {
        return Err(Usage(anyhow!("a finished run takes no settings; name its stream file to ask about others")).into());
    }
    let run = RunDir::open(folder).map_err(|error| Usage(error.into()))?;
    let missing =
        || format!("nothing was foretold of {}; `clbench run` does so unless it is --quiet", folder.display());
    let forecast = foretold(folder).map_err(Usage)?.with_context(missing).map_err(Usage)?;
    if words.json {
        print(&(serde_json::to_string(&forecast)? + "\n"))?;
    } else {
        print(&format!("{}\n{}\n", text(&forecast), off(&forecast, &run)))?;
    }
    Ok(Ending::Done)
}

/// What was foretold of the run in `folder`, if anything was.
fn foretold(folder: &Path) -> Result<Option<Forecast>> {
    let path = folder.join(FORETOLD);
    if !path.exists() {
        return Ok(None);
    }
    let wrong = || format!("{} is no forecast; remove it", path.display());
    let forecast: Forecast = serde_json::from_str(&read_text(&path)?).with_context(wrong)?;
    let Forecast { maf, peak_bytes, state_bytes, seconds, .. } = &forecast;
    let ordered = [maf, peak_bytes, state_bytes].iter().all(|[least, most]| least <= most) && seconds[0] <= seconds[1];
    ensure!(ordered, wrong());
    Ok(Some(forecast))
}

/// A sentence on how far off it was, where something was foretold.
pub(super) fn told(run: &RunDir) -> Option<String> {
    foretold(&run.path).ok()?.map(|forecast| off(&forecast, run))
}

fn off(forecast: &Forecast, run: &RunDir) -> String {
    let spent = &run.manifest.spent;
    let apart = |told: u64, was: u64| match (told, was) {
        (told, was) if told == was => "exact".to_owned(),
        (_, 0) => "not foreseen to be none".to_owned(),
        (told, was) => {
            let percent = 100.0 * (told as f64 / was as f64 - 1.0);
            if percent.abs() < 0.05 { "within 0.05 %".to_owned() } else { format!("{percent:+.1} %") }
        }
    };
    let steps = run.manifest.experiences.iter().map(|plan| plan.steps).sum();
    let within = |[least, most]: [u64; 2], was: u64| {
        let nearest = was.clamp(least, most);
        if least < most && nearest == was { "within its range".to_owned() } else { apart(nearest, was) }
    };
    let mut parts = vec![
        format!("steps {}", apart(forecast.steps.iter().sum(), steps)),
        format!("operations {}", apart(forecast.flops, spent.flops)),
        format!("memory {}", within(forecast.peak_bytes, spent.peak_bytes.unwrap_or(0))),
    ];
    if let Some(seconds) = seconds(&run.path) {
        let [least, most] = forecast.seconds;
        parts.push(format!("{} for {} to {}", clock(seconds), clock(least), clock(most)));
    }
    format!("foretold: {}", parts.join(", "))
}

/// Seconds of all phases of a finished run.
fn seconds(folder: &Path) -> Option<f64> {
    let text = fs::read_to_string(folder.join("timing.csv")).ok()?;
    let rows = text.lines().skip(1);
    rows.map(|row| row.rsplit(',').next()?.parse::<f64>().ok()).sum()
}

/// A forecast as a table of at most 80 columns.
fn text(forecast: &Forecast) -> String {
    let Forecast { steps, bound_by, phases, flops, maf, peak_bytes, reference_bytes, state_bytes, seconds } = forecast;
    let mut text = String::new();
    let mut line = |name: &str, what: String| text += &format!("{name:<12} {what}\n");
    for (phase, flops) in phases {
        let charged = if ["evaluate", "probe"].contains(&phase.as_str()) { ", not charged" } else { "" };
        line(phase, format!("{}{charged}", operations(*flops)));
    }
    line("in all", format!("{} charged", operations(*flops)));
    let most = if maf[0] < maf[1] { format!(" to {:.3e}", maf[1] as f64) } else { String::new() };
    line("maf", format!("{:.3e}{most} operations, adjusted to memory", maf[0] as f64));
    let mut bounds = bound_by.clone();
    bounds.dedup();
    line("steps", format!("{} in {} experiences, by {}", steps.iter().sum::<u64>(), steps.len(), bounds.join(", ")));
    line("each", listed(steps));
    let ratio = peak_bytes[0] as f64 / (*reference_bytes).max(1) as f64;
    line("memory", format!("{} in a step, {ratio:.4} of full fine-tuning", range(*peak_bytes)));
    line("states", range(*state_bytes));
    line("time", format!("{} to {}, alone on this computer", clock(seconds[0]), clock(seconds[1])));
    text
}

fn operations(flops: u64) -> String {
    format!("{:.3e} operations", flops as f64)
}

/// Numbers of steps, equal ones together, as many as a line holds.
fn listed(steps: &[u64]) -> String {
    let groups = steps.chunk_by(|a, b| a == b);
    let words: Vec<String> = groups
        .map(|group| if group.len() == 1 { group[0].to_string() } else { format!("{}×{}", group.len(), group[0]) })
        .collect();
    let mut text = String::new();
    for word in words {
        if text.chars().count() + word.chars().count() > 60 {
            return text + ", …";
        }
        let between = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{between}{word}");
    }
    text
}

fn range([least, most]: [u64; 2]) -> String {
    let one = |bytes: u64| match bytes {
        bytes if bytes < 10_000 => format!("{bytes} B"),
        bytes if bytes < 10_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        bytes => format!("{:.1} MB", bytes as f64 / 1e6),
    };
    if least == most { one(least) } else { format!("{} to {}", one(least), one(most)) }
}

fn clock(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 100.0 => format!("{seconds:.1} s"),
        seconds if seconds < 6000.0 => format!("{:.1} min", seconds / 60.0),
        seconds => format!("{:.1} h", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_steps_fit_a_line() {
        assert_eq!(listed(&[5, 5, 5, 7]), "3×5, 7");
        let many = listed(&(0..200).map(|at| 1000 + at).collect::<Vec<_>>());
        assert!(many.ends_with(", …") && many.chars().count() <= 67, "{many}");
    }

    #[test]
    fn times_and_bytes_are_in_words() {
        assert_eq!((clock(1.25), clock(600.0), clock(7200.0)), ("1.2 s".into(), "10.0 min".into(), "2.0 h".into()));
        assert_eq!((range([5, 5]), range([5, 20_000])), ("5 B".into(), "5 B to 20.0 kB".into()));
    }
}
