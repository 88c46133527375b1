//! `clbench methods`: what methods there are, and what each of them is.

use std::fmt::Write;

use anyhow::{Result, anyhow};
use toml::{Table, Value};

use super::{
    Ending, Usage,
    company::{company, small},
    list::wrapped,
    print,
};
use crate::{
    catalogue::Setting,
    config::Shelf,
    method::{Family, Make, Method},
};

/// Columns of a terminal.
pub(super) const WIDTH: usize = 80;

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
    let rule = words.names.iter().find(|name| shelf.method(name).is_err() && shelf.rule(name).is_ok());
    if let Some(rule) = rule {
        return Err(Usage(anyhow!("`{rule}` is an optimizer; set optim.rule={rule} (see clbench list)")).into());
    }
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
    text.push_str(&company(method, shelf)?);
    Ok(text)
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
            let words = said(setting);
            for line in wrapped(&words, WIDTH - 2) {
                let _ = writeln!(text, "# {line}");
            }
        }
        let _ = writeln!(text, "{key} = {value}");
    }
    Ok(text)
}

/// What a setting is, and what it may be.
pub(super) fn said(setting: &Setting) -> String {
    format!("{}: {}", setting.about.trim_end_matches('.'), setting.range.words())
}

/// Defaults as they are declared, then what is not declared.
fn in_order<'a>(method: &Method, defaults: &'a Table) -> Vec<(&'a str, &'a Value)> {
    let place = |key: &str| method.settings.iter().position(|setting| setting.key == key).unwrap_or(usize::MAX);
    let mut rows: Vec<_> = defaults.iter().map(|(key, value)| (key.as_str(), value)).collect();
    rows.sort_by_key(|(key, _)| place(key));
    rows
}

/// A method's settings where none is set.
pub(super) fn defaults(method: &Method) -> Result<Table> {
    let table = match method.make {
        Make::Carrier(make) => make(Table::new(), &small())?.0,
        Make::Contribution(make) => make(Table::new())?.0,
    };
    Ok(table)
}
