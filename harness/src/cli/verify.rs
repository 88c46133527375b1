//! `clbench verify`: a published table computed again from its runs, and its runs trained again.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, ensure};
use clbench_results::{
    RunDir,
    proof::{Block, Came, Finding, Page, Piece, Tally, compare, compare_pictures, read_page, same_records},
    store::{bundle::BUNDLE, discover},
    study::{Study, draw},
    words::short,
};

use super::{
    Ending, STOP, Usage, claims, listen,
    made::{Place, made},
    print,
    progress::Progress,
    read_text,
    run::all,
    table::Chosen,
    tell,
};
use crate::config::{Asked, Shelf, resolve};

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
    /// The folder of datasets
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Where the files lie that the stream files named; runs out of a
    /// bundle read no others [default: the bundle's folder, for them]
    #[arg(long, value_name = "FOLDER", verbatim_doc_comment)]
    files: Option<PathBuf>,
}

pub(super) fn verify(words: &Words, shelf: &Shelf) -> Result<Ending> {
    verify_page(words, None, shelf)
}

/// Verifies the page of `study`, with the name of its file; without one, that of whatever study can be found.
pub(super) fn verify_page(words: &Words, study: Option<(String, Study)>, shelf: &Shelf) -> Result<Ending> {
    let text = read_text(&words.table)?;
    let page = read_page(&text).map_err(|why| anyhow!("{}: {why}", words.table.display())).map_err(Usage)?;
    let roots = sources(words)?;
    let found = discover(&roots)?;
    let folder = words.table.parent().unwrap_or(Path::new("")).to_owned();
    let place = Place { bundle: bundle(words), roots, folder, study };
    found.notes().iter().for_each(|note| tell(note));
    let (tally, named) = compared(&page, &place, &found.runs)?;
    print(&told(&tally, &page, &found.runs, &named))?;
    let mut good = tally.is_same() && page.unnamed == 0;
    good &= pictures(words, &text, &place, &found.runs)?;
    if !words.from_records {
        let mut runs: Vec<RunDir> = found.runs;
        runs.retain(|run| named.contains(&run.manifest.run));
        let there = runs.len();
        words.chosen.keep(&mut runs);
        ensure!(there == 0 || !runs.is_empty(), Usage(anyhow!("no run of the page fits --only and --without")));
        let Some(again) = retrain(words, &runs, shelf)? else { return Ok(Ending::Interrupted) };
        good &= again;
    }
    Ok(if good { Ending::Done } else { Ending::Failed })
}

/// How the pieces of a page come out again, and the ids of all runs that they are about.
fn compared(page: &Page, place: &Place, runs: &[RunDir]) -> Result<(Tally, BTreeSet<String>)> {
    let mut tally = Tally::default();
    let mut named: BTreeSet<String> = BTreeSet::new();
    for piece in &page.pieces {
        named.extend(piece.runs());
        tally.add(match (piece.check(runs), piece) {
            (Some(tally), _) => tally,
            (None, Piece::Block(block)) => {
                let (now, of) = made(block, place, runs).map_err(|error| in_block(block, error))?;
                named.extend(of);
                compare(&block.text, &now)
            }
            (None, _) => Tally::default(),
        });
    }
    Ok((tally, named))
}

/// What is wrong with a block, with its command; a mistake in the page stays one.
fn in_block(block: &Block, error: anyhow::Error) -> anyhow::Error {
    let usage = error.is::<Usage>();
    let error = error.context(format!("in the block `{}`", short(&block.command)));
    if usage { Usage(error).into() } else { error }
}

/// Draws the pictures of the page again and compares them with those in the folder beside it; whether all are the same.
/// Without a study nobody knows how they were drawn, and those that the page shows are counted.
fn pictures(words: &Words, page: &str, place: &Place, runs: &[RunDir]) -> Result<bool> {
    let name = words.table.file_stem().unwrap_or_default().to_string_lossy();
    let Some(study) = study_of(&name, place)? else {
        let shown = page.matches(&format!("]({name}/")).count();
        if shown > 0 {
            print(&format!("pictures not looked at: {shown}, as there is no study {}.toml\n", short(&name)))?;
        }
        return Ok(true);
    };
    let drawn = draw(&study, runs).map_err(|why| Usage(anyhow!("{}.toml: {why}", short(&name))))?;
    let folder = place.folder.join(&*name);
    let found = compare_pictures(&folder, &drawn.files).with_context(|| format!("cannot read {}", folder.display()))?;
    if !drawn.files.is_empty() || !found.findings.is_empty() {
        let mut text = format!("pictures drawn again: {}\n", drawn.files.len());
        text += &format!("  {:>6} the same, byte by byte\n", found.same);
        found.findings.iter().for_each(|finding| text += &format!("  {}/{finding}\n", short(&name)));
        print(&text)?;
    }
    Ok(found.findings.is_empty())
}

/// The study of the page `name`: the one that asks, or one of the same name.
fn study_of(name: &str, place: &Place) -> Result<Option<Study>> {
    if let Some((_, study)) = &place.study {
        return Ok(Some(study.clone()));
    }
    let file = claims::find(Path::new(&format!("{name}.toml")), &place.folder)?;
    file.map(|file| claims::read(&file)).transpose()
}

/// Where runs are looked for.
fn sources(words: &Words) -> Result<Vec<PathBuf>> {
    if !words.paths.is_empty() {
        return Ok(words.paths.clone());
    }
    let beside = words.table.with_file_name(bundle(words));
    let missing = || format!("no bundle {} beside the table; say where its runs are", beside.display());
    ensure!(beside.is_file(), Usage(anyhow!(missing())));
    Ok(vec![beside])
}

/// Name of the bundle beside the table.
fn bundle(words: &Words) -> String {
    format!("{}{BUNDLE}", words.table.file_stem().unwrap_or_default().to_string_lossy())
}

/// How everything came out: counts, what was not looked at, then all that is not the same.
fn told(tally: &Tally, page: &Page, runs: &[RunDir], named: &BTreeSet<String>) -> String {
    let numbers: usize = tally.numbers.values().sum();
    let mut text = format!("{numbers} numbers, computed again from what the runs recorded\n");
    text += &counted(&tally.numbers);
    let others: usize = tally.words.values().sum();
    text += &format!("{others} other cells and words of the same tables, made again\n");
    text += &counted(&tally.words);
    let unused = runs.iter().filter(|run| !named.contains(&run.manifest.run)).count();
    let aside = [
        (page.unnamed, "rows name no runs and were not looked at"),
        (page.aside, "lines beside the tables were not looked at"),
        (unused, "runs stand in no table"),
    ];
    for (count, what) in aside.into_iter().filter(|(count, _)| *count > 0) {
        text += &format!("{count:>6} {what}\n");
    }
    page.excused.iter().for_each(|why| text += &format!("     1 block was not looked at; the page says why: {why}\n"));
    for Finding { place, said, now, came } in tally.findings.iter().take(40) {
        let word = |word: &str| if word.is_empty() { "nothing".into() } else { short(word) };
        text += &format!("  {}: {} was published, now {}: {}\n", short(place), word(said), word(now), came.words());
    }
    match tally.findings.len().saturating_sub(40) {
        0 => text,
        more => text + &format!("  and {more} more\n"),
    }
}

fn counted(counts: &BTreeMap<Came, usize>) -> String {
    let line = |came: Came| Some(format!("  {:>6} {}\n", counts.get(&came)?, came.words()));
    Came::ALL.into_iter().filter_map(line).collect()
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
