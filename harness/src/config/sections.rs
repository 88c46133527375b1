//! Sections of a stream file: what each is for, and every key that may stand in it.

use anyhow::Result;
use toml::{Table, Value};

use super::{Checkpoint, Eval, File, Keep, Log, Optim, Pretrain, Shelf};
use crate::{
    batch::mixture::{Buffer, Mixture},
    budget::{Budget, Train},
    catalogue::{Entry, Range, Setting, check, keys as keys_of, typed},
    network::{net::Body, text},
    optim::schedule::Schedule,
    primitives::scope::Head,
    stream::{Settings, common},
};

crate::catalogue::settings! {
    /// What stands in a stream file outside of all tables.
    #[derive(Clone, Debug)]
    pub(crate) struct Top {
        /// Name of the stream; that of the file where not set.
        pub name: Option<String> = None, Range::Text("a folder's name");
        /// Names of methods, joined by `+`; the first of `clbench methods` where not set.
        pub method: Option<String> = None, Range::Text("names joined by `+`");
        /// Seed of every draw of the run; the stream's own is in `[stream]`.
        pub seed: u64 = 0;
        /// Where tensors live.
        pub device: String = "flex".into(), Range::Text("a device that the program is built for");
    }
}

impl Top {
    /// Takes it out of a file.
    pub(crate) fn take(file: &mut Table) -> Result<Self> {
        let own = keys_of(Self::SETTINGS).filter_map(|key| file.remove_entry(key)).collect();
        check("", Self::SETTINGS, &own)?;
        typed(own)
    }
}

/// A key of a stream file.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// Its dotted path, as `KEY=VALUE` has it.
    pub path: String,
    /// The kind, rule, body or format that has it; empty where all have it.
    pub of: String,
    /// Its default, where it has one.
    pub default: Option<Value>,
    /// What it is and may be.
    pub setting: Setting,
}

/// A section: its name, what it is for, and where its keys come from.
pub(crate) struct Section {
    /// Its name; a value in place of a table has the name of its key.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    keys: fn(&Shelf) -> Vec<Key>,
}

/// All but those of the methods, in the order in which they are listed.
pub(crate) const SECTIONS: &[Section] = &[
    Section { name: "name", about: "The stream's name.", keys: |_| top("name") },
    Section { name: "method", about: "What is trained, and how.", keys: |_| top("method") },
    Section { name: "seed", about: "The run's seed.", keys: |_| top("seed") },
    Section { name: "device", about: "Where tensors live.", keys: |_| top("device") },
    Section { name: "start", about: "Where the first weights come from: a kind, or a table.", keys: |_| start() },
    Section {
        name: "files",
        about: "Where the files lay that the stream file names; a run writes it.",
        keys: |_| files(),
    },
    Section { name: "data", about: "Your own data, a table for each name.", keys: data },
    Section { name: "stream", about: "Which tasks there are and how they arrive.", keys: stream },
    Section { name: "net", about: "What comes before the head.", keys: |_| net() },
    Section {
        name: "text",
        about: "How images and texts are brought together.",
        keys: |_| of("text", text::Config::SETTINGS),
    },
    Section {
        name: "head",
        about: "Heads, and which logits count; defaults are those of `class-incremental`.",
        keys: |_| of("head", Head::SETTINGS),
    },
    Section { name: "optim", about: "The optimizer.", keys: optim },
    Section { name: "schedule", about: "Its learning rates.", keys: |_| of("schedule", Schedule::SETTINGS) },
    Section {
        name: "train",
        about: "Batches, and how long a method would like to train.",
        keys: |_| of("train", Train::SETTINGS),
    },
    Section {
        name: "mixture",
        about: "What batches are made of; shares sum to 1.",
        keys: |_| of("mixture", Mixture::SETTINGS),
    },
    Section {
        name: "buffer",
        about: "What of earlier experiences batches can hold.",
        keys: |_| of("buffer", Buffer::SETTINGS),
    },
    Section { name: "budget", about: "What a run may spend.", keys: |_| of("budget", Budget::SETTINGS) },
    Section { name: "eval", about: "When and how it is evaluated.", keys: |_| of("eval", Eval::SETTINGS) },
    Section { name: "log", about: "What is logged.", keys: |_| of("log", Log::SETTINGS) },
    Section { name: "keep", about: "What is kept beside the results.", keys: |_| of("keep", Keep::SETTINGS) },
    Section {
        name: "checkpoint",
        about: "When a run is saved; it changes no number.",
        keys: |_| of("checkpoint", Checkpoint::SETTINGS),
    },
];

