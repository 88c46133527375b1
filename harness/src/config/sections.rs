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
pub struct Key {
    /// Its dotted path, as `KEY=VALUE` has it.
    pub path: String,
    /// The kind, rule, body or format that has it; empty where all have it.
    pub of: String,
    /// Its default, where it has one.
    pub default: Option<Value>,
    /// What it is and may be.
    pub setting: Setting,
}

/// The keys of one section, or of one method.
#[derive(Clone, Debug)]
pub struct Keys<'a> {
    /// Its name; a value in place of a table has the name of its key.
    pub section: &'a str,
    /// What it is for.
    pub about: &'a str,
    /// What may stand in it.
    pub keys: Vec<Key>,
}

/// A section: its name, what it is for, and where its keys come from.
struct Section {
    name: &'static str,
    about: &'static str,
    keys: Source,
}

/// Where the keys of a section come from.
enum Source {
    /// It is a value outside of all tables.
    Top,
    /// They are declared.
    Declared(&'static [Setting]),
    /// Some of them are those of what stands on a shelf.
    Shelf(fn(&Shelf) -> Vec<Key>),
}

const fn section(name: &'static str, about: &'static str, keys: Source) -> Section {
    Section { name, about, keys }
}

/// All but those of the methods, in the order in which they are listed.
const SECTIONS: &[Section] = &[
    section("name", "The stream's name.", Source::Top),
    section("method", "What is trained, and how.", Source::Top),
    section("seed", "The run's seed.", Source::Top),
    section("device", "Where tensors live.", Source::Top),
    section("start", "Where the first weights come from: a name, or a table.", Source::Shelf(|_| start())),
    section("files", "Where the files lay that the stream file names; a run writes it.", Source::Declared(FILE)),
    section("data", "Your own data, a table for each name.", Source::Shelf(data)),
    section("stream", "Which tasks there are and how they arrive.", Source::Shelf(stream)),
    section("net", "What comes before the head.", Source::Shelf(|_| net())),
    section("text", "How images and texts are brought together.", Source::Declared(text::Config::SETTINGS)),
    section(
        "head",
        "Heads, and which logits count; where not set, as the kind has them.",
        Source::Declared(Head::SETTINGS),
    ),
    section("optim", "The optimizer.", Source::Shelf(optim)),
    section("schedule", "Its learning rates.", Source::Declared(Schedule::SETTINGS)),
    section("train", "Batches, and how long a method would like to train.", Source::Declared(Train::SETTINGS)),
    section("mixture", "What batches are made of; shares sum to 1.", Source::Declared(Mixture::SETTINGS)),
    section("buffer", "What of earlier experiences batches can hold.", Source::Declared(Buffer::SETTINGS)),
    section("budget", "What a run may spend.", Source::Declared(Budget::SETTINGS)),
    section("eval", "When and how it is evaluated.", Source::Declared(Eval::SETTINGS)),
    section("log", "What is logged.", Source::Declared(Log::SETTINGS)),
    section("keep", "What is kept beside the results.", Source::Declared(Keep::SETTINGS)),
    section("checkpoint", "When a run is saved; it changes no number.", Source::Declared(Checkpoint::SETTINGS)),
];

/// Names of the sections.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SECTIONS.iter().map(|section| section.name)
}

/// Whether a section has this name.
pub(crate) fn is_section(name: &str) -> bool {
    names().any(|section| section == name)
}

/// Every key of a stream file by sections, those of the methods last.
pub fn keys(shelf: &Shelf) -> Vec<Keys<'_>> {
    let own = |known: &'static Section| Keys { section: known.name, about: known.about, keys: known.keys(shelf) };
    let methods = shelf.methods.iter();
    let methods = methods.map(|method| Keys {
        section: method.name,
        about: method.about,
        keys: of(method.name, method.settings),
    });
    SECTIONS.iter().map(own).chain(methods).collect()
}

impl Section {
    fn keys(&self, shelf: &Shelf) -> Vec<Key> {
        match self.keys {
            Source::Top => top(self.name),
            Source::Declared(settings) => of(self.name, settings),
            Source::Shelf(keys) => keys(shelf),
        }
    }
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

// Its keys are the files' names, which no struct can list.
const FILE: &[Setting] = &[Setting::new("NAME", "Where the file called NAME lay.", Range::Text("a path"))];

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
