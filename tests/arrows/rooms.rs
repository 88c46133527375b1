//! Rooms: the folders of each crate stand on floors, and a file may name only what stands on a lower one.
//!
//! A reader who looks for something starts at the top and goes down; a change below a floor is seen above it and
//! nowhere else. Within a room files may see each other, and in one room they have to: the contract names what a hook
//! may use, and what a hook may use is made of what the contract names (`harness/src/method/contract.rs` and `ctx.rs`).

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::sources;

/// Floors of each crate from the top down; rooms on one floor do not see each other.
const HOUSE: [(&str, &[&[&str]]); 5] = [
    (
        "harness",
        &[
            &["cli"],
            &["execute"],
            &["run"],
            &["config"],
            &["method"],
            &["network", "batch"],
            &["stream"],
            &["optim", "data"],
            &["budget"],
            &["primitives"],
            &["catalogue"],
        ],
    ),
    (
        "results",
        &[
            &["report", "study"],
            &["proof", "gallery", "export"],
            &["text"],
            &["table"],
            &["summary"],
            &["import"],
            &["metric"],
            &["lifetime"],
            &["fit", "picture"],
            &["statistics"],
            &["store"],
            &["record"],
            &["words"],
        ],
    ),
    ("streams", &[&["kind", "order", "alteration", "arrival", "environment"], &["shared"]]),
    (
        "methods",
        &[
            &["hypernetworks"],
            &["bayesian", "merging", "partial"],
            &["adapters", "preferences", "regularisation", "replay"],
            &["bounds"],
        ],
    ),
    ("datasets", &[&["load"], &["text", "pictures"], &["sets"], &["fetch"], &["format"]]),
];

/// Macros, which lie at the root wherever they are written.
const MACROS: [&str; 2] = ["choice", "settings"];

/// The module that a file is: its folders and its own name, without `mod`.
fn module(src: &Path, file: &Path) -> Vec<String> {
    let below = file.strip_prefix(src).unwrap().with_extension("");
    let mut parts: Vec<String> = below.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    parts.pop_if(|last| last == "mod" || last == "lib");
    parts
}

/// Words and marks of Rust code, as far as paths need them.
fn tokens(code: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for c in code.chars() {
        match all.last_mut() {
            Some(last) if is_word(c) && last.chars().all(is_word) => last.push(c),
            Some(last) if c == ':' && last == ":" => last.push(c),
            _ if c.is_whitespace() => all.push(String::new()),
            _ => all.push(c.to_string()),
        }
    }
    all.retain(|token| !token.is_empty());
    all
}

/// The paths that a tree of imports names, from `at` on; gives back where it ends.
fn tree(tokens: &[String], mut at: usize, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    at = tree(tokens, at, &path, found);
                    at += usize::from(tokens.get(at).is_some_and(|token| token == ","));
                }
                return at + 1;
            }
            "," | "}" | ";" => break,
            "::" => {}
            word => path.push(word.to_owned()),
        }
        at += 1;
    }
    found.push(path);
    at
}

/// Paths in a file's code that begin with `crate`, `self` or `super`, imports and others.
fn named(code: &str) -> Vec<Vec<String>> {
    let (tokens, mut found, mut at) = (tokens(code), Vec::new(), 0);
    while at < tokens.len() {
        let begins = matches!(tokens[at].as_str(), "crate" | "self" | "super");
        if begins && tokens.get(at + 1).is_some_and(|next| next == "::") && (at == 0 || tokens[at - 1] != "::") {
            at = if tokens[..at].last().is_some_and(|word| word == "use") {
                tree(&tokens, at, &[], &mut found)
            } else {
                let mut path = vec![tokens[at].clone()];
                while tokens.get(at + 1).is_some_and(|next| next == "::") && at + 2 < tokens.len() {
                    path.push(tokens[at + 2].clone());
                    at += 2;
                }
                found.push(path);
                at + 1
            };
        } else {
            at += 1;
        }
    }
    found
}

