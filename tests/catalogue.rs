//! Claims about everything that stands on a shelf: methods, kinds of stream, datasets, optimizers.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::Result;
use clbench::{
    catalogue::{Need, Setting},
    config::Shelf,
    data::{Fit, Universe},
    method::{Make, Method},
    network::net::{Body, Mlp, Net},
    primitives::{
        draws::Draws,
        scope::{HeadKind, Heads},
    },
    stream::Ground,
};
use toml::Table;

/// An entry with settings: name, citation, what it declares, and its settings with defaults.
type Entry<'a> = (&'a str, &'a str, &'static [Setting], Box<dyn Fn(Table) -> Result<Table> + 'a>);

fn net() -> Net {
    let heads = Heads { kind: HeadKind::Shared, classes: 2, tasks: vec![vec![0, 1]], seen: vec![vec![0]] };
    Net { body: Body::Mlp(Mlp::default()), heads, input: [1, 2, 2] }
}

fn digits() -> Universe {
    let digits = clbench_datasets::CATALOGUE[0].open(Path::new("")).unwrap();
    Universe::new(vec![digits], None, Fit::Resize).unwrap()
}

/// Settings without which a part of a stream cannot be.
const NEEDS: [(&str, &str); 5] = [
    ("timeline", "file = \"times.csv\""),
    ("recorded", "file = \"experiences.json\""),
    ("concepts", "tasks = 5"),
    ("explicit", "file = \"order.json\""),
    ("time", "buckets = [[\"digits\"]]"),
];

fn entries<'a>(shelf: &'a Shelf, net: &'a Net, universe: &'a Universe) -> Vec<Entry<'a>> {
    let mut all: Vec<Entry> = Vec::new();
    for &Method { name, citation, settings, make, .. } in &shelf.methods {
        all.push(match make {
            Make::Carrier(make) => (name, citation, settings, Box::new(move |table| Ok(make(table, net)?.0))),
            Make::Contribution(make) => (name, citation, settings, Box::new(move |table| Ok(make(table)?.0))),
        });
    }
    for kind in &shelf.streams.kinds {
        let make = |table| {
            let ground = Ground::new(universe, Draws::of(0), Path::new(""));
            Ok((kind.make)(with_needs(kind.name, table), &ground)?.0)
        };
        all.push((kind.name, kind.citation, kind.settings, Box::new(make)));
    }
    macro_rules! parts {
        ($($list:ident),*) => {$(for part in &shelf.streams.$list {
            let make = |table| Ok((part.make)(with_needs(part.name, table))?.0);
            all.push((part.name, part.citation, part.settings, Box::new(make)));
        })*};
    }
    parts!(orderings, alterations, arrivals, environments);
    for rule in &shelf.rules {
        all.push((rule.name, rule.citation, rule.settings, Box::new(|table| Ok((rule.make)(table)?.0))));
    }
    all
}

fn with_needs(name: &str, mut table: Table) -> Table {
    for (_, needs) in NEEDS.iter().filter(|(of, _)| *of == name) {
        for (key, value) in needs.parse::<Table>().unwrap() {
            table.entry(key).or_insert(value);
        }
    }
    table
}

