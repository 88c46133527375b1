//! `clbench list`: what there is, by name.

use std::fmt::Write;

use anyhow::Result;

use super::{Ending, print};
use crate::{net::Body, registry::Shelf};

pub(super) fn list(shelf: &Shelf) -> Result<Ending> {
    let mut text = String::new();
    let mut part = |title: &str, rows: Vec<(&str, &str, &str)>| {
        let _ = writeln!(text, "{title}");
        for (name, about, citation) in rows {
            let _ = writeln!(text, "  {name:<20} {about}");
            if !citation.is_empty() {
                let _ = writeln!(text, "  {:<20} {citation}", "");
            }
        }
        text.push('\n');
    };
    part("methods (method=a+b)", shelf.methods.iter().map(|m| (m.name, m.about, m.citation)).collect());
    part("kinds of stream (stream.kind)", shelf.kinds.iter().map(|k| (k.name, k.about, k.citation)).collect());
    part("datasets (stream.dataset)", shelf.datasets.iter().map(|d| (d.name(), d.about(), d.citation())).collect());
    part("optimizers (optim.rule)", shelf.rules.iter().map(|r| (r.name, r.about, r.citation)).collect());
    part("networks (net.body)", Body::CATALOGUE.to_vec());
    print(text.trim_end_matches('\n'))?;
    print("\n")?;
    Ok(Ending::Done)
}
