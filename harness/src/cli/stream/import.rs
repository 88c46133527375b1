//! `clbench stream import`: a stream file for a list of concepts.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clbench_results::write_whole;
use toml::{Table, Value};

use super::super::{Ending, Usage, print};
use crate::{
    config::{Arriving, Asked, Shelf, explicit, resolve_stream_table},
    stream::listed,
};

/// What is trained, and how, where the list says nothing of it: what `streams/split-fashion.toml` does.
const REST: &str = "\n[net]\nbody = \"mlp\"\nwidths = [256, 256]\n\n[optim]\nrule = \"sgd\"\nrate = 0.05\n\n\
                    [train]\nbatch = 32\nepochs = 5\n";

/// What `stream import` takes.
#[derive(clap::Args)]
pub(in super::super) struct Words {
    /// JSON list of concepts, dataset+++class each
    list: PathBuf,
    /// The stream file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Datasets that have the concepts, such as mnist,digits
    #[arg(long, value_name = "NAMES", value_delimiter = ',', required = true)]
    dataset: Vec<String>,
    /// Number of tasks
    #[arg(long, value_name = "COUNT")]
    tasks: Option<u32>,
    /// Concepts that no dataset has: error or skip
    #[arg(long, value_name = "WHAT")]
    absent: Option<String>,
    /// Data folder [default: `$CLBENCH_DATA`, or the user's]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Overwrite a file that is there
    #[arg(long)]
    force: bool,
}

pub(super) fn import(words: &Words, shelf: &Shelf) -> Result<Ending> {
    let output = &words.output;
    if !words.force && output.exists() {
        let there = format!("{} is there; choose another name, or overwrite it with --force", output.display());
        return Err(Usage(anyhow::anyhow!(there)).into());
    }
    let table = table(words, shelf).map_err(Usage)?;
    let list = words.list.display().to_string();
    let text = format!("# The concepts of {} in its order.\n\n{table}{REST}", list.escape_debug());
    let file: Table = text.parse().context("a stream file is TOML")?;
    // Any folder will do until the one that is named takes its place.
    let data: Vec<String> = words.data.iter().map(|_| "data=.".to_owned()).collect();
    let mut asked = Asked::parse(&data).map_err(Usage)?;
    asked.data = words.data.clone().unwrap_or(asked.data);
    // What is wrong is wrong with the list or with the options: the output is not there yet.
    let described = resolve_stream_table(file, output, &asked, Arriving::InOrder, shelf)
        .with_context(|| format!("cannot make a stream of {}", words.list.display()))
        .map_err(Usage)?;
    write_whole(output, text.as_bytes())?;
    let stream = &described.stream;
    let mut said = format!("{}: {} tasks, {} classes\n", output.display(), stream.tasks.len(), stream.classes.len());
    for note in &stream.notes {
        said += &clbench_results::words::clean(note);
        said.push('\n');
    }
    print(&said)?;
    Ok(Ending::Done)
}

/// The `[stream]` table that reads the list.
fn table(words: &Words, shelf: &Shelf) -> Result<String> {
    let parts = &shelf.streams.written;
    ensure!(!parts.kind.is_empty(), "no kind of stream of this program reads a list of concepts");
    listed::check_list(&words.list)?;
    let mut order = explicit(parts.order, &beside(&words.list, &words.output)?);
    if let Some(absent) = &words.absent {
        order.insert("absent".into(), absent.clone().into());
    }
    let datasets: Vec<Value> = words.dataset.iter().map(|name| name.trim().into()).collect();
    let mut stream = Table::new();
    stream.insert("kind".into(), parts.kind.into());
    stream.insert("dataset".into(), datasets.into());
    if let Some(tasks) = words.tasks {
        stream.insert("tasks".into(), i64::from(tasks).into());
    }
    stream.insert("order".into(), order.into());
    Ok(toml::to_string(&Table::from_iter([("stream".to_owned(), stream.into())]))?)
}

/// How a file at `output` names `list`: relative to its folder where it lies there or below.
fn beside(list: &Path, output: &Path) -> Result<String> {
    let whole = list.canonicalize().with_context(|| format!("cannot read {}", list.display()))?;
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let below = folder.canonicalize().ok().and_then(|folder| whole.strip_prefix(folder).ok());
    let named = below.unwrap_or(&whole).to_str().with_context(|| format!("{} is no UTF-8", whole.display()))?;
    Ok(named.to_owned())
}
