//! `clbench methods` and `clbench new-method`.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod program;
mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
};

use clbench::method::Family;
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
            let asked = clbench::config::Asked::parse(&[
                format!("method={name}"),
                "head.train=task".into(),
                "head.test=task".into(),
            ])
            .unwrap();
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
    for words in [
        "https://arxiv.org/abs/2106.09685",
        "[lora]\n# Rank of an adapter, r: a whole number between 1 and 4096\nrank = 8\n",
    ] {
        assert!(text.contains(words), "{text}");
    }
    assert!(text.contains("needs\n  a matrix or a kernel in the body; without, choose a network"), "{text}");
    let (_, company) = text.split_once("\nstacks with\n").unwrap();
    let (with, without) = company.split_once("\nnot with\n").unwrap();
    let (without, _) = without.split_once("\nwith lora.").unwrap();
    let has = |text: &str, name: &str| text.split([' ', ',', '\n']).any(|word| word == name);
    for name in ["ewc", "replay", "ema", "freeze", "ema-merge"] {
        assert!(has(with, name) && !has(without, name), "{name}:\n{text}");
    }
    for name in ["dora", "vera", "olora", "inflora"] {
        assert!(!has(with, name) && has(without, name), "{name}:\n{text}");
    }
    assert!(without.contains("it needs to say which adapters are"), "{text}");
}

/// The names and reasons under a page's heading; reasons begin with a dash.
fn under(page: &str, heading: &str) -> Vec<String> {
    let parts = page.split("\n\n").filter_map(|part| part.trim_start().strip_prefix(&format!("{heading}\n")));
    parts.flat_map(|part| part.split(['\n', ',']).map(|word| word.trim().to_owned())).collect()
}

/// What the pages say, a line for each heading: the method with its choices, and what goes with it or does not.
fn said_of_pairs() -> String {
    let (place, mut text) = (Place::new(), String::new());
    for method in support::shelf().methods {
        let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for part in place.done(&format!("methods {}", method.name)).split("\n\n") {
            let (heading, names): (Vec<&str>, Vec<&str>) = part.lines().partition(|line| !line.starts_with("  "));
            let heading = heading.join(" ").trim().to_owned();
            if !heading.ends_with("stacks with") && !heading.ends_with("not with") {
                continue;
            }
            let names = names.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
            let names = names.split("– ").next().unwrap().split(',').map(|name| name.trim().to_owned());
            said.entry(heading).or_default().extend(names);
        }
        for (heading, mut names) in said {
            names.sort_unstable();
            let _ = writeln!(text, "{}, {heading}: {}", method.name, names.join(", "));
        }
    }
    text
}

const REMEDY: &str = "if that is meant: cargo test --test methods written -- --ignored";

const PAIRS: &str = "tests/support/pairs.txt";

/// What goes together is written down, so that none is refused or let through by accident. `written` writes it anew.
#[test]
fn the_pages_say_of_pairs_what_is_written_down() {
    let known = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAIRS)).unwrap();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (known, said) = (lines(&known), lines(&said_of_pairs()));
    let (gone, new): (Vec<_>, Vec<_>) = (known.difference(&said).collect(), said.difference(&known).collect());
    assert!(gone.is_empty() && new.is_empty(), "not said any more: {gone:#?}\nnew: {new:#?}\n{REMEDY}");
}

#[test]
#[ignore = "it writes a file"]
fn written() {
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAIRS), said_of_pairs()).unwrap();
}

/// Has what any method needs: layers that normalise without statistics, and the task is told.
const SUITED: &str = "net.body=vit net.patch=4 head.train=task head.test=task";

