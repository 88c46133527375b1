//! From a stream file and settings to a checked configuration, its stream and its network.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use toml::{Table, Value};

use super::{
    Asked, Config, Optim, Shelf, Start,
    checks::{check, told, used},
    read::{read, replace_rule, stem},
    sections::{Top, is_section, names},
};
use crate::{
    catalogue::{self, Settings, besides, find, section, typed, unknown},
    data::files::{Files, Lain},
    method::{Dual, Stack},
    network::{
        net::{Body, Net},
        text,
    },
    optim::Optimizer,
    primitives::{
        draws::Draws,
        scope::{Count, Head, HeadKind},
    },
    stream::{
        Stream,
        build::build as build_stream,
        listed::is_list,
        open::{Own, Places},
    },
};

/// A checked configuration with what it describes; for every seed the same but for the seed.
pub struct Setup {
    /// The resolved configuration.
    pub config: Config,
    /// What is trained on.
    pub stream: Stream,
    /// What is trained.
    pub net: Net,
    /// What is trained of it with texts, where there are some.
    pub dual: Option<Dual>,
    /// The optimizer's common settings.
    pub optim: Optim,
    /// Settings from the command line, as they are printed in tables.
    pub overrides: Vec<String>,
    /// Source revision of the program; see [`Shelf::revision`].
    pub revision: &'static str,
    /// Whether its runs are evaluated; a pretraining is not.
    pub asks: bool,
}

impl Setup {
    /// A fresh stack of methods.
    pub fn stack(&self, shelf: &Shelf) -> Result<Stack> {
        let stack = Stack::new(&self.config.method, &self.config.methods, &self.net, &shelf.methods)?;
        match &self.dual {
            Some(dual) => stack.reading(dual),
            None => Ok(stack),
        }
    }
    /// A fresh optimizer.
    pub fn optimizer(&self, shelf: &Shelf) -> Result<Box<dyn Optimizer>> {
        Ok((shelf.rule(&self.optim.rule)?.make)(split(&self.config.optim).1)?.1)
    }
}

/// What of `[optim]` belongs to every rule, and what to its own.
fn split(table: &Table) -> (Table, Table) {
    table.clone().into_iter().partition(|(key, _)| catalogue::keys(Optim::SETTINGS).any(|own| own == key))
}

/// Reads the stream file at `path`, applies what was asked, checks everything and builds the stream.
///
/// # Errors
/// When anything is missing, unknown, out of range or contradictory; the message names file, key and remedy.
pub fn resolve(path: &Path, asked: &Asked, shelf: &Shelf) -> Result<Setup> {
    ensure!(
        !is_list(&path.to_string_lossy()),
        "{} is a list of concepts and no stream file; `clbench stream import` makes one of it",
        path.display()
    );
    let mut file = read(path)?;
    replace_rule(&mut file, asked);
    asked.apply(&mut file)?;
    build(file, path, asked, shelf).with_context(|| format!("in {}", path.display()))
}

