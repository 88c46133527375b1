//! A stream by itself: what a stream file, or a bare list of concepts, says of data, and nothing of training.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use toml::{Table, Value};

use super::{
    Asked,
    read::{read, replace_rule},
    resolve::{files, heads, method_of, method_tables, named_as, own_data, take_table, wants_all},
    sections::Top,
};
use crate::{
    config::Shelf,
    data::files::Lain,
    primitives::scope::Head,
    stream::{Stream, build::build, listed::is_list, open::Places},
};

/// A stream with the file that describes it.
pub struct Described {
    /// The stream.
    pub stream: Stream,
    /// Its `[stream]` table with defaults.
    pub table: Table,
    /// Heads, and which logits count.
    pub head: Head,
    /// The whole file, with what the command line changes.
    pub file: Table,
    /// Where the files that it names lie.
    pub files: Lain,
}

/// Whether tasks arrive at once where that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arriving {
    /// As the file and its method ask.
    Asked,
    /// In order, whatever they ask.
    InOrder,
}

/// Reads the stream file at `path`, or a list of concepts, and builds the stream alone: `[optim]`, `[net]` and what
/// else is about training may be missing.
///
/// # Errors
/// When the stream is not described well; the message names file, key and remedy.
pub fn resolve_stream(path: &Path, asked: &Asked, arriving: Arriving, shelf: &Shelf) -> Result<Described> {
    let mut file = if is_list(&path.to_string_lossy()) { of_list(path, shelf)? } else { read(path)? };
    replace_rule(&mut file, asked);
    asked.apply(&mut file)?;
    resolve_stream_table(file, path, asked, arriving, shelf).with_context(|| format!("in {}", path.display()))
}

/// The same for a file with this content, which need not be there yet and is not named in errors.
pub(crate) fn resolve_stream_table(
    file: Table,
    path: &Path,
    asked: &Asked,
    arriving: Arriving,
    shelf: &Shelf,
) -> Result<Described> {
    let whole = file.clone();
    let mut file = file;
    method_tables(&mut file, shelf)?;
    let Top { name, method, .. } = Top::take(&mut file)?;
    let name = named_as(name, path)?;
    let mut table = take_table(&mut file, "stream")?;
    let mut joint = wants_all(&method_of(method, shelf)?, shelf);
    if arriving == Arriving::InOrder {
        table.remove("joint");
        joint = false;
    }
    let files = files(&mut file, path, asked)?;
    let (_, loaders) = own_data(take_table(&mut file, "data")?, shelf)?;
    // A start is no part of a stream; but who writes this file elsewhere has to know where its weights lie.
    if let Some(path) = file.get("start").and_then(|start| start.get("path")).and_then(Value::as_str) {
        files.find(path, &[])?;
    }
    let places =
        Places { data: &asked.data, files: &files, own: &loaders, parts: &shelf.streams, sources: &shelf.datasets };
    let (table, stream) = build(&name, table, joint, &places)?;
    let head = heads(&mut file, stream.head)?;
    Ok(Described { stream, table, head, file: whole, files: files.found() })
}

/// What a bare list of concepts stands for: a stream that shows them, in its order where it has one.
fn of_list(path: &Path, shelf: &Shelf) -> Result<Table> {
    let list = path.file_name().context("a list has a name")?.to_string_lossy().into_owned();
    let parts = &shelf.streams.written;
    ensure!(!parts.kind.is_empty(), "{} is a list of concepts, and no kind of stream here reads one", path.display());
    let mut stream = Table::new();
    stream.insert("kind".into(), parts.kind.into());
    stream.insert("dataset".into(), Value::Array(vec![list.clone().into()]));
    // A table of counts is in no order that means something; FoMo's lists are orders.
    if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) {
        stream.insert("order".into(), explicit(parts.order, &list).into());
    }
    Ok(Table::from_iter([("stream".to_owned(), stream.into())]))
}

/// The part `kind` that reads `file`.
pub(crate) fn explicit(kind: &str, file: &str) -> Table {
    Table::from_iter([("kind".to_owned(), kind.into()), ("file".to_owned(), file.into())])
}
