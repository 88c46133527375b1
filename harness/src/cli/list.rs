//! `clbench list`: what there is, by name.

use std::fmt::Write;

use anyhow::Result;

use super::{Ending, print};
use crate::{catalogue::Entry, config::Shelf, network::net::Body};

/// `text` broken between words into lines of up to `width` columns; nothing for nothing.
pub(super) fn wrapped(text: &str, width: usize) -> impl Iterator<Item = String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.into_iter()
}

/// Name, description and source of each entry.
fn shown<F>(entries: &[Entry<F>]) -> Vec<(&str, &str, &str)> {
    entries.iter().map(|entry| (entry.name, entry.about, entry.citation)).collect()
}

pub(super) fn list(shelf: &Shelf) -> Result<Ending> {
    let mut text = String::new();
    let mut part = |title: &str, rows: Vec<(&str, &str, &str)>| {
        let _ = writeln!(text, "{title}");
        for (name, about, citation) in rows {
            let lines = wrapped(about, 80 - 25).chain(wrapped(citation, 80 - 25));
            for (line, name) in lines.zip(std::iter::once(name).chain(std::iter::repeat(""))) {
                let _ = writeln!(text, "  {name:<22} {line}");
            }
        }
        text.push('\n');
    };
    let parts = &shelf.streams;
    let bodies = Body::CATALOGUE.map(|body| {
        let keys: Vec<&str> = body.settings.iter().map(|setting| setting.key).collect();
        (body.name, format!("{}; {}", body.about, keys.join(", ")), body.citation)
    });
    part("methods (method=a+b)", shelf.methods.iter().map(|m| (m.name, m.about, m.citation)).collect());
    part("kinds of stream (stream.kind)", shown(&parts.kinds));
    part("orderings (stream.order)", shown(&parts.orderings));
    part("arrivals (stream.arrival)", shown(&parts.arrivals));
    part("environments (stream.environment)", shown(&parts.environments));
    part("alterations ([stream.NAME])", shown(&parts.alterations));
    part("datasets (stream.dataset)", shelf.datasets.iter().map(|d| (d.name(), d.about(), d.citation())).collect());
    part("formats of your own data (data.NAME.format)", shown(&shelf.formats));
    part("optimizers (optim.rule)", shown(&shelf.rules));
    part("networks (net.body)", bodies.iter().map(|(name, about, cite)| (*name, about.as_str(), *cite)).collect());
    print(text.trim_end_matches('\n'))?;
    print("\n")?;
    Ok(Ending::Done)
}