/// Names of the sections.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SECTIONS.iter().map(|section| section.name)
}

/// Whether a section has this name.
pub(crate) fn is_section(name: &str) -> bool {
    names().any(|section| section == name)
}

/// Sections with what they are for and their keys, those of the methods last.
pub(crate) fn keys(shelf: &Shelf) -> Vec<(&str, &str, Vec<Key>)> {
    let own = SECTIONS.iter().map(|section| (section.name, section.about, (section.keys)(shelf)));
    own.chain(shelf.methods.iter().map(|method| (method.name, method.about, of(method.name, method.settings))))
        .collect()
}

/// The keys of the table at `path`, and of those below it.
fn of(path: &str, settings: &[Setting]) -> Vec<Key> {
    owned(path, "", settings)
}

/// The same where they belong to `owner` alone.
fn owned(path: &str, owner: &str, settings: &[Setting]) -> Vec<Key> {
    let key = |setting: &Setting| {
        let path = format!("{path}.{}", setting.key);
        match setting.range {
            Range::Table(inner) => owned(&path, owner, inner),
            _ => vec![Key { path, of: owner.into(), default: (setting.default)(), setting: *setting }],
        }
    };
    settings.iter().flat_map(key).collect()
}

/// The keys of each entry of a catalogue.
fn each<F>(path: &str, entries: &[Entry<F>]) -> Vec<Key> {
    entries.iter().flat_map(|entry| owned(path, entry.name, entry.settings)).collect()
}

fn top(key: &str) -> Vec<Key> {
    let own = Top::SETTINGS.iter().filter(|setting| setting.key == key);
    own.map(|own| Key { path: key.into(), of: String::new(), default: (own.default)(), setting: *own }).collect()
}

// Kinds of a start are variants of an enum, with a table or without: only their own keys can be declared with a struct.
fn start() -> Vec<Key> {
    const KIND: &[Setting] = &[Setting::new(
        "kind",
        "Where they come from; the name alone may stand for the table.",
        Range::Choice(super::start::KINDS),
    )
    .or(|| Some("random".into()))];
    [of("start", KIND), owned("start", "file", File::SETTINGS), owned("start", "pretrain", Pretrain::SETTINGS)].concat()
}

// Its keys are the files' names.
fn files() -> Vec<Key> {
    const FILE: &[Setting] = &[Setting::new("NAME", "Where the file called NAME lay.", Range::Text("a path"))];
    of("files", FILE)
}

// Its keys are the datasets' names, and what each has is the format's.
fn data(shelf: &Shelf) -> Vec<Key> {
    const FORMAT: &[Setting] =
        &[Setting::new("format", "How it is read; see `clbench list`.", Range::Text("a format")).required()];
    [of("data.NAME", FORMAT), each("data.NAME", &shelf.formats)].concat()
}

fn stream(shelf: &Shelf) -> Vec<Key> {
    let parts = &shelf.streams;
    let chosen = |key: &str, path: &str| of(path, common(key));
    let mut keys = of("stream", Settings::SETTINGS);
    keys.extend(each("stream", &parts.kinds));
    keys.extend(chosen("order", "stream.order"));
    keys.extend(each("stream.order", &parts.orderings));
    keys.extend(chosen("arrival", "stream.arrival"));
    keys.extend(each("stream.arrival", &parts.arrivals));
    keys.extend(chosen("environment", "stream.environment"));
    keys.extend(each("stream.environment", &parts.environments));
    keys.extend(parts.alterations.iter().flat_map(|part| of(&format!("stream.{}", part.name), part.settings)));
    keys
}

// A body is a variant of an enum that is told by this tag.
fn net() -> Vec<Key> {
    const BODY: &[Setting] = &[Setting::new("body", "Which network it is; see `clbench list`.", Range::Text("a name"))
        .or(|| Some("mlp".into()))];
    [of("net", BODY), each("net", &Body::CATALOGUE)].concat()
}

fn optim(shelf: &Shelf) -> Vec<Key> {
    [of("optim", Optim::SETTINGS), each("optim", &shelf.rules)].concat()
}
