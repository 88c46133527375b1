//! `clbench prefer`: models for a new preference over tasks, out of what a finished run learned, and how good they are.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, anyhow, ensure};
use burn::tensor::Device;
use clbench_results::{At, Record, RunDir, Split, words::short, write_whole};

use super::{Ending, Usage, print, tell};
use crate::{
    budget::Meter,
    catalogue::Need,
    config::{Asked, Setup, Shelf, resolve},
    method::Stack,
    network::{
        pass::Weights,
        predictor::{Ask, Predictor},
        weights::{MOST_BYTES, from_safetensors, to_safetensors},
    },
    primitives::{draws::Draws, scope::Scope, sealed::read_at_most},
    run::evaluate::Examiner,
};

/// What `prefer` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    /// Folder of one finished run of a method that answers any
    /// preference, such as ibcl
    #[arg(verbatim_doc_comment)]
    run: PathBuf,
    /// w=0.2,0.8: a weight for each task; and data=FOLDER
    #[arg(value_name = "KEY=VALUE", required = true)]
    settings: Vec<String>,
    /// File to write the first model's weights to, as
    /// safetensors; start.kind=file reads it
    #[arg(short, long, value_name = "FILE", verbatim_doc_comment)]
    out: Option<PathBuf>,
    /// One line of JSON: weights, seconds and records
    #[arg(long)]
    json: bool,
}

pub(super) fn prefer(words: &Words, shelf: &Shelf) -> Result<Ending> {
    let (wish, rest) = wish(&words.settings).map_err(Usage)?;
    let run = RunDir::open(&words.run)?;
    let place = words.run.join("artifact/weights.safetensors");
    let bytes = read_at_most(&place, MOST_BYTES).with_context(|| {
        format!("cannot read {}; only methods that answer preferences leave it in any case", place.display())
    })?;
    words.out.as_ref().map_or(Ok(()), |out| outside(out, &words.run)).map_err(Usage)?;
    let opened = Instant::now();
    let setup = resolve(&words.run.join("config.toml"), &Asked::parse(&rest).map_err(Usage)?, shelf)?;
    let stack = setup.stack(shelf)?;
    able(&stack, &setup).map_err(Usage)?;
    let wish = normalised(wish, &setup).map_err(Usage)?;
    let within = || format!("in {}", place.display());
    let weights = from_safetensors(&bytes, &Device::flex()).with_context(within)?;
    stack.carrier.answers_any(&weights).with_context(within)?;
    let opened = opened.elapsed().as_secs_f64();
    let made = Instant::now();
    let predictor = stack.carrier.predictor(&weights);
    let model = model(&*predictor, &setup, run.manifest.seed, &wish).map_err(Usage)?;
    ensure!(model.theta.is_finite(), "{}: a model of them has a weight that is no finite number", place.display());
    let made = made.elapsed().as_secs_f64();
    let asked = Instant::now();
    let records = answers(&*predictor, &setup, run.manifest.seed, &wish)?;
    if let Some(record) = records.iter().find(|record| !record.loss.is_finite()) {
        anyhow::bail!("{}: an answer to task {} is no finite number", place.display(), record.task);
    }
    let asked = asked.elapsed().as_secs_f64();
    if let Some(out) = &words.out {
        write_whole(out, &to_safetensors(&model)?)?;
        tell(&format!("wrote the first model to {}", out.display()));
    }
    tell(&format!(
        "{} models, made in {made:.3} s without a training step, asked in {asked:.3} s (data and weights were read in \
         {opened:.1} s)",
        predictor.samples()
    ));
    print(&if words.json {
        serde_json::json!({ "preference": wish, "made_s": made, "asked_s": asked, "records": records }).to_string()
            + "\n"
    } else {
        told(&wish, &setup, &records)
    })?;
    Ok(Ending::Done)
}

/// Refuses a file that would lie in the run's folder, or in none that is there.
fn outside(out: &Path, run: &Path) -> Result<()> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let within = || format!("cannot write {}", out.display());
    let (folder, run) = (folder.canonicalize().with_context(within)?, run.canonicalize().with_context(within)?);
    ensure!(!folder.starts_with(&run), "{} lies in the folder of the run, which stays as it is", out.display());
    Ok(())
}

