//! `clbench keys`: every key that a stream file, or `KEY=VALUE`, may have.

use std::{collections::BTreeSet, fmt::Write};

use anyhow::{Result, anyhow};
use serde_json::json;
use toml::Value;

use super::{
    Ending, Usage,
    list::wrapped,
    methods::{WIDTH, defaults, said},
    print,
};
use crate::{
    catalogue::{Entry, unknown},
    config::{self, Key, Keys, Shelf},
};

/// What `keys` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    /// Only keys that begin so, such as ewc or optim., or that this
    /// kind, rule, network or format has, such as drift
    #[arg(value_name = "PREFIX", verbatim_doc_comment)]
    prefix: Option<String>,
    /// How they are written
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// How keys are written.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// As a page with a table for each section
    Md,
    /// For programs
    Json,
}

pub(super) fn keys(words: &Words, shelf: &Shelf) -> Result<Ending> {
    let mut sections = config::keys(shelf);
    let of_methods = sections.len() - shelf.methods.len();
    for (Keys { keys, .. }, method) in sections[of_methods..].iter_mut().zip(&shelf.methods) {
        // What a method's name says already is its own default.
        let own = defaults(method)?;
        keys.iter_mut().for_each(|key| key.default = own.get(key.setting.key).cloned().or(key.default.take()));
    }
    if let Some(prefix) = &words.prefix {
        let (parts, known) = (parts(shelf), near(&sections, shelf, prefix));
        for Keys { section, keys, .. } in &mut sections {
            keys.retain(|key| section == prefix || key.path.starts_with(prefix) || key.of == *prefix);
        }
        sections.retain(|of| !of.keys.is_empty() || of.section == prefix);
        if sections.is_empty() && !parts.contains(&&prefix[..]) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            return Err(Usage(anyhow!("{}", unknown("beginning of a key", prefix, &known))).into());
        }
    }
    match words.format {
        Format::Text => print(&text(&sections))?,
        Format::Md => print(&page(&sections, words.prefix.as_deref()))?,
        Format::Json => print(&objects(&sections)?)?,
    }
    Ok(Ending::Done)
}

/// Parts of streams, of which some have no keys.
fn parts(shelf: &Shelf) -> Vec<&'static str> {
    fn names<T>(entries: &[Entry<T>]) -> impl Iterator<Item = &'static str> {
        entries.iter().map(|entry| entry.name)
    }
    let all = &shelf.streams;
    let shown = names(&all.kinds).chain(names(&all.orderings)).chain(names(&all.alterations));
    shown.chain(names(&all.arrivals)).chain(names(&all.environments)).collect()
}

/// What could have been meant: keys of the section that is named, or else sections and what has keys in them.
fn near(sections: &[Keys], shelf: &Shelf, prefix: &str) -> Vec<String> {
    let first = prefix.split_once('.').map(|(first, _)| first);
    if let Some(Keys { keys, .. }) = sections.iter().find(|of| Some(of.section) == first) {
        let paths: BTreeSet<String> = keys.iter().map(|key| key.path.clone()).collect();
        return paths.into_iter().collect();
    }
    let mut names: Vec<String> = sections.iter().map(|of| of.section.to_owned()).collect();
    let owners = sections.iter().flat_map(|of| &of.keys).map(|key| &key.of[..]).filter(|of| !of.is_empty());
    for name in owners.chain(parts(shelf)) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// A key with what has it.
fn titled(key: &Key) -> String {
    if key.of.is_empty() { key.path.clone() } else { format!("{} ({})", key.path, key.of) }
}

/// A default in words; nothing for none.
fn usual(key: &Key) -> String {
    match &key.default {
        Some(value) => value.to_string(),
        None if key.setting.required => "has to be set".into(),
        None => String::new(),
    }
}

/// A key and its default, what it is and may be below it.
fn text(sections: &[Keys]) -> String {
    let mut text = String::new();
    for key in sections.iter().flat_map(|of| &of.keys) {
        let default = key.default.as_ref().map(Value::to_string);
        let is = default.map_or_else(String::new, |value| format!(" = {value}"));
        let must = if key.setting.required { ", has to be set" } else { "" };
        for (at, line) in wrapped(&format!("{}{is}{must}", titled(key)), WIDTH - 4).enumerate() {
            let _ = writeln!(text, "{}{line}", if at == 0 { "" } else { "    " });
        }
        wrapped(&said(&key.setting), WIDTH - 4).for_each(|line| text += &format!("    {line}\n"));
    }
    if text.is_empty() { "no keys\n".into() } else { text }
}

/// A page that says how it was made.
fn page(sections: &[Keys], prefix: Option<&str>) -> String {
    let (made, of) = match prefix {
        Some(prefix) => (format!("clbench keys {prefix} --format md"), format!(" under `{prefix}`")),
        None => ("clbench keys --format md > docs/keys.md".into(), String::new()),
    };
    let mut text = format!(
        "# Keys of a stream file\n\n<!-- {made} -->\n\nEvery key{of} that a stream file may have, by its dotted path; on \
         the command line it is `KEY=VALUE`. `clbench keys` shows the same. A name in brackets says which kind, rule, \
         network or format has the key.\n"
    );
    for Keys { section, about, keys } in sections {
        let end = if about.ends_with('.') { "" } else { "." };
        let mut about = about.chars();
        let first = about.next().map_or_else(String::new, |first| first.to_uppercase().to_string());
        let _ = write!(text, "\n## {section}\n\n{first}{}{end}\n", about.as_str());
        if keys.is_empty() {
            text.push_str("\nIt has no keys.\n");
            continue;
        }
        text.push_str("\n| key | default | what it may be | what it is |\n|---|---|---|---|\n");
        for key in keys {
            let of = if key.of.is_empty() { String::new() } else { format!(" ({})", key.of) };
            let usual = usual(key);
            let usual = if key.default.is_some() { format!("`{usual}`") } else { usual };
            let cells = [format!("`{}`{of}", key.path), usual, key.setting.range.words(), key.setting.about.to_owned()];
            let _ = writeln!(text, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
        }
    }
    text
}

fn objects(sections: &[Keys]) -> Result<String> {
    let object = |key: &Key| {
        json!({
            "key": key.path,
            "of": (!key.of.is_empty()).then_some(&key.of),
            "default": key.default,
            "required": key.setting.required,
            "range": key.setting.range.words(),
            "about": key.setting.about,
        })
    };
    let all: Vec<_> = sections.iter().flat_map(|of| &of.keys).map(object).collect();
    Ok(serde_json::to_string_pretty(&all)? + "\n")
}