fn build(mut file: Table, path: &Path, asked: &Asked, shelf: &Shelf) -> Result<Setup> {
    let tables = method_tables(&mut file, shelf)?;
    let Top { name, method, seed, device } = Top::take(&mut file)?;
    let (name, method) = (named_as(name, path)?, method_of(method, shelf)?);
    let files = files(&mut file, path, asked)?;
    let start = Start::read(file.remove("start"), &files)?;
    let (data, loaders) = own_data(take_table(&mut file, "data")?, shelf)?;
    let (optim_table, optim) = optimizer(take_table(&mut file, "optim")?, shelf)?;
    let body = body(&mut file)?;
    let joint = wants_all(&method, shelf);
    let places =
        Places { data: &asked.data, files: &files, own: &loaders, parts: &shelf.streams, sources: &shelf.datasets };
    let (stream_table, stream) =
        streamed(build_stream(&name, take_table(&mut file, "stream")?, joint, &places)?, &body)?;
    let head = heads(&mut file, stream.head)?;
    let mut config = Config {
        name,
        method,
        seed,
        device,
        start,
        files: files.found(),
        data,
        stream: stream_table,
        net: body.clone(),
        text: texts(&mut file)?,
        head,
        optim: optim_table,
        schedule: take(&mut file, "schedule")?,
        train: take(&mut file, "train")?,
        mixture: take(&mut file, "mixture")?,
        buffer: take(&mut file, "buffer")?,
        budget: take(&mut file, "budget")?,
        eval: take(&mut file, "eval")?,
        log: take(&mut file, "log")?,
        keep: take(&mut file, "keep")?,
        checkpoint: take(&mut file, "checkpoint")?,
        methods: Table::new(),
    };
    let net = Net { body, heads: stream.heads(&head), input: stream.input };
    check(&mut config, &stream, &net)?;
    let stack = Stack::new(&config.method, &tables, &net, &shelf.methods)?;
    let (stack, dual) = reading(stack, &mut config, (&stream, &net), &asked.data)?;
    told(&config, &stack, &stream, &net)?;
    used(asked, &config, shelf)?;
    let device = crate::primitives::device::open(&config.device)?;
    if let Start::File(file) = &mut config.start {
        // What does not fit is refused before anything is written.
        file.look(stack.carrier.init(&Draws::of(seed), &device), &config.method, &net)?;
    }
    config.methods = stack.tables;
    // These stand elsewhere, or change no number.
    let aside = ["method", "seed", "device", "checkpoint.every"];
    let overrides = asked.overrides.iter().filter(|o| !aside.contains(&o.path.as_str()));
    let overrides = overrides.map(|o| o.text.clone()).collect();
    Ok(Setup { config, stream, net, dual, optim, overrides, revision: shelf.revision, asks: true })
}

/// The network's body.
fn body(file: &mut Table) -> Result<Body> {
    let mut body = take_table(file, "net")?;
    body.entry("body").or_insert_with(|| "mlp".into());
    let body: Body = typed(body).context("in [net]")?;
    body.check()?;
    Ok(body)
}

/// A stream that can be run, as `body` wants to see it.
fn streamed((table, mut stream): (Table, Stream), body: &Body) -> Result<(Table, Stream)> {
    if body.wants_pixels() {
        stream.scaling = vec![(1.0, 0.0); stream.input[0]];
    }
    ensure!(
        !stream.is_bare(),
        "the stream is a list of concepts without pictures; it can be shown, exported and compared, and not run: name \
         datasets in stream.dataset"
    );
    Ok((table, stream))
}

/// The stack with images and texts in place of the plain network, where there is `[text]`; its table gets its defaults.
fn reading(
    stack: Stack,
    config: &mut Config,
    (stream, net): (&Stream, &Net),
    data: &Path,
) -> Result<(Stack, Option<Dual>)> {
    let Some(text) = &config.text else { return Ok((stack, None)) };
    let dual = named(text, config, stream, net, data).context("in [text]")?;
    config.text = Some(dual.config().clone());
    Ok((stack.reading(&dual)?, Some(dual)))
}

/// Takes the tables of methods out, and refuses what is neither a section nor a method.
///
/// A run's own `config.toml` has them together in `[methods]`.
pub(super) fn method_tables(file: &mut Table, shelf: &Shelf) -> Result<Table> {
    let mut tables = Table::new();
    for (name, table) in take_table(file, "methods")? {
        ensure!(!file.contains_key(&name), "[{name}] and [methods.{name}] say the same; leave one of them out");
        file.insert(name, table);
    }
    for key in file.keys().cloned().collect::<Vec<_>>() {
        if is_section(&key) {
            continue;
        }
        if shelf.method(&key).is_err() {
            let methods = shelf.methods.iter().map(|method| method.name);
            bail!("{}", unknown("section", &key, &names().chain(methods).collect::<Vec<_>>()));
        }
        let table = file.remove(&key).expect("the key is there");
        ensure!(table.is_table(), "{key} = {table} is no table; write [{key}]");
        tables.insert(key, table);
    }
    Ok(tables)
}