/// The weights, and the other settings.
fn wish(settings: &[String]) -> Result<(Vec<f64>, Vec<String>)> {
    let (mut wish, mut rest) = (None, Vec::new());
    for setting in settings {
        match setting.split_once('=') {
            Some(("w", values)) => {
                ensure!(wish.is_none(), "w= stands twice; give one preference");
                let value = |word: &str| word.trim().parse::<f64>().map_err(|_| anyhow!("`{word}` is no number"));
                wish = Some(values.split(',').map(value).collect::<Result<Vec<f64>>>().context("in w=")?);
            }
            Some(("data", _)) => rest.push(setting.clone()),
            _ => anyhow::bail!(
                "`{setting}` is neither w=0.2,0.8 nor data=FOLDER; a finished run's settings stay as they are"
            ),
        }
    }
    Ok((wish.context("w= is missing; give a weight for each task, such as w=0.2,0.8")?, rest))
}

/// The preference with weights that sum to 1.
fn normalised(wish: Vec<f64>, setup: &Setup) -> Result<Vec<f64>> {
    let tasks: Vec<String> = setup.stream.tasks.iter().map(|task| short(&task.name)).collect();
    ensure!(
        wish.len() == tasks.len(),
        "w= has {} weights and the stream {} tasks: {}",
        wish.len(),
        tasks.len(),
        tasks.join("; ")
    );
    let total: f64 = wish.iter().sum();
    ensure!(
        wish.iter().all(|weight| *weight >= 0.0) && total > 0.0 && total.is_finite(),
        "w= holds a weight below 0, none above 0, or one that is no finite number"
    );
    // Added to 0, so that −0 is 0.
    Ok(wish.into_iter().map(|weight| 0.0 + weight / total).collect())
}

/// Refuses a method without answers to any preference, and one of which more than the weights would be needed.
fn able(stack: &Stack, setup: &Setup) -> Result<()> {
    let method = &setup.config.method;
    ensure!(stack.prefers(), "the answers of `{method}` depend on no preference; run method=ibcl");
    if let Some((name, _)) = stack.needs.iter().find(|(_, need)| *need == Need::Deployment) {
        anyhow::bail!("`{name}` deploys other weights than those that the run left; run `{method}` without it");
    }
    Ok(())
}

fn ask(setup: &Setup, seed: u64, wish: &[f64]) -> Ask {
    let ask = Ask::new(Scope::All, &setup.net.heads, Draws::of(seed), &Meter::default());
    Ask { preference: Some(wish.to_vec()), ..ask }
}

/// The first model.
fn model(predictor: &dyn Predictor, setup: &Setup, seed: u64, wish: &[f64]) -> Result<Weights> {
    let theta = predictor.model(&ask(setup, seed, wish)).context("this method makes no models")?;
    Ok(Weights { theta, ..Weights::default() })
}

fn answers(predictor: &dyn Predictor, setup: &Setup, seed: u64, wish: &[f64]) -> Result<Vec<Record>> {
    let examiner = Examiner {
        setup,
        device: &Device::flex(),
        draws: Draws::of(seed),
        at: At::End,
        experience: setup.stream.experiences.len() - 1,
        step: 0,
        meter: Meter::default(),
    };
    examiner.under(predictor, wish)
}

/// A table of 80 columns: each task's weight and accuracies in percent.
fn told(wish: &[f64], setup: &Setup, records: &[Record]) -> String {
    let mut text =
        format!("{:<30} {:>7} {:>9} {:>7} {:>7} {:>7}\n", "task", "weight", "together", "mean", "worst", "best");
    let (mut sums, mut total) = ([0.0; 4], 0.0);
    for (task, of) in setup.stream.tasks.iter().enumerate() {
        let of_task = records.iter().filter(|record| record.task == task && record.split == Split::Test);
        let (alone, all): (Vec<&Record>, Vec<&Record>) = of_task.partition(|record| record.sample.is_some());
        let Some(together) = all.first() else { continue };
        let alone: Vec<f64> = alone.into_iter().map(|record| record.accuracy).collect();
        let mean = alone.iter().sum::<f64>() / alone.len().max(1) as f64;
        let (worst, best) = (alone.iter().copied().fold(1.0, f64::min), alone.iter().copied().fold(0.0, f64::max));
        let row = [together.accuracy, mean, worst, best];
        let _ = writeln!(text, "{}", line(&short(&of.name), wish[task], row));
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += wish[task] * value);
        total += wish[task];
    }
    let _ = writeln!(text, "{}", line("weighed by the preference", total, sums.map(|sum| sum / total)));
    text
}

fn line(name: &str, weight: f64, [together, mean, worst, best]: [f64; 4]) -> String {
    let name: String = name.chars().take(30).collect();
    let [together, mean, worst, best] = [together, mean, worst, best].map(|share| 100.0 * share);
    format!("{name:<30} {weight:>7.3} {together:>9.1} {mean:>7.1} {worst:>7.1} {best:>7.1}")
}
