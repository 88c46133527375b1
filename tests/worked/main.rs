//! The worked examples of `CONTRIBUTING.md`: compiled as they are printed there, and run beside everything that ships.
//! The method among them is tested in `tests/contract/worked.rs`, since the page makes a mistake in it first.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod bars;
mod label_permuted;
mod latest;
mod size;

use std::{fs, path::Path};

use clbench::{
    config::{Asked, Setup, Shelf, resolve},
    data::Source,
    run::Run,
};

const BOOK: &str = include_str!("../../CONTRIBUTING.md");

/// Each example, and where the page says that it lies.
const EXAMPLES: [(&str, &str, &str); 4] = [
    ("label_permuted", include_str!("label_permuted.rs"), "streams/src/kind/label_permuted.rs"),
    ("size", include_str!("size.rs"), "streams/src/order/size.rs"),
    ("latest", include_str!("latest.rs"), "streams/src/environment/latest.rs"),
    ("bars", include_str!("bars.rs"), "datasets/src/sets/bars.rs"),
];

fn shelf() -> Shelf {
    clbench_cli::shelf()
        .kinds([label_permuted::KIND])
        .orderings([size::ORDER])
        .environments([latest::ENVIRONMENT])
        .datasets([&bars::BARS as &dyn Source])
}

/// The stream file that the page prints under the name `file`.
fn printed(file: &str) -> &'static str {
    let (_, after) = BOOK.split_once(&format!("`streams/{file}`")).unwrap_or_else(|| panic!("{file} is not printed"));
    let (_, block) = after.split_once("```toml\n").unwrap();
    block.split_once("```").unwrap().0
}

fn setup(stream: &str, settings: &[&str]) -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stream.toml");
    fs::write(&file, stream).unwrap();
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    resolve(&file, &Asked::parse(&settings).unwrap(), &shelf())
        .unwrap_or_else(|error| panic!("{settings:?}: {error:#}"))
}

/// Two throw-away steps, the hooks around them, and an answer.
fn works(setup: &Setup) {
    Run::new(setup, 0, &shelf()).unwrap().rehearse().unwrap();
}

#[test]
fn the_page_prints_what_is_compiled_here_and_says_where_it_goes() {
    for (name, code, place) in EXAMPLES {
        assert!(BOOK.contains(&format!("```rust\n{code}```")), "CONTRIBUTING.md prints another {name}");
        assert!(BOOK.contains(&format!("`{place}`")), "CONTRIBUTING.md does not say that {name} lies in {place}");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(place);
        assert!(folder.parent().unwrap().is_dir() && !folder.exists(), "{place}");
    }
}

#[test]
fn the_kind_the_ordering_and_the_environment_make_streams() {
    let permuted = printed("label-permuted-digits.toml");
    let plain = setup(permuted, &[]);
    works(&plain);
    let labels = |task: usize| (0..50).map(|at| plain.stream.tasks[task].train.label(at)).collect::<Vec<_>>();
    assert_eq!(plain.stream.tasks.len(), 5);
    assert_ne!(labels(0), labels(1));
    let latest = setup(permuted, &["stream.environment=latest"]);
    works(&latest);
    let back = |at: usize| latest.stream.experiences[at].len() - latest.stream.experiences[at].new_examples();
    assert_eq!((back(0), back(1)), (0, latest.stream.experiences[0].new_examples()));
    let split = "[stream]\nkind = \"class-incremental\"\ndataset = \"digits\"\n[optim]\nrate = 0.1\n";
    let sorted = setup(split, &["stream.order=size"]).stream;
    let sizes: Vec<usize> = sorted.tasks.iter().map(|task| task.train.len()).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
}

#[test]
fn the_dataset_opens_and_is_learned_from() {
    let split = setup(printed("split-bars.toml"), &[]);
    works(&split);
    let hash = &split.stream.universe.datasets[0].hash;
    assert!(BOOK.contains(hash), "the page pins another hash than {hash}");
}