/// The stream's name: what the file says, else what its own name comes to as a folder's.
pub(super) fn named_as(name: Option<String>, path: &Path) -> Result<String> {
    name.map_or_else(|| Ok(folder_name(&stem(path))), plain_name)
}

/// The method: what the file says, else the first that there is.
pub(super) fn method_of(method: Option<String>, shelf: &Shelf) -> Result<String> {
    let method = method.unwrap_or_else(|| shelf.methods.first().map_or("", |method| method.name).to_owned());
    // Only a pretraining has no method.
    if method.is_empty() && !shelf.methods.is_empty() {
        shelf.method("").context("in method=")?;
    }
    Ok(method)
}

/// What finds the files that the stream file at `path` names.
pub(super) fn files(file: &mut Table, path: &Path, asked: &Asked) -> Result<Files> {
    let kept: Lain = typed(take_table(file, "files")?).context("in [files]")?;
    Ok(match &asked.fence {
        Some(folder) => Files::fenced(folder),
        None => Files::beside(path.parent().unwrap_or(Path::new(""))).kept(kept),
    })
}

/// Whether a method wants all tasks at once.
pub(super) fn wants_all(method: &str, shelf: &Shelf) -> bool {
    method.split('+').any(|name| shelf.method(name).is_ok_and(|method| method.joint))
}

/// The stream's heads with what `[head]` changes.
pub(super) fn heads(file: &mut Table, usual: Head) -> Result<Head> {
    match file.remove("head") {
        None => Ok(usual),
        Some(Value::Table(table)) => {
            let mut whole = Table::try_from(usual).expect("a head is a table");
            whole.extend(table);
            typed(whole).context("in [head]")
        }
        Some(other) => bail!("head = {other} is no table"),
    }
}

pub(super) fn take_table(file: &mut Table, key: &str) -> Result<Table> {
    match file.remove(key) {
        None => Ok(Table::new()),
        Some(Value::Table(table)) => Ok(table),
        Some(other) => bail!("{key} = {other} is no table; write [{key}]"),
    }
}

/// Takes a section out of the file and checks it.
fn take<C: Settings>(file: &mut Table, name: &str) -> Result<C> {
    section(name, take_table(file, name)?)
}

/// The `[data]` tables with their defaults, and what opens each.
pub(super) fn own_data(tables: Table, shelf: &Shelf) -> Result<(Table, Own)> {
    let (mut filled, mut own) = (Table::new(), Own::new());
    for (name, value) in tables {
        let Value::Table(mut table) = value else { bail!("data.{name} = {value} is no table; write [data.{name}]") };
        ensure!(shelf.dataset(&name).is_err(), "[data.{name}] has the name of a dataset that ships; choose another");
        let formats = || shelf.formats.iter().map(|format| format.name).collect::<Vec<_>>().join(", ");
        let Some(Value::String(format)) = table.remove("format") else {
            bail!("data.{name}.format is missing; there are {}", formats());
        };
        let within = || format!("in [data.{name}]");
        let (mut table, loader) = (find("format", &format, &shelf.formats)?.make)(table)
            .map_err(|error| besides(error, &["format"]))
            .with_context(within)?;
        table.insert("format".into(), format.into());
        filled.insert(name.clone(), table.into());
        own.push((name, loader));
    }
    Ok((filled, own))
}

/// The `[text]` table, where there is one.
fn texts(file: &mut Table) -> Result<Option<text::Config>> {
    if !file.contains_key("text") {
        return Ok(None);
    }
    take::<text::Config>(file, "text")?.complete().map(Some)
}

