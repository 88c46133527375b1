//! `clbench list`: what there is, by name.

use std::fmt::Write;

use anyhow::Result;

use super::{Ending, print};
use crate::{config::Shelf, network::net::Body};

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
    part("methods (method=a+b)", shelf.methods.iter().map(|m| (m.name, m.about, m.citation)).collect());
    part("kinds of stream (stream.kind)", shelf.streams.kinds.iter().map(|k| (k.name, k.about, k.citation)).collect());
    part("orderings (stream.order)", shelf.streams.orderings.iter().map(|k| (k.name, k.about, k.citation)).collect());
    part("arrivals (stream.arrival)", shelf.streams.arrivals.iter().map(|k| (k.name, k.about, k.citation)).collect());
    part(
        "environments (stream.environment)",
        shelf.streams.environments.iter().map(|k| (k.name, k.about, k.citation)).collect(),
    );
    part(
        "alterations ([stream.NAME])",
        shelf.streams.alterations.iter().map(|k| (k.name, k.about, k.citation)).collect(),
    );
    part("datasets (stream.dataset)", shelf.datasets.iter().map(|d| (d.name(), d.about(), d.citation())).collect());
    part("optimizers (optim.rule)", shelf.rules.iter().map(|r| (r.name, r.about, r.citation)).collect());
    part("networks (net.body)", Body::CATALOGUE.to_vec());
    print(text.trim_end_matches('\n'))?;
    print("\n")?;
    Ok(Ending::Done)
}