#[test]
fn a_page_says_of_every_pair_whether_it_stacks() {
    let (place, shelf) = (Place::new(), support::shelf());
    let names: Vec<&str> = shelf.methods.iter().map(|method| method.name).collect();
    let mut refused = 0;
    for name in &names {
        let page = place.done(&format!("methods {name}"));
        let (with, without) = (under(&page, "stacks with"), under(&page, "not with"));
        for other in names.iter().filter(|other| *other != name) {
            let orders = [format!("{other}+{name}"), format!("{name}+{other}")];
            let stacks =
                orders.iter().any(|both| support::try_setup(&shelf, &format!("{SUITED} method={both}")).is_ok());
            let said = |list: &[String]| list.iter().any(|word| word == other);
            assert_eq!((said(&with), said(&without)), (stacks, !stacks), "{name} and {other}:\n{page}");
            refused += usize::from(!stacks);
        }
    }
    assert!(refused > names.len(), "{refused}");
}

#[test]
fn a_page_says_what_a_choice_changes() {
    let place = Place::new();
    let page = place.done("methods lora");
    for (heading, words) in [
        ("with lora.per=task, not with", "ewc"),
        ("with lora.per=task, not with", "or set lora.per=stream"),
        ("with lora.end=fold, not with", "ema"),
        ("with lora.per=task lora.end=route, needs", "the task's identity"),
        ("with lora.on=attention or lora.on=query-value or lora.on=key-value, needs", "attention in the body"),
    ] {
        assert!(under(&page, heading).iter().any(|said| said.contains(words)), "{heading} {words}\n{page}");
    }
    // Seen from the other side, it is the other's choice.
    let page = place.done("methods ewc");
    assert!(under(&page, "not with").contains(&"lora.per=task".to_owned()), "{page}");
    assert!(under(&page, "stacks with").contains(&"lora".to_owned()), "{page}");
}

/// Before anything is drawn or written: what is missing, and what to do.
#[test]
fn the_check_refuses_what_lacks_a_need() {
    let place = Place::small();
    for (settings, words) in [
        ("method=lora net.widths=[] net.dropout=0", ["`lora` needs a matrix or a kernel", "net.widths=[128]"]),
        ("method=bitfit net.widths=[] net.dropout=0", ["`bitfit` needs a bias", "net.widths=[128]"]),
        ("method=norms", ["`norms` needs a layer that normalises", "net.batch_norm=true"]),
        ("method=lora lora.on=attention", ["`lora` needs attention in the body", "net.body=\"vit\""]),
        (
            "method=lora lora.per=task lora.end=route",
            ["`lora` needs the task's identity", "set head.train and head.test"],
        ),
    ] {
        for command in ["check", "run"] {
            place.run(&format!("{command} small.toml {settings}")).fails(2, &words);
        }
    }
    assert_eq!(place.files(".", &[]).into_values().filter(|bytes| !bytes.is_empty()).count(), 1, "a file was written");
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
    assert!(read("src/main.rs").lines().count() < 16);
    // The example is compiled and tested as it stands; a crate differs from it by its name, and by what it inherits.
    let renamed = |text: &str| text.replace("new_method", "soft_anchor").replace("new-method", "soft-anchor");
    let files = ["Cargo.toml", "digits.toml", "src/main.rs", "src/new_method.rs", "tests/new_method.rs"];
    for file in files {
        let template = renamed(&fs::read_to_string(format!("{root}/examples/new-method/{file}")).unwrap());
        let written = read(&renamed(file));
        match file {
            "Cargo.toml" => {
                let (own, inherited) = (template.strip_suffix("[lints]\nworkspace = true\n"), "[lints.clippy]\n");
                let (head, tail) = written.split_once(inherited).unwrap();
                assert_eq!(head, own.unwrap().replace("\"../..", &format!("\"{root}")), "{written}");
                assert!(tail.ends_with("\n[workspace]\n"), "{written}");
            }
            _ => assert_eq!(written, template, "{file}"),
        }
    }
    assert!(read("Cargo.lock") == fs::read_to_string(format!("{root}/Cargo.lock")).unwrap());
    let below =
        place.files("soft-anchor", &[]).into_keys().filter(|path| place.path("soft-anchor").join(path).is_file());
    assert_eq!(below.count(), files.len() + 1);
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