/// What learns images with texts; refuses what asks for logits of classes.
fn named(text: &text::Config, config: &Config, stream: &Stream, net: &Net, data: &Path) -> Result<Dual> {
    ensure!(
        config.head.kind == HeadKind::Shared && config.head.train == Count::All,
        "images are trained with texts, and there are no heads; set head.kind = \"shared\" and head.train = \"all\""
    );
    ensure!(
        stream.policy.is_none(),
        "stream.environment chooses by what the network answers class by class while it is trained with texts; choose \
         one that does not"
    );
    Dual::new(net.clone(), text.clone(), stream.titles.clone(), data)
}

/// Longest name of a stream, in bytes.
const MOST_NAME: usize = 100;

/// Whether a character may be in a name: letters and digits of any script with their accents, and what no shell, file
/// system or table stumbles over.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "-_. ".contains(c) || ('\u{300}'..='\u{36f}').contains(&c)
}

fn plain_name(name: String) -> Result<String> {
    ensure!(
        name == folder_name(&name),
        "the name `{}` is no folder's name; use at most {MOST_NAME} bytes of letters, digits, `-`, `_`, `.` and \
         blanks, none of the last two at an end",
        name.escape_debug()
    );
    Ok(name)
}

/// The name with `-` in place of what cannot be in one, and cut where it is too long.
fn folder_name(name: &str) -> String {
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    let mut plain = plain.trim_matches([' ', '.']);
    while plain.len() > MOST_NAME {
        let last = plain.char_indices().next_back().map_or(0, |(at, _)| at);
        plain = plain[..last].trim_end_matches([' ', '.']);
    }
    if plain.is_empty() { "stream".into() } else { plain.into() }
}

fn optimizer(table: Table, shelf: &Shelf) -> Result<(Table, Optim)> {
    let mut table = table;
    table.entry("rule").or_insert_with(|| "sgd".into());
    ensure!(table.contains_key("rate"), "optim.rate is missing; set it, such as to 0.1");
    let (common, own) = split(&table);
    let optim: Optim = section("optim", common)?;
    let made = (shelf.rule(&optim.rule)?.make)(own);
    let common: Vec<&str> = catalogue::keys(Optim::SETTINGS).collect();
    let (mut own, _) = made.map_err(|error| besides(error, &common)).context("in [optim]")?;
    own.extend(Table::try_from(&optim).context("settings are a table")?);
    Ok((own, optim))
}

impl Setup {
    /// The configuration of one seed.
    pub fn seeded(&self, seed: u64) -> Config {
        Config { seed, ..self.config.clone() }
    }
    /// The directory of one seed: `<runs>/<stream>/<method>/<run id>`.
    pub fn place(&self, runs: &Path, seed: u64) -> PathBuf {
        let id = self.seeded(seed).id(&self.stream.hash);
        runs.join(&self.config.name).join(&self.config.method).join(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_file_of_any_name_has_a_folder() {
        for (name, folder) in [
            ("split-digits", "split-digits"),
            ("my stream (v2)", "my stream -v2-"),
            ("données", "données"),
            ("donne\u{301}es", "donne\u{301}es"),
            ("поток", "поток"),
            ("データ", "データ"),
            ("a/b\\c\u{1b}[31m\n", "a-b-c--31m-"),
            ("../..", "-"),
            (".hidden.", "hidden"),
            (" ", "stream"),
            ("\u{202e}x", "-x"),
            ("$(reboot)", "--reboot-"),
        ] {
            assert_eq!(folder_name(name), folder, "{name}");
            assert_eq!(plain_name(name.to_owned()).is_ok(), name == folder, "{name}");
            assert_eq!(folder_name(folder), folder, "{name}");
        }
        assert_eq!(folder_name(&"é".repeat(200)), "é".repeat(50));
        assert!(plain_name("x".repeat(100)).is_ok() && plain_name("x".repeat(101)).is_err());
    }
}
