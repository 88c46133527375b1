//! `clbench stream export`: a stream as files that say what is shown when, and no longer how that was found.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, ensure};
use clbench_results::{RunDir, write_whole};
use toml::{Table, Value};

use super::super::{Ending, Target, Usage, print};
use crate::{
    config::{Arriving, Asked, Described, Shelf, explicit, resolve_stream},
    data::files::Lain,
    execute::REALISED,
    stream::{
        Experience, Stream,
        listed::is_list,
        recorded::{self, MOST_BYTES},
    },
};

/// The stream file.
const STREAM: &str = "stream.toml";
/// The concepts in their order, as FoMo-in-Flux writes them.
const ORDER: &str = "order.json";
/// The experiences.
const EXPERIENCES: &str = "experiences.json";

/// What `stream export` takes.
#[derive(clap::Args)]
pub(in super::super) struct Words {
    #[command(flatten)]
    target: Target,
    /// Folder for stream.toml, order.json and experiences.json
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
    /// Finished run whose schedule is written, where the
    /// environment chooses while a run goes on
    #[arg(long, value_name = "FOLDER", verbatim_doc_comment)]
    run: Option<PathBuf>,
    /// Overwrite a stream that is there
    #[arg(long)]
    force: bool,
}

pub(super) fn export(words: &Words, shelf: &Shelf) -> Result<Ending> {
    let asked = Asked::parse(&words.target.settings).map_err(Usage)?;
    let mut described = resolve_stream(&words.target.stream, &asked, Arriving::InOrder, shelf).map_err(Usage)?;
    check(words, &described, shelf).map_err(Usage)?;
    let mut files = Carried { lain: &described.files, copies: BTreeMap::new() };
    let mut written = files.table(&described, shelf).map_err(Usage)?;
    if let Some(run) = &words.run {
        described.stream.experiences = realised(run, &described.stream).map_err(Usage)?;
        // The recording holds every epoch, and what it comes to has another hash.
        let train = Table::from_iter([("epochs".to_owned(), 1.into())]);
        let mut train = with(written.get("train"), train);
        train.remove("steps");
        written.insert("train".into(), train.into());
        stream_of(&mut written).remove("hash");
    }
    recorded::check_size(&described.stream.experiences).map_err(Usage)?;
    let fresh = !words.output.exists();
    let hash = written_whole(words, &described.stream, &mut written, &files.copies, asked, shelf);
    if hash.is_err() && fresh {
        // Half of a stream is worse than none.
        let _ = fs::remove_dir_all(&words.output);
    }
    print(&format!("{}\n{}\n", words.output.join(STREAM).display(), hash?))?;
    Ok(Ending::Done)
}

/// Writes all files of the stream, reads them back, and gives the hash of what was read.
fn written_whole(
    words: &Words,
    stream: &Stream,
    written: &mut Table,
    copies: &BTreeMap<String, PathBuf>,
    asked: Asked,
    shelf: &Shelf,
) -> Result<String> {
    let folder = &words.output;
    for (name, from) in copies {
        write_whole(&folder.join(name), &read(from)?)?;
    }
    if !stream.ranking.is_empty() {
        let mut order = serde_json::to_vec_pretty(&stream.ranking).context("names are JSON")?;
        order.push(b'\n');
        write_whole(&folder.join(ORDER), &order)?;
    } else if folder.join(ORDER).exists() {
        // What an earlier export has left would pass for this stream's.
        fs::remove_file(folder.join(ORDER))
            .with_context(|| format!("cannot remove {}", folder.join(ORDER).display()))?;
    }
    write_whole(&folder.join(EXPERIENCES), &stream.write_schedule(&stream.experiences))?;
    write_stream(folder, stream, written)?;
    // The file names its hash, so this also compares what was written with what was meant.
    let asked = Asked { overrides: Vec::new(), ..asked };
    let again = || resolve_stream(&folder.join(STREAM), &asked, Arriving::InOrder, shelf);
    let hash = again().context("what was written is not the stream")?.stream.hash;
    if words.run.is_some() {
        stream_of(written).insert("hash".into(), hash.clone().into());
        write_stream(folder, stream, written)?;
        again().context("what was written is not the stream")?;
    }
    Ok(hash)
}

fn write_stream(folder: &Path, stream: &Stream, table: &Table) -> Result<()> {
    let text = format!("# {}, as `clbench stream export` wrote it.\n\n{}", stream.name, toml::to_string(table)?);
    Ok(write_whole(&folder.join(STREAM), text.as_bytes())?)
}

/// The `[stream]` table of a stream file.
fn stream_of(file: &mut Table) -> &mut Table {
    file.get_mut("stream").and_then(Value::as_table_mut).expect("a stream file has a stream")
}

/// The entries of a table, where it is one, and those of `more` in place of its own.
fn with(table: Option<&Value>, more: Table) -> Table {
    let mut table = table.and_then(Value::as_table).cloned().unwrap_or_default();
    table.extend(more);
    table
}

