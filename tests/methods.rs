//! `clbench methods` and `clbench new-method`.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;
mod support;

use std::fs;

use clbench::catalogue::Family;
use program::{Place, SMALL};

fn fits(what: &str, text: &str) {
    // An address may be longer than a line, and so may a default's name.
    let long = |line: &&str| line.chars().count() > 80 && !line.starts_with("https://");
    assert_eq!(text.lines().find(long), None, "{what} is wider than 80 columns");
}

#[test]
fn methods_are_listed_by_family_a_line_each() {
    let text = Place::new().done("methods");
    fits("methods", &text);
    let mut at = 0;
    for family in Family::ALL {
        let of: Vec<_> = support::shelf().methods.into_iter().filter(|method| method.family == family).collect();
        if of.is_empty() {
            continue;
        }
        at += text[at..].find(&format!("{}\n", family.title())).unwrap_or_else(|| panic!("{family:?}:\n{text}"));
        for method in of {
            let line = format!("\n  {:<18} {}\n", method.name, method.about);
            assert!(text[at..].contains(&line), "{}:\n{text}", method.name);
        }
    }
}

/// What is printed as settings can be put into a stream file, and means what was meant without.
#[test]
fn printed_settings_are_the_defaults_and_a_stream_file_takes_them() {
    let (place, shelf) = (Place::new(), support::shelf());
    for name in shelf.methods.iter().map(|method| method.name) {
        let text = place.done(&format!("methods {name}"));
        fits(name, &text);
        let Some((_, rest)) = text.split_once(&format!("\n[{name}]\n")) else {
            assert!(text.contains("no settings"), "{text}");
            continue;
        };
        let table = format!("[{name}]\n{}", rest.split("\n\n").next().unwrap());
        let file = place.path("stream.toml");
        let resolved = |text: &str| {
            fs::write(&file, text).unwrap();
            let asked = clbench::config::Asked::parse(&[format!("method={name}")]).unwrap();
            let setup =
                clbench::config::resolve(&file, &asked, &shelf).unwrap_or_else(|e| panic!("{name}: {e:#}\n{text}"));
            toml::to_string(&setup.config).unwrap()
        };
        assert_eq!(resolved(&format!("{SMALL}\n{table}")), resolved(SMALL), "{name}");
    }
}

#[test]
fn what_stacks_is_what_was_tried() {
    let text = Place::new().done("methods lora");
    for words in ["https://arxiv.org/abs/2106.09685", "[lora]\n# rank r: a whole number between 1 and 4096\nrank = 8\n"]
    {
        assert!(text.contains(words), "{text}");
    }
    assert!(text.contains("needs\n  a matrix or a kernel in the body; without, choose a network"), "{text}");
    let (_, company) = text.split_once("\nstacks with\n").unwrap();
    let (with, without) = company.split_once("\nnot with\n").unwrap();
    let has = |text: &str, name: &str| text.split([' ', ',', '\n']).any(|word| word == name);
    for name in ["ewc", "replay", "ema", "freeze", "ema-merge"] {
        assert!(has(with, name) && !has(without, name), "{name}:\n{text}");
    }
    for name in ["dora", "vera", "olora", "inflora"] {
        assert!(!has(with, name) && has(without, name), "{name}:\n{text}");
    }
    assert!(without.contains("both say which small part of the body is trained"), "{text}");
}

#[test]
fn an_unknown_method_is_refused_with_the_nearest() {
    Place::new().run("methods lroa").fails(2, &["unknown method `lroa`; did you mean `lora`?"]);
}

#[test]
fn a_new_method_is_written_once_and_whole() {
    let (place, root) = (Place::new(), env!("CARGO_MANIFEST_DIR"));
    place.run(&format!("new-method soft-anchor --clbench {root}")).fails(0, &["wrote ./soft-anchor", "cargo run"]);
    let read = |file: &str| fs::read_to_string(place.path(format!("soft-anchor/{file}"))).unwrap();
    assert!(read("Cargo.toml").contains(&format!("clbench = {{ path = \"{root}/harness\" }}")));
    assert!(read("src/soft_anchor.rs").contains("\"soft-anchor\"") && read("src/main.rs").lines().count() < 16);
    // The example is compiled and tested as it stands; a crate differs from it by its name alone.
    for file in ["src/main.rs", "src/new_method.rs", "tests/new_method.rs", "digits.toml"] {
        let template = fs::read_to_string(format!("{root}/examples/new-method/{file}")).unwrap();
        let (dashed, snake) = (template.replace("new-method", "soft-anchor"), "soft_anchor");
        let renamed = dashed.replace("new_method", snake).replace("NewMethod", "SoftAnchor");
        assert_eq!(read(&file.replace("new_method", snake)), renamed, "{file}");
    }
    place.run(&format!("new-method soft-anchor --clbench {root}")).fails(1, &["name a new folder"]);
    let left: Vec<_> = fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["soft-anchor"]);
}

#[test]
fn what_cannot_be_a_method_is_refused_and_nothing_is_written() {
    let (place, root) = (Place::new(), env!("CARGO_MANIFEST_DIR"));
    for (name, why) in
        [("../x", "is no name for a method"), ("lora", "there is a method `lora` already"), ("fn", "Rust")]
    {
        place.run(&format!("new-method {name} --clbench {root}")).fails(2, &[why]);
    }
    place.run("new-method fine").fails(2, &["name it with --clbench"]);
    place.run("new-method fine --clbench .").fails(2, &["is no folder with clbench's source"]);
    assert_eq!(fs::read_dir(place.path("")).unwrap().count(), 0);
}