/// Where a path that stands in `module` leads, counted from the crate's root.
fn absolute(module: &[String], path: &[String]) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([module, rest].concat()),
        _ => {
            let ups = path.iter().take_while(|part| *part == "super").count();
            Some([module.get(..module.len().checked_sub(ups)?)?, &path[ups..]].concat())
        }
    }
}

/// Every import of `file` in `src` that does not point to a lower floor.
fn wrong(src: &Path, floors: &[&[&str]], file: &Path, code: &str) -> Vec<String> {
    let floor = |room: &str| floors.iter().position(|rooms| rooms.contains(&room));
    let module = module(src, file);
    let Some(room) = module.first() else { return Vec::new() };
    let Some(own) = floor(room) else { return vec![format!("{} is in a room without a floor", file.display())] };
    let complaint = |path: Vec<String>| {
        let said = path.join("::");
        let Some(to) = absolute(&module, &path) else {
            return Some(format!("{} names {said}, which leads out of the crate", file.display()));
        };
        let other = to.first().filter(|other| *other != room)?;
        match floor(other) {
            Some(floor) if floor <= own => {
                Some(format!("{} names {said}, which is not below `{room}`", file.display()))
            }
            Some(_) => None,
            // What the root exports again could come from any floor.
            None if MACROS.contains(&other.as_str()) => None,
            None => Some(format!("{} names {said} by the crate's root; name its room", file.display())),
        }
    };
    named(code).into_iter().filter_map(complaint).collect::<BTreeSet<_>>().into_iter().collect()
}

fn sources_of(name: &str) -> (PathBuf, Vec<PathBuf>) {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join(name).join("src");
    let files = sources(&src);
    (src, files)
}

/// A file's code without comments and texts; its unit tests may look up.
fn plain(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let tests = ["#[cfg(test)]\nmod tests {", "#[cfg(test)]\npub(crate) mod tests {"];
    let code = &text[..tests.iter().filter_map(|tests| text.find(tests)).min().unwrap_or(text.len())];
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn is_test(file: &Path) -> bool {
    file.iter().any(|part| part == "tests" || part == "tests.rs")
}

#[test]
fn no_file_names_what_stands_above_it() {
    let mut seen = 0;
    for (name, floors) in HOUSE {
        let (src, files) = sources_of(name);
        for file in files.iter().filter(|file| !is_test(file)) {
            let wrong = wrong(&src, floors, file, &plain(file));
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
            seen += 1;
        }
    }
    assert!(seen > 400, "{seen} files");
}

#[test]
fn every_room_has_a_floor_and_every_floor_its_rooms() {
    for (name, floors) in HOUSE {
        let (src, files) = sources_of(name);
        let there: BTreeSet<String> = files.iter().filter_map(|file| module(&src, file).first().cloned()).collect();
        let planned: BTreeSet<String> = floors.iter().flat_map(|rooms| rooms.iter().map(ToString::to_string)).collect();
        assert_eq!(there, planned, "{name}");
    }
}

#[test]
fn an_import_that_points_up_is_found_however_it_is_written() {
    let src = Path::new("/house/src");
    let floors: &[&[&str]] = &[&["attic"], &["left", "right"], &["cellar"]];
    let complaints = |file: &str, code: &str| wrong(src, floors, &src.join(file), code).len();
    for code in [
        "use crate::attic::Roof;",
        "use crate::{cellar::Wine, attic::{Roof, Beam}};",
        "use super::attic;",
        "fn f() -> crate::attic::Roof { todo!() }",
        "pub use crate::{right::Window};",
        "use crate::Roof;",
        "use super::super::Street;",
    ] {
        assert!(complaints("left.rs", code) > 0, "{code}");
    }
    assert_eq!(complaints("left/wall.rs", "use super::super::attic::Roof;"), 1);
    assert_eq!(complaints("left/wall.rs", "use super::window; use crate::cellar::{self, Wine as Red}; self::x();"), 0);
    assert_eq!(complaints("shed.rs", ""), 1);
}