/// What a run's policy has brought about.
fn realised(run: &Path, stream: &Stream) -> Result<Vec<Experience>> {
    ensure!(stream.policy.is_some(), "--run is for streams whose environment chooses while a run goes on");
    let manifest = RunDir::open(run)?.manifest;
    ensure!(manifest.diverged.is_none(), "{} diverged, so that it has no whole schedule", run.display());
    let of = &manifest.stream.hash;
    ensure!(*of == stream.hash, "{} is a run of the stream {of} and not of {}", run.display(), stream.hash);
    let file = run.join(REALISED);
    let sizes: Vec<usize> = stream.tasks.iter().map(|task| task.train.len()).collect();
    recorded::read(&read(&file)?, &sizes).with_context(|| format!("cannot use the experiences of {}", file.display()))
}

fn check(words: &Words, described: &Described, shelf: &Shelf) -> Result<()> {
    ensure!(
        described.stream.policy.is_none() || words.run.is_some(),
        "what comes back in this stream is chosen while a run goes on; name a finished run with --run, or export it \
         without stream.environment"
    );
    let arrival = shelf.streams.written.arrival;
    let known = shelf.streams.arrivals.iter().any(|entry| entry.name == arrival);
    ensure!(known, "no arrival of this program reads recorded experiences");
    let there = words.output.join(STREAM);
    ensure!(
        words.force || !there.exists(),
        "{} is there; choose another folder, or overwrite it with --force",
        there.display()
    );
    Ok(())
}

/// Files that the stream file names and that go with it.
struct Carried<'a> {
    /// Where what the stream file names lies.
    lain: &'a Lain,
    /// Where each comes from, by its name in the new folder.
    copies: BTreeMap<String, PathBuf>,
}

impl Carried<'_> {
    /// The stream file that reads order and experiences from files.
    fn table(&mut self, described: &Described, shelf: &Shelf) -> Result<Table> {
        let (stream, mut table) = (&described.stream, described.table.clone());
        table.remove("environment");
        let mut arrival = explicit(shelf.streams.written.arrival, EXPERIENCES);
        if stream.once {
            arrival.insert("once".into(), true.into());
        }
        table.insert("arrival".into(), arrival.into());
        let reads = shelf.streams.orderings.iter().any(|entry| entry.name == shelf.streams.written.order);
        if !stream.ranking.is_empty() && reads {
            table.insert("order".into(), explicit(shelf.streams.written.order, ORDER).into());
        }
        table.insert("hash".into(), stream.hash.clone().into());
        let mut file = described.file.clone();
        if let Some(joint) = file.get("stream").and_then(|table| table.get("joint")) {
            table.insert("joint".into(), joint.clone());
        }
        self.carry(&mut table)?;
        file.insert("stream".into(), table.into());
        file.remove("files");
        let left = self.left(&file);
        if !left.is_empty() {
            file.insert("files".into(), left.into());
        }
        file.insert("name".into(), stream.name.clone().into());
        Ok(file)
    }
    /// Takes along the files that tables of the stream name, and lists of concepts.
    fn carry(&mut self, table: &mut Table) -> Result<()> {
        for (key, value) in table.iter_mut() {
            match value {
                Value::Table(table) => self.carry(table)?,
                Value::String(file) if ![ORDER, EXPERIENCES].contains(&file.as_str()) && self.is_file(file) => {
                    *file = self.copy(file)?;
                }
                Value::Array(names) if key == "dataset" => {
                    for name in names {
                        if let Value::String(name) = name
                            && is_list(name)
                        {
                            *name = self.copy(name)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
    /// Where those files lie that the new stream file still names and that were not copied, such as data of one's own:
    /// from here, at least, it runs.
    fn left(&self, file: &Table) -> Table {
        let mut texts = Vec::new();
        strings(&Value::Table(file.clone()), &mut texts);
        let named = |name: &str| {
            let within =
                |text: &String| text == name || name.strip_prefix(&text[..]).is_some_and(|rest| rest.starts_with('/'));
            let archive = |text: &String| text.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'));
            texts.iter().any(|text| within(text) || archive(text))
        };
        let own = |name: &str| [ORDER, EXPERIENCES].contains(&name) || self.copies.contains_key(name);
        let left = self.lain.iter().filter(|(name, _)| named(name) && !own(name));
        left.map(|(name, place)| (name.clone(), place.clone().into())).collect()
    }
    /// Whether this is the name of a file that was read.
    fn is_file(&self, name: &str) -> bool {
        self.lain.get(name).is_some_and(|place| Path::new(place).is_file())
    }
    fn copy(&mut self, file: &str) -> Result<String> {
        let from = PathBuf::from(self.lain.get(file).map_or(file, String::as_str));
        let name = from.file_name().with_context(|| format!("{file} is no file"))?.to_string_lossy().into_owned();
        let taken = [STREAM, ORDER, EXPERIENCES].contains(&name.as_str());
        let other = self.copies.get(&name).is_some_and(|other| *other != from);
        ensure!(!taken && !other, "two files would be called {name} in the new folder; rename {}", from.display());
        self.copies.insert(name.clone(), from);
        Ok(name)
    }
}

/// All strings of a value.
fn strings(value: &Value, to: &mut Vec<String>) {
    match value {
        Value::String(text) => to.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, to)),
        Value::Table(table) => table.iter().for_each(|(_, value)| strings(value, to)),
        _ => {}
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let within = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    fs::File::open(path).with_context(within)?.take(MOST_BYTES + 1).read_to_end(&mut bytes).with_context(within)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(anyhow!("{} is larger than {MOST_BYTES} bytes", path.display()));
    }
    Ok(bytes)
}
