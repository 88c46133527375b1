//! Claims about everything that stands on a shelf: methods, kinds of stream, datasets, optimizers.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{collections::BTreeSet, path::Path};

use anyhow::Result;
use clbench::{
    dataset::Dataset,
    draws::Draws,
    net::{Body, Mlp, Net},
    registry::{Make, Shelf},
    scope::{HeadKind, Heads},
};
use toml::Table;

/// An entry with settings: name, citation, and its settings with defaults.
type Entry<'a> = (&'a str, &'a str, Box<dyn Fn(Table) -> Result<Table> + 'a>);

fn net() -> Net {
    let heads = Heads { kind: HeadKind::Shared, classes: 2, tasks: vec![vec![0, 1]], seen: vec![vec![0]] };
    Net { body: Body::Mlp(Mlp::default()), heads, input: [1, 2, 2] }
}

fn digits() -> Dataset {
    clbench_datasets::CATALOGUE[0].open(Path::new("")).unwrap()
}

fn entries<'a>(shelf: &'a Shelf, net: &'a Net, datasets: &'a [Dataset]) -> Vec<Entry<'a>> {
    let mut all: Vec<Entry> = Vec::new();
    for method in &shelf.methods {
        all.push(match method.make {
            Make::Carrier(make) => (method.name, method.citation, Box::new(move |table| Ok(make(table, net)?.0))),
            Make::Contribution(make) => (method.name, method.citation, Box::new(move |table| Ok(make(table)?.0))),
        });
    }
    for kind in &shelf.kinds {
        let make = |table| Ok((kind.make)(table, datasets, &Draws::of(0))?.0);
        all.push((kind.name, kind.citation, Box::new(make)));
    }
    for rule in &shelf.rules {
        all.push((rule.name, rule.citation, Box::new(|table| Ok((rule.make)(table)?.0))));
    }
    all
}

#[test]
fn names_are_in_kebab_case_and_unique() {
    let shelf = support::shelf();
    let shelves: [Vec<&str>; 5] = [
        shelf.methods.iter().map(|method| method.name).collect(),
        shelf.kinds.iter().map(|kind| kind.name).collect(),
        shelf.datasets.iter().map(|source| source.name()).collect(),
        shelf.rules.iter().map(|rule| rule.name).collect(),
        Body::CATALOGUE.iter().map(|(name, ..)| *name).collect(),
    ];
    for names in shelves {
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
        for name in names {
            let plain =
                |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
            assert!(name.split('-').all(plain) && name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
        }
    }
}

/// A method's name is its table's and its file's, and no other section of a stream file has it.
#[test]
fn a_methods_name_is_its_files_and_its_tables() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for method in support::shelf().methods {
        let file = root.join(format!("methods/src/{}.rs", method.name.replace('-', "_")));
        assert!(file.is_file(), "{}", file.display());
        assert!(support::try_setup(&support::shelf(), &format!("method={}", method.name)).is_ok(), "{}", method.name);
    }
    for kind in support::shelf().kinds {
        let file = root.join(format!("streams/src/{}.rs", kind.name.replace('-', "_")));
        assert!(file.is_file(), "{}", file.display());
    }
}

#[test]
fn everything_says_what_it_is_and_where_it_comes_from() {
    let (shelf, net, datasets) = (support::shelf(), net(), [digits()]);
    for (name, citation, _) in entries(&shelf, &net, &datasets) {
        let page = citation.strip_prefix("https://").unwrap_or_else(|| panic!("{name} cites {citation}"));
        assert!(page.contains('.') && page.contains('/') && !page.contains(char::is_whitespace), "{name}: {citation}");
    }
    for source in &shelf.datasets {
        assert!(source.citation().contains("https://"), "{} cites {}", source.name(), source.citation());
    }
    let abouts = shelf.methods.iter().map(|m| m.about).chain(shelf.kinds.iter().map(|k| k.about));
    let abouts = abouts.chain(shelf.rules.iter().map(|r| r.about)).chain(shelf.datasets.iter().map(|d| d.about()));
    for about in abouts {
        assert!((10..120).contains(&about.len()) && !about.ends_with('.') && !about.contains('\n'), "{about}");
    }
}

#[test]
fn default_settings_survive_toml() {
    let (shelf, net, datasets) = (support::shelf(), net(), [digits()]);
    for (name, _, make) in entries(&shelf, &net, &datasets) {
        let defaults = make(Table::new()).unwrap_or_else(|error| panic!("{name} without settings: {error:#}"));
        let text = toml::to_string(&defaults).unwrap();
        let again = make(text.parse().unwrap()).unwrap_or_else(|error| panic!("{name} with {text}: {error:#}"));
        assert_eq!(again, defaults, "{name}");
    }
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest() {
    let (shelf, net, datasets) = (support::shelf(), net(), [digits()]);
    let mut keys = 0;
    for (name, _, make) in entries(&shelf, &net, &datasets) {
        let wrong = |key: String| make([(key, 1.into())].into_iter().collect()).unwrap_err().to_string();
        let defaults = make(Table::new()).unwrap();
        for key in defaults.keys() {
            let message = wrong(format!("{key}x"));
            assert!(message.starts_with(&format!("unknown key `{key}x`; did you mean `{key}`?")), "{name}: {message}");
            keys += 1;
        }
        if defaults.is_empty() {
            assert_eq!(wrong("key".into()), "unknown key `key`; there are no keys here", "{name}");
        }
    }
    assert!(keys > 20, "{keys}");
}

/// A kind's own settings for a short stream.
const SHORT: [(&str, &str); 4] = [
    ("class-incremental", "stream.tasks=2 stream.classes_per_task=2"),
    ("task-incremental", "stream.tasks=2 stream.classes_per_task=2"),
    ("permuted", "stream.tasks=2 train.batch=64"),
    ("rotated", "stream.tasks=2 train.batch=64"),
];

#[test]
fn every_method_runs_on_every_kind_and_repeats() {
    let shelf = support::shelf();
    assert!(shelf.kinds.iter().map(|kind| kind.name).eq(SHORT.map(|(name, _)| name)), "a kind is not run");
    for (kind, short) in SHORT {
        for method in &shelf.methods {
            let settings = format!("method={} stream.kind={kind} {short} train.steps=6 eval.every=4", method.name);
            let [first, second] = [(), ()].map(|()| support::trace(&settings));
            assert_eq!(first.differences(&second), Vec::<&str>::new(), "{settings}");
            let finite = |bits: &u32| f32::from_bits(*bits).is_finite();
            assert!(first.theta.values().flatten().all(finite), "{settings}");
            let numbers =
                first.heard.records.iter().flat_map(|row| [row.accuracy, row.loss, row.brier, row.confidence]);
            let numbers = numbers.chain(first.heard.rows.iter().flat_map(|row| [row.loss, row.gradient]));
            assert!(numbers.clone().count() > 20 && numbers.into_iter().all(f64::is_finite), "{settings}");
        }
    }
}
