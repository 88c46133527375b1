//! `clbench new-method`: a crate with one method, a binary that knows it, and a test.
//!
//! Its files are those of `examples/new-method`, which are compiled and tested with clbench itself, with another name.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clbench_results::{export::WholeFolder, write_whole};
use toml::Value;

use super::{Ending, Usage, tell};
use crate::config::{Shelf, is_section};

macro_rules! template {
    ($($file:literal),*) => {
        [$(($file, include_str!(concat!("../../../examples/new-method/", $file)))),*]
    };
}

/// Files of the template, by their place in the crate.
const FILES: [(&str, &str); 5] =
    template!["Cargo.toml", "digits.toml", "src/main.rs", "src/new_method.rs", "tests/new_method.rs"];

/// The versions that clbench itself is tested with, so that nothing newer changes the numbers.
const LOCK: &str = include_str!("../../../Cargo.lock");

/// What a crate of clbench's workspace may inherit and another may not.
const INHERITED: &str = "[lints]\nworkspace = true\n";

/// What takes its place: without optimization a run would take a hundred times as long.
const OWN: &str = "[lints.clippy]\nall = \"warn\"\n\n[profile.dev]\nopt-level = 1\ndebug = \"line-tables-only\"\n\n\
                   [profile.dev.package.\"*\"]\nopt-level = 3\ndebug = false\n\n[workspace]\n";

/// Words that are no names of modules or crates, or that Cargo or the crate itself has taken.
const TAKEN: &str = " abstract alloc anyhow as async await become box break clbench const continue core crate do dyn \
                     else \
                     enum extern false final fn for gen if impl in let lib loop macro main match mimalloc mod move \
                     mut override priv pub ref return self serde static std struct super tempfile test trait true \
                     try type \
                     typeof unsafe unsized use virtual where while yield build deps examples incremental ";

/// What `new-method` takes.
#[derive(clap::Args)]
pub(super) struct Words {
    /// The method's name, such as soft-anchor
    name: String,
    /// Folder in which the crate's folder is made
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    into: PathBuf,
    /// Folder of clbench's source; without, it is looked for from
    /// here upward
    #[arg(long, value_name = "FOLDER", verbatim_doc_comment)]
    clbench: Option<PathBuf>,
}

pub(super) fn new_method(words: &Words, shelf: &Shelf) -> Result<Ending> {
    check(&words.name, shelf).map_err(Usage)?;
    let source = source(words.clbench.as_deref()).map_err(Usage)?;
    let place = words.into.join(&words.name);
    let folder = WholeFolder::create(&place)?;
    for (file, text) in files(&words.name, &source)? {
        write_whole(&folder.growing().join(file), text.as_bytes())?;
    }
    folder.finish()?;
    let name = &words.name;
    tell(&format!("wrote {}; next:", place.display()));
    tell(&format!("  cd {}", place.display()));
    tell(&format!("  cargo run -- run digits.toml method={name}"));
    tell("  cargo run -- table");
    tell(&format!("  edit src/{}.rs, and cargo test", snake(name)));
    Ok(Ending::Done)
}

