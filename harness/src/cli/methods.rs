//! `clbench methods`: what methods there are, and what each of them is.

use std::{collections::BTreeMap, fmt::Write};

use anyhow::{Context, Result, anyhow};
use toml::{Table, Value};

use super::{Ending, Usage, list::wrapped, print};
use crate::{
    catalogue::{Family, Need},
    net::{Body, Mlp, Net},
    registry::{Make, Method, Shelf},
    scope::{HeadKind, Heads},
    stack::Stack,
};

/// Columns of a terminal.
const WIDTH: usize = 80;

/// What `methods` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    /// Explain these: reference, settings as TOML, what they need
    /// and what they stack with
    #[arg(value_name = "METHOD", verbatim_doc_comment)]
    names: Vec<String>,
}

pub(super) fn methods(words: &Words, shelf: &Shelf) -> Result<Ending> {
    if words.names.is_empty() {
        print(&listing(shelf))?;
        return Ok(Ending::Done);
    }
    let found = words.names.iter().map(|name| shelf.method(name)).collect::<Result<Vec<_>>>();
    let found = found.map_err(|error| Usage(anyhow!("{error:#}")))?;
    let texts = found.into_iter().map(|method| explained(method, shelf)).collect::<Result<Vec<_>>>()?;
    print(&texts.join("\n"))?;
    Ok(Ending::Done)
}

/// Names by family, a line each.
fn listing(shelf: &Shelf) -> String {
    let mut text = String::new();
    for family in Family::ALL {
        let of: Vec<&Method> = shelf.methods.iter().filter(|method| method.family == family).collect();
        if !of.is_empty() {
            let _ = writeln!(text, "{}", family.title());
            for Method { name, about, .. } in of {
                let _ = writeln!(text, "  {name:<18} {about}");
            }
            text.push('\n');
        }
    }
    text.push_str("method=a+b stacks them; clbench methods NAME says what one needs and can be set.\n");
    text
}

fn explained(method: &Method, shelf: &Shelf) -> Result<String> {
    let Method { name, about, citation, family, .. } = method;
    let mut text = format!("{name}: {about}\n{citation}\nfamily: {}\n\n", family.title());
    text.push_str(&settings(method)?);
    let needs = needs(method)?;
    if !needs.is_empty() {
        text.push_str("\nneeds\n");
        needs.iter().for_each(|need| indented(&mut text, &format!("{}; without, {}", need.what(), need.remedy())));
    }
    text.push_str(&company(name, shelf));
    Ok(text)
}

fn indented(text: &mut String, words: &str) {
    for line in wrapped(words, WIDTH - 2) {
        let _ = writeln!(text, "  {line}");
    }
}

/// Every setting as TOML, with what it is and may be.
pub(crate) fn settings(method: &Method) -> Result<String> {
    let defaults = defaults(method)?;
    if defaults.is_empty() {
        return Ok("no settings\n".into());
    }
    let mut text = format!("[{}]\n", method.name);
    for (key, value) in in_order(method, &defaults) {
        if let Some(setting) = method.settings.iter().find(|setting| setting.key == key) {
            let words = format!("{}: {}", setting.about, setting.range.words());
            for line in wrapped(&words, WIDTH - 2) {
                let _ = writeln!(text, "# {line}");
            }
        }
        let _ = writeln!(text, "{key} = {value}");
    }
    Ok(text)
}

/// Defaults as they are declared, then what is not declared.
fn in_order<'a>(method: &Method, defaults: &'a Table) -> Vec<(&'a str, &'a Value)> {
    let place = |key: &str| method.settings.iter().position(|setting| setting.key == key).unwrap_or(usize::MAX);
    let mut rows: Vec<_> = defaults.iter().map(|(key, value)| (key.as_str(), value)).collect();
    rows.sort_by_key(|(key, _)| place(key));
    rows
}

fn defaults(method: &Method) -> Result<Table> {
    let table = match method.make {
        Make::Carrier(make) => make(Table::new(), &small())?.0,
        Make::Contribution(make) => make(Table::new())?.0,
    };
    Ok(table)
}

/// What it needs, with its default settings.
fn needs(method: &Method) -> Result<Vec<Need>> {
    let mut needs = method.needs.to_vec();
    if let Make::Contribution(make) = method.make {
        needs.extend(make(Table::new()).context("defaults are settings")?.1.needs());
    }
    Ok(needs)
}

/// A network that nobody trains, for what is asked of stacks.
fn small() -> Net {
    let heads = Heads { kind: HeadKind::Shared, classes: 2, tasks: vec![vec![0, 1]], seen: vec![vec![0]] };
    Net { body: Body::Mlp(Mlp::default()), heads, input: [1, 2, 2] }
}

/// What stands beside `name` in a stack and what does not, tried out with default settings.
fn company(name: &str, shelf: &Shelf) -> String {
    let (mut with, mut without): (Vec<&str>, BTreeMap<String, Vec<&str>>) = (Vec::new(), BTreeMap::new());
    for other in shelf.methods.iter().map(|method| method.name).filter(|other| *other != name) {
        match Stack::new(&format!("{name}+{other}"), &Table::new(), &small(), shelf) {
            Ok(_) => with.push(other),
            Err(error) => {
                let reason = format!("{error:#}").replace(&format!("`{other}`"), "the other");
                without.entry(reason).or_default().push(other);
            }
        }
    }
    let mut text = String::new();
    if !with.is_empty() {
        let _ = writeln!(text, "\nstacks with");
        indented(&mut text, &with.join(", "));
    }
    for (reason, others) in without {
        let _ = writeln!(text, "\nnot with");
        indented(&mut text, &others.join(", "));
        indented(&mut text, &format!("– {reason}"));
    }
    text
}
