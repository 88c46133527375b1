//! A name is short for a table that has it as its kind, wherever a part of a stream file is chosen by name.

use std::fs;

use crate::parts::{Part, Yard};

/// Settings that a part cannot be without, and a piece of the message where they are missing.
const REQUIRED: [(&str, &str, &str); 3] = [
    ("order.explicit", "file=order.json", "missing field `file`"),
    ("arrival.timeline", "file=times.csv", "missing field `file`"),
    ("arrival.recorded", "file=experiences.json", "missing field `file`"),
];

const FILE: &str =
    "name = \"short\"\n[stream]\nkind = \"class-incremental\"\ndataset = \"digits\"\ntasks = 5\n[optim]\nrate = 0.1\n";

/// What a stream file with settings comes to, or the message.
fn outcome(yard: &Yard, text: &str, settings: &str) -> Result<String, String> {
    let made = yard.setup(text, settings);
    let made = made.map(|setup| format!("{}\n{}", setup.stream.hash, toml::to_string(&setup.config).unwrap()));
    made.map_err(|error| format!("{error:#}").replace(char::is_numeric, ""))
}

/// Names of all parts of a stream that are chosen by one.
fn named(yard: &Yard) -> Vec<(&'static str, &'static str)> {
    let shelf = &yard.shelf;
    let orders = shelf.streams.orderings.iter().map(|part| ("order", part.name));
    let arrivals = shelf.streams.arrivals.iter().map(|part| ("arrival", part.name));
    orders.chain(arrivals).chain(shelf.streams.environments.iter().map(|part| ("environment", part.name))).collect()
}

#[test]
fn a_name_says_what_a_table_with_that_kind_says() {
    let yard = Yard::new();
    let mut required = 0;
    for (what, name) in named(&yard) {
        let table = outcome(&yard, &format!("{FILE}[stream.{what}]\nkind = \"{name}\"\n"), "");
        let word = outcome(&yard, &FILE.replace("tasks = 5", &format!("tasks = 5\n{what} = \"{name}\"")), "");
        let line = outcome(&yard, FILE, &format!("stream.{what}={name}"));
        assert_eq!((&word, &line), (&table, &table), "{what} {name}");
        let key = Part { what, name, settings: "" }.key();
        if let Some((_, setting, why)) = REQUIRED.iter().find(|(of, ..)| *of == key) {
            required += 1;
            assert!(table.as_ref().is_err_and(|error| error.contains(why)), "{key}: {table:?}");
            let (setting, value) = setting.split_once('=').unwrap();
            let file = format!("{FILE}[stream.{what}]\nkind = \"{name}\"\n{setting} = \"{value}\"\n");
            let line = format!("stream.{what}={name} stream.{what}.{setting}={value}");
            assert_eq!(outcome(&yard, FILE, &line), outcome(&yard, &file, ""), "{line}");
            // The name alone keeps the settings of the part that is there.
            assert_eq!(outcome(&yard, &file, &format!("stream.{what}={name}")), outcome(&yard, &file, ""), "{line}");
        } else {
            assert!(!table.as_ref().is_err_and(|error| error.contains("missing field")), "{key}: {table:?}");
        }
    }
    assert_eq!(required, REQUIRED.len());
}

#[test]
fn so_it_is_with_starts() {
    let yard = Yard::new();
    let table = |lines: &str| outcome(&yard, &format!("{FILE}[start]\n{lines}\n"), "");
    let line = |settings: &str| outcome(&yard, FILE, settings);
    assert_eq!(line("start=random"), outcome(&yard, FILE, ""));
    for (kind, rest) in [("random", &[][..]), ("file", &["path"]), ("pretrain", &["steps", "seed"])] {
        let kinds = format!("kind = \"{kind}\"");
        assert_eq!(line(&format!("start={kind}")), table(&kinds), "{kind}");
        let value = |key: &str| if key == "path" { "\"order.json\"" } else { "3" };
        let lines = rest.iter().fold(String::new(), |lines, key| lines + &format!("{key} = {}\n", value(key)));
        let words = rest.iter().fold(String::new(), |words, key| words + &format!(" start.{key}={}", value(key)));
        let whole = table(&format!("{kinds}\n{lines}"));
        assert_eq!(line(&format!("start={kind}{words}")), whole, "{kind}");
        assert_eq!(
            outcome(&yard, &format!("{FILE}[start]\n{kinds}\n{lines}"), &format!("start={kind}")),
            whole,
            "{kind}"
        );
    }
    assert!(line("start=file").is_err_and(|error| error.contains("path")));
    assert!(line("start=pretrain").is_err_and(|error| error.contains("there is no pretraining pool")));
    let pool = format!("{FILE}\n[start]\nkind = \"pretrain\"\nsteps = 3\n")
        .replace("tasks = 5", "tasks = 3\npool_share = 0.4");
    assert!(outcome(&yard, &pool, "start=pretrain").is_ok_and(|said| said.contains("steps = 3")));
    assert!(
        outcome(&yard, &pool, "start=random").is_err_and(|said| said.contains("the pretraining pool is never used"))
    );
}

/// What alterations and the hold-out take from a class altogether is said.
#[test]
fn classes_that_are_left_without_training_examples_are_noted() {
    let yard = Yard::new();
    fs::write(yard.folder.path().join("few.csv"), "concept,train,test\na+++p,1000,9\na+++q,1000,9\na+++r,1000,9\n")
        .unwrap();
    let text = |more: &str| format!("[stream]\nkind = \"class-incremental\"\ndataset = \"few.csv\"\ntasks = 1\n{more}");
    let notes = |more: &str| yard.stream(&text(more)).unwrap().notes;
    let none: [&str; 0] = [];
    assert_eq!(notes(""), none);
    // One example of the last class is left by the tail, which the hold-out takes from one in two.
    let tail = "[stream.long-tailed]\nfactor = 1000.0\n";
    assert_eq!(notes(tail), none);
    let held = |seed: usize| notes(&format!("seed = {seed}\nval_fraction = 0.5\n{tail}"));
    let found: Vec<Vec<String>> = (0..12).map(held).collect();
    let note = "task 0: 1 class has no training example left after alterations and hold-out, and questions about it \
                are asked all the same: `r`";
    assert!(found.iter().all(|notes| notes.is_empty() || notes == &[note]), "{found:?}");
    let noted = found.iter().filter(|notes| !notes.is_empty()).count();
    assert!((1..12).contains(&noted), "{noted}");
}
