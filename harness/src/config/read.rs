//! A stream file as it stands, and what the command line says in other words.

use std::{fs, io::Read, path::Path};

use anyhow::{Context, Result, ensure};
use clbench_results::words::remark;
use toml::{Table, Value};

use super::Asked;

/// Largest stream file, in bytes.
const MOST_BYTES: u64 = clbench_results::record::limits::CONFIG_BYTES;

/// What is set on the command line takes the place of what the file says of the same in other words: a stopping rule,
/// and how classes are dealt out.
pub(super) fn replace_rule(file: &mut Table, asked: &Asked) {
    for setting in &asked.overrides {
        let list = setting.value.is_array();
        let (section, others): (_, &[&str]) = match setting.path.as_str() {
            "train.epochs" | "train.steps" => ("train", &["epochs", "steps"]),
            "stream.classes_per_task" if list => ("stream", &["tasks", "base", "increment"]),
            "stream.classes_per_task" => ("stream", &["base", "increment"]),
            "stream.increment" => ("stream", &["tasks", "classes_per_task"]),
            "stream.base" => ("stream", &["classes_per_task"]),
            "stream.tasks" => ("stream", &["increment"]),
            _ => continue,
        };
        let Some(table) = file.get_mut(section).and_then(Value::as_table_mut) else { continue };
        table.retain(|key, _| !others.contains(&key));
        // A number for each task says how many there are.
        if setting.path == "stream.tasks" && table.get("classes_per_task").is_some_and(Value::is_array) {
            table.remove("classes_per_task");
        }
    }
}

pub(super) fn read(path: &Path) -> Result<Table> {
    let within = || format!("cannot read the stream file {}", path.display());
    let mut text = String::new();
    // A device or a pipe has no size to look at first.
    let size = fs::File::open(path).with_context(within)?.take(MOST_BYTES + 1).read_to_string(&mut text);
    let size = size.with_context(within)? as u64;
    ensure!(size <= MOST_BYTES, "the stream file {} is larger than {MOST_BYTES} bytes", path.display());
    parsed(&text, path)
}

/// The table that `text` describes, which stands in the file at `path`.
pub(crate) fn parsed(text: &str, path: &Path) -> Result<Table> {
    text.parse().map_err(|error: toml::de::Error| {
        // What the parser would print quotes the line, however long that is.
        let before = &text[..text.floor_char_boundary(error.span().map_or(0, |span| span.start))];
        let (line, column) =
            (before.matches('\n').count() + 1, before.lines().last().unwrap_or("").chars().count() + 1);
        anyhow::anyhow!("{} is not TOML: line {line}, column {column}: {}", path.display(), remark(error.message()))
    })
}

pub(super) fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "stream".into(), |stem| stem.to_string_lossy().into_owned())
}
