//! Clip art: vector drawings with titles and keywords.
//!
//! Open Clip Art Library 2005, release 0.18, <https://openclipart.org>, public domain. Classes are the first two
//! folders, such as `animals/birds`, of at least twenty drawings; a caption is the title with the keywords. Left out
//! are the themes of desktop icons (`computer`), the patterns and gradients of `special`, what is `unsorted`, and 1,378
//! generated stars (`shapes/stars`), which would be a third of all that is left.

use std::fmt::Write;

use clbench::data::File;
use resvg::usvg::roxmltree::{Document, Node};

use super::{Collection, Members, Picture, canvas, in_parallel, sorted_out};
use crate::fetch::set::Package;

/// Where drawings lie in the package.
const ROOT: &str = "usr/share/openclipart/svg/";
/// Folders that are left out.
const DROPPED: [&str; 5] = ["computer/", "special/", "unsorted/", "shapes/stars/", "logos/"];
/// Least number of drawings of a class.
const LEAST: usize = 20;
/// Longest caption, in characters.
const MOST: usize = 200;

/// Clip art.
pub static OPENCLIPART: Collection = Collection {
    name: "openclipart",
    about: "clip art, 46 classes, 2712 + 692 of 3×32×32, titles and keywords as captions; public domain",
    licence: "public domain",
    citation: "Open Clip Art Library 2005, release 0.18, https://openclipart.org",
    released: 2005,
    files: &[File {
        path: "openclipart/openclipart.pictures",
        sha256: "e11964c76c588f9cffd754d05c94d64c04bed44cc5f65ea322cb2848cc11b089",
        bytes: 10_573_670,
    }],
    packages: &[Package::Apt("openclipart-svg")],
    wants: |name| {
        let below = name.strip_prefix(ROOT);
        below.is_some_and(|name| name.ends_with(".svg") && !DROPPED.iter().any(|folder| name.starts_with(folder)))
    },
    make: |members| Ok(make(members)),
};

fn make(members: &Members) -> Vec<Picture> {
    let all: Vec<(&String, &Vec<u8>)> = members.iter().collect();
    let pictures = in_parallel(&all, |(path, svg)| {
        let mut folders: Vec<&str> = path.strip_prefix(ROOT)?.split('/').collect();
        let name = folders.pop()?.trim_end_matches(".svg");
        folders.truncate(2);
        let pixels = canvas::drawn(svg).ok().filter(|pixels| pixels.iter().any(|value| *value != 255))?;
        let caption = caption(svg).unwrap_or_else(|| name.replace('_', " "));
        Some(Picture { pixels, class: folders.join("/"), caption, time: None, test: false })
    });
    sorted_out(pictures, LEAST)
}

/// Title and keywords of a drawing's metadata, as `title: keyword, keyword`.
fn caption(svg: &[u8]) -> Option<String> {
    let text = str::from_utf8(svg).ok()?;
    let document = Document::parse(text).ok()?;
    let metadata = document.descendants().find(|node| node.tag_name().name() == "metadata")?;
    let work = metadata.descendants().find(|node| node.tag_name().name() == "Work")?;
    let child = |node: Node<'_, '_>, name: &str| node.children().any(|child| child.tag_name().name() == name);
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = work.children().find(|node| node.tag_name().name() == "title").and_then(|node| node.text()).map(plain);
    let mut caption = title.filter(|title| !title.is_empty())?;
    let bag = work.children().find(|node| node.tag_name().name() == "subject" && child(*node, "Bag"));
    let words = bag.into_iter().flat_map(|bag| bag.descendants()).filter(|node| node.tag_name().name() == "li");
    let words: Vec<String> = words.filter_map(|word| word.text()).map(plain).filter(|word| !word.is_empty()).collect();
    if !words.is_empty() {
        let _ = write!(caption, ": {}", words.join(", "));
    }
    Some(caption.chars().take(MOST).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_is_the_title_with_the_keywords() {
        let svg = br#"<svg xmlns:dc="d" xmlns:rdf="r" xmlns:cc="c"><metadata><rdf:RDF><cc:Work>
            <dc:title>red  kite</dc:title><dc:subject><rdf:Bag><rdf:li>bird</rdf:li><rdf:li> </rdf:li><rdf:li>toy
            </rdf:li></rdf:Bag></dc:subject><dc:publisher><cc:Agent><dc:title>Library</dc:title></cc:Agent>
            </dc:publisher></cc:Work></rdf:RDF></metadata></svg>"#;
        assert_eq!(caption(svg).unwrap(), "red kite: bird, toy");
        assert_eq!([caption(b"<svg/>"), caption(b"<svg"), caption(b"\xff")], [None, None, None]);
    }
}