#[test]
fn names_are_in_kebab_case_and_unique() {
    let shelf = support::shelf();
    let shelves: [Vec<&str>; 9] = [
        shelf.methods.iter().map(|method| method.name).collect(),
        shelf.streams.kinds.iter().map(|kind| kind.name).collect(),
        shelf.streams.orderings.iter().map(|part| part.name).collect(),
        shelf.streams.alterations.iter().map(|part| part.name).collect(),
        shelf.streams.arrivals.iter().map(|part| part.name).collect(),
        shelf.streams.environments.iter().map(|part| part.name).collect(),
        shelf.datasets.iter().map(|source| source.name()).collect(),
        shelf.rules.iter().map(|rule| rule.name).collect(),
        Body::CATALOGUE.iter().map(|body| body.name).collect(),
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

/// A method on a network that has what it needs.
fn suited(method: &Method) -> String {
    let norms = if method.needs.contains(&Need::Norms) { " net.batch_norm=true" } else { "" };
    let told = if method.needs.contains(&Need::Task) { " head.train=task head.test=task" } else { "" };
    let one = if method.needs.contains(&Need::OneHead) { " head.kind=shared" } else { "" };
    format!("method={}{norms}{told}{one}", method.name)
}

/// A method's name is its table's and its file's, and no other section of a stream file has it.
#[test]
fn a_methods_name_is_its_files_and_its_tables() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // A preset is a line of a table.
    let presets: Vec<&str> = clbench_methods::merging::merge::PRESETS.iter().map(|method| method.name).collect();
    for method in support::shelf().methods {
        let own = method.name.replace('-', "_");
        let name = match method.name {
            preset if presets.contains(&preset) => "merge/presets",
            "bitfit" | "norms" | "freeze" => "partial",
            "finetune" | "joint" => "plain",
            "bbb" => "vcl",
            _ => &own,
        };
        // Each family has its folder.
        let families = fs::read_dir(root.join("methods/src")).unwrap().map(|entry| entry.unwrap().path());
        let mut folders = families.chain([root.join("methods/src")]);
        let is_there = |folder: &Path, end: &str| folder.join(format!("{name}{end}")).is_file();
        assert!(folders.any(|folder| is_there(&folder, ".rs") || is_there(&folder, "/mod.rs")), "{name}");
        assert!(support::try_setup(&support::shelf(), &suited(&method)).is_ok(), "{}", method.name);
    }
    let shelf = support::shelf();
    let parts = |folder: &str, names: Vec<&str>, usual: usize| {
        for name in &names[usual..] {
            // One file has both laws of one paper.
            let name = if ["exponential", "budgeted-power-law"].contains(name) { "budgeted" } else { name };
            let file = root.join(format!("streams/src/{folder}{}.rs", name.replace('-', "_")));
            assert!(file.is_file(), "{}", file.display());
        }
    };
    parts("kind/", shelf.streams.kinds.iter().map(|part| part.name).collect(), 0);
    parts("order/", shelf.streams.orderings.iter().map(|part| part.name).collect(), 1);
    parts("alteration/", shelf.streams.alterations.iter().map(|part| part.name).collect(), 0);
    parts("arrival/", shelf.streams.arrivals.iter().map(|part| part.name).collect(), 1);
    parts("environment/", shelf.streams.environments.iter().map(|part| part.name).collect(), 1);
}

#[test]
fn everything_says_what_it_is_and_where_it_comes_from() {
    let (shelf, net, universe) = (support::shelf(), net(), digits());
    for (name, citation, ..) in entries(&shelf, &net, &universe) {
        let page = citation.strip_prefix("https://").unwrap_or_else(|| panic!("{name} cites {citation}"));
        assert!(page.contains('.') && page.contains('/') && !page.contains(char::is_whitespace), "{name}: {citation}");
    }
    for source in &shelf.datasets {
        assert!(source.citation().contains("https://"), "{} cites {}", source.name(), source.citation());
    }
    let abouts = shelf.methods.iter().map(|m| m.about).chain(shelf.streams.kinds.iter().map(|k| k.about));
    let abouts = abouts
        .chain(shelf.streams.orderings.iter().map(|p| p.about))
        .chain(shelf.streams.alterations.iter().map(|p| p.about));
    let abouts = abouts
        .chain(shelf.streams.arrivals.iter().map(|p| p.about))
        .chain(shelf.streams.environments.iter().map(|p| p.about));
    let abouts = abouts.chain(shelf.rules.iter().map(|r| r.about)).map(|about| (about, 120));
    // Of a dataset it also says how many classes and examples, and under which licence.
    for (about, most) in abouts.chain(shelf.datasets.iter().map(|d| (d.about(), 170))) {
        assert!((10..most).contains(&about.len()) && !about.ends_with('.') && !about.contains('\n'), "{about}");
    }
}

/// What a list says in one line of 80 columns, behind a name of up to 18.
#[test]
fn every_method_is_told_in_a_line() {
    for method in support::shelf().methods {
        assert!(method.name.len() <= 18 && method.about.chars().count() <= 59, "{}: {}", method.name, method.about);
    }
}

#[test]
fn declared_settings_are_those_that_there_are_and_hold_their_defaults() {
    let (shelf, net, universe) = (support::shelf(), net(), digits());
    let mut ranges = 0;
    for (name, _, settings, make) in entries(&shelf, &net, &universe) {
        let defaults = make(Table::new()).unwrap();
        let declared: BTreeSet<&str> = settings.iter().map(|setting| setting.key).collect();
        assert_eq!(declared.len(), settings.len(), "{name} declares a key twice");
        let undeclared = defaults.keys().find(|key| !declared.contains(key.as_str()));
        assert_eq!(undeclared, None, "{name}");
        for setting in settings {
            // What has no default is there only where it is set.
            let Some(default) = defaults.get(setting.key) else { continue };
            assert!(
                setting.range.holds(default),
                "{name}.{} = {default} is not {}",
                setting.key,
                setting.range.words()
            );
            ranges += 1;
        }
    }
    assert!(ranges > 100, "{ranges}");
}

#[test]
fn default_settings_survive_toml() {
    let (shelf, net, universe) = (support::shelf(), net(), digits());
    for (name, _, _, make) in entries(&shelf, &net, &universe) {
        let defaults = make(Table::new()).unwrap_or_else(|error| panic!("{name} without settings: {error:#}"));
        let text = toml::to_string(&defaults).unwrap();
        let again = make(text.parse().unwrap()).unwrap_or_else(|error| panic!("{name} with {text}: {error:#}"));
        assert_eq!(again, defaults, "{name}");
    }
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest() {
    let (shelf, net, universe) = (support::shelf(), net(), digits());
    let mut keys = 0;
    for (name, _, _, make) in entries(&shelf, &net, &universe) {
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
const SHORT: [(&str, &str); 7] = [
    ("class-incremental", "stream.tasks=2 stream.classes_per_task=2 stream.partial=true"),
    ("task-incremental", "stream.classes_per_task=[3,2] stream.partial=true"),
    ("domain-incremental", "stream.tasks=2 train.batch=64"),
    ("instance-incremental", "stream.tasks=2 train.batch=64"),
    ("permuted", "stream.tasks=2 train.batch=64"),
    ("rotated", "stream.tasks=2 train.batch=64"),
    ("concepts", "stream.base=7 stream.increment=3"),
];

#[test]
fn every_method_runs_on_every_kind_and_repeats() {
    let shelf = support::shelf();
    assert!(shelf.streams.kinds.iter().map(|kind| kind.name).eq(SHORT.map(|(name, _)| name)), "a kind is not run");
    for (kind, short) in SHORT {
        for method in &shelf.methods {
            let settings = format!("{} stream.kind={kind} {short} train.steps=6 eval.every=4", suited(method));
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