/// Refuses what cannot be a method's name, a module's and a crate's.
fn check(name: &str, shelf: &Shelf) -> Result<()> {
    let word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    ensure!(
        name.len() <= 40 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('-').all(word),
        "`{}` is no name for a method; write small letters and digits in words joined by hyphens, such as soft-anchor, \
         40 characters at most",
        name.escape_default()
    );
    ensure!(
        !TAKEN.contains(&format!(" {name} ")) && !name.starts_with("clbench-"),
        "`{name}` has another meaning to Rust or Cargo; choose another name"
    );
    ensure!(
        !is_section(name) && name != "methods",
        "[{name}] is a section of stream files already; choose another name"
    );
    let ours = shelf.methods.iter().any(|method| method.name == name);
    ensure!(!ours, "there is a method `{name}` already; choose another name");
    Ok(())
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

/// The folder with clbench's source that is named, or the nearest upward from here.
fn source(named: Option<&Path>) -> Result<PathBuf> {
    let is_source = |folder: &Path| {
        let crates = ["harness", "methods", "streams", "datasets"];
        crates.iter().all(|name| folder.join(name).join("Cargo.toml").is_file())
    };
    if let Some(named) = named {
        ensure!(is_source(named), "{} is no folder with clbench's source", named.display());
        return named.canonicalize().with_context(|| format!("cannot find {}", named.display()));
    }
    let here = env::current_dir().context("there is no current folder")?;
    match here.ancestors().find(|folder| is_source(folder)) {
        Some(folder) => Ok(folder.to_owned()),
        None => bail!("clbench's source is in no folder from {} upward; name it with --clbench", here.display()),
    }
}

/// The crate's files, with `name` in place of the template's and clbench's source at `source`.
fn files(name: &str, source: &Path) -> Result<Vec<(String, String)>> {
    // Only strings, paths and modules have the name: a type of that name might be one that is there already.
    let renamed = |text: &str| text.replace("new_method", &snake(name)).replace("new-method", name);
    let mut files: Vec<_> = FILES.iter().map(|(file, text)| (renamed(file), renamed(text))).collect();
    let root =
        source.to_str().ok_or_else(|| anyhow!("{} is no text, as a path in Cargo.toml must be", source.display()))?;
    let mut manifest = files[0].1.replace(INHERITED, OWN);
    for (here, there) in [("../../harness", format!("{root}/harness")), ("../..", root.to_owned())] {
        manifest = manifest.replace(&format!("\"{here}\""), &Value::from(there).to_string());
    }
    files[0].1 = manifest;
    files.push(("Cargo.lock".into(), LOCK.into()));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::{Make, Method};

    fn shelf() -> Shelf {
        let make = Make::Contribution(|_| bail!("never made"));
        Shelf::default().methods([Method::new("taken", make)])
    }

    #[test]
    fn only_names_that_all_sides_understand_pass() {
        for name in ["soft-anchor", "a", "ewc2", "l2-sp"] {
            check(name, &shelf()).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        let long = "a".repeat(41);
        for name in ["", "../x", "-a", "a-", "a--b", "2fast", "Soft", "a_b", "a b", "é", "a/b", "a\n", &long] {
            assert!(check(name, &shelf()).expect_err(name).to_string().contains("is no name for a method"), "{name}");
        }
        for (name, reason) in [("fn", "another meaning"), ("lib", "another meaning"), ("clbench-x", "another meaning")]
        {
            assert!(check(name, &shelf()).expect_err(name).to_string().contains(reason), "{name}");
        }
        for name in ["train", "methods"] {
            assert!(check(name, &shelf()).expect_err(name).to_string().contains("section of stream files"), "{name}");
        }
        assert!(check("taken", &shelf()).expect_err("a method").to_string().contains("a method `taken` already"));
    }

    #[test]
    fn files_have_the_name_everywhere_and_the_path_as_toml() {
        let files = files("soft-anchor", Path::new("/a \"b\"/c")).expect("files");
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["Cargo.toml", "digits.toml", "src/main.rs", "src/soft_anchor.rs", "tests/soft_anchor.rs", "Cargo.lock"]
        );
        for (name, text) in &files[..5] {
            assert!(!["new-method", "new_method", "../.."].iter().any(|old| text.contains(old)), "{name}");
        }
        let manifest: toml::Table = files[0].1.parse().expect("TOML");
        assert_eq!(manifest["dependencies"]["clbench"]["path"].as_str(), Some("/a \"b\"/c/harness"));
        assert!(manifest.contains_key("workspace") && manifest["profile"]["dev"]["opt-level"].as_integer() == Some(1));
        assert!(files[3].1.contains("Method::new(\"soft-anchor\"") && files[2].1.contains("soft_anchor::METHOD"));
    }
}
