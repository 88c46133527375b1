//! The stamps of Tux Paint: photographs and drawings, each with a sentence that says what it shows.
//!
//! Kendrick et al. 2022, tuxpaint-stamps 2022.06.04, <https://tuxpaint.org/stamps/>, GPL-2. Classes are the first two
//! folders, such as `food/fruit`, of at least five stamps; captions are the English sentences.

use clbench::data::File;

use super::{Collection, Members, Picture, canvas, in_parallel, sorted_out};
use crate::fetch::set::Package;

/// Where stamps lie in the package.
const ROOT: &str = "usr/share/tuxpaint/stamps/";
/// Least number of stamps of a class.
const LEAST: usize = 5;
/// Endings of names of other versions of a stamp, not of a stamp of its own.
const VERSIONS: [&str; 2] = ["_mirror", "_flip"];

/// The stamps.
pub static STAMPS: Collection = Collection {
    name: "stamps",
    about: "Tux Paint's stamps, 47 classes, 693 + 183 of 3×32×32, sentences as captions; GPL-2",
    licence: "GPL-2",
    citation: "Kendrick et al. 2022, Tux Paint stamps, https://tuxpaint.org/stamps/",
    released: 2022,
    files: &[File {
        path: "stamps/stamps.pictures",
        sha256: "b742a7ba022874f25fe5d1d42d4a328ad233ff1538f996967dbc3e036fb66999",
        bytes: 2_715_206,
    }],
    packages: &[Package::Apt("tuxpaint-stamps-default")],
    wants: |name| name.starts_with(ROOT) && [".png", ".svg", ".txt"].iter().any(|end| name.ends_with(end)),
    make: |members| Ok(make(members)),
};

fn make(members: &Members) -> Vec<Picture> {
    let stem = |name: &str| name.rsplit_once('.').map_or(name.to_owned(), |(stem, _)| stem.to_owned());
    let mut stems: Vec<String> = members.keys().filter(|name| !name.ends_with(".txt")).map(|name| stem(name)).collect();
    stems.dedup();
    stems.retain(|stem| !VERSIONS.iter().any(|end| stem.ends_with(end)));
    let pictures = in_parallel(&stems, |stem| {
        let pixels = match members.get(&format!("{stem}.svg")) {
            Some(svg) => canvas::drawn(svg),
            None => canvas::encoded(members.get(&format!("{stem}.png"))?),
        };
        let mut folders: Vec<&str> = stem.strip_prefix(ROOT)?.split('/').collect();
        let name = folders.pop()?;
        folders.truncate(2);
        let text = members.get(&format!("{stem}.txt")).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let sentence = text.as_deref().and_then(|text| text.lines().next()).map(str::trim).unwrap_or_default();
        let caption = if sentence.is_empty() { name.replace('_', " ") } else { sentence.to_owned() };
        Some(Picture { pixels: pixels.ok()?, class: folders.join("/"), caption, time: None, test: false })
    });
    sorted_out(pictures, LEAST)
}
