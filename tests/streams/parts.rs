//! The parts of the catalogues with settings for short streams of the digits, and the files that they ask for.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::Result;
use clbench::{
    config::{Arriving, Asked, Setup, Shelf, resolve, resolve_stream},
    data::Dataset,
    stream::Stream,
};
use tempfile::TempDir;

use crate::support;

/// Settings of a part in place of its defaults, as lines of TOML. A part may stand here several times.
const SETTINGS: &[(&str, &str)] = &[
    ("kind.domain-incremental", ""),
    (
        "kind.domain-incremental",
        "dataset = [\"digits\", \"fashion-mnist-small\"]\nby = \"position\"\nshape = [1, 8, 8]",
    ),
    ("kind.instance-incremental", "tasks = 3"),
    ("kind.permuted", "tasks = 2"),
    ("kind.rotated", "tasks = 2"),
    ("kind.concepts", "tasks = 3"),
    ("kind.concepts", "dataset = [\"digits\", \"fashion-mnist-small\"]\nper = \"dataset\"\nshape = [1, 8, 8]"),
    ("order.explicit", "file = \"order.json\"\nabsent = \"skip\""),
    ("order.difficulty", "examples = 20"),
    ("order.similarity", "source = \"means\""),
    ("order.similarity", "source = \"means\"\nreverse = true"),
    ("order.curriculum-designer", "candidates = 50"),
    ("arrival.online", "parts = 2"),
    ("arrival.blurry", "share = 0.3"),
    ("arrival.drift", ""),
    ("arrival.drift", "noise = \"uniform\"\nexperiences = 4"),
    ("arrival.curriculum", "experiences = 3"),
    ("arrival.curriculum", "source = \"file\"\nfile = \"scores.csv\"\npacing = \"log\"\nkeep = false"),
    ("arrival.timeline", "file = \"times.csv\""),
];

/// A file and what writes it, for the embedded datasets.
type File = (&'static str, fn(&[Dataset]) -> String);

/// Files beside the stream file.
const FILES: &[File] = &[
    ("scores.csv", |sets| numbers(sets, "score", |index| (index * 7919) % 1009)),
    ("order.json", order),
    ("times.csv", |sets| numbers(sets, "time", |index| 2000 + index % 20)),
];

/// Parts that no stream of the digits can have, and why.
const LEFT_OUT: &[(&str, &str)] = &[("arrival.recorded", "its file is of one stream; see tests/stream_cli.rs")];

/// Pairs of parts that do not go together, and a piece of the message that says so.
const UNFIT: &[(&str, &str, &str)] = &[
    ("kind.permuted", "order.frequency", "is for classes"),
    ("kind.rotated", "order.frequency", "is for classes"),
    ("kind.instance-incremental", "order.frequency", "is for classes"),
    ("kind.permuted", "order.explicit", "the ordering leaves nothing"),
    ("kind.rotated", "order.explicit", "the ordering leaves nothing"),
    ("kind.instance-incremental", "order.explicit", "the ordering leaves nothing"),
];

/// The concepts of all datasets in an order of their own.
fn order(sets: &[Dataset]) -> String {
    let names = |set: &Dataset| set.classes.iter().map(|class| format!("{}+++{class}", set.name)).collect::<Vec<_>>();
    let mut names: Vec<String> = sets.iter().flat_map(names).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.bytes().rev().collect::<Vec<_>>()));
    serde_json::to_string(&names).unwrap()
}

/// A number for each training example.
fn numbers(sets: &[Dataset], column: &str, number: fn(usize) -> usize) -> String {
    let row = |name: &str, index| format!("{name},{index},{}\n", number(index));
    let rows = sets.iter().flat_map(|set| (0..set.train.len()).map(move |index| row(&set.name, index)));
    format!("dataset,index,{column}\n{}", rows.collect::<String>())
}

/// A part with settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is, such as `arrival`.
    pub what: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its settings, as lines of TOML.
    pub settings: &'static str,
}

impl Part {
    /// Such as `arrival.online`.
    pub fn key(&self) -> String {
        format!("{}.{}", self.what, self.name)
    }
    fn all(what: &'static str, names: impl IntoIterator<Item = &'static str>) -> Vec<Self> {
        let samples = |name: &'static str| {
            let key = format!("{what}.{name}");
            let mut found: Vec<Self> = Vec::new();
            if LEFT_OUT.iter().all(|(left_out, _)| *left_out != key) {
                let own = SETTINGS.iter().filter(|(of, _)| *of == key);
                found.extend(own.map(|(_, settings)| Self { what, name, settings }));
                if found.is_empty() {
                    found.push(Self { what, name, settings: "" });
                }
            }
            found
        };
        names.into_iter().flat_map(samples).collect()
    }
}

