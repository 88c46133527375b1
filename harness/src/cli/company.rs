//! What a method stacks with and what not, found by trying every pair on a small network: with default settings, and
//! with each named choice by itself.

use std::{collections::BTreeMap, fmt::Write};

use anyhow::Result;
use toml::{Table, Value};

use super::{list::wrapped, methods::WIDTH};
use crate::{
    catalogue::{Need, Range},
    config::Shelf,
    method::{Method, Stack},
    network::net::{Body, Mlp, Net},
    primitives::scope::{HeadKind, Heads},
};

/// A method with its defaults but for a choice or two.
struct Variant {
    name: &'static str,
    /// As the command line would have it, such as `lora.per=task`; the name alone where all is default.
    label: String,
    table: Table,
}

/// Reasons, each with what is refused for it.
type Refusals = BTreeMap<String, Vec<String>>;

impl Variant {
    fn plain(method: &Method) -> Self {
        Self { name: method.name, label: method.name.into(), table: Table::new() }
    }

    fn chosen(method: &Method, choices: &[&(&str, Value)]) -> Self {
        let said = |(key, value): &&(&str, Value)| {
            let word = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("{}.{key}={word}", method.name)
        };
        let table = choices.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        Self { name: method.name, label: choices.iter().map(said).collect::<Vec<_>>().join(" "), table }
    }

    /// Each named choice that is no default, beside another one where it does not work alone.
    fn of(method: &Method, shelf: &Shelf) -> Result<Vec<Self>> {
        let stack = stack(&[&Self::plain(method)], shelf)?;
        let choices: Vec<_> = choices(method).filter(|(key, value)| stack.tables[method.name][key] != *value).collect();
        let works = |variant: &Self| self::stack(&[variant], shelf).is_ok();
        let first = |choice| {
            let pairs = choices.iter().map(|other| Self::chosen(method, &[other, choice]));
            std::iter::once(Self::chosen(method, &[choice])).chain(pairs).find(works)
        };
        Ok(choices.iter().filter_map(first).collect())
    }

    /// Why this and `other` are refused together, in whichever order, if they are.
    fn refuses(&self, other: &Self, shelf: &Shelf) -> Option<String> {
        let error = stack(&[self, other], shelf).err()?;
        stack(&[other, self], shelf).err()?;
        let reason = format!("{error:#}").replace(&format!("`{}`", other.name), "the other");
        Some(reason.replace(&format!(" {}.", other.name), " its "))
    }
}

/// Every word that a setting with named choices may have.
fn choices(method: &Method) -> impl Iterator<Item = (&'static str, Value)> {
    method.settings.iter().flat_map(|setting| {
        let values: Vec<Value> = match setting.range {
            Range::Flag => vec![false.into(), true.into()],
            Range::Choice(words) => words.iter().map(|word| Value::from(*word)).collect(),
            _ => Vec::new(),
        };
        values.into_iter().map(|value| (setting.key, value))
    })
}

/// A stack of `parts`.
fn stack(parts: &[&Variant], shelf: &Shelf) -> Result<Stack> {
    let names: Vec<&str> = parts.iter().map(|part| part.name).collect();
    let tables = parts.iter().map(|part| (part.name.to_owned(), part.table.clone().into())).collect();
    Stack::new(&names.join("+"), &tables, &small(), &shelf.methods)
}

/// A network that nobody trains, for what is asked of methods.
pub(super) fn small() -> Net {
    let heads = Heads { kind: HeadKind::Shared, classes: 2, tasks: vec![vec![0, 1]], seen: vec![vec![0]] };
    Net { body: Body::Mlp(Mlp::default()), heads, input: [1, 2, 2] }
}

/// What a stack needs of stream and network, each once.
fn needs(stack: &Stack) -> Vec<Need> {
    let named = |need: &Need| stack.needs.iter().any(|(_, own)| own == need);
    Need::ALL.into_iter().filter(|need| need.remedy().is_some() && named(need)).collect()
}

/// What is found of a method, or of one of its choices.
#[derive(Default, PartialEq)]
struct Found {
    needs: Vec<Need>,
    with: Vec<String>,
    without: Refusals,
}

impl Found {
    fn refused(&mut self, reason: String, other: Variant) {
        self.without.entry(reason).or_default().push(other.label);
    }

    /// A paragraph each, under headings that begin with `when`.
    fn tell(self, when: &str) -> String {
        let mut text = String::new();
        let mut paragraph = |heading: &str, lines: &[String]| {
            text.push('\n');
            wrapped(&format!("{when}{heading}"), WIDTH).for_each(|line| text += &format!("{line}\n"));
            for line in lines.iter().flat_map(|line| wrapped(line, WIDTH - 2)) {
                let _ = writeln!(text, "  {line}");
            }
        };
        if !self.needs.is_empty() {
            let said = |need: &Need| Some(format!("{}; without, {}", need.what(), need.remedy()?));
            paragraph("needs", &self.needs.iter().filter_map(said).collect::<Vec<_>>());
        }
        if !self.with.is_empty() {
            paragraph("stacks with", &[self.with.join(", ")]);
        }
        for (reason, labels) in self.without {
            paragraph("not with", &[labels.join(", "), format!("– {reason}")]);
        }
        text
    }
}

/// What `method` needs and goes with: by default, and what is otherwise with other choices.
pub(super) fn company(method: &Method, shelf: &Shelf) -> Result<String> {
    let plain = Variant::plain(method);
    let mut found = Found { needs: needs(&stack(&[&plain], shelf)?), ..Found::default() };
    let usual = found.needs.clone();
    for other in shelf.methods.iter().filter(|other| other.name != method.name) {
        let simple = Variant::plain(other);
        // What never goes need not be said once more for each of its choices.
        if let Some(reason) = plain.refuses(&simple, shelf) {
            found.refused(reason, simple);
            continue;
        }
        found.with.push(simple.label);
        for variant in Variant::of(other, shelf)? {
            if let Some(reason) = plain.refuses(&variant, shelf) {
                found.refused(reason, variant);
            }
        }
    }
    let mut text = found.tell("");
    let mut apart: Vec<(Found, Vec<String>)> = Vec::new();
    for own in Variant::of(method, shelf)? {
        let found = otherwise(&own, &plain, &usual, shelf)?;
        match apart.iter_mut().find(|(known, _)| *known == found) {
            // A pair that changes no more than one of the two.
            Some((_, labels)) if own.label.split(' ').any(|one| labels.iter().any(|known| known == one)) => {}
            Some((_, labels)) => labels.push(own.label),
            None => apart.push((found, vec![own.label])),
        }
    }
    for (found, labels) in apart {
        text.push_str(&found.tell(&format!("with {}, ", labels.join(" or "))));
    }
    Ok(text)
}

/// In which `own` is otherwise than `plain`, which needs what is `usual`.
fn otherwise(own: &Variant, plain: &Variant, usual: &[Need], shelf: &Shelf) -> Result<Found> {
    let mut found = Found { needs: needs(&stack(&[own], shelf)?), ..Found::default() };
    found.needs.retain(|need| !usual.contains(need));
    for other in shelf.methods.iter().filter(|other| other.name != own.name).map(Variant::plain) {
        match (plain.refuses(&other, shelf), own.refuses(&other, shelf)) {
            (None, Some(reason)) => found.refused(reason, other),
            (Some(_), None) => found.with.push(other.label),
            _ => {}
        }
    }
    Ok(found)
}
