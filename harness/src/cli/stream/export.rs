//! `clbench stream export`: a stream as files that say what is shown when, and no longer how that was found.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, ensure};
use toml::{Table, Value};

use super::super::{Ending, Target, Usage, print};
use crate::{
    config::{Arriving, Asked, Described, explicit, resolve_stream},
    folder::write_whole,
    registry::Shelf,
    stream::{metadata::is_list, schedule::MOST_BYTES},
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
    /// Overwrite a stream that is there
    #[arg(long)]
    force: bool,
}

pub(super) fn export(words: &Words, shelf: &Shelf) -> Result<Ending> {
    let asked = Asked::parse(&words.target.settings).map_err(Usage)?;
    let described = resolve_stream(&words.target.stream, &asked, Arriving::InOrder, shelf).map_err(Usage)?;
    check(words, &described, shelf).map_err(Usage)?;
    let mut files = Files { folder: &described.folder, copies: BTreeMap::new() };
    let written = files.table(&described, shelf).map_err(Usage)?;
    let folder = &words.output;
    for (name, from) in &files.copies {
        write_whole(&folder.join(name), &read(from)?)?;
    }
    let stream = &described.stream;
    if !stream.ranking.is_empty() {
        let mut order = serde_json::to_vec_pretty(&stream.ranking).context("names are JSON")?;
        order.push(b'\n');
        write_whole(&folder.join(ORDER), &order)?;
    }
    write_whole(&folder.join(EXPERIENCES), &stream.write_schedule(&stream.experiences))?;
    let text = format!("# {}, as `clbench stream export` wrote it.\n\n{}", stream.name, toml::to_string(&written)?);
    write_whole(&folder.join(STREAM), text.as_bytes())?;
    // The file names its hash, so this also compares what was written with what was meant.
    let asked = Asked { overrides: Vec::new(), ..asked };
    resolve_stream(&folder.join(STREAM), &asked, Arriving::InOrder, shelf)
        .context("what was written is not the stream")?;
    print(&format!("{}\n{}\n", folder.join(STREAM).display(), stream.hash))?;
    Ok(Ending::Done)
}

fn check(words: &Words, described: &Described, shelf: &Shelf) -> Result<()> {
    ensure!(
        described.stream.policy.is_none(),
        "what comes back in this stream is chosen while a run goes on; export it without stream.environment, or use the \
         schedule that a run has recorded"
    );
    let arrival = shelf.written.arrival;
    let known = shelf.arrivals.iter().any(|entry| entry.name == arrival);
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
struct Files<'a> {
    folder: &'a Path,
    /// Where each comes from, by its name in the new folder.
    copies: BTreeMap<String, PathBuf>,
}

impl Files<'_> {
    /// The stream file that reads order and experiences from files.
    fn table(&mut self, described: &Described, shelf: &Shelf) -> Result<Table> {
        let (stream, mut table) = (&described.stream, described.table.clone());
        table.remove("environment");
        let mut arrival = explicit(shelf.written.arrival, EXPERIENCES);
        if stream.once {
            arrival.insert("once".into(), true.into());
        }
        table.insert("arrival".into(), arrival.into());
        let reads = shelf.orderings.iter().any(|entry| entry.name == shelf.written.order);
        if !stream.ranking.is_empty() && reads {
            table.insert("order".into(), explicit(shelf.written.order, ORDER).into());
        }
        table.insert("hash".into(), stream.hash.clone().into());
        let mut file = described.file.clone();
        if let Some(joint) = file.get("stream").and_then(|table| table.get("joint")) {
            table.insert("joint".into(), joint.clone());
        }
        self.carry(&mut table)?;
        file.insert("stream".into(), table.into());
        file.insert("name".into(), stream.name.clone().into());
        Ok(file)
    }
    /// Takes along what tables of the stream name as their `file`, and lists of concepts.
    fn carry(&mut self, table: &mut Table) -> Result<()> {
        for (key, value) in table.iter_mut() {
            match value {
                Value::Table(table) => self.carry(table)?,
                Value::String(file) if key == "file" && ![ORDER, EXPERIENCES].contains(&file.as_str()) => {
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
    fn copy(&mut self, file: &str) -> Result<String> {
        let beside = self.folder.join(file);
        let from = if beside.exists() { beside } else { PathBuf::from(file) };
        let name = from.file_name().with_context(|| format!("{file} is no file"))?.to_string_lossy().into_owned();
        let taken = [STREAM, ORDER, EXPERIENCES].contains(&name.as_str());
        let other = self.copies.get(&name).is_some_and(|other| *other != from);
        ensure!(!taken && !other, "two files would be called {name} in the new folder; rename {}", from.display());
        self.copies.insert(name.clone(), from);
        Ok(name)
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