/// Everything that a stream can be made of, and a folder to make streams in.
pub struct Yard {
    /// The catalogues.
    pub shelf: Shelf,
    /// Holds the files that parts ask for.
    pub folder: TempDir,
    /// Kinds.
    pub kinds: Vec<Part>,
    /// Orderings.
    pub orderings: Vec<Part>,
    /// Alterations.
    pub alterations: Vec<Part>,
    /// Arrivals.
    pub arrivals: Vec<Part>,
    /// Environments.
    pub environments: Vec<Part>,
    made: AtomicUsize,
}

impl Yard {
    /// All catalogues; the files are written.
    pub fn new() -> Self {
        let shelf = support::shelf();
        let folder = tempfile::tempdir().unwrap();
        let embedded = shelf.datasets.iter().filter(|source| source.files().is_empty());
        let embedded: Vec<Dataset> = embedded.map(|source| source.open(Path::new("")).unwrap()).collect();
        for (name, text) in FILES {
            fs::write(folder.path().join(name), text(&embedded)).unwrap();
        }
        macro_rules! all {
            ($what:literal, $list:ident) => {
                Part::all($what, shelf.streams.$list.iter().map(|part| part.name))
            };
        }
        let yard = Self {
            kinds: all!("kind", kinds),
            orderings: all!("order", orderings),
            alterations: all!("alteration", alterations),
            arrivals: all!("arrival", arrivals),
            environments: all!("environment", environments),
            shelf,
            folder,
            made: AtomicUsize::new(0),
        };
        let named = SETTINGS.iter().map(|(of, _)| of).chain(UNFIT.iter().flat_map(|(a, b, _)| [a, b]));
        for key in named {
            assert!(yard.parts().iter().any(|part| part.key() == **key), "a table names {key}, which is not there");
        }
        yard
    }
    /// Every part.
    pub fn parts(&self) -> Vec<Part> {
        let lists = [&self.kinds, &self.orderings, &self.alterations, &self.arrivals, &self.environments];
        lists.into_iter().flatten().cloned().collect()
    }
    /// The stream that a stream file describes.
    pub fn stream(&self, text: &str) -> Result<Stream> {
        self.with_file(text, |path| {
            Ok(resolve_stream(path, &Asked::parse(&[])?, Arriving::InOrder, &self.shelf)?.stream)
        })
    }
    /// What a stream file describes with `settings`, KEY=VALUE apart from each other by spaces.
    pub fn setup(&self, text: &str, settings: &str) -> Result<Setup> {
        let settings: Vec<String> = settings.split_whitespace().map(str::to_owned).collect();
        self.with_file(text, |path| resolve(path, &Asked::parse(&settings)?, &self.shelf))
    }
    fn with_file<T>(&self, text: &str, read: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
        let path = self.folder.path().join(format!("stream-{}.toml", self.made.fetch_add(1, Ordering::Relaxed)));
        fs::write(&path, text)?;
        let made = read(&path);
        fs::remove_file(&path)?;
        made
    }
    /// A piece of the message by which parts refuse to go together, if they do.
    pub fn unfit(&self, parts: &[&Part]) -> Option<&'static str> {
        let there = |key: &str| parts.iter().any(|part| part.key() == key);
        let of = |what| parts.iter().find(|part| part.what == what);
        if let (Some(arrival), Some(environment)) = (of("arrival"), of("environment")) {
            let entry = self.shelf.streams.arrivals.iter().find(|entry| entry.name == arrival.name).unwrap();
            let (_, made) = (entry.make)(arrival.settings.parse().unwrap()).unwrap();
            if made.is_whole() && environment.name != "none" {
                return Some("stream.environment does not go with this stream.arrival");
            }
        }
        // A kind with several datasets has whole tasks ranked.
        let tasks = parts.iter().any(|part| part.settings.contains("by = \"position\""));
        let kind = |key: &str| there(key) || (tasks && key == "kind.permuted");
        UNFIT.iter().find(|(a, b, _)| kind(a) && there(b)).map(|(.., why)| *why)
    }
}

/// A stream file made of `parts`, of the digits unless a part's settings name other datasets; what is not among the
/// parts is usual, the kind `class-incremental`. `common` are more lines of `[stream]`.
pub fn file(parts: &[&Part], common: &str) -> String {
    let mut lines = vec!["[stream]".to_owned(), common.to_owned()];
    if !parts.iter().any(|part| part.settings.contains("dataset = ")) {
        lines.push("dataset = \"digits\"".to_owned());
    }
    let (kinds, others): (Vec<&Part>, Vec<&Part>) = parts.iter().partition(|part| part.what == "kind");
    match kinds.first() {
        Some(Part { name, settings, .. }) => lines.push(format!("kind = \"{name}\"\n{settings}")),
        None => lines.push("kind = \"class-incremental\"".to_owned()),
    }
    for Part { what, name, settings } in others {
        lines.push(match *what {
            "alteration" => format!("[stream.{name}]\n{settings}"),
            _ => format!("[stream.{what}]\nkind = \"{name}\"\n{settings}"),
        });
    }
    lines.join("\n") + "\n"
}
