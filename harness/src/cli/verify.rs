//! `clbench verify`: a published table computed again from its runs, and its runs trained again.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, ensure};
use clbench_results::{
    RunDir,
    bundle::BUNDLE,
    discover,
    proof::{Came, Checked, Published, read_published, recompute, same_records},
    text::short,
};

use super::{Ending, STOP, Usage, listen, print, progress::Progress, read_text, run::all, table::Chosen, tell};
use crate::{
    config::{Asked, resolve},
    registry::Shelf,
};

/// What `verify` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    /// The table, as `clbench table` wrote it in JSON or Markdown with footnotes
    table: PathBuf,
    /// Where its runs are: folders or bundles; without one, the bundle beside it
    #[arg(value_name = "FOLDER")]
    paths: Vec<PathBuf>,
    /// Only compute the table again from what its runs recorded
    #[arg(long)]
    from_records: bool,
    #[command(flatten)]
    chosen: Chosen,
    /// Runs to train at once
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    jobs: usize,
    /// The folder of datasets
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Where the files lie that the stream files named; runs out of a
    /// bundle read no others [default: the bundle's folder, for them]
    #[arg(long, value_name = "FOLDER", verbatim_doc_comment)]
    files: Option<PathBuf>,
}

pub(super) fn verify(words: &Words, shelf: &Shelf) -> Result<Ending> {
    let text = read_text(&words.table)?;
    let published = read_published(&text).map_err(|why| anyhow!("{}: {why}", words.table.display()));
    let Published { cells, unnamed } = published.map_err(Usage)?;
    let found = discover(&sources(words)?)?;
    found.notes().iter().for_each(|note| tell(note));
    let checked = recompute(&cells, &found.runs);
    print(&told(&checked, unnamed))?;
    let mut good = checked.iter().all(|one| matches!(one.came, Came::Same | Came::Within));
    if !words.from_records {
        let named: Vec<&str> = cells.iter().flat_map(|cell| &cell.runs).map(|id| &id[..]).collect();
        let mut runs: Vec<RunDir> = found.runs;
        runs.retain(|run| named.contains(&&run.manifest.run[..]));
        words.chosen.keep(&mut runs);
        let Some(again) = retrain(words, &runs, shelf)? else { return Ok(Ending::Interrupted) };
        good &= again;
    }
    Ok(if good { Ending::Done } else { Ending::Failed })
}

/// Where runs are looked for.
fn sources(words: &Words) -> Result<Vec<PathBuf>> {
    if !words.paths.is_empty() {
        return Ok(words.paths.clone());
    }
    let name = words.table.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let beside = words.table.with_file_name(format!("{name}{BUNDLE}"));
    let missing = || format!("no bundle {} beside the table; say where its runs are", beside.display());
    ensure!(beside.is_file(), Usage(anyhow!(missing())));
    Ok(vec![beside])
}

/// How the numbers came out: counts, then every number that is not the same.
fn told(checked: &[Checked], unnamed: usize) -> String {
    let mut counts: BTreeMap<Came, usize> = BTreeMap::new();
    checked.iter().for_each(|one| *counts.entry(one.came).or_default() += 1);
    let mut text = format!("{} numbers, computed again from what the runs recorded\n", checked.len());
    for came in Came::ALL {
        if let Some(count) = counts.get(&came) {
            text += &format!("  {count:>6} {}\n", came.words());
        }
    }
    if unnamed > 0 {
        text += &format!("  {unnamed:>6} rows name no runs and cannot be checked\n");
    }
    for one in checked.iter().filter(|one| one.came != Came::Same).take(40) {
        let said = match &one.cell.said {
            clbench_results::proof::Said::Shown(shown) => short(shown),
            clbench_results::proof::Said::Exactly { mean, .. } => mean.map_or("—".into(), |mean| mean.to_string()),
        };
        let name = short(&one.cell.row);
        text += &format!(
            "  {name}, {}: {said} was published, now {}: {}\n",
            one.cell.metric.key,
            one.now,
            one.came.words()
        );
    }
    text
}

/// Trains `runs` again from their own configurations; whether all came out again, or none where it was interrupted.
fn retrain(words: &Words, runs: &[RunDir], shelf: &Shelf) -> Result<Option<bool>> {
    listen();
    let work = tempfile::tempdir().context("cannot make a folder for the runs")?;
    let (mut same, mut other) = (0, Vec::new());
    for (index, run) in runs.iter().enumerate() {
        let id = &run.manifest.run;
        tell(&format!("training {id} again ({} of {})", index + 1, runs.len()));
        match again(words, run, work.path(), shelf) {
            Ok(Some(new)) if same_records(run, &new) => same += 1,
            Ok(Some(new)) => other.push(format!("{id}: {}", difference(run, &new, words)?)),
            Ok(None) => return Ok(None),
            Err(error) => other.push(format!("{id}: {error:#}")),
        }
    }
    let mut text = format!("{} runs, trained again\n", runs.len());
    text += &format!("  {same:>6} the same, bit for bit\n");
    if !other.is_empty() {
        text += &format!("  {:>6} not the same\n", other.len());
        other.iter().for_each(|line| text += &format!("  {line}\n"));
    }
    print(&text)?;
    Ok(Some(other.is_empty()))
}

/// One run, trained again in `work`; none where it was interrupted.
fn again(words: &Words, run: &RunDir, work: &Path, shelf: &Shelf) -> Result<Option<RunDir>> {
    let config = run.config.as_ref().context("its config.toml was not kept")?;
    // A folder of its own, so that nothing beside the configuration is mistaken for a part of it.
    let folder = work.join(&run.manifest.run);
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("config.toml");
    std::fs::write(&file, config)?;
    let mut settings = vec![format!("runs={}", folder.join("runs").display())];
    settings.extend(words.data.as_ref().map(|data| format!("data={}", data.display())));
    let mut asked = Asked::parse(&settings)?;
    asked.fence = words.files.clone().or_else(|| bundle_folder(&run.path));
    let setup = resolve(&file, &asked, shelf)?;
    ensure!(
        setup.stream.hash == run.manifest.stream.hash,
        "the stream's content has another hash now: {} instead of {}",
        setup.stream.hash,
        run.manifest.stream.hash
    );
    let seeds = [run.manifest.seed];
    let outcome = all(&setup, &seeds, &asked, shelf, &Progress::new(true, 1)).remove(0)?;
    if outcome == crate::execute::Outcome::Interrupted || STOP.load(std::sync::atomic::Ordering::Relaxed) {
        return Ok(None);
    }
    Ok(Some(RunDir::open(setup.place(&asked.runs, run.manifest.seed))?))
}

/// The folder of the bundle that holds the run at `path`, if one does.
fn bundle_folder(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|place| place.is_file()).map(|bundle| bundle.parent().unwrap_or(Path::new("")).to_owned())
}

/// How far the scores of two runs lie apart.
fn difference(run: &RunDir, new: &RunDir, words: &Words) -> Result<String> {
    let metrics = words.chosen.metrics()?;
    let (old, now) = (run.scores(&metrics), new.scores(&metrics));
    let apart = metrics.iter().filter_map(|metric| Some((metric, (now.get(metric)? - old.get(metric)?).abs())));
    let largest = apart.max_by(|a, b| a.1.total_cmp(&b.1));
    Ok(largest.map_or("no score in common".into(), |(metric, by)| {
        format!("records differ; the scores by at most {by:.2e} ({})", metric.key)
    }))
}
